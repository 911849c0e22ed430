use core::fmt;

macro_rules! index_id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, serde::Serialize, serde::Deserialize)]
        pub struct $name(pub u32);
        impl $name {
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

index_id! {
    /// A queue's place in [`crate::Directory::queues`].
    QueueId,
    /// A person's place in [`crate::Directory::agents`].
    AgentId,
    /// A device's place in [`crate::Directory::phones`].
    PhoneId,
    TrunkId,
    RouteId,
    SkillId,
    /// A class of demands on skills: its place in [`crate::Directory::requirements`].
    RequirementId,
    CalendarId,
    /// A sound in the library: a prompt, or a whole music playlist.
    SoundId,
}

/// One signalling loop.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct ShardId(pub u8);

/// One media worker.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct WorkerId(pub u8);

/// One contact from cradle to grave: `shard:8 | boot:24 | sequence:32`.
///
/// The boot number comes from the store and grows with every start, so an id is never used twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
pub struct ContactId(pub u64);

impl ContactId {
    pub const fn new(shard: ShardId, boot: u32, sequence: u32) -> Self {
        ContactId(((shard.0 as u64) << 56) | (((boot & 0xff_ffff) as u64) << 32) | sequence as u64)
    }

    /// The start of the server it came in.
    pub const fn boot(self) -> u32 {
        (self.0 >> 32) as u32 & 0xff_ffff
    }

    /// The shard the contact lives on.
    pub const fn home(self) -> ShardId {
        ShardId((self.0 >> 56) as u8)
    }
}

impl fmt::Display for ContactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for ContactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContactId({self})")
    }
}

impl core::str::FromStr for ContactId {
    type Err = core::num::ParseIntError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(s, 16).map(ContactId)
    }
}

/// One leg of a call and its media endpoint: `shard:8 | generation:24 | side:1 | index:31`.
///
/// Two rooms give out leg ids, each from its own slab: the leg port for calls that come in, `call` for those it dials.
/// The side bit keeps the two apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct LegId(pub u64);

const OUTWARD: u64 = 1 << 31;

impl LegId {
    pub const fn inward(shard: ShardId, key: base::Key) -> Self {
        LegId(((shard.0 as u64) << 56) | ((key.generation() as u64) << 32) | key.index() as u64)
    }

    pub const fn outward(shard: ShardId, key: base::Key) -> Self {
        LegId(LegId::inward(shard, key).0 | OUTWARD)
    }

    pub const fn is_outward(self) -> bool {
        self.0 & OUTWARD != 0
    }

    pub const fn home(self) -> ShardId {
        ShardId((self.0 >> 56) as u8)
    }

    /// The key in the slab of the room that gave the id out.
    pub const fn key(self) -> base::Key {
        base::Key::new(self.0 as u32 & !(OUTWARD as u32), (self.0 >> 32) as u32 & 0xff_ffff)
    }
}

/// One reservation: this contact for this agent, each with the epoch of its word on the board.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct OfferId {
    pub contact: ContactId,
    pub contact_epoch: u32,
    pub agent: AgentId,
    pub agent_epoch: u32,
}
