use crate::Direction;
use core::net::IpAddr;

/// A description as it was written; only what offer/answer needs is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Description {
    pub(crate) origin: Origin,
    pub(crate) media: Vec<Media>,
}

/// Enough of `o=` to tell a changed description from a repeated one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Origin {
    /// The numbers of RFC 8866 may be longer than 64 bits: kept as digits without leading zeros.
    pub(crate) session: Box<str>,
    pub(crate) version: Box<str>,
}

impl Origin {
    /// True when `self` is an earlier version of the same session than `before`.
    pub(crate) fn went_down_from(&self, before: &Origin) -> bool {
        self.session == before.session && (self.version.len(), &self.version) < (before.version.len(), &before.version)
    }
}

/// One `m=` block with the session level's defaults already filled in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Media {
    /// `audio`, `video`, … as written, to be said back in a refusal.
    pub(crate) kind: Box<str>,
    pub(crate) port: u16,
    pub(crate) protocol: Box<str>,
    pub(crate) formats: Vec<Box<str>>,
    pub(crate) connection: Option<IpAddr>,
    pub(crate) direction: Direction,
    pub(crate) ptime_ms: Option<u32>,
    pub(crate) maxptime_ms: Option<u32>,
    /// RFC 3605.
    pub(crate) rtcp: Option<(u16, Option<IpAddr>)>,
    /// RFC 5761.
    pub(crate) rtcp_mux: bool,
    pub(crate) rtpmaps: Vec<Rtpmap>,
    pub(crate) fmtp: Vec<(u8, Box<str>)>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Rtpmap {
    pub(crate) payload_type: u8,
    pub(crate) name: Box<str>,
    pub(crate) clock_rate: u32,
}

impl Media {
    /// Plain RTP, with or without the feedback profile: what we can speak.
    pub(crate) fn is_plain_rtp(&self) -> bool {
        matches!(&*self.protocol, "RTP/AVP" | "RTP/AVPF")
    }

    /// An audio line we could use.
    pub(crate) fn is_usable(&self) -> bool {
        self.port != 0 && &*self.kind == "audio" && self.is_plain_rtp()
    }

    pub(crate) fn payload_types(&self) -> impl Iterator<Item = u8> {
        self.formats.iter().filter_map(|f| f.parse::<u8>().ok())
    }

    pub(crate) fn rtpmap(&self, payload_type: u8) -> Option<&Rtpmap> {
        self.rtpmaps.iter().find(|m| m.payload_type == payload_type)
    }

    pub(crate) fn fmtp(&self, payload_type: u8) -> Option<&str> {
        self.fmtp.iter().find(|(pt, _)| *pt == payload_type).map(|(_, value)| &**value)
    }
}
