//! Typed header fields, one file each.

mod addresses;
mod auth;
mod contact;
mod cseq;
mod name;
mod name_addr;
mod numbers;
mod via;

pub use addresses::*;
pub use auth::*;
pub use contact::Contact;
pub use cseq::CSeq;
pub use name::HeaderName;
pub use name_addr::{DisplayName, NameAddr};
pub use numbers::*;
pub use via::{Transport, Via};

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
