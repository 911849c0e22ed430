//! The user agent: one per shard, the leg port of the engine.

mod calls;
mod causes;
mod commands;
mod core;
mod dialog;
mod flows;
mod identity;
mod in_dialog;
mod inward;
mod machine;
mod outward;
mod peer;
mod requests;
mod responses;
mod session;

#[cfg(test)]
mod tests;

pub(crate) use self::core::{Core, Due};
pub use self::machine::UserAgent;
