//! Room `config`: TOML files → one checked configuration, or a report of everything that is wrong with them.
//!
//! Inputs: the main file with what it includes, password and PIN files, the environment, the names of the sounds there
//! are, and for a reload the running [`model::Directory`]. Output: [`Config`], complete and consistent, or a
//! [`Report`] in which every problem has `file:line:column`, its line with a mark, and how to mend it. [`Texts`] keep what
//! stood in the files, without secrets, so that facts can be understood by the configuration of their time.
//!
//! Invariants: every key and its default stands in `defaults.toml` and nowhere else (it is what `strowger config`
//! prints and what the readers take); an unknown key is an error; a key of a later version is refused by name, never
//! ignored; names are resolved, so an id in the output always has its entry; an index keeps its meaning over reloads;
//! a secret's value is never part of a message; no text makes it panic.
//!
//! Each table is read and converted in the file of its name. Values are read one by one from the spanned tree and not
//! by derived deserialisation, because that stops at the first mistake, and people want to see all of them.
//!
//! Deliberately absent: binding, opening or making anything; the words of the command line; making secrets (the
//! process does, see [`Config::missing_secrets`]); looking up host names.
//!
//! ```
//! use std::collections::HashMap;
//! use model::{Language, SoundId, SoundName};
//! let sounds = ["music/default", "announcements/sorry", "announcements/closed"];
//! let sounds: HashMap<_, _> =
//!     sounds.iter().enumerate().map(|(n, s)| ((Language::English, SoundName((*s).into())), SoundId(n as u32))).collect();
//! let report = config::load_text("my.toml", "[[queue]]\nname = \"support\"\nring_timout = \"20s\"\n", &sounds).unwrap_err();
//! assert_eq!(report.to_string(), "\
//! my.toml:3:1: error: unknown key `ring_timout` in [[queue]]
//!     3 | ring_timout = \"20s\"
//!       | ^^^^^^^^^^^ did you mean `ring_timeout`?
//!
//! 1 error");
//! ```

mod address;
mod agent;
mod calendar;
mod circles;
mod condition;
mod defaults;
mod difference;
mod document;
mod empty;
mod feature_codes;
mod generation;
mod glimpse;
mod http;
mod include;
mod joining;
mod limits;
mod load;
mod media;
mod modules;
mod names;
mod number;
mod phone;
mod phrases;
mod problem;
mod queue;
mod reader;
mod reason;
mod recording;
mod reserve;
mod reserved;
mod route;
mod routing;
mod rules;
mod scalar;
mod secret;
mod serving;
mod sip;
mod site;
mod skill;
mod sounds;
mod source;
mod store;
mod suggest;
mod table;
mod target;
mod texts;
mod traffic;
mod trunk;
mod words;

#[cfg(test)]
mod tests;

pub use defaults::render_defaults;
pub use difference::{Difference, diff};
pub use glimpse::Glimpse;
pub use http::HttpSettings;
pub use load::{Config, embedded, embedded_text, load, load_onto, load_text};
pub use problem::{Place, Problem, Report, Severity};
pub use recording::RecordingSettings;
pub use secret::{SecretSlot, Secrets};
pub use sip::{Listener, SipSettings, Transport};
pub use sounds::{list_sounds, name_sounds};
pub use store::{StoreUrl, StoreUrlError};
pub use suggest::nearest;
pub use target::SoundNames;
pub use texts::{Texts, Written};
pub use traffic::{Traffic, load_schedule, load_traffic, traffic_defaults};
