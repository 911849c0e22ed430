//! What requests and answers carry beside their headers.

use super::requests::SDP;
use crate::header::{Accept, ContentType, HeaderName};
use crate::multipart::parts;
use crate::{Message, StatusCode};
use model::Sdp;

/// The session description a message brings, if any; anything else in its body is refused (RFC 3261 §8.2.3).
pub(crate) fn body(message: &Message<'_>) -> Result<Option<Sdp>, StatusCode> {
    if message.body().is_empty() {
        return Ok(None);
    }
    let encoded = message.elements(HeaderName::ContentEncoding).any(|e| !e.eq_ignore_ascii_case(b"identity"));
    let kind = message.one::<ContentType<'_>>().map_err(|_| StatusCode::BAD_REQUEST)?;
    match kind {
        Some(ContentType(kind)) if kind.is(SDP) && !encoded => Ok(Some(Sdp(message.body().into()))),
        // RFC 5621 §3.1: every user agent reads multipart/mixed. Of alternatives the description is the one we can take.
        Some(ContentType(kind)) if kind.main.eq_ignore_ascii_case("multipart") && !encoded => {
            among_parts(message.body(), kind.params.value("boundary").unwrap_or_default())
        }
        // RFC 3261 §20.15: a body without a type is an error; there is only one thing it could be.
        None if !encoded && message.body().starts_with(b"v=0") => Ok(Some(Sdp(message.body().into()))),
        Some(_) | None => Err(StatusCode::UNSUPPORTED_MEDIA_TYPE),
    }
}

/// The one description among several parts. Another part is passed over unless it says that it must be understood.
fn among_parts(body: &[u8], boundary: &[u8]) -> Result<Option<Sdp>, StatusCode> {
    let parts = parts(body, boundary).ok_or(StatusCode::BAD_REQUEST)?;
    if parts.iter().any(|part| part.is_required() && !part.is(SDP)) {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let mut described = parts.iter().filter(|part| part.is(SDP));
    match (described.next(), described.next()) {
        (Some(part), None) => Ok(Some(Sdp(part.body.into()))),
        // Nothing there that we read, or two that contradict each other.
        (None, _) | (Some(_), Some(_)) => Err(StatusCode::UNSUPPORTED_MEDIA_TYPE),
    }
}

/// Whether the sender takes a session description in an answer (RFC 3261 §20.1): without a word about it, yes; an empty
/// Accept takes nothing.
pub(crate) fn accepts_description(message: &Message<'_>) -> bool {
    !message.has(HeaderName::Accept) || message.all::<Accept<'_>>().filter_map(Result::ok).any(|range| range.takes(SDP))
}
