//! Bodies of several parts (RFC 2046 §5.1), read only as far as SIP needs it (RFC 5621).

use crate::header::{ContentType, Header, HeaderName};
use crate::limits::BODY_PARTS_MAX;
use crate::scan::trim;

/// One part: its type and its octets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'a> {
    head: &'a [u8],
    pub(crate) body: &'a [u8],
}

impl<'a> Part<'a> {
    fn field(&self, name: HeaderName) -> Option<&'a [u8]> {
        let lines = self.head.split(|b| *b == b'\n');
        let fields = lines.filter_map(|line| {
            let colon = line.iter().position(|b| *b == b':')?;
            Some((HeaderName::of(trim(&line[..colon])), trim(&line[colon + 1..])))
        });
        fields.filter(|(found, _)| *found == name).map(|(_, value)| value).next()
    }

    /// Whether it is of this type, and written as it is.
    pub(crate) fn is(&self, name: &str) -> bool {
        let kind = self.field(HeaderName::ContentType).and_then(ContentType::parse);
        kind.is_some_and(|ContentType(kind)| kind.is(name)) && self.is_plain()
    }

    fn is_plain(&self) -> bool {
        let coding = self.field(HeaderName::of(b"Content-Transfer-Encoding")).unwrap_or(b"binary");
        ["7bit", "8bit", "binary"].iter().any(|plain| coding.eq_ignore_ascii_case(plain.as_bytes()))
    }

    /// RFC 5621 §5.2 makes every part without a word about it necessary. Gateways leave the word out of what they do not
    /// mind losing (ISUP, PIDF), so only a part that says so itself is.
    pub(crate) fn is_required(&self) -> bool {
        let disposition = self.field(HeaderName::ContentDisposition).unwrap_or_default();
        disposition.split(|b| *b == b';').skip(1).any(|param| {
            let mut halves = param.splitn(2, |b| *b == b'=').map(trim);
            halves.next().is_some_and(|name| name.eq_ignore_ascii_case(b"handling"))
                && halves.next().is_some_and(|value| value.eq_ignore_ascii_case(b"required"))
        })
    }
}

/// The parts of a body; `None` when the boundary is not one or never comes, or there are too many.
pub(crate) fn parts<'a>(body: &'a [u8], boundary: &[u8]) -> Option<Vec<Part<'a>>> {
    // RFC 2046 §5.1.1: one to seventy characters.
    if boundary.is_empty() || boundary.len() > 70 {
        return None;
    }
    let delimiter = [b"--", boundary].concat();
    let mut parts = Vec::new();
    let mut start: Option<usize> = None;
    let mut at = 0;
    while let Some(found) = find(&body[at..], &delimiter) {
        let here = at + found;
        at = here + delimiter.len();
        // A delimiter stands at the beginning of a line; the line end before it is its own.
        if here > 0 && body[here - 1] != b'\n' {
            continue;
        }
        if let Some(start) = start.take() {
            if parts.len() >= BODY_PARTS_MAX {
                return None;
            }
            parts.push(part(without_line_end(&body[start..here.max(start)]))?);
        }
        if body[at..].starts_with(b"--") {
            return Some(parts);
        }
        start = Some(at + body[at..].iter().position(|b| *b == b'\n')? + 1);
    }
    // The last delimiter is missing: what was cut off cannot be trusted.
    None
}

fn part(octets: &[u8]) -> Option<Part<'_>> {
    if let Some(body) = octets.strip_prefix(b"\r\n").or_else(|| octets.strip_prefix(b"\n")) {
        return Some(Part { head: b"", body });
    }
    let (end, gap) = match (find(octets, b"\r\n\r\n"), find(octets, b"\n\n")) {
        (Some(crlf), Some(lf)) if lf < crlf => (lf, 2),
        (Some(crlf), _) => (crlf, 4),
        (None, Some(lf)) => (lf, 2),
        (None, None) => return None,
    };
    Some(Part { head: &octets[..end], body: &octets[end + gap..] })
}

fn without_line_end(octets: &[u8]) -> &[u8] {
    octets.strip_suffix(b"\r\n").or_else(|| octets.strip_suffix(b"\n")).unwrap_or(octets)
}

fn find(octets: &[u8], wanted: &[u8]) -> Option<usize> {
    octets.windows(wanted.len()).position(|w| w == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"preamble\r\n--b1\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n\r\n--b1\r\n\
        content-type: application/isup;version=x\r\nContent-Disposition: signal; Handling = required\r\n\r\n--b\0\r\n\
        --b1\r\n\r\nplain\r\n--b1--\r\nepilogue";

    #[test]
    fn parts_keep_their_octets_and_say_what_they_are() {
        let parts = parts(BODY, b"b1").expect("whole");
        assert_eq!(parts.iter().map(|p| p.body).collect::<Vec<_>>(), [b"v=0\r\n" as &[u8], b"--b\0", b"plain"]);
        assert!(parts[0].is("application/sdp") && !parts[0].is_required());
        assert!(parts[1].is("application/isup") && parts[1].is_required());
        assert!(!parts[2].is("text/plain") && !parts[2].is_required());
    }

    #[test]
    fn what_is_not_whole_is_nothing() {
        for at in 0..BODY.len() - "--\r\nepilogue".len() {
            assert!(parts(&BODY[..at], b"b1").is_none(), "{at}");
        }
        assert!(parts(BODY, b"").is_none() && parts(BODY, &[b'x'; 71]).is_none() && parts(BODY, b"b2").is_none());
        let many = [b"--b\r\n\r\nx\r\n".repeat(BODY_PARTS_MAX + 1), b"--b--".to_vec()].concat();
        assert!(parts(&many, b"b").is_none());
    }

    #[test]
    fn an_encoded_part_is_not_what_it_says() {
        let body = b"--b\r\nContent-Type: application/sdp\r\nContent-Transfer-Encoding: base64\r\n\r\ndj0w\r\n--b--";
        assert!(!parts(body, b"b").expect("whole")[0].is("application/sdp"));
    }
}
