//! One file a command that is more than a question to the running server.

pub(crate) mod check;
pub(crate) mod demo;
pub(crate) mod explain;
mod overtaking;
pub(crate) mod phone;
pub(crate) mod report;
pub(crate) mod simulate;
mod story;
pub(crate) mod voicemail;
