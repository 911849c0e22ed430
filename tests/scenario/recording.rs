//! Recordings: whole over transfers, aligned over codecs.

use crate::floor::{MS, SECOND, desk, hotline};
use base::Instant;
use core::time::Duration;
use model::{Codec, Fact};
use netem::Conditions;
use sim::{Answer, CallNo, PhoneNo, Recording, World};

/// One step of a call's way through the house.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    /// Blind transfer to the next agent.
    Blind,
    /// Consultation with the next agent, then the transfer.
    Attended,
    /// Blind transfer to somebody who refuses: the caller comes back.
    Refused,
    /// A consultation that leads to nothing.
    Consulted,
}

const STEPS: [Step; 4] = [Step::Blind, Step::Attended, Step::Refused, Step::Consulted];

/// Every call graph of up to two transfers, and a sample of those with three and four.
fn graphs() -> Vec<Vec<Step>> {
    let mut all: Vec<Vec<Step>> = STEPS.iter().map(|s| vec![*s]).collect();
    for code in 0..16usize {
        all.push(vec![STEPS[code % 4], STEPS[code / 4]]);
    }
    for code in (0..64usize).step_by(3) {
        all.push((0..3).map(|n| STEPS[code / 4usize.pow(n) % 4]).collect());
    }
    for code in (0..256usize).step_by(11) {
        all.push((0..4).map(|n| STEPS[code / 4usize.pow(n) % 4]).collect());
    }
    all
}

/// While the caller hears an agent, a segment runs, and both are in it.
#[test]
fn complaint_41_segments_cover_all_that_was_said_over_transfers() {
    for graph in graphs() {
        let mut tables = hotline(1, "record = \"all\"");
        for id in 1002..=1006 {
            tables += &desk(id, "", "");
        }
        let mut world = World::new(&tables);
        let desks: Vec<_> = (1001..=1005).map(|id| world.phone(&id.to_string())).collect();
        let nobody = world.phone("1006");
        world[nobody].manners.answer = Answer::Refuse { status: 486, after: 500 * MS };
        let bob = world.caller("13800138000");
        world[bob].dials("4008");
        world.waits_until(5 * SECOND, "the first agent talks", |w| w[desks[0]].is_talking());
        let mut at = 0;
        for step in &graph {
            world.run_for(2);
            at = take(&mut world, *step, &desks, at, bob);
        }
        world.run_for(2);
        assert!(world.hears(bob, desks[at]) && world.hears(desks[at], bob), "{graph:?}");
        world.everybody_hangs_up();
        world.check();
        covers(&world, bob, &desks, &graph);
    }
}

fn take(world: &mut World, step: Step, desks: &[PhoneNo], at: usize, bob: PhoneNo) -> usize {
    let live = world[desks[at]].live().next().expect("he talks");
    let next = format!("{}", 1002 + at);
    match step {
        Step::Blind => world[desks[at]].transfers(live, &next),
        Step::Refused => world[desks[at]].transfers(live, "1006"),
        Step::Attended | Step::Consulted => {
            world[desks[at]].holds(live);
            let consultation = world[desks[at]].dials(&next);
            world.waits_until(5 * SECOND, "the colleague answers", |w| w[desks[at]].call(consultation).is_up());
            world.run_for(1);
            if step == Step::Attended {
                world[desks[at]].transfers_into(live, consultation);
            } else {
                world[desks[at]].hangs_up(consultation);
                world.run_ms(300);
                world[desks[at]].retrieves(live);
            }
        }
    }
    let to = if matches!(step, Step::Blind | Step::Attended) { at + 1 } else { at };
    world.waits_until(8 * SECOND, "the caller talks again", |w| w.hears(bob, desks[to]) && w.hears(desks[to], bob));
    to
}

fn covers(world: &World, bob: PhoneNo, desks: &[PhoneNo], graph: &[Step]) {
    let caller = world.voice_of(bob);
    let told: Duration = world
        .books
        .find(|f| if let Fact::RecordingStopped { duration, complete: true, .. } = f { Some(*duration) } else { None })
        .map(|(_, duration)| duration)
        .sum();
    let held: Duration = world.recordings().iter().map(length).sum();
    assert_eq!(told, held, "{graph:?}: the facts name every segment");
    for (from, to, tones) in stretches(world, bob) {
        let Some(desk) = desks.iter().find(|d| tones.contains(&world.voice_of(**d))) else { continue };
        // 300 ms at each edge: packets on their way, and the window that finds the tone.
        let mut moment = from + 300 * MS;
        while moment + 300 * MS < to {
            let segment = world.recordings().iter().find(|r| r.began <= moment && moment < r.began + length(r));
            let segment = segment.unwrap_or_else(|| panic!("{graph:?}: nothing recorded at {moment:?}"));
            assert!(sounds(segment, &segment.left, moment, caller), "{graph:?}: no caller at {moment:?}");
            let voice = world.voice_of(*desk);
            assert!(sounds(segment, &segment.right, moment, voice), "{graph:?}: no agent at {moment:?}");
            moment += 200 * MS;
        }
    }
}

/// What the caller heard, from when to when.
fn stretches(world: &World, bob: PhoneNo) -> Vec<(Instant, Instant, Vec<u16>)> {
    let changes = world[bob].ear(CallNo(0)).changes();
    let end = world[bob].last().ended.expect("over");
    let ends = changes.iter().skip(1).map(|(at, _)| *at).chain([end]);
    changes.iter().zip(ends).map(|((from, tones), to)| (*from, to, tones.clone())).collect()
}

fn length(recording: &Recording) -> Duration {
    Duration::from_nanos(recording.left.len() as u64 * 1_000_000_000 / u64::from(recording.sample_rate))
}

/// Whether a tone is the main thing in 40 ms of a channel.
fn sounds(recording: &Recording, channel: &[i16], at: Instant, tone: u16) -> bool {
    let rate = recording.sample_rate;
    let start = ((at - recording.began).as_nanos() * u128::from(rate) / 1_000_000_000) as usize;
    let window = &channel[start.min(channel.len())..(start + rate as usize / 25).min(channel.len())];
    audio::measure::tone_share(window, rate, f64::from(tone)) > 0.5
}

/// Where a tone begins in a channel, to the sample: the first of a run that is loud.
fn onset(channel: &[i16], from: usize) -> Option<usize> {
    (from..channel.len()).find(|n| channel[*n].unsigned_abs() > 1000)
}

/// Both sides fall silent and speak again at one instant; the gap stands at the same place and has the same length in
/// both channels, whatever the codecs, loss and jitter in between.
#[test]
fn complaint_42_mixed_codecs_are_recorded_in_step() {
    let codecs = [Codec::Pcmu, Codec::Pcma, Codec::G722];
    for (caller, agent) in codecs.iter().flat_map(|c| codecs.iter().map(move |a| (*c, *a))) {
        for lossy in [false, true] {
            let mut world = World::new(&hotline(1, "record = \"all\""));
            let anna = world.phone("1001");
            let bob = world.caller("13800138000");
            world[anna].manners.codecs = vec![agent];
            world[bob].manners.codecs = vec![caller];
            world[bob].dials("4008");
            world.waits_until(5 * SECOND, "they talk", |w| w.hears(bob, anna) && w.hears(anna, bob));
            assert_eq!(world[bob].codec(CallNo(0)), Some(caller));
            assert_eq!(world[anna].codec(CallNo(0)), Some(agent));
            world.run_for(3);
            if lossy {
                let rough = Conditions { loss: 0.03, jitter: 15 * MS, ..Conditions::lan() };
                world.sound_goes(bob, rough);
                world.sound_goes(anna, rough);
                world.run_for(10);
                world.mends(bob);
                world.mends(anna);
                world.run_for(5);
            }
            let quiet_from = world.now();
            for phone in [anna, bob] {
                world[phone].falls_silent(CallNo(0));
            }
            world.run_for(2);
            for phone in [anna, bob] {
                world[phone].speaks_again(CallNo(0));
            }
            world.run_for(2);
            world.everybody_hangs_up();
            world.check();
            let recording = &world.recordings()[0];
            assert!(recording.complete);
            let rate = recording.sample_rate as usize;
            let middle = (quiet_from - recording.began + SECOND).as_millis() as usize * rate / 1000;
            let left = onset(&recording.left, middle).expect("the caller speaks again");
            let right = onset(&recording.right, middle).expect("the agent speaks again");
            // Their frames begin up to 20 ms apart; more would be a shift.
            let apart = left.abs_diff(right) * 1000 / rate;
            assert!(apart <= 25, "{caller:?} and {agent:?}, lossy {lossy}: {apart} ms apart");
        }
    }
}

/// Nobody is there: the caller is led to voicemail, and what he says after the tone is kept, he alone.
#[test]
fn a_caller_whom_nobody_serves_leaves_a_message_that_can_be_heard() {
    let tables = "[generation]\nlevel = 2\n".to_owned()
        + &hotline(0, "max_wait = { after = \"5s\", to = \"voicemail:support\" }");
    let mut world = World::plan(&tables).open();
    let bob = world.caller("13800138000");
    let call = world[bob].dials("4008");
    world.waits_until(10 * SECOND, "he hears what to do", |w| w.hears_sound(bob, "voicemail/leave-message"));
    world.run_for(20);
    world[bob].presses(call, "#");
    world.waits_until(5 * SECOND, "he hears that it is stored", |w| w.hears_sound(bob, "voicemail/saved"));
    world.run_for(10);
    world.everybody_hangs_up();
    world.check();
    let left = |fact: &Fact| match fact {
        Fact::MessageLeft { name, duration, .. } => Some((name.clone(), *duration)),
        _ => None,
    };
    let found: Vec<_> = world.books.find(left).map(|(_, message)| message).collect();
    let [(name, duration)] = &found[..] else { panic!("one message: {found:?}") };
    let message = world.recordings().iter().find(|r| r.name == *name).expect("it is there");
    assert!(*duration > 10 * SECOND && length(message) == *duration, "{duration:?}");
    let voice = world.voice_of(bob);
    let middle = message.began + *duration / 2;
    assert!(sounds(message, &message.left, middle, voice), "his own voice");
    assert!(message.right.iter().all(|sample| *sample == 0), "and nobody else's");
}
