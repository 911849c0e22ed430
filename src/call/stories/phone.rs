//! Calls from the phones of the house: colleagues, numbers, feature codes.

use crate::testing::{World, check, check_in, house};

#[test]
fn a_colleague_is_seized_rung_and_talks() {
    check(
        "> call 1002 from 1001/anna
         fact arrived c1
         fact leg a started anna
         queue occupy c1 anna
         180 a
         queue seize c1 ben
         > seized ben
         dial b 1002 as \"Lee\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg b started ben
         > b rings
         fact leg b rings
         > b answers
         media open b agent
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         answer a (PCMU)
         media open a caller
         media negotiate a pcmu SendRecv
         fact leg a answered pcmu
         queue settle ben accepted
         fact talk c1 anna
         fact talk c1 ben
         media join a
         media join b
         > wait 20s
         > a ends
         fact talked c1 anna 20s held 0s
         media close a
         fact leg a ended normal-clearing
         queue release anna c1
         fact talked c1 ben 20s held 0s
         hangup b normal-clearing
         media close b
         fact leg b ended normal-clearing
         queue release ben c1
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn a_busy_colleague_is_busy() {
    check(
        "> call 1002 from 1001/anna
         fact arrived c1
         fact leg a started anna
         queue occupy c1 anna
         180 a
         queue seize c1 ben
         > seize-refused ben busy
         reject a busy
         fact leg a ended busy
         queue release anna c1
         fact ended c1 rejected busy",
    );
}

#[test]
fn the_phone_of_a_colleague_who_is_away_rings_all_the_same() {
    check(
        "> call 1002 from 1001/anna
         fact arrived c1
         fact leg a started anna
         queue occupy c1 anna
         180 a
         queue seize c1 ben
         > seize-refused ben unregistered
         dial b 1002 as \"Lee\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg b started phone 1002
         > b rings
         fact leg b rings
         > b answers
         media open b agent
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         answer a (PCMU)
         media open a caller
         media negotiate a pcmu SendRecv
         fact leg a answered pcmu
         fact talk c1 anna
         media join a
         media join b
         > b ends
         media close b
         fact leg b ended normal-clearing
         fact talked c1 anna 0s held 0s
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         queue release anna c1
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn a_phone_nobody_sits_at_may_call_colleagues_and_be_called() {
    check(
        "> call 2000 from 1003
         fact arrived c1
         fact leg a started phone 1003
         180 a
         dial b 2000 as \"Lee\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg b started phone 2000
         > b rings
         fact leg b rings
         > b refuses declined
         fact leg b ended declined
         reject a declined
         fact leg a ended declined
         fact ended c1 rejected declined",
    );
}

#[test]
fn a_colleague_may_call_a_queue() {
    check(
        "> call support from 1001/anna
         fact arrived c1
         fact leg a started anna
         queue occupy c1 anna
         answer a (PCMU)
         media open a caller
         media negotiate a pcmu SendRecv
         fact leg a answered pcmu
         media play a music/default repeat
         queue enqueue c1 support
         > offer ben
         dial b 1002 as \"Lee · support\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg b started ben
         > b answers
         media open b agent
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         queue settle ben accepted
         fact talk c1 anna
         fact talk c1 ben support
         media join a
         media join b
         > b ends
         fact talked c1 ben 0s held 0s
         media close b
         fact leg b ended normal-clearing
         queue release ben c1 support
         fact talked c1 anna 0s held 0s
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         queue release anna c1
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn a_number_leaves_by_its_route_rewritten_and_with_the_ring_tone_of_the_far_side() {
    check(
        "> call 013900 from 1001/anna
         fact arrived c1
         fact leg a started anna
         queue occupy c1 anna
         dial b +8613900@carrier as \"\" <4008> (PCMU/PCMA/G722)
         fact leg b started trunk carrier
         > b early
         fact leg b rings
         media open b caller
         media negotiate b pcmu SendRecv
         183 a (PCMU)
         media open a agent
         media negotiate a pcmu SendRecv
         media join b
         media join a
         > b answers
         fact leg b answered pcmu
         answer a (PCMU)
         fact leg a answered pcmu
         fact talk c1 anna
         > wait 12s
         > a ends
         fact talked c1 anna 12s held 0s
         media close a
         fact leg a ended normal-clearing
         queue release anna c1
         hangup b normal-clearing
         media close b
         fact leg b ended normal-clearing
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn a_number_without_early_media_rings_for_the_caller() {
    check(
        "> call 013900 from 1001/anna
         fact arrived c1
         fact leg a started anna
         queue occupy c1 anna
         dial b +8613900@carrier as \"\" <4008> (PCMU/PCMA/G722)
         fact leg b started trunk carrier
         > b rings
         fact leg b rings
         180 a
         > b answers
         media open b caller
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         answer a (PCMU)
         media open a agent
         media negotiate a pcmu SendRecv
         fact leg a answered pcmu
         fact talk c1 anna
         media join a
         media join b
         > b ends
         media close b
         fact leg b ended normal-clearing
         fact talked c1 anna 0s held 0s
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         queue release anna c1
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn class_of_service_decides_who_may_dial_what() {
    check(
        "> call 013900 from 1004/dave
         reject a forbidden
         fact refused forbidden
         > call 013900 from 1003
         reject b forbidden
         fact refused forbidden
         > call +4420 from 1001/anna
         reject c forbidden
         fact refused forbidden
         > call 99 from 1001/anna
         reject d forbidden
         fact refused forbidden
         > call nobody from 1001/anna
         reject e not-found
         fact refused not-found",
    );
}

#[test]
fn emergency_calls_pass_class_ceiling_and_drain() {
    let mut directory = house();
    directory.limits.max_calls = 1;
    check_in(
        World::new(directory, 1),
        "> call 4008
         fact arrived c1
         fact leg a started caller
         answer a (PCMU)
         media open a caller
         media negotiate a pcmu SendRecv
         fact leg a answered pcmu
         media play a music/default repeat
         queue enqueue c1 support
         > drain on
         > call 110 from 1003
         fact arrived c2
         fact leg b started phone 1003
         dial c 110@carrier as \"Lee\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg c started trunk carrier
         > c answers
         media open c caller
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         answer b (PCMU)
         media open b agent
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         media join b
         media join c
         > c ends
         media close c
         fact leg c ended normal-clearing
         hangup b normal-clearing
         media close b
         fact leg b ended normal-clearing
         fact ended c2 served normal-clearing
         > call 4008
         reject d shutdown retry 5s
         fact refused shutdown
         > a ends
         media close a
         fact leg a ended normal-clearing
         queue withdraw c1 support Abandoned
         fact ended c1 abandoned normal-clearing",
    );
}

#[test]
fn a_ceiling_of_calls_is_an_answer() {
    let mut directory = house();
    directory.limits.max_calls = 1;
    check_in(
        World::new(directory, 1),
        "> call 4008
         fact arrived c1
         fact leg a started caller
         answer a (PCMU)
         media open a caller
         media negotiate a pcmu SendRecv
         fact leg a answered pcmu
         media play a music/default repeat
         queue enqueue c1 support
         > call 4008
         reject b overload retry 5s
         fact refused overload
         > a ends
         media close a
         fact leg a ended normal-clearing
         queue withdraw c1 support Abandoned
         fact ended c1 abandoned normal-clearing",
    );
}

#[test]
fn a_trunk_that_fails_gives_way_to_the_next_one_that_is_busy_does_not() {
    check(
        "> call 013900 from 1001/anna
         fact arrived c1
         fact leg a started anna
         queue occupy c1 anna
         dial b +8613900@carrier as \"\" <4008> (PCMU/PCMA/G722)
         fact leg b started trunk carrier
         > b refuses server-failure
         fact leg b ended server-failure
         dial c +8613900@backup as \"\" <4008> (PCMU/PCMA/G722)
         fact leg c started trunk backup
         > c answers
         media open c caller
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         answer a (PCMU)
         media open a agent
         media negotiate a pcmu SendRecv
         fact leg a answered pcmu
         fact talk c1 anna
         media join a
         media join c
         > c ends
         media close c
         fact leg c ended normal-clearing
         fact talked c1 anna 0s held 0s
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         queue release anna c1
         fact ended c1 served normal-clearing
         > call 013900 from 1001/anna
         fact arrived c2
         fact leg d started anna
         queue occupy c2 anna
         dial e +8613900@carrier as \"\" <4008> (PCMU/PCMA/G722)
         fact leg e started trunk carrier
         > e refuses busy
         fact leg e ended busy
         reject d busy
         fact leg d ended busy
         queue release anna c2
         fact ended c2 rejected busy",
    );
}

#[test]
fn a_silent_trunk_gives_way_and_a_dead_one_is_not_tried() {
    check(
        "> call 013900 from 1001/anna
         fact arrived c1
         fact leg a started anna
         queue occupy c1 anna
         dial b +8613900@carrier as \"\" <4008> (PCMU/PCMA/G722)
         fact leg b started trunk carrier
         > wait 21s
         hangup b unreachable
         fact leg b ended unreachable
         dial c +8613900@backup as \"\" <4008> (PCMU/PCMA/G722)
         fact leg c started trunk backup
         > trunk backup down
         > c refuses unreachable
         fact leg c ended unreachable
         reject a unreachable
         fact leg a ended unreachable
         queue release anna c1
         fact ended c1 failed unreachable
         > trunk carrier down
         > call 013900 from 1001/anna
         fact arrived c2
         fact leg d started anna
         queue occupy c2 anna
         reject d unreachable
         fact leg d ended unreachable
         queue release anna c2
         fact ended c2 failed unreachable
         > call 110 from 1001/anna
         fact arrived c3
         fact leg e started anna
         queue occupy c3 anna
         dial f 110@carrier as \"Lee\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg f started trunk carrier
         > e ends
         fact leg e ended normal-clearing
         queue release anna c3
         hangup f cancelled
         fact leg f ended cancelled
         fact ended c3 abandoned normal-clearing",
    );
}

#[test]
fn early_media_of_a_trunk_that_then_fails_is_over() {
    check(
        "> call 013900 from 1001/anna
         fact arrived c1
         fact leg a started anna
         queue occupy c1 anna
         dial b +8613900@carrier as \"\" <4008> (PCMU/PCMA/G722)
         fact leg b started trunk carrier
         > b early
         fact leg b rings
         media open b caller
         media negotiate b pcmu SendRecv
         183 a (PCMU)
         media open a agent
         media negotiate a pcmu SendRecv
         media join b
         media join a
         > b refuses server-failure
         media close b
         fact leg b ended server-failure
         media leave a
         dial c +8613900@backup as \"\" <4008> (PCMU/PCMA/G722)
         fact leg c started trunk backup
         > c early
         fact leg c rings
         media open c caller
         media negotiate c pcmu SendRecv
         183 a (PCMU)
         media join c
         media join a
         > c answers
         fact leg c answered pcmu
         answer a (PCMU)
         fact leg a answered pcmu
         fact talk c1 anna
         > c ends
         media close c
         fact leg c ended normal-clearing
         fact talked c1 anna 0s held 0s
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         queue release anna c1
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn a_rule_may_send_a_caller_out_again() {
    check(
        "> call 4003
         fact arrived c1
         fact leg a started caller
         dial b +8613900@carrier as \"\" <4008> (PCMU/PCMA/G722)
         fact leg b started trunk carrier
         > b rings
         fact leg b rings
         180 a
         > b answers
         media open b agent
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         answer a (PCMU)
         media open a caller
         media negotiate a pcmu SendRecv
         fact leg a answered pcmu
         media join a
         media join b
         > b ends
         media close b
         fact leg b ended normal-clearing
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn a_caller_already_answered_hears_that_the_number_is_not_reached() {
    check(
        "> call 4008
         fact arrived c1
         fact leg a started caller
         answer a (PCMU)
         media open a caller
         media negotiate a pcmu SendRecv
         fact leg a answered pcmu
         media play a music/default repeat
         queue enqueue c1 support
         > flow-out support number:013900
         dial b +8613900@carrier as \"\" <4008> (PCMU/PCMA/G722)
         fact leg b started trunk carrier
         > b rings
         fact leg b rings
         > b refuses busy
         fact leg b ended busy
         media play a announcements/unavailable
         > a played
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         fact ended c1 flowed-out normal-clearing",
    );
}

#[test]
fn an_agent_changes_his_state_by_code_and_hears_so() {
    check(
        "> call *13 from 1001/anna
         fact arrived c1
         fact leg a started anna
         answer a (PCMU)
         media open a caller
         media negotiate a pcmu SendRecv
         fact leg a answered pcmu
         people anna Ready
         > done ok
         media play a agent/ready
         > a played
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         fact ended c1 feature-code normal-clearing
         > call *147 from 1001/anna
         fact arrived c2
         fact leg b started anna
         answer b (PCMU)
         media open b caller
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         people anna NotReady { code: 7 }
         > done ok
         media play b agent/not-ready
         > b played
         hangup b normal-clearing
         media close b
         fact leg b ended normal-clearing
         fact ended c2 feature-code normal-clearing
         > call *12 from 1001/anna
         fact arrived c3
         fact leg c started anna
         answer c (PCMU)
         media open c caller
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         people anna SignOff { code: 0 }
         > done no
         media play c agent/no-such-agent
         > c played
         hangup c normal-clearing
         media close c
         fact leg c ended normal-clearing
         fact ended c3 feature-code normal-clearing
         > call *13 from 1001/anna
         fact arrived c4
         fact leg d started anna
         answer d (PCMU)
         media open d caller
         media negotiate d pcmu SendRecv
         fact leg d answered pcmu
         people anna Ready
         > wait 6s
         media play d agent/no-such-agent
         > done ok
         > d played
         hangup d normal-clearing
         media close d
         fact leg d ended normal-clearing
         fact ended c4 feature-code normal-clearing
         > call *13 from 1001
         fact arrived c5
         fact leg e started phone 1001
         answer e (PCMU)
         media open e caller
         media negotiate e pcmu SendRecv
         fact leg e answered pcmu
         media play e agent/not-signed-on
         > e played
         hangup e normal-clearing
         media close e
         fact leg e ended normal-clearing
         fact ended c5 feature-code normal-clearing",
    );
}

#[test]
fn sign_on_takes_id_and_pin_by_keys_during_the_prompts() {
    check(
        "> call *11 from 2000
         fact arrived c1
         fact leg a started phone 2000
         answer a (PCMU)
         media open a caller
         media negotiate a pcmu SendRecv
         fact leg a answered pcmu
         media play a agent/enter-agent-id
         > a presses 1001#
         media stop-play a
         media play a agent/enter-pin
         > a presses 12
         media stop-play a
         > a presses 34#
         people anna SignOn { phone: Some(PhoneId(4)) }
         > done ok
         media play a agent/signed-on
         > a played
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         fact ended c1 feature-code normal-clearing",
    );
}

#[test]
fn a_pause_after_the_last_key_ends_the_entry() {
    check(
        "> call *111001 from 2000
         fact arrived c1
         fact leg a started phone 2000
         answer a (PCMU)
         media open a caller
         media negotiate a pcmu SendRecv
         fact leg a answered pcmu
         media play a agent/enter-pin
         > a presses 1234
         media stop-play a
         > wait 6s
         people anna SignOn { phone: Some(PhoneId(4)) }
         > done no
         media play a agent/no-such-agent
         > a played
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         fact ended c1 feature-code normal-clearing",
    );
}

#[test]
fn three_wrong_pins_end_the_call_and_an_unknown_id_sounds_like_a_wrong_pin() {
    check(
        "> call *11 from 2000
         fact arrived c1
         fact leg a started phone 2000
         answer a (PCMU)
         media open a caller
         media negotiate a pcmu SendRecv
         fact leg a answered pcmu
         media play a agent/enter-agent-id
         > a presses 1001#9999#
         media stop-play a
         media play a agent/enter-pin
         media stop-play a
         media play a agent/invalid+agent/enter-agent-id
         > a presses 7777#1234#
         media stop-play a
         media play a agent/enter-pin
         media stop-play a
         media play a agent/invalid+agent/enter-agent-id
         > a presses 1001#12345#
         media stop-play a
         media play a agent/enter-pin
         media stop-play a
         media play a agent/invalid
         > a played
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         fact ended c1 feature-code normal-clearing",
    );
}

#[test]
fn who_types_nothing_is_let_go() {
    check(
        "> call *11 from 2000
         fact arrived c1
         fact leg a started phone 2000
         answer a (PCMU)
         media open a caller
         media negotiate a pcmu SendRecv
         fact leg a answered pcmu
         media play a agent/enter-agent-id
         > wait 16s
         media play a agent/invalid+agent/enter-agent-id
         > wait 16s
         media play a agent/invalid+agent/enter-agent-id
         > wait 16s
         media play a agent/invalid
         > a played
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         fact ended c1 feature-code normal-clearing",
    );
}

#[test]
fn without_a_pin_an_agent_signs_on_at_his_own_desk_only() {
    let mut directory = house();
    directory.agents[0].pin = None;
    check_in(
        World::new(directory, 1),
        "> call *111001 from 1001
         fact arrived c1
         fact leg a started phone 1001
         answer a (PCMU)
         media open a caller
         media negotiate a pcmu SendRecv
         fact leg a answered pcmu
         people anna SignOn { phone: Some(PhoneId(0)) }
         > done ok
         media play a agent/signed-on
         > a played
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         fact ended c1 feature-code normal-clearing
         > call *111001 from 2000
         fact arrived c2
         fact leg b started phone 2000
         answer b (PCMU)
         media open b caller
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         media play b agent/enter-pin
         > b presses #
         media play b agent/invalid+agent/enter-agent-id
         > b ends
         media close b
         fact leg b ended normal-clearing
         fact ended c2 feature-code normal-clearing",
    );
}

/// Both hear each other at once; the tone lies over the first word for the agent alone.
#[test]
fn a_phone_that_opens_by_itself_tells_its_agent_by_a_tone() {
    let mut house = house();
    house.phones[0].auto_answer = true;
    house.phones[1].auto_answer = true;
    house.phones[1].answer_tone = false;
    let mut world = World::new(house, 1);
    world.steps("call 4008\noffer anna");
    world.said.clear();
    world.steps("b answers");
    assert_eq!(world.said.iter().filter(|l| l.contains("tones/zip")).collect::<Vec<_>>(), ["media play b tones/zip"]);
    let joined = world.said.iter().position(|l| l == "media join b");
    assert!(joined < world.said.iter().position(|l| l == "media play b tones/zip"), "{:?}", world.said);
    world.steps("b played\na ends\ncall 4008\noffer ben c2");
    world.said.clear();
    world.steps("d answers");
    assert!(world.said.iter().all(|l| !l.contains("tones/zip")), "{:?}", world.said);
    world.steps("c ends");
    world.check_books();
}

#[test]
fn codes_take_a_reason_or_minutes() {
    for (dialled, asked) in [
        ("*12", "SignOff { code: 0 }"),
        ("*127", "SignOff { code: 7 }"),
        ("*1412", "NotReady { code: 12 }"),
        ("*15", "Extend { by: 60s }"),
        ("*152", "Extend { by: 120s }"),
    ] {
        let mut world = World::new(house(), 1);
        world.step(&format!("call {dialled} from 1001/anna"));
        assert_eq!(world.said.last().unwrap(), &format!("people anna {asked}"));
    }
    for dialled in ["*12345", "*14100", "*151x"] {
        let mut world = World::new(house(), 1);
        world.step(&format!("call {dialled} from 1001/anna"));
        assert_eq!(world.said[0], "reject a not-found");
    }
}
