//! Two sides who must not miss each other: each publishes, then looks, and at least one sees the other.

use super::*;

/// A contact is inserted while an agent is: each publishes, then looks. `true`: saw the other.
fn contact_and_agent(publish_contact: fn(&Board), publish_agent: fn(&Board)) {
    check(move || {
        let board = board();
        let contact_side = move |b: &Board| {
            publish_contact(b);
            b.seat(A).0 == Seat::Ready
        };
        let agent_side = move |b: &Board| {
            publish_agent(b);
            b.head(Q) != HeadKey::NONE
        };
        let (agent_seen, contact_seen) = race(&board, contact_side, agent_side);
        assert!(agent_seen || contact_seen, "a wake-up is lost");
    });
}

fn unfenced_contact(b: &Board) {
    b.queues[0].head.store(head().to_word(), Ordering::Release);
}

#[test]
fn a_contact_and_an_agent_who_come_together_meet() {
    contact_and_agent(
        |b| b.show_line(Q, head(), 1, None),
        |b| {
            b.free_agent(A);
        },
    );
}

#[test]
#[should_panic(expected = "a wake-up is lost")]
fn broken_without_the_agents_fence_they_miss_each_other() {
    contact_and_agent(|b| b.show_line(Q, head(), 1, None), unfenced_agent);
}

#[test]
#[should_panic(expected = "a wake-up is lost")]
fn broken_without_the_contacts_fence_they_miss_each_other() {
    contact_and_agent(unfenced_contact, |b| {
        b.free_agent(A);
    });
}

/// A claimed agent is given back while a contact comes for whom he would be right: the undo is an insert too.
fn contact_and_undo(undo: fn(&Board, u32)) {
    check(move || {
        let board = board();
        let epoch = board.free_agent(A);
        assert!(board.claim_agent(A, epoch));
        let contact_side = move |b: &Board| {
            b.show_line(Q, head(), 1, None);
            b.seat(A).0 == Seat::Ready
        };
        let undo_side = move |b: &Board| {
            undo(b, epoch);
            b.head(Q) != HeadKey::NONE
        };
        let (agent_seen, contact_seen) = race(&board, contact_side, undo_side);
        assert!(agent_seen || contact_seen, "a wake-up is lost");
    });
}

#[test]
fn an_undo_counts_as_an_insert() {
    contact_and_undo(|b, epoch| {
        b.undo_agent(A, epoch);
    });
}

#[test]
#[should_panic(expected = "a wake-up is lost")]
fn broken_undo_without_a_fence_is_not_seen() {
    contact_and_undo(|b, epoch| {
        let (from, to) = (seat_word(Seat::Reserved, epoch), seat_word(Seat::Ready, epoch.wrapping_add(1)));
        b.step_seat(A, from, to);
    });
}

/// A reload gives a ready agent a queue while a contact comes into it: his renewal is an insert there.
fn contact_and_renewal(renew: fn(&Board)) {
    check(move || {
        let board = board();
        let before = board.free_agent(A);
        let contact_side = move |b: &Board| {
            b.show_line(Q, head(), 1, None);
            b.seat(A) == (Seat::Ready, before.wrapping_add(1))
        };
        let renewal_side = move |b: &Board| {
            renew(b);
            b.head(Q) != HeadKey::NONE
        };
        let (agent_seen, contact_seen) = race(&board, contact_side, renewal_side);
        assert!(agent_seen || contact_seen, "a wake-up is lost");
    });
}

#[test]
fn a_renewal_counts_as_an_insert() {
    contact_and_renewal(|b| {
        b.renew_agent(A);
    });
}

#[test]
#[should_panic(expected = "a wake-up is lost")]
fn broken_renewal_without_a_fence_is_not_seen() {
    contact_and_renewal(|b| {
        let epoch = b.seat(A).1;
        b.step_seat(A, seat_word(Seat::Ready, epoch), seat_word(Seat::Ready, epoch.wrapping_add(1)));
    });
}

/// A queue he served before claims him while the reload renews him.
fn claim_and_renewal(renew: fn(&Board) -> bool) {
    check(move || {
        let board = board();
        let epoch = board.free_agent(A);
        let (claimed, renewed) = race(&board, move |b| b.claim_agent(A, epoch), move |b| renew(b));
        assert!(claimed != renewed, "either claimed or renewed");
    });
}

#[test]
fn a_claim_and_a_renewal_agree_who_was_first() {
    claim_and_renewal(|b| b.renew_agent(A).is_some());
}

#[test]
#[should_panic(expected = "either claimed or renewed")]
fn broken_renewal_overwrites_the_claim() {
    claim_and_renewal(|b| {
        let (seat, epoch) = b.seat(A);
        let next = seat_word(Seat::Ready, epoch.wrapping_add(1));
        look_then_write(&b.agents[0].claim, seat_word(seat, epoch), next) && seat == Seat::Ready
    });
}

/// A contact comes to wait while an agent becomes ready. Each side publishes, looks at the other's word, and takes the
/// other if it can.
fn waiting_and_agent(before: fn(&Board) -> u32, insert: fn(&Board, u32) -> u32) {
    check(move || {
        let board = board();
        let was = before(&board);
        let contact_side = move |b: &Board| {
            let contact = insert(b, was);
            let (seat, epoch) = b.seat(A);
            seat == Seat::Ready && b.claim_agent(A, epoch) && b.claim_contact(0, contact)
        };
        let agent_side = move |b: &Board| {
            let epoch = b.free_agent(A);
            let (place, contact) = b.place(0);
            place == Place::Waiting && b.claim_agent(A, epoch) && b.claim_contact(0, contact)
        };
        let (found, taken) = race(&board, contact_side, agent_side);
        assert!(found || taken, "he is ready and somebody waits");
    });
}

#[test]
fn a_new_contact_and_an_agent_take_each_other() {
    waiting_and_agent(|_| 0, |b, _| b.open_contact(0));
}

#[test]
#[should_panic(expected = "he is ready and somebody waits")]
fn broken_new_contact_without_a_fence_is_not_seen() {
    let open = |b: &Board, was: u32| {
        b.contacts[0].store(place_word(Place::Waiting, was + 1), Ordering::Release);
        was + 1
    };
    waiting_and_agent(|_| 0, open);
}

/// What another agent did not answer.
fn offered(b: &Board) -> u32 {
    let contact = b.open_contact(0);
    assert!(b.claim_contact(0, contact), "it is offered");
    contact
}

#[test]
fn a_failed_offer_counts_as_an_insert() {
    waiting_and_agent(offered, |b, was| b.return_contact(0, was).expect("only its home gives it back"));
}

#[test]
#[should_panic(expected = "he is ready and somebody waits")]
fn broken_return_without_a_fence_is_not_seen() {
    let give_back = |b: &Board, was: u32| {
        b.step_place(0, place_word(Place::Offered, was), place_word(Place::Waiting, was + 1));
        was + 1
    };
    waiting_and_agent(offered, give_back);
}

/// The last agent signs off while a contact comes: one of them must see that nobody is there for it. `leave` says
/// whether somebody waits, `alone` whether nobody is there.
fn last_agent_and_contact(leave: fn(&Board) -> bool, alone: fn(&Board) -> bool) {
    check(move || {
        let board = board();
        board.count_staff(Q, 1, 1);
        board.count_present(Q, 1, 1);
        board.show_agent(A, AgentState::Ready, None, Utc::from_micros(0));
        let contact_side = move |b: &Board| {
            b.show_line(Q, head(), 1, None);
            alone(b)
        };
        let (alone, left_behind) = race(&board, contact_side, move |b| leave(b));
        assert!(alone || left_behind, "a caller waits for nobody");
    });
}

#[test]
fn the_last_agent_and_a_new_contact_see_each_other() {
    let leave = |b: &Board| {
        b.count_staff(Q, -1, -1);
        b.queue_waiting(Q) > 0
    };
    last_agent_and_contact(leave, |b| b.queue_signed_on(Q) == 0);
}

#[test]
#[should_panic(expected = "a caller waits for nobody")]
fn broken_count_without_a_fence_leaves_a_caller_alone() {
    let leave = |b: &Board| {
        b.queues[0].signed_on.fetch_add(-1i64 as u64, Ordering::AcqRel);
        b.queue_waiting(Q) > 0
    };
    last_agent_and_contact(leave, |b| b.queue_signed_on(Q) == 0);
}

#[test]
fn the_last_who_counts_as_there_and_a_new_contact_see_each_other() {
    let leave = |b: &Board| {
        b.count_present(Q, -1, -1);
        b.queue_waiting(Q) > 0
    };
    last_agent_and_contact(leave, |b| b.queue_present(Q).1 == 0);
}

#[test]
#[should_panic(expected = "a caller waits for nobody")]
fn broken_count_of_who_is_there_without_a_fence_leaves_a_caller_alone() {
    let leave = |b: &Board| {
        b.queues[0].stays.fetch_add(-1i64 as u64, Ordering::AcqRel);
        b.queue_waiting(Q) > 0
    };
    last_agent_and_contact(leave, |b| b.queue_present(Q).1 == 0);
}

/// A queue he only helps looks at his own word.
fn sign_off(b: &Board) {
    b.show_agent(A, AgentState::SignedOff, None, Utc::from_micros(0));
}

fn is_signed_off(b: &Board) -> bool {
    b.agent_state(A) == AgentState::SignedOff
}

#[test]
fn the_last_helper_and_a_new_contact_see_each_other() {
    let leave = |b: &Board| {
        sign_off(b);
        b.somebody_waits(Q)
    };
    last_agent_and_contact(leave, is_signed_off);
}

#[test]
#[should_panic(expected = "a caller waits for nobody")]
fn broken_helper_without_a_fence_leaves_a_caller_alone() {
    let leave = |b: &Board| {
        sign_off(b);
        b.queue_waiting(Q) > 0
    };
    last_agent_and_contact(leave, is_signed_off);
}

/// An agent signs on at a phone while it is lost.
fn sign_on_and_lost_phone(sit: fn(&Board) -> bool, lose: fn(&Board) -> bool) {
    check(move || {
        let board = board();
        board.phones[0].reachable.store(1, Ordering::Relaxed);
        let sign_on = move |b: &Board| {
            assert!(sit(b), "nobody else sits there");
            !b.phone_reachable(P)
        };
        let (known, told) = race(&board, sign_on, move |b| lose(b));
        assert!(known || told, "he sits at a dead phone and nobody knows");
    });
}

#[test]
fn a_sign_on_and_a_lost_phone_see_each_other() {
    sign_on_and_lost_phone(|b| b.sit_down(P, A), |b| b.set_reachable(P, false).is_some());
}

#[test]
#[should_panic(expected = "he sits at a dead phone")]
fn broken_lost_phone_without_a_fence_is_not_noticed() {
    let lose = |b: &Board| {
        b.phones[0].reachable.store(0, Ordering::Release);
        b.phone_agent(P).is_some()
    };
    sign_on_and_lost_phone(|b| b.sit_down(P, A), lose);
}

#[test]
#[should_panic(expected = "he sits at a dead phone")]
fn broken_sign_on_without_a_fence_is_not_noticed() {
    let sit = |b: &Board| {
        let mine = u64::from(A.0) + 1;
        b.phones[0].agent.compare_exchange(0, mine, Ordering::AcqRel, Ordering::Acquire).is_ok()
    };
    sign_on_and_lost_phone(sit, |b| b.set_reachable(P, false).is_some());
}
