//! Mistakes in a file as a whole: its syntax, tables and keys.

use super::refused;

#[test]
fn text_that_is_not_toml_is_shown_where_it_breaks() {
    refused(
        r#"
[sip
listen = []
[[queue]]
name = "a
"#,
        r#"
t.toml:1:5: error: unclosed table, expected `]`
    1 | [sip
      |     ^ this is not TOML

t.toml:4:10: error: invalid basic string, expected `"`
    4 | name = "a
      |          ^ this is not TOML

2 errors
"#,
    );
}

#[test]
fn an_unknown_key_gets_a_suggestion() {
    refused(
        r#"
[[queue]]
name = "support"
ring_timout = "20s"
"#,
        r#"
t.toml:3:1: error: unknown key `ring_timout` in [[queue]]
    3 | ring_timout = "20s"
      | ^^^^^^^^^^^ did you mean `ring_timeout`?

1 error
"#,
    );
}

#[test]
fn an_unknown_key_that_is_like_none_gets_the_list() {
    refused(
        r#"
[site]
colour = "red"
"#,
        r#"
t.toml:2:1: error: unknown key `colour` in [site]
    2 | colour = "red"
      | ^^^^^^ there is: domain, language, region, time_zone

1 error
"#,
    );
}

#[test]
fn a_capital_letter_is_a_slip() {
    refused(
        r#"
[site]
Domain = "a"
"#,
        r#"
t.toml:2:1: error: unknown key `Domain` in [site]
    2 | Domain = "a"
      | ^^^^^^ did you mean `domain`?

1 error
"#,
    );
}

#[test]
fn an_unknown_table_gets_a_suggestion() {
    refused(
        r#"
[[agents]]
id = "1"
"#,
        r#"
t.toml:1:3: error: unknown table [agents]
    1 | [[agents]]
      |   ^^^^^^ did you mean `agent`?

1 error
"#,
    );
}

#[test]
fn a_key_outside_of_tables_is_told_so() {
    refused(
        r#"
queue = "support"
level = 1
"#,
        r#"
t.toml:1:1: error: there can be several queues
    1 | queue = "support"
      | ^^^^^ write [[queue]] with double brackets

t.toml:2:1: error: `level` stands in no table
    2 | level = 1
      | ^^^^^ write it below [generation]

2 errors
"#,
    );
}

#[test]
fn brackets_are_counted() {
    refused(
        r#"
[[sip]]
listen = []
[queue]
name = "a"
"#,
        r#"
t.toml:1:3: error: there is only one [sip]
    1 | [[sip]]
      |   ^^^ write [sip] with single brackets

t.toml:3:2: error: there can be several queues
    3 | [queue]
      |  ^^^^^ write [[queue]] with double brackets

2 errors
"#,
    );
}

#[test]
fn several_mistakes_are_told_at_once_in_order() {
    refused(
        r#"
[limits]
max_calls = 0
[[queue]]
name = "support"
wrap_up = "5"
music = "jazz"
"#,
        r#"
t.toml:2:13: error: `max_calls` cannot be 0
    2 | max_calls = 0
      |             ^ from 1 to 100000

t.toml:5:11: error: `5` is not a duration
    5 | wrap_up = "5"
      |           ^^^ write "20s", "1m30s", "10m" or "250ms"

t.toml:6:9: error: there is no sound "music/jazz"
    6 | music = "jazz"
      |         ^^^^^^ there is: default

3 errors
"#,
    );
}

#[test]
fn wide_characters_are_marked_right() {
    refused(
        r#"
[[queue]]
name = "客服"
keys = { 1 = "announcement:再见" }
"#,
        r#"
t.toml:3:14: error: there is no sound "announcements/再见"
    3 | keys = { 1 = "announcement:再见" }
      |              ^^^^^^^^^^^^^^^^^^^ there is: closed, error, goodbye, invalid-number, no-agents, not-allowed, please-hold, record-notice, sorry, transfer, unavailable, welcome

1 error
"#,
    );
}
