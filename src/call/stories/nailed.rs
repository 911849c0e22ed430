//! Nailed-up legs: called once, silent between talks, and every talk an ordinary leg of its contact.

use crate::testing::{World, check_in, house};
use model::{Directory, NailedUp};

pub(super) fn with(how: NailedUp) -> Directory {
    let mut directory = house();
    directory.agents[0].nailed_up = how;
    directory
}

#[test]
fn it_is_called_once_heard_silent_and_hung_up_at_sign_off_and_no_record_has_it() {
    check_in(
        World::new(with(NailedUp::AtOnce), 1),
        "> nail anna
         fact line-called anna
         dial a 1001 as \"\" <1001> (PCMU/PCMA/G722)
         > a rings
         > a answers
         media open a agent
         media negotiate a pcmu SendRecv
         media play a tones/silence repeat
         fact line-up anna
         queue line-up anna
         > unnail anna
         fact line-down anna normal-clearing by system
         queue line-down anna normal-clearing
         hangup a normal-clearing
         media close a",
    );
}

#[test]
fn a_queues_contact_is_on_the_line_at_once_after_a_tone_and_the_leg_stays() {
    check_in(
        World::new(with(NailedUp::AtOnce), 1),
        "> nail anna
         fact line-called anna
         dial a 1001 as \"\" <1001> (PCMU/PCMA/G722)
         > a answers
         media open a agent
         media negotiate a pcmu SendRecv
         media play a tones/silence repeat
         fact line-up anna
         queue line-up anna
         > call 4008
         fact arrived c2
         fact leg b started caller
         answer b (PCMU)
         media open b caller
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         media play b music/default repeat
         queue enqueue c2 support
         > offer anna c2
         nailed anna dial c 1001 as \"Lee · support\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg c started anna
         media open d caller
         media negotiate d pcmu SendRecv
         media join d
         media join a
         inner c answers (PCMU)
         media open c agent
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         queue settle anna accepted
         fact talk c2 anna support
         media join b
         media join c
         media play c tones/zip
         > wait 10s
         > b ends
         media close b
         fact leg b ended normal-clearing
         fact talked c2 anna 10s held 0s
         nailed anna hangup c normal-clearing
         media close c
         fact leg c ended normal-clearing
         queue release anna c2 support
         media close d
         media leave a
         media play a tones/silence repeat
         fact ended c2 served normal-clearing
         > a ends
         fact line-down anna normal-clearing by party
         queue line-down anna normal-clearing
         media close a",
    );
}

#[test]
fn what_his_phone_does_in_a_talk_is_done_to_the_contact_he_talks_in() {
    check_in(
        World::new(with(NailedUp::AtOnce), 1),
        "> nail anna
         fact line-called anna
         dial a 1001 as \"\" <1001> (PCMU/PCMA/G722)
         > a answers
         media open a agent
         media negotiate a pcmu SendRecv
         media play a tones/silence repeat
         fact line-up anna
         queue line-up anna
         > call 4008
         fact arrived c2
         fact leg b started caller
         answer b (PCMU)
         media open b caller
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         media play b music/default repeat
         queue enqueue c2 support
         > offer anna c2
         nailed anna dial c 1001 as \"Lee · support\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg c started anna
         media open d caller
         media negotiate d pcmu SendRecv
         media join d
         media join a
         inner c answers (PCMU)
         media open c agent
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         queue settle anna accepted
         fact talk c2 anna support
         media join b
         media join c
         media play c tones/zip
         > wait 5s
         > a holds
         re-answer a (PCMU recvonly)
         media negotiate a pcmu RecvOnly
         inner c holds
         fact held by anna
         media leave b
         media play b music/default repeat
         > wait 5s
         > a retrieves
         re-answer a (PCMU)
         media negotiate a pcmu SendRecv
         inner c retrieves
         fact retrieved by anna
         media join b
         > a info 7
         inner c info 7
         media press c 7
         > a refers 1002
         inner c refers
         nailed anna refer-reply c accepted
         media leave c
         media leave b
         media play b music/default repeat
         queue seize c2 ben
         refer-reply a accepted
         > seized ben c2
         dial e 1002 as \"Lee\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg e started ben
         > e answers
         media open e agent
         media negotiate e pcmu SendRecv
         fact leg e answered pcmu
         queue settle ben accepted
         fact talk c2 ben support
         media join b
         media join e
         fact transferred c2 from anna to agent:ben Blind
         nailed anna refer-progress c 200
         fact talked c2 anna 5s held 5s
         nailed anna hangup c transferred
         media close c
         fact leg c ended transferred
         queue release anna c2 support
         refer-progress a 200
         media close d
         media leave a
         media play a tones/silence repeat
         > b ends
         media close b
         fact leg b ended normal-clearing
         fact talked c2 ben 0s held 0s
         hangup e normal-clearing
         media close e
         fact leg e ended normal-clearing
         queue release ben c2
         fact ended c2 served normal-clearing
         > unnail anna
         fact line-down anna normal-clearing by system
         queue line-down anna normal-clearing
         hangup a normal-clearing
         media close a",
    );
}

#[test]
fn who_hangs_up_in_a_talk_hangs_up_the_talk_too() {
    check_in(
        World::new(with(NailedUp::AtOnce), 1),
        "> nail anna
         fact line-called anna
         dial a 1001 as \"\" <1001> (PCMU/PCMA/G722)
         > a answers
         media open a agent
         media negotiate a pcmu SendRecv
         media play a tones/silence repeat
         fact line-up anna
         queue line-up anna
         > call 4008
         fact arrived c2
         fact leg b started caller
         answer b (PCMU)
         media open b caller
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         media play b music/default repeat
         queue enqueue c2 support
         > offer anna c2
         nailed anna dial c 1001 as \"Lee · support\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg c started anna
         media open d caller
         media negotiate d pcmu SendRecv
         media join d
         media join a
         inner c answers (PCMU)
         media open c agent
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         queue settle anna accepted
         fact talk c2 anna support
         media join b
         media join c
         media play c tones/zip
         > a ends
         media close d
         inner c ends normal-clearing
         fact line-down anna normal-clearing by party
         queue line-down anna normal-clearing
         media close a
         fact talked c2 anna 0s held 0s
         media close c
         fact leg c ended normal-clearing
         queue release anna c2 support
         hangup b normal-clearing
         media close b
         fact leg b ended normal-clearing
         fact ended c2 served normal-clearing",
    );
}

#[test]
fn a_phone_that_is_dead_refuses_or_does_not_answer_is_told_with_its_cause() {
    check_in(
        World::new(with(NailedUp::AtOnce), 1),
        "> nail anna
         fact line-called anna
         dial a 1001 as \"\" <1001> (PCMU/PCMA/G722)
         > wait 5s
         fact line-down anna unreachable by system
         queue line-down anna unreachable
         hangup a unreachable
         > nail anna
         fact line-called anna
         dial b 1001 as \"\" <1001> (PCMU/PCMA/G722)
         > b refuses busy
         fact line-down anna busy by party
         queue line-down anna busy
         > nail anna
         fact line-called anna
         dial c 1001 as \"\" <1001> (PCMU/PCMA/G722)
         > c rings
         > wait 30s
         fact line-down anna no-answer by system
         queue line-down anna no-answer
         hangup c no-answer
         > call 4008
         fact arrived c4
         fact leg d started caller
         answer d (PCMU)
         media open d caller
         media negotiate d pcmu SendRecv
         fact leg d answered pcmu
         media play d music/default repeat
         queue enqueue c4 support
         > offer anna c4
         nailed anna dial e 1001 as \"Lee · support\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg e started anna
         inner e refuses unregistered
         fact leg e ended unregistered
         queue settle anna failed
         > d ends
         media close d
         fact leg d ended normal-clearing
         queue withdraw c4 support Abandoned
         fact ended c4 abandoned normal-clearing",
    );
}
