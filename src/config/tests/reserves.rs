//! Service objectives, reserves and what an agent can take of each medium.

use super::{read, refused, warned};
use core::time::Duration;
use model::Capacity;

const ALL: &str = "[generation]\nenable = [\"queue.objective\", \"agent.capacity\"]\n";

#[test]
fn objectives_and_capacities_are_read_and_reserves_come_later() {
    let config = read(&format!(
        "{ALL}[[queue]]\nname = \"support\"\nservice_objective = \"20s\"\n[[agent]]\nid = \"2\"\ncapacity = {{ chat = 3 }}"
    ))
    .unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(config.directory.queues[0].routing.objective, Some(Duration::from_secs(20)));
    assert_eq!(config.directory.agents[0].capacity, Capacity { voice: 1, chat: 3, mail: 0 });
    refused(
        "[generation]\nenable = [\"queue.reserve\"]",
        r#"
t.toml:2:11: error: queue.reserve comes with a later version
    2 | enable = ["queue.reserve"]
      |           ^^^^^^^^^^^^^^^ leave it out

1 error
"#,
    );
}

#[test]
fn an_objective_and_ageing_do_not_go_together() {
    refused(
        &format!(
            "{ALL}{}",
            r#"
[[queue]]
name = "support"
service_objective = "20s"
ageing = { per_minute = 1, cap = 20 }
[[queue]]
name = "sales"
service_objective = "2m"
[[agent]]
id = "1"
queues = ["support", "sales"]
"#
        ),
        r#"
t.toml:6:21: error: `service_objective` and `ageing` are two answers to the same question
    6 | service_objective = "20s"
      |                     ^^^^^ with an objective waiting counts as a part of it: take `ageing` out
      = the ageing at t.toml:7:10

t.toml:10:21: error: agent 1 serves sales and support, which has `ageing`: an objective cannot be compared with points
   10 | service_objective = "2m"
      |                     ^^^^ give support a `service_objective` instead

2 errors
"#,
    );
}

#[test]
fn a_queue_without_an_objective_beside_one_that_has_one_is_told_of() {
    warned(
        &format!(
            "{ALL}{}",
            r#"
[[queue]]
name = "support"
service_objective = "20s"
[[queue]]
name = "sales"
[[agent]]
id = "1"
queues = ["support", "sales"]
[[agent]]
id = "2"
queues = ["sales", "support"]
"#
        ),
        r#"
t.toml:6:21: warning: agent 1 serves support and sales, which has no objective and counts as one of 1m
    6 | service_objective = "20s"
      |                     ^^^^^ give sales a `service_objective` too
"#,
    );
}
