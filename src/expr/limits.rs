//! Named maxima of this room with their reasons.

/// A condition is read by people; a longer one is data in the wrong place.
pub(crate) const MAX_OCTETS: usize = 1_000;
/// Parentheses and `!` inside each other: reading and evaluating use the stack once a level.
pub(crate) const MAX_DEPTH: usize = 32;
/// Names, values and signs of one condition: bounds the time to evaluate it.
pub(crate) const MAX_NODES: usize = 256;
/// Alternatives of a normal form; each is looked at for every pair of agent and contact.
pub(crate) const MAX_ALTERNATIVES: usize = 64;
/// Alternatives while a normal form is made, before those that others imply are dropped.
pub(crate) const MAX_ALTERNATIVES_ON_THE_WAY: usize = 512;
