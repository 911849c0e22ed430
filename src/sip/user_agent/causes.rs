//! Between SIP's status codes and the causes the rest of the house speaks of.

use crate::header::Reason;
use crate::{Message, StatusCode};
use model::{Cause, CauseKind};
use std::borrow::Cow;

/// What a refusal of our INVITE means.
pub(crate) fn cause_of(status: StatusCode) -> Cause {
    let kind = match status.code() {
        300..=399 => CauseKind::Redirected,
        486 | 600 => CauseKind::Busy,
        603 | 607 | 608 => CauseKind::Declined,
        // RFC 3398 §8.2.6.1 gives 480 for "no user responding" and "no answer from user" alike.
        480 => CauseKind::NoAnswer,
        404 | 410 | 414 | 416 | 484 | 485 | 604 => CauseKind::NotFound,
        401 | 402 | 403 | 407 | 433 => CauseKind::Forbidden,
        408 | 430 | 504 => CauseKind::Unreachable,
        487 => CauseKind::Cancelled,
        406 | 415 | 488 | 606 => CauseKind::NotAcceptable,
        503 => CauseKind::Overload,
        500..=599 => CauseKind::ServerFailure,
        _ => CauseKind::ProtocolError,
    };
    Cause::with_sip(kind, status.code())
}

/// How we refuse a call for this cause.
pub(crate) fn status_of(cause: Cause) -> StatusCode {
    // What the far side of the call was told is passed on where it says more than our own word.
    if let Some(status @ (404 | 410 | 480 | 482 | 483 | 484 | 486 | 488 | 600 | 603 | 604 | 606)) = cause.sip {
        return StatusCode::new(status).expect("listed above");
    }
    match cause.kind {
        CauseKind::Busy => StatusCode::BUSY_HERE,
        CauseKind::Declined | CauseKind::NormalClearing => StatusCode::DECLINE,
        CauseKind::Cancelled => StatusCode::REQUEST_TERMINATED,
        CauseKind::NotFound => StatusCode::NOT_FOUND,
        CauseKind::Forbidden => StatusCode::FORBIDDEN,
        CauseKind::NotAcceptable => StatusCode::NOT_ACCEPTABLE_HERE,
        CauseKind::Overload | CauseKind::NoMedia | CauseKind::Shutdown => StatusCode::SERVICE_UNAVAILABLE,
        CauseKind::ProtocolError | CauseKind::ServerFailure => StatusCode::SERVER_INTERNAL_ERROR,
        CauseKind::AnsweredElsewhere
        | CauseKind::NoAnswer
        | CauseKind::Unreachable
        | CauseKind::Unregistered
        | CauseKind::Redirected
        | CauseKind::MediaTimeout
        | CauseKind::SessionExpired
        | CauseKind::Forced
        | CauseKind::Transferred => StatusCode::TEMPORARILY_UNAVAILABLE,
    }
}

/// RFC 3326 Reason of our CANCEL or BYE; `None` where a plain one says it all. What the other side's telephone network
/// said goes on as it came.
pub(crate) fn reason_of(cause: Cause) -> Option<Cow<'static, str>> {
    match (own_reason(cause.kind), cause.q850) {
        (Some(own), Some(q850)) if own.starts_with("SIP") => Some(format!("{own}, Q.850;cause={q850}").into()),
        (Some(own), None) => Some(own.into()),
        (Some(_) | None, Some(q850)) => Some(format!("Q.850;cause={q850}").into()),
        (None, None) => None,
    }
}

/// Why the caller's side says it ends the call; it may call it what it likes, a CANCEL gives up and a BYE hangs up.
pub(crate) fn told_by(request: &Message<'_>, plain: Cause) -> Cause {
    let reasons = || request.all::<Reason<'_>>().filter_map(Result::ok);
    let elsewhere = reasons().any(|r| r.sip_cause() == Some(200));
    // Q.850 has seven bits; 16 is what a BYE means by itself.
    let says_more = |q: &u16| (1..=127).contains(q) && !(*q == 16 && plain.kind == CauseKind::NormalClearing);
    let q850 = reasons().find_map(|r| r.q850_cause()).filter(says_more);
    let kind = if elsewhere && plain.kind == CauseKind::Cancelled { CauseKind::AnsweredElsewhere } else { plain.kind };
    Cause { kind, q850, ..plain }
}

const fn own_reason(kind: CauseKind) -> Option<&'static str> {
    match kind {
        // RFC 3326 §2: the phone shows no missed call.
        CauseKind::AnsweredElsewhere => Some("SIP;cause=200;text=\"Call completed elsewhere\""),
        CauseKind::NormalClearing => Some("Q.850;cause=16;text=\"Normal call clearing\""),
        CauseKind::NoAnswer => Some("Q.850;cause=19;text=\"No answer\""),
        CauseKind::MediaTimeout => Some("Q.850;cause=102;text=\"No media\""),
        CauseKind::SessionExpired => Some("SIP;cause=408;text=\"Session expired\""),
        CauseKind::Shutdown => Some("Q.850;cause=41;text=\"Shutdown\""),
        CauseKind::NotAcceptable => Some("SIP;cause=488;text=\"Not acceptable here\""),
        CauseKind::Cancelled
        | CauseKind::Busy
        | CauseKind::Declined
        | CauseKind::Unreachable
        | CauseKind::Unregistered
        | CauseKind::Redirected
        | CauseKind::NotFound
        | CauseKind::Forbidden
        | CauseKind::Overload
        | CauseKind::NoMedia
        | CauseKind::Forced
        | CauseKind::Transferred
        | CauseKind::ProtocolError
        | CauseKind::ServerFailure => None,
    }
}

/// Of the refusals of several contacts the one that says most about the person called.
pub(crate) fn better(a: Cause, b: Cause) -> Cause {
    if rank(b) < rank(a) { b } else { a }
}

/// RFC 3261 §16.7 step 6 prefers 6xx, then the lowest class; within that, what a person did goes before what a network
/// said.
fn rank(cause: Cause) -> u16 {
    match cause.kind {
        CauseKind::Declined => 0,
        CauseKind::Busy => 1,
        CauseKind::Redirected => 2,
        CauseKind::NoAnswer => 3,
        CauseKind::NotAcceptable => 4,
        CauseKind::Forbidden => 5,
        CauseKind::NotFound => 6,
        CauseKind::Overload => 7,
        CauseKind::ServerFailure => 8,
        CauseKind::ProtocolError => 9,
        CauseKind::Unreachable => 10,
        CauseKind::NormalClearing
        | CauseKind::Cancelled
        | CauseKind::AnsweredElsewhere
        | CauseKind::Unregistered
        | CauseKind::NoMedia
        | CauseKind::MediaTimeout
        | CauseKind::SessionExpired
        | CauseKind::Shutdown
        | CauseKind::Forced
        | CauseKind::Transferred => 11,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_ways_of_not_answering_are_told_apart() {
        let kind = |code| cause_of(StatusCode::new(code).unwrap()).kind;
        assert_eq!(kind(486), CauseKind::Busy);
        assert_eq!(kind(603), CauseKind::Declined);
        assert_eq!(kind(408), CauseKind::Unreachable);
        assert_eq!(kind(480), CauseKind::NoAnswer);
        assert_eq!(kind(302), CauseKind::Redirected);
    }

    #[test]
    fn every_status_has_a_cause_that_is_refused_with_a_final_status() {
        for code in 300..700 {
            let cause = cause_of(StatusCode::new(code).unwrap());
            assert_eq!(cause.sip, Some(code));
            assert!(status_of(cause).code() >= 400, "{code}");
        }
    }
}
