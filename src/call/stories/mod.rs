//! What happens in a call centre, as stories; see [`crate::testing`].

mod attended;
mod callback;
mod caller;
mod care;
mod limits;
mod memory;
mod nailed;
mod nailed_keys;
mod offer;
mod phone;
mod queue;
mod supervisor;
mod together;
mod transfer;
mod voicemail;
mod warning;
mod wish;
