//! Some order of what several shards told of one instant in which every decision is the right one.

use super::sight::{Sight, Told};
use crate::limits::{ORDERS_MAX, REFEREED_MAX};
use base::Instant;
use model::{AgentId, AgentState, ContactId, Fact, ForcedAction, OfferOutcome, QueueAction, QueueId, ShardId};
use std::collections::HashSet;

/// Takes what was told in such an order; when there is none, in the one in which it was told, with what is wrong then.
pub(super) fn explain(
    sight: &mut Sight,
    now: Instant,
    mut told: Vec<(Instant, Told)>,
    claims: Vec<(AgentId, Option<ContactId>)>,
) -> Vec<Box<str>> {
    reserve_before_offers(sight, &mut told);
    let claimed = claimed_too_late(sight, &told);
    let doubts = in_some_order(sight, now, told, claims);
    claimed.into_iter().for_each(|(agent, queue)| sight.was_asked(now, agent, queue));
    doubts
}

fn in_some_order(
    sight: &mut Sight,
    now: Instant,
    mut told: Vec<(Instant, Told)>,
    claims: Vec<(AgentId, Option<ContactId>)>,
) -> Vec<Box<str>> {
    let mut as_told = sight.clone();
    told.iter().for_each(|(at, told)| as_told.take(*at, told));
    as_told.at_rest(now);
    let doubts = as_told.take_doubts();
    let both = |(agent, of)| [(now, Told::Claimed(agent, of)), (now, Told::GivenBack(agent, of))];
    told.extend(claims.into_iter().flat_map(both));
    if doubts.is_empty() || told.len() > REFEREED_MAX {
        *sight = as_told;
        return doubts;
    }
    let mut search = Search {
        now,
        told: &told,
        before: Vec::new(),
        dead: HashSet::new(),
        looked: 0,
        directed: false,
        furthest: (0, doubts),
    };
    search.before = (0..told.len()).map(|at| search.must_come_before(at)).collect();
    match search.from(sight, 0).or_else(|| search.once_more(sight)) {
        Some(found) => {
            *sight = found;
            Vec::new()
        }
        None => {
            *sight = as_told;
            search.furthest.1
        }
    }
}

/// Whoever is reserved is so before the offer is told, and his home may tell of it later. Of an offer that is over in the
/// instant in which it was made, as on a line that opens by itself, his home may hear when it is over: then nobody was
/// shown that he was reserved. Those that were taken back count as claims.
fn reserve_before_offers(sight: &Sight, told: &mut Vec<(Instant, Told)>) {
    let mut at = 0;
    while at < told.len() {
        if let (now, Told::Fact(Fact::Offered { contact, agent, .. })) = told[at]
            && !sight.is_reserved(agent, contact)
        {
            let state = |told: &(Instant, Told)| match told.1 {
                Told::Fact(Fact::AgentChanged { agent: his, state, phone }) if his == agent => Some((state, phone)),
                _ => None,
            };
            let reserved = AgentState::Reserved { contact };
            let is_over = |told: &(Instant, Told)| match &told.1 {
                Told::Fact(Fact::OfferEnded { contact: of, agent: his, outcome, .. }) => {
                    (*of, *his) == (contact, agent) && *outcome != OfferOutcome::Withdrawn
                }
                _ => false,
            };
            match told.iter().position(|told| state(told).is_some_and(|(state, _)| state == reserved)) {
                Some(shown) if shown > at => {
                    let his: Vec<usize> = (at..=shown).filter(|n| state(&told[*n]).is_some()).collect();
                    for from in his {
                        told[at..=from].rotate_right(1);
                        at += 1;
                    }
                }
                None if told[at..].iter().any(is_over) => {
                    let ready = told[..at].iter().rposition(|t| state(t).is_some_and(|s| s.0 == AgentState::Ready));
                    let phone = told.iter().find_map(state).and_then(|(_, phone)| phone);
                    let fact = Fact::AgentChanged { agent, state: reserved, phone };
                    told.insert(ready.map_or(0, |ready| ready + 1), (now, Told::Fact(fact)));
                    at += 1;
                }
                Some(_) | None => {}
            }
        }
        at += 1;
    }
}

/// Shown reserved for a contact of a queue that was not offered to them any more when its home heard of it: their clock of
/// offers goes on and they have had their turn all the same.
fn claimed_too_late(sight: &Sight, told: &[(Instant, Told)]) -> Vec<(AgentId, QueueId)> {
    let facts = || told.iter().filter_map(|(_, told)| told.fact());
    let reserved = facts().filter_map(|fact| match fact {
        Fact::AgentChanged { agent, state: AgentState::Reserved { contact }, .. } => Some((*agent, *contact)),
        _ => None,
    });
    let offers = |contact: ContactId| {
        facts().filter_map(move |fact| match fact {
            Fact::Offered { contact: of, agent, queue, .. } if *of == contact => Some((*agent, *queue)),
            _ => None,
        })
    };
    let too_late = |(agent, contact): (AgentId, ContactId)| {
        let queue = offers(contact).next().map(|(_, queue)| queue).or_else(|| sight.queue_of(contact))?;
        (!offers(contact).any(|(offered, _)| offered == agent)).then_some((agent, queue))
    };
    reserved.filter_map(too_late).collect()
}

struct Search<'a> {
    now: Instant,
    told: &'a [(Instant, Told)],
    /// For each which of the others must have been taken, as bits.
    before: Vec<u64>,
    /// What had been taken where no order led on, and what each contact asked then: nothing else depends on how it came to
    /// be taken.
    dead: HashSet<(u64, u64)>,
    looked: usize,
    /// What the next offer needs comes first, and not what was told first.
    directed: bool,
    /// What was wrong after the most that could be taken.
    furthest: (u32, Vec<Box<str>>),
}

impl Search<'_> {
    fn must_come_before(&self, at: usize) -> u64 {
        let own = Subject::of(&self.told[at].1);
        let same = (0..at).filter(|other| own.shares(&Subject::of(&self.told[*other].1)));
        same.map(|other| 1 << other).sum()
    }

    /// Of many who were freed at once all come before the offer of one of them, as it was told: then the orders are too
    /// many to go through from the end.
    fn once_more(&mut self, sight: &Sight) -> Option<Sight> {
        if self.looked <= ORDERS_MAX {
            return None;
        }
        (self.looked, self.directed) = (0, true);
        self.dead.clear();
        self.from(sight, 0)
    }

    /// What may come next.
    fn candidates(&self, taken: u64) -> Vec<usize> {
        let free = |at: &usize| taken & (1 << at) == 0 && self.before[*at] & !taken == 0;
        let mut all: Vec<usize> = (0..self.told.len()).filter(free).collect();
        let rest = self.told.iter().zip(0..).filter(|(_, at)| taken & (1 << at) == 0);
        let offer = rest.filter_map(|((_, told), _)| told.fact()).find_map(|fact| match fact {
            Fact::Offered { contact, agent, .. } => Some([Subject::Contact(*contact), Subject::Agent(*agent)]),
            _ => None,
        });
        if let Some(needed) = offer.filter(|_| self.directed) {
            all.sort_by_key(|at| !needed.contains(&Subject::of(&self.told[*at].1)));
        }
        all
    }

    /// `taken`: what the sight has seen of it, as bits.
    fn from(&mut self, sight: &Sight, taken: u64) -> Option<Sight> {
        if taken.count_ones() as usize == self.told.len() {
            let mut rests = sight.clone();
            rests.at_rest(self.now);
            let doubts = rests.take_doubts();
            return self.is_right(taken, doubts).then_some(rests);
        }
        self.looked += 1;
        let here = (taken, sight.what_is_asked());
        if self.looked > ORDERS_MAX || self.dead.contains(&here) {
            return None;
        }
        for next in self.candidates(taken) {
            let mut then = sight.clone();
            let (at, told) = &self.told[next];
            then.take(*at, told);
            let doubts = then.take_doubts();
            if self.is_right(taken, doubts)
                && let Some(found) = self.from(&then, taken | (1 << next))
            {
                return Some(found);
            }
        }
        self.dead.insert(here);
        None
    }
}

impl Search<'_> {
    fn is_right(&mut self, taken: u64, doubts: Vec<Box<str>>) -> bool {
        let right = doubts.is_empty();
        if !right && taken.count_ones() >= self.furthest.0 {
            self.furthest = (taken.count_ones(), doubts);
        }
        right
    }
}

/// Whom it is about: of each of them things happened in the order in which they were told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Subject {
    Contact(ContactId),
    Agent(AgentId),
    Reserves(QueueId),
    Claim(AgentId, Option<ContactId>),
    Shard(ShardId),
    House,
}

impl Subject {
    fn of(told: &Told) -> Self {
        match told {
            Told::Fact(fact) => match fact {
                Fact::AgentChanged { agent, .. } => Subject::Agent(*agent),
                Fact::Reserve { queue, .. }
                | Fact::Forced { action: ForcedAction::Queue { queue, action: QueueAction::Reserve { .. } }, .. } => {
                    Subject::Reserves(*queue)
                }
                Fact::Judged { contact, .. }
                | Fact::Callback { contact, .. }
                | Fact::Queued { contact, .. }
                | Fact::Offered { contact, .. }
                | Fact::OfferEnded { contact, .. }
                | Fact::Connected { contact, .. }
                | Fact::Abandoned { contact, .. }
                | Fact::FlowedOut { contact, .. }
                | Fact::TalkEnded { contact, .. }
                | Fact::Aside { contact, .. } => Subject::Contact(*contact),
                _ => Subject::House,
            },
            Told::Configured(shard, _) => Subject::Shard(*shard),
            Told::Claimed(agent, of) | Told::GivenBack(agent, of) => Subject::Claim(*agent, *of),
        }
    }

    fn shares(self, other: &Subject) -> bool {
        self == *other && self != Subject::House
    }
}
