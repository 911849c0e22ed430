/// Why something ended or was refused, in words that do not depend on the signalling protocol.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub struct Cause {
    pub kind: CauseKind,
    /// The far side's or our own SIP status, where there was one; kept for the record.
    pub sip: Option<u16>,
    /// What the far side's telephone network said (ITU-T Q.850), to be passed on as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q850: Option<u16>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CauseKind {
    /// A party hung up.
    NormalClearing,
    /// The caller gave up before an answer.
    Cancelled,
    /// Another leg of the same offer won; the phone shows no missed call.
    AnsweredElsewhere,
    Busy,
    /// The called person said no.
    Declined,
    /// The ring time ran out.
    NoAnswer,
    /// No answer from the network, or a transport that failed.
    Unreachable,
    /// No live registration.
    Unregistered,
    /// A 3xx from a phone: counted as rejected and never followed.
    Redirected,
    NotFound,
    /// Not allowed: class of service, trunk admission, route.
    Forbidden,
    /// No common codec or refused session description.
    NotAcceptable,
    /// A limit was reached; try again later.
    Overload,
    /// No free media port.
    NoMedia,
    MediaTimeout,
    SessionExpired,
    /// Maintenance: drain or shutdown.
    Shutdown,
    /// A supervisor or operator ended it.
    Forced,
    Transferred,
    /// The far side broke the protocol or answered with a server failure.
    ProtocolError,
    ServerFailure,
}

impl Cause {
    pub const fn new(kind: CauseKind) -> Self {
        Cause { kind, sip: None, q850: None }
    }

    pub const fn with_sip(kind: CauseKind, status: u16) -> Self {
        Cause { kind, sip: Some(status), q850: None }
    }
}

impl From<CauseKind> for Cause {
    fn from(kind: CauseKind) -> Self {
        Cause::new(kind)
    }
}

impl CauseKind {
    /// The word used in records, facts and reports.
    pub const fn word(self) -> &'static str {
        match self {
            CauseKind::NormalClearing => "normal-clearing",
            CauseKind::Cancelled => "cancelled",
            CauseKind::AnsweredElsewhere => "answered-elsewhere",
            CauseKind::Busy => "busy",
            CauseKind::Declined => "declined",
            CauseKind::NoAnswer => "no-answer",
            CauseKind::Unreachable => "unreachable",
            CauseKind::Unregistered => "unregistered",
            CauseKind::Redirected => "redirected",
            CauseKind::NotFound => "not-found",
            CauseKind::Forbidden => "forbidden",
            CauseKind::NotAcceptable => "not-acceptable",
            CauseKind::Overload => "overload",
            CauseKind::NoMedia => "no-media",
            CauseKind::MediaTimeout => "media-timeout",
            CauseKind::SessionExpired => "session-expired",
            CauseKind::Shutdown => "shutdown",
            CauseKind::Forced => "forced",
            CauseKind::Transferred => "transferred",
            CauseKind::ProtocolError => "protocol-error",
            CauseKind::ServerFailure => "server-failure",
        }
    }

    /// The one whose word this is.
    pub fn of_word(word: &str) -> Option<Self> {
        use serde::Deserialize as _;
        Self::deserialize(serde::de::IntoDeserializer::<serde::de::value::Error>::into_deserializer(word)).ok()
    }
}
