//! Stories told from outside: the call room, people and phones on one side, facts and events on the other.
//! Those named after a complaint show that what users of other systems complained of cannot happen here.

mod agents;
mod allocation;
mod answers;
mod breather;
mod callbacks;
mod demands;
mod direct;
mod distribution;
mod explain;
mod explain_rings;
mod explain_rivals;
mod explain_shards;
mod explain_ways;
mod flow;
mod nailed;
mod reload;
mod reserves;
mod rings;
mod shards;
mod states;
mod strategies;
mod wrap_up;
