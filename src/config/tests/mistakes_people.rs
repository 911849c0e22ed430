//! Mistakes in names, references, ranges and secrets.

use super::{read, refused};

#[test]
fn a_name_that_is_missing() {
    refused(
        r#"
[[queue]]
wrap_up = "5s"
[[agent]]
name = "Anna"
"#,
        r#"
t.toml:1:1: error: [[queue]] needs `name`
    1 | [[queue]]
      | ^^^^^^^^^ add name = …

t.toml:3:1: error: [[agent]] needs `id`
    3 | [[agent]]
      | ^^^^^^^^^ add id = …

2 errors
"#,
    );
}

#[test]
fn two_of_one_name() {
    refused(
        r#"
[[queue]]
name = "a"
[[phone]]
id = "a"
[[queue]]
name = "a"
"#,
        r#"
t.toml:6:8: error: there are two queues named "a"
    6 | name = "a"
      |        ^^^ give one of them another name
      = the first stands at t.toml:2:8

1 error
"#,
    );
}

#[test]
fn names_that_are_none() {
    refused(
        r#"
[[queue]]
name = "customer care"
[[agent]]
id = ""
[[phone]]
id = "安娜"
"#,
        r#"
t.toml:2:8: error: a name cannot contain ` `
    2 | name = "customer care"
      |        ^^^^^^^^^^^^^^^ use letters, digits, `-`, `_` and `.`

t.toml:4:6: error: a name cannot be empty
    4 | id = ""
      |      ^^ write a word

t.toml:6:6: error: an id cannot contain `安`
    6 | id = "安娜"
      |      ^^^^^^ an id is dialled: use Latin letters and digits

3 errors
"#,
    );
}

#[test]
fn references_that_lead_nowhere() {
    refused(
        r#"
[[queue]]
name = "support"
[[phone]]
id = "1001"
[[skill]]
name = "french"
[[agent]]
id = "1"
phone = "1010"
queues = ["support", "sales"]
skills = { frensh = 3, french = 11 }
class = "nationl"
"#,
        r#"
t.toml:9:9: error: there is no phone "1010"
    9 | phone = "1010"
      |         ^^^^^^ did you mean `1001`?

t.toml:10:22: error: there is no queue "sales"
   10 | queues = ["support", "sales"]
      |                      ^^^^^^^ there is: support

t.toml:11:12: error: there is no skill "frensh"
   11 | skills = { frensh = 3, french = 11 }
      |            ^^^^^^ did you mean `french`?

t.toml:11:33: error: a skill level cannot be 11
   11 | skills = { frensh = 3, french = 11 }
      |                                 ^^ from 1 (little) to 10 (best)

t.toml:12:9: error: `class` cannot be "nationl"
   12 | class = "nationl"
      |         ^^^^^^^^^ did you mean "national"?

5 errors
"#,
    );
}

#[test]
fn an_agent_who_starts_ready_without_a_phone() {
    refused(
        r#"
[[agent]]
id = "1"
initial_state = "ready"
"#,
        r#"
t.toml:3:17: error: an agent without a phone cannot start as ready
    3 | initial_state = "ready"
      |                 ^^^^^^^ add `phone`

1 error
"#,
    );
}

#[test]
fn a_pin_that_cannot_be_keyed_in() {
    refused(
        r#"
[[agent]]
id = "1"
pin = "swordfish"
"#,
        r#"
t.toml:3:7: error: a PIN is keyed in on a telephone
    3 | pin = "•••••••••"
      |       ^^^^^^^^^^^ 3 to 16 digits

1 error
"#,
    );
}

#[test]
fn two_ways_to_give_a_password() {
    refused(
        r#"
[[phone]]
id = "1"
password = "swordfish"
password_env = "STROWGER_PASSWORD"
"#,
        r#"
t.toml:4:16: error: `password` and `password_env` are both given
    4 | password_env = "STROWGER_PASSWORD"
      |                ^^^^^^^^^^^^^^^^^^^ keep one of them
      = the other stands at t.toml:3:12

1 error
"#,
    );
}

#[test]
fn a_password_that_is_not_there() {
    refused(
        r#"
[[phone]]
id = "1"
password_env = "NOT_SET"
[[phone]]
id = "2"
password_env = "EMPTY"
[[phone]]
id = "3"
password_file = "no/such/file"
"#,
        r#"
t.toml:3:16: error: there is no environment variable NOT_SET
    3 | password_env = "NOT_SET"
      |                ^^^^^^^^^ set it before the start

t.toml:6:16: error: the environment variable EMPTY is empty
    6 | password_env = "EMPTY"
      |                ^^^^^^^ set it before the start

t.toml:9:17: error: no/such/file: there is no such file
    9 | password_file = "no/such/file"
      |                 ^^^^^^^^^^^^^^ write the name of a file that holds the secret on one line

3 errors
"#,
    );
}

#[test]
fn ranges_that_are_none() {
    refused(
        r#"
[[phone]]
range = "0-999"
[[phone]]
range = "10-01"
[[phone]]
range = "a-b"
"#,
        r#"
t.toml:2:9: error: `0-999` is not a range
    2 | range = "0-999"
      |         ^^^^^^^ write "0000-0999": two numbers of the same length, the smaller first

t.toml:4:9: error: `10-01` is not a range
    4 | range = "10-01"
      |         ^^^^^^^ write "0000-0999": two numbers of the same length, the smaller first

t.toml:6:9: error: `a-b` is not a range
    6 | range = "a-b"
      |         ^^^^^ write "0000-0999": two numbers of the same length, the smaller first

3 errors
"#,
    );
}

#[test]
fn a_range_of_one_id() {
    refused(
        r#"
[[phone]]
id = "1001"
range = "0-9"
"#,
        r#"
t.toml:2:6: error: every phone of this range would have the same `id`
    2 | id = "1001"
      |      ^^^^^^ put {n} where the number goes, or leave it out

1 error
"#,
    );
}

#[test]
fn a_range_with_one_mistake_tells_it_once() {
    refused(
        r#"
[[agent]]
range = "000-999"
phone = "{n}"
queues = ["support"]
"#,
        r#"
t.toml:3:9: error: there is no phone "000"
    3 | phone = "{n}"
      |         ^^^^^ there is no phone at all

t.toml:4:11: error: there is no queue "support"
    4 | queues = ["support"]
      |           ^^^^^^^^^ there is no queue at all

2 errors
"#,
    );
}

#[test]
fn a_number_without_a_range() {
    refused(
        r#"
[[phone]]
id = "{n}"
"#,
        r#"
t.toml:2:6: error: `{n}` stands for the number of a range
    2 | id = "{n}"
      |      ^^^^^ add range = "…" or write the number

1 error
"#,
    );
}

#[test]
fn more_than_the_process_takes() {
    refused(
        r#"
[[phone]]
range = "000000-100000"
"#,
        r#"
t.toml:1:1: error: there are more than 100000 phones
    1 | [[phone]]
      | ^^^^^^^^^ this is the most one process takes

1 error
"#,
    );
}

#[test]
fn reasons_have_a_code_and_a_name_of_their_own() {
    refused(
        r#"
[agent_states]
not_ready_reason = "always"
[[reason]]
code = 1
name = "break"
[[reason]]
code = 1
name = "lunch"
[[reason]]
code = 100
name = "missed"
"#,
        r#"
t.toml:2:20: error: `not_ready_reason` cannot be "always"
    2 | not_ready_reason = "always"
      |                    ^^^^^^^^ one of "optional", "mandatory"

t.toml:7:8: error: two reasons have this code
    7 | code = 1
      |        ^ each has its own
      = the first stands at t.toml:3:1

t.toml:10:8: error: 100 is no code that is dialled
   10 | code = 100
      |        ^^^ one or two digits: from 1 to 99

t.toml:11:8: error: `missed` is a reason the system gives
   11 | name = "missed"
      |        ^^^^^^^^ take another word

4 errors
"#,
    );
    refused(
        r#"
[agent_states]
sign_off_reason = "mandatory"
"#,
        r#"
t.toml:2:19: error: `sign_off_reason` asks for a reason and there is none
    2 | sign_off_reason = "mandatory"
      |                   ^^^^^^^^^^^ add a [[reason]]

1 error
"#,
    );
}

#[test]
fn reasons_are_read_in_the_order_of_their_codes() {
    let text = "[agent_states]\nnot_ready_reason = \"mandatory\"\n[[reason]]\ncode = 12\nname = \"training\"\n\
        [[reason]]\ncode = 1\nname = \"break\"\n";
    let reasons = read(text).unwrap().directory.reasons;
    assert_eq!((reasons.for_not_ready, reasons.for_sign_off), (true, false));
    assert_eq!((reasons.name_of(1), reasons.name_of(12), reasons.name_of(2)), (Some("break"), Some("training"), None));
}
