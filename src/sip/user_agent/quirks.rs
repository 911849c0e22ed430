//! What known clients cannot do although the RFCs ask it of them.

use crate::Message;
use crate::header::HeaderName;

/// Whether the sender gives up on a challenge of an algorithm it does not know, where RFC 3261 §22.3 has it take another.
///
/// baresip knows SHA-256 since 3.12 (baresip/re pull request 1103); before that any challenge but MD5 is an error, seen
/// with baresip 1.0.0 of Debian 12. Offering such a client less than others gives nothing away: whoever forges this
/// User-Agent could as well have chosen MD5.
pub(crate) fn knows_only_md5(request: &Message<'_>) -> bool {
    let product = request.raw(HeaderName::UserAgent).and_then(|v| core::str::from_utf8(v).ok());
    let Some(version) = product.and_then(|p| p.strip_prefix("baresip v")) else { return false };
    let mut parts = version.split(|c: char| !c.is_ascii_digit());
    let mut part = || parts.next().and_then(|p| p.parse::<u32>().ok());
    part().is_some_and(|major| (major, part().unwrap_or(0)) < (3, 12))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_baresips_are_known_by_their_version() {
        let table = [
            ("baresip v1.0.0 (x86_64/linux)", true),
            ("baresip v0.6.5 (x86_64/linux)", true),
            ("baresip v3.10.1 (x86_64/Linux)", true),
            ("baresip v3.12.0 (x86_64/Linux)", false),
            ("baresip v4.1.0", false),
            ("baresip vNext", false),
            ("Linphone Desktop/5.1", false),
        ];
        for (product, want) in table {
            let text = format!(
                "REGISTER sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\n\
                 To: <sip:a@h>\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\nUser-Agent: {product}\r\n\r\n"
            );
            assert_eq!(knows_only_md5(&Message::parse(text.as_bytes()).unwrap()), want, "{product}");
        }
    }
}
