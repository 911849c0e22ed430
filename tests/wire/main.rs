//! Wire tests: the real binary on loopback, with SIPp, baresip and `strowger phone` at the other ends.
//!
//! Every test has loopback addresses of its own (`lan`), every house a folder and a store, so tests may run beside each
//! other. Order, counts, tones and loss are asserted; waits are polls whose limits are
//! far beyond the goals, because machines are noisy. A missing program is a failure that says what to install.
//!
//! `WIRE_DEBUG=1` logs at debug level, writes SIPp's messages and keeps the folders; `STROWGER_SOAK_CALLS=10000`
//! runs the full-length forms; `STROWGER_WIRE_SHARDS=3` tells every story with three shards.

mod baresip;
mod cli;
mod ears;
mod explanation;
mod feature_codes;
mod first_call;
mod hotline;
mod house;
mod http;
mod lan;
mod operations;
mod phone;
mod plans;
mod process;
mod records;
mod refusals;
mod scenario;
mod sense;
mod sipp;
mod soak;
mod softphone;
mod supervisors;
mod tones;
mod transfers;
mod voicemail;
