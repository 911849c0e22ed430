//! Every transition of an agent, a contact, a promise to call back and a queue's reserves: which there are, and which a
//! thousand worlds reach for certain.

use sim::trial::Census;
use std::collections::BTreeMap;

type Transition = (&'static str, &'static str);
type Count = BTreeMap<Transition, u64>;

/// Transitions that were seen and that there are not.
pub(crate) fn strange(census: &Census) -> Vec<String> {
    let not_in = |kind: &str, seen: &Count, all: &[Transition]| -> Vec<String> {
        seen.keys().filter(|seen| !all.contains(seen)).map(|(from, to)| format!("{kind}: {from} → {to}")).collect()
    };
    [
        not_in("agent", &census.agents, &AGENT),
        not_in("contact", &census.contacts, &contact()),
        not_in("promise", &census.promises, &PROMISE),
        not_in("reserve", &census.reserves, &reserve()),
    ]
    .concat()
}

/// Transitions that there are, are not rare, and were not seen.
pub(crate) fn missing(census: &Census) -> Vec<String> {
    let unseen = |kind: &str, seen: &Count, all: &[Transition]| -> Vec<String> {
        let common = all.iter().filter(|transition| !is_rare(**transition));
        let missing = common.filter(|transition| !seen.contains_key(transition));
        missing.map(|(from, to)| format!("{kind}: {from} → {to}")).collect()
    };
    let reasons = REASONS.iter().filter(|reason| !census.reasons.contains_key(**reason));
    [
        unseen("agent", &census.agents, &AGENT),
        unseen("contact", &census.contacts, &contact()),
        unseen("promise", &census.promises, &PROMISE),
        unseen("reserve", &census.reserves, &reserve()),
        reasons.map(|reason| format!("not ready: {reason}")).collect(),
    ]
    .concat()
}

const AGENT: [Transition; 22] = [
    ("signed-off", "not-ready"),
    // Removed and configured again by a reload, ready from the start.
    ("signed-off", "ready"),
    ("not-ready", "ready"),
    // A call that names him.
    ("not-ready", "reserved"),
    // A call of his own.
    ("not-ready", "busy"),
    ("not-ready", "signed-off"),
    ("ready", "not-ready"),
    ("ready", "reserved"),
    ("ready", "busy"),
    ("ready", "signed-off"),
    ("reserved", "busy"),
    ("reserved", "ready"),
    ("reserved", "not-ready"),
    ("reserved", "signed-off"),
    ("busy", "wrap-up"),
    ("busy", "ready"),
    ("busy", "not-ready"),
    ("busy", "signed-off"),
    ("wrap-up", "ready"),
    ("wrap-up", "not-ready"),
    ("wrap-up", "busy"),
    ("wrap-up", "signed-off"),
];

/// Why somebody is not ready.
const REASONS: [&str; 11] = [
    "signed-on",
    "server-start",
    "code-1",
    "missed",
    "device-unreachable",
    "device-failed",
    "device-busy",
    "wrap-up-over",
    "forced",
    "short-break",
    "line-down",
];

const PROMISE: [Transition; 8] = [
    ("none", "arranged"),
    ("arranged", "dialled"),
    // His queue is gone.
    ("arranged", "failed"),
    ("arranged", "withdrawn"),
    // Another attempt.
    ("dialled", "dialled"),
    ("dialled", "reached"),
    ("dialled", "failed"),
    ("dialled", "withdrawn"),
];

/// What reserves of a queue did last: "away" before anything.
fn reserve() -> Vec<Transition> {
    let there = ["joined", "called-in"];
    let gone = ["left", "sent-away"];
    let mut all = Vec::new();
    for before in ["away", "adjusted"].into_iter().chain(gone) {
        all.extend(there.map(|after| (before, after)));
    }
    for before in ["adjusted"].into_iter().chain(there) {
        all.extend(gone.map(|after| (before, after)));
    }
    all.extend(["away", "adjusted"].into_iter().chain(there).chain(gone).map(|before| (before, "adjusted")));
    all
}

/// In the queue and free to be offered.
const FREE: [&str; 5] = ["waiting", "rejected", "missed", "failed", "withdrawn"];
/// How an offer ends that was not accepted.
const ENDED: [&str; 4] = ["rejected", "missed", "failed", "withdrawn"];
/// Out of it by a rule or a person.
const OUT: [&str; 12] = [
    "closed",
    "empty",
    "max-length",
    "max-wait",
    "expected-wait",
    "understaffed",
    "tries-exhausted",
    "breakout-key",
    "not-reached",
    "recalled",
    "forced",
    "queue-removed",
];

fn contact() -> Vec<Transition> {
    let mut all = vec![
        ("new", "arrived"),
        ("arrived", "waiting"),
        ("arrived", "ended"),
        // Another phone rings while one does.
        ("offered", "offered"),
        ("offered", "connected"),
        ("connected", "ended"),
        ("abandoned", "ended"),
    ];
    all.extend(ENDED.map(|how| ("offered", how)));
    // Another phone rings no more while one does.
    all.extend(ENDED.iter().flat_map(|before| ENDED.map(|after| (*before, after))));
    all.extend(ENDED.map(|before| (before, "connected")));
    all.extend(FREE.iter().flat_map(|free| [(*free, "offered"), (*free, "abandoned")]));
    all.extend(FREE.iter().flat_map(|free| OUT.map(|out| (*free, out))));
    all.extend(OUT.iter().flat_map(|out| [(*out, "waiting"), (*out, "ended")]));
    // Whoever waits for such a callback has none any more; who is ended by hand goes nowhere.
    all.retain(|transition| !matches!(transition, ("not-reached" | "recalled" | "forced", "waiting")));
    // The customer is rung while an offer is open, which is taken back when he is given up; and offers that failed are
    // counted when the last of them ends.
    all.retain(|(from, to)| {
        (*from, *to) != ("waiting", "tries-exhausted") && (*to != "not-reached" || *from == "withdrawn")
    });
    all
}

/// What needs two rare things at once: not every thousand worlds have it for certain.
fn is_rare(transition: Transition) -> bool {
    matches!(
        transition,
        // The line is longer than it may be only just after a reload.
        ("rejected" | "failed" | "missed" | "withdrawn", "max-length")
            // Of phones that ring together one is taken back before another says no, or before all have.
            | ("withdrawn", "rejected" | "failed" | "tries-exhausted")
            // He happens to call again in the seconds in which he is called, and that agent did not take the call.
            | ("rejected" | "missed" | "failed", "recalled")
            // Somebody sends reserves away just before or after their rule has moved.
            | ("adjusted", "sent-away")
            | ("sent-away", "adjusted")
    )
}
