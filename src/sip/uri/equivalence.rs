//! When two URIs are the same.

use super::{SipUri, TelUri, Uri, UriKind, header_pairs};
use crate::escape;
use crate::limits::PARAMS_MAX;
use crate::params::{Param, ParamValue, Params};

impl Uri<'_> {
    /// RFC 3261 §19.1.4 for SIP URIs, RFC 3966 §5 for `tel:`; other schemes must be the same text.
    pub fn equivalent(&self, other: &Uri<'_>) -> bool {
        if self.text == other.text {
            return true;
        }
        match (&self.kind, &other.kind) {
            (UriKind::Sip(a), UriKind::Sip(b)) => a.equivalent(b),
            (UriKind::Tel(a), UriKind::Tel(b)) => a.equivalent(b),
            (UriKind::Other, UriKind::Other) => {
                let rest = |uri: &str| uri.split_once(':').map(|(_, rest)| rest.to_owned());
                self.scheme().eq_ignore_ascii_case(other.scheme()) && rest(self.text) == rest(other.text)
            }
            (UriKind::Sip(_) | UriKind::Tel(_) | UriKind::Other, _) => false,
        }
    }
}

impl SipUri<'_> {
    fn equivalent(&self, other: &SipUri<'_>) -> bool {
        let same = |a: Option<&str>, b: Option<&str>| match (a, b) {
            (Some(a), Some(b)) => escape::equivalent(a, b, false),
            (None, None) => true,
            _ => false,
        };
        self.secure == other.secure
            && same(self.user, other.user)
            && same(self.password, other.password)
            && self.host.equivalent(&other.host)
            && self.port == other.port
            && params_agree(&self.params, &other.params)
            && params_agree(&other.params, &self.params)
            && headers_agree(self.headers, other.headers)
    }
}

impl TelUri<'_> {
    fn equivalent(&self, other: &TelUri<'_>) -> bool {
        let fold = |c: char| c.to_ascii_lowercase();
        let known = |ours: &Params<'_>, theirs: &Params<'_>| {
            ours.iter().all(|p| {
                theirs.find(p.name).is_some_and(|q| match (p.value, q.value) {
                    (Some(ParamValue::Token(a)), Some(ParamValue::Token(b))) => escape::equivalent(a, b, true),
                    (a, b) => a == b,
                })
            })
        };
        self.digits().map(fold).eq(other.digits().map(fold))
            && known(&self.params, &other.params)
            && known(&other.params, &self.params)
    }
}

/// RFC 3261 §19.1.4: parameters in both URIs must match; these must be in both or in none, the others are ignored where
/// they stand in one only.
const PARAMS_THAT_COUNT_ALONE: [&str; 5] = ["user", "ttl", "method", "maddr", "transport"];

fn params_agree(ours: &Params<'_>, theirs: &Params<'_>) -> bool {
    ours.iter().all(|Param { name, value }| match theirs.find(name) {
        None => !PARAMS_THAT_COUNT_ALONE.iter().any(|n| n.eq_ignore_ascii_case(name)),
        Some(other) => match (value, other.value) {
            (Some(ParamValue::Token(a)), Some(ParamValue::Token(b))) => escape::equivalent(a, b, true),
            (a, b) => a == b,
        },
    })
}

fn headers_agree(ours: &str, theirs: &str) -> bool {
    let held = |all: &str, (name, value): (&str, &str)| {
        header_pairs(all).any(|(n, v)| escape::equivalent(n, name, true) && escape::equivalent(v, value, false))
    };
    let (a, b) = (header_pairs(ours).count(), header_pairs(theirs).count());
    a == b
        && a <= PARAMS_MAX
        && header_pairs(ours).all(|pair| held(theirs, pair))
        && header_pairs(theirs).all(|pair| held(ours, pair))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri<'_> {
        Uri::parse(text.as_bytes()).unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    /// RFC 3261 §19.1.4's own examples, and RFC 3966 §5.
    #[test]
    fn equal_uris_are_equal() {
        for (a, b) in [
            ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
            ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"),
            (
                "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
                "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
            ),
            (
                "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
                "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
            ),
            ("tel:+1-201-555-0123", "TEL:+1(201)5550123"),
            ("tel:7042;phone-context=Example.com", "tel:7042;Phone-Context=example.com"),
            ("urn:service:sos", "URN:service:sos"),
        ] {
            assert!(uri(a).equivalent(&uri(b)) && uri(b).equivalent(&uri(a)), "{a} {b}");
        }
    }

    #[test]
    fn different_uris_are_different() {
        for (a, b) in [
            ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
            ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
            ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
            ("sip:a@b", "sips:a@b"),
            ("tel:+12", "tel:12"),
            ("tel:+12;ext=1", "tel:+12"),
        ] {
            assert!(!uri(a).equivalent(&uri(b)) && !uri(b).equivalent(&uri(a)), "{a} {b}");
        }
    }
}
