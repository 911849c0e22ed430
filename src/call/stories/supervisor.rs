//! Listen, whisper, barge, take over.

use crate::testing::{World, check, house};
use model::{QueueId, Supervises};

#[test]
fn a_supervisor_listens_changes_mode_by_key_and_leaves() {
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
         > call *311001 from 1003/carol
         fact arrived c2
         fact leg c started supervisor carol
         queue occupy c2 carol
         answer c (PCMU)
         media open c supervisor-listen in c1
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         fact supervisor carol listen c1 on anna
         media join c
         media play c agent/listening
         > c played
         > c presses 2
         media role c supervisor-whisper
         fact supervisor carol whisper c1 on anna
         media play c agent/whispering
         > c presses 3
         media role c supervisor-barge
         fact supervisor carol barge c1 on anna
         media play c agent/barging
         > c presses 3
         > c presses 1
         media role c supervisor-listen
         fact supervisor carol listen c1 on anna
         media play c agent/listening
         > c ends
         media close c
         fact leg c ended normal-clearing
         queue release carol c2
         fact supervisor carol left c1
         fact ended c2 served normal-clearing
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
fn a_supervisor_takes_the_call_over_and_the_agent_is_released() {
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
         > wait 30s
         > call *321001 from 1003/carol
         fact arrived c2
         fact leg c started supervisor carol
         queue occupy c2 carol
         answer c (PCMU)
         media open c supervisor-whisper in c1
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         fact supervisor carol whisper c1 on anna
         media join c
         media play c agent/whispering
         > c presses 4
         fact supervisor carol left c1
         fact transferred c1 from anna to agent:carol TakeOver
         fact merged c2 into c1
         queue occupy c1 carol
         queue release carol c2
         media role c agent
         fact talked c1 anna 30s held 0s
         hangup b transferred
         media close b
         fact leg b ended transferred
         queue release anna c1 recorded
         fact talk c1 carol recorded
         media play c agent/taken-over
         fact ended c2 served transferred
         > wait 15s
         > a ends
         media stop-recording c1
         media close a
         fact leg a ended normal-clearing
         fact talked c1 carol 15s held 0s
         hangup c normal-clearing
         media close c
         fact leg c ended normal-clearing
         queue release carol c1
         fact recorded 0000000100000001-20231114T221320000Z
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn a_call_is_taken_over_by_code_alone() {
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
         > call *341001 from 1003/carol
         fact arrived c2
         fact leg c started supervisor carol
         queue occupy c2 carol
         answer c (PCMU)
         media open c supervisor-listen in c1
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         fact transferred c1 from anna to agent:carol TakeOver
         fact merged c2 into c1
         queue occupy c1 carol
         queue release carol c2
         media role c agent
         fact talked c1 anna 0s held 0s
         hangup b transferred
         media close b
         fact leg b ended transferred
         queue release anna c1 support
         fact talk c1 carol support
         media join c
         media play c agent/taken-over
         fact ended c2 served transferred
         > c ends
         fact talked c1 carol 0s held 0s
         media close c
         fact leg c ended normal-clearing
         queue release carol c1
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn who_listens_is_done_when_the_call_ends() {
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
         > call *331001 from 1003/carol
         fact arrived c2
         fact leg c started supervisor carol
         queue occupy c2 carol
         answer c (PCMU)
         media open c supervisor-barge in c1
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         fact supervisor carol barge c1 on anna
         media join c
         media play c agent/barging
         > call *311001 from 1004/dave
         fact arrived c3
         fact leg d started supervisor dave
         queue occupy c3 dave
         answer d (PCMU)
         media open d supervisor-listen in c1
         media negotiate d pcmu SendRecv
         fact leg d answered pcmu
         fact supervisor dave listen c1 on anna
         media join d
         media play d agent/listening
         > b ends
         fact talked c1 anna 0s held 0s
         media close b
         fact leg b ended normal-clearing
         queue release anna c1 support
         fact supervisor carol left c1
         hangup c normal-clearing
         media close c
         fact leg c ended normal-clearing
         queue release carol c2
         fact supervisor dave left c1
         hangup d normal-clearing
         media close d
         fact leg d ended normal-clearing
         queue release dave c3
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         fact ended c2 served normal-clearing
         fact ended c3 served normal-clearing
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn who_listens_is_done_when_the_agent_has_transferred_the_caller() {
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
         > call *311001 from 1003/carol
         fact arrived c2
         fact leg c started supervisor carol
         queue occupy c2 carol
         answer c (PCMU)
         media open c supervisor-listen in c1
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         fact supervisor carol listen c1 on anna
         media join c
         media play c agent/listening
         > b refers sales
         refer-reply b accepted
         media leave b
         fact transferred c1 from anna to queue:sales Blind
         refer-progress b 200
         fact talked c1 anna 0s held 0s
         hangup b transferred
         media close b
         fact leg b ended transferred
         queue release anna c1 support
         fact supervisor carol left c1
         hangup c normal-clearing
         media close c
         fact leg c ended normal-clearing
         queue release carol c2
         media leave a
         media play a music/default repeat
         queue enqueue c1 sales
         fact ended c2 served normal-clearing
         > a ends
         media close a
         fact leg a ended normal-clearing
         queue withdraw c1 sales Abandoned
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn there_must_be_somebody_to_listen_to_and_somebody_who_listens() {
    check(
        "> call *311001 from 1003
         fact arrived c1
         fact leg a started phone 1003
         answer a (PCMU)
         media open a caller
         media negotiate a pcmu SendRecv
         fact leg a answered pcmu
         media play a agent/not-signed-on
         > a played
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         fact ended c1 feature-code normal-clearing
         > call *319999 from 1003/carol
         fact arrived c2
         fact leg b started supervisor carol
         queue occupy c2 carol
         answer b (PCMU)
         media open b caller
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         media play b agent/no-such-agent
         > b played
         hangup b normal-clearing
         media close b
         fact leg b ended normal-clearing
         queue release carol c2
         fact ended c2 feature-code normal-clearing
         > call *311001 from 1003/carol
         fact arrived c3
         fact leg c started supervisor carol
         queue occupy c3 carol
         answer c (PCMU)
         media open c caller
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         media play c agent/agent-not-in-call
         > c played
         hangup c normal-clearing
         media close c
         fact leg c ended normal-clearing
         queue release carol c3
         fact ended c3 feature-code normal-clearing
         > call 1002 from 1001/anna
         fact arrived c4
         fact leg d started anna
         queue occupy c4 anna
         180 d
         queue seize c4 ben
         > seized ben c4
         dial e 1002 as \"Lee\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg e started ben
         > e answers
         media open e agent
         media negotiate e pcmu SendRecv
         fact leg e answered pcmu
         answer d (PCMU)
         media open d caller
         media negotiate d pcmu SendRecv
         fact leg d answered pcmu
         queue settle ben accepted
         fact talk c4 anna
         fact talk c4 ben
         media join d
         media join e
         > call *311001 from 1001/anna
         fact arrived c5
         fact leg f started supervisor anna
         queue occupy c5 anna
         answer f (PCMU)
         media open f caller
         media negotiate f pcmu SendRecv
         fact leg f answered pcmu
         media play f agent/not-allowed
         > wait 1s
         > d ends
         fact talked c4 anna 1s held 0s
         media close d
         fact leg d ended normal-clearing
         queue release anna c4
         fact talked c4 ben 1s held 0s
         hangup e normal-clearing
         media close e
         fact leg e ended normal-clearing
         queue release ben c4
         fact ended c4 served normal-clearing",
    );
}

/// A served call of support, and what comes of a code dialled beside it.
fn beside_a_talk(number: &str, dials: &str) -> String {
    let mut directory = house();
    directory.agents[1].supervises = Supervises::Queues(vec![QueueId(0)]);
    directory.agents[3].supervises = Supervises::Nobody;
    let mut world = World::new(directory, 1);
    world.step(&format!("call {number}"));
    if number == "4007" {
        world.step("a played");
    }
    world.step(if number == "4007" { "offer anna recorded" } else { "offer anna" });
    world.step("b answers");
    world.said.clear();
    world.step(dials);
    let said = world.said.join("; ");
    world.step("a ends");
    said
}

#[test]
fn who_was_not_made_a_supervisor_gets_403_and_leaves_a_fact() {
    for code in ["*31", "*32", "*33", "*34"] {
        let said = beside_a_talk("4008", &format!("call {code}1001 from 1004/dave"));
        assert_eq!(said, "reject c forbidden; fact refused forbidden", "{code}");
    }
    let said = beside_a_talk("4008", "call *311002 from 1004/dave");
    assert_eq!(said, "reject c forbidden; fact refused forbidden", "nor does he learn who is in no call");
}

#[test]
fn a_supervisor_of_one_queue_hears_the_talks_of_that_queue_alone() {
    assert!(beside_a_talk("4008", "call *311001 from 1002/ben").contains("fact supervisor ben listen c1 on anna"));
    let said = beside_a_talk("4007", "call *311001 from 1002/ben");
    assert_eq!(said, "reject c forbidden; fact refused forbidden");
    assert!(beside_a_talk("4007", "call *311001 from 1003/carol").contains("fact supervisor carol listen c1 on anna"));
}

#[test]
fn who_listens_to_a_consultation_is_done_when_it_is_joined_into_the_customers_call() {
    let mut world = World::new(house(), 1);
    world.steps("call 4008\noffer anna\nb answers\nb holds\ncall 1002 from 1001/anna\nseized ben c2\nd answers");
    world.steps("call *311002 from 1003/carol\ne played");
    assert!(world.said.contains(&"fact supervisor carol listen c2 on ben".to_owned()), "{:?}", world.said);
    world.step("b refers leg c");
    let at = |line: &str| world.said.iter().position(|said| said == line).unwrap_or_else(|| panic!("{line}"));
    assert!(at("fact supervisor carol left c2") < at("fact ended c2 served transferred"));
    world.step("a ends");
    world.check_books();
}
