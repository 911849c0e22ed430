//! Reserves: whether they come and go when their rules say so.

use super::Reference;
use crate::limits::RESERVE_STEADY;
use base::Instant;
use model::{FigureRange, Joined, QueueAction, QueueFigure, QueueId, Reserve, ReserveChange, ReserveOrder};

impl Reference {
    /// Who is wanted has joined, and whose time is over has gone; what has just changed is left alone.
    pub(super) fn reserves_are_right(&mut self, now: Instant) {
        let mut wrong = Vec::new();
        let queues = (0..self.directory.queues.len() as u32).map(|id| (self.queue(QueueId(id)), id));
        for (queue, id) in queues.filter(|(queue, _)| !queue.removed) {
            for (rule, place) in queue.routing.reserves.iter().zip(0..) {
                if let Some(what) = self.is_wrong(now, (QueueId(id), place), rule) {
                    wrong.push(format!("reserve {} of {} {what}", place + 1, queue.name).into());
                }
            }
        }
        self.doubts.append(&mut wrong);
    }

    fn is_wrong(&self, now: Instant, key: (QueueId, u8), rule: &Reserve) -> Option<&'static str> {
        if let Some(wanted) = self.ordered.get(&key) {
            return (self.joined.contains_key(&key) != *wanted).then_some("is not as people want it");
        }
        let (wanted, over) = (self.holds(now, key.0, &rule.when)?, self.holds(now, key.0, &rule.until)?);
        let changed = self.switched.get(&key);
        if rule.adjust || changed.is_some_and(|since| now.since(*since) < RESERVE_STEADY) {
            return None;
        }
        match self.joined.get(&key) {
            None => wanted.then_some("is wanted and has not joined"),
            Some(since) => {
                let goes = !wanted && now.since(*since) >= rule.hold && (rule.until.is_empty() || over);
                goes.then_some("has joined and is not wanted")
            }
        }
    }

    pub(super) fn ordered(&mut self, queue: QueueId, action: QueueAction) {
        let QueueAction::Reserve { place, order } = action else { return };
        for nth in (0..self.queue(queue).routing.reserves.len() as u8).filter(|n| place.is_none_or(|place| place == *n))
        {
            _ = match order {
                ReserveOrder::CallIn => self.ordered.insert((queue, nth), true),
                ReserveOrder::SendAway => self.ordered.insert((queue, nth), false),
                ReserveOrder::ByRule => self.ordered.remove(&(queue, nth)),
            };
        }
    }

    /// Who joins and who goes is told; that it is by the rule is looked at where facts tell the figures.
    pub(super) fn reserve(&mut self, now: Instant, key: (QueueId, u8), change: ReserveChange) {
        let (queue, place) = key;
        let nth = format!("reserve {} of {}", place + 1, self.queue(queue).name);
        if change == ReserveChange::Left && self.dismissed.remove(&key) {
            self.ordered.remove(&key);
            let there = self.joined.remove(&key).is_some();
            self.switched.insert(key, now);
            self.kept_for_servers_only(now);
            return self.hold(there, || format!("{nth} leaves and had not joined"));
        }
        let Some(rule) = self.queue(queue).routing.reserves.get(usize::from(place)).cloned() else {
            return self.doubts.push(format!("there is no {nth}").into());
        };
        match change {
            ReserveChange::Joined(Joined { range, value }) => {
                // The log's clock is another one than that which was looked at.
                let told = self.queue_figure(now, queue, range.figure).filter(|_| self.only.is_none());
                let asked = told.unwrap_or(value);
                let by_rule = asked == value && (range.least..=range.most).contains(&value);
                self.hold(by_rule, || {
                    let FigureRange { figure, least, most } = range;
                    let to = if most == u32::MAX { "on".into() } else { format!("to {most}") };
                    format!("{nth} joins because {} is {value}; the facts show {asked}, and its rule asks from {least} {to}", figure.word())
                });
                let new = self.joined.insert(key, now).is_none();
                self.hold(new, || format!("{nth} joins and had joined"));
            }
            ReserveChange::Left => {
                let since = self.joined.remove(&key);
                // Told of one who was wanted by hand: the rules have changed, and orders are forgotten with them.
                self.ordered.remove(&key);
                let stayed = |since: Instant| self.only.is_some() || now.since(since) >= rule.hold;
                self.hold(since.is_some_and(stayed), || match since {
                    Some(since) => format!("{nth} leaves after {} ms, too early", now.since(since).as_millis()),
                    None => format!("{nth} leaves and had not joined"),
                });
                let wanted = self.only.is_none() && !rule.adjust && self.holds(now, queue, &rule.when) == Some(true);
                self.hold(!wanted, || format!("{nth} leaves and is wanted"));
            }
            ReserveChange::CalledIn => {
                let new = self.joined.insert(key, now).is_none();
                self.hold(new, || format!("{nth} is called in and had joined"));
            }
            ReserveChange::SentAway => {
                let there = self.joined.remove(&key).is_some();
                self.hold(there, || format!("{nth} is sent away and had not joined"));
            }
            ReserveChange::Adjusted(_) => return,
        }
        self.switched.insert(key, now);
        self.may_be_kept_for(now, key);
        if !self.joined.contains_key(&key) {
            self.left.insert(key, now);
            self.kept_for_servers_only(now);
        }
    }

    /// `None`: facts do not tell it.
    pub(super) fn queue_figure(&self, now: Instant, queue: QueueId, figure: QueueFigure) -> Option<u32> {
        let line = || self.waiting.iter().filter(|w| w.queue == queue && !w.is_aside());
        match figure {
            QueueFigure::Waiting => Some(line().count() as u32),
            QueueFigure::LongestWait => {
                let oldest = line().map(|w| w.shown_since).min().unwrap_or(now);
                Some(now.since(oldest).as_secs() as u32)
            }
            _ => None,
        }
    }

    /// `None` when one of the figures is not known.
    pub(super) fn holds(&self, now: Instant, queue: QueueId, any: &[Vec<FigureRange>]) -> Option<bool> {
        let mut found = false;
        for all in any {
            let mut each = true;
            for range in all {
                each &= (range.least..=range.most).contains(&self.queue_figure(now, queue, range.figure)?);
            }
            found |= each;
        }
        Some(found)
    }
}
