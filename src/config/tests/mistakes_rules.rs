//! Mistakes in trunks, routes, numbers, calendars and queues.

use super::{refused, warned};

#[test]
fn a_trunk_that_leads_nowhere() {
    refused(
        r#"
[[trunk]]
name = "carrier"
"#,
        r#"
t.toml:2:8: error: trunk "carrier" can neither call nor be called
    2 | name = "carrier"
      |        ^^^^^^^^^ add `host`, `allow_from`, or both

1 error
"#,
    );
}

#[test]
fn registration_without_credentials() {
    refused(
        r#"
[[trunk]]
name = "carrier"
host = "sip.example.net"
register = true
"#,
        r#"
t.toml:4:12: error: to register needs `username`
    4 | register = true
      |            ^^^^ the carrier gave you one

1 error
"#,
    );
}

#[test]
fn a_username_without_a_password() {
    refused(
        r#"
[[trunk]]
name = "carrier"
host = "sip.example.net"
username = "u"
"#,
        r#"
t.toml:4:12: error: `username` needs a password
    4 | username = "u"
      |            ^^^ add `password_file`, `password_env` or `password`

1 error
"#,
    );
}

#[test]
fn a_password_without_a_username() {
    refused(
        r#"
[[trunk]]
name = "carrier"
host = "sip.example.net"
password = "swordfish"
"#,
        r#"
t.toml:4:12: error: a password needs `username`
    4 | password = "•••••••••"
      |            ^^^^^^^^^^^ add `username`

1 error
"#,
    );
}

#[test]
fn a_realm_without_an_account() {
    refused(
        r#"
[[trunk]]
name = "carrier"
host = "sip.example.net"
realm = "sip.example.net"
"#,
        r#"
t.toml:4:9: error: a realm needs `username` and a password
    4 | realm = "sip.example.net"
      |         ^^^^^^^^^^^^^^^^^ add them, or leave `realm` out

1 error
"#,
    );
}

#[test]
fn a_host_that_is_none() {
    refused(
        r#"
[[trunk]]
name = "a"
host = "sip:example.net"
[[trunk]]
name = "b"
host = "example.net:70000"
"#,
        r#"
t.toml:3:8: error: `sip:example.net` is a SIP address
    3 | host = "sip:example.net"
      |        ^^^^^^^^^^^^^^^^^ write the host alone, such as "sip.example.net"

t.toml:6:8: error: `70000` is not a port
    6 | host = "example.net:70000"
      |        ^^^^^^^^^^^^^^^^^^^ a port is a number from 1 to 65535

2 errors
"#,
    );
}

#[test]
fn a_block_of_two_trunks() {
    refused(
        r#"
[[trunk]]
name = "a"
allow_from = ["192.0.2.0/24"]
[[trunk]]
name = "b"
allow_from = ["198.51.100.1", "192.0.2.0/24"]
"#,
        r#"
t.toml:6:31: error: 192.0.2.0/24 belongs to two trunks
    6 | allow_from = ["198.51.100.1", "192.0.2.0/24"]
      |                               ^^^^^^^^^^^^^^ a caller's address decides the trunk
      = the first stands at t.toml:3:15

1 error
"#,
    );
}

#[test]
fn a_route_without_a_trunk() {
    refused(
        r#"
[[route]]
match = "+*"
[[route]]
match = "1"
trunks = []
"#,
        r#"
t.toml:1:1: error: [[route]] needs `trunks`
    1 | [[route]]
      | ^^^^^^^^^ add trunks = …

t.toml:5:10: error: a route needs at least one trunk
    5 | trunks = []
      |          ^^ write ["carrier"]

2 errors
"#,
    );
}

#[test]
fn a_route_by_an_inward_trunk() {
    refused(
        r#"
[[trunk]]
name = "a"
allow_from = ["192.0.2.1"]
[[route]]
match = "+*"
trunks = ["a", "b"]
"#,
        r#"
t.toml:6:11: error: trunk "a" has no `host`: nothing can leave by it
    6 | trunks = ["a", "b"]
      |           ^^^ add `host` there

t.toml:6:16: error: there is no trunk "b"
    6 | trunks = ["a", "b"]
      |                ^^^ there is: a

2 errors
"#,
    );
}

#[test]
fn a_route_with_wrong_values() {
    refused(
        r#"
[[trunk]]
name = "carrier"
host = "sip.example.net"
[[route]]
match = "00*"
trunks = ["carrier"]
class = "nationl"
strip = 3
prepend = "abc"
caller_id = "Anna"
"#,
        r#"
t.toml:7:9: error: `class` cannot be "nationl"
    7 | class = "nationl"
      |         ^^^^^^^^^ did you mean "national"?

t.toml:8:9: error: strip 3 takes away more than `match` is sure to have
    8 | strip = 3
      |         ^ at most 2

t.toml:9:11: error: `abc` cannot be put before a number
    9 | prepend = "abc"
      |           ^^^^^ write digits, with `+` only in front

t.toml:10:13: error: `Anna` is not a number
   10 | caller_id = "Anna"
      |             ^^^^^^ write digits without blanks, or `+` and an E.164 number

4 errors
"#,
    );
}

#[test]
fn patterns_that_are_none() {
    refused(
        r#"
[[queue]]
name = "support"
[[number]]
match = "40*8"
to = "queue:support"
[[number]]
match = "40 08"
to = "queue:support"
[[number]]
match = ""
to = "queue:support"
"#,
        r#"
t.toml:4:9: error: `*` stands for any rest and can only be the last character
    4 | match = "40*8"
      |         ^^^^^^ write e.g. "4008*"

t.toml:7:9: error: a number to match cannot contain ` `
    7 | match = "40 08"
      |         ^^^^^^^ write digits without blanks, with `+` only in front and `*` only at the end

t.toml:10:9: error: an empty `match` matches nothing
   10 | match = ""
      |         ^^ write a number, or "*" for any

3 errors
"#,
    );
}

#[test]
fn targets_that_are_none() {
    refused(
        r#"
[[queue]]
name = "support"
[[number]]
match = "1"
to = "support"
[[number]]
match = "2"
to = "queue:suport"
[[number]]
match = "3"
to = "quue:support"
[[number]]
match = "4"
"#,
        r#"
t.toml:5:6: error: `support` does not say what it leads to
    5 | to = "support"
      |      ^^^^^^^^^ did you mean "queue:support"?

t.toml:8:6: error: there is no queue "suport"
    8 | to = "queue:suport"
      |      ^^^^^^^^^^^^^^ did you mean `support`?

t.toml:11:6: error: `quue:` is no kind of target
   11 | to = "quue:support"
      |      ^^^^^^^^^^^^^^ did you mean `queue`?

t.toml:12:1: error: [[number]] needs `to`
   12 | [[number]]
      | ^^^^^^^^^^ add to = …

4 errors
"#,
    );
}

#[test]
fn an_outward_number_without_a_route() {
    refused(
        r#"
[[trunk]]
name = "carrier"
host = "sip.example.net"
[[route]]
match = "+86*"
trunks = ["carrier"]
[[number]]
match = "1"
to = "number:+4930123456"
[[number]]
match = "2"
to = "number:+49 30"
"#,
        r#"
t.toml:9:6: error: no [[route]] leads to +4930123456
    9 | to = "number:+4930123456"
      |      ^^^^^^^^^^^^^^^^^^^^ add a route whose `match` fits

t.toml:12:6: error: `+49 30` is not an E.164 number
   12 | to = "number:+49 30"
      |      ^^^^^^^^^^^^^^^ write `+`, the country code and up to 15 digits in all, without blanks

2 errors
"#,
    );
}

#[test]
fn a_sound_that_does_not_exist() {
    refused(
        r#"
[[queue]]
name = "support"
max_wait = { after = "5m", to = "announcement:sory" }
music = "music/defalt"
record_notice = "queue/notice"
"#,
        r#"
t.toml:3:33: error: there is no sound "announcements/sory"
    3 | max_wait = { after = "5m", to = "announcement:sory" }
      |                                 ^^^^^^^^^^^^^^^^^^^ did you mean `sorry`?

t.toml:4:9: error: there is no sound "music/defalt"
    4 | music = "music/defalt"
      |         ^^^^^^^^^^^^^^ did you mean `music/default`?

t.toml:5:17: error: there is no sound "queue/notice"
    5 | record_notice = "queue/notice"
      |                 ^^^^^^^^^^^^^^ there are 84, such as agent/agent-not-in-call, agent/barging, agent/callback, agent/enter-agent-id, agent/enter-pin, agent/extended, agent/give-a-reason, agent/invalid

3 errors
"#,
    );
}

#[test]
fn days_with_hours_of_their_own() {
    refused(
        r#"
[[calendar]]
name = "a"
open = { mon-fri = "09:00-18:00" }
exceptions = { "2026-12-24..2026-12-26" = "09:00-12:00", "2026-12-25" = "10:00-11:00", "2026-12" = "1:00-2:00" }
"#,
        r#"
t.toml:4:58: error: these days have their hours twice
    4 | exceptions = { "2026-12-24..2026-12-26" = "09:00-12:00", "2026-12-25" = "10:00-11:00", "2026-12" = "1:00-2:00" }
      |                                                          ^^^^^^^^^^^^ take one out
      = the first stands at t.toml:4:16

t.toml:4:88: error: `2026-12` is not a date
    4 | exceptions = { "2026-12-24..2026-12-26" = "09:00-12:00", "2026-12-25" = "10:00-11:00", "2026-12" = "1:00-2:00" }
      |                                                                                        ^^^^^^^^^ write "2026-12-25" or "2026-10-01..2026-10-07"

2 errors
"#,
    );
}

#[test]
fn calendars() {
    refused(
        r#"
[[calendar]]
name = "a"
open = { mon-fry = "09:00-18:00", sat = "9-12", sun = "09:00-09:00" }
closed_on = ["2026-02-30", "2026-10-07..2026-10-01"]
"#,
        r#"
t.toml:3:10: error: `fry` is not a day of the week
    3 | open = { mon-fry = "09:00-18:00", sat = "9-12", sun = "09:00-09:00" }
      |          ^^^^^^^ did you mean "fri"?

t.toml:3:41: error: `9-12` are no opening hours
    3 | open = { mon-fry = "09:00-18:00", sat = "9-12", sun = "09:00-09:00" }
      |                                         ^^^^^^ write "09:00-18:00", at the latest until 24:00

t.toml:3:55: error: `09:00-09:00` ends where it begins
    3 | open = { mon-fry = "09:00-18:00", sat = "9-12", sun = "09:00-09:00" }
      |                                                       ^^^^^^^^^^^^^ write "00:00-24:00" for the whole day, "22:00-06:00" for a night

t.toml:4:14: error: `2026-02-30` is not a date
    4 | closed_on = ["2026-02-30", "2026-10-07..2026-10-01"]
      |              ^^^^^^^^^^^^ write "2026-12-25" or "2026-10-01..2026-10-07"

t.toml:4:28: error: `2026-10-07..2026-10-01` ends before it begins
    4 | closed_on = ["2026-02-30", "2026-10-07..2026-10-01"]
      |                            ^^^^^^^^^^^^^^^^^^^^^^^^ the earlier date comes first

5 errors
"#,
    );
}

#[test]
fn calendars_that_never_open_or_twice() {
    refused(
        r#"
[[calendar]]
name = "a"
[[calendar]]
name = "b"
open = {}
[[calendar]]
name = "c"
open = { mon-wed = "09:00-18:00", tue = "09:00-12:00", fri = ["09:00-12:00", "11:00-13:00"] }
"#,
        r#"
t.toml:1:1: error: [[calendar]] needs `open`
    1 | [[calendar]]
      | ^^^^^^^^^^^^ add open = …

t.toml:5:8: error: this calendar is never open
    5 | open = {}
      |        ^^ write { mon-fri = "09:00-18:00" }

t.toml:8:35: error: tue has its hours twice
    8 | open = { mon-wed = "09:00-18:00", tue = "09:00-12:00", fri = ["09:00-12:00", "11:00-13:00"] }
      |                                   ^^^ write several times of a day as ["09:00-12:00", "13:00-18:00"]
      = the first stands at t.toml:8:10

t.toml:8:62: error: these hours overlap
    8 | open = { mon-wed = "09:00-18:00", tue = "09:00-12:00", fri = ["09:00-12:00", "11:00-13:00"] }
      |                                                              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ write them one after another

4 errors
"#,
    );
}

#[test]
fn a_queue_that_overflows_into_itself() {
    refused(
        r#"
[[queue]]
name = "support"
max_length = { at = 5, to = "queue:support" }
"#,
        r#"
t.toml:3:29: error: this leads back into the same queue
    3 | max_length = { at = 5, to = "queue:support" }
      |                             ^^^^^^^^^^^^^^^ lead somewhere else

1 error
"#,
    );
}

#[test]
fn rules_that_go_round_in_a_circle() {
    refused(
        r#"
[[queue]]
name = "a"
max_length = { at = 5, to = "queue:b" }
[[queue]]
name = "b"
empty = { to = "queue:c" }
[[queue]]
name = "c"
closed = { to = "queue:a" }
"#,
        r#"
t.toml:9:17: error: these rules can send a caller round in a circle: a → b → c → a
    9 | closed = { to = "queue:a" }
      |                 ^^^^^^^^^ let one of them end, for instance with an announcement

1 error
"#,
    );
}

#[test]
fn a_rule_without_its_target() {
    refused(
        r##"
[[queue]]
name = "support"
max_length = { at = 5 }
hours = "office"
keys = { 12 = "queue:support" }
record = "120%"
"##,
        r##"
t.toml:3:14: error: max_length needs `to`
    3 | max_length = { at = 5 }
      |              ^^^^^^^^^^ add to = …

t.toml:4:9: error: there is no calendar "office"
    4 | hours = "office"
      |         ^^^^^^^^ there is no calendar at all

t.toml:5:10: error: `12` is not a key of a telephone
    5 | keys = { 12 = "queue:support" }
      |          ^^ one of 0 to 9, "*" and "#"

t.toml:6:10: error: `record` cannot be "120%"
    6 | record = "120%"
      |          ^^^^^^ "off", "all", or a share from "1%" to "99%"

4 errors
"##,
    );
}

#[test]
fn an_agent_who_can_never_sign_on_serves_nobody() {
    warned(
        r#"
[[number]]
match = "4008"
to = "queue:support"
[[queue]]
name = "support"
[[agent]]
id = "1001"
queues = ["support"]
"#,
        r#"
t.toml:5:8: warning: callers come to queue support, and no agent serves it
    5 | name = "support"
      |        ^^^^^^^^^ give agents the queue, or lead its callers on: `empty`, `min_staffed` or `max_wait`
t.toml:7:6: warning: agent 1001 can never sign on: there is neither a phone nor a PIN
    7 | id = "1001"
      |      ^^^^^^ add `phone` for a desk of his own, or `pin_file` for any
"#,
    );
}

#[test]
fn rules_that_lead_callers_round_in_time() {
    warned(
        r#"
[[queue]]
name = "a"
max_wait = { after = "1m", to = "queue:b" }
[[queue]]
name = "b"
empty = { to = "queue:a" }
"#,
        r#"
t.toml:6:16: warning: callers whom nobody serves go round here: a → b → a
    6 | empty = { to = "queue:a" }
      |                ^^^^^^^^^ let one of them end, for instance with an announcement; after 8 moves a caller stays where he is, or hears `sorry` where nobody is signed on
"#,
    );
}

#[test]
fn a_warning_that_warns_nobody_and_voicemail_that_is_off() {
    refused(
        r#"
[[queue]]
name = "support"
warning = { sound = "long-wait" }
voicemail = "off"
[[queue]]
name = "sales"
warning = { expected_wait = "0s", length = 0 }
voicemail = { longest = "1h" }
"#,
        r#"
t.toml:3:11: error: this warns nobody: neither `expected_wait` nor `length` is given
    3 | warning = { sound = "long-wait" }
      |           ^^^^^^^^^^^^^^^^^^^^^^^ give { expected_wait = "5m" }, { length = 20 } or both

t.toml:4:13: error: `voicemail` cannot be off
    4 | voicemail = "off"
      |             ^^^^^ take it out: nobody leaves a message where no key and no rule leads to `voicemail:`

t.toml:7:29: error: `expected_wait` cannot be 0s
    7 | warning = { expected_wait = "0s", length = 0 }
      |                             ^^^^ from 1s to 1d

t.toml:7:44: error: `length` cannot be this
    7 | warning = { expected_wait = "0s", length = 0 }
      |                                            ^ from 1 to 100000, or "off"

t.toml:8:25: error: `longest` cannot be 1h
    8 | voicemail = { longest = "1h" }
      |                         ^^^^ from 5s to 15m

5 errors
"#,
    );
}
