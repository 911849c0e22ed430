//! Room `sdp`: session descriptions (RFC 8866) and the offer/answer model (RFC 3264) for one audio stream.
//!
//! Purpose: [`Offer`] and [`Answer`] are checked readings of what a peer sent; a [`Session`] keeps one leg's side of
//! the exchange: it makes our offers and answers, counts the version, keeps the order of media lines and says in
//! [`Agreed`] where to send, with which payload types and in which direction.
//!
//! Inputs: octets from the peer and [`Terms`], what we are ready to speak. Outputs: octets for the peer and
//! [`Agreed`]. Nothing else goes in or out; there is no time in it.
//!
//! Invariants:
//! - No input makes it panic; what is wrong is a typed error, and a failed exchange leaves the session as it was.
//! - Every answer has as many media lines as its offer, in the same order (RFC 3264 §6); what is not the first usable
//!   audio line is refused with port 0.
//! - The codec of an answer is the first of *our* list that was offered: our preference, their set.
//! - Payload types are kept per direction: `payload_type_out` is the peer's number, `payload_type_in` is ours.
//!
//! Deliberately absent: ICE, DTLS, SRTP keys (such media lines are refused), video, host names in `c=` (no room below
//! the driver looks up names), bandwidth and time lines (read over), multicast.
//!
//! ```
//! use sdp::{Encoding, Offer, Session, Terms};
//! let mut ours = Session::new(1);
//! let terms = Terms::new("192.0.2.1:10000".parse().unwrap(), &[Encoding::Pcma, Encoding::Pcmu]);
//! let offered = ours.offer(&terms);
//!
//! let mut theirs = Session::new(2);
//! let terms = Terms::new("192.0.2.2:20000".parse().unwrap(), &[Encoding::Pcmu, Encoding::Pcma]);
//! let (agreed, answer) = theirs.answer(&Offer::parse(&offered).unwrap(), &terms).unwrap();
//! assert_eq!(agreed.encoding, Encoding::Pcmu);
//! assert_eq!(ours.accept(&answer).unwrap().remote, "192.0.2.2:20000".parse().unwrap());
//! ```

mod agreed;
mod description;
mod direction;
mod encoding;
mod error;
mod limits;
mod offer;
mod parse;
mod session;
mod terms;
mod write;

pub use agreed::Agreed;
pub use direction::Direction;
pub use encoding::Encoding;
pub use error::{AnswerError, OfferError, ParseError};
pub use limits::{ATTRIBUTES_MAX, FORMATS_MAX, LINE_OCTETS_MAX, MEDIA_LINES_MAX, OCTETS_MAX};
pub use offer::{Answer, Offer};
pub use session::Session;
pub use terms::Terms;

#[cfg(test)]
mod tests_exchange;
#[cfg(test)]
mod tests_garbage;
