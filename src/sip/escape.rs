//! Percent escapes of URIs.

use std::borrow::Cow;

/// Resolves every `%HH`; the escapes of a checked URI are whole, any other `%` stands for itself.
pub fn unescape(text: &str) -> Cow<'_, [u8]> {
    let bytes = text.as_bytes();
    if !bytes.contains(&b'%') {
        return Cow::Borrowed(bytes);
    }
    Cow::Owned(octets(text).map(|(b, _)| b).collect())
}

/// Whether every `%` begins a whole escape.
pub(crate) fn is_whole(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(at) = crate::scan::find(rest, b'%') {
        match rest.get(at + 1..at + 3) {
            Some([a, b]) if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => rest = &rest[at + 3..],
            _ => return false,
        }
    }
    true
}

/// RFC 3261 §19.1.4: an escape equals the character it stands for, unless that character is reserved.
pub(crate) fn equivalent(a: &str, b: &str, fold_case: bool) -> bool {
    let fold =
        |(b, escaped): (u8, bool)| (if fold_case { b.to_ascii_lowercase() } else { b }, escaped && is_reserved(b));
    octets(a).map(fold).eq(octets(b).map(fold))
}

/// RFC 3261 §25.1 `user`: unreserved and user-unreserved characters stand for themselves.
pub(crate) fn push_user(user: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for b in user.bytes() {
        if b.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&b) {
            out.push(char::from(b));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(b >> 4)]));
            out.push(char::from(HEX[usize::from(b & 15)]));
        }
    }
}

fn is_reserved(b: u8) -> bool {
    b";/?:@&=+$,".contains(&b)
}

/// Octets with escapes resolved, each with whether it was escaped.
fn octets(text: &str) -> impl Iterator<Item = (u8, bool)> {
    let mut rest = text.as_bytes();
    core::iter::from_fn(move || {
        let (first, tail) = rest.split_first()?;
        if *first == b'%'
            && let [a, b, tail @ ..] = tail
            && let (Some(a), Some(b)) = (char::from(*a).to_digit(16), char::from(*b).to_digit(16))
        {
            rest = tail;
            return Some(((a * 16 + b) as u8, true));
        }
        rest = tail;
        Some((*first, false))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_resolved_and_nulls_do_not_end_anything() {
        assert_eq!(unescape("a%20b").as_ref(), b"a b");
        assert_eq!(unescape("null-%00-null").as_ref(), b"null-\0-null");
        assert_eq!(unescape("%4").as_ref(), b"%4");
        assert!(matches!(unescape("plain"), Cow::Borrowed(_)));
    }

    #[test]
    fn broken_escapes_are_seen() {
        assert!(is_whole(b"a%41%7e") && is_whole(b""));
        for bad in ["%", "%4", "%4g", "a%", "%%41"] {
            assert!(!is_whole(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn reserved_characters_differ_from_their_escapes() {
        assert!(equivalent("%61lice", "alice", false) && equivalent("%41", "a", true));
        assert!(!equivalent("a%3Bb", "a;b", false) && equivalent("a%3Bb", "a%3bb", false));
        assert!(!equivalent("Alice", "alice", false));
    }
}
