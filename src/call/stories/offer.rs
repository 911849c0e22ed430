//! What an agent's phone may do with an offer.

use crate::testing::check;

#[test]
fn the_ways_a_phone_says_no_are_kept_apart_and_none_loses_the_caller() {
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
         > b rings
         fact leg b rings
         > b refuses busy
         fact leg b ended busy
         queue settle anna rejected
         > offer ben
         dial c 1002 as \"Lee · support\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg c started ben
         > c rings
         fact leg c rings
         > c refuses declined
         fact leg c ended declined
         queue settle ben rejected
         > offer carol
         dial d 1003 as \"Lee · support\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg d started carol
         > d refuses redirected
         fact leg d ended redirected
         queue settle carol rejected
         > offer carol
         dial e 1003 as \"Lee · support\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg e started carol
         > e refuses unregistered
         fact leg e ended unregistered
         queue settle carol failed
         > offer carol
         dial f 1003 as \"Lee · support\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg f started carol
         > f refuses server-failure
         fact leg f ended server-failure
         queue settle carol failed
         > offer dave
         dial g 1004 as \"Lee · support\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg g started dave
         > g rings
         fact leg g rings
         > g answers
         media open g agent
         media negotiate g pcmu SendRecv
         fact leg g answered pcmu
         queue settle dave accepted
         fact talk c1 dave support
         media join a
         media join g
         > a ends
         media close a
         fact leg a ended normal-clearing
         fact talked c1 dave 0s held 0s
         hangup g normal-clearing
         media close g
         fact leg g ended normal-clearing
         queue release dave c1 support
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn a_phone_that_rings_out_is_missed() {
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
         > b rings
         fact leg b rings
         > wait 14s
         > wait 2s
         hangup b no-answer
         fact leg b ended no-answer
         queue settle anna missed
         > offer ben
         dial c 1002 as \"Lee · support\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg c started ben
         > c answers
         media open c agent
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         queue settle ben accepted
         fact talk c1 ben support
         media join a
         media join c
         > c ends
         fact talked c1 ben 0s held 0s
         media close c
         fact leg c ended normal-clearing
         queue release ben c1 support
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn a_phone_that_says_nothing_at_all_has_failed_after_five_seconds() {
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
         > wait 4s
         > wait 2s
         hangup b unreachable
         fact leg b ended unreachable
         queue settle anna failed
         > a ends
         media close a
         fact leg a ended normal-clearing
         queue withdraw c1 support Abandoned
         fact ended c1 abandoned normal-clearing",
    );
}

#[test]
fn an_agent_without_a_common_codec_counts_as_failed_and_the_caller_waits_on() {
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
         > b answers codecs G729
         hangup b not-acceptable
         fact leg b ended not-acceptable
         queue settle anna failed
         > a ends
         media close a
         fact leg a ended normal-clearing
         queue withdraw c1 support Abandoned
         fact ended c1 abandoned normal-clearing",
    );
}

#[test]
fn an_agent_who_signs_off_while_it_rings_is_withdrawn() {
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
         > b rings
         fact leg b rings
         > revoke anna
         hangup b cancelled
         fact leg b ended cancelled
         queue settle anna withdrawn
         > offer ben
         dial c 1002 as \"Lee · support\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg c started ben
         > c answers
         media open c agent
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         queue settle ben accepted
         fact talk c1 ben support
         media join a
         media join c
         > a ends
         media close a
         fact leg a ended normal-clearing
         fact talked c1 ben 0s held 0s
         hangup c normal-clearing
         media close c
         fact leg c ended normal-clearing
         queue release ben c1 support
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn the_callers_codec_comes_first_in_the_offer_to_the_agent() {
    check(
        "> call 4008 codecs G722/PCMA
         fact arrived c1
         fact leg a started caller
         answer a (PCMA)
         media open a caller
         media negotiate a pcma SendRecv
         fact leg a answered pcma
         media play a music/default repeat
         queue enqueue c1 support
         > offer anna
         dial b 1001 as \"Lee · support\" <+8613800138000> (PCMA/PCMU/G722)
         fact leg b started anna
         > b answers codecs PCMA
         media open b agent
         media negotiate b pcma SendRecv
         fact leg b answered pcma
         queue settle anna accepted
         fact talk c1 anna support
         media join a
         media join b
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
fn a_withheld_caller_shows_the_queue_alone() {
    check(
        "> call 4008 withheld
         fact arrived c1
         fact leg a started caller
         answer a (PCMU)
         media open a caller
         media negotiate a pcmu SendRecv
         fact leg a answered pcmu
         media play a music/default repeat
         queue enqueue c1 support
         > offer anna
         dial b 1001 as \"support\" <> (PCMU/PCMA/G722)
         fact leg b started anna
         > a ends
         media close a
         fact leg a ended normal-clearing
         queue withdraw c1 support Abandoned
         hangup b cancelled
         fact leg b ended cancelled
         queue settle anna withdrawn
         fact ended c1 abandoned normal-clearing",
    );
}

#[test]
fn an_invite_without_offer_gets_ours_and_is_bridged_at_its_ack() {
    check(
        "> call 4008 no-offer
         fact arrived c1
         fact leg a started caller
         answer a (PCMU/PCMA/G722)
         media open a caller
         queue enqueue c1 support
         > offer anna
         dial b 1001 as \"Lee · support\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg b started anna
         > b answers
         media open b agent
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         > a confirms
         media negotiate a pcmu SendRecv
         media play a music/default repeat
         fact leg a answered pcmu
         queue settle anna accepted
         fact talk c1 anna support
         media join a
         media join b
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
fn an_agent_who_hangs_up_between_answer_and_bridge_frees_only_himself() {
    check(
        "> call 4008 no-offer
         fact arrived c1
         fact leg a started caller
         answer a (PCMU/PCMA/G722)
         media open a caller
         queue enqueue c1 support
         > offer anna
         dial b 1001 as \"Lee · support\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg b started anna
         > b answers
         media open b agent
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         > b ends
         media close b
         fact leg b ended normal-clearing
         queue settle anna rejected
         > a confirms
         media negotiate a pcmu SendRecv
         media play a music/default repeat
         fact leg a answered pcmu
         > offer ben
         dial c 1002 as \"Lee · support\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg c started ben
         > c answers
         media open c agent
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         queue settle ben accepted
         fact talk c1 ben support
         media join a
         media join c
         > c ends
         fact talked c1 ben 0s held 0s
         media close c
         fact leg c ended normal-clearing
         queue release ben c1 support
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn an_ack_without_the_answer_it_owes_ends_the_call() {
    check(
        "> call 4008 no-offer
         fact arrived c1
         fact leg a started caller
         answer a (PCMU/PCMA/G722)
         media open a caller
         queue enqueue c1 support
         > a confirms silent
         hangup a not-acceptable
         media close a
         fact leg a ended not-acceptable
         queue withdraw c1 support Failed
         fact ended c1 failed not-acceptable",
    );
}
