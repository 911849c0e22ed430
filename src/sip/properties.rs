//! What must hold for every input: no panic, no line of an answer that the asker wrote, and reading undoes writing.

use crate::header::{self, Header, HeaderName};
use crate::torture::expected::CASES;
use crate::{
    Frame, Framer, Host, Malformed, Message, MessageWriter, Method, NameAddr, Opener, OwnedUri, StatusCode, Uri, Via,
};
use proptest::prelude::*;

/// One change to a message.
#[derive(Clone, Debug)]
enum Edit {
    Replace(usize, u8),
    Insert(usize, &'static str),
    Remove(usize, usize),
    /// A piece of the message once more, somewhere else.
    Repeat(usize, usize, usize),
    Cut(usize),
}

const SPICE: [&str; 22] = [
    "\r\n", "\n", "\r\n ", "\0", "\"", "\\", "<", ">", ";", ",", "=", "%", "%00", ":", " ", "\t", "@", "[", "]", "é",
    "\x7f", "\\\u{1}",
];

fn edit() -> impl Strategy<Value = Edit> {
    let at = 0..1_000usize;
    prop_oneof![
        (at.clone(), any::<u8>()).prop_map(|(at, b)| Edit::Replace(at, b)),
        (at.clone(), prop::sample::select(SPICE.to_vec())).prop_map(|(at, s)| Edit::Insert(at, s)),
        (at.clone(), 1..40usize).prop_map(|(at, n)| Edit::Remove(at, n)),
        (at.clone(), 1..80usize, at.clone()).prop_map(|(from, n, to)| Edit::Repeat(from, n, to)),
        at.prop_map(Edit::Cut),
    ]
}

fn apply(octets: &mut Vec<u8>, edit: &Edit) {
    let place = |at: usize, octets: &Vec<u8>| at * (octets.len() + 1) / 1_000;
    match edit {
        Edit::Replace(at, b) => {
            let at = place(*at, octets);
            if let Some(octet) = octets.get_mut(at) {
                *octet = *b;
            }
        }
        Edit::Insert(at, text) => {
            let at = place(*at, octets);
            octets.splice(at..at, text.bytes());
        }
        Edit::Remove(at, n) => {
            let at = place(*at, octets);
            octets.drain(at..(at + n).min(octets.len()));
        }
        Edit::Repeat(from, n, to) => {
            let (from, to) = (place(*from, octets), place(*to, octets));
            let piece = octets[from..(from + n).min(octets.len())].to_vec();
            octets.splice(to..to, piece);
        }
        Edit::Cut(at) => octets.truncate(place(*at, octets)),
    }
}

/// A message of RFC 4475, spoiled a little.
fn spoiled() -> impl Strategy<Value = Vec<u8>> {
    (0..CASES.len(), prop::collection::vec(edit(), 0..4)).prop_map(|(case, edits)| {
        let mut octets = CASES[case].octets.to_vec();
        edits.iter().for_each(|edit| apply(&mut octets, edit));
        octets
    })
}

/// Reads everything there is to read, typed and untyped.
#[allow(elided_lifetimes_in_paths)]
fn read_all(m: &Message<'_>) {
    macro_rules! all_typed {
        ($($header:ident)+) => {$(
            for value in m.all::<header::$header>().filter_map(Result::ok) {
                let (mut once, mut twice) = (Vec::new(), Vec::new());
                value.print(&mut once);
                assert!(!once.iter().any(|b| matches!(b, b'\r' | b'\n' | 0)), "{} {once:?}", stringify!($header));
                let again = header::$header::parse(&once).unwrap_or_else(|| panic!("{} {once:?}", stringify!($header)));
                again.print(&mut twice);
                assert_eq!(once, twice, "{}", stringify!($header));
            }
        )+};
    }
    all_typed! {
        Accept AlertInfo Allow AnswerMode Authorization CSeq CallId CallInfo Contact ContentLength ContentType Date
        Diversion Event Expires From HistoryInfo MaxForwards MinExpires MinSe PAssertedIdentity PCalledPartyId
        PPreferredIdentity Path Privacy ProxyAuthenticate ProxyAuthorization ProxyRequire RAck RSeq Reason RecordRoute
        ReferTo ReferredBy RemotePartyId Replaces Require RetryAfter Route ServiceRoute SessionExpires
        SubscriptionState Supported To Unsupported Via Warning WwwAuthenticate
    }
    for (name, written, value) in m.lines() {
        assert_eq!(HeaderName::of(written), name);
        assert!(!written.is_empty() && m.body().len() + value.len() <= crate::limits::MESSAGE_BYTES_MAX);
    }
    let uris = [Some(m.from().uri), Some(m.to().uri), m.uri().copied()];
    for uri in uris.into_iter().flatten() {
        assert!(uri.equivalent(&uri) && uri.to_owned().uri().equivalent(&uri));
    }
}

/// Every line of a message, control characters and folding made spaces.
fn lines(m: &Message<'_>) -> Vec<(String, Vec<u8>)> {
    let plain = |value: &[u8]| {
        let mut out = Vec::new();
        crate::octets::push_value(&mut out, value);
        crate::scan::trim(&out).to_vec()
    };
    let kept = m.lines().filter(|(name, ..)| *name != HeaderName::ContentLength);
    kept.map(|(_, name, value)| (String::from_utf8_lossy(name).into_owned(), plain(value))).collect()
}

fn source() -> std::net::SocketAddr {
    "[2001:db8::9]:5060".parse().expect("an address")
}

/// No octet of an answer may end a line but the CRLFs we wrote.
fn assert_lines(answer: &[u8]) {
    let head = answer.windows(4).position(|w| w == b"\r\n\r\n").expect("an end of the headers");
    for line in answer[..head].split(|b| *b == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        assert!(!line.iter().any(|b| matches!(b, b'\r' | 0)), "{line:?}");
        assert!(line.starts_with(b"SIP/2.0 ") || line.contains(&b':'), "{line:?}");
        assert!(!line.starts_with(b" ") && !line.starts_with(b"\t"), "{line:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_octets_never_panic(octets in prop::collection::vec(any::<u8>(), 0..600)) {
        if let Err(error) = Message::parse(&octets) {
            let _ = Malformed::read(&octets, error);
        }
        let _ = Uri::parse(&octets).map(|u| u.equivalent(&u));
        let _ = NameAddr::parse(&octets);
        let _ = Via::parse(&octets);
    }

    #[test]
    fn spoiled_messages_are_read_in_full_or_refused_cleanly(octets in spoiled()) {
        let mut answer = Vec::new();
        match Message::parse(&octets) {
            Ok(m) => {
                read_all(&m);
                let writer = MessageWriter::response(&mut answer, &m, StatusCode::RINGING, Some("t"), source());
                writer.end();
                assert_lines(&answer);
                let response = Message::parse(&answer).expect("what we write we read");
                prop_assert_eq!(response.call_id(), m.call_id());
                prop_assert_eq!(response.cseq(), m.cseq());
                prop_assert_eq!(response.from().tag(), m.from().tag());
                prop_assert_eq!(response.to().tag(), m.to().tag().or(Some("t")));
                prop_assert_eq!(response.via().branch(), m.via().branch());
                prop_assert_eq!(response.all::<Via<'_>>().count(), m.all::<Via<'_>>().count());
            }
            Err(error) => {
                if let Some(malformed) = Malformed::read(&octets, error) {
                    malformed.refuse(&mut answer, "t", source());
                    assert_lines(&answer);
                }
            }
        }
    }

    #[test]
    fn reading_undoes_writing(octets in spoiled()) {
        let Ok(m) = Message::parse(&octets) else { return Ok(()) };
        let mut out = Vec::new();
        let mut writer = match (m.uri(), m.status()) {
            (Some(uri), _) => MessageWriter::request(&mut out, m.method(), uri),
            (None, status) => MessageWriter::status(&mut out, status.expect("a response"), None),
        };
        for (name, written, value) in m.lines().filter(|(name, ..)| *name != HeaderName::ContentLength) {
            match name {
                HeaderName::Other => writer.named(core::str::from_utf8(written).expect("a token"), &String::from_utf8_lossy(value)),
                known => writer.raw(known, value),
            };
        }
        writer.finish(m.body());
        let again = Message::parse(&out).expect("what we write we read");
        prop_assert_eq!(again.body(), m.body());
        prop_assert_eq!(again.method(), m.method());
        prop_assert_eq!(again.status(), m.status());
        let values = |m: &Message<'_>| lines(m).into_iter().map(|(_, value)| value).collect::<Vec<_>>();
        let utf8 = lines(&m).iter().all(|(_, value)| core::str::from_utf8(value).is_ok());
        prop_assert!(!utf8 || values(&again) == values(&m));
    }

    #[test]
    fn nothing_a_person_types_makes_a_line(
        display in any::<String>(), value in any::<String>(), name in any::<String>(), tag in any::<String>(),
        user in any::<String>(), reason in any::<String>(), param in any::<String>(),
    ) {
        let uri = OwnedUri::sip(Some(&format!("x{user}")), Host::Name("h"), None);
        let mut out = Vec::new();
        let mut w = MessageWriter::request(&mut out, Method::Invite, &uri.uri());
        w.via(header::Transport::Udp, Host::Name("h"), None, "z9hG4bK1");
        w.address(HeaderName::From, Some(&display), &uri.uri(), &[("x", Some(&tag)), (&format!("p{param}"), Some(&value))]);
        w.address(HeaderName::To, None, &uri.uri(), &[]).text(HeaderName::CallId, "x").text(HeaderName::CSeq, "1 INVITE");
        w.named(&format!("X-{name}"), &value).text(HeaderName::Subject, &value);
        w.header(&header::Reason::new("SIP", 200, Some(&reason)));
        w.body("text/plain", value.as_bytes());
        let m = Message::parse(&out).expect("what we write we read");
        prop_assert_eq!(m.lines().count(), 10);
        let plain = |text: &str| text.bytes().map(|b| if (b < 0x20 && b != b'\t') || b == 0x7f { b' ' } else { b }).collect::<Vec<_>>();
        prop_assert_eq!(m.from().display.expect("written").decoded().into_owned(), plain(&display));
        prop_assert_eq!(crate::unescape(m.to().uri.user().expect("written")).into_owned(), format!("x{user}").into_bytes());
        prop_assert_eq!(m.body(), value.as_bytes());
    }

    #[test]
    fn a_stream_is_cut_the_same_wherever_it_breaks(
        bodies in prop::collection::vec((0..3usize, "[a-z\r\n]{0,40}"), 1..6), steps in prop::collection::vec(1..60usize, 1..200),
    ) {
        let mut stream = Vec::new();
        let mut want = Vec::new();
        for (pings, body) in &bodies {
            (0..*pings).for_each(|_| stream.extend_from_slice(b"\r\n\r\n"));
            want.extend((0..*pings).map(|_| None));
            let message = format!("OPTIONS sip:a SIP/2.0\r\nl: {}\r\n\r\n{body}", body.len());
            stream.extend_from_slice(message.as_bytes());
            want.push(Some(message.into_bytes()));
        }
        let mut framer = Framer::new(Opener::Peer);
        let mut got = Vec::new();
        let mut rest = stream.as_slice();
        for step in steps.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let took = framer.handle_octets(&rest[..(*step).min(rest.len())]);
            rest = &rest[took..];
            while let Some(frame) = framer.poll_frame().expect("a good stream") {
                got.push(match frame {
                    Frame::Message(octets) => Some(octets.to_vec()),
                    Frame::Ping => None,
                    Frame::Pong => panic!("the peer pings"),
                });
            }
        }
        prop_assert_eq!(got, want);
    }
}
