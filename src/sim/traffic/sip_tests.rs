//! One day twice: with legs that only ring and answer, and with telephones that speak SIP. The distributor decides the
//! same.

use super::{Rehearsal, Scene};
use crate::{Answer, World, WorldPlan};
use core::time::Duration;
use model::{AgentId, ContactId, Demand, Fact, Manners, Shift, Spread, Stream, TrunkId, Weekday, Weekdays};
use netem::Conditions;
use std::collections::HashSet;
use std::sync::Arc;

const AGENTS: u32 = 12;
const TALK: Duration = Duration::from_secs(150);
const RINGS: Duration = Duration::from_secs(3);
const SEED: u64 = 5;
/// As many telephones as outside callers share.
const LINES: usize = 60;

/// Every kind of rule that does not ask when an announcement ends: strategies that compare and one that draws, steps,
/// levels, ageing, a cap on talks, ways out by wait and by length.
const QUEUES: [&str; 4] = [
    "strategy = \"longest-idle\"\nmax_talking = 4\n",
    "strategy = \"round-robin\"\nmax_wait = { after = \"40s\", to = \"queue:q3\" }\n\
     max_length = { at = 2, to = \"announcement:sorry\" }\n",
    "strategy = \"best-skill\"\nsteps = [{ needs = \"french >= 8\", for = \"15s\" }, { needs = \"french >= 5\", for = \"15s\", if = \"ready == 0\" }, { needs = \"french >= 2\" }]\n",
    "strategy = \"weighted\"\nageing = { per_minute = 2, cap = 3 }\nmax_wait = { after = \"90s\", to = \"announcement:sorry\" }\n",
];

fn tables() -> String {
    let queue = |(n, rules): (usize, &&str)| {
        let priority = n % 2;
        format!(
            "[[number]]\nmatch = \"400{n}\"\nto = \"queue:q{n}\"\npriority = {priority}\n[[queue]]\nname = \"q{n}\"\n{rules}"
        )
    };
    let agent = |n: u32| {
        let queues = ["\"q0\", \"q2\"", "\"q1\", \"q3\"", "\"q0\", \"q1\"", "\"q2\", \"q3\""][n as usize % 4];
        let (weight, french) = (1 + n % 3, 1 + (n * 5) % 10);
        format!(
            "[[phone]]\nid = \"{0}\"\ncontact = \"sip:{0}@10.1.0.{1}:5060\"\n[[agent]]\nid = \"{0}\"\nphone = \"{0}\"\n\
             queues = [{queues}]\ninitial_state = \"ready\"\nweight = {weight}\nskills = {{ french = {french} }}\n",
            1000 + n,
            n + 1
        )
    };
    let skill = "[generation]\nlevel = 3\n[[skill]]\nname = \"french\"\n".to_owned();
    [skill].into_iter().chain(QUEUES.iter().enumerate().map(queue)).chain((0..AGENTS).map(agent)).collect()
}

/// What the distributor decided, in order.
fn decision(fact: &Fact) -> Option<(&'static str, ContactId, Option<AgentId>)> {
    match *fact {
        Fact::Queued { contact, .. } => Some(("queued", contact, None)),
        Fact::Offered { contact, agent, .. } => Some(("offered", contact, Some(agent))),
        Fact::OfferEnded { contact, agent, outcome, .. } => Some((outcome.word(), contact, Some(agent))),
        Fact::Connected { contact, agent, .. } => Some(("connected", contact, Some(agent))),
        Fact::Abandoned { contact, .. } => Some(("abandoned", contact, None)),
        Fact::FlowedOut { contact, why, .. } => Some((why.word(), contact, None)),
        _ => None,
    }
}

fn scene() -> Scene {
    let WorldPlan { directory, begins, .. } = WorldPlan::new(&tables());
    let day = Duration::from_secs(86_400);
    let stream = |number: &str, calls: f64| Stream {
        trunk: TrunkId(0),
        days: Weekdays::ALL,
        numbers: vec![(number.into(), 1.0)],
        calls: vec![calls; 8],
        talk: Spread::Exactly(TALK),
        wrap_up: Spread::ZERO,
        patience: Some(Spread::Exponential { mean: Duration::from_secs(60) }),
        habits: Vec::new(),
        people: 1000,
        prefix: "1".into(),
    };
    let streams = ["4000", "4001", "4002", "4003"].map(|number| stream(number, 66.0)).to_vec();
    let shift =
        |n: u32| Shift { agent: AgentId(n), days: Weekdays::ALL, from: Duration::ZERO, to: day, breaks: vec![] };
    Scene {
        directory: Arc::new(directory),
        begins,
        weekday: Weekday::Monday,
        midnights: vec![Duration::ZERO],
        interval: Duration::from_secs(3600),
        demand: Demand { streams, ..Demand::default() },
        shifts: (0..AGENTS).map(shift).collect(),
        manners: Manners { answers_after: Spread::Exactly(RINGS), ..Manners::ideal() },
    }
}

#[test]
fn simple_legs_and_sip_give_the_same_decisions() {
    let scene = scene();
    let mut rehearsal = Rehearsal::new(&scene, SEED);
    let callers = rehearsal.callers().to_vec();
    assert!(callers.len() > 2_000, "{}", callers.len());
    let mut simple = Vec::new();
    rehearsal.run(|fact| simple.extend(decision(&fact.fact)));
    let often = |word: &str| simple.iter().filter(|(what, ..)| *what == word).count();
    for (word, least) in [("abandoned", 300), ("max-wait", 30), ("max-length", 10), ("connected", 1_000)] {
        assert!(often(word) >= least, "{} contacts were {word}", often(word));
    }

    let mut world = World::plan(&tables()).seed(SEED).without_media().open();
    let lines: Vec<_> = (0..LINES).map(|n| world.caller(&format!("1380013{n:04}"))).collect();
    let phones: Vec<_> = (0..AGENTS).map(|n| world.phone(&format!("{}", 1000 + n))).collect();
    for phone in lines.iter().chain(&phones) {
        world.signals_go(*phone, Conditions::perfect());
    }
    for phone in phones {
        world[phone].manners.answer = Answer::After(RINGS);
        world[phone].manners.talks = Some(TALK);
    }
    // Callers and their patience in order of time.
    let mut deeds: Vec<(Duration, usize, bool)> = Vec::new();
    for (n, caller) in callers.iter().enumerate() {
        deeds.push((caller.at, n, true));
        deeds.extend(caller.patience.map(|patience| (caller.at + patience, n, false)));
    }
    deeds.sort();
    let began = world.now();
    let (mut calls, mut connected, mut seen) = (vec![None; callers.len()], HashSet::new(), 0);
    for (at, n, comes) in deeds {
        world.run((began + at) - world.now());
        let line = lines[n % LINES];
        if comes {
            calls[n] = Some(world[line].dials(&callers[n].dialled));
            continue;
        }
        for fact in &world.books.facts[seen..] {
            if let Fact::Connected { contact, .. } = fact.fact {
                connected.insert(contact.0 as u32 as usize - 1);
            }
        }
        seen = world.books.facts.len();
        if let (Some(call), false) = (calls[n], connected.contains(&n))
            && !world[line].call(call).is_over()
        {
            world[line].hangs_up(call);
        }
    }
    world.run_for(3600);
    let sip: Vec<_> = world.books.facts.iter().filter_map(|fact| decision(&fact.fact)).collect();
    let differs = simple.iter().zip(&sip).position(|(one, other)| one != other);
    assert_eq!(differs.map(|at| (at, &simple[at], &sip[at])), None, "{} and {}", simple.len(), sip.len());
    assert_eq!(simple.len(), sip.len());
    world.check();
}
