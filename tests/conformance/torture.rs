//! The 49 messages of RFC 4475, each to a house of its own, from somebody who may call.

#[path = "torture/expected.rs"]
#[expect(dead_code, reason = "what the parser says is asked in room sip")]
mod expected;

use expected::{CASES, Case, Outcome};
use sha2::{Digest, Sha256};
use sim::World;

#[test]
fn the_messages_are_those_of_the_rfc_to_the_octet() {
    for case in &CASES {
        let hash: String = Sha256::digest(case.octets).iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!((case.octets.len(), &*hash), (case.length, case.sha256), "{} ({})", case.name, case.section);
    }
}

/// What became of a message at the house's door.
struct Fate {
    /// Statuses of the final answers; an ACK has none.
    answers: Vec<u16>,
    /// The answers' status lines, and what was counted.
    told: String,
}

/// Sends a message to a house. Nothing may be left of it.
fn fate(case: &Case) -> Fate {
    let tables = "[[number]]\nmatch = \"*\"\nto = \"announcement:sorry\"\n\
        [[phone]]\nid = \"watson\"\npassword = \"secret\"\n";
    let mut world = World::new(&format!("{}{tables}", super::PHONES));
    // A REGISTER comes from anywhere, everything else from the trunk, who may call.
    let stranger = if case.octets.starts_with(b"REGISTER") {
        world.outside("torture", "10.9.0.9:5060")
    } else {
        world.caller("torture")
    };
    world[stranger].sends_raw(case.octets);
    world.run_for(5);
    let said = world.transcript.lines().iter().filter(|line| line.from_house);
    let mut finals: Vec<String> = said.filter_map(|l| Some(l.start().strip_prefix("SIP/2.0 ")?.to_owned())).collect();
    finals.retain(|line| !line.starts_with('1'));
    finals.dedup();
    let answers = finals.iter().map(|line| line[..3].parse().expect("three digits")).collect();
    let mut counted: Vec<&str> = world.notes.iter().map(|note| note.what.word()).collect();
    counted.dedup();
    let answered = if finals.is_empty() { "no answer".to_owned() } else { finals.join(", ") };
    let told = if counted.is_empty() { answered } else { format!("{answered}; counted: {}", counted.join(", ")) };
    // Whatever it was: it neither stays nor disturbs the next call.
    let alice = world.phone("2001");
    let bob = world.phone("2002");
    world[alice].dials("2002");
    world.run_for(5);
    assert!(world[alice].is_talking() && world[bob].is_talking(), "{}: the house serves nobody any more", case.name);
    world.everybody_hangs_up();
    world.run_for(200);
    for n in 0..world.shards() {
        let left = world.shard(n as u8).status();
        assert_eq!((left.contacts, left.legs, left.sip.sessions), (0, 0, 0), "{}", case.name);
    }
    Fate { answers, told }
}

#[test]
fn each_torture_message_gets_the_answer_the_rfc_wants() {
    let mut wrong = Vec::new();
    let mut book = String::new();
    for case in &CASES {
        let Fate { answers: got, told } = fate(case);
        // RFC 3261 §10.3: a registrar asks whether it is meant (step 1) and who somebody is (step 3) before it looks
        // at his contacts (step 6).
        let turned_away = case.octets.starts_with(b"REGISTER") && matches!(*got, [401 | 403 | 404]);
        let (good, told) = match case.outcome {
            Outcome::Refused(_) if turned_away => (true, "turned away before its contacts are looked at".to_owned()),
            // With what, is a matter of the house's numbers and people.
            Outcome::Processed => (got.iter().all(|s| ![400, 505, 513].contains(s)), "acted upon".to_owned()),
            Outcome::Refused(codes) => (got.len() == 1 && codes.contains(&got[0]), told),
            Outcome::Dropped => (got.is_empty(), told),
        };
        book += &format!("{:9} {:11} {}\n    {told}\n", case.section, case.name, case.title);
        if !good {
            wrong.push(format!(
                "{} ({}, {}): {:?}, answered {got:?}",
                case.name, case.section, case.title, case.outcome
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), CASES.len(), wrong.join("\n"));
    super::compare("torture/answers.txt", &book);
}

/// A message that is processed is answered: only an ACK and a response have no answer.
#[test]
fn processed_requests_are_answered() {
    for case in CASES.iter().filter(|c| c.outcome == Outcome::Processed) {
        let is_ack = case.octets.starts_with(b"ACK ");
        assert!(!fate(case).answers.is_empty() || is_ack, "{} was not answered", case.name);
    }
}
