//! Who may ever serve a queue, and whether its reserves can join and leave.

use super::{refused, warned, warnings};

const ALL: &str = "[generation]\nenable = [\"queue.objective\", \"queue.reserve\", \"queue.groups\", \"queue.skills\", \"queue.data\", \
                   \"queue.callback\"]\n[[skill]]\nname = \"vip\"\n[[number]]\nmatch = \"4008\"\nto = \"queue:a\"\n";

/// One file whose queue is `a`; what it says of it, without the excerpts.
fn said(tables: &str) -> Vec<String> {
    let all = warnings(&format!("{ALL}{tables}"));
    let lines = all.lines().filter(|line| line.contains("warning: ") || line.contains(" ^"));
    lines.map(|line| line.trim_start_matches(|c| " |^".contains(c)).to_owned()).collect()
}

#[test]
fn agents_of_a_reserve_count_as_those_who_may_serve() {
    let lent =
        "[[queue]]\nname = \"b\"\n[[agent]]\nid = \"2\"\npin = \"4711\"\nqueues = [\"b\"]\nskills = { vip = 5 }\n";
    let lends = "[[queue]]\nname = \"a\"\nneeds = \"vip\"\nreserves = [{ queue = \"b\", when = \"waiting > 2\" }]\n";
    assert_eq!(said(&format!("{lends}{lent}")), [""; 0]);
    let own = "[[agent]]\nid = \"1\"\npin = \"4711\"\nqueues = [\"a\"]\n";
    assert_eq!(said(&format!("{lends}{lent}{own}")), [""; 0]);
    let level = "[[queue]]\nname = \"a\"\nneeds = \"vip\"\nrules = [{ agent = \"2\" }]\nreserves = [{ level = 1, when = \
                 \"waiting > 2\" }]\n[[agent]]\nid = \"2\"\npin = \"4711\"\nreserve = { a = 1 }\nskills = { vip = 5 }\n";
    assert_eq!(said(level), [""; 0]);
    // Those who do join must have it.
    let without = lent.replace("skills = { vip = 5 }", "");
    let said = said(&format!("{lends}{without}{own}"));
    assert_eq!(said[0], "t.toml:10:9: warning: no agent of queue a can ever serve this");
    assert_eq!(said[1], "nobody has vip 1 (the best has 0)");
}

#[test]
fn each_step_nobody_meets_is_explained() {
    warned(
        &format!(
            "{ALL}{}",
            r#"
[[queue]]
name = "a"
steps = [{ needs = "vip >= 8", for = "20s" }, { needs = "vip >= 5" }]
[[agent]]
id = "1"
pin = "4711"
queues = ["a"]
skills = { vip = 3 }
"#
        ),
        r#"
t.toml:11:20: warning: no agent of queue a can ever serve this
   11 | steps = [{ needs = "vip >= 8", for = "20s" }, { needs = "vip >= 5" }]
      |                    ^^^^^^^^^^ nobody has vip 8 (the best has 3)
t.toml:11:57: warning: no agent of queue a can ever serve this
   11 | steps = [{ needs = "vip >= 8", for = "20s" }, { needs = "vip >= 5" }]
      |                                                         ^^^^^^^^^^ nobody has vip 5 (the best has 3)
"#,
    );
}

#[test]
fn a_queue_callers_come_to_and_nobody_serves_is_warned_of() {
    let queue = |keys: &str| said(&format!("[[queue]]\nname = \"a\"\n{keys}"));
    let nobody = |line: u32| {
        let message = "callers come to queue a, and no agent serves it";
        let help = "give agents the queue, or lead its callers on: `empty`, `min_staffed` or `max_wait`";
        [format!("t.toml:{line}:8: warning: {message}"), help.to_owned()]
    };
    assert_eq!(queue(""), nobody(9));
    assert_eq!(queue("closed = { to = \"announcement:closed\" }"), nobody(9));
    // Somebody else takes its callers.
    assert_eq!(queue("empty = { to = \"announcement:sorry\" }"), [""; 0]);
    let other = "[[queue]]\nname = \"b\"\n[[agent]]\nid = \"1\"\npin = \"4711\"\nqueues = [\"b\"]";
    assert_eq!(queue(&format!("max_wait = {{ after = \"5s\", to = \"queue:b\" }}\n{other}")), [""; 0]);
    // Agents who come at times are agents.
    let reserve = "reserves = [{ queue = \"b\", when = \"waiting > 2\" }]\n";
    assert_eq!(queue(&format!("{reserve}{other}")), [""; 0]);
}

#[test]
fn a_queue_nobody_comes_to_needs_no_agents_and_one_by_a_detour_does() {
    let agent = "[[queue]]\nname = \"a\"\nKEYS\n[[queue]]\nname = \"b\"\n[[agent]]\nid = \"1\"\npin = \"4711\"\nqueues = [\"a\"]";
    assert_eq!(said(&agent.replace("KEYS", "")), [""; 0]);
    let detour = said(&agent.replace("KEYS", "keys = { 1 = \"queue:b\" }"));
    assert_eq!(detour[0], "t.toml:12:8: warning: callers come to queue b, and no agent serves it");
}

fn reserve(conditions: &str) -> Vec<String> {
    let queue = format!("[[queue]]\nname = \"a\"\nreserves = [{{ queue = \"b\", {conditions} }}]\n");
    let agents = "[[queue]]\nname = \"b\"\n[[agent]]\nid = \"1\"\npin = \"4711\"\nqueues = [\"a\"]\n[[agent]]\nid = \"2\"\npin = \"4711\"\nqueues = [\"b\"]";
    let said = said(&format!("{queue}{agents}"));
    said.iter().step_by(2).map(|line| line.split("warning: ").nth(1).unwrap_or(line).to_owned()).collect()
}

#[test]
fn a_reserve_that_never_leaves_always_serves_or_never_joins_is_warned_of() {
    let never_leaves = ["this reserve never leaves: whenever `until` holds `when` does too"];
    for conditions in [
        "when = \"waiting > 2\", until = \"waiting > 3\"",
        "when = \"waiting > 2 || longest_wait > 60\", until = \"waiting > 3 || longest_wait > 90\"",
        "when = \"waiting > 2 || ready < 2\", until = \"waiting > 1 && ready < 1\"",
        "when = \"service_level < 80 || waiting > 2\", until = \"service_level > 100\"",
    ] {
        assert_eq!(reserve(conditions), never_leaves, "{conditions}");
    }
    for conditions in ["when = \"service_level <= 100\"", "when = \"waiting > 2 || waiting < 5\""] {
        let found = warnings_or_errors(conditions);
        assert!(found.contains("always serves") || found.contains("holds for any queue"), "{found}");
    }
    assert_eq!(reserve("when = \"service_level > 100\""), ["this reserve never joins: `when` never holds"]);
}

/// Some conditions are refused before.
fn warnings_or_errors(conditions: &str) -> String {
    let queue = format!("{ALL}[[queue]]\nname = \"a\"\nreserves = [{{ queue = \"b\", {conditions} }}]\n");
    match super::read(&format!(
        "{queue}[[queue]]\nname = \"b\"\n[[agent]]\nid = \"1\"\npin = \"4711\"\nqueues = [\"a\", \"b\"]"
    )) {
        Ok(config) => config.warnings.iter().map(ToString::to_string).collect(),
        Err(report) => report.to_string(),
    }
}

#[test]
fn a_reserve_that_leaves_at_some_time_is_not() {
    for conditions in [
        "when = \"waiting > 2\"",
        "when = \"waiting > 2\", until = \"waiting == 0\"",
        "when = \"waiting > 2\", until = \"waiting > 1\"",
        "when = \"waiting > 2 && ready == 0\", until = \"waiting > 5\"",
        "when = \"service_level < 80\", until = \"service_level > 90 || waiting == 0\"",
        "when = \"waiting > 2\", until = \"waiting > 3\", adjust = true",
    ] {
        assert_eq!(reserve(conditions), [""; 0], "{conditions}");
    }
}

#[test]
fn a_number_where_a_duration_or_off_stands_is_told_its_unit() {
    refused(
        &format!("{ALL}[[queue]]\nname = \"a\"\nservice_objective = 20\nresume = 30\n"),
        r#"
t.toml:10:21: error: a duration needs its unit
   10 | service_objective = 20
      |                     ^^ write "20s" for seconds

t.toml:11:10: error: a duration needs its unit
   11 | resume = 30
      |          ^^ write "30s" for seconds

2 errors
"#,
    );
}

#[test]
fn a_demand_that_contradicts_itself_is_told_so() {
    refused(
        &format!("{ALL}[[queue]]\nname = \"a\"\nneeds = \"vip >= 5 && vip <= 2\"\n"),
        r#"
t.toml:10:9: error: this can never hold
   10 | needs = "vip >= 5 && vip <= 2"
      |         ^^^^^^^^^^^^^^^^^^^^^^ its parts exclude each other, whatever the numbers are

1 error
"#,
    );
}

/// What a rule asks counts besides the queue's own demand, and one agent must have both.
#[test]
fn a_rule_whose_demand_nobody_meets_together_with_the_queues_is_warned_of() {
    let all = |steps: &str, both: &str| {
        said(&format!(
            "[[skill]]\nname = \"french\"\n[[queue]]\nname = \"a\"\n{steps}\nrules = [{{ needs = \"french\" \
             }}]\n[[agent]]\nid = \"1\"\npin = \"4711\"\nqueues = [\"a\"]\nskills = {{ vip = 5 }}\n[[agent]]\nid = \
             \"2\"\npin = \"4711\"\nqueues = [\"a\"]\nskills = {{ french = 5{both} }}\n"
        ))
    };
    let told = |line: u32, column: u32| {
        let message = "no agent of queue a can ever serve this together with what the queue asks";
        format!("t.toml:{line}:{column}: warning: {message}")
    };
    let single = all("needs = \"vip\"", "");
    assert_eq!(single[0], told(13, 20), "{single:?}");
    assert!(single[1].starts_with("both count: give an agent the skills for both"), "{single:?}");
    let whole = warnings(&format!(
        "{ALL}[[skill]]\nname = \"french\"\n[[queue]]\nname = \"a\"\nneeds = \"vip\"\nrules = [{{ needs = \"french\" \
         }}]\n[[agent]]\nid = \"1\"\npin = \"4711\"\nqueues = [\"a\"]\nskills = {{ vip = 5 }}\n[[agent]]\nid = \"2\"\npin = \"4711\"\nqueues = \
         [\"a\"]\nskills = {{ french = 5 }}\n"
    ));
    assert!(whole.contains("= the queue asks at t.toml:12:9"), "{whole}");
    // A later step counts too: whoever comes so far waits through it for nothing.
    let steps = "steps = [{ needs = \"vip <= 3\", for = \"20s\" }, { needs = \"vip\" }]";
    assert_eq!(all(steps, "")[0], told(13, 20));
    assert_eq!(all("needs = \"vip\"", ", vip = 1"), [""; 0]);
    assert_eq!(all("", ""), [""; 0]);
}

#[test]
fn data_that_no_number_attaches_are_warned_of() {
    let rule = |attach: &str, key: &str| {
        said(&format!(
            "{attach}[[queue]]\nname = \"a\"\nrules = [{{ if = \"caller == '1' || data.{key} == 'gold'\", priority = 5 \
             }}]\n[[agent]]\nid = \"1\"\npin = \"4711\"\nqueues = [\"a\"]\n"
        ))
    };
    let tier = "attach = { tier = \"gold\" }\n";
    assert_eq!(rule(tier, "tier"), [""; 0]);
    let slip = rule(tier, "teir");
    assert_eq!(slip[0], "t.toml:11:35: warning: no [[number]] attaches `teir`: it is empty for everybody");
    assert_eq!(slip[1], "did you mean `tier`?");
    assert_eq!(rule("", "tier")[1], "attach it where they call: [[number]] attach = { tier = \"…\" }");
}

/// He would be waited for in vain, all of `wait`.
#[test]
fn a_named_agent_who_lacks_what_is_asked_until_his_time_is_over_is_warned_of() {
    let all = |asks: &str, rule: &str, has: &str| {
        let agents = format!(
            "[[agent]]\nid = \"1\"\npin = \"4711\"\nqueues = [\"a\"]\nskills = {{ vip = 5, french = 5 }}\n[[agent]]\nid = \
             \"1010\"\npin = \"4711\"\nqueues = [\"a\"]\nskills = {{ {has} }}\n"
        );
        let queue = format!("[[queue]]\nname = \"a\"\n{asks}\nrules = [{{ agent = \"1010\", {rule} }}]\n");
        said(&format!("[[skill]]\nname = \"french\"\n{queue}{agents}"))
    };
    let lacks = |what: &str| {
        let help = "give the agent what these contacts ask as long as they would wait for him, or name another";
        [format!("t.toml:13:20: warning: agent 1010 lacks {what}: nobody is asked first"), help.to_owned()]
    };
    let (queue, wait) = ("needs = \"french\"", "wait = \"60s\"");
    assert_eq!(all(queue, wait, ""), lacks("french >= 1"));
    assert_eq!(all(queue, wait, "french = 1"), [""; 0]);
    assert_eq!(all("needs = \"french >= 3 && vip || vip >= 5\"", wait, "french = 4"), lacks("vip >= 1"));
    // What the rule asks is asked besides.
    assert_eq!(all("", "needs = \"vip >= 3\"", "vip = 2"), lacks("vip >= 3"));
    assert_eq!(all(queue, "needs = \"vip\"", "french = 1"), lacks("vip >= 1"));
    // A step that comes while he is waited for is one he can serve.
    let steps = "steps = [{ needs = \"french >= 5\", for = \"30s\" }, { needs = \"french\" }]";
    assert_eq!(all(steps, "wait = \"31s\"", "french = 1"), [""; 0]);
    assert_eq!(all(steps, "wait = \"30s\"", "french = 1"), lacks("french >= 5"));
    let rarely = steps.replace("\"30s\"", "\"30s\", if = \"waiting > 3\"");
    assert_eq!(all(&rarely, "wait = \"30s\"", "french = 1"), [""; 0]);
}
