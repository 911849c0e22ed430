//! `[generation]` and what each module brings.

use super::{read, refused, warned};

#[test]
fn what_is_absent_is_refused_by_name() {
    refused(
        r#"
[[skill]]
name = "french"
[[queue]]
name = "support"
needs = "french"
"#,
        r#"
t.toml:5:9: error: queue support needs queue.skills (generation 3), level is 1
    5 | needs = "french"
      |         ^^^^^^^^ set generation.level = 3, or enable = ["queue.skills"]

1 error
"#,
    );
}

#[test]
fn a_module_taken_out_is_absent() {
    refused(
        r#"
[generation]
level = 3
disable = ["queue.skills"]
[[skill]]
name = "french"
[[queue]]
name = "support"
steps = [{ needs = "french" }]
"#,
        r#"
t.toml:2:9: warning: generation 3 is not all there: ivr, cti, outbound will come
    2 | level = 3
      |         ^ what is there can be used

t.toml:8:9: error: queue support needs queue.skills, which generation.disable takes out
    8 | steps = [{ needs = "french" }]
      |         ^^^^^^^^^^^^^^^^^^^^^^ leave it out, or take the module out of `disable`

1 error
"#,
    );
}

#[test]
fn a_level_that_is_not_all_built_says_so_once() {
    warned(
        r#"
[generation]
level = 2
"#,
        r#"
t.toml:2:9: warning: generation 2 is not all there: ivr will come
    2 | level = 2
      |         ^ what is there can be used
"#,
    );
}

#[test]
fn mistakes_in_modules() {
    refused(
        r#"
[generation]
enable = ["queue.skils", "acd", "queue.skills", "tenancy"]
disable = ["acd", "queue.skills"]
"#,
        r#"
t.toml:2:11: error: there is no module "queue.skils"
    2 | enable = ["queue.skils", "acd", "queue.skills", "tenancy"]
      |           ^^^^^^^^^^^^^ did you mean `queue.skills`?

t.toml:2:26: error: acd is part of generation 1
    2 | enable = ["queue.skils", "acd", "queue.skills", "tenancy"]
      |                          ^^^^^ take it out: it is there already

t.toml:2:49: error: tenancy comes with a later version
    2 | enable = ["queue.skils", "acd", "queue.skills", "tenancy"]
      |                                                 ^^^^^^^^^ leave it out

t.toml:3:12: error: nothing works without acd
    3 | disable = ["acd", "queue.skills"]
      |            ^^^^^ take it out

t.toml:3:19: error: queue.skills cannot be enabled and disabled
    3 | disable = ["acd", "queue.skills"]
      |                   ^^^^^^^^^^^^^^ decide
      = it is enabled at t.toml:2:33

5 errors
"#,
    );
}

#[test]
fn a_module_can_be_disabled_when_nothing_uses_it() {
    assert!(read("[generation]\ndisable = [\"queue.skills\"]").is_ok());
}

#[test]
fn callbacks_belong_to_generation_two_and_to_a_queue_that_has_them() {
    refused(
        r#"
[[queue]]
name = "support"
callback = { first = "caller" }
keys = { 5 = "callback:support" }
"#,
        r#"
t.toml:3:12: error: queue support needs queue.callback (generation 2), level is 1
    3 | callback = { first = "caller" }
      |            ^^^^^^^^^^^^^^^^^^^^ set generation.level = 2, or enable = ["queue.callback"]

t.toml:4:14: error: `callback:support` needs queue.callback (generation 2), level is 1
    4 | keys = { 5 = "callback:support" }
      |              ^^^^^^^^^^^^^^^^^^ set generation.level = 2, or enable = ["queue.callback"]

2 errors
"#,
    );
    refused(
        r#"
[generation]
level = 1
enable = ["queue.callback"]
[[queue]]
name = "support"
callback = { ring = "50s", class = "free" }
[[queue]]
name = "sales"
keys = { 5 = "callback:support", 6 = "callback:sales" }
"#,
        r#"
t.toml:6:21: error: `ring` cannot be 50s
    6 | callback = { ring = "50s", class = "free" }
      |                     ^^^^^ from 5s to 35s

t.toml:6:36: error: `class` cannot be "free"
    6 | callback = { ring = "50s", class = "free" }
      |                                    ^^^^^^ one of "internal", "local", "national", "international", "premium"

t.toml:8:8: error: queue sales leads to callback:sales, and sales calls nobody back
    8 | name = "sales"
      |        ^^^^^^^ give [[queue]] sales a `callback`

3 errors
"#,
    );
    refused(
        r#"
[generation]
level = 1
enable = ["queue.callback"]
[[queue]]
name = "sales"
max_wait = { after = "5m", to = "callback:sales" }
[[number]]
match = "4008"
to = "callback:sales"
"#,
        r#"
t.toml:5:8: error: queue sales leads to callback:sales, and sales calls nobody back
    5 | name = "sales"
      |        ^^^^^^^ give [[queue]] sales a `callback`

t.toml:7:1: error: this leads to callback:sales, and sales calls nobody back
    7 | [[number]]
      | ^^^^^^^^^^ give [[queue]] sales a `callback`

2 errors
"#,
    );
}

#[test]
fn callbacks_that_no_route_may_take_are_warned_of() {
    let house = |class: &str| {
        format!(
            r#"
[generation]
level = 1
enable = ["queue.callback"]
[[trunk]]
name = "carrier"
host = "192.0.2.9"
[[queue]]
name = "support"
callback = {{ class = "national" }}
[[route]]
match = "0*"
trunks = ["carrier"]
class = "{class}"
"#
        )
    };
    warned(&house("national"), "");
    warned(
        &house("international"),
        r#"
t.toml:8:8: warning: queue support calls back, and no [[route]] of class national or below leads out
    8 | name = "support"
      |        ^^^^^^^^^ write a [[route]], or give `callback` the `class` of one that is there
"#,
    );
}

#[test]
fn messages_come_with_generation_two() {
    refused(
        r#"
[[queue]]
name = "support"
keys = { 1 = "voicemail:support" }
"#,
        r#"
t.toml:3:14: error: `voicemail:support` needs queue.voicemail (generation 2), level is 1
    3 | keys = { 1 = "voicemail:support" }
      |              ^^^^^^^^^^^^^^^^^^^ set generation.level = 2, or enable = ["queue.voicemail"]

1 error
"#,
    );
}
