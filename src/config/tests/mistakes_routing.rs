//! Mistakes in demands, steps and what else is about matching.

use super::refused;

const HEAD: &str = "[generation]\nenable = [\"queue.skills\", \"queue.data\"]\n[[skill]]\nname = \"french\"\n[[queue]]\nname = \"q\"\n";

/// What is said about the lines below `HEAD`.
fn wrong(lines: &str, expected: &str) {
    refused(&format!("{HEAD}{lines}"), expected);
}

#[test]
fn a_mistake_inside_a_demand_is_marked_there() {
    wrong(
        r#"needs = "french >= 4 and frensh""#,
        r#"
t.toml:7:22: error: `and` is no sign of this language
    7 | needs = "french >= 4 and frensh"
      |                      ^^^ write `&&`

1 error
"#,
    );
    wrong(
        r#"needs = "french >= 4 && frensh""#,
        r#"
t.toml:7:25: error: nothing here is called `frensh`
    7 | needs = "french >= 4 && frensh"
      |                         ^^^^^^ skills are declared as [[skill]]; did you mean `french`?

1 error
"#,
    );
    wrong(
        r#"steps = [{ needs = 'french >=', for = "30s" }, { }]"#,
        r#"
t.toml:7:30: error: a name or a value is expected here, not the end
    7 | steps = [{ needs = 'french >=', for = "30s" }, { }]
      |                              ^ write for instance `french >= 4`

1 error
"#,
    );
}

#[test]
fn a_demand_with_escapes_is_marked_as_a_whole() {
    wrong(
        r#"needs = "\u0066rench = 4""#,
        r#"
t.toml:7:9: error: `=` is no sign of this language
    7 | needs = "\u0066rench = 4"
      |         ^^^^^^^^^^^^^^^^^ write `==`

1 error
"#,
    );
}

#[test]
fn a_demand_that_never_or_always_holds() {
    wrong(
        r#"needs = "french >= 4 && french < 4""#,
        r#"
t.toml:7:9: error: this can never hold
    7 | needs = "french >= 4 && french < 4"
      |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^ its parts exclude each other, whatever the numbers are

1 error
"#,
    );
    wrong(
        r#"needs = "french >= 0""#,
        r#"
t.toml:7:9: error: this holds for anybody
    7 | needs = "french >= 0"
      |         ^^^^^^^^^^^^^ leave it out

1 error
"#,
    );
    wrong(
        r#"steps = [{ needs = "french", for = "9s", if = "waiting >= 0" }, { }]"#,
        r#"
t.toml:7:47: error: this holds for any queue
    7 | steps = [{ needs = "french", for = "9s", if = "waiting >= 0" }, { }]
      |                                               ^^^^^^^^^^^^^^ leave it out

1 error
"#,
    );
}

#[test]
fn steps_have_their_times() {
    wrong(
        r#"steps = [{ needs = "french" }, { for = "5s", if = "waiting > 1" }]"#,
        r#"
t.toml:7:10: error: a step that is not the last needs `for`
    7 | steps = [{ needs = "french" }, { for = "5s", if = "waiting > 1" }]
      |          ^^^^^^^^^^^^^^^^^^^^ add for = "30s"

t.toml:7:40: error: the last step lasts until the contact is served or leaves
    7 | steps = [{ needs = "french" }, { for = "5s", if = "waiting > 1" }]
      |                                        ^^^^ take `for` out, or add a step behind it

t.toml:7:51: error: the last step is always taken
    7 | steps = [{ needs = "french" }, { for = "5s", if = "waiting > 1" }]
      |                                                   ^^^^^^^^^^^^^ take `if` out, or add a step behind it

3 errors
"#,
    );
}

#[test]
fn steps_have_their_keys() {
    wrong(
        r#"steps = [{ need = "french", for = "5s" }, { needs = "french", for = 5 }, "french", { }]"#,
        r#"
t.toml:7:12: error: unknown key `need` in a step
    7 | steps = [{ need = "french", for = "5s" }, { needs = "french", for = 5 }, "french", { }]
      |            ^^^^ did you mean `needs`?

t.toml:7:69: error: a duration needs its unit
    7 | steps = [{ need = "french", for = "5s" }, { needs = "french", for = 5 }, "french", { }]
      |                                                                     ^ write "5s" for seconds

t.toml:7:74: error: a step is a table
    7 | steps = [{ need = "french", for = "5s" }, { needs = "french", for = 5 }, "french", { }]
      |                                                                          ^^^^^^^^ write { needs = "…", for = "30s" }

3 errors
"#,
    );
}

#[test]
fn demand_and_steps_are_one_too_many() {
    wrong(
        r#"needs = "french"
steps = [{ needs = "french" }]"#,
        r#"
t.toml:7:9: error: `needs` and `steps` say the same thing twice
    7 | needs = "french"
      |         ^^^^^^^^ write it as the first step's `needs`
      = the steps at t.toml:8:9

1 error
"#,
    );
}

#[test]
fn numbers_out_of_range() {
    wrong(
        r#"tries = 0
max_talking = 0
ageing = { per_minute = 0 }"#,
        r#"
t.toml:7:9: error: `tries` cannot be 0
    7 | tries = 0
      |         ^ from 1 to 100

t.toml:8:15: error: `max_talking` cannot be this
    8 | max_talking = 0
      |               ^ from 1 to 100000, or "off"

t.toml:9:25: error: `per_minute` cannot be 0
    9 | ageing = { per_minute = 0 }
      |                         ^ from 1 to 10000

3 errors
"#,
    );
}

#[test]
fn rules_with_mistakes() {
    wrong(
        r#"rules = [{ if = "tier == 'gold'", priority = 2000 }, { if = "caller > 5", agent = "7" }, { if = "caller == ''" }]
sticky = { remember = "1s" }"#,
        r#"
t.toml:7:18: error: nothing here is called `tier`
    7 | rules = [{ if = "tier == 'gold'", priority = 2000 }, { if = "caller > 5", agent = "7" }, { if = "caller == ''" }]
      |                  ^^^^ there is: caller, dialled, language, and data.… for what is attached

t.toml:7:46: error: `priority` cannot be 2000
    7 | rules = [{ if = "tier == 'gold'", priority = 2000 }, { if = "caller > 5", agent = "7" }, { if = "caller == ''" }]
      |                                              ^^^^ from -1000 to 1000

t.toml:7:62: error: a text cannot be compared with a number
    7 | rules = [{ if = "tier == 'gold'", priority = 2000 }, { if = "caller > 5", agent = "7" }, { if = "caller == ''" }]
      |                                                              ^^^^^^^^^^ write the number as a text, or `.number()` behind the text

t.toml:7:83: error: there is no agent "7"
    7 | rules = [{ if = "tier == 'gold'", priority = 2000 }, { if = "caller > 5", agent = "7" }, { if = "caller == ''" }]
      |                                                                                   ^^^ there is no agent at all

t.toml:7:90: error: this rule does nothing
    7 | rules = [{ if = "tier == 'gold'", priority = 2000 }, { if = "caller > 5", agent = "7" }, { if = "caller == ''" }]
      |                                                                                          ^^^^^^^^^^^^^^^^^^^^^^^ give it priority, needs or agent

t.toml:8:10: error: queue q needs queue.sticky (generation 3), level is 1
    8 | sticky = { remember = "1s" }
      |          ^^^^^^^^^^^^^^^^^^^ set generation.level = 3, or enable = ["queue.sticky"]

t.toml:8:23: error: `remember` cannot be 1s
    8 | sticky = { remember = "1s" }
      |                       ^^^^ from 1m to 90d

7 errors
"#,
    );
}

#[test]
fn a_rule_whose_name_could_be_taken_for_its_place() {
    wrong(
        r#"rules = [{ name = "2", priority = 1 }]"#,
        r#"
t.toml:7:19: error: a number is no name for a rule
    7 | rules = [{ name = "2", priority = 1 }]
      |                   ^^^ say whom it is for, as in name = "gold customers"

1 error
"#,
    );
}
