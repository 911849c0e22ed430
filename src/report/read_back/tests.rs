use super::*;
use crate::testing::names;
use crate::words::words;
use model::{
    Actor, AgentState, CallbackStep, Cause, CauseKind, ConfigText, Decision, Excluded, Exclusion, FigureRange, Heads,
    IdleClock, Joined, Judged, JudgedBy, Judgement, Next, NotReadyReason, OfferOutcome, Preferred, Promise,
    QueueFigure, ReserveChange, ShardId, Strategy,
};

const CONTACT: ContactId = ContactId::new(ShardId(1), 7, 9);

fn there_and_back(fact: Fact, names: &Directory) {
    let (what, detail) = words(&fact, names);
    let back = Indices::new(names).fact(what, crate::words::contact_of(&fact), &detail);
    assert_eq!(back, Some(fact), "{what}: {detail}");
}

#[test]
fn what_a_distributor_told_is_read_as_it_was_told() {
    let (contact, queue, agent, waited) = (CONTACT, QueueId(1), AgentId(2), Duration::from_millis(1500));
    for kept in [None, Some(Duration::ZERO), Some(Duration::from_micros(90_000_001))] {
        there_and_back(Fact::Queued { contact, queue, priority: -3, position: 2, kept }, &names());
    }
    there_and_back(Fact::Offered { contact, queue, agent, decision: None }, &names());
    there_and_back(Fact::Connected { contact, queue, agent, waited }, &names());
    let (talked, held) = (Duration::from_millis(61_500), Duration::from_millis(7));
    there_and_back(Fact::TalkEnded { contact, agent, talked, held }, &names());
    there_and_back(Fact::Abandoned { contact, queue, waited }, &names());
    for why in [FlowReason::MaxWait, FlowReason::TriesExhausted, FlowReason::QueueRemoved, FlowReason::Shutdown] {
        there_and_back(Fact::FlowedOut { contact, queue, waited, why, to: None }, &names());
    }
    let busy = Cause::with_sip(CauseKind::Busy, 486);
    for end in ContactEnd::ALL {
        there_and_back(Fact::ContactEnded { contact, end, cause: busy }, &names());
    }
    for outcome in [
        OfferOutcome::Accepted,
        OfferOutcome::Missed,
        OfferOutcome::Withdrawn,
        OfferOutcome::Rejected(busy),
        OfferOutcome::Failed(Cause::new(CauseKind::Unreachable)),
    ] {
        there_and_back(Fact::OfferEnded { contact, queue, agent, outcome }, &names());
    }
}

#[test]
fn what_becomes_of_a_callback_is_read_with_its_promise_and_its_tries() {
    let (contact, queue) = (CONTACT, QueueId(1));
    for step in CallbackStep::ALL {
        // Only a contact that takes a promise up again is another than the one it was given in.
        let first = if step == CallbackStep::Resumed { ContactId::new(ShardId(0), 6, 3) } else { contact };
        let promise = Promise::anonymous(first, queue).into();
        there_and_back(Fact::Callback { contact, step, attempts: 2, promise }, &names());
    }
    for why in AsideReason::ALL.map(Some).into_iter().chain([None]) {
        there_and_back(Fact::Aside { contact, queue, aside: true, why }, &names());
    }
    there_and_back(Fact::Aside { contact, queue, aside: false, why: None }, &names());
    for expected in [None, Some(Duration::from_secs(400))] {
        there_and_back(Fact::Warned { contact, queue, expected, length: 12 }, &names());
    }
    let (name, duration) = ("voicemail/x-0000-a+20b".into(), Duration::from_secs(7));
    there_and_back(Fact::MessageLeft { contact, queue, name, duration }, &names());
    let indices = Indices::new(&names());
    let left = |detail| match indices.customer_left(Some(contact), detail) {
        Some(Fact::LegEnded { cause, .. }) => Some(cause),
        _ => None,
    };
    assert_eq!(left("cause=busy sip=486 by=party party=caller"), Some(Cause::with_sip(CauseKind::Busy, 486)));
    assert_eq!(left("cause=busy sip=486 by=party party=agent:1000"), None);
}

#[test]
fn a_decision_is_read_with_its_heads_and_counts() {
    let mut excluded = Excluded::default();
    excluded.add(Exclusion::NotReady, 12);
    excluded.add(Exclusion::Behind, 3);
    let agents = Next::Agents([1, 0].into_iter().map(AgentId).collect());
    let contacts = Next::Contacts((0..8).map(|n| ContactId(CONTACT.0 + n)).collect());
    for next in [agents, contacts, Next::Agents(Heads::default()), Next::Contacts(Heads::default())] {
        for (strategy, idle_clock) in Strategy::ALL.into_iter().zip(IdleClock::ALL.into_iter().cycle()) {
            let decision = Some(Decision { strategy, idle_clock, step: 2, next, excluded });
            let (contact, queue, agent) = (CONTACT, QueueId(1), AgentId(2));
            there_and_back(Fact::Offered { contact, queue, agent, decision }, &names());
        }
    }
}

#[test]
fn a_judgement_is_read_with_what_judged() {
    let mut names = names();
    names.requirements = vec![model::Requirement { text: "french >= 4".into(), any: Vec::new() }];
    let rule = |name: &str| model::Rule { name: name.into(), when: None, priority: None, needs: None, agent: None };
    names.queues[1].routing.rules = vec![rule(""), rule("gold \"customers\"")];
    let preferred = Preferred { agent: AgentId(1), wait: Duration::from_secs(20) };
    for by in [JudgedBy::Rule(0), JudgedBy::Rule(1), JudgedBy::Sticky] {
        let priority = Some(Judged { value: -5, by });
        let needs = Some(Judged { value: RequirementId(0), by });
        let agent = Some(Judged { value: preferred, by });
        for judgement in [
            Judgement { priority, needs, agent },
            Judgement { priority, ..Judgement::default() },
            Judgement { needs, ..Judgement::default() },
            Judgement { agent, ..Judgement::default() },
        ] {
            there_and_back(Fact::Judged { contact: CONTACT, queue: QueueId(1), judgement }, &names);
        }
    }
}

#[test]
fn every_state_of_an_agent_is_read_with_its_contact_or_reason() {
    let agent = AgentId(1);
    let contact = CONTACT;
    for state in [
        AgentState::SignedOff,
        AgentState::Ready,
        AgentState::Reserved { contact },
        AgentState::Busy { contact },
        AgentState::WrapUp { contact },
        AgentState::NotReady { reason: NotReadyReason::Code(9) },
        AgentState::NotReady { reason: NotReadyReason::DeviceUnreachable },
    ] {
        there_and_back(Fact::AgentChanged { agent, state, phone: None }, &names());
    }
}

#[test]
fn what_happened_to_a_reserve_is_read_with_its_reason() {
    let range = FigureRange { figure: QueueFigure::LongestWait, least: 60, most: u32::MAX };
    for change in [
        ReserveChange::Joined(Joined { range, value: 65 }),
        ReserveChange::Left,
        ReserveChange::Adjusted(80),
        ReserveChange::CalledIn,
        ReserveChange::SentAway,
    ] {
        for by in [None, Some(Actor::Operator("eve \"x\"".into())), Some(Actor::Agent(AgentId(1))), Some(Actor::System)]
        {
            there_and_back(Fact::Reserve { queue: QueueId(1), place: 2, change, by }, &names());
        }
    }
}

#[test]
fn a_reason_is_read_by_the_name_the_house_gave_it() {
    let mut names = names();
    names.reasons.all = vec![model::Reason { code: 9, name: "break".into() }];
    for reason in [NotReadyReason::Code(9), NotReadyReason::Code(2), NotReadyReason::Missed] {
        let state = AgentState::NotReady { reason };
        there_and_back(Fact::AgentChanged { agent: AgentId(0), state, phone: None }, &names);
    }
}

#[test]
fn a_name_with_quotes_and_equals_signs_is_found_again() {
    let mut names = names();
    names.queues[1].name = "a \"b\" agent=1 \\".into();
    there_and_back(Fact::Offered { contact: CONTACT, queue: QueueId(1), agent: AgentId(0), decision: None }, &names);
}

#[test]
fn a_configuration_comes_back_letter_by_letter() {
    let text = |file: &str, text: &str| ConfigText { file: file.into(), text: text.into() };
    let texts = vec![
        text("a b.toml", "[[queue]]\n\tname = \"q\" # \u{202e}客服 e\u{301}\r\n\\\0'x'"),
        text("b.toml", "plain"),
        text("c.toml", ""),
    ];
    let (what, detail) = words(&Fact::Configured { texts: texts.clone().into() }, &names());
    assert_eq!((what, config_texts(&detail)), ("configured", Some(texts)));
    for broken in ["", "file=a", "file=a text=\"x", "file=a text=\"\\q\"", "file=a text=\"\\u{zz}\"", "text=b"] {
        assert_eq!(config_texts(broken), None, "{broken}");
    }
}

#[test]
fn what_is_not_known_is_no_fact() {
    let names = names();
    let indices = Indices::new(&names);
    assert!(!Indices::reads("ringing") && Indices::reads("offered"));
    for (what, detail) in [
        ("offered", "queue=gone agent=1000"),
        ("offered", "queue=\"cut"),
        ("agent", "agent=1000 state=dreaming"),
        ("queued", "queue=second priority=x position=1"),
        ("ringing", ""),
    ] {
        assert_eq!(indices.fact(what, Some(CONTACT), detail), None, "{what}: {detail}");
    }
}
