//! Descriptions that crashed other programs (`attacks-and-faults` A16): each has its typed error, none a panic.

use crate::{Answer, AnswerError, Encoding, Offer, OfferError, ParseError, Session, Terms};
use base::Rng;

const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n";
const AUDIO: &str = "m=audio 4000 RTP/AVP 0\r\n";

#[track_caller]
fn check(text: &str, error: ParseError) {
    assert_eq!(Offer::parse(text.as_bytes()).unwrap_err(), error, "{}", &text[..text.len().min(200)]);
}

fn with(lines: &str) -> String {
    format!("{HEAD}{AUDIO}{lines}")
}

#[test]
fn each_broken_description_has_its_own_error() {
    check("", ParseError::NotVersionZero);
    check("v=1\r\n", ParseError::NotVersionZero);
    check("o=- 1 1 IN IP4 192.0.2.9\r\nv=0\r\n", ParseError::NotVersionZero);
    check("v=0\r\nm=audio 4000 RTP/AVP 0\r\n", ParseError::BadOrigin);
    check("v=0\r\no=- one 1 IN IP4 192.0.2.9\r\n", ParseError::BadOrigin);
    check("v=0\r\no=- 1 -1 IN IP4 192.0.2.9\r\n", ParseError::BadOrigin);
    check("v=0\r\nGET / HTTP/1.1\r\n", ParseError::NotALine);
    check(HEAD, ParseError::NoAudio);
    check(&format!("{HEAD}m=audio 0 RTP/AVP 0\r\nm=video 0 RTP/AVP 31\r\n"), ParseError::NoAudio);
    check(
        &format!("{HEAD}m=audio 4000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n"),
        ParseError::NoAudio,
    );
    check(&HEAD.replace("c=IN IP4 192.0.2.9\r\n", AUDIO), ParseError::NoConnection);
    check(&HEAD.replace("c=IN IP4 192.0.2.9", "c=IN IP4 phone.example"), ParseError::BadConnection);
    check(&HEAD.replace("c=IN IP4 192.0.2.9", "c=IN IP6 192.0.2.9"), ParseError::BadConnection);
    check(&HEAD.replace("c=IN IP4 192.0.2.9", "c=IN IP4 224.2.1.1/127"), ParseError::BadConnection);
    check(&HEAD.replace("c=IN IP4 192.0.2.9", "c=IN IP4 239.1.1.1"), ParseError::BadConnection);
    for line in ["m=audio", "m=audio 4000", "m=audio 4000 RTP/AVP", "m=audio 99999 RTP/AVP 0", "m=audio -1 RTP/AVP 0"] {
        check(&format!("{HEAD}{line}\r\n"), ParseError::BadMedia);
    }
    check(&format!("{HEAD}m=audio 4000 RTP/AVP 200\r\n"), ParseError::BadPayloadType);
    check(&format!("{HEAD}m=audio 4000 RTP/AVP PCMU\r\n"), ParseError::BadPayloadType);
    check(&with("a=rtpmap:200 PCMU/8000\r\n"), ParseError::BadPayloadType);
    check(&with("a=rtpmap:0 PCMU/0\r\n"), ParseError::BadRtpmap);
    check(&with("a=rtpmap:0 PCMU\r\n"), ParseError::BadRtpmap);
    check(&with("a=rtpmap:0\r\n"), ParseError::BadRtpmap);
    check(&with("a=rtpmap:0 /8000\r\n"), ParseError::BadRtpmap);
    for value in ["0", "10000", "-20", "20ms", "", "99999999999999999999", "20.x"] {
        check(&with(&format!("a=ptime:{value}\r\n")), ParseError::BadPtime);
        check(&with(&format!("a=maxptime:{value}\r\n")), ParseError::BadPtime);
    }
    check(&with("a=rtcp:70000\r\n"), ParseError::BadRtcp);
    check(&with("a=rtcp:4001 IN IP4\r\n"), ParseError::BadRtcp);
}

#[test]
fn limits_hold() {
    check(&format!("{HEAD}{}", AUDIO.repeat(300)), ParseError::TooManyMedia);
    check(&with(&"a=foo:bar\r\n".repeat(2_000)), ParseError::TooManyAttributes);
    check(&with(&format!("a=fmtp:0 {}\r\n", "x".repeat(60_000))), ParseError::LineTooLong);
    check(&with(&"a=x\r\n".repeat(20_000)), ParseError::TooLarge);
    check(&format!("{HEAD}m=audio 4000 RTP/AVP{}\r\n", " 0".repeat(129)), ParseError::TooManyFormats);
}

#[test]
fn oddities_that_mean_no_harm_are_taken() {
    for text in [
        with("a=ptime:20.5\r\na=sendrecv\r\n"),
        with("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:short\r\na=crypto:1 X Y\r\na=setup:sideways\r\n"),
        with("a=candidate:1 1 UDP 1 192.0.2.9 4000 typ host\r\na=\r\na=:\r\n"),
        with("").replace("\r\n", "\n"),
        with("\r\n\r\n"),
        with("m=video 5000 RTP/SAVPF 300\r\na=rtpmap:300 VP8/0\r\na=ptime:0\r\n"),
        format!("v=0\r\no=- 1 1\r\nc=IN IP4 192.0.2.9\r\n{AUDIO}"),
        with("").replace("m=audio 4000", "m=audio 4000/2"),
    ] {
        assert!(Offer::parse(text.as_bytes()).is_ok(), "{text}");
    }
    let latin = [
        b"v=0\r\no=J\xfcrgen 1 1 IN IP4 192.0.2.9\r\ns=Gespr\xe4ch\r\nc=IN IP4 192.0.2.9\r\n".as_slice(),
        AUDIO.as_bytes(),
    ];
    assert!(Offer::parse(&latin.concat()).is_ok());
}

#[test]
fn answers_that_do_not_fit_leave_the_offer_open() {
    let mut session = Session::new(1);
    let good = with("");
    assert_eq!(session.accept(good.as_bytes()), Err(AnswerError::Unasked));
    session.offer(&Terms::new("192.0.2.1:10000".parse().unwrap(), &[Encoding::Pcmu]));
    for (text, error) in [
        (with("m=video 5000 RTP/AVP 31\r\n"), AnswerError::MediaLinesDiffer),
        (HEAD.to_owned(), AnswerError::MediaLinesDiffer),
        (good.replace("4000", "0"), AnswerError::Refused),
        (good.replace("RTP/AVP", "RTP/SAVP"), AnswerError::Refused),
        (good.replace("AVP 0", "AVP 8"), AnswerError::NoCommonCodec),
        (good.replace("c=IN IP4 192.0.2.9\r\n", ""), AnswerError::Unreadable(ParseError::NoConnection)),
        ("v=0\r\nrubbish".to_owned(), AnswerError::Unreadable(ParseError::NotALine)),
    ] {
        assert_eq!(session.accept(text.as_bytes()), Err(error), "{text}");
        assert!(session.is_offering());
    }
    assert!(session.accept(good.as_bytes()).is_ok());
}

#[test]
fn an_offer_without_a_common_codec_is_refused() {
    let offer = Offer::parse(with("").replace("AVP 0", "AVP 96").as_bytes()).unwrap();
    let terms = Terms::new("192.0.2.1:10000".parse().unwrap(), &Encoding::ALL);
    assert_eq!(Session::new(1).answer(&offer, &terms).unwrap_err(), OfferError::NoCommonCodec);
}

/// Mutated and spliced descriptions: whatever comes out, nothing panics, and what is answered can be read again.
#[test]
fn mutations_never_panic_and_every_answer_reads_back() {
    let seeds = [
        with("a=rtpmap:0 PCMU/8000\r\na=ptime:20\r\na=rtcp:4001 IN IP4 192.0.2.9\r\na=rtcp-mux\r\na=sendonly\r\n"),
        with("a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16,66\r\nm=video 0 RTP/AVP 31\r\n")
            .replace("AVP 0", "AVP 0 8 101"),
    ];
    let mut rng = Rng::new(16);
    let mut answered = 0;
    for round in 0..20_000 {
        let mut text = seeds[round % seeds.len()].clone().into_bytes();
        for _ in 0..=rng.below(4) {
            let at = rng.below(text.len() as u64) as usize;
            match rng.below(5) {
                0 => text[at] = rng.next_u32() as u8,
                1 if text.len() > 1 => drop(text.remove(at)),
                2 => text.insert(at, b"=:/ \r\n09-\xff"[rng.below(10) as usize]),
                3 => text.truncate(at.max(1)),
                _ => {
                    let piece = text[at..].to_vec();
                    text.extend_from_slice(&piece);
                }
            }
        }
        let mut session = Session::new(1);
        let terms = Terms::new("[2001:db8::1]:10000".parse().unwrap(), &Encoding::ALL);
        if let Ok(offer) = Offer::parse(&text)
            && let Ok((_, answer)) = session.answer(&offer, &terms)
        {
            Answer::parse(&answer).expect("we read what we write");
            assert!(Offer::parse(&answer).is_ok());
            answered += 1;
        }
        session.offer(&terms);
        let _ = session.accept(&text);
    }
    assert!(answered > 1_000, "the mutations were too hard to test anything: {answered}");
}
