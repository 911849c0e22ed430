//! What belongs to a later version is refused by name.

use super::refused;

#[test]
fn a_generation_that_will_never_be() {
    refused(
        r#"
[generation]
level = 6
enable = ["cti"]
"#,
        r#"
t.toml:2:9: error: there is no generation 6
    2 | level = 6
      |         ^ from 1 to 5

t.toml:3:11: error: cti comes with a later version
    3 | enable = ["cti"]
      |           ^^^^^ leave it out

2 errors
"#,
    );
}

#[test]
fn listeners_for_browsers_and_tls() {
    refused(
        r#"
[sip]
listen = ["tls:127.0.0.1:5061", "wss:127.0.0.1:443", "udp:127.0.0.1:5060"]
"#,
        r#"
t.toml:2:11: error: sip.listen "tls" needs SIP over TLS (a later version)
    2 | listen = ["tls:127.0.0.1:5061", "wss:127.0.0.1:443", "udp:127.0.0.1:5060"]
      |           ^^^^^^^^^^^^^^^^^^^^ one of "udp", "tcp"

t.toml:2:33: error: sip.listen "wss" needs SIP over WebSocket (a later version)
    2 | listen = ["tls:127.0.0.1:5061", "wss:127.0.0.1:443", "udp:127.0.0.1:5060"]
      |                                 ^^^^^^^^^^^^^^^^^^^ one of "udp", "tcp"

2 errors
"#,
    );
}

#[test]
fn strategies_that_look_at_skills() {
    refused(
        r#"
[[queue]]
name = "support"
strategy = "best-skill"
"#,
        r#"
t.toml:3:12: error: strategy "best-skill" of queue support needs queue.skills (generation 3), level is 1
    3 | strategy = "best-skill"
      |            ^^^^^^^^^^^^ set generation.level = 3, or enable = ["queue.skills"]

1 error
"#,
    );
}

#[test]
fn scripts() {
    refused(
        r#"
[[queue]]
name = "support"
[[number]]
match = "1"
to = "script:sales"
[[script]]
name = "sales"
"#,
        r#"
t.toml:5:6: error: `script:` needs scripts for callers (generation 2)
    5 | to = "script:sales"
      |      ^^^^^^^^^^^^^^ lead to a queue: this version has no scripts, at no generation.level

t.toml:6:3: error: [script] needs scripts for callers (generation 2)
    6 | [[script]]
      |   ^^^^^^ leave it out: this version does not have it, at no generation.level

2 errors
"#,
    );
}

#[test]
fn tenants() {
    refused(
        r#"
[[skill]]
name = "a"
tenant = "main"
[[skill]]
name = "b"
tenant = "acme"
"#,
        r#"
t.toml:6:1: error: `tenant` in [[skill]] needs tenants (generation 5)
    6 | tenant = "acme"
      | ^^^^^^ leave it out: this version does not have it, at no generation.level

1 error
"#,
    );
}

#[test]
fn postgresql() {
    refused(
        r#"
[store]
url = "postgres://db/strowger"
"#,
        r#"
t.toml:2:7: error: PostgreSQL needs a later version
    2 | url = "postgres://db/strowger"
      |       ^^^^^^^^^^^^^^^^^^^^^^^^ write "sqlite:data/strowger.db"

1 error
"#,
    );
}

#[test]
fn codecs_for_browsers() {
    refused(
        r#"
[media]
codecs = ["opus", "pcmu"]
"#,
        r#"
t.toml:2:11: error: media.codecs "opus" needs calls from browsers (a later version)
    2 | codecs = ["opus", "pcmu"]
      |           ^^^^^^ one of "pcmu", "pcma", "g722"

1 error
"#,
    );
}

#[test]
fn a_phone_over_tls() {
    refused(
        r#"
[[phone]]
id = "1"
contact = "sips:1@192.0.2.1"
"#,
        r#"
t.toml:3:11: error: `sips:` needs SIP over TLS (a later version)
    3 | contact = "sips:1@192.0.2.1"
      |           ^^^^^^^^^^^^^^^^^^ write "sip:1001@192.0.2.7:5060"

1 error
"#,
    );
}
