use super::house::{CONTACT, House, Network};
use audio::measure;
use core::time::Duration;
use model::{Codec, Direction, MediaCommand, MediaEvent, Role, SupervisorMode};

const CALLER: f64 = 440.0;
const AGENT: f64 = 1000.0;

fn record(house: &mut House) {
    house.command(MediaCommand::Record { group: CONTACT, name: "call".into() });
}

fn stop(house: &mut House) {
    house.command(MediaCommand::StopRecording { group: CONTACT });
}

fn has(pcm: &[i16], rate: u32, hertz: f64) -> bool {
    measure::tone_level(pcm, rate, hertz).0 > -40.0
}

/// First sample of a channel that is clearly sound, from `after` on.
fn onset(pcm: &[i16], after: usize) -> usize {
    after + pcm[after..].iter().position(|s| s.unsigned_abs() > 300).expect("sound")
}

#[test]
fn the_caller_is_left_and_the_agent_right_whatever_their_codecs() {
    for (caller, agent, rate) in [
        (Codec::Pcmu, Codec::Pcmu, 8000),
        (Codec::Pcma, Codec::Pcmu, 8000),
        (Codec::Pcmu, Codec::G722, 16_000),
        (Codec::G722, Codec::G722, 16_000),
    ] {
        let mut house = House::new();
        house.phone(Role::Caller, caller, CALLER);
        house.phone(Role::Agent, agent, AGENT);
        house.run(200);
        record(&mut house);
        house.run(3000);
        stop(&mut house);
        let tape = &house.recordings[0];
        assert_eq!((tape.rate, tape.frames), (rate, Some(3 * u64::from(rate))));
        assert_eq!(tape.samples.len() as u64, 2 * 3 * u64::from(rate));
        let (left, right) = (tape.channel(0), tape.channel(1));
        assert!(has(&left, rate, CALLER) && !has(&left, rate, AGENT), "{caller:?}/{agent:?}");
        assert!(has(&right, rate, AGENT) && !has(&right, rate, CALLER), "{caller:?}/{agent:?}");
        let share = measure::tone_share(&left[rate as usize / 10..], rate, CALLER);
        assert!(share > 0.98, "{caller:?}/{agent:?}: {share}");
    }
}

/// Complaint 42: both sides begin to speak at the same instant, every two seconds, over a network that loses,
/// delays and reorders: on the recording they begin together, and where they did.
#[test]
fn complaint_42_mixed_codecs_stay_aligned_under_loss() {
    for (caller, agent) in
        [(Codec::Pcmu, Codec::Pcmu), (Codec::Pcmu, Codec::G722), (Codec::G722, Codec::Pcma), (Codec::G722, Codec::G722)]
    {
        let mut house = House::new();
        let a = house.phone(Role::Caller, caller, CALLER);
        let b = house.phone(Role::Agent, agent, CALLER);
        house.run(100);
        record(&mut house);
        let begun = house.now;
        for phone in [a, b] {
            house.phones[phone].speaking = false;
        }
        let ms = Duration::from_millis;
        house.network = Network { delay: ms(30), jitter: ms(15), loss: 0.05, duplicates: 0.02 };
        let mut starts = Vec::new();
        for _ in 0..8 {
            house.run(1000);
            for phone in [a, b] {
                house.phones[phone].speaking = true;
            }
            starts.push(house.now - begun);
            house.run(1000);
            for phone in [a, b] {
                house.phones[phone].speaking = false;
            }
        }
        house.run(500);
        stop(&mut house);
        let tape = &house.recordings[0];
        let (left, right) = (tape.channel(0), tape.channel(1));
        let a_ms = tape.rate as usize / 1000;
        for start in starts {
            let meant = start.as_millis() as usize * a_ms;
            for channel in [&left, &right] {
                // The network's 30 ms are part of what is recorded; the first packet may be lost, and the phones'
                // packets begin up to 20 ms after the word.
                let heard = onset(channel, meant - 100 * a_ms);
                let late = (heard as i64 - meant as i64) / a_ms as i64;
                assert!((20..=95).contains(&late), "{caller:?}/{agent:?}: {late} ms after {start:?}");
            }
        }
    }
}

/// The same, to the sample: without jitter nothing may move at all, whatever is lost.
#[test]
fn complaint_42_loss_alone_moves_no_sample() {
    for (caller, agent) in [(Codec::Pcmu, Codec::Pcma), (Codec::Pcmu, Codec::G722), (Codec::G722, Codec::G722)] {
        let make = |loss: f64| {
            let mut house = House::new();
            house.phone(Role::Caller, caller, CALLER);
            house.phone(Role::Agent, agent, AGENT);
            house.run(100);
            record(&mut house);
            house.run(40);
            house.network.loss = loss;
            house.run(5000);
            stop(&mut house);
            house.recordings.remove(0)
        };
        let (whole, torn) = (make(0.0), make(0.2));
        assert_eq!(whole.samples.len(), torn.samples.len());
        for side in 0..2 {
            let (whole, torn) = (whole.channel(side), torn.channel(side));
            let frame = whole.len() / 250;
            // Decoders and filters remember what they heard before, so frames next to a loss may differ a little.
            let same = whole.chunks(frame).zip(torn.chunks(frame));
            let mut kept = 0;
            for (whole, torn) in same {
                if torn.iter().all(|s| s.unsigned_abs() < 300) {
                    continue;
                }
                let noise = measure::signal_to_noise(whole, torn);
                kept += usize::from(noise > 15.0);
            }
            assert!((150..=225).contains(&kept), "{caller:?}/{agent:?}, side {side}: {kept} of 250 frames in place");
        }
    }
}

/// The delays of codecs and filters are taken out: a click of both at once is at one place in both channels.
#[test]
fn both_channels_lie_where_they_were_spoken() {
    for (caller, agent) in [(Codec::Pcmu, Codec::G722), (Codec::G722, Codec::Pcmu), (Codec::Pcmu, Codec::Pcmu)] {
        let mut house = House::new();
        let a = house.phone(Role::Caller, caller, CALLER);
        let b = house.phone(Role::Agent, agent, CALLER);
        house.run(20 - (house.now.as_millis() % 20));
        record(&mut house);
        house.run(2000);
        stop(&mut house);
        let tape = &house.recordings[0];
        let (left, right) = (tape.channel(0), tape.channel(1));
        // The phones' tones are the same but for the time they began.
        let (from, to) = (tape.rate as usize / 2, tape.rate as usize * 3 / 2);
        let shift = best_shift(&left[from..to], &right[from..to], 60) as f64;
        let began = |phone: usize| house.phones[phone].began.expect("it spoke").as_millis() as f64;
        let expect = (began(b) - began(a)) * f64::from(tape.rate) / 1000.0;
        let period = f64::from(tape.rate) / CALLER;
        let off = (shift - expect).rem_euclid(period);
        assert!(off.min(period - off) <= 1.0, "{caller:?}/{agent:?}: {shift} and not {expect} samples");
    }
}

/// By how many samples `later` comes behind `earlier`, found where they are most alike.
fn best_shift(earlier: &[i16], later: &[i16], most: i64) -> i64 {
    let product = |shift: i64| -> i64 {
        (most as usize..earlier.len() - most as usize)
            .map(|n| i64::from(earlier[n]) * i64::from(later[(n as i64 + shift) as usize]))
            .sum()
    };
    (-most..=most).max_by_key(|shift| product(*shift)).expect("not empty")
}

#[test]
fn hold_is_silence_of_its_true_length() {
    let mut house = House::new();
    house.phone(Role::Caller, Codec::Pcmu, CALLER);
    let b = house.phone(Role::Agent, Codec::Pcmu, AGENT);
    house.run(100);
    record(&mut house);
    house.run(1000);
    house.negotiate(b, |setup| setup.direction = Direction::Inactive);
    // This phone's clock stands still while it holds.
    let sender = house.phones[b].sender.clone();
    house.phones[b].speaking = false;
    house.run(5000);
    house.phones[b].sender = sender;
    house.phones[b].speaking = true;
    house.negotiate(b, |_| {});
    house.run(1000);
    stop(&mut house);
    let right = house.recordings[0].channel(1);
    assert_eq!(right.len(), 7 * 8000);
    let quiet = right[8400..8000 * 6 - 400].iter().all(|s| s.unsigned_abs() < 300);
    assert!(quiet && has(&right[..8000], 8000, AGENT));
    let resumed = onset(&right, 8 * 8000 - 16_000 - 8000);
    assert!((6 * 8000 - 160..=6 * 8000 + 320).contains(&resumed), "{resumed}");
}

#[test]
fn a_clock_that_runs_wrong_stays_within_twenty_milliseconds() {
    // Timestamps that run 0.2 % fast or slow, ten times what a cheap quartz does.
    for ticks_a_second in [16, u32::MAX - 15] {
        let mut house = House::new();
        let a = house.phone(Role::Caller, Codec::Pcmu, CALLER);
        house.phone(Role::Agent, Codec::Pcmu, AGENT);
        house.run(100);
        record(&mut house);
        for _ in 0..60 {
            house.run(1000);
            house.phones[a].sender.skip(ticks_a_second);
        }
        // Fall silent, and find the end of speech on the tape.
        house.phones[a].speaking = false;
        house.run(1000);
        stop(&mut house);
        let left = house.recordings[0].channel(0);
        let end = left.iter().rposition(|s| s.unsigned_abs() > 300).expect("sound");
        let off = (end as i64 - 60 * 8000).abs();
        assert!(off <= 160 + 160, "{off} samples off after a minute, a packet of 160 among them");
    }
}

#[test]
fn who_is_not_part_of_the_conversation_is_not_on_the_recording() {
    let mut house = House::new();
    house.phone(Role::Caller, Codec::Pcmu, CALLER);
    house.phone(Role::Agent, Codec::Pcmu, AGENT);
    let s = house.phone(Role::Supervisor(SupervisorMode::Listen), Codec::Pcmu, 1700.0);
    let leg = house.phones[s].leg;
    for (mode, on_tape) in
        [(SupervisorMode::Listen, false), (SupervisorMode::Whisper, false), (SupervisorMode::Barge, true)]
    {
        house.command(MediaCommand::SetRole { leg, role: Role::Supervisor(mode) });
        record(&mut house);
        house.run(1000);
        stop(&mut house);
        let tape = house.recordings.last().expect("a recording");
        assert_eq!(has(&tape.channel(1), 8000, 1700.0), on_tape, "{mode:?}");
        assert!(!has(&tape.channel(0), 8000, 1700.0), "{mode:?}");
    }
}

#[test]
fn a_recording_ends_with_its_conversation_and_a_second_begins_anew() {
    let mut house = House::new();
    let a = house.phone(Role::Caller, Codec::Pcmu, CALLER);
    house.run(100);
    record(&mut house);
    house.run(1000);
    record(&mut house);
    house.run(500);
    let leg = house.phones[a].leg;
    house.command(MediaCommand::Close { leg });
    let frames: Vec<_> = house.recordings.iter().map(|tape| tape.frames).collect();
    assert_eq!(frames, [Some(8000), Some(4000)]);
    assert_ne!(house.recordings[0].id, house.recordings[1].id);
    record(&mut house);
    let refused = |e: &MediaEvent| matches!(e, MediaEvent::Recorded { complete: false, .. });
    assert_eq!(house.events_of(refused), 1, "nobody is there");
}

#[test]
fn a_recorded_conversation_is_still_relayed() {
    let mut house = House::new();
    house.phone(Role::Caller, Codec::Pcmu, CALLER);
    let b = house.phone(Role::Agent, Codec::Pcmu, AGENT);
    record(&mut house);
    house.run(1000);
    assert_eq!(house.worker.stats().packets_made, 0);
    assert!(house.hears(b, base::Instant::ZERO, CALLER));
}
