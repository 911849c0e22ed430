//! A seed's world: queues, agents, skills, calendars and what they do with a contact.

use base::Rng;
use core::fmt::Write;

const STRATEGIES: [&str; 11] = [
    "longest-idle",
    "round-robin",
    "least-calls",
    "least-occupied",
    "linear",
    "random",
    "weighted",
    "ring-all",
    "ring-progressive",
    "best-skill",
    "least-versatile",
];

/// Conditions of a step.
const CONDITIONS: [&str; 6] =
    ["waiting > 2", "ready == 0", "staffed < 3 || waiting > 4", "expected_wait > 20", "priority > 1", "signed_on > 2"];

/// What calls a queue's own reserve. Nothing that holds while nobody waits: such a queue is looked at for ever, and a
/// house in which everybody has gone shall sleep.
const CALLS: [&str; 5] = [
    "waiting > 2",
    "longest_wait >= 30",
    "longest_wait >= 20 && reserve_ready >= 1",
    "service_level < 80 && waiting > 0",
    "expected_wait > 40 || ready == 0 && waiting > 0",
];

/// What lends it the agents of another.
const LENDS: [&str; 4] = [
    "waiting > 3",
    "longest_wait >= 15 && lender_waiting == 0",
    "longest_wait >= 40",
    "lender_waiting < 2 && reserve_ready >= 1 && waiting > 0",
];

pub(super) const FIRST_AGENT: u32 = 2001;

#[derive(Debug)]
pub(super) struct Drawn {
    pub(super) tables: String,
    pub(super) shards: u8,
    pub(super) queues: u32,
    pub(super) agents: u32,
}

/// What the legs are made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum House {
    Simple,
    /// Phones have fixed places, and messages take their time: the house is smaller.
    Wire,
}

/// Writing to a `String` cannot fail.
pub(super) fn draw(rng: &mut Rng, house: House) -> Drawn {
    let shards = [1, 1, 2, 3][rng.below(4) as usize];
    let most = if house == House::Wire { 6 } else { 10 };
    // Of their own chance: the rest of the world is what it would be without them.
    let mut apart = rng.clone().fork();
    let (queues, agents) = (1 + rng.below(4) as u32, 3 + rng.below(most) as u32);
    let calling: Vec<Calling> = (0..queues).map(|queue| Calling::draw(&mut apart, queue, queues)).collect();
    let calls_back: Vec<bool> = (0..queues).map(|_| apart.chance(0.3)).collect();
    let mut tables = String::from(
        "[generation]\nlevel = 3\nenable = [\"queue.reserve\", \"queue.groups\"]\n\
         [[skill]]\nname = \"french\"\n[[skill]]\nname = \"billing\"\n\
         [[calendar]]\nname = \"office\"\ntime_zone = \"Europe/Berlin\"\nopen = { mon-fri = \"08:00-18:00\" }\n",
    );
    for queue in 0..queues {
        queue_table(&mut tables, rng, queue, queues, calls_back[queue as usize]);
        if calls_back[queue as usize] {
            callback(&mut tables, &mut apart, queue);
        }
        too_long(&mut tables, &mut apart, queue, queues);
        let _ = writeln!(tables, "reserves = [{}]", calling[queue as usize].rules.join(", "));
        let _ = write!(
            tables,
            "[[number]]\nmatch = \"400{queue}\"\nto = \"queue:q{queue}\"\npriority = {}\nattach = {{ tier = \"{}\" }}\n",
            rng.below(3),
            ["gold", "silver"][rng.below(2) as usize],
        );
    }
    // Customers who are called back.
    tables.push_str(
        "[[trunk]]\nname = \"out\"\nhost = \"198.51.100.9\"\noptions_interval = \"0s\"\n\
         max_cps = 1000\nmax_calls = 1000\n[[route]]\nmatch = \"138*\"\ntrunks = [\"out\"]\n",
    );
    // One number leads to an agent himself, one to words only.
    let _ = write!(tables, "[[number]]\nmatch = \"5000\"\nto = \"agent:{FIRST_AGENT}\"\n");
    let _ = write!(tables, "[[number]]\nmatch = \"5001\"\nto = \"announcement:sorry\"\n");
    for agent in FIRST_AGENT..FIRST_AGENT + agents {
        let serves: Vec<bool> = (0..queues).map(|_| rng.chance(0.6)).collect();
        let own = (0..queues).zip(&serves).filter(|(_, serves)| **serves);
        let served: Vec<String> = own.map(|(queue, _)| format!("\"q{queue}\"")).collect();
        let others = calling.iter().zip(&serves).zip(0..).filter(|((calling, serves), _)| calling.level && !**serves);
        let reserve: Vec<String> = others.map(|(_, queue): (_, u32)| format!("q{queue} = 1")).collect();
        let initial = if rng.chance(0.8) { "ready" } else { "not-ready" };
        let place = match house {
            House::Simple => String::new(),
            House::Wire => format!("contact = \"sip:{agent}@10.1.0.{}:5060\"\n", 1 + agent - FIRST_AGENT),
        };
        let (french, billing, weight) = (1 + rng.below(10), 1 + rng.below(10), 1 + rng.below(4));
        let _ = write!(
            tables,
            "[[phone]]\nid = \"{agent}\"\n{place}[[agent]]\nid = \"{agent}\"\nphone = \"{agent}\"\nqueues = [{}]\n\
             class = \"national\"\ninitial_state = \"{initial}\"\nweight = {weight}\nskills = {{ french = {french}, billing = {billing} }}\n\
             reserve = {{ {} }}\n",
            served.join(", "),
            reserve.join(", ")
        );
    }
    Drawn { tables, shards, queues, agents }
}

/// Whom a queue calls at times.
struct Calling {
    rules: Vec<String>,
    /// Its own reserve too.
    level: bool,
}

impl Calling {
    fn draw(rng: &mut Rng, queue: u32, queues: u32) -> Self {
        let mut rules = Vec::new();
        let level = rng.chance(0.3);
        if level {
            rules.push(format!("{{ level = 1, {} }}", rule(rng, &CALLS)));
        }
        if queues > 1 && rng.chance(0.3) {
            let lender = (queue + 1 + rng.below(u64::from(queues - 1)) as u32) % queues;
            rules.push(format!("{{ queue = \"q{lender}\", {} }}", rule(rng, &LENDS)));
        }
        Calling { rules, level }
    }
}

fn rule(rng: &mut Rng, conditions: &[&str]) -> String {
    let when = conditions[rng.below(conditions.len() as u64) as usize];
    let until = if rng.chance(0.3) { "until = \"waiting == 0\", " } else { "" };
    let adjust =
        rng.chance(0.3) && ["waiting", "longest_wait", "expected_wait"].iter().any(|load| when.starts_with(load));
    format!("when = \"{when}\", {until}hold = \"{}s\", adjust = {adjust}", rng.below(120))
}

/// Where a rule leads.
fn elsewhere(rng: &mut Rng, queue: u32, queues: u32) -> String {
    match rng.below(4) {
        // Only onward: rules that lead round in a circle are refused by the configuration.
        0 if queue + 1 < queues => format!("queue:q{}", queue + 1 + rng.below(u64::from(queues - queue - 1)) as u32),
        1 => format!("agent:{FIRST_AGENT}"),
        _ => "announcement:sorry".to_owned(),
    }
}

/// Who presses the key is called back.
fn callback(tables: &mut String, rng: &mut Rng, queue: u32) {
    let (first, hours) = (["agent", "caller"][rng.below(2) as usize], ["", "office"][rng.below(2) as usize]);
    let _ = writeln!(
        tables,
        "keys = {{ 1 = \"callback:q{queue}\" }}\n\
         callback = {{ first = \"{first}\", hours = \"{hours}\", ring = \"{}s\", tries = {}, every = \"{}s\" }}",
        10 + rng.below(20),
        1 + rng.below(3),
        20 + rng.below(200),
    );
}

/// Who would wait too long is sent elsewhere before he has; whoever gives up may come back to his place.
fn too_long(tables: &mut String, rng: &mut Rng, queue: u32, queues: u32) {
    if rng.chance(0.2) {
        let (over, to) = (30 + rng.below(200), elsewhere(rng, queue, queues));
        let _ = writeln!(tables, "max_expected_wait = {{ over = \"{over}s\", to = \"{to}\" }}");
    }
    if rng.chance(0.2) {
        let (agents, to) = (1 + rng.below(3), elsewhere(rng, queue, queues));
        let _ = writeln!(tables, "min_staffed = {{ agents = {agents}, to = \"{to}\" }}");
    }
    if rng.chance(0.2) {
        let _ = writeln!(tables, "resume = \"{}s\"", 30 + rng.below(120));
    }
}

fn queue_table(tables: &mut String, rng: &mut Rng, queue: u32, queues: u32, calls_back: bool) {
    let one = |rng: &mut Rng, of: &[&str]| of[rng.below(of.len() as u64) as usize].to_owned();
    let elsewhere = |rng: &mut Rng| elsewhere(rng, queue, queues);
    let _ = write!(
        tables,
        "[[queue]]\nname = \"q{queue}\"\nstrategy = \"{}\"\nwrap_up = \"{}s\"\nwrap_up_mode = \"{}\"\n\
         ring_timeout = \"{}s\"\nmissed = {{ limit = {}, pause = \"{}s\" }}\n",
        one(rng, &STRATEGIES),
        rng.below(20),
        one(rng, &["fixed", "capped", "capped-not-ready", "agent-ended"]),
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
        if !calls_back {
            let _ = writeln!(tables, "keys = {{ 1 = \"{to}\" }}");
        }
    }
    if rng.chance(0.3) {
        let _ = writeln!(tables, "tries = {}", 2 + rng.below(4));
    }
    wishes(tables, rng);
    if rng.chance(0.3) {
        let (first, then, only_if) = (3 + rng.below(5), 1 + rng.below(20), one(rng, &CONDITIONS));
        let _ = writeln!(
            tables,
            "steps = [{{ needs = \"french >= {first} && billing >= 2\", for = \"{then}s\" }}, \
             {{ needs = \"billing >= {first}\", for = \"{then}s\", if = \"{only_if}\" }}, {{ needs = \"french\" }}]"
        );
    }
}

/// What a contact's own data ask, how waiting counts, how many talk and ring at a time.
fn wishes(tables: &mut String, rng: &mut Rng) {
    if rng.chance(0.3) {
        let (priority, least, wait) = (1 + rng.below(4), 2 + rng.below(5), 2 + rng.below(20));
        let _ = writeln!(
            tables,
            "rules = [{{ if = \"data.tier == 'gold'\", priority = {priority} }}, \
             {{ if = \"caller.starts_with('13800130') || caller.starts_with('+8613800130')\", needs = \"billing >= {least}\" }}, \
             {{ if = \"caller.starts_with('13800131') || caller.starts_with('+8613800131')\", agent = \"{FIRST_AGENT}\", wait = \"{wait}s\" }}]"
        );
    }
    if rng.chance(0.3) {
        let _ = writeln!(tables, "sticky = {{ wait = \"{}s\", remember = \"10m\" }}", 2 + rng.below(15));
    }
    if rng.chance(0.3) {
        let _ = writeln!(tables, "ageing = {{ per_minute = {}, cap = {} }}", 1 + rng.below(4), 1 + rng.below(10));
    }
    if rng.chance(0.2) {
        let _ = writeln!(tables, "max_talking = {}", 1 + rng.below(4));
    }
    if rng.chance(0.3) {
        let _ = writeln!(tables, "ring_step = \"{}s\"", 1 + rng.below(4));
    }
}
