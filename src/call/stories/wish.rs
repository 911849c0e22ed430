//! What a contact's data ask: rules and the agent who knows the caller.

use crate::testing::{World, check_in, house};
use core::time::Duration;
use expr::Kind;
use model::{
    AgentId, Attribute, Directory, InReserve, Preferred, Requirement, RequirementId, Reserve, ReserveOf, Rule, SkillId,
    SkillLevel, SkillRange, Step, Sticky,
};

fn rule(when: &str, priority: Option<i32>, agent: Option<u32>) -> Rule {
    let names = |name: &str| {
        let attribute = match name.strip_prefix("data.") {
            Some(key) => Attribute::Data(key.into()),
            None if name == "dialled" => Attribute::Dialled,
            None => Attribute::Caller,
        };
        Ok((attribute, Kind::Text))
    };
    let agent = agent.map(|id| Preferred { agent: AgentId(id), wait: Duration::from_secs(20) });
    Rule { name: "".into(), when: Some(expr::compile(when, names).expect("a condition")), priority, needs: None, agent }
}

fn ruled(rules: Vec<Rule>) -> Directory {
    let mut house = house();
    house.queues[0].routing.rules = rules;
    house
}

const ARRIVES: &str = "
     > call 4008
     fact arrived c1
     fact leg a started caller
     answer a (PCMU)
     media open a caller
     media negotiate a pcmu SendRecv
     fact leg a answered pcmu";
const MUSIC: &str = "media play a music/default repeat";

#[test]
fn a_rule_gives_priority_and_names_an_agent() {
    let rules = vec![
        rule("data.tier == 'gold'", Some(9), None),
        rule("caller.starts_with('+86') && dialled == '4008'", Some(5), Some(1)),
    ];
    let mut house = ruled(rules);
    house.agents[1].queues = vec![model::QueueId(0)];
    check_in(
        World::new(house, 1),
        &format!(
            "{ARRIVES}\nfact judged c1 priority 5 by rule 2 ben by rule 2\n{MUSIC}\n     queue enqueue c1 support priority 5 for ben"
        ),
    );
}

#[test]
fn data_attached_by_the_number_decide() {
    let mut house = ruled(vec![rule("data.tier == 'gold'", Some(9), None)]);
    for number in &mut house.numbers {
        number.attach = vec![("tier".into(), "gold".into())];
    }
    check_in(
        World::new(house, 1),
        &format!("{ARRIVES}\nfact judged c1 priority 9 by rule 1\n{MUSIC}\n     queue enqueue c1 support priority 9"),
    );
}

#[test]
fn an_agent_who_does_not_serve_the_queue_is_not_waited_for() {
    let mut house = ruled(vec![rule("caller.starts_with('+')", None, Some(1))]);
    house.agents[1].queues.clear();
    check_in(World::new(house, 1), &format!("{ARRIVES}\n{MUSIC}\nqueue enqueue c1 support"));
}

#[test]
fn an_agent_in_reserve_and_one_of_a_queue_that_lends_are_named_like_the_queues_own() {
    let support = model::QueueId(0);
    let judged = "fact judged c1 ben by rule 1";
    for who in [ReserveOf::Level(1), ReserveOf::Queue(model::QueueId(1))] {
        let mut house = ruled(vec![rule("caller.starts_with('+')", None, Some(1))]);
        (house.agents[1].queues, house.agents[1].reserve) = match who {
            ReserveOf::Level(level) => (vec![], vec![InReserve { queue: support, level }]),
            ReserveOf::Queue(lender) => (vec![lender], vec![]),
        };
        let reserve = Reserve { who, when: vec![], until: vec![], hold: Duration::ZERO, adjust: false };
        house.queues[0].routing.reserves = vec![reserve];
        check_in(World::new(house, 1), &format!("{ARRIVES}\n{judged}\n{MUSIC}\nqueue enqueue c1 support for ben"));
    }
}

/// French 5 for 30 seconds, then French 1, of which Ben has so much.
fn asking_french(mut house: Directory, has: u8) -> Directory {
    let at_least = |least| SkillRange { skill: SkillId(0), least, most: 10 };
    let french = |least| Requirement { text: "french".into(), any: vec![vec![at_least(least)]] };
    let step = |needs, lasts| Step { needs: Some(RequirementId(needs)), lasts, only_if: vec![] };
    house.skills = vec!["french".into()];
    house.requirements = vec![french(5), french(1)];
    house.queues[0].routing.steps = vec![step(0, Some(Duration::from_secs(30))), step(1, None)];
    for agent in &mut house.agents {
        agent.skills = vec![SkillLevel { skill: SkillId(0), level: has }];
    }
    house
}

#[test]
fn an_agent_who_lacks_what_is_asked_until_his_time_is_over_is_not_waited_for() {
    let named = |wait: u64| {
        let mut rule = rule("caller.starts_with('+')", None, Some(0));
        rule.agent = Some(Preferred { agent: AgentId(0), wait: Duration::from_secs(wait) });
        rule
    };
    let alone = format!("{ARRIVES}\n{MUSIC}\nqueue enqueue c1 support");
    let kept = format!("{ARRIVES}\nfact judged c1 anna by rule 1\n{MUSIC}\nqueue enqueue c1 support for anna");
    for (has, wait, expected) in [(5, 20, &kept), (4, 20, &alone), (4, 30, &alone), (4, 31, &kept), (0, 600, &alone)] {
        check_in(World::new(asking_french(ruled(vec![named(wait)]), has), 1), expected);
    }
    // What the rule asks is asked besides.
    let asks = Rule { needs: Some(RequirementId(0)), ..named(600) };
    let asked = format!("{ARRIVES}\nfact judged c1\n{MUSIC}\nqueue enqueue c1 support");
    check_in(World::new(asking_french(ruled(vec![asks]), 4), 1), &asked);
}

#[test]
fn who_served_the_caller_before_and_lacks_what_is_asked_at_first_is_not_waited_for() {
    let placed = "media play c music/default repeat\nqueue enqueue c2 support";
    check_in(World::new(asking_french(sticky(3600), 4), 1), &again("600s", placed));
}

fn sticky(remember: u64) -> Directory {
    let mut house = house();
    house.queues[0].routing.sticky =
        Some(Sticky { wait: Duration::from_secs(20), remember: Duration::from_secs(remember) });
    house
}

/// The first call is served by Anna and ends; after a pause the same caller calls again.
fn again(pause: &str, placed: &str) -> String {
    format!(
        "{ARRIVES}
         {MUSIC}
         queue enqueue c1 support
         > offer anna
         dial b 1001 as \"Lee · support\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg b started anna
         > b answers
         media open b agent
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         queue settle anna accepted
         fact talk c1 anna support
         media join a
         media join b
         > a ends
         media close a
         fact leg a ended normal-clearing
         fact talked c1 anna 0s held 0s
         hangup b normal-clearing
         media close b
         fact leg b ended normal-clearing
         queue release anna c1 support
         fact ended c1 served normal-clearing
         > wait {pause}
         > call 4008
         fact arrived c2
         fact leg c started caller
         answer c (PCMU)
         media open c caller
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         {placed}"
    )
}

#[test]
fn a_caller_comes_back_to_who_served_him() {
    check_in(
        World::new(sticky(3600), 1),
        &again(
            "600s",
            "fact judged c2 anna by sticky\nmedia play c music/default repeat\nqueue enqueue c2 support for anna",
        ),
    );
}

#[test]
fn after_its_time_a_talk_is_forgotten() {
    check_in(World::new(sticky(300), 1), &again("600s", "media play c music/default repeat\nqueue enqueue c2 support"));
}

/// Who dials the number from a phone of the house is treated as one who dials it from outside.
#[test]
fn a_number_treats_a_phone_of_the_house_as_a_trunk() {
    let mut house = ruled(vec![rule("data.tier == 'gold'", Some(9), None)]);
    for number in &mut house.numbers {
        number.attach = vec![("tier".into(), "gold".into())];
        number.trunk = None;
    }
    let arrives =
        ARRIVES.replace("> call 4008", "> call 4008 from 2000").replace("started caller", "started phone 2000");
    check_in(
        World::new(house, 1),
        &format!("{arrives}\nfact judged c1 priority 9 by rule 1\n{MUSIC}\n     queue enqueue c1 support priority 9"),
    );
}
