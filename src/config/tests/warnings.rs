//! What is allowed but looks wrong.

use super::warned;

#[test]
fn a_rule_that_is_never_reached() {
    warned(
        r#"
[[queue]]
name = "support"
[[agent]]
id = "1"
pin = "4711"
queues = ["support"]
[[number]]
match = "4*"
to = "queue:support"
[[number]]
match = "4008*"
to = "queue:support"
"#,
        r#"
t.toml:10:1: warning: this rule is never reached: one before it matches all it does
   10 | [[number]]
      | ^^^^^^^^^^ put it first
      = that one stands at t.toml:7:1
"#,
    );
}

#[test]
fn tries_without_a_way_out() {
    warned(
        r#"
[[queue]]
name = "support"
tries = 3
max_wait = "off"
"#,
        r#"
t.toml:3:9: warning: whoever was offered so often in vain leaves by `max_wait`, which is off: he waits on
    3 | tries = 3
      |         ^ give the queue a `max_wait`, or take `tries` out
"#,
    );
}

#[test]
fn ports_that_are_too_few() {
    warned(
        r#"
[media]
ports = "10000-10999"
"#,
        r#"
t.toml:2:9: warning: these ports are enough for 250 calls, limits.max_calls is 5000
    2 | ports = "10000-10999"
      |         ^^^^^^^^^^^^^ widen the range or lower max_calls
"#,
    );
}

#[test]
fn a_trunk_open_to_the_internet() {
    warned(
        r#"
[[trunk]]
name = "a"
allow_from = ["0.0.0.0/0"]
"#,
        r#"
t.toml:3:15: warning: the whole Internet may call in by this trunk without credentials
    3 | allow_from = ["0.0.0.0/0"]
      |               ^^^^^^^^^^^ name the carrier's addresses
"#,
    );
}

#[test]
fn ids_that_cannot_be_keyed_in() {
    warned(
        r#"
[[agent]]
id = "anna"
pin = "4711"
[[agent]]
id = "berta"
pin = "4711"
"#,
        r#"
t.toml:2:6: warning: an id with other signs than digits cannot be keyed in on a telephone
    2 | id = "anna"
      |      ^^^^^^ for sign-on and supervision give digits
"#,
    );
}

#[test]
fn two_agents_at_one_phone() {
    warned(
        r#"
[[phone]]
id = "1"
[[agent]]
id = "1"
phone = "1"
[[agent]]
id = "2"
phone = "1"
"#,
        r#"
t.toml:7:6: warning: two agents have the same default phone: only one can be signed on there
    7 | id = "2"
      |      ^^^
      = the first stands at t.toml:4:6
"#,
    );
}

#[test]
fn addresses_that_do_not_fit_together() {
    warned(
        r#"
[sip]
listen = ["udp:127.0.0.1:5060", "udp:192.0.2.5:5060"]
"#,
        r#"
t.toml:2:10: warning: udp:192.0.2.5:5060 is reached from outside, and site.domain is still 127.0.0.1
    2 | listen = ["udp:127.0.0.1:5060", "udp:192.0.2.5:5060"]
      |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ set site.domain to the name or address phones register with
t.toml:2:10: warning: udp:192.0.2.5:5060 is reached from outside, and media.address is on this machine alone
    2 | listen = ["udp:127.0.0.1:5060", "udp:192.0.2.5:5060"]
      |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ set media.address, or callers hear nothing
"#,
    );
}
