//! Mistakes in the tables that stand once.

use super::refused;

#[test]
fn a_time_zone_that_does_not_exist() {
    refused(
        r#"
[site]
time_zone = "Asia/Shangai"
"#,
        r#"
t.toml:2:13: error: `Asia/Shangai` is not a time zone
    2 | time_zone = "Asia/Shangai"
      |             ^^^^^^^^^^^^^^ did you mean "Asia/Shanghai"?

1 error
"#,
    );
}

#[test]
fn a_city_in_place_of_a_time_zone() {
    refused(
        r#"
[site]
time_zone = "Berlin"
"#,
        r#"
t.toml:2:13: error: `Berlin` is not a time zone
    2 | time_zone = "Berlin"
      |             ^^^^^^^^ did you mean "Europe/Berlin"?

1 error
"#,
    );
}

#[test]
fn a_region_that_does_not_exist() {
    refused(
        r#"
[site]
region = "UK"
language = "fr"
domain = "sip:a"
"#,
        r#"
t.toml:2:10: error: `UK` is not a region
    2 | region = "UK"
      |          ^^^^ did you mean "GB"?

t.toml:3:12: error: `language` cannot be "fr"
    3 | language = "fr"
      |            ^^^^ one of "en", "zh"

t.toml:4:10: error: `sip:a` is not a host
    4 | domain = "sip:a"
      |          ^^^^^^^ write a name such as "sip.example.net" or an IP address

3 errors
"#,
    );
}

#[test]
fn listeners_that_are_no_listeners() {
    refused(
        r#"
[sip]
listen = ["127.0.0.1:5060", "udp:127.0.0.1", "upd:127.0.0.1:5060", "udp:localhost:5060", "udp"]
"#,
        r#"
t.toml:2:11: error: `127.0.0.1:5060` says no transport
    2 | listen = ["127.0.0.1:5060", "udp:127.0.0.1", "upd:127.0.0.1:5060", "udp:localhost:5060", "udp"]
      |           ^^^^^^^^^^^^^^^^ write "udp:127.0.0.1:5060" or "tcp:127.0.0.1:5060"

t.toml:2:29: error: `127.0.0.1` is not an address with a port
    2 | listen = ["127.0.0.1:5060", "udp:127.0.0.1", "upd:127.0.0.1:5060", "udp:localhost:5060", "udp"]
      |                             ^^^^^^^^^^^^^^^ a port is missing: write "127.0.0.1:5060" or "[::1]:5060"

t.toml:2:46: error: `sip.listen` cannot be "upd"
    2 | listen = ["127.0.0.1:5060", "udp:127.0.0.1", "upd:127.0.0.1:5060", "udp:localhost:5060", "udp"]
      |                                              ^^^^^^^^^^^^^^^^^^^^ did you mean "udp"?

t.toml:2:68: error: `localhost:5060` is not an address with a port
    2 | listen = ["127.0.0.1:5060", "udp:127.0.0.1", "upd:127.0.0.1:5060", "udp:localhost:5060", "udp"]
      |                                                                    ^^^^^^^^^^^^^^^^^^^^ write "127.0.0.1:5060" or "[::1]:5060"; names are not looked up here

t.toml:2:90: error: `udp` is not a listener
    2 | listen = ["127.0.0.1:5060", "udp:127.0.0.1", "upd:127.0.0.1:5060", "udp:localhost:5060", "udp"]
      |                                                                                          ^^^^^ write "udp:127.0.0.1:5060"

5 errors
"#,
    );
}

#[test]
fn the_same_listener_twice() {
    refused(
        r#"
[sip]
listen = ["udp:127.0.0.1:5060", "tcp:127.0.0.1:5060", "udp:127.0.0.1:5060"]
"#,
        r#"
t.toml:2:55: error: udp:127.0.0.1:5060 is listened at twice
    2 | listen = ["udp:127.0.0.1:5060", "tcp:127.0.0.1:5060", "udp:127.0.0.1:5060"]
      |                                                       ^^^^^^^^^^^^^^^^^^^^ take one out
      = the first stands at t.toml:2:11

1 error
"#,
    );
}

#[test]
fn no_listener_at_all() {
    refused(
        r#"
[sip]
listen = []
"#,
        r#"
t.toml:2:10: error: nobody can call without a listener
    2 | listen = []
      |          ^^ write ["udp:127.0.0.1:5060"]

1 error
"#,
    );
}

#[test]
fn address_blocks() {
    refused(
        r#"
[sip]
local_networks = ["192.168.1.5/24", "10.0.0.0/33", "here"]
public_address = "example.net"
"#,
        r#"
t.toml:2:19: error: `192.168.1.5/24` has bits set behind its prefix
    2 | local_networks = ["192.168.1.5/24", "10.0.0.0/33", "here"]
      |                   ^^^^^^^^^^^^^^^^ the block is written "192.168.1.0/24"

t.toml:2:37: error: `10.0.0.0/33` is not an address block
    2 | local_networks = ["192.168.1.5/24", "10.0.0.0/33", "here"]
      |                                     ^^^^^^^^^^^^^ write "192.0.2.0/24" or "2001:db8::/32"

t.toml:2:52: error: `here` is not an address block
    2 | local_networks = ["192.168.1.5/24", "10.0.0.0/33", "here"]
      |                                                    ^^^^^^ write "192.0.2.0/24" or "2001:db8::/32"

t.toml:3:18: error: `example.net` is not an IP address
    3 | public_address = "example.net"
      |                  ^^^^^^^^^^^^^ write "192.0.2.1" or "2001:db8::1", without a port

4 errors
"#,
    );
}

#[test]
fn media_addresses() {
    refused(
        r#"
[media]
address = ["0.0.0.0"]
[http]
listen = "8080"
"#,
        r#"
t.toml:2:12: error: 0.0.0.0 means any address and cannot be told to a peer
    2 | address = ["0.0.0.0"]
      |            ^^^^^^^^^ name one address

t.toml:4:10: error: `8080` is not an address with a port
    4 | listen = "8080"
      |          ^^^^^^ write "127.0.0.1:5060" or "[::1]:5060"; names are not looked up here

2 errors
"#,
    );
}

#[test]
fn two_media_addresses_of_a_family() {
    refused(
        r#"
[media]
address = ["127.0.0.1", "::1", "127.0.0.2"]
"#,
        r#"
t.toml:2:32: error: there are two IPv4 addresses for media
    2 | address = ["127.0.0.1", "::1", "127.0.0.2"]
      |                                ^^^^^^^^^^^ one a family
      = the first stands at t.toml:2:12

1 error
"#,
    );
}

#[test]
fn media_ports() {
    refused(
        r#"
[media]
ports = "10000"
"#,
        r#"
t.toml:2:9: error: `10000` is not a range of ports
    2 | ports = "10000"
      |         ^^^^^^^ write "10000-32767"

1 error
"#,
    );
}

#[test]
fn media_ports_of_the_system() {
    refused(
        r#"
[media]
ports = "100-2000"
codecs = ["pcmu", "pcmu"]
"#,
        r#"
t.toml:2:9: error: port 100 is one of the system's own (below 1024)
    2 | ports = "100-2000"
      |         ^^^^^^^^^^ write "10000-32767"

t.toml:3:19: error: "pcmu" stands twice
    3 | codecs = ["pcmu", "pcmu"]
      |                   ^^^^^^ take one out
      = the first stands at t.toml:3:11

2 errors
"#,
    );
}

#[test]
fn a_store_of_no_kind() {
    refused(
        r#"
[store]
url = "data/strowger.db"
[recording]
folder = ""
"#,
        r#"
t.toml:2:7: error: a store URL starts with its kind
    2 | url = "data/strowger.db"
      |       ^^^^^^^^^^^^^^^^^^ write "sqlite:data/strowger.db"

t.toml:4:10: error: recordings need a folder
    4 | folder = ""
      |          ^^ write "data/recordings"

2 errors
"#,
    );
}

#[test]
fn feature_codes_that_cannot_be_told_apart() {
    refused(
        r#"
[feature_codes]
ready = "*1"
barge = "33"
"#,
        r#"
t.toml:2:9: error: ready "*1" and sign_on "*11" cannot be told apart
    2 | ready = "*1"
      |         ^^^^ no code may begin with another

t.toml:3:9: error: `33` is not a feature code
    3 | barge = "33"
      |         ^^^^ write `*` or `#` and then keys of a telephone, such as "*11"

2 errors
"#,
    );
}

#[test]
fn sip_over_tcp_and_http_at_one_port() {
    refused(
        r#"
[sip]
listen = ["tcp:127.0.0.1:5060"]
[http]
listen = "127.0.0.1:5060"
"#,
        r#"
t.toml:4:10: error: http.listen and sip.listen both want tcp:127.0.0.1:5060
    4 | listen = "127.0.0.1:5060"
      |          ^^^^^^^^^^^^^^^^ take another port, for instance 8080

1 error
"#,
    );
}
