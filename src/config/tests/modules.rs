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
t.toml:2:9: warning: generation 3 is not all there: ivr, queue.callback, cti, outbound will come
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
t.toml:2:9: warning: generation 2 is not all there: ivr, queue.callback will come
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
