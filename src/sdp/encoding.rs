/// A codec, by its encoding name and clock rate.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Encoding {
    Pcmu,
    Pcma,
    G722,
}

impl Encoding {
    pub const ALL: [Encoding; 3] = [Encoding::Pcmu, Encoding::Pcma, Encoding::G722];

    pub const fn name(self) -> &'static str {
        match self {
            Encoding::Pcmu => "PCMU",
            Encoding::Pcma => "PCMA",
            Encoding::G722 => "G722",
        }
    }

    /// RFC 3551 §4.5.2: the RTP clock of G.722 is 8000 by an old mistake, though it samples at 16000.
    pub const fn clock_rate(self) -> u32 {
        8000
    }

    /// RFC 3551 table 4.
    pub const fn static_payload_type(self) -> u8 {
        match self {
            Encoding::Pcmu => 0,
            Encoding::Pcma => 8,
            Encoding::G722 => 9,
        }
    }

    /// RFC 8866 §6.6: encoding names compare without case.
    pub(crate) fn named(name: &str, clock_rate: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|e| e.name().eq_ignore_ascii_case(name) && e.clock_rate() == clock_rate)
    }

    /// RFC 3551: these types mean something without an rtpmap.
    pub(crate) fn of_static(payload_type: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|e| e.static_payload_type() == payload_type)
    }
}
