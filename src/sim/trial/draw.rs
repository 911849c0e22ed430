//! A seed's world: queues, agents, skills, calendars and what they do with a contact.

use base::Rng;
use core::fmt::Write;

/// Strategies that one agent at a time is chosen by.
const STRATEGIES: [&str; 7] =
    ["longest-idle", "round-robin", "least-calls", "least-occupied", "linear", "random", "weighted"];

pub(super) const FIRST_AGENT: u32 = 2001;

#[derive(Debug)]
pub(super) struct Drawn {
    pub(super) tables: String,
    pub(super) shards: u8,
    pub(super) queues: u32,
    pub(super) agents: u32,
}

/// Writing to a `String` cannot fail.
pub(super) fn draw(rng: &mut Rng) -> Drawn {
    let shards = [1, 1, 2, 3][rng.below(4) as usize];
    let (queues, agents) = (1 + rng.below(4) as u32, 3 + rng.below(10) as u32);
    let mut tables = String::from(
        "[generation]\nlevel = 3\n[[skill]]\nname = \"french\"\n[[skill]]\nname = \"billing\"\n\
         [[calendar]]\nname = \"office\"\ntime_zone = \"Europe/Berlin\"\nopen = { mon-fri = \"08:00-18:00\" }\n",
    );
    for queue in 0..queues {
        queue_table(&mut tables, rng, queue, queues);
        let _ = write!(
            tables,
            "[[number]]\nmatch = \"400{queue}\"\nto = \"queue:q{queue}\"\npriority = {}\n",
            rng.below(3)
        );
    }
    // One number leads to an agent himself, one to words only.
    let _ = write!(tables, "[[number]]\nmatch = \"5000\"\nto = \"agent:{FIRST_AGENT}\"\n");
    let _ = write!(tables, "[[number]]\nmatch = \"5001\"\nto = \"announcement:sorry\"\n");
    for agent in FIRST_AGENT..FIRST_AGENT + agents {
        let served: Vec<String> =
            (0..queues).filter(|_| rng.chance(0.6)).map(|queue| format!("\"q{queue}\"")).collect();
        let initial = if rng.chance(0.8) { "ready" } else { "not-ready" };
        let (french, billing, weight) = (1 + rng.below(10), 1 + rng.below(10), 1 + rng.below(4));
        let _ = write!(
            tables,
            "[[phone]]\nid = \"{agent}\"\n[[agent]]\nid = \"{agent}\"\nphone = \"{agent}\"\nqueues = [{}]\n\
             initial_state = \"{initial}\"\nweight = {weight}\nskills = {{ french = {french}, billing = {billing} }}\n",
            served.join(", ")
        );
    }
    Drawn { tables, shards, queues, agents }
}

fn queue_table(tables: &mut String, rng: &mut Rng, queue: u32, queues: u32) {
    let one = |rng: &mut Rng, of: &[&str]| of[rng.below(of.len() as u64) as usize].to_owned();
    let elsewhere = |rng: &mut Rng| match rng.below(4) {
        // Only onward: rules that lead round in a circle are refused by the configuration.
        0 if queue + 1 < queues => format!("queue:q{}", queue + 1 + rng.below(u64::from(queues - queue - 1)) as u32),
        1 => format!("agent:{FIRST_AGENT}"),
        _ => "announcement:sorry".to_owned(),
    };
    let _ = write!(
        tables,
        "[[queue]]\nname = \"q{queue}\"\nstrategy = \"{}\"\nwrap_up = \"{}s\"\nwrap_up_mode = \"{}\"\n\
         ring_timeout = \"{}s\"\nmissed = {{ limit = {}, pause = \"{}s\" }}\n",
        one(rng, &STRATEGIES),
        rng.below(20),
        one(rng, &["fixed", "capped", "agent-ended"]),
        5 + rng.below(11),
        1 + rng.below(4),
        rng.below(60),
    );
    if rng.chance(0.6) {
        let (after, to) = (20 + rng.below(100), elsewhere(rng));
        let _ = writeln!(tables, "max_wait = {{ after = \"{after}s\", to = \"{to}\" }}");
    }
    if rng.chance(0.3) {
        let (at, to) = (1 + rng.below(6), elsewhere(rng));
        let _ = writeln!(tables, "max_length = {{ at = {at}, to = \"{to}\" }}");
    }
    if rng.chance(0.4) {
        let (when, to) = (one(rng, &["no-agents", "none-available"]), elsewhere(rng));
        let _ = writeln!(tables, "empty = {{ when = \"{when}\", to = \"{to}\" }}");
    }
    if rng.chance(0.3) {
        let _ = writeln!(tables, "hours = \"office\"");
    }
    if rng.chance(0.3) {
        let to = elsewhere(rng);
        let _ = writeln!(tables, "keys = {{ 1 = \"{to}\" }}");
    }
    if rng.chance(0.3) {
        let _ = writeln!(tables, "tries = {}", 2 + rng.below(4));
    }
    if rng.chance(0.25) {
        let (first, then) = (3 + rng.below(5), 1 + rng.below(20));
        let _ = writeln!(
            tables,
            "steps = [{{ needs = \"french >= {first} && billing >= 2\", for = \"{then}s\" }}, {{ needs = \"french\" }}]"
        );
    }
}
