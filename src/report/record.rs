use base::Utc;
use core::time::Duration;
use model::{Cause, Codec, ContactEnd, ContactId, LegId, Party, Pii, Quality, QueueId, Source};

/// What is known of a contact when it arrives.
#[derive(Clone, PartialEq, Debug)]
pub struct Arrival {
    pub contact: ContactId,
    pub source: Source,
    pub caller: Pii<Box<str>>,
    pub dialled: Box<str>,
    /// The wire's Call-ID of the first leg.
    pub call_id: Box<str>,
    pub attached: Vec<(Box<str>, Box<str>)>,
    pub started: Utc,
}

/// A contact whose record is still open, and the queue it waits in: what a restart needs to close it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct OpenContact<'a> {
    pub arrival: &'a Arrival,
    pub waiting: Option<Waiting>,
}

/// A stay in a queue that has not ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Waiting {
    pub queue: QueueId,
    pub nth: u32,
    pub since: base::Now,
    /// How far into the wait a phone first rang out.
    pub rang_out: Option<Duration>,
    /// The customer is called back: when it was promised.
    pub promised: Option<Utc>,
}

/// One contact from cradle to grave.
#[derive(Clone, PartialEq, Debug)]
pub struct ContactRecord {
    pub arrival: Arrival,
    pub ended: Utc,
    /// By the monotonic clock.
    pub lasted: Duration,
    pub end: ContactEnd,
    pub cause: Cause,
    pub legs: Vec<LegRecord>,
    pub recordings: Vec<Box<str>>,
    pub steps: Vec<Step>,
    /// Steps beyond the limit were left out.
    pub truncated: bool,
}

/// One leg of the contact.
#[derive(Clone, PartialEq, Debug)]
pub struct LegRecord {
    pub leg: LegId,
    pub party: Party,
    pub started: Utc,
    pub answered: Option<Utc>,
    pub ended: Option<Utc>,
    pub codec: Option<Codec>,
    pub cause: Option<Cause>,
    pub quality: Option<Quality>,
    /// A consultation was joined into this contact and the leg went with it.
    pub moved_to: Option<ContactId>,
}

/// One thing that happened, in words that stay readable when the code that wrote them is gone.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    pub at: Utc,
    /// Since the contact began, by the monotonic clock.
    pub after: Duration,
    /// A standard word: `queued`, `offered`, `connected`, …
    pub what: &'static str,
    /// `queue=support agent=1001 outcome=missed`: names, not indices.
    pub detail: Box<str>,
}
