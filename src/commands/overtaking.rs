//! How far a contact can be overtaken in each queue: what `strowger check` says about fairness.

use core::time::Duration;
use model::{Ageing, AgentId, Directory, OBJECTIVE_DEFAULT, Queue, QueueId, Target};
use std::collections::{BTreeMap, BTreeSet};

/// One line for each queue that contacts of different priorities come to.
pub(crate) fn bounds(directory: &Directory) -> Vec<String> {
    let comes = priorities(directory);
    let priorities: Vec<_> = directory.queues.iter().zip(&comes).map(|(queue, came)| judged(queue, came)).collect();
    let queues = directory.queues.iter().zip(&priorities).filter(|(queue, _)| !queue.removed);
    let inside = queues.filter_map(|(queue, priorities)| bound(queue, priorities));
    inside.chain(left_behind(directory, &priorities)).chain(between(directory)).collect()
}

/// Of queues with different objectives that share an agent: what a contact of the more patient one has to expect. One
/// without an objective is compared by a minute, and no less overtaken.
fn between(directory: &Directory) -> Vec<String> {
    let mut pairs = BTreeSet::new();
    for queues in served(directory) {
        let differ = |own: &QueueId, other: &QueueId| {
            directory.queue(*own).routing.objective != directory.queue(*other).routing.objective
        };
        let other =
            |own: QueueId| queues.iter().filter(move |other| differ(&own, other)).map(move |other| (own, *other));
        pairs.extend(queues.iter().copied().flat_map(other));
    }
    let said = pairs.into_iter().filter_map(|(own, other)| {
        let (queue, other) = (directory.queue(own), directory.queue(other));
        let objective = queue.routing.objective.unwrap_or(OBJECTIVE_DEFAULT);
        let (whose, compared) = match queue.routing.objective {
            Some(_) => ("its objective of ", ""),
            None => ("", ", by which it is compared without an objective"),
        };
        let after = acd::objective_bound(queue, other, objective);
        (!after.is_zero()).then(|| {
            format!(
                "queue {}: while it waits no longer than {whose}{}{compared}, a contact is overtaken from queue {} only \
                 by those of its priority who come at most {} later",
                queue.name,
                spell(objective),
                other.name,
                spell(after)
            )
        })
    });
    said.collect()
}

/// The queues each agent serves, those he joins at times with them; for agents of the same queues once.
fn served(directory: &Directory) -> BTreeSet<Vec<QueueId>> {
    let queues = (0..directory.queues.len() as u32).map(QueueId);
    let joined: Vec<_> = queues.filter(|queue| !directory.queue(*queue).routing.reserves.is_empty()).collect();
    let agents = (0..directory.agents.len() as u32).map(AgentId).filter(|id| !directory.agent(*id).removed);
    let all = agents.map(|agent| {
        let joins = joined.iter().copied().filter(|queue| directory.reserve_place(*queue, agent).is_some());
        let own = directory.agent(agent).queues.iter().copied();
        own.chain(joins).collect::<BTreeSet<_>>().into_iter().collect()
    });
    all.collect()
}

fn bound(queue: &Queue, priorities: &BTreeSet<i32>) -> Option<String> {
    let (lowest, highest) = (*priorities.first()?, *priorities.last()?);
    let said = match acd::overtaking_bound(queue, lowest, highest) {
        Some(Duration::ZERO) => return None,
        Some(after) => format!("is overtaken only by those of {highest} who come at most {} later", spell(after)),
        None => format!("can be overtaken by those of {highest} {}; `ageing` sets a bound", end(queue)),
    };
    Some(format!("queue {}: a contact of priority {lowest} {said}", queue.name))
}

/// How long whoever nothing else protects can be overtaken.
fn end(queue: &Queue) -> String {
    match &queue.max_wait {
        Some(rule) => format!("until `max_wait` sends it away after {}", spell(rule.after)),
        None => "without end".to_owned(),
    }
}

/// Of queues that share agents: whether the least pressing contact of one can be left behind by those of another. They
/// are compared by `priority + min(cap, per_minute × waited)`: whoever can reach what the other's can reach at most is
/// passed by none that comes after he has.
fn left_behind(directory: &Directory, priorities: &[BTreeSet<i32>]) -> Vec<String> {
    let most = |id: QueueId| {
        let Ageing { per_minute, cap } = directory.queue(id).routing.ageing;
        let cap = if per_minute > 0 { i64::from(cap) } else { 0 };
        priorities[id.index()].last().map(|highest| (i64::from(*highest) + cap, *highest))
    };
    let mut worst: BTreeMap<QueueId, (i64, i32, QueueId)> = BTreeMap::new();
    for queues in served(directory) {
        // The worst other of a queue is the worst of all, or the next where it is that one itself.
        let mut others: Vec<_> = queues
            .iter()
            .filter_map(|other| most(*other).map(|(reaches, highest)| (reaches, highest, *other)))
            .collect();
        others.sort_unstable_by(|a, b| b.cmp(a));
        others.truncate(2);
        for own in queues {
            let Some(other) = others.iter().copied().find(|(_, _, other)| *other != own) else { continue };
            let found = worst.entry(own).or_insert(other);
            *found = (*found).max(other);
        }
    }
    let said = worst.into_iter().filter_map(|(own, (reaches, highest, other))| {
        let queue = directory.queue(own);
        let lowest = *priorities[own.index()].first()?;
        let lead = reaches - i64::from(lowest);
        if lead <= 0 || (highest <= lowest && queue.routing.ageing == directory.queue(other).routing.ageing) {
            return None;
        }
        let Ageing { per_minute, cap } = queue.routing.ageing;
        let (name, other) = (&queue.name, &directory.queue(other).name);
        let after = (per_minute > 0 && i64::from(cap) >= lead)
            .then(|| Duration::from_millis((lead.unsigned_abs() * 60_000).div_ceil(u64::from(per_minute))));
        let sent_away = queue.max_wait.as_ref().map_or(Duration::MAX, |rule| rule.after);
        let end = end(queue);
        Some(match after {
            Some(after) if after < sent_away => format!(
                "queue {name}: a contact of priority {lowest} that has waited {} is overtaken from queue {other}, with \
                 which it shares agents, by nobody who comes later",
                spell(after)
            ),
            // It would be protected, and is gone before.
            Some(_) => format!(
                "queue {name}: a contact of priority {lowest} can be overtaken from queue {other}, with which it shares \
                 agents, {end}; more points of `ageing` set a bound"
            ),
            None => format!(
                "queue {name}: a contact of priority {lowest} can be overtaken from queue {other}, with which it shares \
                 agents, {end}; `ageing` with a cap of at least {lead} sets a bound"
            ),
        })
    });
    said.collect()
}

/// What the queue's rules can make of contacts that come with these priorities. Whether a condition can ever hold is not
/// asked: the bound is for the worst that may be.
fn judged(queue: &Queue, came: &BTreeSet<i32>) -> BTreeSet<i32> {
    if came.is_empty() {
        return BTreeSet::new();
    }
    let rules = || queue.routing.rules.iter().filter(|rule| rule.priority.is_some());
    let for_all = rules().position(|rule| rule.when.is_none());
    let given = rules().take(for_all.map_or(usize::MAX, |at| at + 1)).filter_map(|rule| rule.priority);
    let kept = came.iter().copied().filter(|_| for_all.is_none());
    given.chain(kept).collect()
}

/// The priorities of the contacts that can come to each queue, by a number or from another queue.
fn priorities(directory: &Directory) -> Vec<BTreeSet<i32>> {
    let mut found = vec![BTreeSet::new(); directory.queues.len()];
    for rule in &directory.numbers {
        // Who is called back waits in the queue like any other.
        if let Target::Queue(queue) | Target::Callback(queue) = rule.to {
            found[queue.index()].insert(rule.priority);
        }
    }
    // A contact keeps its priority on its way: as many rounds as there are queues reach every one.
    for _ in 0..directory.queues.len() {
        let mut grown = false;
        for (from, queue) in directory.queues.iter().enumerate() {
            for to in queues_after(queue) {
                let here = judged(queue, &found[from]);
                let there = &mut found[to.index()];
                let before = there.len();
                there.extend(here);
                grown |= there.len() > before;
            }
        }
        if !grown {
            break;
        }
    }
    found
}

fn queues_after(queue: &Queue) -> impl Iterator<Item = QueueId> {
    queue.ways_out().filter_map(|to| match to {
        Target::Queue(id) | Target::Callback(id) => Some(*id),
        Target::Agent(_) | Target::Announcement(_) | Target::Number(_) | Target::Voicemail(_) => None,
    })
}

fn spell(time: Duration) -> String {
    let (minutes, seconds) = (time.as_secs() / 60, time.as_secs() % 60);
    match (minutes, seconds) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sounds::Sounds;

    fn said(text: &str) -> Vec<String> {
        let sounds = Sounds::find(None).expect("the sounds of the tree");
        bounds(&config::load_text("t.toml", text, &sounds.names).unwrap_or_else(|report| panic!("{report}")).directory)
    }

    /// Priorities a rule over the contact's data gives count here and wherever the contact goes from here.
    #[test]
    fn rules_over_data_make_priorities_too() {
        let queues = "[generation]\nlevel = 3\n[[number]]\nmatch = \"1\"\nto = \"queue:a\"\nattach = { tier = \"gold\" \
                      }\n[[queue]]\nname = \"b\"\n[[queue]]\nname = \"a\"\nmax_length = { at = 9, to = \"queue:b\" }\n";
        let some = "rules = [{ if = \"data.tier == 'gold'\", priority = 7 }]";
        let end = |lowest, highest| {
            format!(
                "a contact of priority {lowest} can be overtaken by those of {highest} until `max_wait` sends it away \
                 after 10 min; `ageing` sets a bound"
            )
        };
        assert_eq!(
            said(&format!("{queues}{some}")),
            [format!("queue b: {}", end(0, 7)), format!("queue a: {}", end(0, 7))]
        );
        // Every contact has one of two priorities, whatever it came with.
        let all = "rules = [{ if = \"data.tier == 'gold'\", priority = 7 }, { priority = 3 }, { priority = 9 }]";
        assert_eq!(said(&format!("{queues}{all}"))[1], format!("queue a: {}", end(3, 7)));
    }

    const QUEUES: &str = "[[number]]\nmatch = \"1\"\nto = \"queue:a\"\n[[number]]\nmatch = \"2\"\nto = \
                          \"queue:a\"\npriority = 5\n[[queue]]\nname = \"b\"\n[[queue]]\nname = \"a\"\nmax_length = { \
                          at = 9, to = \"queue:b\" }\n";

    #[test]
    fn a_queue_of_one_priority_needs_no_bound() {
        assert_eq!(said("[[queue]]\nname = \"a\"\n[[number]]\nmatch = \"1\"\nto = \"queue:a\""), [""; 0]);
    }

    #[test]
    fn between_queues_the_bound_is_what_their_objectives_make_of_it() {
        let queues = "[generation]\nenable = [\"queue.objective\"]\n[[queue]]\nname = \"a\"\nservice_objective = \
                      \"20s\"\n[[queue]]\nname = \"b\"\nservice_objective = \"2m\"\n[[agent]]\nid = \"1\"\nqueues = \
                      [\"a\", \"b\"]";
        assert_eq!(
            said(queues),
            [
                "queue b: while it waits no longer than its objective of 2 min, a contact is overtaken from queue a only \
              by those of its priority who come at most 1 min 40 s later"
            ]
        );
    }

    #[test]
    fn queues_that_lend_each_other_agents_share_them() {
        let lent = |reserves: &str| {
            said(&format!(
                "[generation]\nenable = [\"queue.objective\", \"queue.groups\"]\n[[queue]]\nname = \"a\"\n\
                 service_objective = \"20s\"\n{reserves}[[queue]]\nname = \"b\"\nservice_objective = \"2m\"\n\
                 [[agent]]\nid = \"1\"\nqueues = [\"b\"]"
            ))
        };
        assert_eq!(lent(""), [""; 0]);
        let said = lent("reserves = [{ queue = \"b\", when = \"waiting > 2\" }]\n");
        assert!(said.len() == 1 && said[0].starts_with("queue b: while it waits no longer"), "{said:?}");
    }

    #[test]
    fn the_bound_is_what_ageing_makes_of_the_spread() {
        assert_eq!(
            said(&format!("{QUEUES}ageing = {{ per_minute = 2, cap = 20 }}")),
            [
                "queue b: a contact of priority 0 can be overtaken by those of 5 until `max_wait` sends it away after 10 \
                 min; `ageing` sets a bound",
                "queue a: a contact of priority 0 is overtaken only by those of 5 who come at most 2 min 30 s later",
            ]
        );
    }

    #[test]
    fn between_queues_that_share_agents_the_cap_decides() {
        let of = |ageing: &str, max_wait: &str| {
            said(&format!(
                "[[number]]\nmatch = \"1\"\nto = \"queue:a\"\n[[number]]\nmatch = \"2\"\nto = \
                 \"queue:b\"\npriority = 50\n[[queue]]\nname = \"a\"\nmax_wait = {max_wait}\nageing = {ageing}\n[[queue]]\nname = \
                 \"b\"\n[[agent]]\nid = \"1\"\nqueues = [\"a\", \"b\"]"
            ))
        };
        assert_eq!(
            of("{ per_minute = 2, cap = 49 }", "\"off\""),
            [
                "queue a: a contact of priority 0 can be overtaken from queue b, with which it shares agents, without end; \
              `ageing` with a cap of at least 50 sets a bound"
            ]
        );
        assert_eq!(
            of("{ per_minute = 2, cap = 50 }", "\"off\""),
            ["queue a: a contact of priority 0 that has waited 25 min is overtaken from queue b, with which it \
              shares agents, by nobody who comes later"]
        );
        // Who is sent away first is protected by nothing else.
        let away = "{ after = \"20m\", to = \"announcement:sorry\" }";
        let until = "queue a: a contact of priority 0 can be overtaken from queue b, with which it shares agents, until \
                     `max_wait` sends it away after 20 min";
        assert_eq!(
            of("{ per_minute = 2, cap = 49 }", away),
            [format!("{until}; `ageing` with a cap of at least 50 sets a bound")]
        );
        assert_eq!(of("{ per_minute = 2, cap = 50 }", away), [format!("{until}; more points of `ageing` set a bound")]);
        assert!(of("{ per_minute = 3, cap = 50 }", away)[0].contains("has waited 16 min 40 s is overtaken"));
    }

    /// Complaint 52: a plan of ten thousand queues. Asked of each pair of queues whether any agent serves both, this
    /// did not end within minutes.
    #[test]
    fn a_large_house_is_looked_through_once() {
        use core::fmt::Write;
        let mut text = String::from("[generation]\nenable = [\"queue.objective\"]\n");
        for n in 0..4_000 {
            let objective = if n == 0 { "service_objective = \"20s\"\n" } else { "" };
            let next = (n + 1) % 4_000;
            let _ = writeln!(
                text,
                "[[queue]]\nname = \"q{n}\"\n{objective}[[agent]]\nid = \"{n}\"\nqueues = [\"q{n}\", \"q{next}\"]"
            );
        }
        let said = said(&text);
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].starts_with("queue q1: ") && said[1].starts_with("queue q3999: "), "{said:?}");
    }

    #[test]
    fn a_queue_without_an_objective_is_compared_by_a_minute() {
        let queues = "[generation]\nenable = [\"queue.objective\"]\n[[queue]]\nname = \"a\"\nservice_objective = \
                      \"20s\"\n[[queue]]\nname = \"b\"\n[[agent]]\nid = \"1\"\nqueues = [\"a\", \"b\"]";
        assert_eq!(
            said(queues),
            ["queue b: while it waits no longer than 1 min, by which it is compared without an objective, a contact \
                 is overtaken from queue a only by those of its priority who come at most 40 s later"]
        );
    }
}
