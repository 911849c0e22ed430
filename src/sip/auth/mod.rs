//! Digest authentication (RFC 2617, RFC 7616, RFC 8760): the arithmetic both sides share.

mod client;
mod digest;
mod nonce;
mod server;

pub use client::{CannotAnswer, ClientAuth};
pub use digest::{Algorithm, Secret};
pub use server::{Asking, Challenger, Verdict};
