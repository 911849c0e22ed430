//! SIP messages in the log, for whoever looks for a fault: `strowger log info,sip=trace`.
//!
//! They name people, so they stand at TRACE only and under a target of their own. What is secret stays out even there:
//! credentials, and every body that is not a session description (a key pressed by INFO may be a digit of a card).

use std::fmt::{Display, Write as _};
use tracing::Level;

pub(crate) fn message(direction: &'static str, peer: impl Display, bytes: &[u8]) {
    if tracing::enabled!(target: "sip", Level::TRACE) {
        tracing::trace!(target: "sip", direction, %peer, "\n{}", readable(bytes));
    }
}

fn readable(bytes: &[u8]) -> String {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").map_or(bytes.len(), |at| at + 4);
    let (head, body) = bytes.split_at(end);
    let (mut out, mut hidden, mut session) = (String::with_capacity(bytes.len()), false, false);
    for line in String::from_utf8_lossy(head).lines() {
        // A folded line goes on with the header before it (RFC 3261 §7.3.1).
        let folded = line.starts_with([' ', '\t']);
        if !folded {
            let name = line.split(':').next().unwrap_or_default().trim();
            hidden = ["authorization", "proxy-authorization"].iter().any(|secret| name.eq_ignore_ascii_case(secret));
            let describes = |name: &str| name.eq_ignore_ascii_case("content-type") || name.eq_ignore_ascii_case("c");
            session |= describes(name) && line.to_ascii_lowercase().contains("application/sdp");
        }
        match (hidden, folded) {
            (true, true) => continue,
            (true, false) => out.push_str(line.split_inclusive(':').next().unwrap_or_default()),
            (false, _) => out.extend(line.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c })),
        }
        out.push_str(if hidden { " (hidden)\n" } else { "\n" });
    }
    match (body.is_empty(), session) {
        (true, _) => {}
        (false, true) => {
            let text = String::from_utf8_lossy(body);
            out.extend(
                text.chars().filter(|c| *c != '\r').map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }),
            );
        }
        // Writing to a String cannot fail.
        (false, false) => _ = write!(out, "({} octets of another kind)", body.len()),
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_reads_as_it_was_sent_without_its_credentials() {
        let text = readable(
            b"REGISTER sip:house SIP/2.0\r\nAuthorization: Digest username=\"1001\",\r\n response=\"abc\"\r\nTo: <sip:1001@house>\r\n\r\n",
        );
        assert_eq!(text, "REGISTER sip:house SIP/2.0\nAuthorization: (hidden)\nTo: <sip:1001@house>\n\n");
    }

    #[test]
    fn a_session_description_is_shown_and_a_key_is_not() {
        let session = readable(b"INVITE sip:a SIP/2.0\r\nc: application/sdp\r\n\r\nv=0\r\n");
        assert!(session.ends_with("\n\nv=0\n"), "{session}");
        let key = readable(b"INFO sip:a SIP/2.0\r\nContent-Type: application/dtmf-relay\r\n\r\nSignal=4\r\n");
        assert!(key.ends_with("(10 octets of another kind)"), "{key}");
        assert!(!key.contains('4'), "{key}");
    }

    #[test]
    fn octets_that_would_write_on_a_terminal_do_not() {
        let text = readable(b"OPTIONS sip:a SIP/2.0\r\nSubject: \x1b[2J\xff\r\n\r\n");
        assert!(!text.contains('\x1b'), "{text:?}");
    }
}
