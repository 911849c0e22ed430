//! One file a command that is more than a question to the running server.

pub(crate) mod check;
pub(crate) mod report;
