//! URIs we keep or make ourselves.

use super::{Host, Uri, UriError};
use crate::escape;
use core::fmt;

/// A checked URI with its own text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OwnedUri {
    text: Box<str>,
}

impl OwnedUri {
    pub(super) fn of(uri: &Uri<'_>) -> Self {
        OwnedUri { text: uri.as_str().into() }
    }

    pub fn parse(text: &str) -> Result<Self, UriError> {
        Uri::parse(text.as_bytes()).map(|uri| uri.to_owned())
    }

    /// `sip:user@host:port`; what cannot stand in a user part is escaped.
    pub fn sip(user: Option<&str>, host: Host<'_>, port: Option<u16>) -> Self {
        let mut text = String::from("sip:");
        if let Some(user) = user {
            escape::push_user(user, &mut text);
            text.push('@');
        }
        text.push_str(&host.to_string());
        if let Some(port) = port {
            text.push(':');
            text.push_str(&port.to_string());
        }
        OwnedUri { text: text.into() }
    }

    /// `tel:number`; what is no digit, `+`, `*`, `#` or visual separator is left out. `None` without any digit.
    pub fn tel(number: &str) -> Option<Self> {
        let legal = |c: &char| c.is_ascii_digit() || "+*#-.()".contains(*c);
        let text: String = "tel:".chars().chain(number.chars().filter(legal)).collect();
        Self::parse(&text).ok()
    }

    /// The same URI with `;name=value` or `;name` put before its headers.
    pub fn with_param(&self, name: &str, value: Option<&str>) -> Result<Self, UriError> {
        let at = self.uri().sip().map_or(self.text.len(), |sip| match sip.headers.len() {
            0 => self.text.trim_end_matches('?').len(),
            headers => self.text.len() - headers - 1,
        });
        let (head, tail) = self.text.split_at(at);
        let (equals, value) = value.map_or(("", ""), |v| ("=", v));
        Self::parse(&format!("{head};{name}{equals}{value}{tail}"))
    }

    pub fn uri(&self) -> Uri<'_> {
        Uri::parse(self.text.as_bytes()).expect("checked when it was made")
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for OwnedUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_uris_are_escaped() {
        let host = Host::Name("h");
        assert_eq!(OwnedUri::sip(Some("a b@c\r\nX"), host, Some(5062)).as_str(), "sip:a%20b%40c%0D%0AX@h:5062");
        assert_eq!(OwnedUri::sip(None, Host::Ip("::1".parse().expect("v6")), None).as_str(), "sip:[::1]");
        assert_eq!(OwnedUri::tel("+49 (89) 1;x=y").map(|u| u.to_string()).as_deref(), Some("tel:+49(89)1"));
        assert_eq!(OwnedUri::tel("anonymous"), None);
    }

    #[test]
    fn parameters_go_before_headers() {
        let with = |text: &str| {
            let uri = OwnedUri::parse(text).expect(text).with_param("transport", Some("tcp")).expect("good");
            uri.as_str().to_owned()
        };
        assert_eq!(with("sip:a@b;lr"), "sip:a@b;lr;transport=tcp");
        assert_eq!(with("sip:a@b?x=y"), "sip:a@b;transport=tcp?x=y");
        assert!(OwnedUri::parse("sip:a@b").expect("good").with_param("x y", None).is_err());
    }
}
