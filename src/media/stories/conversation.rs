use super::house::{House, Network};
use base::Instant;
use core::time::Duration;
use model::{Codec, Direction, MediaCommand, MediaEvent, Role, SupervisorMode};

const CALLER: f64 = 440.0;
const AGENT: f64 = 1000.0;
const BOSS: f64 = 1700.0;

/// Both parties hear each other's tone and not their own, whatever codecs they have.
fn check(caller: Codec, agent: Codec) {
    let mut house = House::new();
    let a = house.phone(Role::Caller, caller, CALLER);
    let b = house.phone(Role::Agent, agent, AGENT);
    house.run(1000);
    let from = house.now;
    house.run(2000);
    for (index, hears, not) in [(a, AGENT, CALLER), (b, CALLER, AGENT)] {
        assert!(house.hears(index, from, hears), "{caller:?}/{agent:?}: phone {index} misses {hears}");
        assert!(!house.hears(index, from, not), "{caller:?}/{agent:?}: phone {index} hears {not}");
        let heard: Vec<_> = house.phones[index].heard.iter().filter(|p| p.at > from).collect();
        assert!((98..=101).contains(&heard.len()), "{} packets in two seconds", heard.len());
        for pair in heard.windows(2) {
            assert_eq!(pair[1].sequence.wrapping_sub(pair[0].sequence), 1);
            assert_eq!(pair[1].timestamp.wrapping_sub(pair[0].timestamp), 160);
            assert_eq!((pair[1].ssrc, pair[1].marker), (pair[0].ssrc, false));
        }
    }
    assert!(house.strays.is_empty());
    assert_eq!(house.events_of(|e| matches!(e, MediaEvent::Started { .. })), 2);
}

#[test]
fn both_hear_each_other_in_every_pair_of_codecs() {
    for caller in [Codec::Pcmu, Codec::Pcma, Codec::G722] {
        for agent in [Codec::Pcmu, Codec::Pcma, Codec::G722] {
            check(caller, agent);
        }
    }
}

#[test]
fn a_relayed_packet_leaves_at_once_with_the_listeners_payload_type() {
    let mut house = House::new();
    let a = house.phone(Role::Caller, Codec::Pcma, CALLER);
    let b = house.phone(Role::Agent, Codec::Pcma, AGENT);
    house.negotiate(b, |setup| setup.payload_type_out = 96);
    house.run(200);
    assert!(house.phones[a].heard.iter().all(|p| p.payload_type == 8));
    assert!(house.phones[b].heard.len() >= 9);
    assert!(house.phones[b].heard.iter().all(|p| p.payload_type == 96 && p.at.as_millis() % 20 == 0));
    assert_eq!(house.worker.stats().packets_made, 0);
}

#[test]
fn loss_on_one_side_stays_visible_on_the_other() {
    let mut house = House::new();
    house.phone(Role::Caller, Codec::Pcmu, CALLER);
    let b = house.phone(Role::Agent, Codec::Pcmu, AGENT);
    house.network.loss = 0.1;
    house.run(4000);
    let heard = &house.phones[b].heard;
    let span = heard.last().expect("heard").sequence.wrapping_sub(heard[0].sequence) as usize + 1;
    assert!((190..=200).contains(&span), "{span} sent");
    assert!((160..195).contains(&heard.len()), "{} of {span} came", heard.len());
}

#[test]
fn a_silent_supervisor_changes_nothing_and_hears_all() {
    let mut house = House::new();
    let a = house.phone(Role::Caller, Codec::Pcmu, CALLER);
    let b = house.phone(Role::Agent, Codec::Pcmu, AGENT);
    house.run(1000);
    let s = house.phone(Role::Supervisor(SupervisorMode::Listen), Codec::Pcma, BOSS);
    let from = house.now;
    house.run(2000);
    assert!(house.hears(s, from, CALLER) && house.hears(s, from, AGENT) && !house.hears(s, from, BOSS));
    for phone in [a, b] {
        assert!(!house.hears(phone, Instant::ZERO, BOSS));
        assert!(house.phones[phone].longest_break(Instant::ZERO) <= Duration::from_millis(20));
    }
}

#[test]
fn modes_change_by_role_alone_and_without_a_break() {
    let mut house = House::new();
    let a = house.phone(Role::Caller, Codec::Pcmu, CALLER);
    let b = house.phone(Role::Agent, Codec::Pcmu, AGENT);
    let s = house.phone(Role::Supervisor(SupervisorMode::Listen), Codec::Pcmu, BOSS);
    house.run(500);
    let begun = house.now;
    for (mode, caller_hears, agent_hears) in [
        (SupervisorMode::Whisper, false, true),
        (SupervisorMode::Barge, true, true),
        (SupervisorMode::Listen, false, false),
        (SupervisorMode::Barge, true, true),
        (SupervisorMode::Whisper, false, true),
        (SupervisorMode::Listen, false, false),
    ] {
        let leg = house.phones[s].leg;
        house.command(MediaCommand::SetRole { leg, role: Role::Supervisor(mode) });
        house.run(300);
        let from = house.now;
        house.run(1000);
        assert_eq!(house.hears(a, from, BOSS), caller_hears, "caller in {mode:?}");
        assert_eq!(house.hears(b, from, BOSS), agent_hears, "agent in {mode:?}");
        assert!(house.hears(a, from, AGENT) && house.hears(b, from, CALLER), "{mode:?}");
        assert!(house.hears(s, from, AGENT) && house.hears(s, from, CALLER), "{mode:?}");
    }
    for phone in [a, b, s] {
        let longest = house.phones[phone].longest_break(begun);
        assert!(longest <= Duration::from_millis(100), "phone {phone}: {longest:?}");
    }
}

#[test]
fn numbers_go_on_through_every_change_of_path() {
    let mut house = House::new();
    let a = house.phone(Role::Caller, Codec::Pcmu, CALLER);
    let b = house.phone(Role::Agent, Codec::Pcmu, AGENT);
    let s = house.phone(Role::Supervisor(SupervisorMode::Listen), Codec::G722, BOSS);
    for mode in [SupervisorMode::Barge, SupervisorMode::Listen, SupervisorMode::Whisper, SupervisorMode::Listen] {
        house.run(777);
        let leg = house.phones[s].leg;
        house.command(MediaCommand::SetRole { leg, role: Role::Supervisor(mode) });
    }
    house.run(500);
    for phone in [a, b] {
        let heard = &house.phones[phone].heard;
        for pair in heard.windows(2) {
            assert_eq!(pair[1].ssrc, pair[0].ssrc);
            assert_eq!(pair[1].sequence.wrapping_sub(pair[0].sequence), 1, "phone {phone} at {:?}", pair[1].at);
            // Timestamps follow the clock of the sound: never back, and close to the time that passed.
            let ticks = i64::from(pair[1].timestamp.wrapping_sub(pair[0].timestamp) as i32);
            let passed = ((pair[1].at - pair[0].at).as_millis() * 8) as i64;
            assert!(ticks > 0 && (ticks - passed).abs() <= 320, "{ticks} ticks in {passed} at {:?}", pair[1].at);
        }
    }
}

#[test]
fn packet_intervals_are_each_sides_own() {
    for (ptime, packet) in [(10, 80), (20, 160), (30, 240), (40, 320), (60, 480)] {
        let mut house = House::new();
        let a = house.phone(Role::Caller, Codec::Pcmu, CALLER);
        let b = house.phone(Role::Agent, Codec::Pcma, AGENT);
        house.phones[a].packet = packet;
        house.negotiate(b, |setup| setup.ptime_ms = ptime);
        house.run(500);
        let from = house.now;
        house.run(1200);
        assert!(house.hears(b, from, CALLER) && house.hears(a, from, AGENT), "{ptime} ms");
        let heard: Vec<_> = house.phones[b].heard.iter().filter(|p| p.at > from).collect();
        assert!(heard.iter().all(|p| p.payload.len() == packet), "{ptime} ms");
        let expect = 1200 / usize::from(ptime);
        assert!(heard.len().abs_diff(expect) <= 2, "{} packets of {ptime} ms", heard.len());
    }
}

#[test]
fn on_hold_nobody_sends_what_is_not_wanted_and_silence_is_not_missed() {
    let mut house = House::new();
    let a = house.phone(Role::Caller, Codec::Pcmu, CALLER);
    let b = house.phone(Role::Agent, Codec::Pcmu, AGENT);
    house.run(500);
    // The agent's phone holds: it sends nothing and wants nothing.
    house.negotiate(b, |setup| setup.direction = Direction::Inactive);
    house.phones[b].speaking = false;
    let held = house.now;
    house.run(60_000);
    assert_eq!(house.phones[b].heard.iter().filter(|p| p.at > held).count(), 0);
    assert_eq!(house.events_of(|e| matches!(e, MediaEvent::Silent { .. })), 0);
    house.negotiate(b, |_| {});
    house.phones[b].speaking = true;
    let resumed = house.now;
    house.run(1000);
    assert!(house.hears(b, resumed, CALLER) && house.hears(a, resumed, AGENT));
    assert!(house.phones[a].longest_break(resumed) <= Duration::from_millis(20));
}

#[test]
fn a_joined_leg_that_falls_silent_is_reported_once_and_again_after_it_spoke() {
    let mut house = House::new();
    let a = house.phone(Role::Caller, Codec::Pcmu, CALLER);
    house.phone(Role::Agent, Codec::Pcmu, AGENT);
    house.run(1000);
    house.phones[a].speaking = false;
    let fell = house.now;
    house.run(100_000);
    let leg = house.phones[a].leg;
    let silent: Vec<_> = house.events.iter().filter(|(_, e)| *e == MediaEvent::Silent { leg }).collect();
    assert_eq!(silent.len(), 1, "{silent:?}");
    let after = silent[0].0 - fell;
    assert!((29_900..30_100).contains(&(after.as_millis() as u64)), "{after:?}");
    house.phones[a].speaking = true;
    house.run(100);
    house.phones[a].speaking = false;
    house.run(31_000);
    assert_eq!(house.events_of(|e| matches!(e, MediaEvent::Silent { .. })), 2);
}

#[test]
fn comfort_noise_is_a_sign_of_life_and_no_sound() {
    let mut house = House::new();
    let a = house.phone(Role::Caller, Codec::Pcmu, CALLER);
    let b = house.phone(Role::Agent, Codec::Pcmu, AGENT);
    house.run(500);
    house.phones[a].speaking = false;
    let quiet = house.now;
    for _ in 0..60 {
        let mut octets = vec![0; 13];
        let (now, sender) = (house.now, &mut house.phones[a].sender);
        sender.write_audio(now, rtp::PayloadType::COMFORT_NOISE, &[70], 0, &mut octets).expect("room");
        house.post(a, octets);
        house.run(1000);
    }
    assert_eq!(house.phones[b].heard.iter().filter(|p| p.at > quiet).count(), 0);
    assert_eq!(house.events_of(|e| matches!(e, MediaEvent::Silent { .. })), 0);
    house.phones[a].speaking = true;
    let from = house.now;
    house.run(500);
    assert!(house.hears(b, from, CALLER));
    let heard = &house.phones[b].heard;
    assert!(heard.windows(2).all(|p| p[1].sequence.wrapping_sub(p[0].sequence) == 1), "a pause is no loss");
}

#[test]
fn a_leg_that_never_spoke_or_is_not_joined_is_not_reported_silent() {
    let mut house = House::new();
    let a = house.phone(Role::Caller, Codec::Pcmu, CALLER);
    let b = house.phone(Role::Agent, Codec::Pcmu, AGENT);
    house.phones[b].speaking = false;
    house.run(500);
    let leg = house.phones[a].leg;
    house.command(MediaCommand::Leave { leg });
    house.phones[a].speaking = false;
    house.run(90_000);
    assert_eq!(house.events_of(|e| matches!(e, MediaEvent::Silent { .. })), 0);
}

#[test]
fn a_transferred_leg_talks_in_its_new_conversation_and_no_longer_in_the_old() {
    let mut house = House::new();
    let a = house.phone(Role::Caller, Codec::Pcmu, CALLER);
    let b = house.phone(Role::Agent, Codec::Pcmu, AGENT);
    house.run(500);
    let other = model::ContactId(2);
    let leg = house.phones[a].leg;
    house.command(MediaCommand::Move { leg, group: other });
    let moved = house.now;
    house.run(500);
    assert_eq!(house.phones[b].heard.iter().filter(|p| p.at > moved).count(), 0);
    let leg = house.phones[b].leg;
    house.command(MediaCommand::Move { leg, group: other });
    let from = house.now;
    house.run(500);
    assert!(house.hears(a, from, AGENT) && house.hears(b, from, CALLER));
    assert_eq!(house.worker.stats().groups, 1);
}

#[test]
fn a_mixed_conversation_survives_a_bad_network() {
    let mut house = House::new();
    house.phone(Role::Caller, Codec::Pcmu, CALLER);
    let b = house.phone(Role::Agent, Codec::G722, AGENT);
    let ms = Duration::from_millis;
    house.network = Network { delay: ms(40), jitter: ms(60), loss: 0.05, duplicates: 0.02 };
    house.run(2000);
    let from = house.now;
    house.run(5000);
    let pcm = house.phones[b].pcm(from);
    let share = audio::measure::tone_share(&pcm, 16_000, CALLER);
    assert!(share > 0.9, "{share} of what is heard is the caller");
    assert!(house.phones[b].longest_break(from) <= ms(21));
}

#[test]
fn closing_tells_how_it_sounded_and_leaves_nothing() {
    let mut house = House::new();
    let a = house.phone(Role::Caller, Codec::Pcmu, CALLER);
    let b = house.phone(Role::Agent, Codec::G722, AGENT);
    house.network.loss = 0.02;
    house.run(10_000);
    for phone in [a, b] {
        let leg = house.phones[phone].leg;
        house.command(MediaCommand::Close { leg });
        house.command(MediaCommand::Close { leg });
    }
    let qualities: Vec<_> = house
        .events
        .iter()
        .filter_map(|(_, e)| if let MediaEvent::Closed { quality, .. } = e { Some(quality) } else { None })
        .collect();
    assert_eq!(qualities.len(), 2);
    for quality in qualities {
        assert!((470..=500).contains(&quality.packets_received), "{quality:?}");
        assert!((1..=30).contains(&quality.packets_lost), "{quality:?}");
        assert!(quality.mos.is_some_and(|mos| (2.5..4.5).contains(&mos)), "{quality:?}");
        assert!(quality.packets_sent > 400);
    }
    let stats = house.worker.stats();
    assert_eq!((stats.legs, stats.groups, stats.stale_commands), (0, 0, 2));
    for phone in &mut house.phones {
        phone.speaking = false;
    }
    house.run(5000);
    assert_eq!(house.worker.poll_timeout(), None, "nothing is left that could become due");
}

#[test]
fn reports_tell_both_sides_how_they_are_heard() {
    let mut house = House::new();
    let a = house.phone(Role::Caller, Codec::Pcmu, CALLER);
    let b = house.phone(Role::Agent, Codec::Pcmu, AGENT);
    house.negotiate(b, |setup| setup.remote_rtcp = Some("192.0.2.2:4001".parse().expect("an address")));
    house.run(20_000);
    let to = |address: &str| house.rtcp.iter().filter(|(to, _)| to.to_string() == address).count();
    assert!((2..=8).contains(&to("192.0.2.1:4000")), "rtcp-mux");
    assert!((2..=8).contains(&to("192.0.2.2:4001")), "its own port");
    for phone in [a, b] {
        let leg = house.phones[phone].leg;
        house.command(MediaCommand::Close { leg });
        let (_, last) = house.rtcp.last().expect("a goodbye");
        let compound = rtp::Compound::parse(last).expect("well formed");
        assert!(compound.packets().any(|p| matches!(p, rtp::RtcpPacket::Goodbye(_))));
    }
}
