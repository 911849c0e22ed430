//! Who comes first: of those who are ready for a contact, and of the contacts somebody could get.

use super::{Edge, Reference, Waiting};
use crate::strategy::{draw, scaled};
use base::Instant;
use core::cmp::Ordering;
use model::{AgentId, AgentState, ContactId, IdleClock, OBJECTIVE_DEFAULT, QueueId, Strategy, level_of};
use std::collections::HashMap;

/// Waiting as a part of an objective: the larger comes first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Part {
    waited: u128,
    objective: u128,
}

impl Ord for Part {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.waited * self.objective).cmp(&(self.waited * other.objective))
    }
}

impl PartialOrd for Part {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Reference {
    /// Of all who wait the one this agent should get: the first of each queue, then the most pressing of these.
    /// `chosen` is among them, whatever is in doubt. Who is held stands in the line again or not yet, facts do not tell:
    /// he may be the first of his queue and need not be.
    pub(super) fn most_pressing(&self, now: Instant, id: AgentId, chosen: Option<&Waiting>) -> Option<ContactId> {
        let is_chosen = |w: &Waiting| chosen.is_some_and(|c| c.contact == w.contact);
        let may =
            |w: &&Waiting| w.ringing.is_empty() && (is_chosen(w) || self.may_get_once_back(now, w, id, Edge::Both));
        let mut lines: HashMap<QueueId, Vec<&Waiting>> = HashMap::new();
        for w in self.waiting.iter().filter(may).filter(|w| is_chosen(w) || !self.moves(now, w)) {
            lines.entry(w.queue).or_default().push(w);
        }
        let heads = lines.into_values().filter_map(|line| self.head(now, line, is_chosen));
        heads.min_by_key(|w| self.pressing(now, w)).map(|w| w.contact)
    }

    /// Whoever is there for certain, or somebody held before him: the chosen one, else the one it is least unjust to
    /// pass over. Without anybody certain the queue has nobody it must give.
    pub(super) fn head<'a>(
        &self,
        now: Instant,
        mut line: Vec<&'a Waiting>,
        is_chosen: impl Fn(&Waiting) -> bool,
    ) -> Option<&'a Waiting> {
        line.sort_by_key(|w| self.place(w));
        let firm = line.iter().position(|w| !w.held)?;
        line.truncate(firm + 1);
        let chosen = line.iter().copied().find(|w| is_chosen(w));
        chosen.or_else(|| line.into_iter().max_by_key(|w| self.pressing(now, w)))
    }

    pub(crate) fn pressing(&self, now: Instant, waiting: &Waiting) -> (i64, Part, Instant, ContactId) {
        (-self.effective(now, waiting), self.part(now, waiting), waiting.entered, waiting.contact)
    }

    /// The contact on the step on which this agent is its right one.
    pub(crate) fn reading_for(&self, now: Instant, contact: &Waiting, chosen: AgentId) -> Option<Waiting> {
        let right = |c: &Waiting| self.may_get(now, c, chosen, Edge::Either) && self.choose(now, c, chosen) == chosen;
        contact.readings().find(right)
    }

    /// Of all who are ready, and the one just reserved, whom the strategy wants.
    pub(super) fn choose(&self, now: Instant, contact: &Waiting, reserved: AgentId) -> AgentId {
        if let Strategy::Random | Strategy::Weighted = self.queue(contact.queue).strategy {
            let Some(seed) = self.seed.filter(|_| contact.kept.is_none()) else { return reserved };
            // Who became ready by this same input was among the drawn or not yet: facts do not tell the instant between.
            if self.all().any(|a| self.is_ready(a) && self.agents[a.index()].freed.0 == self.inputs) {
                return reserved;
            }
            return self.draw(now, contact, reserved, seed);
        }
        let may = |a: &AgentId| self.may_get(now, contact, *a, Edge::Both) && !self.changes(now, *a);
        let mut all: Vec<_> = self.comparable(contact, reserved);
        all.retain(|a| *a == reserved || may(a));
        all.sort_by_key(|a| self.order(now, contact, *a));
        let first = all.first().copied().unwrap_or(reserved);
        if self.takes_turns_with(now, contact, first, reserved) { reserved } else { first }
    }

    /// Each was given one of its contacts at the same instant: which of them first several shards do not tell.
    fn takes_turns_with(&self, now: Instant, contact: &Waiting, first: AgentId, other: AgentId) -> bool {
        let round_robin = self.queue(contact.queue).strategy == Strategy::RoundRobin && self.is_of_several_shards();
        let (first, other) = (self.order(now, contact, first), self.order(now, contact, other));
        round_robin && (first.0, first.1) == (other.0, other.1) && first.1 > 0
    }

    /// The queue's own agents first, then its reserves, each by the strategy.
    pub(crate) fn order(&self, now: Instant, contact: &Waiting, agent: AgentId) -> (usize, u128, Instant, AgentId) {
        let rank = self.rules(contact.queue).reserve_place(contact.queue, agent).map_or(0, |place| place + 1);
        (rank, self.score(now, contact, agent), self.idle_since(agent, contact.queue), agent)
    }

    /// Who is ready and has what is asked, and the one just reserved.
    pub(super) fn comparable(&self, contact: &Waiting, reserved: AgentId) -> Vec<AgentId> {
        let behind = |a: &AgentId| self.came_after(*a, reserved);
        let fits = |a: &AgentId| self.is_ready(*a) && self.fits(contact, *a, Edge::Both) && !behind(a);
        self.all().filter(|a| *a == reserved || fits(a)).collect()
    }

    /// Everybody has as many tickets as he weighs; those who refused pass theirs on to the next.
    pub(super) fn draw(&self, now: Instant, contact: &Waiting, reserved: AgentId, seed: u64) -> AgentId {
        let may = |a: &AgentId| *a == reserved || self.may_get(now, contact, *a, Edge::Both);
        let mut all = self.comparable(contact, reserved);
        let weight = |a: &AgentId| match self.queue(contact.queue).strategy {
            Strategy::Weighted => u64::from(self.agent_of(contact.queue, *a).weight),
            _ => 1,
        };
        let tickets: Vec<_> = (0..all.len()).flat_map(|i| vec![i; weight(&all[i]) as usize]).collect();
        let drawn = scaled(draw(seed, contact.contact, contact.tries, 0), tickets.len() as u64);
        all.rotate_left(tickets[drawn as usize]);
        all.into_iter().find(may).unwrap_or(reserved)
    }

    /// The same input made both ready, and the other one first.
    pub(crate) fn came_after(&self, agent: AgentId, other: AgentId) -> bool {
        let (freed, other) = (self.agents[agent.index()].freed, self.agents[other.index()].freed);
        freed.0 == self.inputs && freed > other
    }

    pub(crate) fn score(&self, now: Instant, contact: &Waiting, id: AgentId) -> u128 {
        let (agent, configured) = (&self.agents[id.index()], self.agent_of(contact.queue, id));
        match self.queue(contact.queue).strategy {
            Strategy::RoundRobin => {
                let given = self.given.get(&contact.queue).map_or(&[][..], |given| given);
                let turn = given.iter().rposition(|(a, _)| *a == id);
                // Several shards do not tell who of one instant came first.
                let first = |turn: usize| match self.is_of_several_shards() {
                    true => {
                        given[..turn].iter().rposition(|(_, at)| *at < given[turn].1).map_or(0, |before| before + 1)
                    }
                    false => turn,
                };
                turn.map_or(0, |turn| 1 + first(turn) as u128)
            }
            Strategy::LeastCalls => agent.calls as u128,
            Strategy::Linear => configured.place.into(),
            Strategy::LeastOccupied => {
                // As it was while he was ready; the reserved one is not any more.
                let time = if agent.state == AgentState::Ready { agent.time } else { agent.before };
                // Since his state changed, or at the last whole ten seconds.
                let based = Instant::from_millis(now.as_millis() / 10_000 * 10_000);
                let staffed = (time.staffed + based.since(time.since)).as_nanos();
                (time.worked.as_nanos() << 32).checked_div(staffed).unwrap_or(0).min(1 << 32)
            }
            Strategy::LeastVersatile => (configured.skills.len() + configured.queues.len()) as u128,
            Strategy::BestSkill => {
                let levels = self.levels(contact, id);
                600 - levels.iter().sum::<u128>().checked_div(levels.len() as u128).unwrap_or(0)
            }
            Strategy::LongestIdle | Strategy::RingAll | Strategy::RingProgressive => 0,
            // Drawn, not compared.
            Strategy::Random | Strategy::Weighted => 0,
        }
    }

    /// For each demand on him his mean level, in sixtieths, in the alternative he fits best.
    pub(super) fn levels(&self, contact: &Waiting, id: AgentId) -> Vec<u128> {
        let skills = &self.agent_of(contact.queue, id).skills;
        let mut needs = self.needs(contact).to_vec();
        needs.dedup();
        let mut levels = Vec::new();
        for requirement in needs.into_iter().flatten() {
            let any = &self.rules(contact.queue).requirements[requirement.index()].any;
            let means = any.iter().filter(|all| all.iter().all(|range| range.holds(skills))).filter_map(|all| {
                let asked: Vec<_> = all.iter().filter(|range| range.least > 0).collect();
                let sum: u128 = asked.iter().map(|range| 60 * u128::from(level_of(skills, range.skill))).sum();
                sum.checked_div(asked.len() as u128)
            });
            levels.extend(means.max());
        }
        levels
    }

    /// Its place in its queue, in sixty-thousandths of a point.
    pub(crate) fn place(&self, waiting: &Waiting) -> (i64, Instant, ContactId) {
        let rank = self.each(waiting) * waiting.entered.as_millis() as i64 - 60_000 * i64::from(waiting.priority);
        (rank, waiting.entered, waiting.contact)
    }

    /// The same as points, which are more from millisecond to millisecond without end.
    pub(crate) fn uncapped(&self, now: Instant, waiting: &Waiting) -> i64 {
        self.each(waiting) * now.as_millis() as i64 - self.place(waiting).0
    }

    /// What waiting adds in a millisecond.
    fn each(&self, waiting: &Waiting) -> i64 {
        let ageing = self.queue(waiting.queue).routing.ageing;
        if ageing.cap == 0 { 0 } else { i64::from(ageing.per_minute) }
    }

    pub(crate) fn effective(&self, now: Instant, waiting: &Waiting) -> i64 {
        let ageing = self.queue(waiting.queue).routing.ageing;
        let waited = now.as_millis().saturating_sub(waiting.entered.as_millis()) as i64;
        let aged = (waited * i64::from(ageing.per_minute)).min(60_000 * i64::from(ageing.cap));
        60_000 * i64::from(waiting.priority) + aged
    }

    /// Of his queue's objective.
    pub(crate) fn part(&self, now: Instant, waiting: &Waiting) -> Part {
        let objective = self.queue(waiting.queue).routing.objective.unwrap_or(OBJECTIVE_DEFAULT);
        let waited = now.as_millis().saturating_sub(waiting.entered.as_millis());
        Part { waited: u128::from(waited), objective: objective.as_millis() }
    }

    pub(crate) fn idle_since(&self, agent: AgentId, queue: QueueId) -> Instant {
        let clocks = &self.agents[agent.index()];
        match self.queue(queue).idle_clock {
            IdleClock::Release => clocks.released,
            IdleClock::Ready => clocks.ready,
            IdleClock::Offer => clocks.offered,
        }
    }
}
