//! What happens in a call centre, as stories; see [`crate::testing`].

mod caller;
mod phone;
mod queue;
mod supervisor;
mod transfer;
