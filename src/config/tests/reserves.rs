//! Service objectives, reserves and what an agent can take of each medium.

use super::{read, refused, warned};
use core::time::Duration;
use model::{Capacity, FigureRange, InReserve, QueueFigure, QueueId, Reserve, ReserveOf};

const ALL: &str =
    "[generation]\nenable = [\"queue.objective\", \"queue.reserve\", \"queue.groups\", \"agent.capacity\"]\n";

#[test]
fn reserves_are_read_in_their_order() {
    let config = read(&format!(
        "{ALL}[[queue]]\nname = \"support\"\nservice_objective = \"20s\"\nreserves = [{{ level = 1, when = \"longest_wait \
         >= 60 || waiting > 9\", until = \"waiting == 0\", hold = \"2m\", adjust = true }}, {{ queue = \"sales\", when = \
         \"waiting > 5 && lender_waiting == 0\" }}]\n[[queue]]\nname = \"sales\"\n[[agent]]\nid = \"1\"\npin = \"4711\"\nqueues = \
         [\"support\"]\n[[agent]]\nid = \"2\"\npin = \"4711\"\nqueues = [\"sales\"]\nreserve = {{ support = 1 }}\ncapacity = {{ chat = 3 \
         }}"
    ))
    .unwrap_or_else(|report| panic!("{report}"));
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    let routing = &config.directory.queues[0].routing;
    assert_eq!(routing.objective, Some(Duration::from_secs(20)));
    let range = |figure, least, most| FigureRange { figure, least, most };
    let first = Reserve {
        who: ReserveOf::Level(1),
        when: vec![
            vec![range(QueueFigure::Waiting, 10, u32::MAX)],
            vec![range(QueueFigure::LongestWait, 60, u32::MAX)],
        ],
        until: vec![vec![range(QueueFigure::Waiting, 0, 0)]],
        hold: Duration::from_secs(120),
        adjust: true,
    };
    let second = Reserve {
        who: ReserveOf::Queue(QueueId(1)),
        when: vec![vec![range(QueueFigure::Waiting, 6, u32::MAX), range(QueueFigure::LenderWaiting, 0, 0)]],
        until: Vec::new(),
        hold: Duration::from_secs(60),
        adjust: false,
    };
    assert_eq!(routing.reserves, [first, second]);
    let agent = &config.directory.agents[1];
    assert_eq!(agent.reserve, [InReserve { queue: QueueId(0), level: 1 }]);
    assert_eq!(agent.capacity, Capacity { voice: 1, chat: 3, mail: 0 });
}

#[test]
fn mistakes_in_reserves() {
    refused(
        &format!(
            "{ALL}{}",
            r#"
[[queue]]
name = "support"
reserves = [
  { level = 3, when = "waiting > 5" },
  { level = 1, when = "wating > 5" },
  { level = 1, queue = "sales", when = "waiting > 5" },
  { queue = "support", when = "waiting > 5" },
  { level = 2 },
  { level = 2, when = "ready == 0", adjust = true },
  { level = 2, when = "waiting >= 0" },
]
[[queue]]
name = "sales"
[[agent]]
id = "1"
queues = ["support"]
reserve = { support = 1, sales = 1, service = 1 }
capacity = { voice = 2, chat = 26 }
"#
        ),
        r#"
t.toml:7:13: error: `level` cannot be 3
    7 |   { level = 3, when = "waiting > 5" },
      |             ^ from 1 to 2

t.toml:8:3: error: these join by two rules
    8 |   { level = 1, when = "wating > 5" },
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ make one of both
      = the first at t.toml:7:3

t.toml:8:24: error: nothing here is called `wating`
    8 |   { level = 1, when = "wating > 5" },
      |                        ^^^^^^ did you mean `waiting`?

t.toml:9:3: error: a reserve is either of a level or of another queue
    9 |   { level = 1, queue = "sales", when = "waiting > 5" },
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ give one of `level` and `queue`

t.toml:10:13: error: these agents are the queue's own
   10 |   { queue = "support", when = "waiting > 5" },
      |             ^^^^^^^^^ name another queue, or a `level`

t.toml:11:3: error: a reserve needs `when`
   11 |   { level = 2 },
      |   ^^^^^^^^^^^^^ add when = "longest_wait >= 60"

t.toml:12:46: error: there is no threshold to adjust
   12 |   { level = 2, when = "ready == 0", adjust = true },
      |                                              ^^^^ `adjust` moves the thresholds of `waiting`, `expected_wait` and `longest_wait`

t.toml:13:3: error: these join by two rules
   13 |   { level = 2, when = "waiting >= 0" },
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ make one of both
      = the first at t.toml:12:3

t.toml:13:23: error: this holds for any queue
   13 |   { level = 2, when = "waiting >= 0" },
      |                       ^^^^^^^^^^^^^^ leave it out

t.toml:20:11: error: queue sales never calls level 1 of its reserve
   20 | reserve = { support = 1, sales = 1, service = 1 }
      |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ add { level = 1, when = "…" } to its `reserves`

t.toml:20:13: error: agent 1 serves support all the time
   20 | reserve = { support = 1, sales = 1, service = 1 }
      |             ^^^^^^^ take it out of `queues`, or out of `reserve`

t.toml:20:37: error: there is no queue "service"
   20 | reserve = { support = 1, sales = 1, service = 1 }
      |                                     ^^^^^^^ there is: sales, support

t.toml:21:22: error: `voice` cannot be 2
   21 | capacity = { voice = 2, chat = 26 }
      |                      ^ from 1 to 1

t.toml:21:32: error: `chat` cannot be 26
   21 | capacity = { voice = 2, chat = 26 }
      |                                ^^ from 0 to 25

14 errors
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
pin = "4711"
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
reserves = [{ level = 1, when = "waiting > 5" }]
[[queue]]
name = "sales"
[[agent]]
id = "1"
pin = "4711"
queues = ["support", "sales"]
[[agent]]
id = "2"
pin = "4711"
queues = ["sales", "support"]
"#
        ),
        r#"
t.toml:6:21: warning: agent 1 serves support and sales, which has no objective and counts as one of 1m
    6 | service_objective = "20s"
      |                     ^^^^^ give sales a `service_objective` too
t.toml:7:12: warning: no agent is in reserve for support at level 1
    7 | reserves = [{ level = 1, when = "waiting > 5" }]
      |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ give agents `reserve`, or other queues
"#,
    );
}
