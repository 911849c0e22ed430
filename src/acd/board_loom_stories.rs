//! Meetings of several words: a customer who calls again, a phone that joins the others, notes that end, a rule and a
//! hang-up.

use super::*;

fn claimed_for(b: &Board, agent: AgentId, epoch: u32, slot: u32, contact: u32) -> bool {
    let won = b.claim_agent(agent, epoch);
    let matched = won && b.claim_contact(slot, contact);
    if won && !matched {
        b.undo_agent(agent, epoch);
    }
    matched
}

/// The customer calls again while an agent is claimed for his callback. The callback's home ends it and gives its slot
/// to the call, which is offered next: of both offers one is for somebody who is still there.
fn callback_and_recall(reopen: fn(&Board) -> u32) {
    check(move || {
        let board = board();
        let callback = board.open_contact(0);
        let epochs = [board.free_agent(A), board.free_agent(B)];
        let offer = move |b: &Board| claimed_for(b, A, epochs[0], 0, callback);
        let call = move |b: &Board| {
            let was = b.close_contact(0, callback);
            (was == Place::Offered, reopen(b))
        };
        let theirs = Arc::clone(&board);
        let queue = thread::spawn(move || offer(&theirs));
        let (known, recall) = call(&board);
        let dialled = queue.join().expect("the queue's home does not panic");
        assert_eq!(dialled, known, "a callback that is dialled is known to be, and hung up");
        assert!(claimed_for(&board, B, epochs[1], 0, recall), "the call is offered");
        // What the home asks of an offer that reaches it: is it for the tenant of the slot?
        let live = usize::from(dialled && callback == recall) + 1;
        assert_eq!(live, 1, "one attempt lives");
    });
}

#[test]
fn of_a_callback_and_a_call_of_the_same_customer_one_is_served() {
    callback_and_recall(|b| b.open_contact(0));
}

#[test]
#[should_panic(expected = "is known to be")]
fn broken_recall_in_the_callbacks_name_is_served_twice() {
    callback_and_recall(|b| {
        let (_, epoch) = b.place(0);
        b.contacts[0].store(place_word(Place::Waiting, epoch), Ordering::Release);
        epoch
    });
}

/// A second phone joins those that ring while the first is answered: who comes late wins nothing.
fn joining_and_answering(join: fn(&Board, u32, u32) -> bool) {
    check(move || {
        let board = board();
        let contact = board.open_contact(0);
        let epochs = [board.free_agent(A), board.free_agent(B)];
        assert!(claimed_for(&board, A, epochs[0], 0, contact) && board.confirm_agent(A, epochs[0]));
        let joining = move |b: &Board| {
            assert!(b.claim_agent(B, epochs[1]), "nobody else wants this agent");
            let joins = join(b, 0, contact);
            if !joins {
                b.undo_agent(B, epochs[1]);
            }
            joins
        };
        let (joined, first) = race(&board, joining, move |b| b.take_contact(0, contact));
        let seat = if joined { (Seat::Reserved, epochs[1]) } else { (Seat::Ready, epochs[1].wrapping_add(1)) };
        assert_eq!(board.seat(B), seat, "he rings or can be claimed again");
        let second = joined && board.take_contact(0, contact);
        assert!(first && !second, "one winner of all whose phones rang");
    });
}

#[test]
fn a_phone_that_joins_while_another_answers_wins_nothing() {
    joining_and_answering(Board::contact_is_offered);
}

#[test]
#[should_panic(expected = "one winner of all whose phones rang")]
fn broken_join_offers_the_contact_anew() {
    joining_and_answering(|b, slot, epoch| {
        let offered = place_word(Place::Offered, epoch);
        look_then_write(&b.contacts[slot as usize], offered, offered)
    });
}

/// His notes end while a contact comes: each side publishes, looks, and takes the other if it can.
fn wrap_up_end_and_contact(free: fn(&Board) -> u32, claim: Claim) {
    check(move || {
        let board = board();
        let before = board.free_agent(A);
        assert!(board.claim_agent(A, before) && board.confirm_agent(A, before));
        board.seat_after_offer(A);
        let insert = move |b: &Board| {
            let contact = b.open_contact(0);
            b.show_line(Q, head(), 1, None);
            let (seat, epoch) = b.seat(A);
            seat == Seat::Ready && claim(b, A, epoch) && b.claim_contact(0, contact)
        };
        let notes_end = move |b: &Board| {
            let epoch = free(b);
            b.head(Q) != HeadKey::NONE && claim(b, A, epoch) && b.claim_contact(0, b.place(0).1)
        };
        let (found, taken) = race(&board, insert, notes_end);
        assert!(found || taken, "he is ready and somebody waits");
        assert!(found != taken, "matched once");
    });
}

#[test]
fn the_end_of_notes_and_a_new_contact_match_once() {
    wrap_up_end_and_contact(|b| b.free_agent(A), Board::claim_agent);
}

#[test]
#[should_panic(expected = "he is ready and somebody waits")]
fn broken_end_of_notes_without_a_fence_leaves_somebody_waiting() {
    let free = |b: &Board| {
        unfenced_agent(b);
        b.seat(A).1
    };
    wrap_up_end_and_contact(free, Board::claim_agent);
}

/// A rule takes a contact out while the caller hangs up: it leaves the queue one way, and is counted there.
fn rule_and_hang_up(leave: fn(&Board, u32, u32) -> bool) {
    check(move || {
        let board = board();
        let contact = board.open_contact(0);
        let hang_up = move |b: &Board| b.close_contact(0, contact) == Place::Leaving;
        let (by_rule, known) = race(&board, move |b| leave(b, 0, contact), hang_up);
        assert_eq!(by_rule, known, "it leaves one way");
        assert_eq!(board.place(0), (Place::Free, contact), "and is gone");
    });
}

#[test]
fn a_rule_and_a_hang_up_agree_how_the_contact_left() {
    rule_and_hang_up(Board::leave_contact);
}

#[test]
#[should_panic(expected = "it leaves one way")]
fn broken_rule_takes_out_who_is_gone() {
    rule_and_hang_up(|b, slot, epoch| {
        let word = &b.contacts[slot as usize];
        look_then_write(word, place_word(Place::Waiting, epoch), place_word(Place::Leaving, epoch))
    });
}
