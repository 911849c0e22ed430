use crate::{ContactId, LegId, SoundId, SupervisorMode, WorkerId};
use core::net::SocketAddr;
use core::time::Duration;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    Pcmu,
    Pcma,
    G722,
}

impl Codec {
    /// RFC 3551 table 4: all three have static payload types.
    pub const fn payload_type(self) -> u8 {
        match self {
            Codec::Pcmu => 0,
            Codec::Pcma => 8,
            Codec::G722 => 9,
        }
    }

    /// Samples a second of the sound itself; the RTP clock of G.722 is 8000 all the same (RFC 3551 §4.5.2).
    pub const fn sample_rate(self) -> u32 {
        match self {
            Codec::Pcmu | Codec::Pcma => 8000,
            Codec::G722 => 16000,
        }
    }

    pub const fn word(self) -> &'static str {
        match self {
            Codec::Pcmu => "pcmu",
            Codec::Pcma => "pcma",
            Codec::G722 => "g722",
        }
    }

    /// The encoding name in SDP.
    pub const fn encoding_name(self) -> &'static str {
        match self {
            Codec::Pcmu => "PCMU",
            Codec::Pcma => "PCMA",
            Codec::G722 => "G722",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Family {
    V4,
    V6,
}

/// A bound pair of sockets a media worker has ready; the engine holds a stock of them, so that a port in an SDP is
/// always one that is open.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct MediaPort {
    pub worker: WorkerId,
    /// The worker's own name for the sockets.
    pub slot: u32,
    pub address: SocketAddr,
}

/// Who may send to a leg's port.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SourcePolicy {
    /// Only the signalled address (any port).
    Signalled,
    /// The first packets decide: the peer stands behind a NAT.
    AnySource,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Direction {
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

/// What the offer/answer agreed for our side of a leg; directions are ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StreamSetup {
    pub remote: SocketAddr,
    /// `None`: rtcp-mux.
    pub remote_rtcp: Option<SocketAddr>,
    pub codec: Codec,
    /// The payload type we send with; the one we receive is the one we offered or answered.
    pub payload_type_out: u8,
    pub payload_type_in: u8,
    /// telephone-event, when agreed.
    pub dtmf_out: Option<u8>,
    pub dtmf_in: Option<u8>,
    pub ptime_ms: u8,
    pub direction: Direction,
    pub source: SourcePolicy,
}

/// What a leg is in a conversation; who hears whom follows from it alone.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Role {
    Caller,
    Agent,
    Supervisor(SupervisorMode),
}

/// A key of a telephone.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Key(pub char);

/// One thing a leg is played; a later one of the same leg has another number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct PlayId(pub u32);

/// call → media worker. A *group* is the conversation of one contact.
#[derive(Clone, PartialEq, Debug)]
pub enum MediaCommand {
    /// Bind so many more sockets of this family and report them by [`MediaEvent::Ports`].
    Supply {
        family: Family,
        count: u16,
    },
    /// An unused port goes back.
    Return {
        port: MediaPort,
    },
    Open {
        leg: LegId,
        group: ContactId,
        port: MediaPort,
        role: Role,
    },
    /// The peer's side is known, or has changed.
    Negotiate {
        leg: LegId,
        setup: StreamSetup,
    },
    /// To this leg alone, one after another; replaces what was playing. The leg hears nobody else meanwhile unless
    /// it is joined.
    Play {
        leg: LegId,
        /// Told back when it is over, so that the end of one is not taken for that of the next.
        play: PlayId,
        sounds: Vec<SoundId>,
        repeat: bool,
    },
    StopPlay {
        leg: LegId,
    },
    /// Hear and be heard in its group, by role. Ends what was playing.
    Join {
        leg: LegId,
    },
    /// Its peer pressed a key and said so beside the stream (SIP INFO): the others of its conversation get it as an
    /// event of theirs, unless they have it from the stream already.
    Press {
        leg: LegId,
        key: Key,
        held: Duration,
    },
    /// Out of the conversation, still open.
    Leave {
        leg: LegId,
    },
    SetRole {
        leg: LegId,
        role: Role,
    },
    /// Into another conversation (attended transfer).
    Move {
        leg: LegId,
        group: ContactId,
    },
    /// Caller left, agent right, from now on; `name` is the record's name, without folder and extension.
    Record {
        group: ContactId,
        name: Box<str>,
    },
    StopRecording {
        group: ContactId,
    },
    Close {
        leg: LegId,
    },
}

/// media worker → call.
#[derive(Clone, PartialEq, Debug)]
pub enum MediaEvent {
    Ports {
        ports: Vec<MediaPort>,
    },
    /// No more sockets of this family can be bound.
    SupplyFailed {
        worker: WorkerId,
        family: Family,
    },
    /// The first packet from the peer.
    Started {
        leg: LegId,
    },
    Digit {
        leg: LegId,
        key: Key,
        held: Duration,
    },
    /// The last sound of a list that does not repeat has been sent.
    Played {
        leg: LegId,
        play: PlayId,
    },
    /// Nothing heard for the configured time, after a first packet, while joined and not on hold.
    Silent {
        leg: LegId,
    },
    Closed {
        leg: LegId,
        quality: Quality,
    },
    Recorded {
        group: ContactId,
        name: Box<str>,
        duration: Duration,
        complete: bool,
        /// There is a file of that name.
        kept: bool,
    },
}

/// How a leg sounded, for its record.
#[derive(Clone, Copy, PartialEq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Quality {
    pub packets_sent: u64,
    pub packets_received: u64,
    pub packets_lost: u64,
    /// RFC 3550 §6.4.1, milliseconds.
    pub jitter_ms: f32,
    pub round_trip_ms: Option<f32>,
    /// E-model estimate (ITU-T G.107), 1–4.5; `None` when too little was heard.
    pub mos: Option<f32>,
    /// Packets refused because they came from a stranger.
    pub strangers: u64,
}
