//! The user agent: one per shard, the leg port of the engine.

mod accounts;
mod calls;
mod causes;
mod commands;
mod core;
mod dialog;
mod digits;
mod exchange;
mod flows;
mod identity;
mod in_dialog;
mod inward;
mod machine;
mod outward;
mod peer;
mod refer;
mod reliable;
mod requests;
mod responses;
mod session;
mod session_timer;

#[cfg(test)]
mod tests;

pub(crate) use self::core::{Core, Due};
pub use self::machine::UserAgent;
