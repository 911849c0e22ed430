//! What the caller feels.

use crate::floor::{MS, SECOND, hotline};
use core::time::Duration;
use model::{AgentState, CauseKind, NotReadyReason, OfferOutcome};
use netem::Conditions;
use sim::{Answer, World};

/// Whatever is playing, and at whatever moment of it: both hear each other within 100 ms of the answer.
#[test]
fn complaint_22_the_answer_cuts_through_whatever_is_playing() {
    let rules = "announce = { position = true, wait = true, every = \"5s\" }\nrecord = \"all\"\nrecord_notice = \"record-notice\"";
    for step in 0..60 {
        let mut world = World::new(&hotline(1, rules));
        let anna = world.phone("1001");
        let bob = world.caller("13800138000");
        world[anna].manners.answer = Answer::After(137 * MS * step);
        world[bob].dials("4008");
        world.waits_until(20 * SECOND, "the agent answers", |w| w[anna].is_talking());
        let answered = world[anna].last().answered.expect("just now");
        let hearing = world[bob].hears().to_vec();
        world.waits_until(100 * MS, "both hear each other", |w| w.hears(anna, bob) && w.hears(bob, anna));
        let (to_bob, to_anna) = (world.voice_of(anna), world.voice_of(bob));
        let bob_from = world[bob].ear(sim::CallNo(0)).heard_from(to_bob, answered).expect("heard");
        let anna_from = world[anna].ear(sim::CallNo(0)).heard_from(to_anna, answered).expect("heard");
        assert!(bob_from - answered <= 100 * MS && anna_from - answered <= 100 * MS, "while {hearing:?} was playing");
        world.run_for(3);
        world.everybody_hangs_up();
        world.check();
    }
}

/// Every key of an id and a PIN arrives once, typed during the prompts over a bad network: loss, other order, doubles,
/// long keys and short gaps.
#[test]
fn complaint_24_every_key_counts_once_during_prompts() {
    let tables = hotline(0, "")
        + "[[phone]]\nid = \"2001\"\ncontact = \"sip:2001@10.1.0.1:5060\"\n\
           [[agent]]\nid = \"4711\"\npin = \"220044\"\nqueues = [\"support\"]\n";
    for seed in 0..40u64 {
        let mut world = World::plan(&tables).seed(seed).open();
        let desk = world.phone("2001");
        let rough = Conditions {
            loss: 0.10,
            reorder: 0.05,
            overtaken_by: 35 * MS,
            duplicate: 0.05,
            jitter: 15 * MS,
            ..Conditions::lan()
        };
        world.sound_goes(desk, rough);
        let call = world[desk].dials("*11");
        world.run_ms(500);
        assert!(world[desk].last().is_up());
        let held = if seed % 4 == 0 { 2500 * MS } else { Duration::from_millis(60 + 20 * (seed % 5)) };
        for key in "4711#".chars() {
            world[desk].presses_for(call, key, held);
        }
        world.waits_until(20 * SECOND, "he is asked for his PIN", |w| w.hears_sound(desk, "agent/enter-pin"));
        for key in "220044#".chars() {
            world[desk].presses_for(call, key, 60 * MS);
        }
        world.waits_until(10 * SECOND, "he is signed on", |w| w.agent_state("4711") != AgentState::SignedOff);
        world.run_for(5);
        world.check();
    }
}

/// A breakout key in the middle of any prompt, by telephone-event and by INFO.
#[test]
fn complaint_24_a_key_works_at_any_moment_of_a_prompt() {
    let tables =
        hotline(0, "keys = { 1 = \"queue:sales\" }\nannounce = { position = true, wait = false, every = \"5s\" }")
            + "[[queue]]\nname = \"sales\"\n";
    for step in 0..24 {
        let mut world = World::new(&tables);
        let bob = world.caller("13800138000");
        let call = world[bob].dials("4008");
        world.run_ms(200 + 400 * step);
        if step % 2 == 0 {
            world[bob].presses(call, "1")
        } else {
            world[bob].presses_by_info(call, '1')
        }
        let sales = world.queue("sales");
        world.waits_until(300 * MS, "he is in the other queue", |w| w.books.tally(sales).waiting == 1);
        world.everybody_hangs_up();
        world.check();
        let support = world.books.tally(world.queue("support"));
        assert_eq!((support.flowed_out, support.abandoned), (1, 0));
    }
}

/// Missed calls make an agent not ready, for a time, with a reason; he comes back. A registration renewed meanwhile
/// changes nothing.
#[test]
fn complaint_19_missed_calls_pause_an_agent_and_he_comes_back() {
    let missed = AgentState::NotReady { reason: NotReadyReason::Missed };
    let rules = "ring_timeout = \"5s\"\nmissed = { limit = 3, pause = \"60s\" }";
    let tables = hotline(0, rules)
        + "[[phone]]\nid = \"1001\"\npassword = \"correct horse\"\n\
           [[agent]]\nid = \"1001\"\nphone = \"1001\"\nqueues = [\"support\"]\ninitial_state = \"ready\"\n";
    let mut world = World::new(&tables);
    let anna = world.phone("1001");
    world[anna].registers(300 * SECOND);
    world[anna].manners.answer = Answer::Never;
    let bob = world.caller("13800138000");
    world.run_for(1);
    world[bob].dials("4008");
    for round in 1..=2 {
        world.waits_until(SECOND, "it rings", |w| w[anna].is_ringing());
        world.waits_until(6 * SECOND, "it has rung out", |w| w.agent_state("1001") == missed);
        assert!(world.hears_sound(bob, "music/default"), "round {round}: the caller keeps place and music");
        world[anna].registers(300 * SECOND);
        world.run_for(50);
        assert_eq!(world.agent_state("1001"), missed, "round {round}: renewing a registration is not coming back");
        let back = world.waits_until(12 * SECOND, "he is back", |w| w.agent_state("1001") != missed);
        assert!(back >= 8 * SECOND, "round {round}: back after {back:?}");
    }
    // The third in a row: he is asked to say himself that he is there. He still can, and is served at once.
    world.waits_until(SECOND, "it rings", |w| w[anna].is_ringing());
    world.waits_until(6 * SECOND, "it has rung out", |w| w.agent_state("1001") == missed);
    world.run_for(300);
    assert_eq!(world.agent_state("1001"), missed);
    world[anna].manners.answer = Answer::AT_ONCE;
    world[anna].dials("*13");
    world.waits_until(10 * SECOND, "he talks", |w| {
        w[bob].is_talking() && w[anna].calls().iter().any(|c| c.inward && c.is_up())
    });
    assert!(
        world
            .books
            .outcomes(world.agent("1001"))
            .iter()
            .all(|o| matches!(o, OfferOutcome::Missed | OfferOutcome::Accepted))
    );
    world.everybody_hangs_up();
    world[anna].unregisters();
    world.check();
}

/// The caller keeps his place and his music whatever the agent's end says; nothing of it is shown to him.
#[test]
fn complaint_37_missed_rejected_busy_and_failed_are_told_apart() {
    let cases = [
        (Answer::Never, "missed", None),
        (Answer::refuse(603), "rejected", Some(CauseKind::Declined)),
        (Answer::refuse(486), "rejected", Some(CauseKind::Busy)),
        (Answer::refuse(302), "rejected", Some(CauseKind::Redirected)),
        (Answer::Silent, "failed", Some(CauseKind::Unreachable)),
        (Answer::refuse(503), "failed", Some(CauseKind::Overload)),
    ];
    for (answer, word, kind) in cases {
        let mut world = World::new(&hotline(1, "ring_timeout = \"5s\""));
        let anna = world.phone("1001");
        world[anna].manners.next.push_back(answer);
        let bob = world.caller("13800138000");
        world[bob].dials("4008");
        let agent = world.agent("1001");
        world.waits_until(8 * SECOND, "the offer is over", |w| !w.books.outcomes(agent).is_empty());
        let outcome = world.books.outcomes(agent)[0];
        let found = match outcome {
            OfferOutcome::Rejected(cause) | OfferOutcome::Failed(cause) => Some(cause.kind),
            OfferOutcome::Accepted | OfferOutcome::Missed | OfferOutcome::Withdrawn => None,
        };
        assert_eq!((outcome.word(), found), (word, kind), "{answer:?}");
        assert!(world[bob].last().is_up() && world.hears_sound(bob, "music/default"), "{answer:?}");
        world.everybody_hangs_up();
        world.check();
        // The record keeps the word.
        let steps = &world.books.records[0].steps;
        let step = steps.iter().find(|s| s.what == "offer-ended").expect("in the record");
        assert!(step.detail.contains(&format!("outcome={word}")), "{}", step.detail);
    }
}
