//! Session-Expires and Min-SE (RFC 4028).

use super::{Header, HeaderName};
use crate::octets::push_number;
use crate::params::Params;
use crate::scan::Cursor;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionExpires {
    pub seconds: u32,
    pub refresher: Option<Refresher>,
}

/// Who sends the refreshing requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresher {
    Uac,
    Uas,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinSe(pub u32);

impl<'a> Header<'a> for SessionExpires {
    const NAME: HeaderName = HeaderName::SessionExpires;

    fn parse(value: &'a [u8]) -> Option<Self> {
        let (seconds, params) = seconds(value)?;
        let refresher = match params.token("refresher") {
            None => None,
            Some(who) if who.eq_ignore_ascii_case("uac") => Some(Refresher::Uac),
            Some(who) if who.eq_ignore_ascii_case("uas") => Some(Refresher::Uas),
            Some(_) => return None,
        };
        Some(SessionExpires { seconds, refresher })
    }

    fn print(&self, out: &mut Vec<u8>) {
        push_number(out, self.seconds);
        out.extend_from_slice(match self.refresher {
            None => b"",
            Some(Refresher::Uac) => b";refresher=uac",
            Some(Refresher::Uas) => b";refresher=uas",
        });
    }
}

impl<'a> Header<'a> for MinSe {
    const NAME: HeaderName = HeaderName::MinSe;

    fn parse(value: &'a [u8]) -> Option<Self> {
        seconds(value).map(|(seconds, _)| MinSe(seconds))
    }

    fn print(&self, out: &mut Vec<u8>) {
        push_number(out, self.0);
    }
}

fn seconds(value: &[u8]) -> Option<(u32, Params<'_>)> {
    let mut cursor = Cursor::new(value);
    let seconds = cursor.lws().number()?;
    let params = Params::take(&mut cursor)?;
    cursor.done().then_some((seconds, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interval_and_refresher_are_read() {
        let want = SessionExpires { seconds: 1800, refresher: Some(Refresher::Uas) };
        assert_eq!(SessionExpires::parse(b"1800 ;refresher=UAS;x"), Some(want));
        assert_eq!(SessionExpires::parse(b"90"), Some(SessionExpires { seconds: 90, refresher: None }));
        assert_eq!(MinSe::parse(b"90;lr"), Some(MinSe(90)));
        for bad in [&b""[..], b"x", b"90 x", b"90;refresher=me"] {
            assert_eq!(SessionExpires::parse(bad), None, "{bad:?}");
        }
    }
}
