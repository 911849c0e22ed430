//! What `[[agent]]` says of nailed-up legs and short breaks.

use super::{read, refused};
use core::time::Duration;
use model::{Breather, NailedUp};

#[test]
fn nailed_up_legs_and_short_breaks_are_read() {
    let text = "[[agent]]\nid = \"1\"\n[[agent]]\nid = \"2\"\nnailed_up = \"by-key\"\nbreather = { contacts = 20 }\n\
                [[agent]]\nid = \"3\"\nnailed_up = \"at-once\"\nbreather = { occupancy = \"85%\", for = \"1m\" }";
    let agents = read(text).unwrap_or_else(|report| panic!("{report}")).directory.agents;
    let breather = |contacts, occupancy, time| Some(Breather { contacts, occupancy, time: Duration::from_secs(time) });
    let read: Vec<_> = agents.iter().map(|agent| (agent.nailed_up, agent.breather)).collect();
    assert_eq!(
        read,
        [
            (NailedUp::Off, None),
            (NailedUp::ByKey, breather(Some(20), None, 30)),
            (NailedUp::AtOnce, breather(None, Some(85), 60)),
        ]
    );
}

#[test]
fn a_breather_that_never_comes_or_a_word_that_is_none_is_named() {
    refused(
        r#"
[[agent]]
id = "1"
nailed_up = "yes"
breather = { for = "1m" }
[[agent]]
id = "2"
breather = { contacts = 0, occupancy = "high" }
"#,
        r#"
t.toml:3:13: error: `nailed_up` cannot be "yes"
    3 | nailed_up = "yes"
      |             ^^^^^ one of "off", "at-once", "by-key"

t.toml:4:12: error: `breather` does not say when
    4 | breather = { for = "1m" }
      |            ^^^^^^^^^^^^^^ add `contacts = 20` or `occupancy = "85%"`

t.toml:7:25: error: `contacts` is a number of contacts
    7 | breather = { contacts = 0, occupancy = "high" }
      |                         ^ from 1 to 1000, or "off"

t.toml:7:40: error: `occupancy` cannot be "high"
    7 | breather = { contacts = 0, occupancy = "high" }
      |                                        ^^^^^^ a share of his time from "1%" to "99%", or "off"

4 errors
"#,
    );
}
