//! Stories of the user agent, in virtual time.

mod calls;
mod strangers;
