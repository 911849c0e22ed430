//! Room `driver`: sockets, threads, clocks and files; turns the engine's and the media workers' wishes into system calls.
//!
//! Inputs: datagrams, streams, name service, signals, other threads' letters. Outputs: the same outwards, facts to the
//! journal. [`Running::start`] starts everything and [`Running::stop`] ends it; [`Line`] is how other threads ask.
//!
//! Invariants: the only room with `unsafe`, each use with its reason; tokio never touches a UDP packet; no signalling or
//! media thread blocks on anything but its own epoll; a stamp of `now` is taken once an input.
//!
//! Deliberately absent: any decision about a call; HTTP; the store.

mod clock;
#[allow(unsafe_code, reason = "epoll has no safe face in std")]
mod epoll;
mod letter;
mod limits;
mod line;
#[allow(unsafe_code, reason = "batches of packets need recvmmsg and sendmmsg")]
pub mod media;
#[cfg_attr(target_env = "gnu", allow(unsafe_code, reason = "malloc_trim has no safe face in std"))]
mod memory;
#[allow(unsafe_code, reason = "prctl has no safe face in std")]
mod pace;
#[allow(unsafe_code, reason = "getrandom has no safe face in std")]
mod random;
mod resolve;
mod running;
mod shard_loop;
mod stream;
mod trace;
#[allow(unsafe_code, reason = "batches of datagrams need recvmmsg and sendmmsg")]
mod udp;
#[allow(unsafe_code, reason = "eventfd has no safe face in std")]
mod wake;

pub use clock::Clock;
pub use line::{Line, LineError};
pub use memory::give_back_memory;
pub use running::{Running, Settings, StartError};
pub use shard_loop::ShardGauges;
pub use wake::Wake;
