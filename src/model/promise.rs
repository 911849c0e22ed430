use crate::{AgentId, ContactId, Language, Pii, QueueId};
use base::{Instant, Utc};
use std::sync::Arc;

/// A customer who was promised to be called back: all that is needed to keep the promise, also after a restart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Promise {
    /// The contact it was given in; it names the promise for ever.
    pub first: ContactId,
    pub queue: QueueId,
    pub number: Pii<Box<str>>,
    pub name: Pii<Box<str>>,
    /// The number he called: he sees it when he is called.
    pub dialled: Box<str>,
    pub language: Language,
    pub priority: i32,
    pub attached: Vec<(Box<str>, Box<str>)>,
    /// When he first entered a queue.
    pub entered: Utc,
    /// When it was promised.
    pub arranged: Utc,
}

impl Promise {
    /// What the event log tells of one: nothing about the customer.
    pub fn anonymous(first: ContactId, queue: QueueId) -> Self {
        Promise {
            first,
            queue,
            number: Pii::default(),
            name: Pii::default(),
            dialled: "".into(),
            language: Language::default(),
            priority: 0,
            attached: Vec::new(),
            entered: Utc::EPOCH,
            arranged: Utc::EPOCH,
        }
    }
}

/// What becomes of a promise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallbackStep {
    /// Given. The customer's wait on the line is over, and he has not abandoned it.
    Arranged,
    /// Taken up again by a server that was started.
    Resumed,
    /// His phone is dialled.
    Dialled,
    /// He has answered.
    Reached,
    /// Given up: he could not be reached often enough, or his queue is gone.
    Failed,
    /// Not needed any more: he called himself, or a person ended it.
    Withdrawn,
}

impl CallbackStep {
    pub const ALL: [CallbackStep; 6] = [
        CallbackStep::Arranged,
        CallbackStep::Resumed,
        CallbackStep::Dialled,
        CallbackStep::Reached,
        CallbackStep::Failed,
        CallbackStep::Withdrawn,
    ];

    pub const fn word(self) -> &'static str {
        match self {
            CallbackStep::Arranged => "arranged",
            CallbackStep::Resumed => "resumed",
            CallbackStep::Dialled => "dialled",
            CallbackStep::Reached => "reached",
            CallbackStep::Failed => "failed",
            CallbackStep::Withdrawn => "withdrawn",
        }
    }

    pub fn of_word(word: &str) -> Option<Self> {
        CallbackStep::ALL.into_iter().find(|step| step.word() == word)
    }
}

/// Why a callback that waits is not to be made now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AsideReason {
    /// Its own hours or its queue's are over, or its queue was closed by hand.
    Closed,
    /// Its customer did not answer a moment ago.
    NotReached,
    /// Another callback to the same number is under way.
    InUse,
}

impl AsideReason {
    pub const ALL: [AsideReason; 3] = [AsideReason::Closed, AsideReason::NotReached, AsideReason::InUse];

    pub const fn word(self) -> &'static str {
        match self {
            AsideReason::Closed => "closed",
            AsideReason::NotReached => "not-reached",
            AsideReason::InUse => "in-use",
        }
    }

    pub fn of_word(word: &str) -> Option<Self> {
        AsideReason::ALL.into_iter().find(|reason| reason.word() == word)
    }
}

/// A promise of the time before the start that is still to be kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenPromise {
    pub promise: Arc<Promise>,
    pub attempts: u8,
    /// When his phone was dialled last.
    pub dialled: Option<Utc>,
}

/// What a house knows of the time before it was started; made from the store. Every shard is given all but the
/// promises, of which each has its share.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Memory {
    /// Queues closed by hand.
    pub shut: Vec<QueueId>,
    /// In the order of their first enqueue.
    pub promises: Vec<OpenPromise>,
    /// Who served whom last, the oldest first.
    pub served: Vec<(Pii<Box<str>>, AgentId, Utc)>,
    /// Callers who hung up while they waited, the oldest first.
    pub places: Vec<PastPlace>,
}

impl Memory {
    /// What one shard of so many is given: all of it, but each promise is kept by one.
    pub fn share(&self, shard: u8, shards: u8) -> Memory {
        let mine = |(n, _): &(usize, &OpenPromise)| n % usize::from(shards.max(1)) == usize::from(shard);
        let promises = self.promises.iter().enumerate().filter(mine).map(|(_, open)| open.clone()).collect();
        Memory { promises, ..self.clone() }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PastPlace {
    pub queue: QueueId,
    pub number: Pii<Box<str>>,
    pub entered: Utc,
    pub left: Utc,
}

/// What one shard's call room tells the others of its callers, so that one who calls again is known wherever he lands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum News {
    /// An agent has begun to talk with this caller.
    Served { number: Pii<Box<str>>, agent: AgentId, at: Instant },
    /// A caller hung up while he waited.
    PlaceKept { queue: QueueId, number: Pii<Box<str>>, entered: Instant, left: Instant },
    /// He called again and has it.
    PlaceTaken { queue: QueueId, number: Pii<Box<str>> },
    /// A contact waits in his stead: who calls himself is not called any more.
    Promised { contact: ContactId, queue: QueueId, number: Pii<Box<str>>, entered: Instant },
    /// It does not wait any more.
    PromiseOver { contact: ContactId },
    /// Who waits for it is about to be called, or speaks with us; or that is over. One number is called once at a time.
    Attempt { contact: ContactId, live: bool },
    /// To the shard that keeps the promise: he has called himself.
    Recalled { contact: ContactId },
}

impl News {
    pub const fn word(&self) -> &'static str {
        match self {
            News::Served { .. } => "served",
            News::PlaceKept { .. } => "place-kept",
            News::PlaceTaken { .. } => "place-taken",
            News::Promised { .. } => "promised",
            News::PromiseOver { .. } => "promise-over",
            News::Attempt { .. } => "attempt",
            News::Recalled { .. } => "recalled",
        }
    }
}
