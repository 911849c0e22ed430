//! Why octets are not a SIP message, and what their sender is told.

use crate::header::HeaderName;
use crate::status::StatusCode;

/// Why [`crate::Message::parse`] refused.
///
/// A request may still be answered: see [`crate::Malformed`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// CRLFs or nothing at all: a keep-alive (RFC 5626 §3.5.1, §3.5.2), not a fault.
    #[error("keep-alive")]
    KeepAlive,
    #[error("not a SIP message")]
    NotSip,
    #[error("malformed start line")]
    StartLine,
    #[error("malformed Request-URI")]
    RequestUri,
    #[error("SIP version is not 2.0")]
    Version,
    #[error("malformed header line")]
    HeaderLine,
    #[error("line does not end in CRLF")]
    LineEnd,
    #[error("control character in a header")]
    ControlCharacter,
    #[error("no empty line after the headers")]
    Truncated,
    #[error("missing {0} header")]
    Missing(HeaderName),
    #[error("more than one {0} header")]
    Duplicate(HeaderName),
    #[error("bad {0} header")]
    Bad(HeaderName),
    #[error("CSeq method is not the request's")]
    MethodMismatch,
    #[error("body shorter than Content-Length")]
    BodyTooShort,
    #[error("too many header lines")]
    TooManyHeaders,
    #[error("message too large")]
    TooLarge,
}

impl ParseError {
    /// What a request with this fault is answered; `None`: it is dropped.
    pub const fn status(self) -> Option<StatusCode> {
        match self {
            ParseError::KeepAlive | ParseError::NotSip => None,
            ParseError::Version => Some(StatusCode::VERSION_NOT_SUPPORTED),
            ParseError::TooManyHeaders | ParseError::TooLarge => Some(StatusCode::MESSAGE_TOO_LARGE),
            ParseError::StartLine
            | ParseError::RequestUri
            | ParseError::HeaderLine
            | ParseError::LineEnd
            | ParseError::ControlCharacter
            | ParseError::Truncated
            | ParseError::Missing(_)
            | ParseError::Duplicate(_)
            | ParseError::Bad(_)
            | ParseError::MethodMismatch
            | ParseError::BodyTooShort => Some(StatusCode::BAD_REQUEST),
        }
    }
}
