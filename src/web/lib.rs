//! Room `web`: what browsers, probes and scrapers see over HTTP.
//!
//! Inputs: a [`House`] to ask. Outputs: `/healthz`, `/readyz`, `/metrics` (Prometheus text) and `/wallboard`, a live
//! page that is at most a second behind.
//!
//! Invariants: nothing here can change or hold up a call; the wallboard's view is made and encoded once a second for
//! all screens together, and not at all while there are none; a browser that reads slowly misses views, nobody else is
//! delayed; every page works without anything from another host.
//!
//! Deliberately absent: accounts and editing (generation 3), TLS (a reverse proxy's work at this level).

mod limits;
mod metrics;
mod screens;
mod server;
mod wallboard;

pub use metrics::Metrics;
pub use server::{Bound, House, Readiness, bind, serve};
pub use wallboard::{AgentTile, BoardView, QueueTile};
