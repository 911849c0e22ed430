//! What a shard is told of the time before the start, and by other shards.

use crate::Input;
use crate::testing::{World, house};
use core::time::Duration;
use model::{
    AgentId, CallbackStep, ClassOfService, ContactId, Fact, Language, Memory, News, OpenPromise, Promise, QueueId,
    ShardId,
};
use std::sync::Arc;

const SECOND: Duration = Duration::from_secs(1);
/// As the caller `a` of these stories shows it.
const NUMBER: &str = "+8613800138000";

fn world(shards: u8) -> World {
    let mut house = house();
    house.queues[0].care.callback.as_mut().unwrap().class = ClassOfService::International;
    let mut world = World::new(house, 1);
    world.machine.config.shards = shards;
    world
}

/// A promise of a minute before the start, to a caller who came five minutes before it.
fn open(world: &World, dialled: Option<Duration>) -> OpenPromise {
    let before = |time| world.now.utc - time;
    let promise = Promise {
        first: ContactId::new(ShardId(0), 0, 9),
        queue: QueueId(0),
        number: NUMBER.into(),
        name: "Lee".into(),
        dialled: "4008".into(),
        language: Language::English,
        priority: 0,
        attached: Vec::new(),
        entered: before(300 * SECOND),
        arranged: before(60 * SECOND),
    };
    OpenPromise { promise: Arc::new(promise), attempts: u8::from(dialled.is_some()), dialled: dialled.map(before) }
}

fn waits(world: &World) -> bool {
    world.machine.contacts.values().any(|contact| contact.stage.queue() == Some(QueueId(0)))
}

/// The old server may have dialled him a moment before it was killed: nobody is dialled as long as that could still ring.
#[test]
fn complaint_27_a_promise_is_kept_over_a_restart_and_nobody_is_dialled_twice_at_once() {
    for (dialled, rests) in [(None, 30), (Some(10 * SECOND), 170), (Some(3600 * SECOND), 30)] {
        let mut world = world(1);
        let promises = vec![open(&world, dialled)];
        world.input(Input::Memory(Memory { promises, ..Memory::default() }));
        let contact = world.machine.contacts.values().next().expect("a contact waits in his stead");
        assert_eq!(world.now.mono - contact.entered.expect("he has a place"), 300 * SECOND);
        world.wait((rests - 1) * SECOND);
        assert!(!waits(&world), "dialled {dialled:?} before: he is left in peace");
        world.wait(2 * SECOND);
        assert!(waits(&world), "dialled {dialled:?} before");
    }
}

/// The route or the queue is gone: nobody can keep it, and it says so.
#[test]
fn a_promise_nobody_can_keep_any_more_is_given_up() {
    let mut world = world(1);
    let mut other = open(&world, None);
    Arc::make_mut(&mut other.promise).number = "999999".into();
    Arc::make_mut(&mut other.promise).queue = QueueId(99);
    world.machine.handle_input(world.now, Input::Memory(Memory { promises: vec![other], ..Memory::default() }));
    let said = world.machine.poll_output();
    let failed = |fact: &Fact| matches!(fact, Fact::Callback { step: CallbackStep::Failed, .. });
    assert!(matches!(&said, Some(crate::Output::Fact(fact)) if failed(fact)), "{said:?}");
    assert!(world.machine.contacts.is_empty());
}

/// He calls and lands in another shard than the one that keeps the promise.
#[test]
fn complaint_26_who_calls_again_has_his_place_in_whatever_shard_he_lands() {
    let mut world = world(2);
    let entered = world.now.mono - 200 * SECOND;
    let contact = ContactId::new(ShardId(1), 1, 5);
    let number = || NUMBER.into();
    world.input(Input::News(News::Promised { contact, queue: QueueId(0), number: number(), entered }));
    world.steps("call 4008");
    let mine = world.machine.contacts.values().next().expect("his call");
    assert_eq!(mine.entered, Some(entered));
    assert_eq!(world.said.iter().filter(|line| *line == "news recalled").count(), 1, "{:?}", world.said);
    // The same for one who hung up while he waited there.
    let mut world = self::world(2);
    world.machine.directory = {
        let mut house = model::Directory::clone(&world.directory);
        house.queues[0].care.resume = Some(120 * SECOND);
        Arc::new(house)
    };
    let left = world.now.mono - 10 * SECOND;
    world.input(Input::News(News::PlaceKept { queue: QueueId(0), number: number(), entered, left }));
    world.steps("call 4008");
    assert_eq!(world.machine.contacts.values().next().and_then(|contact| contact.entered), Some(entered));
    assert!(world.said.iter().any(|line| line == "news place-taken"));
}

#[test]
fn a_shard_that_keeps_a_promise_hears_that_he_called_elsewhere() {
    let mut world = world(2);
    let promises = vec![open(&world, None)];
    world.input(Input::Memory(Memory { promises, ..Memory::default() }));
    let contact = *world.machine.contacts.keys().next().expect("a contact waits in his stead");
    world.said.clear();
    world.input(Input::News(News::Recalled { contact }));
    world.wait(60 * SECOND);
    assert!(world.machine.contacts.is_empty());
    assert_eq!(world.said[..2], ["fact callback withdrawn 0", "news promise-over"], "{:?}", world.said);
}

#[test]
fn who_served_a_caller_is_known_over_a_restart_and_from_other_shards() {
    let mut world = world(2);
    let at = world.now.utc - 3600 * SECOND;
    let served = vec![(NUMBER.into(), AgentId(1), at)];
    world.input(Input::Memory(Memory { served, ..Memory::default() }));
    assert_eq!(world.machine.known_callers.find(NUMBER).map(|(agent, _)| agent), Some(AgentId(1)));
    let at = world.now.mono;
    world.input(Input::News(News::Served { number: NUMBER.into(), agent: AgentId(0), at }));
    assert_eq!(world.machine.known_callers.find(NUMBER), Some((AgentId(0), at)));
}
