//! Values of the wrong kind.

use super::refused;

#[test]
fn a_number_in_quotes() {
    refused(
        r#"
[limits]
max_calls = "5000"
"#,
        r#"
t.toml:2:13: error: a number is expected here, not a text
    2 | max_calls = "5000"
      |             ^^^^^^ write it without quotes

1 error
"#,
    );
}

#[test]
fn a_number_without_quotes() {
    refused(
        r#"
[[phone]]
id = 1001
"#,
        r#"
t.toml:2:6: error: a text is expected here, not a number
    2 | id = 1001
      |      ^^^^ write "1001" in quotes

1 error
"#,
    );
}

#[test]
fn a_word_in_place_of_true() {
    refused(
        r#"
[[trunk]]
name = "carrier"
host = "sip.example.net"
register = "yes"
"#,
        r#"
t.toml:4:12: error: true or false is expected here, not a text
    4 | register = "yes"
      |            ^^^^^ write it without quotes

1 error
"#,
    );
}

#[test]
fn a_text_in_place_of_a_list() {
    refused(
        r#"
[media]
codecs = "pcmu"
"#,
        r#"
t.toml:2:10: error: a list is expected here
    2 | codecs = "pcmu"
      |          ^^^^^^ write ["pcmu"]

1 error
"#,
    );
}

#[test]
fn a_list_in_place_of_a_text() {
    refused(
        r#"
[http]
listen = ["127.0.0.1:80"]
"#,
        r#"
t.toml:2:10: error: a text is expected here, not a list
    2 | listen = ["127.0.0.1:80"]
      |          ^^^^^^^^^^^^^^^^ write it in quotes

1 error
"#,
    );
}

#[test]
fn a_number_that_is_too_large() {
    refused(
        r#"
[limits]
max_calls = 99999999999999999999
shards = 65
"#,
        r#"
t.toml:2:13: error: this number is out of any range
    2 | max_calls = 99999999999999999999
      |             ^^^^^^^^^^^^^^^^^^^^ write a smaller one

t.toml:3:10: error: `shards` cannot be 65
    3 | shards = 65
      |          ^^ from 1 to 64

2 errors
"#,
    );
}

#[test]
fn a_table_in_place_of_a_text() {
    refused(
        r#"
[site]
domain = { a = 1 }
"#,
        r#"
t.toml:2:10: error: a text is expected here, not a table
    2 | domain = { a = 1 }
      |          ^^^^^^^^^ write it in quotes

1 error
"#,
    );
}

#[test]
fn a_text_over_two_lines() {
    refused(
        r#"
[site]
domain = """a
b"""
"#,
        r#"
t.toml:2:10: error: a text here is one line
    2 | domain = """a
      |          ^^^^ take the line break out

1 error
"#,
    );
}

#[test]
fn a_duration_without_a_unit() {
    refused(
        r#"
[[queue]]
name = "support"
wrap_up = 5
ring_timeout = "20"
"#,
        r#"
t.toml:3:11: error: a duration needs its unit
    3 | wrap_up = 5
      |           ^ write "5s" for seconds

t.toml:4:16: error: `20` is not a duration
    4 | ring_timeout = "20"
      |                ^^^^ write "20s", "1m30s", "10m" or "250ms"

2 errors
"#,
    );
}

#[test]
fn a_duration_out_of_range() {
    refused(
        r#"
[[queue]]
name = "support"
ring_timeout = "10m"
announce = { every = "1s" }
"#,
        r#"
t.toml:3:16: error: `ring_timeout` cannot be 10m
    3 | ring_timeout = "10m"
      |                ^^^^^ from 1s to 3m

t.toml:4:22: error: `every` cannot be 1s
    4 | announce = { every = "1s" }
      |                      ^^^^ from 5s to 1h

2 errors
"#,
    );
}

#[test]
fn a_word_that_is_none_of_the_choices() {
    refused(
        r#"
[[queue]]
name = "support"
answer = "atonce"
wrap_up_mode = "always"
"#,
        r#"
t.toml:3:10: error: `answer` cannot be "atonce"
    3 | answer = "atonce"
      |          ^^^^^^^^ did you mean "at-once"?

t.toml:4:16: error: `wrap_up_mode` cannot be "always"
    4 | wrap_up_mode = "always"
      |                ^^^^^^^^ one of "fixed", "capped", "capped-not-ready", "agent-ended"

2 errors
"#,
    );
}

#[test]
fn an_inner_key_that_does_not_exist() {
    refused(
        r#"
[[queue]]
name = "support"
announce = { positon = true }
"#,
        r#"
t.toml:3:14: error: unknown key `positon` in announce
    3 | announce = { positon = true }
      |              ^^^^^^^ did you mean `position`?

1 error
"#,
    );
}
