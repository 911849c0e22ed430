//! Meetings of several words: a customer who calls again, a phone that joins the others, notes that end, an answer that
//! comes late, a rule and a hang-up.

use super::*;

fn claimed_for(b: &Board, agent: AgentId, epoch: u32, slot: u32, contact: u32) -> bool {
    let won = b.claim_agent(agent, epoch);
    let matched = won && b.claim_contact(slot, contact);
    if won && !matched {
        b.undo_agent(agent, epoch);
    }
    matched
}

/// The customer calls again while an agent is claimed for his callback. The callback's home ends it, hangs up what it
/// knows to be dialled, and gives its slot to the call, which is offered next: one of both lives.
fn callback_and_recall(close: fn(&Board, u32, u32) -> Place, reopen: fn(&Board) -> u32) {
    check(move || {
        let board = board();
        let callback = board.open_contact(0);
        let epochs = [board.free_agent(A), board.free_agent(B)];
        let theirs = Arc::clone(&board);
        let queue = thread::spawn(move || claimed_for(&theirs, A, epochs[0], 0, callback));
        let known = close(&board, 0, callback) == Place::Offered;
        let recall = reopen(&board);
        let dialled = queue.join().expect("the queue's home does not panic");
        let offered = claimed_for(&board, B, epochs[1], 0, recall);
        // What the home asks of an offer that reaches it: is it for the tenant of the slot?
        let taken_for_the_call = board.contact_is_offered(0, callback);
        let callback_lives = dialled && (!known || taken_for_the_call);
        assert_eq!(usize::from(callback_lives) + usize::from(offered), 1, "one attempt lives");
    });
}

#[test]
fn of_a_callback_and_a_call_of_the_same_customer_one_is_served() {
    callback_and_recall(Board::close_contact, |b| b.open_contact(0));
}

#[test]
#[should_panic(expected = "one attempt lives")]
fn broken_recall_in_the_callbacks_name_is_served_twice() {
    callback_and_recall(Board::close_contact, |b| {
        let (_, epoch) = b.place(0);
        b.contacts[0].store(place_word(Place::Waiting, epoch), Ordering::Release);
        epoch
    });
}

#[test]
#[should_panic(expected = "one attempt lives")]
fn broken_end_of_a_callback_does_not_know_it_is_dialled() {
    callback_and_recall(blind_close, |b| b.open_contact(0));
}

/// A second phone joins those that ring while the first is answered: who comes late wins nothing.
fn joining_and_answering(join: fn(&Board, u32, u32) -> bool, undo: Undo) {
    check(move || {
        let board = board();
        let contact = board.open_contact(0);
        let epochs = [board.free_agent(A), board.free_agent(B)];
        assert!(claimed_for(&board, A, epochs[0], 0, contact) && board.confirm_agent(A, epochs[0]));
        let joining = move |b: &Board| {
            assert!(b.claim_agent(B, epochs[1]), "nobody else wants this agent");
            let joins = join(b, 0, contact);
            if !joins {
                undo(b, B, epochs[1]);
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
    joining_and_answering(Board::contact_is_offered, Board::undo_agent);
}

#[test]
#[should_panic(expected = "one winner of all whose phones rang")]
fn broken_join_offers_the_contact_anew() {
    let join = |b: &Board, slot: u32, epoch| {
        let offered = place_word(Place::Offered, epoch);
        look_then_write(&b.contacts[slot as usize], offered, offered)
    };
    joining_and_answering(join, Board::undo_agent);
}

#[test]
#[should_panic(expected = "he rings or can be claimed again")]
fn broken_late_phone_keeps_its_agent_reserved() {
    joining_and_answering(Board::contact_is_offered, forgotten_undo);
}

/// A second phone joins while the offer fails, and the contact is offered anew: the late one counts for the offer that
/// failed.
fn joining_and_failing(give_back: fn(&Board, u32) -> Option<u32>) {
    check(move || {
        let board = board();
        let contact = board.open_contact(0);
        let epochs = [board.free_agent(A), board.free_agent(B)];
        assert!(claimed_for(&board, A, epochs[0], 0, contact), "it is offered");
        let theirs = Arc::clone(&board);
        let join = move || theirs.claim_agent(B, epochs[1]) && theirs.contact_is_offered(0, contact);
        let queue = thread::spawn(join);
        let next = give_back(&board, contact).expect("only its home gives it back");
        let joined = queue.join().expect("the queue's home does not panic");
        assert!(board.claim_contact(0, next), "it is offered anew");
        let late = joined && board.take_contact(0, contact);
        assert!(!late, "who joined the offer that failed does not win the next");
    });
}

#[test]
fn a_phone_that_joins_a_failed_offer_does_not_win_the_next() {
    joining_and_failing(|b, epoch| b.return_contact(0, epoch));
}

#[test]
#[should_panic(expected = "does not win the next")]
fn broken_return_in_the_name_of_the_failed_offer_lets_the_late_one_win() {
    joining_and_failing(|b, epoch| {
        let (from, to) = (place_word(Place::Offered, epoch), place_word(Place::Waiting, epoch));
        b.step_place(0, from, to).then_some(epoch)
    });
}

/// The lease runs out while the contact's home confirms, its answer comes after that, and another queue wants him as
/// soon as he is ready: the answer is for the offer it names.
fn late_answer_and_next_offer(settle: Undo) {
    check(move || {
        let board = board();
        let epoch = board.free_agent(A);
        assert!(board.claim_agent(A, epoch), "he is reserved");
        let (theirs, others) = (Arc::clone(&board), Arc::clone(&board));
        let contact_home = thread::spawn(move || {
            theirs.confirm_agent(A, epoch);
        });
        let next_queue = thread::spawn(move || {
            let (seat, next) = others.seat(A);
            (seat == Seat::Ready && others.claim_agent(A, next)).then_some(next)
        });
        board.undo_agent(A, epoch);
        // The answer: the contact's home has done with the word.
        contact_home.join().expect("the contact's home does not panic");
        if settle(&board, A, epoch) {
            board.seat_agent(A, Seat::Ready);
        }
        let next = next_queue.join().expect("the next queue's home does not panic");
        let (seat, held_for) = board.seat(A);
        match next {
            Some(next) => assert_eq!((seat, held_for), (Seat::Reserved, next), "the next offer holds him"),
            None => assert_eq!(seat, Seat::Ready, "no reservation is leaked"),
        }
    });
}

#[test]
fn a_late_answer_leaves_the_next_offer_alone() {
    late_answer_and_next_offer(Board::seat_after_offer);
}

#[test]
#[should_panic(expected = "the next offer holds him")]
fn broken_answer_to_any_offer_frees_him_from_the_next() {
    late_answer_and_next_offer(|b, agent, _| {
        let epoch = b.seat(agent).1.wrapping_add(1);
        b.agents[agent.index()].claim.store(seat_word(Seat::Away, epoch), Ordering::Release);
        true
    });
}

#[test]
#[should_panic(expected = "no reservation is leaked")]
fn broken_answer_that_is_not_followed_keeps_him_ringing() {
    late_answer_and_next_offer(forgotten_undo);
}

/// His notes end while a contact comes: each side publishes, looks, and takes the other if it can.
fn wrap_up_end_and_contact(free: fn(&Board) -> u32, claim: Claim) {
    check(move || {
        let board = board();
        let before = board.free_agent(A);
        assert!(board.claim_agent(A, before) && board.confirm_agent(A, before));
        assert!(board.seat_after_offer(A, before), "he answered and writes his notes");
        let insert = move |b: &Board| {
            let contact = b.open_contact(0);
            b.show_line(Q, head(), 1, None);
            let (seat, epoch) = b.seat(A);
            (seat == Seat::Ready && claim(b, A, epoch)).then(|| b.claim_contact(0, contact))
        };
        let notes_end = move |b: &Board| {
            let epoch = free(b);
            (b.head(Q) != HeadKey::NONE && claim(b, A, epoch)).then(|| b.claim_contact(0, b.place(0).1))
        };
        // Who has him, and whether for the contact too.
        let (found, taken) = race(&board, insert, notes_end);
        assert!(found == Some(true) || taken == Some(true), "he is ready and somebody waits");
        assert!(found.is_some() != taken.is_some(), "matched once");
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

#[test]
#[should_panic(expected = "matched once")]
fn broken_claims_at_the_end_of_notes_both_have_him() {
    wrap_up_end_and_contact(|b| b.free_agent(A), broken_claim);
}

/// A rule takes a contact out while the caller hangs up: it leaves the queue one way, and is counted there.
fn rule_and_hang_up(leave: fn(&Board, u32, u32) -> bool) {
    check(move || {
        let board = board();
        let contact = board.open_contact(0);
        let hang_up = move |b: &Board| b.close_contact(0, contact) == Place::Leaving;
        let (by_rule, known) = race(&board, move |b| leave(b, 0, contact), hang_up);
        let expected = (known, (Place::Free, contact));
        assert_eq!((by_rule, board.place(0)), expected, "it leaves one way and is gone");
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
