//! Several phones that ring for one caller.

use crate::floor::{MS, SECOND, hotline};
use model::{AgentState, Fact, OfferOutcome};
use sim::{Answer, World};

/// Three phones ring; two are picked up at the same instant. One has the caller, the other is hung up at once and
/// blamed for nothing, the third stops ringing.
#[test]
fn complaint_01_of_two_who_answer_at_once_one_has_the_caller() {
    for (shards, seed) in (0..12).map(|seed| (1 + seed as u8 % 3, seed)) {
        let mut world =
            World::plan(&hotline(3, "strategy = \"ring-all\"\nwrap_up = \"0s\"")).shards(shards).seed(seed).open();
        let phones = ["1001", "1002", "1003"].map(|id| world.phone(id));
        world[phones[2]].manners.answer = Answer::Never;
        let bob = world.caller("13800138000");
        world[bob].dials("4008");
        world.waits_until(20 * SECOND, "somebody has him", |w| {
            w[bob].is_talking() && w.books.find(connected).count() == 1
        });
        world.run_ms(100);
        let talking = phones.iter().filter(|phone| world[**phone].is_talking()).count();
        assert_eq!(talking, 1, "seed {seed}");
        assert!(phones.iter().all(|phone| world[*phone].is_talking() || world[*phone].last().is_over()), "seed {seed}");
        let lost = world.books.find(|fact| match fact {
            Fact::OfferEnded { outcome, .. } if *outcome != OfferOutcome::Accepted => Some(*outcome),
            _ => None,
        });
        assert!(lost.into_iter().all(|(_, outcome)| outcome == OfferOutcome::Withdrawn), "seed {seed}");
        let ready = ["1001", "1002", "1003"].iter().filter(|id| world.agent_state(id) == AgentState::Ready).count();
        assert_eq!(ready, 2, "seed {seed}: nobody is stuck");
        world.everybody_hangs_up();
        world.run_for(1);
        world.check();
    }
}

fn connected(fact: &Fact) -> Option<()> {
    matches!(fact, Fact::Connected { .. }).then_some(())
}

/// The agent who was first hangs up in the middle of the whisper: the others ring on.
#[test]
fn complaint_02_who_hangs_up_before_the_joining_silences_nobody() {
    let rules = "strategy = \"ring-all\"\nwhisper = { sound = \"queue/thank-you-for-holding\" }";
    let mut world = World::new(&hotline(2, rules));
    let (anna, ben) = (world.phone("1001"), world.phone("1002"));
    world[ben].manners.answer = Answer::After(10 * SECOND);
    let bob = world.caller("13800138000");
    world[bob].dials("4008");
    world.waits_until(5 * SECOND, "Anna picks up", |w| w[anna].is_talking());
    world.run_ms(300);
    world[anna].hangs_up_all();
    world.run_for(1);
    assert!(world[ben].is_ringing());
    world.waits_until(20 * SECOND, "Ben has him", |w| w.hears(ben, bob) && w.hears(bob, ben));
    world.run(100 * MS);
    world.everybody_hangs_up();
    world.run_for(10);
    world.check();
}
