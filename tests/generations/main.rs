//! The same stories at every level of `[generation]`: what is above the level is refused by name, what is below goes on
//! as it did. A new generation leaves the files of the lower ones untouched; `UPDATE=1` writes them anew.

use core::fmt::Write;
use model::Fact;
use sim::World;
use std::fs;
use std::path::Path;

struct Story {
    title: &'static str,
    /// Of queue `support`.
    rules: &'static str,
    callers: &'static [&'static str],
}

const STORIES: [Story; 10] = [
    Story { title: "a caller is served", rules: "", callers: &["13800138000"] },
    Story { title: "ageing", rules: "ageing = { per_minute = 1, cap = 20 }", callers: &["13800138000"] },
    Story { title: "a demand on skills", rules: "needs = \"french >= 4\"", callers: &["13800138000"] },
    Story {
        title: "steps",
        rules: "steps = [{ needs = \"french >= 4\", for = \"30s\" }, { needs = \"french\" }]",
        callers: &["13800138000"],
    },
    Story {
        title: "rules over data",
        rules: "rules = [{ if = \"caller.ends_with('8000')\", priority = 5 }]",
        callers: &["13800138000", "13900139001"],
    },
    Story {
        title: "the agent who knows the caller",
        rules: "sticky = { wait = \"20s\" }",
        callers: &["13800138000", "13800138000"],
    },
    Story {
        title: "room for text media",
        rules: "[[agent]]\nid = \"1002\"\ncapacity = { chat = 3 }",
        callers: &["13800138000"],
    },
    Story { title: "a service objective", rules: "service_objective = \"20s\"", callers: &["13800138000"] },
    Story {
        title: "reserve agents",
        rules: "reserves = [{ level = 1, when = \"waiting > 5\" }]\n[[agent]]\nid = \"1002\"\nreserve = { support = 1 }",
        callers: &["13800138000"],
    },
    Story {
        title: "another queue's agents",
        rules: "reserves = [{ queue = \"sales\", when = \"waiting > 5\" }]\n[[queue]]\nname = \"sales\"\n\
                [[agent]]\nid = \"1002\"\nqueues = [\"sales\"]",
        callers: &["13800138000"],
    },
];

const HOUSE: &str = r#"
[[skill]]
name = "french"
[[number]]
match = "4008"
to = "queue:support"
[[phone]]
id = "1001"
contact = "sip:1001@10.1.0.1:5060"
[[agent]]
id = "1001"
phone = "1001"
queues = ["support"]
skills = { french = 7 }
initial_state = "ready"
[[queue]]
name = "support"
"#;

#[test]
fn stories_at_level_1() {
    check(1);
}

#[test]
fn stories_at_level_2() {
    check(2);
}

#[test]
fn stories_at_level_3() {
    check(3);
}

#[test]
fn stories_at_level_4() {
    check(4);
}

#[test]
fn stories_at_level_5() {
    check(5);
}

fn check(level: u8) {
    let mut told = String::new();
    for story in &STORIES {
        writeln!(told, "{}\n{}", story.title, tell(story, level)).expect("writing to a String cannot fail");
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/generations/level-{level}.txt"));
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&file, &told).expect("the folder of this file");
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    assert!(told == expected, "{} says otherwise; it went so:\n{told}", file.display());
}

/// Callers one after the other, each served and gone before the next.
fn tell(story: &Story, level: u8) -> String {
    let tables = format!("[generation]\nlevel = {level}\n{HOUSE}{}\n", story.rules);
    let plan = match World::try_plan(&tables) {
        Ok(plan) => plan,
        Err(report) => {
            let errors = report.problems().iter().filter(|p| p.severity() == config::Severity::Error);
            return errors.map(|problem| format!("  refused: {}\n", problem.message())).collect();
        }
    };
    let mut world = plan.without_media().open();
    world.phone("1001");
    for number in story.callers {
        let caller = world.caller(number);
        world[caller].dials("4008");
        world.run_for(10);
        world[caller].hangs_up_all();
        world.run_for(20);
    }
    world.check();
    let said = |fact: &Fact| match fact {
        Fact::Queued { priority, position, .. } => Some(format!("queued with priority {priority} at place {position}")),
        Fact::Offered { .. } => Some("offered".to_owned()),
        Fact::Connected { .. } => Some("connected".to_owned()),
        Fact::ContactEnded { end, .. } => Some(format!("ended {}", end.word())),
        _ => None,
    };
    world.books.find(said).map(|(_, line)| format!("  {line}\n")).collect()
}
