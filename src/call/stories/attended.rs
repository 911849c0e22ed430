//! Attended transfers, and INVITEs that take a party's place.

use crate::testing::check;

#[test]
fn an_attended_transfer_joins_the_two_calls_into_the_customers() {
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
         > wait 10s
         > b holds
         re-answer b (PCMU recvonly)
         media negotiate b pcmu RecvOnly
         fact held by anna
         media leave a
         media play a music/default repeat
         > call 1002 from 1001/anna
         fact arrived c2
         fact leg c started anna
         queue occupy c2 anna
         180 c
         queue seize c2 ben
         > seized ben c2
         dial d 1002 as \"Lee\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg d started ben
         > d answers
         media open d agent
         media negotiate d pcmu SendRecv
         fact leg d answered pcmu
         answer c (PCMU)
         media open c caller
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         queue settle ben accepted
         fact talk c2 anna
         fact talk c2 ben
         media join c
         media join d
         > wait 5s
         > b refers leg c
         refer-reply b accepted
         refer-progress b 200
         media stop-recording c1
         fact transferred c1 from anna to agent:ben Attended
         fact merged c2 into c1
         fact talked c2 ben 5s held 0s
         media move d c1
         queue occupy c1 ben
         queue release ben c2
         fact talked c1 anna 10s held 5s
         hangup b transferred
         media close b
         fact leg b ended transferred
         queue release anna c1 recorded
         fact talked c2 anna 5s held 0s
         hangup c transferred
         media close c
         fact leg c ended transferred
         queue release anna c2
         fact talk c1 ben recorded
         media join a
         media record c1 0000000100000001-20231114T221335000Z-2
         fact recording 0000000100000001-20231114T221335000Z-2
         fact recorded 0000000100000001-20231114T221320000Z
         fact ended c2 served transferred
         > wait 20s
         > a ends
         media stop-recording c1
         media close a
         fact leg a ended normal-clearing
         fact talked c1 ben 20s held 0s
         hangup d normal-clearing
         media close d
         fact leg d ended normal-clearing
         queue release ben c1
         fact recorded 0000000100000001-20231114T221335000Z-2
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn a_consultation_with_a_number_is_joined_the_same_way_also_when_asked_the_other_way_round() {
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
         > b holds
         re-answer b (PCMU recvonly)
         media negotiate b pcmu RecvOnly
         fact held by anna
         media leave a
         media play a music/default repeat
         > call 013900 from 1001/anna
         fact arrived c2
         fact leg c started anna
         queue occupy c2 anna
         dial d +8613900@carrier as \"\" <4008> (PCMU/PCMA/G722)
         fact leg d started trunk carrier
         > d answers
         media open d caller
         media negotiate d pcmu SendRecv
         fact leg d answered pcmu
         answer c (PCMU)
         media open c agent
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         fact talk c2 anna
         media join c
         media join d
         > c refers leg b
         refer-reply c accepted
         refer-progress c 200
         fact transferred c1 from anna to number Attended
         fact merged c2 into c1
         media move d c1
         media role d agent
         fact talked c2 anna 0s held 0s
         hangup c transferred
         media close c
         fact leg c ended transferred
         queue release anna c2
         fact talked c1 anna 0s held 0s
         hangup b transferred
         media close b
         fact leg b ended transferred
         queue release anna c1 support
         media join a
         fact ended c2 served transferred
         > wait 20s
         > d ends
         media close d
         fact leg d ended normal-clearing
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn strangers_calls_cannot_be_joined() {
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
         > offer ben c2
         dial d 1002 as \"Lee · support\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg d started ben
         > d answers
         media open d agent
         media negotiate d pcmu SendRecv
         fact leg d answered pcmu
         queue settle ben accepted
         fact talk c2 ben support
         media join c
         media join d
         > b refers leg d
         refer-reply b forbidden
         > b refers leg b
         refer-reply b forbidden
         > a ends
         media close a
         fact leg a ended normal-clearing
         fact talked c1 anna 0s held 0s
         hangup b normal-clearing
         media close b
         fact leg b ended normal-clearing
         queue release anna c1 support
         fact ended c1 served normal-clearing
         > c ends
         media close c
         fact leg c ended normal-clearing
         fact talked c2 ben 0s held 0s
         hangup d normal-clearing
         media close d
         fact leg d ended normal-clearing
         queue release ben c2 support
         fact ended c2 served normal-clearing",
    );
}

#[test]
fn a_consultation_that_outlives_the_call_keeps_the_agent_busy() {
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
         > b holds
         re-answer b (PCMU recvonly)
         media negotiate b pcmu RecvOnly
         fact held by anna
         media leave a
         media play a music/default repeat
         > call 1002 from 1001/anna
         fact arrived c2
         fact leg c started anna
         queue occupy c2 anna
         180 c
         queue seize c2 ben
         > seized ben c2
         dial d 1002 as \"Lee\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg d started ben
         > d answers
         media open d agent
         media negotiate d pcmu SendRecv
         fact leg d answered pcmu
         answer c (PCMU)
         media open c caller
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         queue settle ben accepted
         fact talk c2 anna
         fact talk c2 ben
         media join c
         media join d
         > a ends
         media close a
         fact leg a ended normal-clearing
         fact talked c1 anna 0s held 0s
         hangup b normal-clearing
         media close b
         fact leg b ended normal-clearing
         queue release anna c1 support
         fact ended c1 served normal-clearing
         > wait 5s
         > d ends
         fact talked c2 ben 5s held 0s
         media close d
         fact leg d ended normal-clearing
         queue release ben c2
         fact talked c2 anna 5s held 0s
         hangup c normal-clearing
         media close c
         fact leg c ended normal-clearing
         queue release anna c2
         fact ended c2 served normal-clearing",
    );
}

#[test]
fn an_invite_with_replaces_takes_a_partys_place() {
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
         > call x from 1002/ben replaces b
         fact leg c started ben
         answer c (PCMU)
         media open c agent
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         queue occupy c1 ben
         fact transferred c1 from anna to agent:ben Attended
         fact talked c1 anna 0s held 0s
         hangup b transferred
         media close b
         fact leg b ended transferred
         queue release anna c1 support
         fact talk c1 ben support
         media join c
         > wait 9s
         > a ends
         media close a
         fact leg a ended normal-clearing
         fact talked c1 ben 9s held 0s
         hangup c normal-clearing
         media close c
         fact leg c ended normal-clearing
         queue release ben c1
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn replaces_of_what_is_not_a_talk_is_refused() {
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
         > call x from 1002/ben replaces a
         reject b not-found
         fact refused not-found
         > offer anna
         dial c 1001 as \"Lee · support\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg c started anna
         > c answers
         media open c agent
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         queue settle anna accepted
         fact talk c1 anna support
         media join a
         media join c
         > c ends
         fact talked c1 anna 0s held 0s
         media close c
         fact leg c ended normal-clearing
         queue release anna c1 support
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn a_trunk_may_not_replace_an_agent() {
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
         > call x replaces b
         reject c forbidden
         fact refused forbidden
         > call x replaces a
         fact leg d started caller
         answer d (PCMU)
         media open d caller
         media negotiate d pcmu SendRecv
         fact leg d answered pcmu
         hangup a transferred
         media close a
         fact leg a ended transferred
         media join d
         > b ends
         fact talked c1 anna 0s held 0s
         media close b
         fact leg b ended normal-clearing
         queue release anna c1 support
         hangup d normal-clearing
         media close d
         fact leg d ended normal-clearing
         fact ended c1 served normal-clearing",
    );
}

/// Anna talks with a caller of support and calls `dials` beside it; then what the next steps make of it.
fn consults(dials: &str, steps: &[&str]) -> String {
    let mut world = crate::testing::World::new(crate::testing::house(), 1);
    for step in ["call 4008", "offer anna", "b answers", "b holds", dials] {
        world.step(step);
    }
    let mut said = String::new();
    for step in steps {
        world.said.clear();
        world.step(step);
        said += &format!("> {step}\n{}\n", world.said.join("\n"));
    }
    world.step("a ends");
    world.check_books();
    said
}

#[track_caller]
fn assert_story(said: &str, wanted: &str) {
    let wanted: String = wanted.lines().map(|l| format!("{}\n", l.trim())).collect();
    assert!(said == wanted, "as it went:\n{said}\nas it should have gone:\n{wanted}");
}

#[test]
fn a_transfer_to_a_colleague_who_still_rings_sends_the_caller_there() {
    let said = consults(
        "call 1002 from 1001/anna",
        &["seized ben c2", "d rings", "b refers leg c", "seized ben c1", "e answers"],
    );
    assert_story(
        &said,
        "> seized ben c2
         dial d 1002 as \"Lee\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg d started ben
         > d rings
         fact leg d rings
         > b refers leg c
         fact merged c2 into c1
         hangup d cancelled
         fact leg d ended cancelled
         queue settle ben withdrawn
         reject c cancelled
         fact leg c ended cancelled
         queue release anna c2
         fact ended c2 abandoned cancelled
         refer-reply b accepted
         media leave b
         queue seize c1 ben
         > seized ben c1
         dial e 1002 as \"Lee\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg e started ben
         > e answers
         media open e agent
         media negotiate e pcmu SendRecv
         fact leg e answered pcmu
         queue settle ben accepted
         fact talk c1 ben support
         media join a
         media join e
         fact transferred c1 from anna to agent:ben Blind
         refer-progress b 200
         fact talked c1 anna 0s held 0s
         hangup b transferred
         media close b
         fact leg b ended transferred
         queue release anna c1 support",
    );
}

#[test]
fn a_transfer_to_a_colleague_who_then_declines_gives_the_caller_back() {
    let said =
        consults("call 1002 from 1001/anna", &["seized ben c2", "b refers leg c", "seized ben c1", "e refuses busy"]);
    assert_story(
        &said,
        "> seized ben c2
         dial d 1002 as \"Lee\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg d started ben
         > b refers leg c
         fact merged c2 into c1
         hangup d cancelled
         fact leg d ended cancelled
         queue settle ben withdrawn
         reject c cancelled
         fact leg c ended cancelled
         queue release anna c2
         fact ended c2 abandoned cancelled
         refer-reply b accepted
         media leave b
         queue seize c1 ben
         > seized ben c1
         dial e 1002 as \"Lee\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg e started ben
         > e refuses busy
         fact leg e ended busy
         queue settle ben rejected
         fact transfer by anna failed busy
         refer-progress b 486
         media join b",
    );
}

#[test]
fn a_transfer_to_a_queue_that_was_only_asked_puts_the_caller_into_it() {
    let said = consults("call sales from 1001/anna", &["b refers leg c"]);
    assert_story(
        &said,
        "> b refers leg c
         fact merged c2 into c1
         queue withdraw c2 sales Abandoned
         reject c cancelled
         media close c
         fact leg c ended cancelled
         queue release anna c2
         refer-reply b accepted
         media leave b
         fact transferred c1 from anna to queue:sales Blind
         refer-progress b 200
         fact talked c1 anna 0s held 0s
         hangup b transferred
         media close b
         fact leg b ended transferred
         queue release anna c1 support
         queue enqueue c1 sales
         fact ended c2 abandoned cancelled",
    );
}
