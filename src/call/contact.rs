use crate::Ticket;
use crate::arrange::Arranging;
use crate::callback::Callback;
use crate::feature::SignOn;
use crate::nailed::Nailed;
use crate::plan::Destination;
use crate::record::Recording;
use crate::ring::Ring;
use crate::supervise::Watch;
use crate::transfer::Transfer;
use crate::voicemail::MessageStep;
use base::{Instant, Now, TimerId};
use model::{
    AgentAction, AgentId, Cause, ContactEnd, ContactId, Language, LegId, MediaPort, QueueId, Source, WorkerId,
};

/// One contact: the caller's leg and whatever is being done for it.
#[derive(Debug)]
pub(crate) struct Contact {
    pub(crate) id: ContactId,
    pub(crate) source: Source,
    pub(crate) dialled: Box<str>,
    /// The leg being served.
    pub(crate) caller: LegId,
    /// Every live leg, in the order they came.
    pub(crate) legs: Vec<LegId>,
    /// All legs of one conversation must be in one worker's hands.
    pub(crate) worker: Option<WorkerId>,
    /// The far side's port, taken on arrival so that no offer finds the house without one.
    pub(crate) spare: Option<MediaPort>,
    pub(crate) language: Language,
    pub(crate) priority: i32,
    /// Words attached by its number, for rules of queues.
    pub(crate) attached: Vec<(Box<str>, Box<str>)>,
    /// First time in any queue; kept through every move.
    pub(crate) entered: Option<Instant>,
    /// The queue it was last in: its talk counts for it, its music is heard on hold.
    pub(crate) queue: Option<QueueId>,
    pub(crate) stage: Stage,
    /// What was dialled, for whoever is put in the caller's place before anybody answers.
    pub(crate) aim: Destination,
    pub(crate) transfer: Option<Transfer>,
    /// The talk about the number, while it waits or in its own stage.
    pub(crate) arranging: Option<Arranging>,
    /// Its customer has hung up to be called back.
    pub(crate) callback: Option<Callback>,
    pub(crate) recording: Recording,
    /// Supervisors' contacts beside this one.
    pub(crate) watchers: Vec<ContactId>,
    pub(crate) since: Now,
    pub(crate) hops: u8,
    /// What the INVITEs of its further legs may still travel.
    pub(crate) max_forwards: u8,
    pub(crate) dials: u8,
    /// Somebody talked with the caller.
    pub(crate) served: bool,
    /// Legs whose media endpoint has not said its last word.
    pub(crate) open_media: u16,
    /// It only holds an agent's nailed-up leg: no contact for anybody's records.
    pub(crate) nailed: bool,
}

impl Contact {
    /// Nothing has been done for it yet.
    pub(crate) fn new(
        id: ContactId,
        now: Now,
        source: Source,
        caller: LegId,
        language: Language,
        aim: Destination,
    ) -> Self {
        Contact {
            id,
            source,
            dialled: "".into(),
            caller,
            legs: Vec::new(),
            worker: None,
            spare: None,
            language,
            priority: 0,
            attached: Vec::new(),
            entered: None,
            queue: None,
            stage: Stage::Arriving,
            aim,
            transfer: None,
            arranging: None,
            callback: None,
            recording: Recording::default(),
            watchers: Vec::new(),
            since: now,
            hops: 0,
            max_forwards: model::MAX_FORWARDS,
            dials: 0,
            served: false,
            open_media: 0,
            nailed: false,
        }
    }
}

/// What is being done for the caller. Every stage has an event or a timer that ends it.
#[derive(Debug)]
pub(crate) enum Stage {
    /// Between two others, inside one input.
    Arriving,
    /// Hears that the call will be recorded; then into the queue.
    Noticing {
        queue: QueueId,
    },
    /// In a queue, perhaps with agents' phones ringing. Those that have answered stand first, in the order they did.
    Waiting {
        queue: QueueId,
        rings: Vec<Ring>,
    },
    /// The distributor is asked for a named agent.
    Seizing {
        agent: AgentId,
        timer: TimerId,
    },
    /// Somebody rings outside a queue.
    Ringing(Ring),
    Talking {
        far: LegId,
    },
    /// A sound, then the end.
    Announcing,
    /// Leaves a message for this queue.
    Messaging {
        queue: QueueId,
        step: MessageStep,
    },
    /// An agent types who he is.
    SigningOn(SignOn),
    /// The distributor is asked to change an agent's state.
    Asking {
        ticket: Ticket,
        action: AgentAction,
        timer: TimerId,
    },
    /// The caller says at which number he is called back, in no queue; or hears that it is arranged.
    Arranging,
    /// A callback between two attempts.
    Pausing {
        timer: TimerId,
    },
    /// An agent's nailed-up leg, in a talk of another contact or between two.
    Nailed(Nailed),
    /// A supervisor beside another contact's conversation.
    Watching(Watch),
    /// Over; the record waits for the media worker's last words.
    Closing {
        end: ContactEnd,
        cause: Cause,
        timer: TimerId,
    },
}

impl Stage {
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Stage::Arriving => "arriving",
            Stage::Noticing { .. } => "notice",
            Stage::Waiting { rings, .. } if rings.is_empty() => "waiting",
            Stage::Waiting { .. } | Stage::Seizing { .. } | Stage::Ringing(_) => "ringing",
            Stage::Talking { .. } => "talking",
            Stage::Announcing => "announcement",
            Stage::Messaging { .. } => "voicemail",
            Stage::SigningOn(_) | Stage::Asking { .. } => "feature-code",
            Stage::Arranging | Stage::Pausing { .. } => "callback",
            Stage::Nailed(_) => "nailed-up",
            Stage::Watching(_) => "supervising",
            Stage::Closing { .. } => "closing",
        }
    }

    /// The queue whose place it has, or has in a moment.
    pub(crate) fn queue(&self) -> Option<QueueId> {
        match self {
            Stage::Waiting { queue, .. } | Stage::Noticing { queue } => Some(*queue),
            Stage::Arriving
            | Stage::Seizing { .. }
            | Stage::Ringing(_)
            | Stage::Talking { .. }
            | Stage::Announcing
            | Stage::Messaging { .. }
            | Stage::SigningOn(_)
            | Stage::Asking { .. }
            | Stage::Arranging
            | Stage::Pausing { .. }
            | Stage::Nailed(_)
            | Stage::Watching(_)
            | Stage::Closing { .. } => None,
        }
    }

    /// Everybody who is being rung.
    pub(crate) fn rings(&self) -> &[Ring] {
        match self {
            Stage::Waiting { rings, .. } => rings,
            Stage::Ringing(ring) => core::slice::from_ref(ring),
            Stage::Arriving
            | Stage::Noticing { .. }
            | Stage::Seizing { .. }
            | Stage::Talking { .. }
            | Stage::Announcing
            | Stage::Messaging { .. }
            | Stage::SigningOn(_)
            | Stage::Asking { .. }
            | Stage::Arranging
            | Stage::Pausing { .. }
            | Stage::Nailed(_)
            | Stage::Watching(_)
            | Stage::Closing { .. } => &[],
        }
    }

    pub(crate) fn ring(&self, leg: LegId) -> Option<&Ring> {
        self.rings().iter().find(|r| r.leg == leg)
    }

    /// A nailed-up leg that is being called.
    pub(crate) fn nailed_ring(&self, leg: LegId) -> Option<&Ring> {
        if let Stage::Nailed(nailed) = self { nailed.ring(leg) } else { None }
    }

    pub(crate) fn ring_mut(&mut self, leg: LegId) -> Option<&mut Ring> {
        match self {
            Stage::Waiting { rings, .. } => rings.iter_mut().find(|r| r.leg == leg),
            Stage::Ringing(ring) => Some(ring).filter(|r| r.leg == leg),
            Stage::Arriving
            | Stage::Noticing { .. }
            | Stage::Seizing { .. }
            | Stage::Talking { .. }
            | Stage::Announcing
            | Stage::Messaging { .. }
            | Stage::SigningOn(_)
            | Stage::Asking { .. }
            | Stage::Arranging
            | Stage::Pausing { .. }
            | Stage::Nailed(_)
            | Stage::Watching(_)
            | Stage::Closing { .. } => None,
        }
    }

    /// Takes one ringing out: a waiting contact goes on waiting, another is between two stages.
    pub(crate) fn take_ring(&mut self, leg: LegId) -> Option<Ring> {
        match self {
            Stage::Waiting { rings, .. } => {
                let at = rings.iter().position(|r| r.leg == leg)?;
                Some(rings.remove(at))
            }
            Stage::Ringing(ring) if ring.leg == leg => self.take_rings().pop(),
            _ => None,
        }
    }

    /// Takes all of it out.
    pub(crate) fn take_rings(&mut self) -> Vec<Ring> {
        if let Stage::Waiting { rings, .. } = self {
            return core::mem::take(rings);
        }
        match core::mem::replace(self, Stage::Arriving) {
            Stage::Ringing(ring) => vec![ring],
            other => {
                *self = other;
                Vec::new()
            }
        }
    }

    /// A phone was answered: of several the first has the caller, once both can be joined.
    pub(crate) fn put_answered(&mut self, leg: LegId) {
        if let Stage::Waiting { rings, .. } = self
            && let Some(at) = rings.iter().position(|r| r.leg == leg)
        {
            let ring = rings.remove(at);
            let place = rings.iter().take_while(|r| r.answered).count();
            rings.insert(place, Ring { answered: true, ..ring });
        }
    }
}
