use crate::limits::LATELY;
use base::{Instant, Now};
use core::time::Duration;
use model::{AgentId, CallbackStep, ContactId, Directory, Fact, OfferOutcome, QueueId, Stamped};
use report::{AgentSpan, ContactRecord, Entry, Ledger, QueueFigures, QueueVisit, Talk, Wallboard};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// Every fact, what the report room makes of it, and laws that hold at each of them.
#[derive(Debug)]
pub struct Books {
    pub facts: Vec<Stamped>,
    pub wallboard: Wallboard,
    pub records: Vec<ContactRecord>,
    /// Each once, as it was last handed out.
    pub visits: Vec<QueueVisit>,
    pub talks: Vec<Talk>,
    pub spans: Vec<AgentSpan>,
    ledger: Ledger,
    directory: Arc<Directory>,
    /// Who waits in a queue, first come first.
    waiting: BTreeMap<ContactId, Waiting>,
    arrived: HashSet<ContactId>,
    ended: HashSet<ContactId>,
    tallies: BTreeMap<QueueId, Tally>,
    /// To whom a callback is owed.
    owed: HashSet<ContactId>,
    broken: Vec<String>,
    lately: Vec<String>,
}

#[derive(Clone, Debug)]
struct Waiting {
    queue: QueueId,
    /// May be offered since; `None` while an offer runs.
    free_since: Option<Instant>,
    /// Several when their phones ring together.
    offered_to: Vec<AgentId>,
    called_back: bool,
}

/// A queue's counts, kept here once more to be compared with the report's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    pub offered: u64,
    pub answered: u64,
    pub abandoned: u64,
    pub flowed_out: u64,
    pub waiting: u64,
    /// Stays of customers who are called back, in none of the counts above: ended by a talk, and by their hanging up.
    pub called_back: u64,
    pub called_back_lost: u64,
}

impl Books {
    pub(crate) fn new(directory: Arc<Directory>, now: Now) -> Self {
        Books {
            facts: Vec::new(),
            wallboard: Wallboard::new(now.utc),
            records: Vec::new(),
            visits: Vec::new(),
            talks: Vec::new(),
            spans: Vec::new(),
            ledger: Ledger::new(),
            directory,
            waiting: BTreeMap::new(),
            arrived: HashSet::new(),
            ended: HashSet::new(),
            tallies: BTreeMap::new(),
            owed: HashSet::new(),
            broken: Vec::new(),
            lately: Vec::new(),
        }
    }

    pub fn tally(&self, queue: QueueId) -> Tally {
        self.tallies.get(&queue).copied().unwrap_or_default()
    }

    /// The report's figures of a queue, up to now.
    pub fn figures(&self, queue: QueueId, now: Instant) -> QueueFigures {
        self.wallboard.queue(queue, now, &self.directory).today
    }

    /// Facts of one kind with their times.
    pub fn find<'a, T: 'a>(
        &'a self,
        pick: impl Fn(&'a Fact) -> Option<T> + 'a,
    ) -> impl Iterator<Item = (Instant, T)> + 'a {
        self.facts.iter().filter_map(move |f| pick(&f.fact).map(|t| (f.at.mono, t)))
    }

    /// How offers ended, in order.
    pub fn outcomes(&self, agent: AgentId) -> Vec<OfferOutcome> {
        let ended = |fact: &Fact| match fact {
            Fact::OfferEnded { agent: a, outcome, .. } if *a == agent => Some(*outcome),
            _ => None,
        };
        self.find(ended).map(|(_, outcome)| outcome).collect()
    }

    pub(crate) fn directory_changed(&mut self, directory: Arc<Directory>) {
        self.directory = directory;
    }

    pub(crate) fn handle_fact(&mut self, stamped: Stamped) {
        self.check_order(&stamped);
        self.count(&stamped);
        self.ledger.handle_fact(&stamped, &self.directory);
        self.wallboard.handle_fact(&stamped, &self.directory);
        self.collect();
        if let Some(queue) = queue_of(&stamped.fact) {
            self.check_conservation(queue, stamped.at.mono);
        }
        self.facts.push(stamped);
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.ledger.handle_timeout(now);
        self.collect();
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.ledger.poll_timeout()
    }

    /// Since when a contact may be offered to somebody.
    pub(crate) fn free_since(&self, contact: ContactId) -> Option<Instant> {
        self.waiting.get(&contact)?.free_since
    }

    pub(crate) fn open_contacts(&self) -> usize {
        self.ledger.open_contacts()
    }

    pub(crate) fn unended(&self) -> impl Iterator<Item = ContactId> + '_ {
        self.arrived.difference(&self.ended).copied()
    }

    pub(crate) fn arrivals(&self) -> usize {
        self.arrived.len()
    }

    pub(crate) fn broken(&self) -> &[String] {
        &self.broken
    }

    pub(crate) fn broken_mut(&mut self) -> &mut Vec<String> {
        &mut self.broken
    }

    pub(crate) fn breaks(&mut self, what: String) {
        if self.broken.is_empty() {
            let last = self.facts.iter().rev().take(LATELY).rev();
            self.lately = last.map(|fact| format!("{:?} {:?}", fact.at.mono, fact.fact)).collect();
        }
        self.broken.push(what);
    }

    /// What was told last before the first law was broken.
    pub(crate) fn lately(&self) -> &[String] {
        &self.lately
    }

    /// Closes the agents' open spans, so that all of their time is in [`Books::spans`].
    pub(crate) fn cut_spans(&mut self, now: Now) {
        let open: Vec<AgentSpan> = self.ledger.agent_times().open_spans(now.mono).collect();
        self.spans.extend(open);
    }

    fn collect(&mut self) {
        while let Some(entry) = self.ledger.poll_entry() {
            match entry {
                Entry::Visit(visit) => {
                    self.wallboard.handle_visit(&visit);
                    // An answered one comes again when its agent is through with it.
                    let same = |known: &&mut QueueVisit| (known.contact, known.nth) == (visit.contact, visit.nth);
                    match self.visits.iter_mut().rev().find(same) {
                        Some(known) => *known = visit,
                        None => self.visits.push(visit),
                    }
                }
                Entry::Talk(talk) => self.talks.push(talk),
                Entry::Span(span) => self.spans.push(span),
                Entry::Record(record) => self.records.push(*record),
            }
        }
    }

    /// Every contact arrives once, ends once and is silent afterwards; every stay in a queue ends once.
    fn check_order(&mut self, stamped: &Stamped) {
        let Some(contact) = report::contact_of(&stamped.fact) else { return };
        if self.ended.contains(&contact) {
            self.breaks(format!("{contact} goes on after its end: {:?}", stamped.fact));
        }
        match stamped.fact {
            Fact::ContactArrived { .. } if !self.arrived.insert(contact) => {
                self.breaks(format!("{contact} arrived twice"));
            }
            Fact::ContactEnded { .. } => {
                self.ended.insert(contact);
                if self.waiting.contains_key(&contact) {
                    self.breaks(format!("{contact} ended while it waits in a queue"));
                }
            }
            _ => {}
        }
    }

    fn count(&mut self, stamped: &Stamped) {
        let at = stamped.at.mono;
        match stamped.fact {
            Fact::Queued { contact, queue, .. } => {
                let tally = self.tallies.entry(queue).or_default();
                let called_back = self.owed.contains(&contact);
                if !called_back {
                    (tally.offered, tally.waiting) = (tally.offered + 1, tally.waiting + 1);
                }
                let waiting = Waiting { queue, free_since: Some(at), offered_to: Vec::new(), called_back };
                if self.waiting.insert(contact, waiting).is_some() {
                    self.breaks(format!("{contact} waits twice"));
                }
            }
            Fact::Offered { contact, agent, .. } => self.offered(contact, agent),
            Fact::OfferEnded { contact, agent, .. } => {
                if let Some(waiting) = self.waiting.get_mut(&contact)
                    && waiting.offered_to.contains(&agent)
                {
                    waiting.offered_to.retain(|other| *other != agent);
                    waiting.free_since = waiting.offered_to.is_empty().then_some(at);
                }
            }
            // Nobody is to be asked for a callback that stands aside.
            Fact::Aside { contact, aside, .. } => {
                if let Some(waiting) = self.waiting.get_mut(&contact) {
                    waiting.free_since = (!aside).then_some(at);
                }
            }
            Fact::Callback { contact, step: CallbackStep::Arranged | CallbackStep::Resumed, .. } => {
                self.owed.insert(contact);
            }
            Fact::Callback { contact, step, .. } if step != CallbackStep::Dialled => {
                self.owed.remove(&contact);
            }
            Fact::Connected { contact, queue, waited, .. } => {
                self.left(at, contact, queue, waited, |t| (&mut t.answered, Some(&mut t.called_back)));
            }
            Fact::Abandoned { contact, queue, waited } => {
                self.left(at, contact, queue, waited, |t| (&mut t.abandoned, Some(&mut t.called_back_lost)));
            }
            Fact::FlowedOut { contact, queue, waited, .. } => {
                self.left(at, contact, queue, waited, |t| (&mut t.flowed_out, None));
            }
            _ => {}
        }
    }

    fn offered(&mut self, contact: ContactId, agent: AgentId) {
        if let Some((other, _)) = self.waiting.iter().find(|(_, w)| w.offered_to.contains(&agent)) {
            let other = *other;
            self.breaks(format!("agent {} is offered {contact} while {other} rings at his phone", agent.0));
        }
        let Some(waiting) = self.waiting.get_mut(&contact) else {
            return self.breaks(format!("{contact} is offered and does not wait"));
        };
        waiting.offered_to.push(agent);
        waiting.free_since = None;
    }

    fn left(
        &mut self,
        at: Instant,
        contact: ContactId,
        queue: QueueId,
        waited: Duration,
        count: impl FnOnce(&mut Tally) -> (&mut u64, Option<&mut u64>),
    ) {
        let tally = self.tallies.entry(queue).or_default();
        let (of_a_caller, of_a_callback) = count(tally);
        if self.waiting.get(&contact).is_some_and(|known| known.called_back) {
            of_a_callback.into_iter().for_each(|count| *count += 1);
        } else {
            *of_a_caller += 1;
            tally.waiting = tally.waiting.saturating_sub(1);
        }
        let queued = self.facts.iter().rev().find_map(|f| match f.fact {
            Fact::Queued { contact: c, queue: q, .. } if c == contact && q == queue => Some(f.at.mono),
            _ => None,
        });
        match self.waiting.remove(&contact) {
            Some(known) if known.queue == queue => {}
            Some(_) | None => self.breaks(format!("{contact} left queue {} where it did not wait", queue.0)),
        }
        // A queue that lives on another shard says later that somebody entered; he has waited since he did.
        if queued.is_some_and(|queued| at - queued > waited) {
            self.breaks(format!("{contact} is said to have waited {waited:?} in queue {}", queue.0));
        }
    }

    /// Complaint 32, at every fact: offered = answered + abandoned + flowed out + waiting, in the report and here. A caller
    /// who is called back is offered once, and has flowed out.
    fn check_conservation(&mut self, queue: QueueId, now: Instant) {
        let figures = self.figures(queue, now);
        let counts = figures.counts;
        let seen = Tally {
            offered: counts.offered,
            answered: counts.answered,
            abandoned: counts.abandoned,
            flowed_out: counts.flowed_out,
            waiting: counts.waiting,
            called_back: counts.called_back,
            called_back_lost: counts.called_back_lost,
        };
        let mine = self.tally(queue);
        if figures.accounted() != mine.offered || seen != mine {
            self.breaks(format!("queue {}: the report says {seen:?}, the facts {mine:?}", queue.0));
        }
    }
}

fn queue_of(fact: &Fact) -> Option<QueueId> {
    match fact {
        Fact::Queued { queue, .. }
        | Fact::Connected { queue, .. }
        | Fact::Abandoned { queue, .. }
        | Fact::FlowedOut { queue, .. } => Some(*queue),
        _ => None,
    }
}
