//! The referee catches what is wrong: told of another winner, of another contact, or of other rules than the house has,
//! he doubts.

use super::{Trial, figures};
use crate::books::Books;
use core::time::Duration;
use model::{AgentId, AgentState, ContactId, Directory, Fact, IdleClock, Next, ShardId, Stamped, Strategy};
use report::{QueueVisit, VisitEnd, Work};
use std::sync::Arc;

/// Offers before the one that is lied about: queues and agents are in full swing.
const AFTER: usize = 40;

/// From one match on, two change places in everything that is told: a consistent story of another decision.
#[derive(Debug)]
pub(super) struct Lie {
    /// Counts facts; the match is told from this one on.
    from: usize,
    told: usize,
    swapped: Swapped,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum About {
    /// The winner and the next in order.
    Winner,
    /// The contact he gets and the next one for him.
    Contact,
}

#[derive(Clone, Copy, Debug)]
enum Swapped {
    Agents(AgentId, AgentId),
    Contacts(ContactId, ContactId),
}

impl Lie {
    /// About the first offer in full swing that left a choice.
    fn find(facts: &[Stamped], about: About) -> Option<Lie> {
        let offers = facts.iter().zip(0..).filter_map(|(stamped, at)| match &stamped.fact {
            Fact::Offered { contact, agent, decision: Some(decision), .. } => Some((at, *contact, *agent, *decision)),
            _ => None,
        });
        offers.skip(AFTER).find_map(|(at, contact, agent, decision)| {
            let drawn = matches!(decision.strategy, Strategy::Random | Strategy::Weighted | Strategy::RingAll);
            let swapped = match (about, decision.next) {
                (About::Winner, Next::Agents(next)) if !drawn => Swapped::Agents(agent, *next.as_slice().first()?),
                (About::Contact, Next::Contacts(next)) => Swapped::Contacts(contact, *next.as_slice().first()?),
                _ => return None,
            };
            // His home tells of the reservation just before, or just after.
            let reserved = |stamped: &Stamped| match stamped.fact {
                Fact::AgentChanged { agent: his, state, .. } => {
                    (his, state) == (agent, AgentState::Reserved { contact })
                }
                _ => false,
            };
            let before = facts[..at].iter().rposition(reserved).filter(|n| facts[*n].at == facts[at].at);
            Some(Lie { from: before.unwrap_or(at), told: 0, swapped })
        })
    }

    pub(super) fn instead_of(&mut self, fact: &Fact) -> Fact {
        self.told += 1;
        if self.told <= self.from {
            return fact.clone();
        }
        let swapped = self.swapped;
        let a = |agent: AgentId| match swapped {
            Swapped::Agents(one, other) if agent == one => other,
            Swapped::Agents(one, other) if agent == other => one,
            _ => agent,
        };
        let c = |contact: ContactId| match swapped {
            Swapped::Contacts(one, other) if contact == one => other,
            Swapped::Contacts(one, other) if contact == other => one,
            _ => contact,
        };
        let mut told = fact.clone();
        match &mut told {
            Fact::Offered { contact, agent, .. }
            | Fact::OfferEnded { contact, agent, .. }
            | Fact::Connected { contact, agent, .. }
            | Fact::TalkEnded { contact, agent, .. } => (*contact, *agent) = (c(*contact), a(*agent)),
            Fact::Abandoned { contact, .. } | Fact::FlowedOut { contact, .. } => *contact = c(*contact),
            Fact::AgentChanged { agent, state, .. } => {
                *agent = a(*agent);
                if let AgentState::Reserved { contact } | AgentState::Busy { contact } = state {
                    *contact = c(*contact);
                }
            }
            _ => {}
        }
        told
    }
}

/// In how many worlds the lie was told, and in how many of them the referee doubts.
fn caught(seeds: core::ops::Range<u64>, about: About) -> (usize, usize) {
    let (mut told, mut caught) = (0, 0);
    for seed in seeds {
        let mut as_it_was = Trial::new(seed);
        as_it_was.run();
        let Some(lie) = Lie::find(&as_it_was.books.facts, about) else { continue };
        let mut trial = Trial::new(seed);
        trial.lie = Some(lie);
        trial.run();
        told += 1;
        caught += usize::from(!trial.books.broken().is_empty());
    }
    (told, caught)
}

#[test]
fn an_offer_to_another_agent_than_the_rules_want_is_caught() {
    let (told, caught) = caught(0..30, About::Winner);
    assert!(told >= 20, "only {told} of 30 worlds compare agents");
    assert_eq!(caught, told);
}

#[test]
fn an_offer_of_another_contact_than_the_rules_want_is_caught() {
    let (told, caught) = caught(0..30, About::Contact);
    assert!(told >= 15, "only {told} of 30 worlds compare contacts");
    assert_eq!(caught, told);
}

/// In how many of a dozen worlds the referee doubts who believes in other rules than the house goes by.
fn misled(mislead: fn(&mut Directory)) -> usize {
    let doubts = |seed: &u64| {
        let mut trial = Trial::new(*seed);
        let mut other = Directory::clone(&trial.directory);
        mislead(&mut other);
        let other = Arc::new(other);
        for shard in (0..trial.drawn.shards).map(ShardId) {
            trial.referee.configure(trial.now.mono, shard, &other);
        }
        trial.run();
        !Books::broken(&trial.books).is_empty()
    };
    (0..12).filter(doubts).count()
}

#[test]
fn a_house_that_goes_by_other_rules_than_those_configured_is_caught() {
    type Mislead = fn(&mut Directory);
    let others: [(&str, Mislead); 5] = [
        ("strategy", |house| house.queues.iter_mut().for_each(|q| q.strategy = Strategy::Linear)),
        ("idle clock", |house| house.queues.iter_mut().for_each(|q| q.idle_clock = IdleClock::Offer)),
        ("steps", |house| house.queues.iter_mut().for_each(|q| q.routing.steps.truncate(1))),
        ("cap on talks", |house| house.queues.iter_mut().for_each(|q| q.routing.max_talking = Some(1))),
        ("staff", |house| house.agents.iter_mut().for_each(|a| a.queues.truncate(1))),
    ];
    let caught: Vec<_> = others.map(|(what, mislead)| (what, misled(mislead))).to_vec();
    assert!(caught.iter().all(|(_, worlds)| *worlds >= 3), "{caught:?}");
}

#[test]
fn a_report_that_counts_or_measures_otherwise_than_the_facts_tell_is_caught() {
    type Spoil = fn(&mut Books);
    let mut lived: Vec<Trial> = (0..6)
        .map(|seed| {
            let mut trial = Trial::new(seed);
            trial.run();
            trial
        })
        .collect();
    let differ = |trial: &Trial| -> Vec<String> {
        let books = &trial.books;
        let queues = (0..trial.drawn.queues).map(model::QueueId);
        let level = |queue| trial.directory.queue(queue).service_level;
        let agents = (0..trial.drawn.agents).map(AgentId);
        let of_queues = queues.flat_map(|queue| figures::differ(books, queue, &level(queue)));
        of_queues.chain(agents.flat_map(|agent| figures::times_differ(books, agent))).collect()
    };
    let spoils: [(&str, Spoil); 10] = [
        ("event is", |books| books.visits.iter_mut().for_each(|visit| visit.rang_out = None)),
        ("handled is", |books| books.visits.iter_mut().for_each(|visit| work_of(visit, |work| *work = None))),
        ("att is", |books| books.visits.iter_mut().for_each(|visit| longer(visit, |work| &mut work.talked))),
        ("acw is", |books| books.visits.iter_mut().for_each(|visit| longer(visit, |work| &mut work.wrapped))),
        ("aht is", |books| books.visits.iter_mut().for_each(|visit| longer(visit, |work| &mut work.held))),
        ("asa is", |books| books.visits.iter_mut().for_each(|visit| visit.waited += MOMENT)),
        ("called back is", |books| books.visits.iter_mut().for_each(|visit| visit.called_back ^= true)),
        ("negative is", |books| books.visits.retain(|visit| visit.end != VisitEnd::Abandoned)),
        ("occupancy is", |books| books.spans.retain(|span| span.state != AgentState::Ready)),
        ("signed-on time is", |books| books.spans.truncate(books.spans.len() / 2)),
    ];
    for (words, spoil) in spoils {
        let mut caught = 0;
        for trial in &mut lived {
            assert_eq!(differ(trial), [""; 0]);
            let (visits, spans) = (trial.books.visits.clone(), trial.books.spans.clone());
            spoil(&mut trial.books);
            caught += usize::from(differ(trial).iter().any(|what| what.contains(words)));
            (trial.books.visits, trial.books.spans) = (visits, spans);
        }
        assert!(caught >= 4, "{words}: in {caught} worlds");
    }
}

const MOMENT: Duration = Duration::from_millis(1);

fn work_of(visit: &mut QueueVisit, change: impl Fn(&mut Option<Work>)) {
    if let VisitEnd::Answered { work } = &mut visit.end {
        change(work);
    }
}

fn longer(visit: &mut QueueVisit, time: fn(&mut Work) -> &mut Duration) {
    work_of(visit, |work| work.iter_mut().for_each(|work| *time(work) += MOMENT));
}
