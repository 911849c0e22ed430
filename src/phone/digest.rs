//! Digest access authentication, the client's half (RFC 7616, RFC 8760).
//!
//! `rsip`'s typed headers know the algorithm as `SHA256`, not the registered name `SHA-256`, and hold the nonce count in
//! eight bits; so the challenge is read from, and the answer written as, the untyped header value.

use md5::{Digest, Md5};
use sha2::Sha256;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Md5,
    Sha256,
}

impl Algorithm {
    fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    fn hex(self, text: &str) -> String {
        match self {
            Self::Md5 => hex(&Md5::digest(text)),
            Self::Sha256 => hex(&Sha256::digest(text)),
        }
    }
}

/// A challenge of a server, and how often it has been answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    qop_auth: bool,
    pub(crate) stale: bool,
    /// From a proxy (407) rather than a server (401).
    pub(crate) proxy: bool,
    count: u32,
}

impl Challenge {
    /// Reads one WWW-Authenticate or Proxy-Authenticate value; None when we cannot answer it.
    pub(crate) fn parse(value: &str, proxy: bool) -> Option<Self> {
        let (scheme, rest) = value.trim().split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("digest") {
            return None;
        }
        let mut challenge = Self {
            realm: String::new(),
            nonce: String::new(),
            opaque: None,
            algorithm: Algorithm::Md5,
            qop_auth: false,
            stale: false,
            proxy,
            count: 0,
        };
        for (name, value) in parameters(rest) {
            match name.to_ascii_lowercase().as_str() {
                "realm" => challenge.realm = value,
                "nonce" => challenge.nonce = value,
                "opaque" => challenge.opaque = Some(value),
                "stale" => challenge.stale = value.eq_ignore_ascii_case("true"),
                "qop" => challenge.qop_auth = value.split(',').any(|q| q.trim().eq_ignore_ascii_case("auth")),
                "algorithm" if value.eq_ignore_ascii_case("MD5") => challenge.algorithm = Algorithm::Md5,
                "algorithm" if value.eq_ignore_ascii_case("SHA-256") => challenge.algorithm = Algorithm::Sha256,
                "algorithm" => return None,
                _ => {}
            }
        }
        (!challenge.nonce.is_empty()).then_some(challenge)
    }

    /// The value of the Authorization or Proxy-Authorization header for one request.
    pub(crate) fn answer(&mut self, user: &str, password: &str, method: &str, uri: &str, cnonce: &str) -> String {
        let hash = |text: String| self.algorithm.hex(&text);
        let ha1 = hash(format!("{user}:{}:{password}", self.realm));
        let ha2 = hash(format!("{method}:{uri}"));
        let mut value = format!(
            "Digest username=\"{user}\", realm=\"{}\", nonce=\"{}\", uri=\"{uri}\", algorithm={}",
            self.realm,
            self.nonce,
            self.algorithm.name()
        );
        if self.qop_auth {
            self.count += 1;
            let nc = format!("{:08x}", self.count);
            let response = self.algorithm.hex(&format!("{ha1}:{}:{nc}:{cnonce}:auth:{ha2}", self.nonce));
            value += &format!(", response=\"{response}\", qop=auth, nc={nc}, cnonce=\"{cnonce}\"");
        } else {
            let response = hash(format!("{ha1}:{}:{ha2}", self.nonce));
            value += &format!(", response=\"{response}\"");
        }
        if let Some(opaque) = &self.opaque {
            value += &format!(", opaque=\"{opaque}\"");
        }
        value
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// `name=value, name="quoted, value"` …
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.trim_matches([' ', '\t', ',']).to_owned();
        let (value, tail) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(',').unwrap_or((after, "")),
        };
        found.push((name, value.trim().to_owned()));
        rest = tail;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response_of(value: &str) -> String {
        parameters(value).into_iter().find(|(name, _)| name == "response").expect("a response").1
    }

    /// RFC 7616 §3.9.1: one request under both algorithms.
    #[test]
    fn rfc_7616_example_is_answered_under_both_algorithms() {
        let check = |algorithm: &str, expected: &str| {
            let challenge = format!(
                "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, \
                 nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
            );
            let mut challenge = Challenge::parse(&challenge, false).expect("understood");
            let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
            let value = challenge.answer("Mufasa", "Circle of Life", "GET", "/dir/index.html", cnonce);
            assert_eq!(response_of(&value), expected, "{algorithm}");
            assert!(value.contains("nc=00000001") && value.contains("opaque=\"FQhe/"));
        };
        check("MD5", "8ca523f5e9506fed4657c9700eebdbec");
        check("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
    }

    /// RFC 2617 without qop: HA1:nonce:HA2, and no count.
    #[test]
    fn challenge_without_qop_is_answered_the_old_way() {
        let mut challenge = Challenge::parse("Digest realm=\"r\",nonce=\"n\"", true).expect("understood");
        let value = challenge.answer("u", "p", "REGISTER", "sip:r", "ignored");
        // md5 of "md5(u:r:p):n:md5(REGISTER:sip:r)", computed with coreutils md5sum.
        let ha = |text: &str| Algorithm::Md5.hex(text);
        assert_eq!(response_of(&value), ha(&format!("{}:n:{}", ha("u:r:p"), ha("REGISTER:sip:r"))));
        assert!(!value.contains("nc=") && challenge.proxy);
    }

    #[test]
    fn nonce_count_rises_with_every_answer() {
        let mut challenge =
            Challenge::parse("Digest realm=\"r\", nonce=\"n\", qop=\"auth\"", false).expect("understood");
        assert!(challenge.answer("u", "p", "REGISTER", "sip:r", "c").contains("nc=00000001"));
        assert!(challenge.answer("u", "p", "REGISTER", "sip:r", "c").contains("nc=00000002"));
    }

    #[test]
    fn unknown_schemes_and_algorithms_are_left_alone() {
        assert_eq!(Challenge::parse("Basic realm=\"r\"", false), None);
        assert_eq!(Challenge::parse("Digest realm=\"r\", nonce=\"n\", algorithm=SHA-512-256", false), None);
        assert_eq!(Challenge::parse("Digest realm=\"r\"", false), None);
        assert_eq!(Challenge::parse("", false), None);
    }
}
