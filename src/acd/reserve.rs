//! Who serves a queue only at times: its reserve agents, and agents other queues lend it.
//!
//! The queue's home looks at its figures when its line has changed and the input is done, when somebody in it has waited
//! as long as a rule names, when a hold is over, and at whole multiples of ten seconds while somebody waits or others
//! have joined. What it decides is a fact, and a word on the board for the tours of other shards' agents. An agent who
//! becomes ready is remembered at the home of every queue he may ever serve; so who is ready when his reserve joins is
//! looked at at once. Nobody is torn away: who has a contact when his reserve goes keeps it.
//! What a person orders counts until he takes it back, the rules change or the server starts anew.

use crate::figures::minute_of;
use crate::limits::{ADJUST_LEAST, ADJUST_MOST, ADJUST_STEP, REBASE_EVERY, RESERVE_STEADY};
use crate::lines::Lines;
use crate::machine::{Acd, Timer};
use crate::strategy::based_at;
use base::{Instant, Now, TimerId};
use core::time::Duration;
use model::{
    Actor, AgentId, AgentState, Directory, Fact, FigureRange, Joined, QueueFigure, QueueId, Reserve, ReserveChange,
    ReserveOf, ReserveOrder,
};
use std::sync::Arc;

/// What a queue's reserves are doing.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// As the queue's reserves.
    states: Vec<State>,
    /// Who gave the order that counts for each.
    hands: Vec<Option<Actor>>,
    /// Agents who are not the queue's own, by id, each with the place of his reserve.
    helpers: Vec<(AgentId, u8)>,
    /// It will be looked at when the input is done.
    due: bool,
    look: Option<(Instant, TimerId)>,
}

#[derive(Clone, Copy, Debug)]
struct State {
    joined: bool,
    changed: Option<Instant>,
    /// What thresholds count as, of what is written.
    percent: u16,
    /// When they were adjusted last.
    minute: u64,
    /// Whether a person wants it there; `None`: its rule counts.
    by_hand: Option<bool>,
}

impl Default for State {
    fn default() -> Self {
        State { joined: false, changed: None, percent: 100, minute: 0, by_hand: None }
    }
}

impl Watch {
    pub(crate) fn hire(&mut self, agent: AgentId, place: u8) {
        self.helpers.push((agent, place));
    }

    /// For a new directory: helpers come anew, and reserves that are as many as they were are what they were.
    pub(crate) fn renew(&mut self, reserves: usize) {
        self.helpers.clear();
        self.states.resize(reserves, State::default());
        self.hands.resize(reserves, None);
    }

    /// The place of his reserve, and whether it has joined; `None`: he is the queue's own.
    pub(crate) fn helper(&self, agent: AgentId) -> Option<(u8, bool)> {
        let at = self.helpers.binary_search_by_key(&agent, |(id, _)| *id).ok()?;
        let place = self.helpers[at].1;
        Some((place, self.states[usize::from(place)].joined))
    }

    /// Agents of every reserve that was not sent away by hand, and whether it has joined.
    pub(crate) fn may_come(&self) -> impl Iterator<Item = (AgentId, bool)> {
        let with_state = self.helpers.iter().map(|(agent, place)| (*agent, &self.states[usize::from(*place)]));
        let comes = with_state.filter(|(_, state)| state.joined || state.by_hand != Some(false));
        comes.map(|(agent, state)| (agent, state.joined))
    }

    fn of(&self, place: usize) -> impl Iterator<Item = AgentId> {
        self.helpers.iter().filter(move |(_, own)| usize::from(*own) == place).map(|(agent, _)| *agent)
    }

    /// A bit for each place.
    fn joined(&self) -> u8 {
        let bits = self.states.iter().enumerate().map(|(place, state)| u8::from(state.joined) << place);
        bits.fold(0, |all, bit| all | bit)
    }

    /// True the first time: it is to be put on the list.
    pub(crate) fn falls_due(&mut self) -> bool {
        !core::mem::replace(&mut self.due, true)
    }
}

/// The queues an agent may join, each with the place of his reserve there; of every shard.
#[derive(Debug, Default)]
pub(crate) struct Helps {
    by_agent: Vec<Box<[(QueueId, u8)]>>,
}

impl Helps {
    pub(crate) fn new(directory: &Directory) -> Self {
        let queues = directory.queues.iter().zip(0..).filter(|(q, _)| !q.removed && !q.routing.reserves.is_empty());
        let queues: Vec<QueueId> = queues.map(|(_, id)| QueueId(id)).collect();
        if queues.is_empty() {
            return Helps::default();
        }
        let agents = (0..directory.agents.len() as u32).map(AgentId);
        let of = |agent| {
            let helps = queues.iter().filter_map(|q| Some((*q, directory.reserve_place(*q, agent)? as u8)));
            helps.collect::<Box<[_]>>()
        };
        Helps { by_agent: agents.map(of).collect() }
    }

    pub(crate) fn of(&self, agent: AgentId) -> &[(QueueId, u8)] {
        self.by_agent.get(agent.index()).map_or(&[], |helps| helps)
    }
}

/// A threshold as it counts.
fn adjusted(range: &FigureRange, percent: u16) -> FigureRange {
    if percent == 100 || !range.figure.is_load() {
        return *range;
    }
    let of = |n: u32| u32::try_from(u64::from(n) * u64::from(percent) / 100).unwrap_or(u32::MAX);
    let least = if range.least == 0 { 0 } else { of(range.least).max(1) };
    let most = if range.most == u32::MAX { u32::MAX } else { of(range.most) };
    FigureRange { least, most, ..*range }
}

/// Thresholds are lowered by as many per cent as the service level lies below its target, and raised likewise: by ten at
/// most a minute, and never below a quarter or above twice what is written.
fn adjust(percent: u16, level: u32, target: u8) -> u16 {
    let step = (level as i32 - i32::from(target)).clamp(-ADJUST_STEP, ADJUST_STEP);
    let percent = i32::from(percent);
    (percent + percent * step / 100).clamp(ADJUST_LEAST, ADJUST_MOST) as u16
}

impl Acd {
    /// Its line has changed, or time has.
    pub(crate) fn watch(&mut self, queue: QueueId) {
        if self.lines.line(queue).watch.as_mut().is_some_and(|watch| watch.falls_due()) {
            self.watched.push(queue);
        }
    }

    pub(crate) fn watch_all(&mut self) {
        for queue in (0..self.directory.queues.len() as u32).map(QueueId) {
            if self.queue_home(queue) == self.seating.shard {
                self.watch(queue);
            }
        }
    }

    pub(crate) fn look_at_figures(&mut self, now: Now, queue: QueueId) {
        let Some(watch) = &mut self.lines.line(queue).watch else { return };
        watch.due = false;
        let directory = Arc::clone(&self.directory);
        let reserves = &directory.queue(queue).routing.reserves;
        let (mut came, mut went) = (false, false);
        for (place, reserve) in reserves.iter().enumerate() {
            self.adjust_thresholds(now, queue, place, reserve);
            let Some(state) = self.reserve_state(queue, place) else { continue };
            let change = match (state.by_hand, state.joined) {
                (Some(true), false) => Some(ReserveChange::CalledIn),
                (Some(false), true) => Some(ReserveChange::SentAway),
                (Some(_), _) => None,
                (None, _) => self.change_by_rule(now, queue, place, state, reserve),
            };
            let Some(change) = change else { continue };
            self.switch(now, queue, place, change);
            came |= !state.joined;
            went |= state.joined;
        }
        self.arm_look(now, queue, reserves);
        if went {
            self.staff_fell(now, queue);
            self.keep_for_servers_only(now, queue);
        }
        if came {
            self.match_all(now, queue);
            // Phones that ring together are one more now.
            let ringing: Vec<_> = self.lines.look(queue).ringing.iter().map(|key| key.entry).collect();
            ringing.into_iter().for_each(|key| self.widen_round(now, key));
        }
    }

    fn change_by_rule(
        &mut self,
        now: Now,
        queue: QueueId,
        place: usize,
        state: State,
        reserve: &Reserve,
    ) -> Option<ReserveChange> {
        if state.changed.is_some_and(|since| now.mono.since(since) < RESERVE_STEADY) {
            return None;
        }
        let why = self.reason(now, queue, place, &reserve.when);
        let held = state.changed.is_none_or(|since| now.mono.since(since) >= reserve.hold);
        match (state.joined, why) {
            (false, Some(why)) => Some(ReserveChange::Joined(why)),
            (true, None) if held && self.may_go(now, queue, place, reserve) => Some(ReserveChange::Left),
            _ => None,
        }
    }

    /// By hand; it is followed when the input is done. Who waits for nobody but those who were sent away leaves.
    pub(crate) fn order_reserves(
        &mut self,
        now: Now,
        queue: QueueId,
        place: Option<u8>,
        order: ReserveOrder,
        by: &Actor,
    ) {
        let Some(watch) = &mut self.lines.line(queue).watch else { return };
        let all = watch.states.iter_mut().zip(&mut watch.hands).zip(0..);
        for ((state, hand), _) in all.filter(|(_, nth)| place.is_none_or(|place| place == *nth)) {
            *hand = Some(by.clone()).filter(|_| order != ReserveOrder::ByRule);
            state.by_hand = match order {
                ReserveOrder::CallIn => Some(true),
                ReserveOrder::SendAway => Some(false),
                ReserveOrder::ByRule => None,
            };
        }
        self.watch(queue);
        if order == ReserveOrder::SendAway {
            self.staff_fell(now, queue);
        }
    }

    fn may_go(&mut self, now: Now, queue: QueueId, place: usize, reserve: &Reserve) -> bool {
        reserve.until.is_empty() || self.reason(now, queue, place, &reserve.until).is_some()
    }

    fn reserve_state(&self, queue: QueueId, place: usize) -> Option<State> {
        self.lines.look(queue).watch.as_ref()?.states.get(place).copied()
    }

    /// The first alternative that holds, by its first figure.
    fn reason(&mut self, now: Now, queue: QueueId, place: usize, any: &[Vec<FigureRange>]) -> Option<Joined> {
        let percent = self.reserve_state(queue, place)?.percent;
        let mut value = |range: &FigureRange| {
            let range = adjusted(range, percent);
            let value = self.reserve_figure(now, queue, place, range.figure);
            (range.least..=range.most).contains(&value).then_some(Joined { range, value })
        };
        any.iter().find_map(|all| {
            let mut joined = all.iter().map(&mut value);
            let first = joined.next()??;
            joined.all(|one| one.is_some()).then_some(first)
        })
    }

    fn reserve_figure(&mut self, now: Now, queue: QueueId, place: usize, figure: QueueFigure) -> u32 {
        match (figure, self.directory.queue(queue).routing.reserves[place].who) {
            (QueueFigure::ReserveReady, _) => {
                let Some(watch) = &self.lines.look(queue).watch else { return 0 };
                watch.of(place).filter(|agent| self.board.agent_state(*agent) == AgentState::Ready).count() as u32
            }
            (QueueFigure::LenderWaiting, ReserveOf::Queue(lender)) => self.board.queue_waiting(lender),
            (figure, _) => self.queue_figure(now, queue, figure),
        }
    }

    /// Once in each minute in which the queue is looked at.
    fn adjust_thresholds(&mut self, now: Now, queue: QueueId, place: usize, reserve: &Reserve) {
        let target = self.directory.queue(queue).service_level.percent;
        let line = self.lines.line(queue);
        let level = line.recent.service_level(now.mono);
        let Some(state) = line.watch.as_mut().and_then(|watch| watch.states.get_mut(place)) else { return };
        let minute = minute_of(now.mono);
        if !reserve.adjust || core::mem::replace(&mut state.minute, minute) == minute {
            return;
        }
        let percent = level.map_or(state.percent, |level| adjust(state.percent, level, target));
        if core::mem::replace(&mut state.percent, percent) != percent {
            let (place, change) = (place as u8, ReserveChange::Adjusted(percent));
            self.fact(Fact::Reserve { queue, place, change, by: None });
        }
    }

    fn switch(&mut self, now: Now, queue: QueueId, place: usize, change: ReserveChange) {
        let joined = matches!(change, ReserveChange::Joined(_) | ReserveChange::CalledIn);
        self.lines.rebase(now, queue, &self.directory);
        self.lines.switch(now, queue, place, joined, &self.directory);
        let Some(watch) = &self.lines.look(queue).watch else { return };
        // For those who come by and look where they are wanted most; who is ready knows every home he may serve.
        let by = watch.hands.get(place).cloned().flatten();
        self.board.show_joined(queue, watch.joined());
        self.fact(Fact::Reserve { queue, place: place as u8, change, by });
    }

    /// Before a directory with other rules is taken over.
    pub(crate) fn send_away(&mut self, queue: QueueId) {
        let Some(watch) = &mut self.lines.line(queue).watch else { return };
        let states = core::mem::take(&mut watch.states);
        watch.hands.clear();
        let look = watch.look.take();
        if let Some((_, timer)) = look {
            self.timers.cancel(timer);
        }
        self.board.show_joined(queue, 0);
        for (place, _) in (0..).zip(states).filter(|(_, state)| state.joined) {
            self.fact(Fact::Reserve { queue, place, change: ReserveChange::Left, by: None });
        }
    }

    fn arm_look(&mut self, now: Now, queue: QueueId, reserves: &[Reserve]) {
        let at = self.next_look(now, queue, reserves);
        let Some(watch) = &mut self.lines.line(queue).watch else { return };
        if watch.look.map(|(at, _)| at) == at {
            return;
        }
        let timer = at.map(|at| (at, self.timers.insert(at, Timer::Figures(queue))));
        if let Some((_, old)) = core::mem::replace(&mut watch.look, timer) {
            self.timers.cancel(old);
        }
    }

    pub(crate) fn look_again_at_figures(&mut self, queue: QueueId) {
        if let Some(watch) = &mut self.lines.line(queue).watch {
            watch.look = None;
        }
        self.watch(queue);
    }

    fn next_look(&self, now: Now, queue: QueueId, reserves: &[Reserve]) -> Option<Instant> {
        let line = self.lines.look(queue);
        let watch = line.watch.as_ref()?;
        let oldest = line.arrivals.first().map(|(queued, ..)| queued);
        // Who is there by hand stays, whatever the figures say.
        let may_go = watch.states.iter().any(|state| state.joined && state.by_hand.is_none());
        if oldest.is_none() && !may_go {
            return None;
        }
        // Figures that change by themselves.
        let mut next = based_at(now.mono) + REBASE_EVERY;
        let mut sooner = |at: Instant| next = if at > now.mono { next.min(at) } else { next };
        for (state, reserve) in watch.states.iter().zip(reserves) {
            if let Some(since) = state.changed {
                sooner(since + RESERVE_STEADY);
                sooner(since + reserve.hold);
            }
            let ranges = reserve.when.iter().chain(&reserve.until).flatten();
            let waits = ranges.filter(|range| range.figure == QueueFigure::LongestWait);
            for range in waits.map(|range| adjusted(range, state.percent)) {
                for secs in [range.least, range.most.saturating_add(1)] {
                    oldest.into_iter().for_each(|oldest| sooner(oldest + Duration::from_secs(u64::from(secs))));
                }
            }
        }
        Some(next)
    }
}

impl Lines {
    /// Who of the reserve is ready comes into the crew or goes from it.
    fn switch(&mut self, now: Now, queue: QueueId, place: usize, joined: bool, directory: &Directory) {
        let line = self.line(queue);
        let Some(watch) = &mut line.watch else { return };
        let state = &mut watch.states[place];
        (state.joined, state.changed) = (joined, Some(now.mono));
        let helpers: Vec<AgentId> = watch.of(place).collect();
        line.measure(directory.queue(queue), directory);
        line.measures.forget_staff();
        for agent in helpers {
            self.come_or_go(queue, agent, joined, directory);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn thresholds_follow_the_service_level_in_bounded_steps() {
        assert_eq!(adjust(100, 80, 80), 100);
        assert_eq!(adjust(100, 77, 80), 97);
        assert_eq!(adjust(100, 0, 80), 90, "ten per cent at most");
        assert_eq!(adjust(100, 100, 80), 110);
        let drive = |level| (0..100).fold(100, |percent, _| adjust(percent, level, 80));
        assert_eq!((drive(0), drive(100)), (25, 200), "within their limits");
    }

    #[test]
    fn only_thresholds_of_load_are_adjusted() {
        let range = |figure, least, most| FigureRange { figure, least, most };
        let wait = range(QueueFigure::LongestWait, 60, u32::MAX);
        assert_eq!(adjusted(&wait, 50), range(QueueFigure::LongestWait, 30, u32::MAX));
        assert_eq!(adjusted(&range(QueueFigure::Waiting, 1, 9), 25), range(QueueFigure::Waiting, 1, 2));
        let ready = range(QueueFigure::Ready, 0, 4);
        assert_eq!(adjusted(&ready, 50), ready);
    }
}
