//! Stories of the user agent, in virtual time.

mod accounts;
mod attacks;
mod bodies;
mod calls;
mod chaos;
mod exchange;
mod registrar;
mod reliable;
mod session_timer;
mod story;
mod strangers;
mod transfer;
mod transport;
mod trunks;
