//! The side that asks: challenges out, credentials in.

use super::digest::{Algorithm, Exchange, Secret};
use super::nonce::{NonceUse, Nonces};
use crate::header::{AuthFields, Authorization, Header, HeaderName, ProxyAuthorization};
use crate::message::Message;
use crate::uri::{Host, Uri};
use crate::writer::MessageWriter;
use base::Instant;
use core::time::Duration;

/// Asks for digest credentials of one realm and checks them.
///
/// A challenge costs no memory: its nonce is a keyed hash of time and realm. Only a nonce that came back with the right
/// digest is remembered, until it expires.
pub struct Challenger {
    realm: Box<str>,
    algorithms: Vec<Algorithm>,
    nonces: Nonces,
    /// Hashed for users who do not exist, so that they take as long as a wrong password.
    nobody: Secret,
}

/// Which pair of header fields is used (RFC 3261 §22.2, §22.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    /// 401, WWW-Authenticate, Authorization.
    AsServer,
    /// 407, Proxy-Authenticate, Proxy-Authorization.
    AsProxy,
}

/// What a request's credentials are worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Accepted {
        user: Box<str>,
    },
    /// No credentials for our realm: challenge.
    Absent,
    /// The secret is right, the nonce too old: challenge with `stale=true`, no failure.
    Stale,
    /// The secret is right, but this use of the nonce is not the first: challenge with `stale=true` and count it.
    Replayed,
    /// Unknown user or wrong secret, which look alike: challenge anew and count it.
    Wrong,
    /// Credentials for our realm that cannot be read: 400.
    Malformed,
}

impl Challenger {
    /// `key` must be unguessable and come from the operating system; a new one makes every earlier nonce stale.
    pub fn new(key: [u8; 32], realm: &str, lifetime: Duration) -> Self {
        let nobody = Secret::Password(super::digest::Hex::of(&key).as_str().into());
        Challenger {
            realm: realm.into(),
            algorithms: Algorithm::ALL.to_vec(),
            nonces: Nonces::new(key, lifetime),
            nobody,
        }
    }

    /// Offers these only, in this order.
    pub fn with_algorithms(self, algorithms: &[Algorithm]) -> Self {
        Challenger { algorithms: algorithms.to_vec(), ..self }
    }

    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// How many used nonces are remembered.
    pub fn remembered(&self) -> usize {
        self.nonces.remembered()
    }

    /// Adds one challenge for each algorithm to a 401 or 407, the best first (RFC 8760 §2.3).
    pub fn challenge(&mut self, now: Instant, asking: Asking, stale: bool, response: &mut MessageWriter<'_>) {
        self.challenge_where(now, asking, stale, response, |_| true);
    }

    /// The same with some of the algorithms only, for a client that stumbles over the others.
    pub fn challenge_where(
        &mut self,
        now: Instant,
        asking: Asking,
        stale: bool,
        response: &mut MessageWriter<'_>,
        offered: impl Fn(Algorithm) -> bool,
    ) {
        for algorithm in self.algorithms.iter().filter(|a| offered(**a)) {
            let nonce = self.nonces.issue(now, &self.realm);
            let fields: [(&str, &str, bool); 5] = [
                ("realm", &self.realm, true),
                ("nonce", &nonce, true),
                ("algorithm", algorithm.as_str(), false),
                // RFC 8760 §2.6 (8): always sent. auth-int is not offered: proxies change bodies.
                ("qop", "auth", true),
                ("stale", if stale { "true" } else { "false" }, false),
            ];
            response.auth(asking.challenge_name(), &fields);
        }
    }

    /// Looks for credentials of our realm in a request. `secret_of` finds a user's secret.
    pub fn verify(
        &mut self,
        now: Instant,
        asking: Asking,
        request: &Message<'_>,
        secret_of: impl FnOnce(&str) -> Option<Secret>,
    ) -> Verdict {
        let Some(fields) = self.ours(asking, request) else { return Verdict::Absent };
        let Some(claim) = Claim::read(&fields) else { return Verdict::Malformed };
        let Some(algorithm) = Algorithm::of(claim.algorithm.as_deref()).filter(|a| self.algorithms.contains(a)) else {
            return Verdict::Absent;
        };
        let known = secret_of(&claim.user).and_then(|s| s.ha1(algorithm, &claim.user, &self.realm));
        let exists = known.is_some();
        let ha1 = known.or_else(|| self.nobody.ha1(algorithm, &claim.user, &self.realm));
        let ha1 = ha1.expect("a password serves every algorithm");
        let exchange = claim.exchange(request);
        let right = algorithm.response(&ha1, &exchange).matches(&claim.response);
        if !(right & exists & claim.fits(request, &self.realm)) {
            return Verdict::Wrong;
        }
        match self.nonces.accept(now, &self.realm, &claim.nonce, claim.count, &claim.user) {
            NonceUse::New => Verdict::Accepted { user: claim.user.into() },
            NonceUse::Stale => Verdict::Stale,
            NonceUse::Repeated => Verdict::Replayed,
        }
    }

    /// Credentials name the realm they are for; those for other realms are none of our business.
    fn ours<'m>(&self, asking: Asking, request: &Message<'m>) -> Option<AuthFields<'m>> {
        let name = asking.credentials_name();
        let mut all = request.elements(name).filter_map(AuthFields::parse);
        all.find(|f| f.is_digest() && f.get("realm").as_deref() == Some(&*self.realm))
    }
}

impl Asking {
    pub const fn challenge_name(self) -> HeaderName {
        match self {
            Asking::AsServer => HeaderName::WwwAuthenticate,
            Asking::AsProxy => HeaderName::ProxyAuthenticate,
        }
    }

    pub const fn credentials_name(self) -> HeaderName {
        match self {
            Asking::AsServer => Authorization::NAME,
            Asking::AsProxy => ProxyAuthorization::NAME,
        }
    }
}

/// Credentials as claimed.
struct Claim {
    user: String,
    nonce: String,
    uri: String,
    response: String,
    algorithm: Option<String>,
    /// `nc` as written, and `cnonce`.
    qop: Option<(String, String)>,
    /// RFC 2617 allows credentials without `qop`; they count as the first use of their nonce, so they work once.
    count: u32,
}

impl Claim {
    fn read(fields: &AuthFields<'_>) -> Option<Self> {
        let get = |name: &str| fields.get(name).map(|v| v.into_owned());
        let qop = match get("qop") {
            None => None,
            Some(qop) if qop.eq_ignore_ascii_case("auth") => Some((get("nc")?, get("cnonce")?)),
            Some(_) => return None,
        };
        let count = match &qop {
            None => 1,
            Some((nc, _)) if nc.len() == 8 => u32::from_str_radix(nc, 16).ok()?,
            Some(_) => return None,
        };
        Some(Claim {
            user: get("username")?,
            nonce: get("nonce")?,
            uri: get("uri")?,
            response: get("response")?,
            algorithm: get("algorithm"),
            qop,
            count,
        })
    }

    fn exchange<'c>(&'c self, request: &Message<'c>) -> Exchange<'c> {
        let qop = self.qop.as_ref().map(|(nc, cnonce)| (nc.as_str(), cnonce.as_str()));
        Exchange { method: request.method().as_str(), uri: &self.uri, nonce: &self.nonce, qop }
    }

    /// RFC 7616 §3.4.6: the two URIs mean the same. A proxy on the way may have put our address in the place of the realm's
    /// name (RFC 8760 §2.6 (6)), and nothing else: credentials for one number or one house serve for no other.
    fn fits(&self, request: &Message<'_>, realm: &str) -> bool {
        let (Ok(claimed), Some(uri)) = (Uri::parse(self.uri.as_bytes()), request.uri()) else { return false };
        if claimed.user() != uri.user() {
            return false;
        }
        match (claimed.sip(), uri.sip()) {
            (Some(claimed), Some(sip)) => {
                claimed.host.equivalent(&sip.host)
                    || Host::split(realm).is_ok_and(|(own, _)| claimed.host.equivalent(&own))
            }
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::client::ClientAuth;
    use super::*;
    use crate::{Method, OwnedUri, StatusCode};

    const LIFETIME: Duration = Duration::from_secs(300);
    const URI: &str = "sip:example.org";

    fn at(seconds: u64) -> Instant {
        Instant::from_millis(seconds * 1000)
    }

    fn challenger() -> Challenger {
        Challenger::new([3; 32], "example.org", LIFETIME)
    }

    fn request(uri: &str, credentials: impl FnOnce(&mut MessageWriter<'_>)) -> Vec<u8> {
        let mut out = Vec::new();
        let uri = OwnedUri::parse(uri).expect("good");
        let mut w = MessageWriter::request(&mut out, Method::Register, &uri.uri());
        w.text(HeaderName::Via, "SIP/2.0/UDP h;branch=z9hG4bK1").text(HeaderName::From, "<sip:bob@example.org>;tag=1");
        w.text(HeaderName::To, "<sip:bob@example.org>")
            .text(HeaderName::CallId, "x")
            .text(HeaderName::CSeq, "1 REGISTER");
        credentials(&mut w);
        w.end();
        out
    }

    fn refusal(challenger: &mut Challenger, now: Instant, stale: bool) -> Vec<u8> {
        let plain = request(URI, |_| {});
        let plain = Message::parse(&plain).expect("good");
        let mut out = Vec::new();
        let source = "192.0.2.1:5060".parse().expect("good");
        let mut w = MessageWriter::response(&mut out, &plain, StatusCode::UNAUTHORIZED, Some("t"), source);
        challenger.challenge(now, Asking::AsServer, stale, &mut w);
        w.end();
        out
    }

    /// A client that has seen a challenge of `challenger`.
    fn client(challenger: &mut Challenger, now: Instant, password: &str) -> ClientAuth {
        let refusal = refusal(challenger, now, false);
        let mut client = ClientAuth::new("bob", Secret::password(password), &["example.org"]);
        client.challenged(&Message::parse(&refusal).expect("good"), false, 99).expect("answerable");
        client
    }

    fn signed(client: &mut ClientAuth, uri: &str) -> Vec<u8> {
        request(uri, |w| client.authorize(Method::Register, URI, w))
    }

    fn verdict(challenger: &mut Challenger, now: Instant, octets: &[u8]) -> Verdict {
        let request = Message::parse(octets).expect("good");
        challenger.verify(now, Asking::AsServer, &request, |user| (user == "bob").then(|| Secret::password("zanzibar")))
    }

    #[test]
    fn the_challenge_offers_sha_256_before_md5() {
        let text = String::from_utf8(refusal(&mut challenger(), at(1), false)).expect("ASCII");
        let lines: Vec<_> =
            text.lines().filter(|l| l.starts_with("WWW-Authenticate: Digest realm=\"example.org\"")).collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].contains("algorithm=SHA-256, qop=\"auth\", stale=false"));
        assert!(lines[1].contains("algorithm=MD5"));
    }

    #[test]
    fn right_credentials_are_accepted_and_their_repetition_is_not() {
        let mut challenger = challenger();
        let mut client = client(&mut challenger, at(1), "zanzibar");
        let first = signed(&mut client, URI);
        let second = signed(&mut client, URI);
        let bob = Verdict::Accepted { user: "bob".into() };
        assert_eq!(verdict(&mut challenger, at(2), &first), bob);
        assert_eq!(verdict(&mut challenger, at(2), &first), Verdict::Replayed);
        assert_eq!(verdict(&mut challenger, at(3), &second), bob);
        assert_eq!(challenger.remembered(), 1);
    }

    #[test]
    fn a_challenge_alone_leaves_nothing_behind() {
        let mut challenger = challenger();
        for _ in 0..1_000 {
            refusal(&mut challenger, at(1), false);
        }
        assert_eq!(challenger.remembered(), 0);
    }

    #[test]
    fn an_old_nonce_is_stale_for_the_right_password_only() {
        let mut challenger = challenger();
        let right = signed(&mut client(&mut challenger, at(1), "zanzibar"), URI);
        let wrong = signed(&mut client(&mut challenger, at(1), "guess"), URI);
        assert_eq!(verdict(&mut challenger, at(302), &right), Verdict::Stale);
        assert_eq!(verdict(&mut challenger, at(302), &wrong), Verdict::Wrong);
    }

    #[test]
    fn a_restarted_server_calls_earlier_nonces_stale() {
        let right = signed(&mut client(&mut challenger(), at(1), "zanzibar"), URI);
        let mut restarted = Challenger::new([4; 32], "example.org", LIFETIME);
        assert_eq!(verdict(&mut restarted, at(2), &right), Verdict::Stale);
    }

    #[test]
    fn unknown_user_and_wrong_password_look_alike() {
        let mut challenger = challenger();
        let wrong = signed(&mut client(&mut challenger, at(1), "guess"), URI);
        let message = Message::parse(&wrong).expect("good");
        assert_eq!(challenger.verify(at(1), Asking::AsServer, &message, |_| None), Verdict::Wrong);
        assert_eq!(verdict(&mut challenger, at(1), &wrong), Verdict::Wrong);
    }

    #[test]
    fn credentials_for_another_number_or_method_are_wrong() {
        let mut challenger = challenger();
        let mut client = client(&mut challenger, at(1), "zanzibar");
        let other = signed(&mut client, "sip:premium@example.org");
        assert_eq!(verdict(&mut challenger, at(1), &other), Verdict::Wrong);
        let invite = request(URI, |w| client.authorize(Method::Invite, URI, w));
        assert_eq!(verdict(&mut challenger, at(1), &invite), Verdict::Wrong);
    }

    #[test]
    fn what_is_not_for_us_is_absent_and_what_is_broken_is_malformed() {
        let table = [
            ("Digest realm=\"elsewhere\", username=\"bob\"", Verdict::Absent),
            ("NoOneKnowsThisScheme realm=\"example.org\"", Verdict::Absent),
            ("Digest realm=\"example.org\", username=\"bob\"", Verdict::Malformed),
            (
                "Digest realm=\"example.org\",username=\"b\",nonce=n,uri=\"sip:a\",response=x,qop=auth",
                Verdict::Malformed,
            ),
            (
                "Digest realm=\"example.org\",username=\"b\",nonce=n,uri=\"sip:a\",response=x,qop=auth-int",
                Verdict::Malformed,
            ),
            (
                "Digest realm=\"example.org\",username=\"b\",nonce=n,uri=\"sip:a\",response=x,algorithm=MD4",
                Verdict::Absent,
            ),
            ("Digest realm=\"example.org\",username=\"b\",nonce=n,uri=\"sip:a\",response=x", Verdict::Wrong),
        ];
        for (value, want) in table {
            let octets = request(URI, |w| _ = w.text(HeaderName::Authorization, value));
            assert_eq!(verdict(&mut challenger(), at(1), &octets), want, "{value}");
        }
    }
}
