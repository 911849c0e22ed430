//! Room `sim`: a virtual world around the shipped engine.
//!
//! Purpose: a [`World`] is a house of one to three [`engine::Shard`]s with real media workers, telephones that speak
//! SIP and RTP to it over [`netem`], and a clock that jumps from event to event. Stories in `tests/` tell phones what
//! to do and look at what happens; minutes of call run in milliseconds, and a seed repeats all of it.
//!
//! Inputs: configuration tables, a seed, commands to phones ([`SimPhone`]) and people's commands. Outputs: what phones
//! see and hear, every fact with the records the report room makes of them ([`Books`]), every message
//! ([`Transcript`]), recordings. [`World::check`] asks whether all is over and everything adds up.
//!
//! Invariants: nothing happens but what a phone, a timer or the story causes; the house runs as shipped, only its
//! driver is replaced ([`engine::Output`] carried by `carry.rs`); laws that hold at every instant are checked at every
//! fact, the others at rest.
//!
//! Deliberately absent: sockets, files, threads, waiting; TCP and TLS streams; legs without SIP.
//!
//! ```
//! use sim::World;
//! let mut world = World::new(r#"
//! [[queue]]
//! name = "support"
//! [[number]]
//! match = "4008"
//! to = "queue:support"
//! [[phone]]
//! id = "1001"
//! contact = "sip:1001@10.1.0.1:5060"
//! [[agent]]
//! id = "1001"
//! phone = "1001"
//! queues = ["support"]
//! initial_state = "ready"
//! "#);
//! let anna = world.phone("1001");
//! let bob = world.caller("13800138000");
//! world[bob].dials("4008");
//! world.run_for(5);
//! assert!(world.hears(anna, bob) && world.hears(bob, anna));
//! world[bob].hangs_up_all();
//! world.check();
//! ```

mod books;
mod carry;
mod check;
mod floor;
pub mod limits;
mod phone;
mod plan;
mod sounds;
pub mod traffic;
mod transcript;
pub mod trial;
mod world;

pub use books::{Books, Tally};
pub use floor::Recording;
pub use phone::{Answer, Call, CallNo, CallState, Ear, Manners, Over, SimPhone};
pub use plan::WorldPlan;
pub use sounds::{PROMPT, WORD};
pub use transcript::{Line, Transcript};
pub use world::{PhoneNo, World};
