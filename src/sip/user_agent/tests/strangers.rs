//! What those get who have no business here.

use crate::Counter;
use crate::testing::{Script, directory, secured, trunk};

fn request(method: &str, to: &str) -> String {
    format!(
        "{method} sip:4008@127.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-{method};rport\n\
         Max-Forwards: 70\nFrom: <sip:eve@elsewhere>;tag=e1\nTo: <sip:4008@127.0.0.1>{to}\nCall-ID: e\nCSeq: 1 {method}\n\
         Contact: <sip:eve@192.0.2.1>\n\n"
    )
}

const STRANGER: &str = "192.0.2.1:5060";

#[test]
fn without_passwords_strangers_are_forbidden() {
    let mut script = Script::new(directory(vec![], vec![trunk("carrier", "10.0.0.0/8")]));
    script.from(STRANGER, &request("INVITE", ""));
    assert_eq!(script.lines(), ["SIP/2.0 403 Forbidden"]);
    assert_eq!(script.ua.counters().of(Counter::Forbidden), 1);
    script.assert_clean();
}

#[test]
fn with_passwords_strangers_are_challenged_and_nothing_is_kept() {
    let mut script = Script::new(directory(vec![secured("1001", "x")], vec![]));
    for method in ["INVITE", "REGISTER", "SUBSCRIBE", "MESSAGE", "PUBLISH", "REFER", "INFO", "NOTIFY", "UPDATE"] {
        script.from(STRANGER, &request(method, ""));
        let answer = script.one();
        assert_eq!(answer.line(), "SIP/2.0 401 Unauthorized", "{method}");
        assert_eq!(answer.headers("WWW-Authenticate").len(), 2);
        assert_eq!(script.ua.population().server_transactions, 0);
    }
    assert!(script.events().is_empty());
}

#[test]
fn made_up_dialogs_do_not_exist() {
    let mut script = Script::new(directory(vec![secured("1001", "x")], vec![trunk("carrier", "10.0.0.0/8")]));
    for method in ["INVITE", "BYE", "REFER", "INFO", "NOTIFY", "UPDATE", "MESSAGE", "SUBSCRIBE"] {
        script.from(STRANGER, &request(method, ";tag=000000000000000000000000"));
        assert_eq!(script.lines(), ["SIP/2.0 481 Call/Transaction Does Not Exist"], "{method}");
    }
    script.from(STRANGER, &request("ACK", ";tag=000000000000000000000000"));
    assert!(script.lines().is_empty(), "nothing ever answers an ACK");
}

#[test]
fn a_short_request_is_not_answered_at_length() {
    let mut script = Script::new(directory(vec![secured("1001", "x")], vec![]));
    let tiny =
        "INVITE sip:a SIP/2.0\nv: SIP/2.0/UDP h;branch=z9hG4bK1\nf: sip:a;tag=1\nt: sip:a\ni: 1\nCSeq: 1 INVITE\n\n";
    script.from(STRANGER, tiny);
    let wire = crate::testing::wire(tiny).len();
    assert!(script.sent().iter().all(|s| s.text.len() <= 3 * wire));
}

#[test]
fn unsupported_things_get_the_right_answer() {
    let mut script = Script::new(directory(vec![], vec![trunk("any", "0.0.0.0/0")]));
    let table = [
        (request("JUMP", ""), "501 Not Implemented", "Allow"),
        (request("MESSAGE", ""), "405 Method Not Allowed", "Allow"),
        (request("INVITE", "").replace("sip:4008@127.0.0.1 SIP", "urn:x SIP"), "416 Unsupported URI Scheme", "Via"),
        (request("INVITE", "").replace("Max-F", "Require: 100rel, wings\nMax-F"), "420 Bad Extension", "Unsupported"),
        (
            request("INVITE", "").replace("\n\n", "\nContent-Type: text/plain\n\nhello"),
            "415 Unsupported Media Type",
            "Accept",
        ),
        (request("INVITE", "").replace(": 70", ": 0"), "483 Too Many Hops", "Via"),
        (request("INVITE", "").replace("Contact", "X"), "400 Bad Request", "Via"),
        (request("INVITE", "").replace("SIP/2.0\nVia", "SIP/7.0\nVia"), "505 Version Not Supported", "Via"),
        (request("BYE", ""), "481 Call/Transaction Does Not Exist", "Via"),
        (request("OPTIONS", ""), "200 OK", "Allow"),
    ];
    for (text, status, header) in table {
        script.from(STRANGER, &text);
        let answer = script.one();
        assert_eq!(answer.line(), format!("SIP/2.0 {status}"));
        assert!(answer.header(header).is_some(), "{status} without {header}");
    }
    assert!(script.events().is_empty());
    script.assert_clean();
}

#[test]
fn a_call_for_another_house_is_not_taken() {
    for (uri, taken) in [
        ("sip:4008@other.example", false),
        ("sip:4008@8.8.8.8", false),
        ("sip:4008@acd.example", true),
        ("sip:4008@sip.carrier.example", true),
        ("tel:4008", true),
    ] {
        let mut carrier = trunk("any", "0.0.0.0/0");
        carrier.host = "sip.carrier.example".into();
        let mut script = Script::new(directory(vec![], vec![carrier]));
        script.from(STRANGER, &request("INVITE", "").replace("INVITE sip:4008@127.0.0.1", &format!("INVITE {uri}")));
        let want = if taken { "SIP/2.0 100 Trying" } else { "SIP/2.0 404 Not Found" };
        assert_eq!(script.lines(), [want], "{uri}");
    }
}

#[test]
fn a_request_that_lacks_what_every_request_has_is_told_so() {
    for line in ["CSeq: 1 INVITE\n", "Call-ID: e\n", "From: <sip:eve@elsewhere>;tag=e1\n", "To: <sip:4008@127.0.0.1>\n"]
    {
        let mut script = Script::new(directory(vec![], vec![trunk("any", "0.0.0.0/0")]));
        script.from(STRANGER, &request("INVITE", "").replace(line, ""));
        assert_eq!(script.lines(), ["SIP/2.0 400 Bad Request"], "without {line}");
        assert!(script.events().is_empty());
    }
}
