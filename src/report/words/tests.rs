use super::*;
use crate::testing::names;
use core::time::Duration;
use model::{
    Actor, AgentAction, AgentId, AgentState, Cause, CauseKind, ContactId, ForcedAction, LegId, NotReadyReason,
    OfferOutcome, PhoneId, QueueAction, QueueId, ReserveOrder, ShardId, Source, Target, TransferKind, TrunkId,
};

fn said(fact: &Fact) -> String {
    let (what, detail) = words(fact, &names());
    format!("{what}: {detail}")
}

fn arrived(source: Source, dialled: &str) -> Fact {
    Fact::ContactArrived {
        contact: ContactId::new(ShardId(0), 1, 1),
        source,
        caller: "+8613800138000".into(),
        dialled: dialled.into(),
        call_id: "x".into(),
        attached: Vec::new(),
    }
}

#[test]
fn facts_are_told_by_names_and_without_spaces_too_many() {
    let contact = ContactId::new(ShardId(0), 1, 1);
    let (queue, agent) = (QueueId(1), AgentId(2));
    let told = [
        (Fact::LegRinging { contact, leg: LegId(1) }, "ringing: "),
        (Fact::LegStarted { contact, leg: LegId(1), party: Party::Agent(agent) }, "leg-started: party=agent:1002"),
        (
            Fact::OfferEnded { contact, queue, agent, outcome: OfferOutcome::Missed },
            "offer-ended: queue=second agent=1002 outcome=missed",
        ),
        (
            Fact::Connected { contact, queue, agent, waited: Duration::from_millis(1500) },
            "connected: queue=second agent=1002 waited_ms=1500",
        ),
        (
            Fact::AgentChanged {
                agent,
                state: AgentState::NotReady { reason: NotReadyReason::Code(3) },
                phone: Some(PhoneId(0)),
            },
            "agent: agent=1002 state=not-ready reason=code-3 phone=1000",
        ),
        (
            Fact::Refused { source: None, cause: Cause::with_sip(CauseKind::Forbidden, 403) },
            "refused: cause=forbidden sip=403",
        ),
        (
            Fact::Forced {
                by: Actor::Operator("eve".into()),
                action: ForcedAction::Queue {
                    queue: QueueId(0),
                    action: QueueAction::Reserve { place: Some(1), order: ReserveOrder::CallIn },
                },
            },
            "forced: queue=support action=call-in place=1 by=operator:eve",
        ),
        (
            Fact::Forced {
                by: Actor::Operator("eve".into()),
                action: ForcedAction::Agent { agent, action: AgentAction::NotReady { code: 2 } },
            },
            "forced: agent=1002 action=not-ready code=2 by=operator:eve",
        ),
    ];
    for (fact, text) in told {
        assert_eq!(said(&fact), text);
    }
}

#[test]
fn nobodys_number_is_told() {
    let trunk = Source::Trunk(TrunkId(0));
    assert_eq!(said(&arrived(trunk, "4008001234")), "arrived: trunk=carrier dialled=4008001234");
    // What an agent dials is a customer's number.
    assert_eq!(said(&arrived(Source::Phone(PhoneId(1)), "+8613900139000")), "arrived: phone=1001");
    let to = Target::Number("+8613900139000".into());
    let (contact, from) = (ContactId::default(), AgentId(0));
    let moved = Fact::Transferred { contact, from, to, kind: TransferKind::Blind };
    assert_eq!(said(&moved), "transferred: kind=blind from=1000 to=number");
}

#[test]
fn a_hostile_value_stays_one_value() {
    let trunk = Source::Trunk(TrunkId(0));
    let told = said(&arrived(trunk, "1 agent=9 \"\r\n\u{202e}\0"));
    assert_eq!(told, r#"arrived: trunk=carrier dialled="1 agent=9 \"\r\n\u{202e}\0""#);
    assert_eq!(said(&arrived(trunk, "客服")), "arrived: trunk=carrier dialled=客服");
    assert_eq!(said(&arrived(trunk, "")), "arrived: trunk=carrier dialled=\"\"");
}
