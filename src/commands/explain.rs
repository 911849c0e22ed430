//! `strowger explain CONTACT`: why it went to one agent and not to another.

mod callback;
mod candidates;
mod json;
mod replay;
mod reserves;
mod rivals;
mod text;

use crate::cli::ExplainArgs;
use crate::commands::check;
use crate::times::SiteTime;
use acd::{Moment, What};
use base::{Instant, Utc};
use config::{Texts, Written};
use model::{ConfigText, ContactId, Directory, FlowReason, QueueId};
use replay::Replay;
use std::collections::BTreeSet;
use store::Reader;

/// Shown under `strowger explain --help`.
pub(crate) const HELP: &str = "\
The contact's id is what `strowger calls` and `strowger report --json` show. The facts of the start of the server the
contact belongs to are replayed through a second, simpler distributor, and at each moment of decision it says of every
agent of the queue why he was chosen or not. Rules with their lines, weights, skills and names are those of then: the
configuration is kept with the facts, and it is said when the one of now is another. Times are the site's, with their
offset. The server may run meanwhile.

Keys of --json (times RFC 3339 in UTC, lengths in seconds):
  contact, missing_facts, unread_facts, newer_facts (of words this version does not know), reloaded (while it lived)
  configuration   of (then; now: none was kept), changed_since, gone[] (what is not configured any more), unreadable (why
                  the one kept cannot be used)
  contacts[]      those that waited for the same customer to be called back, one after the other over restarts of the
                  server: all of their moments are told
  moments[]       at, contact, what (judged entered warned offered passed reserve offer-ended connected abandoned
                  flowed-out message-left set-aside back-in-line, callback- and arranged resumed dialled reached failed
                  withdrawn), with its details: queue, agent, waited, priority, place, ahead[], kept (so long before it
                  first came into a queue), other (contact), why, points (own, other), outcome, said, winner, offers (made
                  before), would_change; of callbacks attempts, tries (at most), first (contact), cause (of the last
                  try), closed (whose hours are over: callback, queue), why of `set-aside` (closed not-reached in-use);
                  length and expected_wait of a warning, duration of a message; of `passed` why (more-pressing
                  larger-part-of-objective earlier not-for-us not-first-of-its-queue crossed before), first (contact, who
                  stood before it in its queue), objectives (own, other, each with queue, waited, objective and its rule)
      of judged   priority, needs, agent and wait (so long it is kept for him), each null where nothing was made of it;
                  judged_by (priority, needs, agent: null, or by (`sticky` or the rule's name) and rule (its place))
    candidates[]  agent, name, verdict (chosen behind signed-off not-ready reserved busy wrap-up ringing attending refused
                  rang-already round-full lacks-skill kept-for-another talks-full in-reserve rang-elsewhere not-in-line
                  unexplained crossed), besides[] (verdicts: what else kept it from him), why, score, idle, reserve
                  (counted from 1, joined or not; null: the queue's own agent), would_change (all of it together)
    rivals[]      where contacts were compared, not agents: the chosen and the first of each of the agent's queues: contact,
                  queue, priority, points (waiting included, up to the cap of ageing), points_in_queue (without it: by
                  these a queue's contacts are in order), waited, objective, standing (chosen fewer-points
                  smaller-part-of-objective later not-first-of-its-queue not-for-him crossed before), why, would_change,
                  rule (its place)
    rule          where a line of the configuration decided: file, line, column, null when it is not written; of `offered`
                  also strategy, idle_clock, regime (agent-surplus contact-surplus), changed_to
    decision      of `offered`, as it was written down: step, next (agents or contacts, up to 8), excluded (agents by
                  reason); null when the version that made it kept none
    called        of `offered` to one who is not the queue's own: reserve (counted from 1), since, because (figure, value,
                  least, most; null: by hand) and the rule's place; `reserve` says the same with change (joined left
                  called-in sent-away adjusted), percent, by (whose hand)
    doubts[]      where the facts and the second distributor disagree

Exit codes: 0 explained, 1 no such contact or it was in no queue, 64 wrong usage.";

/// What is known about one contact's way.
struct Story {
    contact: ContactId,
    /// Those that waited for the same customer, from the first on; itself alone where there are no others.
    contacts: Vec<ContactId>,
    moments: Vec<Moment>,
    /// The configurations the moments are told by, in their order.
    chapters: Vec<Chapter>,
    today: Book,
    /// Facts that were given up while the store could not be written.
    missing: u64,
    /// Facts of the distributor that could not be read.
    unread: u64,
    /// Facts whose word this version does not know.
    newer: u64,
    /// Why the configuration kept with the facts could not be used.
    unreadable: Option<String>,
    /// Anything at all is known of it.
    came: bool,
    site: SiteTime,
}

/// What is known of one contact, in the one start of the server it belongs to.
struct Part {
    contact: ContactId,
    moments: Vec<Moment>,
    chapters: Vec<Chapter>,
    missing: u64,
    unread: u64,
    newer: u64,
    unreadable: Option<String>,
    came: bool,
}

/// One configuration.
struct Book {
    directory: Directory,
    texts: Texts,
    /// To be compared: without secrets, and without the names of the files, which depend on where one stands.
    words: Vec<String>,
}

/// The moments from this one on belong to this configuration.
struct Chapter {
    from: usize,
    at: Utc,
    /// `None`: the one of today, because none was kept.
    book: Option<Book>,
    /// The contact whose life begins with it.
    begins: Option<ContactId>,
}

/// What one moment is told by.
struct Page<'a> {
    directory: &'a Directory,
    texts: &'a Texts,
    today: &'a Directory,
    site: &'a SiteTime,
}

pub(crate) fn contact_id(text: &str) -> Result<ContactId, String> {
    let digits = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let id = u64::from_str_radix(text, 16).ok().filter(|_| digits);
    id.map(ContactId).ok_or_else(|| "a contact's id has 16 hexadecimal digits, as `strowger calls` shows it".to_owned())
}

pub(crate) fn run(args: &ExplainArgs) -> Result<String, String> {
    let (config, _) = check::load_or_report(&args.config)?;
    let glimpse = check::glimpse(&args.config)?;
    let site = SiteTime::of(&glimpse.time_zone)?;
    let reader = Reader::open(&glimpse.store.to_string()).map_err(|error| error.to_string())?;
    let today = Book::new(config.directory, Texts::of(args.config.config.as_deref()), &config.texts);
    let story = Story::read(&reader, args.contact, today, site).map_err(|error| error.to_string())?;
    if story.moments.is_empty() {
        let what = if story.came { "was in no queue of" } else { "is not known to" };
        return Err(format!(
            "{} {what} this store ({}); `strowger report --json` lists contacts, `strowger calls` live ones",
            args.contact, glimpse.store
        ));
    }
    Ok(if args.json { format!("{:#}\n", story.json()) } else { story.text() })
}

impl Book {
    fn new(directory: Directory, texts: Texts, kept: &[ConfigText]) -> Self {
        Book { directory, texts, words: kept.iter().map(Texts::words_of).collect() }
    }
}

impl Story {
    fn read(reader: &Reader, contact: ContactId, today: Book, site: SiteTime) -> Result<Self, store::StoreError> {
        let lives = Self::lives(reader, contact, &today)?;
        let contacts = lives.iter().map(|part| part.contact).collect();
        let mut story = Story {
            contact,
            contacts,
            moments: Vec::new(),
            chapters: Vec::new(),
            today,
            missing: 0,
            unread: 0,
            newer: 0,
            unreadable: None,
            came: false,
            site,
        };
        for part in lives {
            story.missing += part.missing;
            story.unread += part.unread;
            story.newer += part.newer;
            story.came |= part.came;
            story.unreadable = story.unreadable.or_else(|| part.unreadable.clone());
            let (moments, chapters) = part.chapters_from(story.moments.len());
            story.moments.extend(moments);
            story.chapters.extend(chapters);
        }
        Ok(story)
    }

    /// The chapter of a moment.
    fn chapter(&self, moment: usize) -> usize {
        self.chapters.partition_point(|chapter| chapter.from <= moment).saturating_sub(1)
    }

    fn page(&self, moment: usize) -> Page<'_> {
        let kept = self.chapters.get(self.chapter(moment)).and_then(|chapter| chapter.book.as_ref());
        let book = kept.unwrap_or(&self.today);
        Page { directory: &book.directory, texts: &book.texts, today: &self.today.directory, site: &self.site }
    }

    /// Some of it, at least.
    fn told_by_today(&self) -> bool {
        self.chapters_told().any(|chapter| chapter.book.is_none())
    }

    fn reloaded(&self) -> bool {
        let mut told = 0;
        (0..self.chapters.len()).any(|nth| {
            // Each start begins with a configuration of its own.
            told = if self.chapters[nth].begins.is_some() { 0 } else { told } + usize::from(self.is_told(nth));
            told > 1
        })
    }

    fn has_changed(&self) -> bool {
        self.chapters_told().filter_map(|chapter| chapter.book.as_ref()).any(|book| book.words != self.today.words)
    }

    /// Those that have a moment.
    fn chapters_told(&self) -> impl Iterator<Item = &Chapter> {
        (0..self.chapters.len()).filter(|nth| self.is_told(*nth)).map(|nth| &self.chapters[nth])
    }

    fn is_told(&self, chapter: usize) -> bool {
        let end = self.chapters.get(chapter + 1).map_or(usize::MAX, |next| next.from);
        self.chapters[chapter].from < end.min(self.moments.len())
    }

    /// Whose life a chapter belongs to.
    fn life(&self, chapter: usize) -> ContactId {
        let before = self.chapters.iter().take(chapter + 1).rev();
        before.filter_map(|chapter| chapter.begins).next().unwrap_or(self.contact)
    }

    /// Queues and agents of this story that are no more, in words.
    fn gone(&self) -> Vec<String> {
        let mut gone = BTreeSet::new();
        for (nth, moment) in self.moments.iter().enumerate() {
            let page = self.page(nth);
            if let Some(queue) = queue_of(&moment.what).map(|id| page.queue(id))
                && self.today.directory.queue_named(&queue.name).is_none()
            {
                gone.insert(format!("queue {}", queue.name));
            }
            for candidate in &moment.candidates {
                let id = &page.directory.agent(candidate.agent).id;
                if self.today.directory.agent_named(id).is_none() {
                    gone.insert(format!("agent {id}"));
                }
            }
        }
        gone.into_iter().collect()
    }
}

fn queue_of(what: &What) -> Option<QueueId> {
    match what {
        What::Judged { queue, .. }
        | What::Warned { queue, .. }
        | What::MessageLeft { queue, .. }
        | What::BackInLine { queue }
        | What::Entered { queue, .. }
        | What::Offered { queue, .. }
        | What::Reserve { queue, .. }
        | What::FlowedOut { queue, .. } => Some(*queue),
        What::Callback { told, .. } | What::Aside { told, .. } => Some(told.queue),
        What::Passed { .. } | What::OfferEnded { .. } | What::Connected { .. } | What::Abandoned { .. } => None,
    }
}

impl Page<'_> {
    fn queue(&self, id: QueueId) -> &model::Queue {
        self.directory.queue(id)
    }

    /// The strategy's line in the configuration.
    fn rule(&self, queue: QueueId) -> Option<Written> {
        self.texts.of_queue(&self.queue(queue).name, "strategy")
    }

    fn objective(&self, queue: QueueId) -> Option<Written> {
        self.texts.of_queue(&self.queue(queue).name, "service_objective")
    }

    /// The line of the rule by which a contact left the queue.
    fn way_out(&self, queue: QueueId, why: FlowReason) -> Option<Written> {
        let key = match why {
            FlowReason::MaxWait => "max_wait",
            FlowReason::MaxLength => "max_length",
            FlowReason::ExpectedWait => "max_expected_wait",
            FlowReason::Understaffed => "min_staffed",
            FlowReason::Empty => "empty",
            FlowReason::Closed => "hours",
            FlowReason::BreakoutKey => "keys",
            FlowReason::NotReached => "callback.tries",
            FlowReason::Recalled => "callback",
            FlowReason::TriesExhausted => "tries",
            FlowReason::QueueRemoved | FlowReason::Failed | FlowReason::Forced | FlowReason::Shutdown => return None,
        };
        self.texts.of_queue(&self.queue(queue).name, key)
    }

    /// The data rule's name, or its place counted from 1, and its line.
    fn data_rule(&self, queue: QueueId, place: u16) -> (String, Option<Written>) {
        let queue = self.queue(queue);
        let nth = usize::from(place);
        let name = queue.routing.rules.get(nth).map_or("", |rule| &rule.name);
        let named = if name.is_empty() { format!("rule {}", nth + 1) } else { format!("rule '{name}'") };
        (named, self.texts.nth_of_queue(&queue.name, "rules", nth))
    }

    fn sticky(&self, queue: QueueId) -> Option<Written> {
        self.texts.of_queue(&self.queue(queue).name, "sticky")
    }

    fn reserve_rule(&self, queue: QueueId, place: u8) -> Option<Written> {
        self.texts.nth_of_queue(&self.queue(queue).name, "reserves", usize::from(place))
    }
}

/// The log's times are civil ones; the replay counts them as if no clock had been set meanwhile.
fn instant(at: Utc) -> Instant {
    Instant::from_nanos(at.as_micros().max(0).unsigned_abs().saturating_mul(1000))
}

/// And back.
fn utc(at: Instant) -> Utc {
    Utc::from_micros(i64::try_from(at.as_nanos() / 1000).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests;
