//! What the reference sees of one contact: for explanations.

use crate::asked::Possible;
use crate::explain::{By, Candidate, Lack, Later, Passed, Rang, Regime, Score, Standing, Verdict, points};
use crate::reference::{Edge, Reference, Waiting};
use base::Instant;
use core::time::Duration;
use model::{AgentId, AgentState, ContactId, QueueId, RINGS_MAX, Strategy};

impl Reference {
    pub(crate) fn find(&self, contact: ContactId) -> Option<&Waiting> {
        self.waiting.iter().find(|w| w.contact == contact)
    }

    pub(crate) fn waited(&self, now: Instant, contact: ContactId) -> Option<Duration> {
        self.find(contact).map(|w| now.since(w.queued))
    }

    /// How many phones have rung for it in the round going on.
    pub(crate) fn rung(&self, contact: ContactId) -> usize {
        self.find(contact).map_or(0, |w| w.round.len())
    }

    pub(crate) fn waits_in(&self, contact: ContactId, queue: QueueId) -> bool {
        self.find(contact).is_some_and(|w| w.queue == queue)
    }

    /// The agent was ready when the contact came, or became ready while it waited.
    pub(crate) fn regime(&self, contact: ContactId, agent: AgentId) -> Regime {
        let came = self.find(contact).map(|w| w.queued);
        let ready = self.agents[agent.index()].ready;
        if came.is_some_and(|came| ready > came) { Regime::ContactSurplus } else { Regime::AgentSurplus }
    }

    /// Who waits in the same queue and comes before it.
    pub(crate) fn ahead(&self, contact: ContactId) -> Vec<ContactId> {
        let Some(own) = self.find(contact) else { return Vec::new() };
        let before = |w: &&Waiting| w.queue == own.queue && w.ringing.is_empty() && self.place(w) < self.place(own);
        let mut ahead: Vec<&Waiting> = self.waiting.iter().filter(before).collect();
        ahead.sort_by_key(|w| self.place(w));
        ahead.into_iter().map(|w| w.contact).collect()
    }

    /// Why an agent of the contact's queue is given another one; `None` when he is no agent of it, or it does not wait.
    pub(crate) fn passed(
        &self,
        now: Instant,
        own: ContactId,
        other: ContactId,
        agent: AgentId,
    ) -> Option<(Passed, Option<Candidate>)> {
        let (own, other) = (self.find(own)?, self.find(other)?);
        if !own.ringing.is_empty() || !self.serves(agent, own.queue) {
            return None;
        }
        let counted =
            |w: &Waiting| points(if own.queue == other.queue { self.uncapped(now, w) } else { self.effective(now, w) });
        let why = match self.standing(now, other, own, agent) {
            // By now he is reserved for the other one: it counts what kept ours from him before.
            Standing::Hindered(all) => {
                let reserve = self.reserve_of(own.queue, agent);
                return Some((Passed::NotForUs, Some(Candidate::kept_by(agent, reserve, all))));
            }
            Standing::Chosen => return None,
            _ if own.held => return None,
            Standing::FewerPoints(_) => Passed::MorePressing { own: counted(own), other: counted(other) },
            Standing::SmallerPart { own, chosen } => Passed::LargerPart { own, other: chosen },
            Standing::Later(_) => Passed::Earlier,
            Standing::NotFirst { first } => Passed::NotFirst { first },
            Standing::Crossed => Passed::Crossed,
            Standing::Before => Passed::Before,
        };
        Some((why, None))
    }

    /// Everybody who serves the contact's queue, or may at times: the chosen first, then who comes next, then who could not be asked.
    pub(crate) fn candidates(&self, now: Instant, contact: ContactId, chosen: Option<AgentId>) -> Vec<Candidate> {
        let Some(own) = self.find(contact) else { return Vec::new() };
        let read = chosen.and_then(|chosen| self.reading_for(now, own, chosen));
        let own = read.as_ref().unwrap_or(own);
        let everybody = (0..self.agents.len() as u32)
            .map(AgentId)
            .filter(|a| self.serves(*a, own.queue) || self.directory.reserve_place(own.queue, *a).is_some());
        let looked_at = everybody.map(|agent| {
            let chosen = chosen == Some(agent);
            let obstacles = if chosen { vec![Verdict::Chosen] } else { self.obstacles(now, own, agent) };
            let mut candidate = Candidate::kept_by(agent, self.reserve_of(own.queue, agent), obstacles);
            let compared = chosen || candidate.verdict == Verdict::Unexplained;
            candidate.score = compared.then(|| self.spoken_score(now, own, agent));
            (self.order(now, own, agent), candidate)
        });
        let mut all: Vec<_> = looked_at.collect();
        let place = |c: &Candidate| match c.verdict {
            Verdict::Chosen => 0,
            Verdict::Unexplained | Verdict::Crossed => 1,
            Verdict::InReserve { .. } => 3,
            _ => 2,
        };
        all.sort_by_key(|(key, candidate)| (place(candidate), *key));
        let winner = all.first().filter(|(_, c)| c.verdict == Verdict::Chosen).map(|(key, _)| *key);
        let mut others = 0;
        let mut before = chosen.unwrap_or_default();
        let draws = self.draws(own);
        let crossed = |agent| self.changes(now, agent) || (chosen.is_none() && self.moves(now, own));
        for (key, candidate) in &mut all {
            // Ready and able: he is behind the chosen. When nobody was chosen he should have been.
            let late = chosen.is_some_and(|chosen| self.came_after(candidate.agent, chosen));
            let behind = winner.is_some_and(|winner| draws || late || winner < *key);
            if candidate.verdict == Verdict::Unexplained && behind {
                others += 1;
                // With this offer the round is full, and whoever would have come next is not rung in it.
                if own.round.len() + 1 >= RINGS_MAX {
                    (candidate.verdict, candidate.score) = (Verdict::RoundFull { most: RINGS_MAX }, None);
                } else {
                    candidate.verdict = Verdict::Behind { others, after: before };
                }
                before = candidate.agent;
            } else if candidate.verdict == Verdict::Unexplained && crossed(candidate.agent) {
                candidate.verdict = Verdict::Crossed;
            }
        }
        all.into_iter().map(|(_, candidate)| candidate).collect()
    }

    /// The same when it leaves. Who was ready and able has been kept from it by where it was: until about now it rang
    /// elsewhere, or it was in no line.
    pub(crate) fn left_behind(&self, now: Instant, contact: ContactId, rang: Option<Rang>) -> Vec<Candidate> {
        let mut all = self.candidates(now, contact, None);
        let within = self.unsettled.as_ref().map_or(Duration::ZERO, |u| u.within);
        let rang = rang.filter(|rang| now.since(rang.until) <= within);
        let held = self.find(contact).is_some_and(|own| own.held);
        let reason = match rang {
            Some(rang) if rang.phones >= RINGS_MAX => Some(Verdict::RoundFull { most: RINGS_MAX }),
            Some(rang) => Some(Verdict::Elsewhere { agent: rang.at }),
            None => held.then_some(Verdict::NotInLine),
        };
        let idle = all.iter_mut().filter(|c| matches!(c.verdict, Verdict::Unexplained | Verdict::Crossed));
        for (candidate, reason) in idle.zip(reason.iter().cycle()) {
            candidate.verdict = reason.clone();
        }
        all
    }

    fn draws(&self, own: &Waiting) -> bool {
        matches!(self.directory.queue(own.queue).strategy, Strategy::Random | Strategy::Weighted)
    }

    /// All that kept it from him, so that what would have changed it can be told whole; empty where nothing did.
    fn obstacles(&self, now: Instant, own: &Waiting, agent: AgentId) -> Vec<Verdict> {
        let clocks = &self.agents[agent.index()];
        let since = clocks.time.since;
        // Whoever was not ready could not be asked, whether his reserve has just left or not.
        let stays = self.served(now, agent, own.queue) && clocks.state != AgentState::Ready;
        let reserve = self.in_reserve(own.queue, agent).filter(|_| !stays);
        let state = match clocks.state {
            AgentState::SignedOff => Some(Verdict::SignedOff { since }),
            AgentState::NotReady { reason } => Some(Verdict::NotReady { reason, since }),
            // Who has just refused it is told by that: his home may tell a little later that his phone rings no more.
            AgentState::Reserved { contact } if contact == own.contact => {
                (!self.has_refused(now, own, agent)).then_some(Verdict::Rings { since })
            }
            AgentState::Busy { contact } if contact == own.contact => Some(Verdict::Attends { since }),
            state @ (AgentState::Reserved { .. } | AgentState::Busy { .. } | AgentState::WrapUp { .. }) => {
                Some(Verdict::Engaged { state, since })
            }
            AgentState::Ready => None,
        };
        [reserve, state].into_iter().flatten().chain(self.hindrances(now, own, agent)).collect()
    }

    fn reserve_of(&self, queue: QueueId, agent: AgentId) -> Option<u8> {
        self.directory.reserve_place(queue, agent).map(|place| place as u8)
    }

    fn has_refused(&self, now: Instant, own: &Waiting, agent: AgentId) -> bool {
        own.refused.iter().any(|(a, until)| *a == agent && *until > now)
    }

    /// His reserve of the queue has not joined it.
    pub(crate) fn in_reserve(&self, queue: QueueId, agent: AgentId) -> Option<Verdict> {
        let place = self.directory.reserve_place(queue, agent).filter(|_| !self.serves(agent, queue))?;
        Some(Verdict::InReserve { queue, place: place as u8 })
    }

    /// He serves the queue, or did until about now: a reserve leaves when the last of the queue gives up, and the queue's
    /// home may tell that before the contact's home tells why.
    fn served(&self, now: Instant, agent: AgentId, queue: QueueId) -> bool {
        let within = self.unsettled.as_ref().map_or(Duration::ZERO, |u| u.within);
        let left = |place: usize| self.left.get(&(queue, place as u8)).is_some_and(|at| now.since(*at) <= within);
        self.serves(agent, queue) || self.directory.reserve_place(queue, agent).is_some_and(left)
    }

    /// What would keep it from him if he were ready.
    pub(crate) fn hindrances(&self, now: Instant, own: &Waiting, agent: AgentId) -> Vec<Verdict> {
        let lacks = (!self.is_able(own, agent, Edge::Both)).then(|| {
            let step = own.steps.first().map_or(0, |possible| possible.step);
            Verdict::Lacks { missing: self.lacks(own, agent), step, later: self.later(own, agent) }
        });
        let kept = own.kept.map(|(keeper, until)| (keeper, until + own.kept_longer));
        let kept = kept.filter(|(keeper, until)| *until >= now && *keeper != agent);
        let kept = kept.map(|(keeper, until)| Verdict::KeptFor { agent: keeper, until });
        // At whose phone it rings, of him that is told by his state.
        let rings = self.agents[agent.index()].state == AgentState::Reserved { contact: own.contact };
        let rang = (own.round.contains(&agent) && !rings).then_some(Verdict::Rang);
        let is_beyond = own.round.len() >= RINGS_MAX && !own.round.contains(&agent);
        let beyond = is_beyond.then_some(Verdict::RoundFull { most: RINGS_MAX });
        let refused = own.refused.iter().find(|(a, until)| *a == agent && *until > now);
        let refused = refused.map(|(_, until)| Verdict::Refused { until: *until });
        let most = self.directory.queue(own.queue).routing.max_talking;
        let full = most.filter(|_| own.ringing.is_empty() && self.is_full(own.queue));
        let full = full.map(|most| Verdict::Full { most });
        [lacks, kept, rang, beyond, refused, full].into_iter().flatten().collect()
    }

    /// The first of the steps to come that asks nothing he has not.
    fn later(&self, own: &Waiting, agent: AgentId) -> Option<Later> {
        let steps = &self.directory.queue(own.queue).routing.steps;
        let now = *own.steps.first()?;
        let mut at = now.ends?;
        for (n, step) in steps.iter().enumerate().skip(now.step + 1) {
            let mut there = own.clone();
            there.steps = vec![Possible { step: n, ends: None }];
            if self.is_able(&there, agent, Edge::Both) {
                return Some(Later { step: n, at, conditional: n + 1 < steps.len() && !step.only_if.is_empty() });
            }
            at += step.lasts?;
        }
        None
    }

    /// What is missing in the alternative of each demand that he comes nearest to.
    fn lacks(&self, own: &Waiting, agent: AgentId) -> Vec<Lack> {
        let skills = &self.directory.agent(agent).skills;
        let asked = self.needs(own).into_iter().flatten();
        let demands = asked.filter_map(|needs| self.directory.requirements.get(needs.index()));
        let nearest = demands.filter_map(|demand| {
            let missing = demand.any.iter().map(|all| {
                let lack = |range: &model::SkillRange| Lack {
                    skill: range.skill,
                    has: model::level_of(skills, range.skill),
                    least: range.least,
                    most: range.most,
                };
                all.iter().filter(|range| !range.holds(skills)).map(lack).collect::<Vec<_>>()
            });
            missing.min_by_key(Vec::len)
        });
        nearest.flatten().collect()
    }

    fn spoken_score(&self, now: Instant, own: &Waiting, agent: AgentId) -> Score {
        let (clocks, configured) = (&self.agents[agent.index()], self.directory.agent(agent));
        let by = match self.directory.queue(own.queue).strategy {
            Strategy::LongestIdle => By::Idle,
            Strategy::RoundRobin => {
                let given = self.given.get(&own.queue).map_or(&[][..], |given| given);
                By::Turn(given.iter().rev().position(|(a, _)| *a == agent))
            }
            Strategy::LeastCalls => By::Calls(clocks.calls),
            Strategy::LeastOccupied => By::Occupied(self.score(now, own, agent) as f64 / (1_u64 << 32) as f64),
            Strategy::Linear => By::Place(configured.place + 1),
            Strategy::Random => By::Tickets(1),
            Strategy::Weighted => By::Tickets(configured.weight),
            Strategy::BestSkill => By::Level(((600 - self.score(now, own, agent)) / 60) as u32),
            Strategy::LeastVersatile => By::Versatility((configured.skills.len() + configured.queues.len()) as u32),
            Strategy::RingAll | Strategy::RingProgressive => By::Everybody,
        };
        let reserve = self.reserve_of(own.queue, agent);
        Score { reserve, by, idle: now.since(self.idle_since(agent, own.queue)) }
    }
}
