//! What the caller feels: answer modes, announcements, breakout keys, recording, hold.

use crate::testing::{World, check, check_in, house};
use model::RecordPolicy;

#[test]
fn in_a_talk_a_key_by_info_is_for_the_other_to_hear() {
    check(
        "> call 4009
         fact arrived c1
         fact leg a started caller
         183 a (PCMU)
         media open a caller
         media negotiate a pcmu SendRecv
         media play a music/default repeat
         queue enqueue c1 sales
         > a info 4
         > offer anna sales
         dial b 1001 as \"Lee · sales\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg b started anna
         > b answers
         media open b agent
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         answer a (PCMU)
         fact leg a answered pcmu
         queue settle anna accepted
         fact talk c1 anna sales
         media join a
         media join b
         > a info 5
         media press a 5
         > b info #
         media press b #",
    );
}

#[test]
fn with_agent_waiting_is_early_media_and_the_answer_is_the_agents() {
    check(
        "> call 4009
         fact arrived c1
         fact leg a started caller
         183 a (PCMU)
         media open a caller
         media negotiate a pcmu SendRecv
         media play a music/default repeat
         queue enqueue c1 sales
         > offer anna sales
         dial b 1001 as \"Lee · sales\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg b started anna
         > b rings
         fact leg b rings
         > b answers
         media open b agent
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         answer a (PCMU)
         fact leg a answered pcmu
         queue settle anna accepted
         fact talk c1 anna sales
         media join a
         media join b
         > a ends
         media close a
         fact leg a ended normal-clearing
         fact talked c1 anna 0s held 0s
         hangup b normal-clearing
         media close b
         fact leg b ended normal-clearing
         queue release anna c1 sales
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn with_agent_a_caller_who_gives_up_was_never_answered() {
    check(
        "> call 4009
         fact arrived c1
         fact leg a started caller
         183 a (PCMU)
         media open a caller
         media negotiate a pcmu SendRecv
         media play a music/default repeat
         queue enqueue c1 sales
         > offer anna sales
         dial b 1001 as \"Lee · sales\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg b started anna
         > b rings
         fact leg b rings
         > a ends
         media close a
         fact leg a ended normal-clearing
         queue withdraw c1 sales Abandoned
         hangup b cancelled
         fact leg b ended cancelled
         queue settle anna withdrawn
         fact ended c1 abandoned normal-clearing",
    );
}

#[test]
fn with_agent_and_an_invite_without_offer_there_is_only_ringing() {
    check(
        "> call 4009 no-offer
         fact arrived c1
         fact leg a started caller
         180 a
         queue enqueue c1 sales
         > offer anna sales
         dial b 1001 as \"Lee · sales\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg b started anna
         > b answers
         media open b agent
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         answer a (PCMU/PCMA/G722)
         media open a caller
         > a confirms
         media negotiate a pcmu SendRecv
         media play a music/default repeat
         fact leg a answered pcmu
         queue settle anna accepted
         fact talk c1 anna sales
         media join a
         media join b
         > b ends
         fact talked c1 anna 0s held 0s
         media close b
         fact leg b ended normal-clearing
         queue release anna c1 sales
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn position_and_wait_are_told_between_the_music() {
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
         > announce 2 90s
         media play a queue/your-position+digits/2+queue/in-line+queue/wait-less-than+digits/2+queue/minutes+queue/thank-you-for-holding
         > a played
         media play a music/default repeat
         > announce 1
         media play a queue/you-are-first+queue/thank-you-for-holding
         > a played
         media play a music/default repeat
         > announce 1000 3600s
         media play a queue/more-than-ten-minutes+queue/thank-you-for-holding
         > announce 3 30s
         > a ends
         media close a
         fact leg a ended normal-clearing
         queue withdraw c1 support Abandoned
         fact ended c1 abandoned normal-clearing
         > announce 1",
    );
}

#[test]
fn the_caller_is_connected_at_once_whatever_is_playing() {
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
         > announce 2 90s
         media play a queue/your-position+digits/2+queue/in-line+queue/wait-less-than+digits/2+queue/minutes+queue/thank-you-for-holding
         > offer anna
         dial b 1001 as \"Lee · support\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg b started anna
         > b answers
         media open b agent
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         queue settle anna accepted
         fact talk c1 anna support
         media join a
         media join b
         > a played
         > a ends
         media close a
         fact leg a ended normal-clearing
         fact talked c1 anna 0s held 0s
         hangup b normal-clearing
         media close b
         fact leg b ended normal-clearing
         queue release anna c1 support
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn a_breakout_key_works_in_the_middle_of_a_prompt_and_while_a_phone_rings() {
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
         > announce 2 90s
         media play a queue/your-position+digits/2+queue/in-line+queue/wait-less-than+digits/2+queue/minutes+queue/thank-you-for-holding
         > offer anna
         dial b 1001 as \"Lee · support\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg b started anna
         > a presses 71
         queue withdraw c1 support FlowedOut queue:sales
         hangup b cancelled
         fact leg b ended cancelled
         queue settle anna withdrawn
         media play a music/default repeat
         queue enqueue c1 sales
         > a presses 1
         queue withdraw c1 sales FlowedOut queue:sales
         queue enqueue c1 sales
         > b answers
         > a ends
         media close a
         fact leg a ended normal-clearing
         queue withdraw c1 sales Abandoned
         fact ended c1 abandoned normal-clearing",
    );
}

#[test]
fn a_key_that_comes_both_ways_counts_once() {
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
         > a presses 1
         queue withdraw c1 support FlowedOut queue:sales
         queue enqueue c1 sales
         > a info 9
         > a presses 9
         queue withdraw c1 sales FlowedOut announcement:announcements/closed
         media play a announcements/closed
         > a played
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         fact ended c1 flowed-out normal-clearing",
    );
}

#[test]
fn the_notice_is_heard_before_the_recording() {
    check(
        "> call 4007
         fact arrived c1
         fact leg a started caller
         answer a (PCMU)
         media open a caller
         media negotiate a pcmu SendRecv
         fact leg a answered pcmu
         media play a announcements/record-notice
         > a played
         media play a music/default repeat
         queue enqueue c1 recorded
         > offer anna recorded
         dial b 1001 as \"Lee · recorded\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg b started anna
         > b answers
         media open b agent
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         queue settle anna accepted
         fact talk c1 anna recorded
         media join a
         media join b
         media record c1 0000000100000001-20231114T221320000Z
         fact recording 0000000100000001-20231114T221320000Z
         > wait 60s
         > b ends
         media stop-recording c1
         fact talked c1 anna 60s held 0s
         media close b
         fact leg b ended normal-clearing
         queue release anna c1 recorded
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         fact recorded 0000000100000001-20231114T221320000Z
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn nobody_rings_before_the_notice_was_heard_to_its_end() {
    check(
        "> call 4007
         fact arrived c1
         fact leg a started caller
         answer a (PCMU)
         media open a caller
         media negotiate a pcmu SendRecv
         fact leg a answered pcmu
         media play a announcements/record-notice
         > wait 4s
         > a presses 1
         > a ends
         media close a
         fact leg a ended normal-clearing
         fact ended c1 abandoned normal-clearing",
    );
}

#[test]
fn the_end_of_what_played_before_is_not_the_end_of_the_notice() {
    let mut world = World::new(house(), 1);
    world.step("call 4007");
    let (leg, play) = world.machine.legs.iter().map(|(id, leg)| (*id, leg.play)).next().unwrap();
    world.said.clear();
    let older = model::PlayId(play.0 - 1);
    world.input(crate::Input::Media(model::MediaEvent::Played { leg, play: older }));
    assert!(world.said.is_empty(), "{:?}", world.said);
    world.step("a played");
    assert!(world.said.join(";").contains("queue enqueue c1 recorded"), "{:?}", world.said);
}

#[test]
fn a_caller_who_pays_only_with_an_agent_hears_the_notice_as_early_media() {
    let mut directory = house();
    directory.queues[2].answer = model::AnswerMode::WithAgent;
    check_in(
        World::new(directory, 1),
        "> call 4007
         fact arrived c1
         fact leg a started caller
         183 a (PCMU)
         media open a caller
         media negotiate a pcmu SendRecv
         media play a announcements/record-notice
         > a played
         media play a music/default repeat
         queue enqueue c1 recorded",
    );
}

#[test]
fn a_share_of_contacts_is_recorded() {
    let mut directory = house();
    directory.queues[2].record = RecordPolicy::Percent(30);
    directory.queues[2].record_notice = None;
    directory.limits.max_calls = 1000;
    let mut world = World::new(directory, 1);
    let recorded = (0..400).filter(|_| world.serve_one("4007", "recorded").contains("media record")).count();
    assert!((90..150).contains(&recorded), "{recorded} of 400 at 30 percent");
}

#[test]
fn hold_by_the_agent_gives_the_caller_music_and_is_not_talk() {
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
         > offer anna
         dial b 1001 as \"Lee · support\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg b started anna
         > b answers
         media open b agent
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         queue settle anna accepted
         fact talk c1 anna support
         media join a
         media join b
         > wait 10s
         > b holds
         re-answer b (PCMU recvonly)
         media negotiate b pcmu RecvOnly
         fact held by anna
         media leave a
         media play a music/default repeat
         > wait 20s
         > b retrieves
         re-answer b (PCMU)
         media negotiate b pcmu SendRecv
         fact retrieved by anna
         media join a
         > wait 5s
         > a ends
         media close a
         fact leg a ended normal-clearing
         fact talked c1 anna 15s held 20s
         hangup b normal-clearing
         media close b
         fact leg b ended normal-clearing
         queue release anna c1 support
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn hold_by_the_caller_gives_the_agent_music() {
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
         > offer anna
         dial b 1001 as \"Lee · support\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg b started anna
         > b answers
         media open b agent
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         queue settle anna accepted
         fact talk c1 anna support
         media join a
         media join b
         > a holds
         re-answer a (PCMU recvonly)
         media negotiate a pcmu RecvOnly
         fact held by caller
         media leave b
         media play b music/default repeat
         > wait 5s
         > b holds
         re-answer b (PCMU recvonly)
         media negotiate b pcmu RecvOnly
         fact held by anna
         media leave a
         media play a music/default repeat
         > a retrieves
         re-answer a (PCMU)
         media negotiate a pcmu SendRecv
         fact retrieved by caller
         media join b
         > wait 5s
         > b retrieves
         re-answer b (PCMU)
         media negotiate b pcmu SendRecv
         fact retrieved by anna
         media join a
         > b ends
         fact talked c1 anna 0s held 10s
         media close b
         fact leg b ended normal-clearing
         queue release anna c1 support
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn a_caller_on_hold_when_the_agent_answers_leaves_the_agent_with_music() {
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
         > a holds
         re-answer a (PCMU recvonly)
         media negotiate a pcmu RecvOnly
         > offer anna
         dial b 1001 as \"Lee · support\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg b started anna
         > b answers
         media open b agent
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         queue settle anna accepted
         fact talk c1 anna support
         media join a
         media play b music/default repeat
         > wait 3s
         > a retrieves
         re-answer a (PCMU)
         media negotiate a pcmu SendRecv
         fact retrieved by caller
         media join b
         > a ends
         media close a
         fact leg a ended normal-clearing
         fact talked c1 anna 0s held 3s
         hangup b normal-clearing
         media close b
         fact leg b ended normal-clearing
         queue release anna c1 support
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn a_new_codec_is_agreed_inside_the_call() {
    check(
        "> call 4008 codecs PCMU/PCMA
         fact arrived c1
         fact leg a started caller
         answer a (PCMU)
         media open a caller
         media negotiate a pcmu SendRecv
         fact leg a answered pcmu
         media play a music/default repeat
         queue enqueue c1 support
         > offer anna
         dial b 1001 as \"Lee · support\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg b started anna
         > b answers
         media open b agent
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         queue settle anna accepted
         fact talk c1 anna support
         media join a
         media join b
         > a offers codecs PCMA
         re-answer a (PCMA)
         media negotiate a pcma SendRecv
         > a offers codecs PCMA/PCMU
         re-answer a (PCMU)
         media negotiate a pcmu SendRecv
         > a ends
         media close a
         fact leg a ended normal-clearing
         fact talked c1 anna 0s held 0s
         hangup b normal-clearing
         media close b
         fact leg b ended normal-clearing
         queue release anna c1 support
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn an_offer_that_cannot_be_taken_leaves_the_session_as_it_was() {
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
         > offer anna
         dial b 1001 as \"Lee · support\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg b started anna
         > b answers
         media open b agent
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         queue settle anna accepted
         fact talk c1 anna support
         media join a
         media join b
         > a offers codecs G729
         re-refuse a not-acceptable
         > a offers garbage
         re-refuse a not-acceptable
         > a ends
         media close a
         fact leg a ended normal-clearing
         fact talked c1 anna 0s held 0s
         hangup b normal-clearing
         media close b
         fact leg b ended normal-clearing
         queue release anna c1 support
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn an_empty_re_invite_gets_our_offer_and_its_answer_counts() {
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
         > offer anna
         dial b 1001 as \"Lee · support\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg b started anna
         > b answers
         media open b agent
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         queue settle anna accepted
         fact talk c1 anna support
         media join a
         media join b
         > b offers nothing
         re-answer b (PCMU/PCMA/G722)
         > b accepts codecs PCMA
         media negotiate b pcma SendRecv
         > b offers nothing
         re-answer b (PCMU/PCMA/G722)
         > b confirms codecs PCMU
         media negotiate b pcmu SendRecv
         > b offers nothing
         re-answer b (PCMU/PCMA/G722)
         > b accepts codecs G729
         > b offers nothing
         re-answer b (PCMU/PCMA/G722)
         > b offers nothing
         re-refuse b protocol-error
         > a ends
         media close a
         fact leg a ended normal-clearing
         fact talked c1 anna 0s held 0s
         hangup b normal-clearing
         media close b
         fact leg b ended normal-clearing
         queue release anna c1 support
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn a_call_completed_elsewhere_is_given_up_and_the_phone_that_rings_hears_why() {
    check(
        "> call 4009
         fact arrived c1
         fact leg a started caller
         183 a (PCMU)
         media open a caller
         media negotiate a pcmu SendRecv
         media play a music/default repeat
         queue enqueue c1 sales
         > offer anna sales
         dial b 1001 as \"Lee · sales\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg b started anna
         > b rings
         fact leg b rings
         > a ends answered-elsewhere
         media close a
         fact leg a ended answered-elsewhere
         queue withdraw c1 sales Abandoned
         hangup b answered-elsewhere
         fact leg b ended answered-elsewhere
         queue settle anna withdrawn
         fact ended c1 abandoned answered-elsewhere",
    );
}

#[test]
fn whoever_is_called_for_a_call_is_told_how_far_it_may_still_travel() {
    let dialled = |call: &str, then: &str| {
        let mut world = World::new(house(), 1);
        world.step(call);
        world.step(then);
        world.last_dial.as_ref().expect("somebody was called").max_forwards
    };
    assert_eq!(dialled("call 4008 hops 3", "offer anna"), 2);
    assert_eq!(dialled("call 013900 from 1001/anna hops 1", "wait 1s"), 0, "the next one says 483");
    assert_eq!(dialled("call 4008 hops 255", "offer anna"), 69, "a loop is no longer for it");
}

#[test]
fn a_caller_who_moves_before_the_answer_is_followed() {
    check(
        "> call 4009
         fact arrived c1
         fact leg a started caller
         183 a (PCMU)
         media open a caller
         media negotiate a pcmu SendRecv
         media play a music/default repeat
         queue enqueue c1 sales
         > a offers codecs PCMA
         re-answer a (PCMA)
         media negotiate a pcma SendRecv
         > a ends
         media close a
         fact leg a ended normal-clearing
         queue withdraw c1 sales Abandoned
         fact ended c1 abandoned normal-clearing",
    );
}
