//! A customer who is to be called back, from his promise to his end, in one start of the server and over several.

use super::*;
use model::{AsideReason, CallbackStep, LegId, Party, Promise, Releaser};

const HOUSE: &str = "\
[site]
time_zone = \"UTC\"
[generation]
level = 2
[[calendar]]
name = \"noon\"
open = { mon-sun = \"10:00-14:00\" }
[[queue]]
name = \"support\"
strategy = \"linear\"
[queue.callback]
hours = \"noon\"
tries = 2
every = \"10m\"
[[agent]]
id = \"1001\"
name = \"Anna\"
queues = [\"support\"]
";
const QUEUE: QueueId = QueueId(0);

fn step(log: &mut Log, of: ContactId, step: CallbackStep, attempts: u8) -> &mut Log {
    let promise = Promise::anonymous(contact(1), QUEUE).into();
    log.fact(&Fact::Callback { contact: of, step, attempts, promise })
}

fn aside(log: &mut Log, contact: ContactId, why: Option<AsideReason>) -> &mut Log {
    log.fact(&Fact::Aside { contact, queue: QUEUE, aside: why.is_some(), why })
}

fn queued(log: &mut Log, contact: ContactId, kept: u64) -> &mut Log {
    let kept = Some(Duration::from_secs(kept));
    log.fact(&Fact::Queued { contact, queue: QUEUE, priority: 0, position: 1, kept })
}

/// Anna is asked and answers, and the customer is dialled and does not.
fn not_reached(log: &mut Log, contact: ContactId, nth: u8) -> &mut Log {
    let (queue, agent, leg) = (QUEUE, ANNA, LegId(u64::from(nth)));
    log.agent(agent, AgentState::Reserved { contact });
    log.fact(&Fact::Offered { contact, queue, agent, decision: None }).pass(2);
    step(log, contact, CallbackStep::Dialled, nth);
    log.fact(&Fact::LegStarted { contact, leg, party: Party::Caller }).pass(20);
    let (cause, by) = (Cause::new(CauseKind::NoAnswer), Releaser::System);
    let (what, detail) = report::words(&Fact::LegEnded { contact, leg, cause, by }, &log.names);
    log.word(Some(contact), what, &format!("{detail} party=caller"));
    log.fact(&Fact::OfferEnded { contact, queue, agent, outcome: OfferOutcome::Withdrawn })
}

fn whats(story: &Story) -> Vec<String> {
    let json = story.json();
    let word = |moment: &Value| moment["what"].as_str().unwrap().to_owned();
    json["moments"].as_array().unwrap().iter().map(word).collect()
}

#[test]
fn a_callback_is_told_from_the_promise_to_its_end() {
    let (mut log, customer) = (Log::of(HOUSE), contact(1));
    log.configured(HOUSE).agent(ANNA, AgentState::Ready).pass(10);
    // Nine o'clock: an hour before he may be called.
    step(&mut log, customer, CallbackStep::Arranged, 0).pass(3_600);
    queued(&mut log, customer, 3_700);
    not_reached(&mut log, customer, 1);
    aside(&mut log, customer, Some(AsideReason::NotReached)).agent(ANNA, AgentState::Ready).pass(600);
    aside(&mut log, customer, None);
    not_reached(&mut log, customer, 2);
    let (waited, why) = (Duration::from_secs(644), FlowReason::NotReached);
    log.fact(&Fact::FlowedOut { contact: customer, queue: QUEUE, waited, why, to: None });
    step(&mut log, customer, CallbackStep::Failed, 2).agent(ANNA, AgentState::Ready);
    let story = log.story(1, HOUSE);
    let text = told(&story);
    for said in [
        "09:00:10.000+00:00  the caller is to be called back by support; his place waits for him\n  not now: callback.hours \
         (d.toml:12:1) are over; he is called when they begin\n",
        "entered queue support with priority 0, at place 1; its place counts from 1 h 01 min before",
        "the customer is dialled, try 1 of 2\n  rule: callback.tries (d.toml:13:1)\n",
        "the customer was not reached at try 1 of 2 (no-answer); he is left in peace for 10 min 00 s\n  rule: callback.every \
         (d.toml:14:1)\n",
        "back in the line of support, at its place",
        "the customer is dialled, try 2 of 2",
        "left the queue after 10 min 44 s (not-reached)\n  rule: tries = 2 (d.toml:13:1)\n  what would have changed it: a customer who answers",
        "the promise to call back is given up after 2 of 2 tries (no-answer)\n",
    ] {
        assert!(text.contains(said), "{said} in\n{text}");
    }
    let failed = story.json()["moments"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&failed["what"], &failed["attempts"]), (&"callback-failed".into(), &2.into()));
    assert_eq!((&failed["cause"], &failed["rule"]["line"]), (&"no-answer".into(), &13.into()));
    let json = story.json();
    for key in json["moments"].as_array().unwrap().iter().flat_map(|moment| moment.as_object().unwrap().keys()) {
        let mut words = HELP.split(|c: char| !c.is_alphanumeric() && c != '_');
        assert!(words.any(|word| word == key), "{key} is not documented");
    }
}

#[test]
fn a_callback_is_told_whole_over_restarts_whichever_of_its_contacts_is_asked_for() {
    let second = ContactId::new(ShardId(0), 2, 7);
    let third = ContactId::new(ShardId(0), 3, 4);
    let mut log = Log::of(HOUSE);
    log.configured(HOUSE).pass(2 * 3_600);
    step(&mut log, contact(1), CallbackStep::Arranged, 0).pass(5);
    queued(&mut log, contact(1), 60).pass(30).restart().configured(HOUSE);
    // Somebody else's promise is none of his.
    let other = Promise::anonymous(contact(2), QUEUE).into();
    let (resumed, others) = (CallbackStep::Resumed, ContactId::new(ShardId(0), 2, 6));
    log.fact(&Fact::Callback { contact: others, step: resumed, attempts: 0, promise: other });
    step(&mut log, second, resumed, 0).pass(30);
    queued(&mut log, second, 125).agent(ANNA, AgentState::Ready);
    not_reached(&mut log, second, 1);
    aside(&mut log, second, Some(AsideReason::NotReached)).restart().configured(HOUSE).agent(ANNA, AgentState::Ready);
    step(&mut log, third, resumed, 1).pass(600);
    queued(&mut log, third, 800).agent(ANNA, AgentState::Reserved { contact: third });
    log.fact(&Fact::Offered { contact: third, queue: QUEUE, agent: ANNA, decision: None }).pass(3);
    step(&mut log, third, CallbackStep::Dialled, 2).pass(5);
    step(&mut log, third, CallbackStep::Reached, 2);
    let stories = [contact(1), second, third].map(|asked| log.story_of(asked, HOUSE));
    let expected = [
        "callback-arranged",
        "entered",
        "callback-resumed",
        "entered",
        "offered",
        "callback-dialled",
        "offer-ended",
        "set-aside",
        "callback-resumed",
        "entered",
        "offered",
        "callback-dialled",
        "callback-reached",
    ];
    for story in &stories {
        assert_eq!(whats(story), expected);
        let text = told(story);
        let line =
            |id: ContactId| format!("the server had been started anew; here contact {id} waits for the same customer");
        assert!(text.contains(&line(second)) && text.contains(&line(third)), "{text}");
        assert!(text.contains("given in 0000000100000001, is taken up again after 1 of 2 tries"), "{text}");
        assert!(text.contains("the customer answered, at try 2 of 2"), "{text}");
        let json = story.json();
        assert_eq!(
            (&json["contacts"][2], &json["moments"][4]["contact"]),
            (&third.to_string().into(), &second.to_string().into())
        );
        assert_eq!(json["reloaded"], false, "a start is no reload");
    }
    // Of a first that is not kept any more the later ones know themselves.
    log.before[0].clear();
    assert_eq!(whats(&log.story_of(second, HOUSE))[0], "callback-resumed");
}

#[test]
fn why_a_callback_stands_aside_is_told_with_the_hours_that_are_over() {
    let (mut log, customer) = (Log::of(HOUSE), contact(1));
    log.configured(HOUSE).pass(4 * 3_600 + 3_500);
    step(&mut log, customer, CallbackStep::Arranged, 0).pass(50);
    queued(&mut log, customer, 60);
    aside(&mut log, customer, Some(AsideReason::InUse)).pass(20);
    aside(&mut log, customer, None).pass(30);
    aside(&mut log, customer, Some(AsideReason::Closed));
    let text = told(&log.story(1, HOUSE));
    assert!(
        text.contains("another callback to the same number is under way\n  it goes on when that is over"),
        "{text}"
    );
    assert!(
        text.contains("the customer is not called now\n  not now: callback.hours (d.toml:12:1) are over"),
        "{text}"
    );
    // Within all hours somebody has closed the queue; and of an older version nobody knows.
    let (mut log, _) = (Log::of(HOUSE), ());
    log.configured(HOUSE).pass(2 * 3_600);
    step(&mut log, customer, CallbackStep::Arranged, 0);
    queued(&mut log, customer, 60);
    aside(&mut log, customer, Some(AsideReason::Closed)).pass(5);
    log.word(Some(customer), "set-aside", "queue=support");
    let text = told(&log.story(1, HOUSE));
    assert!(text.contains("its queue is closed by hand") && text.contains("at its place, for a while"), "{text}");
}
