//! The call centres the stories happen in.

use core::time::Duration;
use model::{AgentId, AgentState, Fact};
use sim::World;
use std::fmt::Write;

pub(crate) const MS: Duration = Duration::from_millis(1);
pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// A queue `support` behind 4008 with these rules, and so many agents 1001, 1002, … who are ready, each at a phone
/// with a fixed place.
pub(crate) fn hotline(agents: u8, rules: &str) -> String {
    let mut text =
        format!("[[number]]\nmatch = \"4008\"\nto = \"queue:support\"\n[[queue]]\nname = \"support\"\n{rules}\n");
    for n in 1..=agents {
        text += &desk(1000 + u16::from(n), "support", "initial_state = \"ready\"");
    }
    text
}

/// An agent with a phone of the same id at a fixed place.
pub(crate) fn desk(id: u16, queues: &str, rules: &str) -> String {
    let queues = queues.split_whitespace().map(|q| format!("\"{q}\"")).collect::<Vec<_>>().join(", ");
    let place = id - 1000;
    let mut text = String::new();
    write!(
        text,
        "[[phone]]\nid = \"{id}\"\ncontact = \"sip:{id}@10.1.{}.{}:5060\"\n\
         [[agent]]\nid = \"{id}\"\nname = \"Agent {id}\"\nphone = \"{id}\"\nqueues = [{queues}]\n{rules}\n",
        place / 200,
        place % 200 + 1
    )
    .expect("writing to a String cannot fail");
    text
}

/// The state changes of an agent, each with its time.
pub(crate) fn states(world: &World, agent: &str) -> Vec<(base::Instant, AgentState)> {
    let id: AgentId = world.agent(agent);
    let changed = move |fact: &Fact| match fact {
        Fact::AgentChanged { agent, state, .. } if *agent == id => Some(*state),
        _ => None,
    };
    world.books.find(changed).collect()
}

/// The words of an agent's states in order.
pub(crate) fn words(world: &World, agent: &str) -> Vec<&'static str> {
    states(world, agent).iter().map(|(_, state)| state.word()).collect()
}
