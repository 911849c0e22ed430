//! What happens in a call centre, as stories; see [`crate::testing`].

mod queue;
