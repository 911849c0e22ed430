//! Typed header fields, one file each.

mod addresses;
mod auth;
mod call_id;
mod contact;
mod cseq;
mod date;
mod diversion;
mod event;
mod from_to;
mod info;
mod media_type;
mod name;
mod name_addr;
mod numbers;
mod privacy;
mod rack;
mod reason;
mod replaces;
mod retry_after;
mod session_timer;
mod tokens;
mod via;
mod warning;

pub use addresses::*;
pub use auth::*;
pub use call_id::CallId;
pub use contact::Contact;
pub use cseq::CSeq;
pub use date::Date;
pub use event::{Event, SubscriptionState, Substate};
pub use from_to::{From, To};
pub use info::{AlertInfo, CallInfo, Info};
pub use media_type::{Accept, ContentType, MediaType};
pub use name::HeaderName;
pub use name_addr::{DisplayName, NameAddr};
pub use numbers::*;
pub use privacy::Privacy;
pub use rack::RAck;
pub use reason::Reason;
pub use replaces::Replaces;
pub use retry_after::RetryAfter;
pub use session_timer::{MinSe, Refresher, SessionExpires};
pub use tokens::*;
pub use via::{Transport, Via};
pub use warning::Warning;

use crate::status::StatusCode;

/// A header value that can be read from a message and written into one.
pub trait Header<'a>: Sized {
    const NAME: HeaderName;

    /// `value` is one element: trimmed, and already split off at commas where the field is a list.
    fn parse(value: &'a [u8]) -> Option<Self>;

    /// The value as it stands after the colon.
    fn print(&self, out: &mut Vec<u8>);
}

/// A field whose value does not follow its grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("bad {name} header")]
pub struct BadHeader {
    pub name: HeaderName,
}

impl BadHeader {
    /// What a request with this fault is answered.
    pub const fn status(self) -> StatusCode {
        StatusCode::BAD_REQUEST
    }
}
