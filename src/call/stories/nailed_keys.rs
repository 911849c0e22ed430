//! Keys on a nailed-up leg: to take or decline a contact, to end a talk, and feature codes.

use super::nailed::with;
use crate::testing::{World, check_in};
use model::NailedUp;

#[test]
fn by_key_he_hears_ringing_and_any_key_takes_the_contact_while_a_star_declines_it() {
    check_in(
        World::new(with(NailedUp::ByKey), 1),
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
         inner c rings
         media play a music/default repeat
         fact leg c rings
         > a presses *
         inner c refuses declined
         media play a tones/silence repeat
         fact leg c ended declined
         queue settle anna rejected
         > offer anna c2
         nailed anna dial d 1001 as \"Lee · support\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg d started anna
         inner d rings
         media play a music/default repeat
         fact leg d rings
         > a presses 5
         media open e caller
         media negotiate e pcmu SendRecv
         media join e
         media join a
         inner d answers (PCMU)
         media open d agent
         media negotiate d pcmu SendRecv
         fact leg d answered pcmu
         queue settle anna accepted
         fact talk c2 anna support
         media join b
         media join d
         > a presses 5
         > b ends
         media close b
         fact leg b ended normal-clearing
         fact talked c2 anna 0s held 0s
         nailed anna hangup d normal-clearing
         media close d
         fact leg d ended normal-clearing
         queue release anna c2 support
         media close e
         media leave a
         media play a tones/silence repeat
         fact ended c2 served normal-clearing
         > unnail anna
         fact line-down anna normal-clearing by system
         queue line-down anna normal-clearing
         hangup a normal-clearing
         media close a",
    );
}

#[test]
fn a_key_that_is_not_pressed_is_a_missed_offer() {
    check_in(
        World::new(with(NailedUp::ByKey), 1),
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
         inner c rings
         media play a music/default repeat
         fact leg c rings
         > wait 15s
         nailed anna hangup c no-answer
         fact leg c ended no-answer
         queue settle anna missed
         media play a tones/silence repeat
         > b ends
         media close b
         fact leg b ended normal-clearing
         queue withdraw c2 support Abandoned
         fact ended c2 abandoned normal-clearing
         > unnail anna
         fact line-down anna normal-clearing by system
         queue line-down anna normal-clearing
         hangup a normal-clearing
         media close a",
    );
}

#[test]
fn between_talks_he_keys_feature_codes_and_two_stars_end_a_talk_but_not_the_leg() {
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
         > a presses *142#
         people anna NotReady { code: 2 }
         > done ok
         media play a agent/not-ready
         > a played
         media play a tones/silence repeat
         > a presses *13
         > wait 5s
         people anna Ready
         > done ok
         media play a agent/ready
         > a presses 77#
         media play a agent/not-allowed
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
         > a presses *
         > wait 2s
         > a presses *
         > a presses 1
         > a presses **
         media close d
         inner c ends normal-clearing
         media leave a
         media play a tones/silence repeat
         fact talked c2 anna 2s held 0s
         media close c
         fact leg c ended normal-clearing
         queue release anna c2 support
         hangup b normal-clearing
         media close b
         fact leg b ended normal-clearing
         fact ended c2 served normal-clearing
         > unnail anna
         fact line-down anna normal-clearing by system
         queue line-down anna normal-clearing
         hangup a normal-clearing
         media close a",
    );
}
