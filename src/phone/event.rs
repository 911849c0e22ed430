//! What a phone reports while it works: one closed enum, one JSON object a line.

use serde::Serialize;

use super::options::{Codec, DtmfMode};

/// A call of one phone, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub(crate) struct CallNumber(pub(crate) u32);

/// Who or what ended a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Cause {
    /// We hung up or gave up ringing.
    Local,
    /// The other side hung up.
    Remote,
    /// The other side refused with a final answer.
    Refused,
    /// The caller gave up before we answered.
    Cancelled,
    /// We refused.
    Rejected,
    /// Nothing answered.
    NoAnswer,
    /// The other side broke the protocol or vanished in mid-call.
    Failed,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct CallEnd {
    pub(crate) cause: Cause,
    /// Final status of the INVITE, when there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    /// Reason header (RFC 3326) or other explanation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

/// A tone heard long enough to name it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct HeardTone {
    pub(crate) hz: f64,
    pub(crate) seconds: f64,
    pub(crate) level_db: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct PacketCount {
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) lost: u64,
    /// Came after their place had been played.
    pub(crate) late: u64,
    /// Came from another address than the one in the session description.
    pub(crate) strangers: u64,
}

/// What a call's sound amounted to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct MediaReport {
    pub(crate) packets: PacketCount,
    /// RFC 3550 interarrival jitter at the end.
    pub(crate) jitter_ms: f64,
    /// Longest silence between two packets.
    pub(crate) gap_ms_max: u64,
    pub(crate) seconds_heard: f64,
    /// Mean level of what was heard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) level_db: Option<f64>,
    /// Longest first.
    pub(crate) tones: Vec<HeardTone>,
    pub(crate) digits: String,
    /// Round trip by RTCP, when the other side speaks it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) round_trip_ms: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum PhoneEvent {
    Listening {
        address: String,
    },
    Registered {
        expires: u64,
    },
    Unregistered,
    RegistrationFailed {
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        reason: String,
    },
    Incoming {
        call: CallNumber,
        from: String,
        to: String,
        /// Headers that are no part of the protocol's machinery, e.g. Alert-Info or P-Asserted-Identity.
        headers: Vec<(String, String)>,
    },
    Dialing {
        call: CallNumber,
        to: String,
    },
    Ringing {
        call: CallNumber,
        status: u16,
    },
    EarlyMedia {
        call: CallNumber,
    },
    Answered {
        call: CallNumber,
        codec: Codec,
        remote: String,
    },
    /// The other side put us on hold.
    Held {
        call: CallNumber,
    },
    Resumed {
        call: CallNumber,
    },
    Digit {
        call: CallNumber,
        digit: char,
        by: DtmfMode,
    },
    DigitsSent {
        call: CallNumber,
        digits: String,
    },
    Heard {
        call: CallNumber,
        /// None: silence.
        dominant_hz: Option<f64>,
        level_db: f64,
        /// Share of the energy in the dominant frequency: near 1 for a tone, low for speech.
        purity: f64,
    },
    /// News of a transfer that we asked for (RFC 3515 sipfrag).
    Transfer {
        call: CallNumber,
        status: u16,
    },
    /// Something that was asked for in a call did not come about.
    Failed {
        call: CallNumber,
        what: &'static str,
        reason: String,
    },
    Ended {
        call: CallNumber,
        #[serde(flatten)]
        end: CallEnd,
    },
    Summary {
        call: CallNumber,
        #[serde(flatten)]
        media: MediaReport,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_flat_json_objects_with_a_name() {
        let end = CallEnd { cause: Cause::Refused, status: Some(486), reason: None };
        let json = serde_json::to_string(&PhoneEvent::Ended { call: CallNumber(1), end }).expect("serialises");
        assert_eq!(json, r#"{"event":"ended","call":1,"cause":"refused","status":486}"#);
        let json = serde_json::to_string(&PhoneEvent::Digit { call: CallNumber(2), digit: '5', by: DtmfMode::Rfc4733 });
        assert_eq!(json.expect("serialises"), r#"{"event":"digit","call":2,"digit":"5","by":"rfc4733"}"#);
    }
}
