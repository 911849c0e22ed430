//! The side that is asked: answers to a trunk's challenges.

use super::digest::{Algorithm, Exchange, Hex, Secret};
use super::server::Asking;
use crate::header::AuthFields;
use crate::limits::CHALLENGE_VALUE_BYTES_MAX;
use crate::message::Message;
use crate::method::Method;
use crate::writer::MessageWriter;

/// One account at somebody else's server.
///
/// It answers for the realms it was given and no others: a peer we call cannot make us hand out a digest of our
/// password by challenging our BYE (the SIP digest leak).
#[derive(Debug)]
pub struct ClientAuth {
    user: Box<str>,
    secret: Secret,
    realms: Vec<Box<str>>,
    /// At most one a kind of challenge: a server and a proxy may both ask.
    answering: Vec<Challenge>,
}

/// A challenge we answer, also ahead of being asked again.
#[derive(Debug)]
struct Challenge {
    asking: Asking,
    realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    /// Whether the algorithm was named, to be repeated only then.
    named: bool,
    qop: bool,
    count: u32,
    cnonce: Hex,
}

/// Why a 401 or 407 is final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotAnswer {
    #[error("no challenge for a realm we have an account in")]
    ForeignRealm,
    #[error("no challenge of a scheme, algorithm and qop we speak")]
    Unsupported,
    #[error("our credentials were refused")]
    Refused,
}

impl ClientAuth {
    pub fn new(user: &str, secret: Secret, realms: &[&str]) -> Self {
        let realms = realms.iter().map(|r| Box::from(*r)).collect();
        ClientAuth { user: user.into(), secret, realms, answering: Vec::new() }
    }

    /// Takes the challenges of a 401 or 407. `tried`: the request refused had our credentials in it. `random` goes into
    /// the client nonce. After `Ok` the request is sent again, with [`ClientAuth::authorize`].
    pub fn challenged(&mut self, response: &Message<'_>, tried: bool, random: u64) -> Result<(), CannotAnswer> {
        let mut outcome = Err(CannotAnswer::ForeignRealm);
        for asking in [Asking::AsServer, Asking::AsProxy] {
            match self.choose(asking, response, tried, random) {
                Ok(Some(challenge)) => {
                    self.answering.retain(|c| c.asking != asking);
                    self.answering.push(challenge);
                    outcome = Ok(());
                }
                Ok(None) => {}
                Err(error) if outcome.is_err() => outcome = Err(error),
                Err(_) => {}
            }
        }
        outcome
    }

    /// Adds credentials to a request, once a challenge is known; `uri` is its Request-URI.
    pub fn authorize(&mut self, method: Method<'_>, uri: &str, request: &mut MessageWriter<'_>) {
        for challenge in &mut self.answering {
            challenge.answer(&self.user, &self.secret, method, uri, request);
        }
    }

    pub fn realms(&self) -> impl Iterator<Item = &str> {
        self.realms.iter().map(|r| &**r)
    }

    /// Whether [`ClientAuth::authorize`] would add anything.
    pub fn has_challenge(&self) -> bool {
        !self.answering.is_empty()
    }

    fn choose(
        &self,
        asking: Asking,
        response: &Message<'_>,
        tried: bool,
        random: u64,
    ) -> Result<Option<Challenge>, CannotAnswer> {
        let mut best: Option<Challenge> = None;
        let mut ours = false;
        for value in response.elements(asking.challenge_name()) {
            let Some(fields) = AuthFields::parse(value) else { continue };
            let realm = fields.get("realm").unwrap_or_default();
            if !self.realms.iter().any(|r| **r == *realm) {
                continue;
            }
            ours = true;
            let stale = fields.get("stale").is_some_and(|s| s.eq_ignore_ascii_case("true"));
            // RFC 7616 §3.3: a new challenge to credentials that were not stale means they are wrong.
            if tried && !stale && self.answering.iter().any(|c| c.asking == asking && c.realm == realm) {
                return Err(CannotAnswer::Refused);
            }
            let challenge = Challenge::read(asking, &fields, random);
            let usable = challenge.filter(|c| self.secret.ha1(c.algorithm, &self.user, &c.realm).is_some());
            // RFC 8760 §2.4 prefers the topmost; ours prefers the strongest, whatever its place.
            match usable {
                Some(c) if best.as_ref().is_none_or(|b| b.algorithm < c.algorithm) => best = Some(c),
                _ => {}
            }
        }
        if best.is_none() && ours { Err(CannotAnswer::Unsupported) } else { Ok(best) }
    }
}

impl Challenge {
    fn read(asking: Asking, fields: &AuthFields<'_>, random: u64) -> Option<Self> {
        if !fields.is_digest() {
            return None;
        }
        let short =
            |name: &str| fields.get(name).map(|v| v.into_owned()).filter(|v| v.len() <= CHALLENGE_VALUE_BYTES_MAX);
        let algorithm = fields.get("algorithm");
        let qop = match fields.get("qop") {
            None => false,
            Some(list) if list.split(',').any(|q| q.trim().eq_ignore_ascii_case("auth")) => true,
            Some(_) => return None,
        };
        let nonce = short("nonce")?;
        let cnonce = Algorithm::Sha256.hash(&[&random.to_be_bytes(), nonce.as_bytes()]);
        Some(Challenge {
            asking,
            realm: short("realm")?,
            nonce,
            opaque: short("opaque"),
            algorithm: Algorithm::of(algorithm.as_deref())?,
            named: algorithm.is_some(),
            qop,
            count: 0,
            cnonce,
        })
    }

    fn answer(&mut self, user: &str, secret: &Secret, method: Method<'_>, uri: &str, request: &mut MessageWriter<'_>) {
        self.count = self.count.wrapping_add(1).max(1);
        let nc = format!("{:08x}", self.count);
        let cnonce = &self.cnonce.as_str()[..32];
        let qop = self.qop.then_some((nc.as_str(), cnonce));
        let ha1 = secret.ha1(self.algorithm, user, &self.realm).expect("looked at when the challenge was chosen");
        let exchange = Exchange { method: method.as_str(), uri, nonce: &self.nonce, qop };
        let response = self.algorithm.response(&ha1, &exchange);
        let mut fields = vec![
            ("username", user, true),
            ("realm", self.realm.as_str(), true),
            ("nonce", self.nonce.as_str(), true),
            ("uri", uri, true),
            ("response", response.as_str(), true),
        ];
        if self.named {
            fields.push(("algorithm", self.algorithm.as_str(), false));
        }
        if self.qop {
            fields.extend([("qop", "auth", false), ("nc", &nc, false), ("cnonce", cnonce, true)]);
        }
        if let Some(opaque) = &self.opaque {
            fields.push(("opaque", opaque, true));
        }
        request.auth(self.asking.credentials_name(), &fields);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(challenges: &[&str]) -> Vec<u8> {
        let mut text = String::from(
            "SIP/2.0 401 Unauthorized\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n\
             To: <sip:a@b>;tag=2\r\nCall-ID: x\r\nCSeq: 1 REGISTER\r\n",
        );
        for challenge in challenges {
            text.push_str(challenge);
            text.push_str("\r\n");
        }
        text.push_str("\r\n");
        text.into_bytes()
    }

    fn account() -> ClientAuth {
        ClientAuth::new("bob", Secret::password("zanzibar"), &["biloxi.com"])
    }

    fn challenged(account: &mut ClientAuth, tried: bool, challenges: &[&str]) -> Result<(), CannotAnswer> {
        let octets = refusal(challenges);
        account.challenged(&Message::parse(&octets).expect("good"), tried, 1)
    }

    fn credentials(account: &mut ClientAuth) -> String {
        let mut out = Vec::new();
        let mut w = MessageWriter::status(&mut out, crate::StatusCode::OK, None);
        account.authorize(Method::Invite, "sip:bob@biloxi.com", &mut w);
        w.end();
        String::from_utf8(out).expect("ASCII")
    }

    const SHA: &str =
        "WWW-Authenticate: Digest realm=\"biloxi.com\", nonce=\"n\", algorithm=SHA-256, qop=\"auth,auth-int\"";
    const MD5: &str = "WWW-Authenticate: Digest realm=\"biloxi.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"";

    #[test]
    fn the_strongest_algorithm_is_answered_and_counts_go_up() {
        let mut account = account();
        assert_eq!(challenged(&mut account, false, &[MD5, SHA]), Ok(()));
        let first = credentials(&mut account);
        assert!(first.contains("algorithm=SHA-256, qop=auth, nc=00000001, cnonce=\""), "{first}");
        assert!(credentials(&mut account).contains("nc=00000002"));
    }

    #[test]
    fn a_challenge_without_qop_is_answered_the_old_way() {
        let mut account = account();
        assert_eq!(challenged(&mut account, false, &[MD5]), Ok(()));
        // draft-smith-sipping-auth-examples-01 §2.1
        let got = credentials(&mut account);
        assert!(got.contains("response=\"bf57e4e0d0bffc0fbaedce64d59add5e\"\r\n"), "{got}");
    }

    #[test]
    fn foreign_realms_never_get_a_digest() {
        let mut account = account();
        let foreign = SHA.replace("biloxi.com", "evil.example");
        assert_eq!(challenged(&mut account, false, &[&foreign]), Err(CannotAnswer::ForeignRealm));
        assert!(!account.has_challenge());
        assert!(!credentials(&mut account).contains("Digest"));
    }

    #[test]
    fn what_we_do_not_speak_is_not_answered() {
        for challenge in [
            SHA.replace("SHA-256", "SHA-512-256"),
            SHA.replace("SHA-256", "SHA-256-sess"),
            SHA.replace("auth,auth-int", "auth-int"),
            SHA.replace("Digest", "Basic"),
        ] {
            assert_eq!(challenged(&mut account(), false, &[&challenge]), Err(CannotAnswer::Unsupported), "{challenge}");
        }
    }

    #[test]
    fn refused_credentials_are_not_tried_again_but_stale_ones_are() {
        let mut account = account();
        assert_eq!(challenged(&mut account, false, &[SHA]), Ok(()));
        assert_eq!(challenged(&mut account, true, &[SHA]), Err(CannotAnswer::Refused));
        assert_eq!(challenged(&mut account, true, &[&format!("{SHA}, stale=TRUE")]), Ok(()));
        assert!(credentials(&mut account).contains("nc=00000001"));
    }

    #[test]
    fn a_proxy_and_a_server_are_both_answered() {
        let mut account = account();
        assert_eq!(challenged(&mut account, false, &[SHA, &MD5.replace("WWW", "Proxy")]), Ok(()));
        let got = credentials(&mut account);
        assert!(
            got.contains("\r\nAuthorization: Digest ") && got.contains("\r\nProxy-Authorization: Digest "),
            "{got}"
        );
    }
}
