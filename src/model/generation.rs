/// The five generations of call centre; each contains all below it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Generation {
    /// PBX, distributor and people.
    Hotline = 1,
    /// Self-service by keys.
    Ivr = 2,
    /// Voice and data in step.
    Cti = 3,
    /// One queue over all media.
    Multimedia = 4,
    /// Unified communications, service bus, just-in-time workforce, tenants, cluster.
    Platform = 5,
}

impl Generation {
    pub const ALL: [Generation; 5] =
        [Generation::Hotline, Generation::Ivr, Generation::Cti, Generation::Multimedia, Generation::Platform];

    pub const fn from_level(level: u8) -> Option<Self> {
        match level {
            1 => Some(Generation::Hotline),
            2 => Some(Generation::Ivr),
            3 => Some(Generation::Cti),
            4 => Some(Generation::Multimedia),
            5 => Some(Generation::Platform),
            _ => None,
        }
    }

    pub const fn level(self) -> u8 {
        self as u8
    }
}
