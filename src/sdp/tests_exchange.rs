//! The exchanges of RFC 3264 as tables: what is offered, what we are willing, what is answered and agreed.

use crate::{Agreed, AnswerError, Direction, Encoding, Offer, OfferError, Session, Terms};

const OURS: [Encoding; 3] = [Encoding::Pcmu, Encoding::Pcma, Encoding::G722];

fn terms(encodings: &[Encoding]) -> Terms {
    Terms::new("192.0.2.1:10000".parse().unwrap(), encodings)
}

fn offer(media: &str) -> Offer {
    let text = format!("v=0\r\no=alice 1 1 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 198.51.100.1\r\nt=0 0\r\n{media}");
    Offer::parse(text.as_bytes()).unwrap()
}

/// One offer to a fresh session; the answer without the lines that never vary.
#[track_caller]
fn check(media: &str, ours: &Terms, answer: &str) -> Agreed {
    let (agreed, text) = Session::new(7).answer(&offer(media), ours).unwrap();
    let text = String::from_utf8(text.into_vec()).unwrap();
    let head = "v=0\r\no=- 7 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n";
    let body = text.strip_prefix(head).expect("the head of an answer").replace("\r\n", "\n");
    assert_eq!(body.trim_end(), answer.trim_end().replace(" | ", "\n"));
    agreed
}

#[test]
fn static_payload_types_need_no_rtpmap() {
    let agreed = check(
        "m=audio 4000 RTP/AVP 8 0\r\n",
        &terms(&OURS),
        "m=audio 10000 RTP/AVP 0 | a=rtpmap:0 PCMU/8000 | a=ptime:20 | a=sendrecv",
    );
    assert_eq!(agreed.remote, "198.51.100.1:4000".parse().unwrap());
    assert_eq!(agreed.remote_rtcp, Some("198.51.100.1:4001".parse().unwrap()));
    assert_eq!((agreed.event_in, agreed.event_out), (None, None));
}

#[test]
fn our_preference_decides_among_what_was_offered() {
    let agreed = check(
        "m=audio 4000 RTP/AVP 9 0 8\r\n",
        &terms(&[Encoding::Pcma, Encoding::G722]),
        "m=audio 10000 RTP/AVP 8 | a=rtpmap:8 PCMA/8000 | a=ptime:20 | a=sendrecv",
    );
    assert_eq!(agreed.encoding, Encoding::Pcma);
}

#[test]
fn dynamic_numbers_and_the_matching_telephone_event_are_mirrored() {
    let agreed = check(
        "m=audio 4000 RTP/AVP 96 97 98 99\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:97 telephone-event/48000\r\n\
         a=rtpmap:98 pcma/8000\r\na=rtpmap:99 telephone-event/8000\r\na=fmtp:99 0-16\r\na=ptime:30\r\n",
        &terms(&OURS),
        "m=audio 10000 RTP/AVP 98 99 | a=rtpmap:98 PCMA/8000 | a=rtpmap:99 telephone-event/8000 | a=fmtp:99 0-16 | \
         a=ptime:30 | a=sendrecv",
    );
    assert_eq!((agreed.payload_type_in, agreed.payload_type_out), (98, 98));
    assert_eq!((agreed.event_in, agreed.event_out), (Some(99), Some(99)));
    assert_eq!(agreed.ptime_ms, 30);
}

#[test]
fn other_media_lines_are_refused_in_their_places() {
    check(
        "m=video 5000 RTP/AVP 31\r\nm=audio 4000 RTP/SAVP 0\r\nm=audio 4002 RTP/AVP 0\r\nm=audio 4004 RTP/AVP 0\r\n\
         m=application 6000 UDP/BFCP *\r\n",
        &terms(&OURS),
        "m=video 0 RTP/AVP 31 | m=audio 0 RTP/SAVP 0 | m=audio 10000 RTP/AVP 0 | a=rtpmap:0 PCMU/8000 | a=ptime:20 | \
         a=sendrecv | m=audio 0 RTP/AVP 0 | m=application 0 UDP/BFCP *",
    );
}

#[test]
fn hold_in_every_form_is_answered_and_noticed() {
    for (lines, answered, held) in [
        ("a=sendonly\r\n", "recvonly", true),
        ("a=inactive\r\n", "inactive", true),
        ("a=recvonly\r\n", "sendonly", false),
        ("c=IN IP4 0.0.0.0\r\n", "recvonly", true),
        ("c=IN IP4 0.0.0.0\r\na=inactive\r\n", "inactive", true),
        ("a=sendrecv\r\n", "sendrecv", false),
    ] {
        let agreed = check(
            &format!("m=audio 4000 RTP/AVP 0\r\n{lines}"),
            &terms(&OURS),
            &format!("m=audio 10000 RTP/AVP 0 | a=rtpmap:0 PCMU/8000 | a=ptime:20 | a={answered}"),
        );
        assert_eq!(agreed.held, held, "{lines}");
    }
}

#[test]
fn a_session_level_direction_holds_for_the_line() {
    let text = "v=0\r\no=- 1 1 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 198.51.100.1\r\nt=0 0\r\na=sendonly\r\n\
                m=audio 4000 RTP/AVP 0\r\n";
    let (agreed, _) = Session::new(1).answer(&Offer::parse(text.as_bytes()).unwrap(), &terms(&OURS)).unwrap();
    assert_eq!(agreed.direction, Direction::RecvOnly);
}

#[test]
fn rtcp_goes_where_the_peer_says() {
    let rtcp = |lines: &str| {
        let offer = offer(&format!("m=audio 4000 RTP/AVP 0\r\n{lines}"));
        Session::new(1).answer(&offer, &terms(&OURS)).unwrap().0.remote_rtcp
    };
    assert_eq!(rtcp("a=rtcp:4900\r\n"), Some("198.51.100.1:4900".parse().unwrap()));
    assert_eq!(rtcp("a=rtcp:4900 IN IP4 203.0.113.9\r\n"), Some("203.0.113.9:4900".parse().unwrap()));
    assert_eq!(rtcp("a=rtcp-mux\r\n"), None);
}

#[test]
fn rtcp_mux_needs_both_sides() {
    for (offered, answered, muxed) in [(true, true, true), (true, false, false), (false, true, false)] {
        let mut session = Session::new(1);
        session.offer(&Terms { rtcp_mux: offered, ..terms(&OURS) });
        let line = if answered { "a=rtcp-mux\r\n" } else { "" };
        let agreed = session.accept(answer(&format!("m=audio 4000 RTP/AVP 0\r\n{line}")).as_bytes()).unwrap();
        assert_eq!(agreed.remote_rtcp.is_none(), muxed);
    }
}

fn answer(media: &str) -> String {
    format!("v=0\r\no=bob 5 1 IN IP4 198.51.100.2\r\ns=-\r\nc=IN IP4 198.51.100.2\r\nt=0 0\r\n{media}")
}

#[test]
fn an_offer_lists_our_codecs_in_order_with_one_telephone_event() {
    let text = String::from_utf8(Session::new(3).offer(&terms(&[Encoding::G722, Encoding::Pcmu])).into_vec()).unwrap();
    assert_eq!(
        text.replace("\r\n", " | "),
        "v=0 | o=- 3 1 IN IP4 192.0.2.1 | s=- | c=IN IP4 192.0.2.1 | t=0 0 | m=audio 10000 RTP/AVP 9 0 101 | \
         a=rtpmap:9 G722/8000 | a=rtpmap:0 PCMU/8000 | a=rtpmap:101 telephone-event/8000 | a=fmtp:101 0-15 | \
         a=ptime:20 | a=sendrecv | "
    );
}

#[test]
fn payload_types_may_differ_by_direction() {
    let mut session = Session::new(1);
    session.offer(&terms(&OURS));
    let text = answer(
        "m=audio 4000 RTP/AVP 107 96\r\na=rtpmap:107 PCMA/8000\r\na=rtpmap:96 telephone-event/8000\r\na=ptime:40\r\n\
         a=maxptime:30\r\n",
    );
    let agreed = session.accept(text.as_bytes()).unwrap();
    assert_eq!((agreed.payload_type_out, agreed.payload_type_in), (107, 8));
    assert_eq!((agreed.event_out, agreed.event_in), (Some(96), Some(101)));
    assert_eq!(agreed.ptime_ms, 30);
}

#[test]
fn a_final_answer_may_repeat_or_change_a_provisional_one() {
    let mut session = Session::new(1);
    session.offer(&terms(&OURS));
    let early = session.accept(answer("m=audio 4000 RTP/AVP 0\r\n").as_bytes()).unwrap();
    assert!(!session.is_offering());
    assert_eq!(session.accept(answer("m=audio 4000 RTP/AVP 0\r\n").as_bytes()), Ok(early));
    let last = session.accept(answer("m=audio 4002 RTP/AVP 8\r\n").as_bytes()).unwrap();
    assert_eq!(last.remote.port(), 4002);
}

#[test]
fn a_new_offer_of_ours_goes_up_one_version_and_keeps_numbers_and_lines() {
    let mut session = Session::new(9);
    let first = offer(
        "m=audio 4000 RTP/AVP 98 99\r\na=rtpmap:98 PCMA/8000\r\na=rtpmap:99 telephone-event/8000\r\n\
                       m=video 5000 RTP/AVP 31\r\n",
    );
    session.answer(&first, &terms(&OURS)).unwrap();
    let held = session.offer(&terms(&[Encoding::Pcma]).directed(Direction::SendOnly));
    let held = String::from_utf8(held.into_vec()).unwrap();
    assert!(held.contains("o=- 9 2 IN IP4"), "{held}");
    assert!(held.contains("m=audio 10000 RTP/AVP 98 99\r\n") && held.contains("a=sendonly"), "{held}");
    assert!(held.ends_with("m=video 0 RTP/AVP 31\r\n"), "{held}");
    let before = *session.agreed().unwrap();
    assert_eq!(session.accept(answer("m=audio 4000 RTP/AVP 98\r\n").as_bytes()), Err(AnswerError::MediaLinesDiffer));
    session.withdraw();
    assert_eq!(session.agreed(), Some(&before));
}

#[test]
fn our_own_hold_is_not_taken_for_the_peers() {
    let mut session = Session::new(9);
    session.offer(&terms(&OURS).directed(Direction::SendOnly));
    let agreed = session.accept(answer("m=audio 4000 RTP/AVP 0\r\na=recvonly\r\n").as_bytes()).unwrap();
    assert_eq!((agreed.direction, agreed.held), (Direction::SendOnly, false));
}

#[test]
fn a_zero_address_keeps_the_place_where_sound_went() {
    let mut session = Session::new(1);
    session.answer(&offer("m=audio 4000 RTP/AVP 0\r\n"), &terms(&OURS)).unwrap();
    let (agreed, _) = session.answer(&offer("m=audio 4000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n"), &terms(&OURS)).unwrap();
    assert_eq!(agreed.remote, "198.51.100.1:4000".parse().unwrap());
    assert!(agreed.held);
}

#[test]
fn a_second_offer_must_not_go_back() {
    let numbered = |version: &str, media: &str| {
        let text = format!("v=0\r\no=- 1 {version} IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 198.51.100.1\r\n{media}");
        Offer::parse(text.as_bytes()).unwrap()
    };
    let (one, two) = ("m=audio 4000 RTP/AVP 0\r\n", "m=audio 4000 RTP/AVP 0\r\nm=video 0 RTP/AVP 31\r\n");
    let mut session = Session::new(1);
    let (before, _) = session.answer(&numbered("18446744073709551999", two), &terms(&OURS)).unwrap();
    for (version, media, error) in [
        ("18446744073709551998", two, OfferError::VersionWentDown),
        ("7", two, OfferError::VersionWentDown),
        ("18446744073709552000", one, OfferError::MediaLinesRemoved),
    ] {
        assert_eq!(session.answer(&numbered(version, media), &terms(&OURS)).unwrap_err(), error);
        assert_eq!(session.agreed(), Some(&before), "the old session stays");
    }
    assert!(session.answer(&numbered("18446744073709551999", two), &terms(&OURS)).is_ok());
}

#[test]
fn an_offer_that_meets_ours_is_glare() {
    let mut session = Session::new(1);
    session.offer(&terms(&OURS));
    let error = session.answer(&offer("m=audio 4000 RTP/AVP 0\r\n"), &terms(&OURS)).unwrap_err();
    assert_eq!(error, OfferError::Glare);
}

#[test]
fn ipv6_is_written_and_read() {
    let text =
        "v=0\r\no=- 1 1 IN IP6 2001:db8::2\r\ns=-\r\nc=IN IP6 2001:db8::2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
    let offer = Offer::parse(text.as_bytes()).unwrap();
    assert!(offer.address().is_ipv6());
    let ours = Terms::new("[2001:db8::1]:10000".parse().unwrap(), &OURS);
    let (agreed, answer) = Session::new(1).answer(&offer, &ours).unwrap();
    assert_eq!(agreed.remote, "[2001:db8::2]:4000".parse().unwrap());
    assert!(String::from_utf8(answer.into_vec()).unwrap().contains("c=IN IP6 2001:db8::1\r\n"));
}

#[test]
fn of_several_formats_in_an_answer_the_one_the_other_side_speaks_is_sent() {
    let answer =
        b"v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 0 101\r\n";
    let address = "192.0.2.1:5000".parse().unwrap();
    for (shared, sent) in
        [(None, Encoding::Pcma), (Some(Encoding::Pcmu), Encoding::Pcmu), (Some(Encoding::G722), Encoding::Pcma)]
    {
        let mut session = Session::new(1);
        let terms = Terms { shared, ..Terms::new(address, &[Encoding::Pcmu, Encoding::Pcma, Encoding::G722]) };
        session.offer(&terms);
        assert_eq!(session.accept(answer).unwrap().encoding, sent, "{shared:?}");
    }
}
