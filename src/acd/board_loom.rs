//! The board's promises, model-checked: every interleaving and every reordering the memory model allows.
//!
//! Each model has a broken twin beside it, the same story with the one thing taken away that makes it hold, and the
//! twin must fail: a model that cannot fail proves nothing, nor does an assertion that no twin breaks. What is
//! promised, and where it is asserted:
//!
//! - one winner a contact: two agents and one contact, two answers, a join and an answer, a join and a failed offer, a
//!   callback and a call;
//! - no agent with two contacts: two shards and one agent, two offers and a sign-off, a lease and its confirmation, a
//!   late answer and the next offer, the end of notes, a reload and a claim;
//! - nobody ready while somebody waits for him: a contact and an agent, an undo, a failed offer, a reload, the end of
//!   notes, a late claim;
//! - no reservation is leaked: two agents and one contact, an offer and a hang-up, a join and an answer, a late answer
//!   and the next offer; their twins forget to give back whom they claimed;
//! - what came is what left and what waits: a rule and a hang-up.
//!
//! Order is no question of words: each queue's order has one writer, and the reference checks it (`steps.rs`).
//! Run by `RUSTFLAGS="--cfg loom" cargo test -p strowger-acd --release -- loom`.

use super::*;
use loom::{model as check, thread};
use std::sync::Arc;

#[path = "board_loom_meetings.rs"]
mod meetings;
#[path = "board_loom_stories.rs"]
mod stories;

const A: AgentId = AgentId(0);
const B: AgentId = AgentId(1);
const Q: QueueId = QueueId(0);
const P: PhoneId = PhoneId(0);

fn board() -> Arc<Board> {
    Arc::new(Board::new(BoardSize { shards: 1, agents: 2, phones: 1, queues: 1, contacts_per_shard: 2 }))
}

/// Runs both at once and gives back what each says.
fn race<T: 'static + Send>(
    board: &Arc<Board>,
    left: impl FnOnce(&Board) -> T + 'static + Send,
    right: impl FnOnce(&Board) -> T,
) -> (T, T) {
    let theirs = Arc::clone(board);
    let other = thread::spawn(move || left(&theirs));
    let right = right(board);
    (other.join().expect("the other thread does not panic"), right)
}

fn head() -> HeadKey {
    HeadKey::new(0, Instant::ZERO)
}

/// He is ready, and whoever looks next may look too early.
fn unfenced_agent(b: &Board) {
    let epoch = b.seat(A).1.wrapping_add(1);
    b.agents[0].claim.store(seat_word(Seat::Ready, epoch), Ordering::Release);
}

/// What is wrong with the broken ones: a look and a write where a compare-and-set belongs.
fn look_then_write(word: &AtomicU64, from: u64, to: u64) -> bool {
    let found = word.load(Ordering::Acquire) == from;
    if found {
        word.store(to, Ordering::Release);
    }
    found
}

type Claim = fn(&Board, AgentId, u32) -> bool;

fn broken_claim(board: &Board, agent: AgentId, epoch: u32) -> bool {
    let word = &board.agents[agent.index()].claim;
    look_then_write(word, seat_word(Seat::Ready, epoch), seat_word(Seat::Reserved, epoch))
}

type Undo = fn(&Board, AgentId, u32) -> bool;

/// He stays reserved for a contact he never gets.
fn forgotten_undo(_: &Board, _: AgentId, _: u32) -> bool {
    false
}

fn two_shards_and_one_agent(claim: Claim) {
    check(move || {
        let board = board();
        let epoch = board.free_agent(A);
        let contacts = [board.open_contact(0), board.open_contact(1)];
        let matched = move |b: &Board, slot: u32| claim(b, A, epoch) && b.claim_contact(slot, contacts[slot as usize]);
        let (left, right) = race(&board, move |b| matched(b, 0), move |b| matched(b, 1));
        assert!(left != right, "exactly one shard has the agent");
        assert_eq!(board.seat(A), (Seat::Reserved, epoch), "and holds him");
    });
}

#[test]
fn two_shards_match_one_agent_once() {
    two_shards_and_one_agent(Board::claim_agent);
}

#[test]
#[should_panic(expected = "exactly one shard has the agent")]
fn broken_two_shards_match_one_agent_twice() {
    two_shards_and_one_agent(broken_claim);
}

#[test]
#[should_panic(expected = "and holds him")]
fn broken_loser_gives_back_whom_the_other_claimed() {
    two_shards_and_one_agent(|b, agent, epoch| {
        let won = b.claim_agent(agent, epoch);
        if !won {
            b.undo_agent(agent, epoch);
        }
        won
    });
}

fn two_agents_and_one_contact(claim: fn(&Board, u32, u32) -> bool, undo: Undo) {
    check(move || {
        let board = board();
        let contact = board.open_contact(0);
        let epochs = [board.free_agent(A), board.free_agent(B)];
        let matched = move |b: &Board, agent: AgentId| {
            let epoch = epochs[agent.index()];
            assert!(b.claim_agent(agent, epoch), "nobody else wants this agent");
            let won = claim(b, 0, contact);
            if !won {
                undo(b, agent, epoch);
            }
            won
        };
        let (left, right) = race(&board, move |b| matched(b, A), move |b| matched(b, B));
        assert!(left != right, "one winner a contact");
        let loser = if left { B } else { A };
        let again = epochs[loser.index()].wrapping_add(1);
        assert_eq!(board.seat(loser), (Seat::Ready, again), "the loser can be claimed again");
    });
}

#[test]
fn two_agents_claim_one_contact_and_one_gets_it() {
    two_agents_and_one_contact(Board::claim_contact, Board::undo_agent);
}

#[test]
#[should_panic(expected = "one winner a contact")]
fn broken_two_agents_get_one_contact() {
    let claim = |b: &Board, slot: u32, epoch| {
        let word = &b.contacts[slot as usize];
        look_then_write(word, place_word(Place::Waiting, epoch), place_word(Place::Offered, epoch))
    };
    two_agents_and_one_contact(claim, Board::undo_agent);
}

#[test]
#[should_panic(expected = "the loser can be claimed again")]
fn broken_loser_stays_reserved_for_nobody() {
    two_agents_and_one_contact(Board::claim_contact, forgotten_undo);
}

/// The caller hangs up (his home closes the word) while a queue offers him. Either the claim fails and is undone, or
/// the home learns of it and withdraws the offer: no agent is held for a caller who is gone.
fn offer_and_hang_up(undo: Undo, close: fn(&Board, u32, u32) -> Place) {
    check(move || {
        let board = board();
        let contact = board.open_contact(0);
        let epoch = board.free_agent(A);
        let offer = move |b: &Board| {
            assert!(b.claim_agent(A, epoch), "nobody else wants this agent");
            let won = b.claim_contact(0, contact);
            if !won {
                undo(b, A, epoch);
            }
            if won { Place::Offered } else { Place::Waiting }
        };
        let (claimed, closed) = race(&board, offer, move |b| close(b, 0, contact));
        assert_eq!(claimed, closed, "both sides agree whether it was offered");
        // What the contact's home closed as offered it withdraws, and his own home seats him anew.
        if closed == Place::Offered && board.seat_after_offer(A, epoch) {
            board.free_agent(A);
        }
        assert_eq!(board.seat(A).0, Seat::Ready, "no reservation is leaked");
    });
}

#[test]
fn an_offer_and_a_hang_up_agree_who_was_first() {
    offer_and_hang_up(Board::undo_agent, Board::close_contact);
}

#[test]
#[should_panic(expected = "both sides agree")]
fn broken_hang_up_does_not_see_the_offer() {
    offer_and_hang_up(Board::undo_agent, blind_close);
}

#[test]
#[should_panic(expected = "no reservation is leaked")]
fn broken_offer_to_who_is_gone_keeps_the_agent() {
    offer_and_hang_up(forgotten_undo, Board::close_contact);
}

/// A claim that comes between the look and the write is overwritten unseen.
fn blind_close(b: &Board, slot: u32, epoch: u32) -> Place {
    let word = &b.contacts[slot as usize];
    let was = place_of(word.load(Ordering::Acquire));
    word.store(place_word(Place::Free, epoch), Ordering::Release);
    was
}

fn offer_and_sign_off(leave: fn(&Board) -> bool) {
    check(move || {
        let board = board();
        let epoch = board.free_agent(A);
        let (claimed, left) = race(&board, move |b| b.claim_agent(A, epoch), move |b| leave(b));
        assert!(claimed != left, "either reserved or gone");
    });
}

#[test]
fn an_offer_and_a_sign_off_agree_who_was_first() {
    offer_and_sign_off(|b| b.take_agent(A, Seat::Away));
}

#[test]
#[should_panic(expected = "either reserved or gone")]
fn broken_sign_off_overwrites_the_offer() {
    offer_and_sign_off(|b| {
        let (seat, epoch) = b.seat(A);
        let next = seat_word(Seat::Away, epoch.wrapping_add(1));
        look_then_write(&b.agents[0].claim, seat_word(seat, epoch), next) && seat == Seat::Ready
    });
}

/// Two queues of two shards want him while he signs off: three threads.
fn two_offers_and_sign_off(claim: Claim) {
    check(move || {
        let board = board();
        let epoch = board.free_agent(A);
        let theirs = Arc::clone(&board);
        let third = thread::spawn(move || claim(&theirs, A, epoch));
        let (left, right) = race(&board, move |b| claim(b, A, epoch), move |b| b.take_agent(A, Seat::Away));
        let winners = [left, right, third.join().expect("the third thread does not panic")];
        assert_eq!(winners.into_iter().filter(|w| *w).count(), 1, "one of three has him");
    });
}

#[test]
fn of_two_offers_and_a_sign_off_one_wins() {
    two_offers_and_sign_off(Board::claim_agent);
}

#[test]
#[should_panic(expected = "one of three has him")]
fn broken_two_offers_and_a_sign_off_all_win() {
    two_offers_and_sign_off(broken_claim);
}

/// The caller leaves and his slot is given to the next while a queue still claims him: the epoch tells them apart.
fn late_claim_and_next_tenant(claim: fn(&Board, u32, u32) -> bool) {
    check(move || {
        let board = board();
        let former = board.open_contact(0);
        let leave = move |b: &Board| {
            let was = b.close_contact(0, former);
            (was == Place::Offered, b.open_contact(0))
        };
        let other = Arc::clone(&board);
        let claimer = thread::spawn(move || claim(&other, 0, former));
        let (seen, next) = leave(&board);
        let claimed = claimer.join().expect("the claimer does not panic");
        let expected = (seen, (Place::Waiting, next));
        assert_eq!(
            (claimed, board.place(0)),
            expected,
            "a claim counts for him it was made for, and the next one waits"
        );
    });
}

#[test]
fn a_late_claim_does_not_hit_the_next_tenant() {
    late_claim_and_next_tenant(Board::claim_contact);
}

#[test]
#[should_panic(expected = "a claim counts for him it was made for")]
fn broken_claim_without_an_epoch_hits_the_next_tenant() {
    late_claim_and_next_tenant(|b, slot, _| {
        let (_, epoch) = b.place(slot);
        b.claim_contact(slot, epoch)
    });
}

/// The lease runs out at the moment the contact's home takes the offer.
fn lease_and_confirmation(lapse: Undo, confirm: Claim) {
    check(move || {
        let board = board();
        let epoch = board.free_agent(A);
        assert!(board.claim_agent(A, epoch));
        let (freed, rings) = race(&board, move |b| lapse(b, A, epoch), move |b| confirm(b, A, epoch));
        assert!(freed != rings, "either freed or ringing");
    });
}

#[test]
fn a_lease_runs_out_or_is_confirmed() {
    lease_and_confirmation(Board::undo_agent, Board::confirm_agent);
}

#[test]
#[should_panic(expected = "either freed or ringing")]
fn broken_confirmation_rings_a_freed_agent() {
    let confirm = |b: &Board, agent: AgentId, epoch| {
        let word = &b.agents[agent.index()].claim;
        look_then_write(word, seat_word(Seat::Reserved, epoch), seat_word(Seat::Ringing, epoch))
    };
    lease_and_confirmation(Board::undo_agent, confirm);
}

/// The plain store of a settled offer is for after the answer: before it, the contact's home writes the word too.
#[test]
#[should_panic(expected = "either freed or ringing")]
fn broken_lease_settles_before_the_answer() {
    lease_and_confirmation(Board::seat_after_offer, Board::confirm_agent);
}

fn two_answers(take: fn(&Board, u32, u32) -> bool) {
    check(move || {
        let board = board();
        let contact = board.open_contact(0);
        assert!(board.claim_contact(0, contact));
        let (left, right) = race(&board, move |b| take(b, 0, contact), move |b| take(b, 0, contact));
        assert!(left != right, "one winner");
    });
}

#[test]
fn of_all_phones_that_ring_one_wins() {
    two_answers(Board::take_contact);
}

#[test]
#[should_panic(expected = "one winner")]
fn broken_two_phones_win() {
    two_answers(|b, slot, epoch| {
        let word = &b.contacts[slot as usize];
        look_then_write(word, place_word(Place::Offered, epoch), place_word(Place::Taken, epoch))
    });
}

fn two_agents_and_one_phone(sit: fn(&Board, AgentId) -> bool) {
    check(move || {
        let board = board();
        let (left, right) = race(&board, move |b| sit(b, A), move |b| sit(b, B));
        assert!(left != right, "one agent a phone");
    });
}

#[test]
fn of_two_agents_one_gets_the_phone() {
    two_agents_and_one_phone(|b, agent| b.sit_down(P, agent));
}

#[test]
#[should_panic(expected = "one agent a phone")]
fn broken_two_agents_sit_at_one_phone() {
    two_agents_and_one_phone(|b, agent| look_then_write(&b.phones[0].agent, 0, u64::from(agent.0) + 1));
}
