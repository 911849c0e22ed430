//! Contact: where a party can be reached (RFC 3261 §20.10).

use super::{Header, HeaderName, NameAddr};

#[derive(Clone, Copy, Debug)]
pub enum Contact<'a> {
    /// `*`: every binding of the address of record; legal only in a REGISTER with `Expires: 0`.
    All,
    Address(NameAddr<'a>),
}

impl<'a> Contact<'a> {
    pub fn address(&self) -> Option<&NameAddr<'a>> {
        match self {
            Contact::Address(address) => Some(address),
            Contact::All => None,
        }
    }

    /// `expires` of this contact, in seconds. RFC 3261 §20.10: a value that cannot be read counts as 3600.
    pub fn expires(&self) -> Option<u32> {
        let param = self.address()?.params.find("expires")?;
        Some(self.address()?.params.number(param.name).unwrap_or(3600))
    }

    /// Preference in thousandths, 0–1000 (RFC 3261 §25.1 `qvalue`); 1000 where none is written.
    pub fn q(&self) -> u16 {
        self.address().and_then(|a| a.params.token("q")).and_then(qvalue).unwrap_or(1000)
    }
}

/// `0`, `0.5`, `1.000`: at most three decimals, at most one.
pub(crate) fn qvalue(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let whole = match whole {
        "0" | "" => 0,
        "1" => 1000,
        _ => return None,
    };
    let part = decimals.bytes().chain([b'0'; 3]).take(3).fold(0, |n, b| n * 10 + u16::from(b - b'0'));
    Some(whole + part).filter(|q| *q <= 1000)
}

impl<'a> Header<'a> for Contact<'a> {
    const NAME: HeaderName = HeaderName::Contact;

    fn parse(value: &'a [u8]) -> Option<Self> {
        if value == b"*" {
            return Some(Contact::All);
        }
        NameAddr::parse(value).map(Contact::Address)
    }

    fn print(&self, out: &mut Vec<u8>) {
        match self {
            Contact::All => out.push(b'*'),
            Contact::Address(address) => address.print(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(value: &str) -> Contact<'_> {
        Contact::parse(value.as_bytes()).unwrap_or_else(|| panic!("refused {value}"))
    }

    #[test]
    fn star_and_addresses_are_told_apart() {
        assert!(matches!(contact("*"), Contact::All));
        let got = contact("\"Mr. Watson\" <sip:watson@worcester.example.org>;q=0.7; expires=3600");
        assert_eq!((got.q(), got.expires()), (700, Some(3600)));
        assert!(Contact::parse(b"**").is_none());
    }

    #[test]
    fn an_unreadable_expires_counts_as_an_hour() {
        assert_eq!(contact("<sip:a@b>;expires=soon").expires(), Some(3600));
        assert_eq!(contact("<sip:a@b>;expires=0").expires(), Some(0));
        assert_eq!(contact("<sip:a@b>").expires(), None);
    }

    #[test]
    fn q_is_read_in_thousandths() {
        let table = [("0", Some(0)), ("0.5", Some(500)), (".05", Some(50)), ("1.000", Some(1000)), ("1.", Some(1000))];
        for (text, want) in table {
            assert_eq!(qvalue(text), want, "{text}");
        }
        for bad in ["1.001", "2", "0.0001", "-1", "0.x"] {
            assert_eq!(qvalue(bad), None, "{bad}");
        }
    }
}
