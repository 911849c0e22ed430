//! Sequences of facts as the machines write them, and what must stand in the book after each.

use crate::testing::{Caller, SECOND, SUPPORT, Story, secs};
use crate::{CLOSING_TIME, VisitEnd, Work};
use core::time::Duration;
use model::{
    AgentId, AgentState, Cause, CauseKind, ContactEnd, ContactId, Fact, FlowReason, NotReadyReason, OfferOutcome,
    Party, ShardId, SupervisorMode, Target, TransferKind,
};

fn work(talked: u64, held: u64, wrapped: u64) -> VisitEnd {
    VisitEnd::Answered { work: Some(Work { talked: secs(talked), held: secs(held), wrapped: secs(wrapped) }) }
}

#[test]
fn an_answered_call_has_one_record_with_every_step_and_its_visit_ends_with_the_wrap_up() {
    let mut story = Story::new();
    story.agent(0, AgentState::Ready);
    story.pass(secs(100));
    let contact = story.served(0, secs(8), secs(60), secs(5));
    let record = &story.records[&contact];
    assert_eq!((record.end, record.cause.kind), (ContactEnd::Served, CauseKind::NormalClearing));
    assert_eq!(record.lasted, secs(68));
    assert!(record.legs.iter().all(|leg| leg.ended.is_some() && leg.quality.is_some()));
    assert_eq!(
        story.steps(contact),
        [
            "arrived",
            "leg-started",
            "leg-answered",
            "queued",
            "offered",
            "leg-started",
            "ringing",
            "leg-answered",
            "offer-ended",
            "connected",
            "talk-started",
            "leg-ended",
            "talk-ended",
            "leg-ended",
            "ended"
        ]
    );
    let ends: Vec<&str> = record.steps.iter().filter(|s| s.what == "leg-ended").map(|s| &*s.detail).collect();
    assert!(ends.iter().all(|detail| detail.contains("by=party")), "who hung up: {ends:?}");
    assert!(ends.iter().any(|detail| detail.ends_with("party=caller")), "whose leg it was: {ends:?}");
    assert!(ends.iter().any(|detail| detail.contains("party=agent:")), "{ends:?}");
    let visit = story.visit(contact, 0);
    assert_eq!((visit.queue, visit.agent, visit.waited), (SUPPORT, Some(AgentId(0)), secs(8)));
    assert_eq!(visit.end, work(60, 0, 5));
    assert_eq!(story.talks[0].talked, secs(60));
    assert_eq!(story.talks[0].queue, Some(SUPPORT));
}

#[test]
fn an_answered_visit_is_known_at_the_answer() {
    let mut story = Story::new();
    let Caller { contact, .. } = story.arrive();
    story.queued(contact, SUPPORT);
    let leg = story.offered(contact, SUPPORT, 0);
    story.connected(contact, SUPPORT, 0, leg, secs(0));
    assert_eq!(story.visit(contact, 0).end, VisitEnd::Answered { work: None });
    assert_eq!((story.ledger.being_handled(), story.ledger.open_contacts()), (1, 1));
}

#[test]
fn a_caller_who_hangs_up_while_he_waits_has_abandoned_once() {
    let mut story = Story::new();
    let Caller { contact, leg } = story.arrive();
    story.queued(contact, SUPPORT);
    story.pass(secs(31));
    story.fact(Fact::Abandoned { contact, queue: SUPPORT, waited: secs(31) });
    story.fact(Fact::Abandoned { contact, queue: SUPPORT, waited: secs(31) });
    story.leg_ended(contact, leg, CauseKind::Cancelled);
    story.ended(contact, ContactEnd::Abandoned, CauseKind::Cancelled);
    assert_eq!(story.visits.len(), 1);
    assert_eq!((story.visit(contact, 0).end, story.visit(contact, 0).waited), (VisitEnd::Abandoned, secs(31)));
    assert_eq!(story.records[&contact].end, ContactEnd::Abandoned);
    assert_eq!(story.ledger.waiting().count(), 0);
}

#[test]
fn a_caller_who_flows_out_to_a_second_queue_has_two_visits_and_one_record() {
    let mut story = Story::new();
    let Caller { contact, leg: caller } = story.arrive();
    story.queued(contact, SUPPORT);
    story.pass(secs(60));
    let (why, to) = (FlowReason::MaxWait, Some(Target::Queue(SECOND)));
    story.fact(Fact::FlowedOut { contact, queue: SUPPORT, waited: secs(60), why, to });
    story.queued(contact, SECOND);
    story.pass(secs(4));
    let leg = story.offered(contact, SECOND, 2);
    story.connected(contact, SECOND, 2, leg, secs(4));
    story.pass(secs(10));
    story.hang_up(contact, caller, 2, leg, secs(10));
    story.agent(2, AgentState::Ready);
    story.pass(CLOSING_TIME);
    assert_eq!(story.visit(contact, 0).end, VisitEnd::FlowedOut { why });
    let second = story.visit(contact, 1);
    assert_eq!((second.queue, second.waited, second.end), (SECOND, secs(4), work(10, 0, 0)));
    assert_eq!((story.visits.len(), story.records.len()), (2, 1));
}

#[test]
fn two_stays_that_begin_in_the_same_instant_are_two() {
    let mut story = Story::new();
    let Caller { contact, .. } = story.arrive();
    for queue in [SUPPORT, SECOND, SUPPORT] {
        story.queued(contact, queue);
        story.fact(Fact::FlowedOut { contact, queue, waited: Duration::ZERO, why: FlowReason::Closed, to: None });
    }
    assert_eq!(story.visits.len(), 3);
}

#[test]
fn complaint_37_missed_and_rejected_are_different_steps_and_the_caller_keeps_one_visit() {
    let mut story = Story::new();
    let Caller { contact, leg: caller } = story.arrive();
    story.queued(contact, SUPPORT);
    let outcomes = [OfferOutcome::Missed, OfferOutcome::Rejected(Cause::with_sip(CauseKind::Declined, 603))];
    for (agent, outcome) in (0..).zip(outcomes) {
        let leg = story.offered(contact, SUPPORT, agent);
        story.pass(secs(15));
        story.fact(Fact::OfferEnded { contact, queue: SUPPORT, agent: AgentId(agent), outcome });
        story.leg_ended(contact, leg, CauseKind::NoAnswer);
        story.agent(agent, AgentState::NotReady { reason: NotReadyReason::Missed });
    }
    let leg = story.offered(contact, SUPPORT, 2);
    story.connected(contact, SUPPORT, 2, leg, secs(30));
    story.pass(secs(9));
    story.hang_up(contact, caller, 2, leg, secs(9));
    story.pass(CLOSING_TIME);
    let details: Vec<_> = story.records[&contact].steps.iter().filter(|s| s.what == "offer-ended").collect();
    assert_eq!(&*details[0].detail, "queue=support agent=1000 outcome=missed");
    assert_eq!(&*details[1].detail, "queue=support agent=1001 outcome=rejected cause=declined sip=603");
    assert_eq!(story.visits.len(), 1);
    assert_eq!(story.visit(contact, 0).waited, secs(30));
}

#[test]
fn complaint_31_talk_is_split_between_the_agent_who_hands_over_and_the_one_who_takes() {
    let mut story = Story::new();
    let Caller { contact, leg: caller } = story.arrive();
    story.queued(contact, SUPPORT);
    let first = story.offered(contact, SUPPORT, 0);
    story.connected(contact, SUPPORT, 0, first, secs(0));
    story.pass(secs(40));
    // Blind transfer to 1001: the first is done when the second answers.
    let second = story.leg(contact, Party::Agent(AgentId(1)));
    story.agent(1, AgentState::Reserved { contact });
    story.pass(secs(5));
    story.answered(contact, second);
    story.agent(1, AgentState::Busy { contact });
    story.fact(Fact::TalkStarted { contact, agent: AgentId(1), queue: Some(SUPPORT) });
    let to = Target::Agent(AgentId(1));
    story.fact(Fact::Transferred { contact, from: AgentId(0), to, kind: TransferKind::Blind });
    story.talk_ended(contact, 0, secs(40), secs(5));
    story.leg_ended(contact, first, CauseKind::Transferred);
    story.agent(0, AgentState::WrapUp { contact });
    story.pass(secs(5));
    story.agent(0, AgentState::Ready);
    story.pass(secs(3595));
    story.leg_ended(contact, caller, CauseKind::NormalClearing);
    story.talk_ended(contact, 1, secs(3600), secs(0));
    story.leg_ended(contact, second, CauseKind::NormalClearing);
    story.agent(1, AgentState::Ready);
    story.ended(contact, ContactEnd::Served, CauseKind::NormalClearing);
    // The visit is the first agent's work; the hour belongs to the second.
    assert_eq!(story.visit(contact, 0).end, work(40, 5, 5));
    let talks: Vec<_> = story.talks.iter().map(|t| (t.agent.0, t.talked.as_secs(), t.held.as_secs())).collect();
    assert_eq!(talks, [(0, 40, 5), (1, 3600, 0)]);
    let bridged: Duration = story.talks.iter().map(|t| t.talked + t.held).sum();
    assert_eq!(bridged, secs(3645));
}

#[test]
fn a_call_of_the_agents_own_does_not_end_the_work_on_the_contact_before() {
    let mut story = Story::new();
    let Caller { contact, leg: caller } = story.arrive();
    story.queued(contact, SUPPORT);
    let leg = story.offered(contact, SUPPORT, 0);
    story.connected(contact, SUPPORT, 0, leg, secs(0));
    story.pass(secs(30));
    let own = story.arrive().contact;
    // The customer goes while the agent still asks a colleague: he is busy with the consultation, then wraps up.
    story.leg_ended(contact, caller, CauseKind::NormalClearing);
    story.talk_ended(contact, 0, secs(20), secs(10));
    story.leg_ended(contact, leg, CauseKind::NormalClearing);
    story.ended(contact, ContactEnd::Served, CauseKind::NormalClearing);
    story.agent(0, AgentState::Busy { contact: own });
    story.pass(secs(12));
    assert_eq!(story.visit(contact, 0).end, VisitEnd::Answered { work: None });
    story.agent(0, AgentState::WrapUp { contact });
    story.pass(secs(5));
    story.agent(0, AgentState::Ready);
    assert_eq!(story.visit(contact, 0).end, work(20, 10, 5));
}

#[test]
fn a_supervisor_is_a_leg_and_two_steps_and_changes_no_figure() {
    let mut story = Story::new();
    let Caller { contact, leg: caller } = story.arrive();
    story.queued(contact, SUPPORT);
    let leg = story.offered(contact, SUPPORT, 0);
    story.connected(contact, SUPPORT, 0, leg, secs(0));
    let (supervisor, agent, mode) = (AgentId(3), AgentId(0), SupervisorMode::Listen);
    story.fact(Fact::SupervisorJoined { contact, supervisor, agent, mode });
    story.pass(secs(50));
    story.fact(Fact::SupervisorLeft { contact, supervisor });
    story.hang_up(contact, caller, 0, leg, secs(50));
    story.pass(CLOSING_TIME);
    let steps = &story.records[&contact].steps;
    let joined = steps.iter().find(|s| s.what == "supervisor-joined").unwrap();
    assert_eq!(&*joined.detail, "supervisor=1003 agent=1000 mode=listen");
    assert!(steps.iter().any(|s| s.what == "supervisor-left"));
    assert_eq!((story.talks.len(), story.visits.len()), (1, 1));
}

#[test]
fn a_record_waits_for_the_recordings_last_second_and_names_it() {
    let mut story = Story::new();
    let Caller { contact, leg } = story.arrive();
    story.answered(contact, leg);
    story.fact(Fact::RecordingStarted { contact, name: "2026-09-21/call-1".into() });
    story.pass(secs(9));
    story.leg_ended(contact, leg, CauseKind::NormalClearing);
    story.quality(contact, leg);
    story.ended(contact, ContactEnd::Served, CauseKind::NormalClearing);
    assert!(story.records.is_empty());
    story.pass(secs(1));
    let name = "2026-09-21/call-1".into();
    story.fact(Fact::RecordingStopped { contact, name, duration: secs(9), complete: true, kept: true });
    assert_eq!(&*story.records[&contact].recordings[0], "2026-09-21/call-1");
    assert_eq!(story.steps(contact).last(), Some(&"recording-stopped"));
}

#[test]
fn a_contact_that_ends_before_its_quality_arrives_waits_for_it_but_not_for_ever() {
    let mut story = Story::new();
    let Caller { contact, leg } = story.arrive();
    story.answered(contact, leg);
    story.leg_ended(contact, leg, CauseKind::NormalClearing);
    story.ended(contact, ContactEnd::Served, CauseKind::NormalClearing);
    assert!(story.records.is_empty());
    story.quality(contact, leg);
    assert_eq!(story.records[&contact].legs[0].quality.unwrap().packets_received, 500);

    let Caller { contact, leg } = story.arrive();
    story.answered(contact, leg);
    story.leg_ended(contact, leg, CauseKind::NormalClearing);
    story.ended(contact, ContactEnd::Served, CauseKind::NormalClearing);
    assert_eq!(story.ledger.poll_timeout(), Some(story.now.mono + CLOSING_TIME));
    story.pass(CLOSING_TIME);
    assert!(story.records[&contact].legs[0].quality.is_none());
    // What comes later still changes nothing and makes nothing.
    story.quality(contact, leg);
    story.ended(contact, ContactEnd::Failed, CauseKind::ServerFailure);
    story.pass(secs(60));
    assert_eq!((story.records.len(), story.records[&contact].end), (2, ContactEnd::Served));
}

#[test]
fn facts_about_a_contact_nobody_saw_arrive_make_no_figure() {
    let mut story = Story::new();
    let contact = ContactId::new(ShardId(0), 1, 99);
    story.queued(contact, SUPPORT);
    story.fact(Fact::Abandoned { contact, queue: SUPPORT, waited: secs(1) });
    story.talk_ended(contact, 0, secs(1), secs(0));
    story.ended(contact, ContactEnd::Abandoned, CauseKind::Cancelled);
    story.pass(secs(60));
    assert!(story.visits.is_empty() && story.records.is_empty() && story.talks.is_empty());
}

#[test]
fn an_attended_transfer_takes_the_consulted_leg_over_and_both_contacts_have_whole_records() {
    let mut story = Story::new();
    let Caller { contact: kept, leg: caller } = story.arrive();
    story.answered(kept, caller);
    story.queued(kept, SUPPORT);
    let first = story.offered(kept, SUPPORT, 0);
    story.connected(kept, SUPPORT, 0, first, secs(0));
    story.pass(secs(30));
    // The agent asks the second queue, and 1001 answers there.
    let Caller { contact: asked, leg: asking } = story.arrive();
    story.answered(asked, asking);
    story.queued(asked, SECOND);
    let second = story.offered(asked, SECOND, 1);
    story.connected(asked, SECOND, 1, second, secs(0));
    story.pass(secs(10));
    let to = Target::Agent(AgentId(1));
    story.fact(Fact::Transferred { contact: kept, from: AgentId(0), to, kind: TransferKind::Attended });
    story.fact(Fact::Merged { contact: kept, consultation: asked });
    story.talk_ended(asked, 1, secs(10), secs(0));
    story.agent(1, AgentState::Busy { contact: kept });
    story.talk_ended(kept, 0, secs(30), secs(10));
    story.leg_ended(kept, first, CauseKind::Transferred);
    story.agent(0, AgentState::WrapUp { contact: kept });
    story.leg_ended(asked, asking, CauseKind::Transferred);
    story.quality(asked, asking);
    story.ended(asked, ContactEnd::Served, CauseKind::Transferred);
    assert!(story.records.contains_key(&asked), "the leg that went over keeps nobody waiting");
    story.fact(Fact::TalkStarted { contact: kept, agent: AgentId(1), queue: Some(SUPPORT) });
    story.pass(secs(20));
    story.agent(0, AgentState::Ready);
    story.leg_ended(kept, caller, CauseKind::NormalClearing);
    story.talk_ended(kept, 1, secs(20), secs(0));
    story.leg_ended(kept, second, CauseKind::NormalClearing);
    story.agent(1, AgentState::WrapUp { contact: kept });
    for leg in [caller, first, second] {
        story.quality(kept, leg);
    }
    story.ended(kept, ContactEnd::Served, CauseKind::NormalClearing);
    story.pass(secs(5));
    story.agent(1, AgentState::Ready);

    let moved = story.records[&asked].legs.iter().find(|l| l.leg == second).unwrap();
    assert_eq!((moved.moved_to, moved.cause.map(|c| c.kind)), (Some(kept), Some(CauseKind::Transferred)));
    let legs = &story.records[&kept].legs;
    assert_eq!(legs.len(), 3);
    assert!(legs.iter().all(|l| l.ended.is_some() && l.quality.is_some() && l.moved_to.is_none()));
    // Whoever answered the consultation goes on with the customer: one visit, all his work.
    assert_eq!(story.visit(asked, 0).end, work(30, 0, 5));
    assert_eq!(story.visit(kept, 0).end, work(30, 10, 20));
}

#[test]
fn a_leg_that_ends_before_its_first_contact_does_still_goes_over() {
    let mut story = Story::new();
    let Caller { contact: kept, .. } = story.arrive();
    let Caller { contact: asked, leg } = story.arrive();
    story.fact(Fact::Merged { contact: kept, consultation: asked });
    story.leg_ended(kept, leg, CauseKind::NormalClearing);
    story.ended(asked, ContactEnd::Served, CauseKind::Transferred);
    assert_eq!(story.records[&asked].legs[0].moved_to, Some(kept));
    story.stop();
    let over = story.records[&kept].legs.iter().find(|l| l.leg == leg).unwrap();
    assert_eq!(over.cause.map(|c| c.kind), Some(CauseKind::NormalClearing));
}

#[test]
fn a_state_that_overtakes_the_answer_between_shards_does_not_end_the_visit() {
    let mut story = Story::new();
    let Caller { contact, .. } = story.arrive();
    story.queued(contact, SUPPORT);
    story.agent(0, AgentState::Reserved { contact });
    let (queue, agent) = (SUPPORT, AgentId(0));
    story.fact(Fact::Connected { contact, queue, agent, waited: secs(1) });
    // Written before the agent's home heard of the answer.
    story.agent(0, AgentState::Ready);
    assert_eq!(story.visit(contact, 0).end, VisitEnd::Answered { work: None });
    story.agent(0, AgentState::Busy { contact });
    story.pass(secs(7));
    story.talk_ended(contact, 0, secs(7), secs(0));
    story.agent(0, AgentState::Ready);
    assert_eq!(story.visit(contact, 0).end, work(7, 0, 0));
}

#[test]
fn an_agent_who_is_never_seen_at_work_is_through_a_while_after_the_record_closed() {
    let mut story = Story::new();
    let Caller { contact, leg } = story.arrive();
    story.queued(contact, SUPPORT);
    let (queue, agent) = (SUPPORT, AgentId(0));
    story.fact(Fact::Connected { contact, queue, agent, waited: secs(1) });
    story.leg_ended(contact, leg, CauseKind::NormalClearing);
    story.ended(contact, ContactEnd::Served, CauseKind::NormalClearing);
    assert_eq!(story.visit(contact, 0).end, VisitEnd::Answered { work: None });
    story.pass(CLOSING_TIME);
    assert_eq!(story.visit(contact, 0).end, work(0, 0, 0));
    assert_eq!((story.ledger.being_handled(), story.ledger.poll_timeout()), (0, None));
}

#[test]
fn work_that_his_home_tells_of_when_the_record_is_closed_counts() {
    let mut story = Story::new();
    let Caller { contact, leg } = story.arrive();
    story.queued(contact, SUPPORT);
    let (queue, agent) = (SUPPORT, AgentId(0));
    story.fact(Fact::Connected { contact, queue, agent, waited: secs(1) });
    story.talk_ended(contact, 0, secs(2), secs(0));
    story.leg_ended(contact, leg, CauseKind::NormalClearing);
    story.ended(contact, ContactEnd::Served, CauseKind::NormalClearing);
    assert_eq!(story.ledger.open_contacts(), 0);
    // The loop he lives on stood still.
    story.pass(secs(1));
    story.agent(0, AgentState::Busy { contact });
    story.agent(0, AgentState::WrapUp { contact });
    story.pass(secs(5));
    story.agent(0, AgentState::Ready);
    assert_eq!(story.visit(contact, 0).end, work(2, 0, 5));
    assert_eq!(story.ledger.being_handled(), 0);
}

#[test]
fn at_a_stop_everything_open_is_handed_out_as_it_stands() {
    let mut story = Story::new();
    story.agent(0, AgentState::Ready);
    let Caller { contact: talking, .. } = story.arrive();
    story.queued(talking, SUPPORT);
    let leg = story.offered(talking, SUPPORT, 0);
    story.connected(talking, SUPPORT, 0, leg, secs(0));
    let Caller { contact: waiting, .. } = story.arrive();
    story.queued(waiting, SECOND);
    story.pass(secs(25));
    story.stop();
    assert_eq!(story.visit(talking, 0).end, work(25, 0, 0));
    assert_eq!(story.visit(waiting, 0).end, VisitEnd::FlowedOut { why: FlowReason::Failed });
    assert_eq!(story.visit(waiting, 0).waited, secs(25));
    for contact in [talking, waiting] {
        let record = &story.records[&contact];
        assert_eq!((record.end, record.lasted), (ContactEnd::Failed, secs(25)));
    }
    let busy = story.spans.iter().filter(|s| matches!(s.state, AgentState::Busy { .. })).map(|s| s.lasted).sum();
    assert_eq!(secs(25), busy);
}

#[test]
fn after_a_restart_agents_begin_anew_and_an_old_contact_is_not_opened_again() {
    let mut story = Story::new();
    story.agent(0, AgentState::Ready);
    let Caller { contact, .. } = story.arrive();
    story.queued(contact, SUPPORT);
    story.stop();
    story.ledger = crate::Ledger::new();
    story.pass(secs(600));
    // Ten minutes nobody was signed on: no span bridges them.
    story.agent(0, AgentState::NotReady { reason: NotReadyReason::SignedOn });
    story.fact(Fact::Abandoned { contact, queue: SUPPORT, waited: secs(600) });
    story.pass(secs(10));
    story.stop();
    assert!(story.spans.iter().all(|span| span.lasted <= secs(10)));
    assert_eq!(story.records.len(), 1);
}

#[test]
fn the_store_hears_of_a_new_contact_and_of_each_stay_once() {
    let mut story = Story::new();
    let Caller { contact, .. } = story.arrive();
    let seen = story.ledger.poll_open().map(|open| (open.arrival.contact, open.waiting.is_some()));
    assert_eq!(seen, Some((contact, false)));
    assert!(story.ledger.poll_open().is_none());
    story.queued(contact, SECOND);
    let waiting = story.ledger.poll_open().and_then(|open| open.waiting).unwrap();
    assert_eq!((waiting.queue, waiting.nth), (SECOND, 0));
    assert!(story.ledger.poll_open().is_none());
    // One that came and went between two looks is not worth a word.
    let Caller { contact, leg } = story.arrive();
    story.leg_ended(contact, leg, CauseKind::Declined);
    story.ended(contact, ContactEnd::Rejected, CauseKind::Declined);
    assert!(story.records.contains_key(&contact) && story.ledger.poll_open().is_none());
}

#[test]
fn a_record_of_endless_steps_is_cut_and_says_so() {
    let mut story = Story::new();
    let Caller { contact, leg } = story.arrive();
    for _ in 0..2000 {
        story.fact(Fact::Held { contact, by: Party::Caller });
    }
    story.leg_ended(contact, leg, CauseKind::NormalClearing);
    story.ended(contact, ContactEnd::Served, CauseKind::NormalClearing);
    let record = &story.records[&contact];
    assert!(record.truncated);
    assert_eq!(record.steps.len(), crate::limits::STEPS_MAX);
}
