//! Blind transfers by the agent's phone.

use crate::testing::check;

#[test]
fn a_blind_transfer_to_a_colleague_splits_the_talk() {
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
         > b holds
         re-answer b (PCMU recvonly)
         media negotiate b pcmu RecvOnly
         fact held by anna
         media leave a
         media play a music/default repeat
         > b refers 1002
         refer-reply b accepted
         media leave b
         queue seize c1 ben
         > seized ben
         dial c 1002 as \"Lee\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg c started ben
         > c rings
         fact leg c rings
         > wait 4s
         > c answers
         media open c agent
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         queue settle ben accepted
         fact talk c1 ben support
         media join a
         media join c
         fact transferred c1 from anna to agent:ben Blind
         refer-progress b 200
         fact talked c1 anna 30s held 4s
         hangup b transferred
         media close b
         fact leg b ended transferred
         queue release anna c1 support
         > wait 10s
         > a ends
         media close a
         fact leg a ended normal-clearing
         fact talked c1 ben 10s held 0s
         hangup c normal-clearing
         media close c
         fact leg c ended normal-clearing
         queue release ben c1
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn a_blind_transfer_goes_on_when_the_agent_hangs_up_after_his_refer() {
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
         > b refers 1002
         refer-reply b accepted
         media leave b
         media leave a
         media play a music/default repeat
         queue seize c1 ben
         > b ends
         fact talked c1 anna 0s held 0s
         media close b
         fact leg b ended normal-clearing
         queue release anna c1 support
         > seized ben
         dial c 1002 as \"Lee\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg c started ben
         > c answers
         media open c agent
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         queue settle ben accepted
         fact talk c1 ben support
         media join a
         media join c
         fact transferred c1 from anna to agent:ben Blind
         > c ends
         fact talked c1 ben 0s held 0s
         media close c
         fact leg c ended normal-clearing
         queue release ben c1
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn a_failed_transfer_gives_the_caller_back_and_the_recording_resumes() {
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
         > wait 5s
         > b refers 1002
         refer-reply b accepted
         media stop-recording c1
         media leave b
         media leave a
         media play a music/default repeat
         queue seize c1 ben
         fact recorded 0000000100000001-20231114T221320000Z
         > seized ben
         dial c 1002 as \"Lee\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg c started ben
         > c rings
         fact leg c rings
         > c refuses busy
         fact leg c ended busy
         queue settle ben rejected
         fact transfer by anna failed busy
         refer-progress b 486
         media join a
         media join b
         media record c1 0000000100000001-20231114T221325000Z-2
         fact recording 0000000100000001-20231114T221325000Z-2
         > wait 7s
         > a ends
         media stop-recording c1
         media close a
         fact leg a ended normal-clearing
         fact talked c1 anna 12s held 0s
         hangup b normal-clearing
         media close b
         fact leg b ended normal-clearing
         queue release anna c1 recorded
         fact recorded 0000000100000001-20231114T221325000Z-2
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn a_transfer_to_a_busy_colleague_comes_back() {
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
         > b refers 1002
         refer-reply b accepted
         media leave b
         media leave a
         media play a music/default repeat
         queue seize c1 ben
         > seize-refused ben busy
         fact transfer by anna failed busy
         refer-progress b 486
         media join a
         media join b
         > b ends
         fact talked c1 anna 0s held 0s
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
fn a_transfer_that_fails_after_the_agent_has_gone_returns_the_caller_to_his_queue() {
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
         > b refers 1002
         refer-reply b accepted
         media leave b
         media leave a
         media play a music/default repeat
         queue seize c1 ben
         > b ends
         fact talked c1 anna 0s held 0s
         media close b
         fact leg b ended normal-clearing
         queue release anna c1 support
         > seize-refused ben busy
         fact transfer by anna failed busy
         queue enqueue c1 support
         > offer carol
         dial c 1003 as \"Lee · support\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg c started carol
         > c answers
         media open c agent
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         queue settle carol accepted
         fact talk c1 carol support
         media join a
         media join c
         > a ends
         media close a
         fact leg a ended normal-clearing
         fact talked c1 carol 0s held 0s
         hangup c normal-clearing
         media close c
         fact leg c ended normal-clearing
         queue release carol c1 support
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn a_transfer_to_a_queue_is_done_at_once_and_the_agent_is_free() {
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
         > wait 10s
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
         > wait 20s
         > b refers sales
         refer-reply b accepted
         media leave b
         fact transferred c1 from anna to queue:sales Blind
         refer-progress b 200
         fact talked c1 anna 20s held 0s
         hangup b transferred
         media close b
         fact leg b ended transferred
         queue release anna c1 support
         media leave a
         media play a music/default repeat
         queue enqueue c1 sales
         > offer ben sales
         dial c 1002 as \"Lee · sales\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg c started ben
         > c answers
         media open c agent
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         queue settle ben accepted
         fact talk c1 ben sales
         media join a
         media join c
         > c ends
         fact talked c1 ben 0s held 0s
         media close c
         fact leg c ended normal-clearing
         queue release ben c1 sales
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn a_transfer_to_a_number_obeys_the_agents_class() {
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
         > b refers +4420
         refer-reply b forbidden
         > b refers *13
         refer-reply b forbidden
         > b refers 1001
         refer-reply b forbidden
         > b refers nowhere
         refer-reply b not-found
         > b refers 013900
         refer-reply b accepted
         media leave b
         media leave a
         media play a music/default repeat
         dial c +8613900@carrier as \"\" <4008> (PCMU/PCMA/G722)
         fact leg c started trunk carrier
         > c rings
         fact leg c rings
         > c answers
         media open c agent
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         media join a
         media join c
         fact transferred c1 from anna to number Blind
         refer-progress b 200
         fact talked c1 anna 0s held 0s
         hangup b transferred
         media close b
         fact leg b ended transferred
         queue release anna c1 support
         > a ends
         media close a
         fact leg a ended normal-clearing
         hangup c normal-clearing
         media close c
         fact leg c ended normal-clearing
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn nobody_from_outside_may_transfer() {
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
         > a refers 013900
         refer-reply a forbidden
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
fn an_outward_call_is_transferred_with_its_far_side() {
    check(
        "> call 013900 from 1001/anna
         fact arrived c1
         fact leg a started anna
         queue occupy c1 anna
         dial b +8613900@carrier as \"\" <4008> (PCMU/PCMA/G722)
         fact leg b started trunk carrier
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
         > a refers 1002
         refer-reply a accepted
         media leave a
         media leave b
         media play b music/default repeat
         queue seize c1 ben
         > seized ben
         dial c 1002 as \"\" <+8613900> (PCMU/PCMA/G722)
         fact leg c started ben
         > c answers
         media open c agent
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         queue settle ben accepted
         fact talk c1 ben
         media join b
         media join c
         fact transferred c1 from anna to agent:ben Blind
         refer-progress a 200
         fact talked c1 anna 0s held 0s
         hangup a transferred
         media close a
         fact leg a ended transferred
         queue release anna c1
         > b ends
         media close b
         fact leg b ended normal-clearing
         fact talked c1 ben 0s held 0s
         hangup c normal-clearing
         media close c
         fact leg c ended normal-clearing
         queue release ben c1
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn a_caller_who_leaves_during_a_transfer_ends_everything() {
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
         > b refers 1002
         refer-reply b accepted
         media leave b
         media leave a
         media play a music/default repeat
         queue seize c1 ben
         > seized ben
         dial c 1002 as \"Lee\" <+8613800138000> (PCMU/PCMA/G722)
         fact leg c started ben
         > a ends
         media close a
         fact leg a ended normal-clearing
         hangup c cancelled
         fact leg c ended cancelled
         queue settle ben withdrawn
         fact talked c1 anna 0s held 0s
         hangup b normal-clearing
         media close b
         fact leg b ended normal-clearing
         queue release anna c1 support
         fact ended c1 served normal-clearing",
    );
}
