//! A1, A2 and the response (RFC 7616 §3.4).

use core::fmt;
use md5::Md5;
use sha2::{Digest, Sha256};

/// The algorithms we speak. `-sess` variants and SHA-512/256 are not offered and not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    Md5,
    Sha256,
}

/// What proves who a user is. Not printable.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    Password(Box<str>),
    /// H(user:realm:password), made ahead so that the password itself need not be kept.
    Ha1 {
        md5: Option<[u8; 16]>,
        sha256: Option<[u8; 32]>,
    },
}

/// A hash as lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hex {
    digits: [u8; 64],
    length: usize,
}

/// Everything a response is computed from but the secret.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exchange<'a> {
    pub(super) method: &'a str,
    pub(super) uri: &'a str,
    pub(super) nonce: &'a str,
    /// `nc` as written and `cnonce` when `qop=auth` is used; else the older form of RFC 2069.
    pub(super) qop: Option<(&'a str, &'a str)>,
}

impl Algorithm {
    /// In the order a server offers them (RFC 8760 §2.3: most preferred first).
    pub const ALL: [Algorithm; 2] = [Algorithm::Sha256, Algorithm::Md5];

    pub const fn as_str(self) -> &'static str {
        match self {
            Algorithm::Md5 => "MD5",
            Algorithm::Sha256 => "SHA-256",
        }
    }

    /// RFC 7616 §3.3: none named means MD5.
    pub fn of(name: Option<&str>) -> Option<Self> {
        let Some(name) = name else { return Some(Algorithm::Md5) };
        Self::ALL.into_iter().find(|a| a.as_str().eq_ignore_ascii_case(name))
    }

    /// H(a:b:c…)
    pub(super) fn hash(self, parts: &[&[u8]]) -> Hex {
        match self {
            Algorithm::Md5 => Hex::of(&joined::<Md5>(parts)),
            Algorithm::Sha256 => Hex::of(&joined::<Sha256>(parts)),
        }
    }

    pub(super) fn response(self, ha1: &Hex, exchange: &Exchange<'_>) -> Hex {
        let ha2 = self.hash(&[exchange.method.as_bytes(), exchange.uri.as_bytes()]);
        let nonce = exchange.nonce.as_bytes();
        match exchange.qop {
            Some((nc, cnonce)) => {
                self.hash(&[ha1.digits(), nonce, nc.as_bytes(), cnonce.as_bytes(), b"auth", ha2.digits()])
            }
            None => self.hash(&[ha1.digits(), nonce, ha2.digits()]),
        }
    }
}

fn joined<D: Digest>(parts: &[&[u8]]) -> sha2::digest::Output<D> {
    let mut hash = D::new();
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            hash.update(b":");
        }
        hash.update(part);
    }
    hash.finalize()
}

impl Secret {
    pub fn password(password: &str) -> Self {
        Secret::Password(password.into())
    }

    /// What a server may keep instead of the password: good for this user and realm only, with every algorithm.
    pub fn hashed(user: &str, realm: &str, password: &str) -> Self {
        let a1 = format!("{user}:{realm}:{password}");
        Secret::Ha1 { md5: Some(Md5::digest(&a1).into()), sha256: Some(Sha256::digest(&a1).into()) }
    }

    /// `None` when the secret was made for other algorithms only.
    pub(super) fn ha1(&self, algorithm: Algorithm, user: &str, realm: &str) -> Option<Hex> {
        match (self, algorithm) {
            (Secret::Password(password), _) => {
                Some(algorithm.hash(&[user.as_bytes(), realm.as_bytes(), password.as_bytes()]))
            }
            (Secret::Ha1 { md5, .. }, Algorithm::Md5) => md5.as_ref().map(Hex::of),
            (Secret::Ha1 { sha256, .. }, Algorithm::Sha256) => sha256.as_ref().map(Hex::of),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Hex {
    pub(super) fn of(hash: &impl AsRef<[u8]>) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let hash = hash.as_ref();
        let mut hex = Hex { digits: [0; 64], length: 2 * hash.len() };
        for (pair, b) in hex.digits.chunks_exact_mut(2).zip(hash) {
            pair.copy_from_slice(&[DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]);
        }
        hex
    }

    pub(super) fn digits(&self) -> &[u8] {
        &self.digits[..self.length]
    }

    pub(super) fn as_str(&self) -> &str {
        core::str::from_utf8(self.digits()).expect("hexadecimal digits are ASCII")
    }

    /// Compares in a time that does not depend on where the first difference is. Letter case does not matter.
    pub(super) fn matches(&self, other: &str) -> bool {
        let ours = self.digits();
        if other.len() != ours.len() {
            return false;
        }
        let differing = ours.iter().zip(other.bytes()).fold(0, |seen, (a, b)| seen | (a ^ b.to_ascii_lowercase()));
        core::hint::black_box(differing) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Vector {
        algorithm: Algorithm,
        user: &'static str,
        realm: &'static str,
        password: &'static str,
        exchange: Exchange<'static>,
        response: &'static str,
    }

    /// RFC 2617 §3.5, RFC 7616 §3.9.1 (both algorithms), draft-smith-sipping-auth-examples-01 §§2.1, 2.2, 3.1.
    /// RFC 8760 has no vectors of its own; it takes RFC 7616's arithmetic unchanged.
    const VECTORS: [Vector; 5] = [
        Vector {
            algorithm: Algorithm::Md5,
            user: "Mufasa",
            realm: "testrealm@host.com",
            password: "Circle Of Life",
            exchange: Exchange {
                method: "GET",
                uri: "/dir/index.html",
                nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
                qop: Some(("00000001", "0a4f113b")),
            },
            response: "6629fae49393a05397450978507c4ef1",
        },
        Vector {
            algorithm: Algorithm::Md5,
            user: "Mufasa",
            realm: "http-auth@example.org",
            password: "Circle of Life",
            exchange: RFC_7616,
            response: "8ca523f5e9506fed4657c9700eebdbec",
        },
        Vector {
            algorithm: Algorithm::Sha256,
            user: "Mufasa",
            realm: "http-auth@example.org",
            password: "Circle of Life",
            exchange: RFC_7616,
            response: "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        },
        Vector {
            algorithm: Algorithm::Md5,
            user: "bob",
            realm: "biloxi.com",
            password: "zanzibar",
            exchange: Exchange { qop: None, ..SIP_INVITE },
            response: "bf57e4e0d0bffc0fbaedce64d59add5e",
        },
        Vector {
            algorithm: Algorithm::Md5,
            user: "bob",
            realm: "biloxi.com",
            password: "zanzibar",
            exchange: SIP_INVITE,
            response: "89eb0059246c02b2f6ee02c7961d5ea3",
        },
    ];

    const RFC_7616: Exchange<'static> = Exchange {
        method: "GET",
        uri: "/dir/index.html",
        nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        qop: Some(("00000001", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")),
    };

    const SIP_INVITE: Exchange<'static> = Exchange {
        method: "INVITE",
        uri: "sip:bob@biloxi.com",
        nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
        qop: Some(("00000001", "0a4f113b")),
    };

    #[test]
    fn published_vectors_come_out() {
        for v in &VECTORS {
            let secret = Secret::password(v.password);
            let ha1 = secret.ha1(v.algorithm, v.user, v.realm).expect("a password serves every algorithm");
            let response = v.algorithm.response(&ha1, &v.exchange);
            assert_eq!(response.as_str(), v.response);
            assert!(response.matches(&v.response.to_ascii_uppercase()));
            assert!(!response.matches(&v.response[1..]) && !response.matches(""));
        }
    }

    #[test]
    fn a_hash_made_ahead_serves_its_own_algorithm_only() {
        let md5: [u8; 16] = Md5::digest(b"bob:biloxi.com:zanzibar").into();
        let secret = Secret::Ha1 { md5: Some(md5), sha256: None };
        let plain = Secret::password("zanzibar");
        let made = secret.ha1(Algorithm::Md5, "bob", "biloxi.com").map(|h| h.as_str().to_owned());
        assert_eq!(made, plain.ha1(Algorithm::Md5, "bob", "biloxi.com").map(|h| h.as_str().to_owned()));
        assert!(secret.ha1(Algorithm::Sha256, "bob", "biloxi.com").is_none());
        let both = Secret::hashed("bob", "biloxi.com", "zanzibar");
        for algorithm in Algorithm::ALL {
            assert_eq!(both.ha1(algorithm, "bob", "biloxi.com"), plain.ha1(algorithm, "bob", "biloxi.com"));
        }
    }

    #[test]
    fn secrets_do_not_show_in_debug_output() {
        assert_eq!(format!("{:?}", Secret::password("zanzibar")), "Secret(…)");
    }
}
