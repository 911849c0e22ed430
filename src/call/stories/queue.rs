//! A caller from a trunk, a queue, an agent.

use crate::testing::{World, check, check_in, house};

#[test]
fn a_caller_waits_with_music_is_served_and_the_agent_hangs_up() {
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
         > b answers
         media open b agent
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         queue settle anna accepted
         fact talk c1 anna support
         media join a
         media join b
         > wait 90s
         > b ends
         fact talked c1 anna 90s held 0s
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
fn the_caller_hangs_up_in_conversation() {
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
         > wait 30s
         > a ends
         media close a
         fact leg a ended normal-clearing
         fact talked c1 anna 30s held 0s
         hangup b normal-clearing
         media close b
         fact leg b ended normal-clearing
         queue release anna c1 support
         fact ended c1 served normal-clearing
         > b ends",
    );
}

#[test]
fn without_media_the_same_call_carries_no_description() {
    check_in(
        World::new(house(), 0),
        "> call 4008
         fact arrived c1
         fact leg a started caller
         answer a
         fact leg a answered -
         queue enqueue c1 support
         > offer anna
         dial b 1001 as \"Lee · support\" <+8613800138000>
         fact leg b started anna
         > b rings
         fact leg b rings
         > b answers
         fact leg b answered -
         queue settle anna accepted
         fact talk c1 anna support
         > a ends
         fact leg a ended normal-clearing
         fact talked c1 anna 0s held 0s
         hangup b normal-clearing
         fact leg b ended normal-clearing
         queue release anna c1 support
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn a_caller_who_leaves_while_waiting_is_abandoned_and_rung_to_nobody() {
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
         > wait 20s
         > a ends
         media close a
         fact leg a ended normal-clearing
         queue withdraw c1 support Abandoned
         fact ended c1 abandoned normal-clearing
         > offer anna
         queue settle anna withdrawn",
    );
}

#[test]
fn a_caller_who_leaves_while_a_phone_rings_silences_the_phone_at_once() {
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
         > a ends
         media close a
         fact leg a ended normal-clearing
         queue withdraw c1 support Abandoned
         hangup b cancelled
         fact leg b ended cancelled
         queue settle anna withdrawn
         fact ended c1 abandoned normal-clearing
         > b answers",
    );
}

#[test]
fn an_answer_that_crosses_the_callers_bye_disturbs_nobody() {
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
         > a ends
         media close a
         fact leg a ended normal-clearing
         queue withdraw c1 support Abandoned
         hangup b cancelled
         fact leg b ended cancelled
         queue settle anna withdrawn
         fact ended c1 abandoned normal-clearing
         > b answers
         > b ends",
    );
}

#[test]
fn what_cannot_become_a_call_is_refused_before_it_is_a_contact() {
    check(
        "> call 5555
         reject a not-found
         fact refused not-found
         > call 4008 codecs G729
         reject b not-acceptable
         fact refused not-acceptable
         > call 4008 garbage
         reject c not-acceptable
         fact refused not-acceptable
         > drain on
         > call 4008
         reject d shutdown retry 5s
         fact refused shutdown
         > drain off
         > call 4008
         fact arrived c1
         fact leg e started caller
         answer e (PCMU)
         media open e caller
         media negotiate e pcmu SendRecv
         fact leg e answered pcmu
         media play e music/default repeat
         queue enqueue c1 support
         > a ends
         > e ends
         media close e
         fact leg e ended normal-clearing
         queue withdraw c1 support Abandoned
         fact ended c1 abandoned normal-clearing",
    );
}

#[test]
fn without_a_port_in_hand_there_is_no_half_made_call() {
    let mut world = World::new(house(), 1);
    world.use_up_ports(1);
    check_in(
        world,
        "> call 4008
         reject a no-media retry 5s
         fact refused no-media",
    );
}

#[test]
fn media_silence_ends_the_call_and_frees_the_agent() {
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
         > wait 40s
         > a silent
         hangup a media-timeout
         media close a
         fact leg a ended media-timeout
         fact talked c1 anna 40s held 0s
         hangup b media-timeout
         media close b
         fact leg b ended media-timeout
         queue release anna c1 support
         fact ended c1 served media-timeout",
    );
}

#[test]
fn a_leg_the_media_worker_gives_up_is_hung_up() {
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
         > b loses-media
         hangup b no-media
         fact talked c1 anna 0s held 0s
         fact leg b ended no-media
         queue release anna c1 support
         hangup a no-media
         media close a
         fact leg a ended no-media
         fact ended c1 served no-media
         > call 4008
         fact arrived c2
         fact leg c started caller
         answer c (PCMU)
         media open c caller
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         media play c music/default repeat
         queue enqueue c2 support
         > c loses-media
         hangup c no-media
         fact leg c ended no-media
         queue withdraw c2 support Failed
         fact ended c2 failed no-media",
    );
}

#[test]
fn a_person_may_hang_up_a_call_once() {
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
         > hang-up c1
         fact forced
         hangup a forced
         media close a
         fact leg a ended forced
         fact talked c1 anna 0s held 0s
         hangup b forced
         media close b
         fact leg b ended forced
         queue release anna c1 support
         reply ok
         fact ended c1 served forced
         > hang-up c1
         reply error",
    );
}

#[test]
fn shutdown_ends_every_call_with_its_reason() {
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
         > call 4008
         fact arrived c2
         fact leg c started caller
         answer c (PCMU)
         media open c caller
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         media play c music/default repeat
         queue enqueue c2 support
         > shutdown
         hangup a shutdown
         media close a
         fact leg a ended shutdown
         fact talked c1 anna 0s held 0s
         hangup b shutdown
         media close b
         fact leg b ended shutdown
         queue release anna c1 support
         queue withdraw c2 support Shutdown
         hangup c shutdown
         media close c
         fact leg c ended shutdown
         fact ended c1 served shutdown
         fact ended c2 shutdown shutdown
         > call 4008
         reject d shutdown retry 5s
         fact refused shutdown",
    );
}

#[test]
fn a_number_may_lead_to_one_agent_who_is_seized() {
    check(
        "> call 4001
         fact arrived c1
         fact leg a started caller
         180 a
         queue seize c1 anna
         > seized anna
         dial b 1001 as \"Lee\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg b started anna
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
         queue settle anna accepted
         fact talk c1 anna
         media join a
         media join b
         > b ends
         fact talked c1 anna 0s held 0s
         media close b
         fact leg b ended normal-clearing
         queue release anna c1
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         fact ended c1 served normal-clearing
         > call 4001
         fact arrived c2
         fact leg c started caller
         180 c
         queue seize c2 anna
         > seize-refused anna busy c2
         reject c busy
         fact leg c ended busy
         fact ended c2 rejected busy
         > call 4001
         fact arrived c3
         fact leg d started caller
         180 d
         queue seize c3 anna
         > seized anna c3
         dial e 1001 as \"Lee\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg e started anna
         > d ends
         fact leg d ended normal-clearing
         hangup e cancelled
         fact leg e ended cancelled
         queue settle anna withdrawn
         fact ended c3 abandoned normal-clearing
         > call 4001
         fact arrived c4
         fact leg f started caller
         180 f
         queue seize c4 anna
         > wait 4s
         reject f server-failure
         fact leg f ended server-failure
         fact ended c4 failed server-failure
         > seized anna c4
         queue settle anna withdrawn",
    );
}

#[test]
fn a_number_may_lead_to_an_announcement() {
    check(
        "> call 4002
         fact arrived c1
         fact leg a started caller
         answer a (PCMU)
         media open a caller
         media negotiate a pcmu SendRecv
         fact leg a answered pcmu
         media play a announcements/closed
         > a played
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         fact ended c1 flowed-out normal-clearing
         > call 4004
         fact arrived c2
         fact leg b started caller
         answer b (PCMU)
         media open b caller
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         hangup b normal-clearing
         media close b
         fact leg b ended normal-clearing
         fact ended c2 flowed-out normal-clearing
         > wait 1s
         > call 4002
         fact arrived c3
         fact leg c started caller
         answer c (PCMU)
         media open c caller
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         media play c announcements/closed
         > c ends
         media close c
         fact leg c ended normal-clearing
         fact ended c3 flowed-out normal-clearing
         > call 4002
         fact arrived c4
         fact leg d started caller
         answer d (PCMU)
         media open d caller
         media negotiate d pcmu SendRecv
         fact leg d answered pcmu
         media play d announcements/closed
         > wait 301s
         hangup d normal-clearing
         media close d
         fact leg d ended normal-clearing
         fact ended c4 flowed-out normal-clearing",
    );
}

#[test]
fn overflow_leads_on_and_keeps_the_first_enqueue_time() {
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
         > wait 30s
         > flow-out support queue:sales
         queue enqueue c1 sales
         > offer anna sales
         dial b 1001 as \"Lee · sales\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg b started anna
         > flow-out sales announcement:announcements/sorry
         hangup b cancelled
         fact leg b ended cancelled
         queue settle anna withdrawn
         media play a announcements/sorry
         > b refuses busy
         > a played
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         fact ended c1 flowed-out normal-clearing",
    );
}

#[test]
fn a_ring_of_overflow_rules_ends_in_an_apology() {
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
         > flow-out support queue:support
         queue enqueue c1 support
         > flow-out support queue:support
         queue enqueue c1 support
         > flow-out support queue:support
         queue enqueue c1 support
         > flow-out support queue:support
         queue enqueue c1 support
         > flow-out support queue:support
         queue enqueue c1 support
         > flow-out support queue:support
         queue enqueue c1 support
         > flow-out support queue:support
         queue enqueue c1 support
         > flow-out support queue:support
         queue enqueue c1 support
         > flow-out support queue:support
         queue enqueue c1 support
         > flow-out support queue:support
         media play a announcements/sorry
         > a played
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         fact ended c1 flowed-out normal-clearing",
    );
}
