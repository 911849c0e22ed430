//! The user agent: one per shard, the leg port of the engine.

mod accounts;
mod body;
mod calls;
mod causes;
mod commands;
mod core;
mod dialog;
mod digits;
mod errand;
mod exchange;
mod flows;
mod guesses;
mod identity;
mod in_dialog;
mod invite;
mod inward;
mod location;
mod lookup;
mod machine;
mod outward;
mod peer;
mod quirks;
mod refer;
mod registrar;
mod registration;
mod reliable;
mod requests;
mod responses;
mod session;
mod session_timer;
mod trunk;

#[cfg(test)]
mod tests;

pub(crate) use self::core::{Core, Due};
pub use self::machine::UserAgent;
pub use self::trunk::TrunkState;
