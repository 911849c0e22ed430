//! Called back instead of waiting on: the place is kept, the line is free, and the customer is dialled once at a time.

use crate::testing::{World, check_in, house};
use core::time::Duration;
use model::{CallbackFirst, ClassOfService, ContactId, Directory};

/// The caller of 4008 who is to be called back, his number's end 8000; what was said until then is forgotten.
fn arranged(directory: Directory) -> World {
    let mut world = World::new(directory, 1);
    world.steps("wait 10s\ncall 4008\nwait 60s\na presses 51\na played");
    world.said.clear();
    world
}

fn caller_first() -> Directory {
    let mut house = house();
    house.queues[0].care.callback.as_mut().unwrap().first = CallbackFirst::Caller;
    house
}

/// `international` for the number the callers of these stories show.
fn abroad(mut directory: Directory) -> Directory {
    directory.queues[0].care.callback.as_mut().unwrap().class = ClassOfService::International;
    directory
}

fn entered(world: &World, contact: u32) -> Duration {
    let id = ContactId::new(model::ShardId(0), 1, contact);
    world.machine.contacts[&id].entered.unwrap() - base::Instant::ZERO
}

#[test]
fn the_caller_confirms_his_number_and_hangs_up_and_his_contact_keeps_his_place() {
    let mut world = World::new(abroad(house()), 1);
    world.steps("wait 10s\ncall 4008\nwait 60s");
    let before = entered(&world, 1);
    world.said.clear();
    check_in(
        world,
        "> a presses 5
         media play a callback/number+digits/1+digits/3+digits/1+digits/3+callback/confirm
         > a presses 1
         queue withdraw c1 support FlowedOut callback:support
         fact callback c1 support
         media play a callback/accepted
         > a played
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         queue enqueue c1 support
         > hang-up c1
         fact forced
         queue withdraw c1 support Forced
         fact callback withdrawn 0
         fact ended c1 forced forced
         reply ok",
    );
    let world = arranged(abroad(house()));
    assert_eq!(entered(&world, 1), before);
}

#[test]
fn complaint_28_agent_first_the_agent_answers_and_then_his_customer_is_called() {
    check_in(
        arranged(abroad(house())),
        "> offer anna
         dial b 1001 as \"Lee · support\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg b started anna
         > b rings
         fact leg b rings
         > b answers
         media open b agent
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         media play b agent/callback
         > b played
         queue attend anna
         media play b music/default repeat
         fact callback dialled 1
         dial c +8613800138000@carrier as \"\" <4008> (PCMU/PCMA/G722)
         fact leg c started caller
         > c rings
         fact leg c rings
         > c answers
         media open c caller
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         fact callback reached 1
         queue on-the-line c1
         queue settle anna accepted
         fact talk c1 anna support
         media join c
         media join b
         > c ends
         media close c
         fact leg c ended normal-clearing
         fact talked c1 anna 0s held 0s
         hangup b normal-clearing
         media close b
         fact leg b ended normal-clearing
         queue release anna c1 support
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn while_his_customer_is_dialled_no_other_agents_phone_rings() {
    let mut world = arranged(abroad(house()));
    world.steps("offer anna\nb rings\nb answers\nb played");
    world.said.clear();
    check_in(world, "> offer ben\nqueue settle ben withdrawn");
}

#[test]
fn caller_first_the_customer_is_called_and_then_an_agent() {
    check_in(
        arranged(abroad(caller_first())),
        "> offer anna
         fact callback dialled 1
         dial b +8613800138000@carrier as \"\" <4008> (PCMU/PCMA/G722)
         fact leg b started caller
         > b rings
         fact leg b rings
         > b answers
         media open b caller
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         fact callback reached 1
         queue on-the-line c1
         media play b callback/connecting
         dial c 1001 as \"Lee · support\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg c started anna
         > c answers
         media open c agent
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         queue settle anna accepted
         fact talk c1 anna support
         media join b
         media join c
         > c played
         > b ends
         media close b
         fact leg b ended normal-clearing
         fact talked c1 anna 0s held 0s
         hangup c normal-clearing
         media close c
         fact leg c ended normal-clearing
         queue release anna c1 support
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn a_customer_who_does_not_answer_is_called_again_later_at_his_place_and_not_for_ever() {
    let world = arranged(abroad(house()));
    check_in(
        world,
        "> offer anna
         dial b 1001 as \"Lee · support\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg b started anna
         > b answers
         media open b agent
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         media play b agent/callback
         > b played
         queue attend anna
         media play b music/default repeat
         fact callback dialled 1
         dial c +8613800138000@carrier as \"\" <4008> (PCMU/PCMA/G722)
         fact leg c started caller
         > c rings
         fact leg c rings
         > wait 30s
         hangup c no-answer
         fact leg c ended no-answer
         queue rest c1
         hangup b cancelled
         media close b
         fact leg b ended cancelled
         queue settle anna withdrawn
         > wait 59s
         > offer carol
         queue settle carol withdrawn
         > wait 1s
         > offer ben
         dial d 1002 as \"Lee · support\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg d started ben
         > d answers
         media open d agent
         media negotiate d pcmu SendRecv
         fact leg d answered pcmu
         media play d agent/callback
         > d played
         queue attend ben
         media play d music/default repeat
         fact callback dialled 2
         dial e +8613800138000@carrier as \"\" <4008> (PCMU/PCMA/G722)
         fact leg e started caller
         > e refuses busy
         fact leg e ended busy
         queue withdraw c1 support NotReached
         hangup d cancelled
         media close d
         fact leg d ended cancelled
         queue settle ben withdrawn
         fact callback failed 2
         fact ended c1 flowed-out busy",
    );
}

#[test]
fn complaint_27_several_offers_make_one_attempt() {
    let mut world = arranged(abroad(house()));
    world.steps("offer anna\noffer ben\nb answers\nc answers\nb played\nc played");
    let dialled = |world: &World| world.said.iter().filter(|l| l.starts_with("dial") && l.contains('@')).count();
    assert_eq!(dialled(&world), 1);
    assert_eq!(world.said.iter().filter(|l| *l == "queue settle ben withdrawn").count(), 1);
    world.steps("d answers\nd ends");
    world.check_books();
    let mut world = arranged(abroad(caller_first()));
    world.steps("offer anna\noffer ben\noffer carol");
    assert_eq!(dialled(&world), 1);
    world.steps("b answers\nc answers\nc played\nb ends");
    world.check_books();
}

#[test]
fn an_agent_who_hangs_up_or_is_taken_away_ends_the_attempt_and_the_contact_waits_on() {
    for (directory, first, gone) in [
        (house(), "offer anna\nb answers\nb played\nc rings", "b ends"),
        (house(), "offer anna\nb answers\nb played\nc rings", "revoke anna"),
        (caller_first(), "offer anna\nb rings", "revoke anna"),
    ] {
        let mut world = arranged(abroad(directory));
        world.steps(first);
        world.said.clear();
        world.step(gone);
        assert!(world.said.iter().any(|l| l.ends_with(" cancelled") && l.starts_with("hangup")), "{:?}", world.said);
        assert!(world.said.iter().any(|l| l.starts_with("queue settle anna")), "{:?}", world.said);
        assert_eq!(world.books.queued().count(), 1, "at his place");
        world.step("shutdown");
        world.check_books();
    }
}

#[test]
fn complaint_26_who_calls_again_takes_over_the_place_and_the_callback_is_over() {
    for attempt in ["wait 1s", "offer anna\nb answers\nb played\nc rings"] {
        let mut world = arranged(abroad(house()));
        let place = entered(&world, 1);
        world.steps(attempt);
        world.steps("wait 5s\ncall 4008");
        assert_eq!(entered(&world, 2), place);
        assert!(world.said.contains(&"fact ended c1 flowed-out answered-elsewhere".to_owned()), "{:?}", world.said);
        world.step("hang-up c2");
        world.check_books();
    }
}

#[test]
fn somebody_with_another_or_no_number_takes_nothing_over() {
    let mut world = arranged(abroad(house()));
    world.steps("call 4008 withheld\ncall 4009");
    assert!(world.said.iter().all(|l| !l.starts_with("fact ended c1")));
    assert_eq!(world.machine.load().contacts, 3);
    world.step("shutdown");
    world.check_books();
}

#[test]
fn another_number_is_keyed_in_and_checked() {
    check_in(
        World::new(house(), 1),
        "> call 4005
         fact arrived c1
         fact leg a started caller
         answer a (PCMU)
         media open a caller
         media negotiate a pcmu SendRecv
         fact leg a answered pcmu
         media play a callback/enter-number
         > a presses 110#
         media stop-play a
         media play a callback/not-possible+callback/enter-number
         > a presses 0044*013900#
         media stop-play a
         media play a callback/number+digits/1+digits/3+callback/confirm
         > a presses 2
         media play a callback/enter-number
         > a presses 013911
         media stop-play a
         > wait 30s
         media play a callback/number+digits/1+digits/3+digits/1+digits/1+callback/confirm
         > a presses 1
         fact callback c1 support
         media play a callback/accepted
         > a played
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         queue enqueue c1 support
         > hang-up c1
         fact forced
         queue withdraw c1 support Forced
         fact callback withdrawn 0
         fact ended c1 forced forced
         reply ok",
    );
}

#[test]
fn who_says_nothing_or_types_nonsense_waits_on_at_his_place() {
    let mut world = World::new(house(), 1);
    world.steps("wait 10s\ncall 4008");
    let place = entered(&world, 1);
    world.steps("wait 5s\na presses 5\nwait 30s");
    assert_eq!((world.books.queued().count(), entered(&world, 1)), (1, place));
    world.steps("a presses 5\na presses 1#\na presses 2#\na presses 999#");
    assert_eq!((world.books.queued().count(), entered(&world, 1)), (1, place));
    let stays = world.said.iter().filter(|line| line.starts_with("queue enqueue")).count();
    assert_eq!(stays, 1, "one caller is one stay: {:?}", world.said);
    world.step("a ends");
    world.check_books();
}

#[test]
fn where_no_number_can_be_called_he_hears_so_at_once_and_has_not_left() {
    let mut house = house();
    house.queues[0].care.callback.as_mut().unwrap().class = ClassOfService::Internal;
    let mut world = World::new(house, 1);
    world.steps("call 4008\nwait 10s");
    world.said.clear();
    check_in(
        world,
        "> a presses 5
         media play a callback/not-possible
         > a played
         media play a music/default repeat
         > a ends
         media close a
         fact leg a ended normal-clearing
         queue withdraw c1 support Abandoned
         fact ended c1 abandoned normal-clearing",
    );
}

/// While he says his number he stands in the line like before.
#[test]
fn an_agent_who_is_free_before_it_is_arranged_takes_him() {
    let mut world = World::new(abroad(house()), 1);
    world.steps("call 4008\na presses 5\noffer anna\nb answers\nb played");
    assert!(world.said.iter().any(|line| line == "fact talk c1 anna support"), "{:?}", world.said);
    world.said.clear();
    world.steps("a presses 1\nwait 120s");
    assert!(world.said.iter().all(|line| line.starts_with('>')), "the talk about his number is over: {:?}", world.said);
    world.step("a ends");
    world.check_books();
}

#[test]
fn who_will_be_called_and_since_when_he_waits_is_shown() {
    let mut world = arranged(abroad(house()));
    let shown = |world: &World| world.machine.contacts().last().map(|contact| (contact.caller, contact.since.mono));
    let (number, began) = shown(&world).expect("it waits");
    assert_eq!(number.as_str(), "+8613800138000");
    // Another call of his: the older callback's place and time are his.
    world.steps("wait 5s\ncall 4008\nb presses 51\nb played");
    let (number, since) = shown(&world).expect("it waits");
    assert_eq!((number.as_str(), since), ("+8613800138000", began));
    world.step("shutdown");
    world.check_books();
}

#[test]
fn an_emergency_number_and_one_of_a_higher_class_are_never_called_back() {
    for number in ["110", "+4420", "4711"] {
        let mut world = World::new(house(), 1);
        world.steps(&format!("call 4005\na presses {number}#"));
        assert!(world.said.last().unwrap().contains("callback/not-possible"), "{:?}", world.said);
        world.step("a ends");
        world.check_books();
    }
}

/// Whoever picks up for him may hang up at once: it was not the customer who did not answer.
#[test]
fn an_attempt_that_our_side_ends_is_not_one_of_the_customers_tries() {
    let mut world = arranged(abroad(house()));
    for (agent, leg) in [("anna", "b"), ("ben", "d"), ("carol", "f")] {
        world.steps(&format!("offer {agent}\n{leg} answers\n{leg} played"));
        let line = world.last_leg_shown();
        world.steps(&format!("{line} rings\n{leg} ends"));
        assert_eq!(world.books.queued().count(), 1, "at his place");
    }
    assert_eq!(dials(&world), 3);
    assert!(world.said.iter().all(|line| !line.starts_with("fact callback failed")), "{:?}", world.said);
    // Of two tries none is used up.
    for _ in 0..2 {
        world.steps("wait 60s\noffer anna");
        let agent = world.last_leg_shown();
        world.steps(&format!("{agent} answers\n{agent} played"));
        let line = world.last_leg_shown();
        world.steps(&format!("{line} refuses busy"));
    }
    assert_eq!(world.said.iter().filter(|line| *line == "fact callback failed 2").count(), 1, "{:?}", world.said);
    world.check_books();
}

#[test]
fn a_trunk_that_takes_no_call_uses_up_no_try_and_is_not_tried_for_ever() {
    let mut world = arranged(abroad(caller_first()));
    world.steps("trunk carrier down\ntrunk backup down");
    let mut attempts = 0;
    while world.machine.load().contacts > 0 && attempts < 100 {
        world.steps("offer anna\nwait 60s");
        attempts += 1;
    }
    assert_eq!(attempts, 20, "more than the two tries, and an end");
    assert!(world.said.contains(&"fact callback failed 0".to_owned()), "{:?}", world.said);
    world.check_books();
}

fn dials(world: &World) -> usize {
    world.said.iter().filter(|line| line.starts_with("dial") && line.contains('@')).count()
}

/// Two queues promised it, and the number was keyed in as it is dialled at home: one call at a time, and the other one
/// waits at its place until that is over.
#[test]
fn complaint_27_one_person_in_two_queues_and_two_spellings_is_called_once_at_a_time() {
    let mut house = abroad(house());
    let callback = house.queues[0].care.callback.clone();
    house.queues[1].care.callback = callback;
    house.queues[1].keys.push(('5', model::Target::Callback(model::QueueId(1))));
    let mut world = World::new(house, 1);
    world.steps("call 4008\na presses 51\na played\ncall 4009\nb presses 52\nb presses 013800138000#1\nb played");
    assert_eq!(world.books.queued().count(), 2, "{:?}", world.said);
    world.said.clear();
    world.steps("offer anna support c1\nc answers\nc played\noffer ben sales c2");
    assert_eq!(dials(&world), 1);
    let rests = |world: &World| world.said.iter().filter(|line| *line == "queue rest c2").count();
    assert_eq!(rests(&world), 1, "nobody is asked for it meanwhile: {:?}", world.said);
    world.steps("d answers\nwait 30s\nd ends");
    assert_eq!(world.said.iter().filter(|line| *line == "queue wake c2").count(), 1, "{:?}", world.said);
    world.steps("offer ben sales c2");
    let agent = world.last_leg_shown();
    world.steps(&format!("{agent} answers\n{agent} played"));
    assert_eq!(dials(&world), 2);
    world.step("shutdown");
    world.check_books();
}

#[test]
fn complaint_27_who_asks_again_in_another_spelling_has_one_callback() {
    let mut world = arranged(abroad(house()));
    world.steps("call 4008\nb presses 52\nb presses 013800138000#1\nb played");
    assert_eq!(world.books.queued().count(), 1, "{:?}", world.said);
    assert_eq!(world.machine.load().contacts, 1);
    world.step("shutdown");
    world.check_books();
}

/// He is on the line again: nobody has given up.
#[test]
fn who_calls_himself_ends_his_callback_and_that_is_no_abandonment() {
    let mut world = arranged(abroad(house()));
    world.steps("wait 5s\ncall 4008");
    assert!(world.said.contains(&"queue withdraw c1 support Recalled".to_owned()), "{:?}", world.said);
    assert!(world.said.iter().all(|line| !line.contains("Abandoned")));
    world.step("hang-up c2");
    world.check_books();
}

/// Of two shards that begin at the same moment the younger attempt gives way; while the older lasts nobody is asked.
#[test]
fn complaint_27_two_shards_do_not_call_one_number_at_a_time() {
    let mut world = arranged(abroad(house()));
    let other = ContactId::new(model::ShardId(0), 0, 1);
    let promised = model::News::Promised {
        contact: other,
        queue: model::QueueId(1),
        number: "013800138000".into(),
        entered: base::Instant::ZERO,
    };
    world.input(crate::Input::News(promised));
    world.steps("offer anna\nb answers\nb played\nc rings");
    world.said.clear();
    world.input(crate::Input::News(model::News::Attempt { contact: other, live: true }));
    assert!(world.said.contains(&"hangup c cancelled".to_owned()), "{:?}", world.said);
    world.steps("wait 61s\noffer ben");
    assert_eq!(dials(&world), 0);
    world.said.clear();
    world.input(crate::Input::News(model::News::PromiseOver { contact: other }));
    assert!(world.said.is_empty(), "he is reached and talks: {:?}", world.said);
    world.input(crate::Input::News(model::News::Attempt { contact: other, live: false }));
    assert_eq!(world.said, ["queue wake c1"]);
    world.said.clear();
    world.steps("offer anna");
    assert_eq!(dials(&world), 0, "first the agent");
    assert!(world.said.iter().any(|line| line.contains("1001")), "{:?}", world.said);
    world.step("shutdown");
    world.check_books();
}

#[test]
fn since_when_a_callback_lasts_is_one_time_also_while_he_talks() {
    let mut world = arranged(abroad(house()));
    let since = |world: &World| world.machine.contacts().next().map(|contact| contact.since);
    let waiting = since(&world);
    world.steps("wait 90s\noffer anna\nb answers\nb played\nc rings\nc answers");
    assert!(world.said.iter().any(|line| line == "fact talk c1 anna support"), "{:?}", world.said);
    assert_eq!(since(&world), waiting);
    world.step("c ends");
    world.check_books();
}
