//! What the referee has seen so far: the reference, and what facts tell of a contact beside its place.

use crate::reference::Reference;
use base::{Instant, TIMER_TICK};
use model::{AgentId, AgentState, CallbackStep, ContactId, Directory, Fact, OfferOutcome, QueueId, ShardId, Wish};
use std::collections::HashMap;
use std::sync::Arc;

#[derive(Clone, PartialEq, Debug)]
pub(super) enum Told {
    Fact(Fact),
    Configured(ShardId, Arc<Directory>),
    /// A shard claims him and finds that the contact is gone; then it gives him back. Or an offer of this contact is over
    /// before his home has heard of it.
    Claimed(AgentId, Option<ContactId>),
    GivenBack(AgentId, Option<ContactId>),
}

impl Told {
    pub(super) fn fact(&self) -> Option<&Fact> {
        if let Told::Fact(fact) = self { Some(fact) } else { None }
    }

    pub(super) fn is_offer(&self) -> bool {
        matches!(self, Told::Fact(Fact::Offered { .. }))
    }

    pub(super) fn is_of(&self, agent: AgentId) -> bool {
        matches!(self, Told::Fact(Fact::AgentChanged { agent: his, .. }) if *his == agent)
    }
}

#[derive(Clone, Debug)]
pub(super) struct Sight {
    /// Shown reserved for whom and when, and not offered him yet.
    claimed: HashMap<AgentId, (ContactId, Instant)>,
    reference: Reference,
    directory: Arc<Directory>,
    shards: u8,
    known: HashMap<ContactId, Known>,
    /// The contact of a queue each agent talks with.
    talks: HashMap<AgentId, (ContactId, QueueId)>,
    /// Who has taken a call whose customer must be reached first, and which.
    attending: HashMap<AgentId, ContactId>,
}

/// What is known of a contact beside its place in a queue.
#[derive(Clone, Copy, Default, Debug)]
struct Known {
    /// What it asks where it comes in next.
    wish: Wish,
    is_callback: bool,
}

impl Sight {
    pub(super) fn new(directory: &Arc<Directory>, shards: u8, seed: Option<u64>) -> Self {
        Sight {
            reference: Reference::new(directory, seed),
            directory: Arc::clone(directory),
            shards,
            known: HashMap::new(),
            talks: HashMap::new(),
            attending: HashMap::new(),
            claimed: HashMap::new(),
        }
    }

    /// Of contacts, agents and reserves.
    pub(super) fn sees(fact: &Fact) -> bool {
        matches!(
            fact,
            Fact::Judged { .. }
                | Fact::Callback { .. }
                | Fact::Queued { .. }
                | Fact::Offered { .. }
                | Fact::OfferEnded { .. }
                | Fact::Connected { .. }
                | Fact::Abandoned { .. }
                | Fact::FlowedOut { .. }
                | Fact::Aside { .. }
                | Fact::TalkEnded { .. }
                | Fact::AgentChanged { .. }
                | Fact::Reserve { .. }
                | Fact::Forced { .. }
        )
    }

    pub(super) fn agents(&self) -> impl Iterator<Item = AgentId> + use<> {
        self.reference.all()
    }

    /// Alike where every contact stands on the same steps and is kept for the same agent.
    pub(super) fn what_is_asked(&self) -> u64 {
        self.reference.what_is_asked()
    }

    pub(super) fn is_reserved(&self, agent: AgentId, contact: ContactId) -> bool {
        self.reference.agents[agent.index()].state == AgentState::Reserved { contact }
    }

    /// Whoever was reserved for a contact that then was not to be offered had his turn all the same.
    fn claim_over(&mut self, now: Instant, agent: AgentId, state: AgentState) {
        if let Some((contact, since)) = self.claimed.remove(&agent)
            && let Some(queue) = self.queue_of(contact)
        {
            self.was_asked(since, agent, queue);
        }
        if let AgentState::Reserved { contact } = state {
            self.claimed.insert(agent, (contact, now));
        }
    }

    /// Where it waits.
    pub(super) fn queue_of(&self, contact: ContactId) -> Option<QueueId> {
        self.reference.queue_of(contact)
    }

    pub(super) fn was_asked(&mut self, now: Instant, agent: AgentId, queue: QueueId) {
        self.reference.was_asked(now, agent, queue);
    }

    pub(super) fn next_input(&mut self) {
        self.reference.next_input();
    }

    pub(super) fn take(&mut self, now: Instant, told: &Told) {
        let fact = match told {
            Told::Fact(fact) => fact,
            Told::Configured(shard, directory) => {
                self.directory = Arc::clone(directory);
                let (shard, shards) = (usize::from(shard.0), usize::from(self.shards));
                return self.reference.configure_shard(now, directory, shard, shards);
            }
            Told::Claimed(agent, of) => return self.reference.claimed = Some((*agent, *of)),
            Told::GivenBack(..) => return self.reference.claimed = None,
        };
        match fact {
            Fact::Judged { contact, judgement, .. } => return self.known(*contact).wish = judgement.wish(),
            Fact::Callback { contact, step, .. } => return self.callback(*contact, *step),
            Fact::OfferEnded { agent, outcome: OfferOutcome::Accepted, .. } => _ = self.attending.remove(agent),
            Fact::Connected { contact, queue, agent, .. } => _ = self.talks.insert(*agent, (*contact, *queue)),
            Fact::TalkEnded { contact, agent, .. } => return self.talk_ended(now, *contact, *agent),
            Fact::Offered { agent, .. } => _ = self.claimed.remove(agent),
            Fact::AgentChanged { agent, state, .. } => {
                self.claim_over(now, *agent, *state);
                self.release(now, *agent, *state);
            }
            _ => {}
        }
        let wish = match fact {
            Fact::Queued { contact, queue, .. } => self.queued(*contact, *queue),
            _ => Wish::default(),
        };
        self.reference.fact(now, fact, |_| (now, wish));
    }

    /// Who is told to have come in has been there since he first came.
    pub(super) fn take_late(&mut self, told: &[(Instant, Told)]) {
        self.reference.late = true;
        told.iter().for_each(|(at, told)| self.take(*at, told));
        self.reference.late = false;
    }

    /// Timers of a loop that stood still have run out later than they should, and what they began lasts longer.
    pub(super) fn lose_track(&mut self, now: Instant) {
        self.reference.heard(now);
        self.reference.look_again(now - TIMER_TICK);
        self.reference.any_step();
        self.reference.take_doubts();
    }

    pub(super) fn at_rest(&mut self, now: Instant) {
        // A contact whose offer was taken back is looked at again later, not at the same instant.
        self.reference.look_again(now - TIMER_TICK);
        self.reference.quiet(now);
    }

    pub(super) fn take_doubts(&mut self) -> Vec<Box<str>> {
        self.reference.take_doubts()
    }

    /// It is over. Of a talk that never began nobody tells the end.
    pub(super) fn forget(&mut self, now: Instant, contact: ContactId) {
        self.known.remove(&contact);
        let talks = self.talks.iter().filter(|(_, (talk, _))| *talk == contact).map(|(agent, _)| *agent);
        for agent in talks.collect::<Vec<_>>() {
            self.talk_ended(now, contact, agent);
        }
    }

    fn known(&mut self, contact: ContactId) -> &mut Known {
        self.known.entry(contact).or_default()
    }

    /// What was judged counts once.
    fn queued(&mut self, contact: ContactId, queue: QueueId) -> Wish {
        let hours = self.directory.queue(queue).care.callback.as_ref().and_then(|policy| policy.hours);
        let known = self.known(contact);
        let wish = core::mem::take(&mut known.wish);
        let window = hours.filter(|_| known.is_callback);
        Wish { called_back: known.is_callback, window, ..wish }
    }

    fn callback(&mut self, contact: ContactId, step: CallbackStep) {
        if step == CallbackStep::Reached {
            self.reference.on_the_line(contact);
        }
        self.known(contact).is_callback = match step {
            CallbackStep::Arranged | CallbackStep::Resumed | CallbackStep::Dialled => true,
            CallbackStep::Reached | CallbackStep::Failed | CallbackStep::Withdrawn => false,
        };
    }

    /// He may go on with a call of his own.
    fn talk_ended(&mut self, now: Instant, contact: ContactId, agent: AgentId) {
        if self.talks.get(&agent).is_some_and(|(talk, _)| *talk == contact) {
            let over = self.talks.remove(&agent).map(|(_, queue)| queue);
            self.reference.released(now, agent, over);
        }
    }

    /// The end of all his calls, his own too, is told by his next state only. Who was on the line for a customer who was not reached
    /// has talked with nobody.
    fn release(&mut self, now: Instant, agent: AgentId, state: AgentState) {
        let busy_with = |state| if let AgentState::Busy { contact } = state { Some(contact) } else { None };
        let (was, is) = (busy_with(self.reference.agents[agent.index()].state), busy_with(state));
        let attends = is.filter(|contact| self.reference.rings(*contact, agent));
        if was.is_some() && was != is {
            let attended = self.attending.remove(&agent);
            // From one call into another he has not been free.
            if attended != was && (is.is_none() || attends.is_some()) {
                self.reference.released(now, agent, None);
            }
        }
        if let Some(contact) = attends {
            self.attending.insert(agent, contact);
        }
    }
}
