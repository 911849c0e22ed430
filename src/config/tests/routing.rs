//! What demands, steps and the like come to.

use super::{read, warned};
use crate::Config;
use core::time::Duration;
use model::{
    Ageing, AgentId, Attributes, FigureRange, Judged, JudgedBy, Preferred, QueueFigure, Routing, Sticky, Wish,
};

const SKILLS: &str = "[generation]\nenable = [\"queue.skills\", \"queue.data\", \"queue.sticky\"]\n[[skill]]\nname = \"french\"\n[[skill]]\nname = \
                      \"billing\"\n[[skill]]\nname = \"vip\"\n[[agent]]\nid = \"1\"\npin = \"4711\"\nqueues = [\"q\"]\nskills = { french \
                      = 10, billing = 10, vip = 10 }\n";

fn queue(keys: &str) -> Config {
    read(&format!("{SKILLS}[[queue]]\nname = \"q\"\n{keys}")).unwrap_or_else(|report| panic!("{report}"))
}

fn routing(config: &Config) -> &Routing {
    &config.directory.queues[0].routing
}

#[test]
fn one_demand_is_one_step_to_the_end() {
    let config = queue("needs = \"french >= 4 && (billing >= 5 || vip)\"");
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    let [step] = &routing(&config).steps[..] else { panic!("{:?}", routing(&config).steps) };
    assert_eq!((step.lasts, step.only_if.len()), (None, 0));
    let requirement = &config.directory.requirements[step.needs.unwrap().index()];
    assert_eq!(&*requirement.text, "french >= 4 && (billing >= 5 || vip)");
    let ranges: Vec<Vec<_>> =
        requirement.any.iter().map(|all| all.iter().map(|r| (r.skill.0, r.least, r.most)).collect()).collect();
    assert_eq!(ranges, [vec![(0, 4, 10), (1, 5, 10)], vec![(0, 4, 10), (2, 1, 10)]]);
}

#[test]
fn steps_relax_with_time_and_the_state_of_the_queue() {
    let config = queue(
        "steps = [{ needs = \"french >= 8\", for = \"30s\" }, { needs = \"french >= 4\", for = \"1m\", if = \"waiting > \
         5 || expected_wait >= 60\" }, { }]",
    );
    let steps = &routing(&config).steps;
    assert_eq!(
        steps.iter().map(|step| step.lasts).collect::<Vec<_>>(),
        [Some(Duration::from_secs(30)), Some(Duration::from_secs(60)), None]
    );
    assert_eq!(steps.iter().map(|step| step.needs.is_some()).collect::<Vec<_>>(), [true, true, false]);
    let range = |figure, least| vec![FigureRange { figure, least, most: u32::MAX }];
    assert_eq!(steps[1].only_if, [range(QueueFigure::Waiting, 6), range(QueueFigure::ExpectedWait, 60)]);
}

#[test]
fn demands_that_mean_the_same_are_one() {
    let config = queue(
        "needs = \"french >= 4 && vip\"\n[[queue]]\nname = \"r\"\nneeds = \"!(vip < 1 || 4 > french)\"\n[[agent]]\nid = \
         \"2\"\nqueues = [\"r\"]\nskills = { french = 5, vip = 1 }",
    );
    assert_eq!(config.directory.requirements.len(), 1);
}

#[test]
fn what_is_left_out_is_how_it_was() {
    let config = queue("");
    assert_eq!(*routing(&config), Routing::default());
    let config = queue("ageing = { per_minute = 2, cap = 30 }\ntries = 3\nring_step = \"8s\"\nmax_talking = 4");
    let expected = Routing {
        ageing: Ageing { per_minute: 2, cap: 30 },
        tries: 3,
        ring_step: Duration::from_secs(8),
        max_talking: Some(4),
        ..Routing::default()
    };
    assert_eq!(*routing(&config), expected);
}

const TWO_AGENTS: &str = r#"
[generation]
enable = ["queue.skills", "queue.data"]
[[skill]]
name = "french"
[[skill]]
name = "vip"
[[agent]]
id = "1"
pin = "4711"
queues = ["q"]
skills = { french = 3 }
[[agent]]
id = "2"
pin = "4711"
queues = ["q"]
skills = { vip = 2 }
"#;

/// Complaint 50: weights and penalties interact so that agents get nothing.
#[test]
fn a_demand_nobody_meets_is_warned_of() {
    warned(
        &format!("{TWO_AGENTS}[[queue]]\nname = \"q\"\nneeds = \"french >= 4\"\n"),
        r#"
t.toml:19:9: warning: no agent of queue q can ever serve this
    19 | needs = "french >= 4"
      |         ^^^^^^^^^^^^^ nobody has french 4 (the best has 3)
"#
        .replace("    19", "   19")
        .as_str(),
    );
    warned(
        &format!("{TWO_AGENTS}[[queue]]\nname = \"q\"\nneeds = \"french && vip\"\n"),
        r#"
t.toml:19:9: warning: no agent of queue q can ever serve this
   19 | needs = "french && vip"
      |         ^^^^^^^^^^^^^^^ nobody has all of it together
"#,
    );
    warned(
        &format!("{TWO_AGENTS}[[queue]]\nname = \"q\"\n[[queue]]\nname = \"r\"\nneeds = \"french\"\n"),
        r#"
t.toml:21:9: warning: no agent serves queue r
   21 | needs = "french"
      |         ^^^^^^^^ give agents the queue
"#,
    );
}

#[test]
fn rules_over_data_and_the_agent_who_knows_the_caller() {
    let config = queue(
        "sticky = { remember = \"1d\" }\nrules = [{ name = \"gold customers\", if = \"data.tier == 'gold' || caller.starts_with('+86')\", priority = \
         5, needs = \"vip\", agent = \"1\", wait = \"9s\" }, { priority = -3 }]\n[[number]]\nmatch = \"4008\"\nto = \
         \"queue:q\"\nattach = { tier = \"gold\" }",
    );
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    let routing = routing(&config);
    let sticky = Sticky { wait: Duration::from_secs(20), remember: Duration::from_secs(86_400) };
    assert_eq!(routing.sticky, Some(sticky));
    let [first, second] = &routing.rules[..] else { panic!("{:?}", routing.rules) };
    assert_eq!((first.priority, second.priority), (Some(5), Some(-3)));
    assert!(first.needs.is_some() && second.when.is_none());
    assert_eq!(first.agent, Some(Preferred { agent: AgentId(0), wait: Duration::from_secs(9) }));
    let contact = |caller| Attributes { caller, dialled: "4008", language: "en", data: &[] };
    let priority = |caller| routing.judge(&contact(caller)).priority;
    assert_eq!(priority("+8613800138000"), Some(Judged { value: 5, by: JudgedBy::Rule(0) }));
    assert_eq!(priority("110"), Some(Judged { value: -3, by: JudgedBy::Rule(1) }));
    assert_eq!(routing.judge(&contact("110")).wish(), Wish::default());
    assert_eq!((&*first.name, &*second.name), ("gold customers", ""));
}

#[test]
fn a_rule_for_somebody_who_does_not_serve_the_queue_is_warned_of() {
    warned(
        &format!("{TWO_AGENTS}[[queue]]\nname = \"q\"\n[[queue]]\nname = \"r\"\nrules = [{{ agent = \"1\" }}]\n"),
        r#"
t.toml:21:20: warning: agent 1 does not serve queue r: nobody is asked first
   21 | rules = [{ agent = "1" }]
      |                    ^^^ give the agent the queue
"#,
    );
}
