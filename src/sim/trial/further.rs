//! Features of which a world has some or none, drawn by a chance of their own: the rest of the world is what it would be
//! without them.

use super::draw::{Drawn, FIRST_AGENT};
use base::Rng;
use core::fmt::Write;

/// Into the finished tables of a world; false: it has none.
pub(super) fn draw(rng: &mut Rng, drawn: &mut Drawn) -> bool {
    if rng.chance(0.5) {
        return false;
    }
    // Queues that share agents are compared by one measure.
    let objective = rng.chance(0.3);
    if objective {
        drawn.tables =
            drawn.tables.lines().filter(|line| !line.starts_with("ageing = ")).fold(String::new(), |mut kept, line| {
                kept.push_str(line);
                kept.push('\n');
                kept
            });
        into(&mut drawn.tables, "\"queue.groups\"", ", \"queue.objective\"");
    }
    for queue in 0..drawn.queues {
        let mut keys = String::new();
        if objective {
            let _ = writeln!(keys, "service_objective = \"{}s\"", 10 + rng.below(110));
        }
        queue_keys(&mut keys, rng, queue, drawn.queues);
        into(&mut drawn.tables, &format!("[[queue]]\nname = \"q{queue}\"\n"), &keys);
    }
    // Somebody leaves a message.
    if rng.chance(0.5) {
        for queue in 0..drawn.queues {
            let before = format!("keys = {{ 1 = \"callback:q{queue}\"");
            into(&mut drawn.tables, &before, &format!(", 2 = \"voicemail:q{queue}\""));
        }
    }
    for agent in FIRST_AGENT..FIRST_AGENT + drawn.agents {
        if rng.chance(0.2) {
            into(&mut drawn.tables, &format!("[[phone]]\nid = \"{agent}\"\n"), "auto_answer = true\n");
        }
        let mut keys = String::new();
        if rng.chance(0.3) {
            let (contacts, time) = (2 + rng.below(6), 5 + rng.below(40));
            let _ = writeln!(keys, "breather = {{ contacts = {contacts}, occupancy = \"60%\", for = \"{time}s\" }}");
        }
        if rng.chance(0.3) {
            let _ = writeln!(keys, "nailed_up = \"{}\"", ["at-once", "by-key"][rng.below(2) as usize]);
        }
        into(&mut drawn.tables, &format!("[[agent]]\nid = \"{agent}\"\n"), &keys);
    }
    true
}

fn queue_keys(keys: &mut String, rng: &mut Rng, queue: u32, queues: u32) {
    if rng.chance(0.5) {
        let _ = writeln!(keys, "idle_clock = \"{}\"", ["ready", "offer"][rng.below(2) as usize]);
    }
    if rng.chance(0.4) {
        let (expected, length) = (10 + rng.below(60), 1 + rng.below(4));
        let _ = writeln!(keys, "warning = {{ expected_wait = \"{expected}s\", length = {length} }}");
    }
    if rng.chance(0.4) {
        let (first, every, better) = (2 + rng.below(20), 5 + rng.below(20), rng.chance(0.5));
        let _ = writeln!(
            keys,
            "announce = {{ position = true, wait = true, first = \"{first}s\", every = \"{every}s\", only_improved = {better} }}"
        );
    }
    if rng.chance(0.3) {
        let _ = writeln!(keys, "answer = \"with-agent\"");
    }
    if rng.chance(0.5) {
        let onward = queue + 1 < queues && rng.chance(0.6);
        let to = if onward { format!("queue:q{}", queue + 1) } else { format!("voicemail:q{queue}") };
        let _ = writeln!(keys, "closed = {{ to = \"{to}\" }}");
    }
    if rng.chance(0.3) {
        let _ = writeln!(keys, "whisper = {{ waited = true }}");
    }
}

fn into(tables: &mut String, after: &str, keys: &str) {
    if let Some(at) = tables.find(after) {
        tables.insert_str(at + after.len(), keys);
    }
}
