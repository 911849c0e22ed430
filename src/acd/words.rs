//! What the board's words hold: packing and unpacking, without an atomic.

use base::Instant;
use model::{AgentState, ContactId, NotReadyReason};

/// Whether an agent can be claimed, and by whom he is held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Seat {
    /// Signed off, not ready or in wrap-up. Only his home writes the word.
    Away = 0,
    /// Any queue's home may claim him.
    Ready = 1,
    /// Claimed; the claimer, the contact's home (confirm) and his own home (lease) may go on.
    Reserved = 2,
    /// The contact's home took the offer: his phone rings. Only his home writes the word, when the offer is settled.
    Ringing = 3,
    /// In a call. Only his home writes the word.
    Busy = 4,
}

/// Where a waiting contact stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Place {
    /// Nobody's: the slot may be given to the next contact.
    Free = 0,
    Waiting = 1,
    Offered = 2,
    /// One offer was accepted: the winner's step, made once.
    Taken = 3,
    /// A rule takes it out of the queue.
    Leaving = 4,
}

/// How pressing a queue's first contact is: smaller is more pressing. `priority:24 (inverted) | entered_ms:40`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct HeadKey(u64);

impl HeadKey {
    pub(crate) const NONE: HeadKey = HeadKey(u64::MAX);

    const HALF: i32 = 1 << 23;
    const MILLIS: u64 = (1 << 40) - 1;

    pub(crate) fn new(priority: i32, entered: Instant) -> Self {
        let inverted = Self::HALF - 1 - priority.clamp(-Self::HALF + 1, Self::HALF - 1);
        HeadKey(((inverted as u64) << 40) | (entered.as_millis() & Self::MILLIS))
    }

    /// Priority and the millisecond of the first enqueue time; `None` when there is nobody.
    pub(crate) fn parts(self) -> Option<(i32, u64)> {
        let priority = Self::HALF - 1 - (self.0 >> 40) as i32;
        (self != Self::NONE).then_some((priority, self.0 & Self::MILLIS))
    }

    pub(crate) const fn to_word(self) -> u64 {
        self.0
    }

    pub(crate) const fn from_word(word: u64) -> Self {
        HeadKey(word)
    }
}

const fn pack(state: u8, capacity: u8, epoch: u32) -> u64 {
    ((epoch as u64) << 32) | ((capacity as u64) << 8) | state as u64
}

pub(crate) const fn epoch_of(word: u64) -> u32 {
    (word >> 32) as u32
}

/// What of the agent's capacity can still be claimed: one unit, for a voice contact needs all of it, and it is there
/// only while he is ready. What `[[agent]] capacity` says of chat and mail is not on the word: nothing claims them until
/// text media are built, and units nobody can claim would let the compare-and-set promise what no room delivers.
const VOICE: u8 = 1;

pub(crate) const fn seat_word(seat: Seat, epoch: u32) -> u64 {
    pack(seat as u8, if matches!(seat, Seat::Ready) { VOICE } else { 0 }, epoch)
}

pub(crate) const fn place_word(place: Place, epoch: u32) -> u64 {
    pack(place as u8, 0, epoch)
}

pub(crate) fn seat_of(word: u64) -> Seat {
    match word as u8 {
        1 => Seat::Ready,
        2 => Seat::Reserved,
        3 => Seat::Ringing,
        4 => Seat::Busy,
        _ => Seat::Away,
    }
}

pub(crate) fn place_of(word: u64) -> Place {
    match word as u8 {
        1 => Place::Waiting,
        2 => Place::Offered,
        3 => Place::Taken,
        4 => Place::Leaving,
        _ => Place::Free,
    }
}

pub(crate) fn encode_state(state: AgentState) -> (u64, ContactId) {
    let none = ContactId(0);
    match state {
        AgentState::SignedOff => (0, none),
        AgentState::NotReady { reason } => {
            let (reason, code) = match reason {
                NotReadyReason::SignedOn => (0, 0),
                NotReadyReason::Code(code) => (1, code),
                NotReadyReason::Missed => (2, 0),
                NotReadyReason::DeviceUnreachable => (3, 0),
                NotReadyReason::DeviceBusy => (4, 0),
                NotReadyReason::Forced => (5, 0),
                NotReadyReason::DeviceFailed => (6, 0),
                NotReadyReason::ServerStart => (7, 0),
                NotReadyReason::WrapUpOver => (8, 0),
                NotReadyReason::LineDown => (9, 0),
                NotReadyReason::ShortBreak => (10, 0),
            };
            (1 | (reason << 8) | (u64::from(code) << 16), none)
        }
        AgentState::Ready => (2, none),
        AgentState::Reserved { contact } => (3, contact),
        AgentState::Busy { contact } => (4, contact),
        AgentState::WrapUp { contact } => (5, contact),
    }
}

pub(crate) fn decode_state(word: u64, contact: ContactId) -> AgentState {
    match word as u8 {
        1 => AgentState::NotReady {
            reason: match (word >> 8) as u8 {
                1 => NotReadyReason::Code((word >> 16) as u8),
                2 => NotReadyReason::Missed,
                3 => NotReadyReason::DeviceUnreachable,
                4 => NotReadyReason::DeviceBusy,
                5 => NotReadyReason::Forced,
                6 => NotReadyReason::DeviceFailed,
                7 => NotReadyReason::ServerStart,
                8 => NotReadyReason::WrapUpOver,
                9 => NotReadyReason::LineDown,
                10 => NotReadyReason::ShortBreak,
                _ => NotReadyReason::SignedOn,
            },
        },
        2 => AgentState::Ready,
        3 => AgentState::Reserved { contact },
        4 => AgentState::Busy { contact },
        5 => AgentState::WrapUp { contact },
        _ => AgentState::SignedOff,
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_more_pressing_head_is_smaller() {
        let key = |priority, ms| HeadKey::new(priority, Instant::from_millis(ms));
        let order = [key(i32::MAX, 9), key(2, 1), key(1, 1), key(1, 2), key(0, 0), key(-1, 0), key(i32::MIN, 0)];
        assert!(order.windows(2).all(|w| w[0] < w[1]) && order[6] < HeadKey::NONE, "{order:?}");
    }

    #[test]
    fn a_head_reads_back_as_it_was() {
        for priority in [-70_000, -1, 0, 1, 70_000] {
            let head = HeadKey::new(priority, Instant::from_millis(1_234));
            assert_eq!(HeadKey::from_word(head.to_word()).parts(), Some((priority, 1_234)));
        }
        assert_eq!(HeadKey::NONE.parts(), None);
    }

    #[test]
    fn a_shown_state_reads_back_as_it_was() {
        let contact = ContactId(0x0100_0001_0000_0007);
        let reasons = [
            NotReadyReason::SignedOn,
            NotReadyReason::Code(9),
            NotReadyReason::Missed,
            NotReadyReason::DeviceUnreachable,
            NotReadyReason::DeviceBusy,
            NotReadyReason::Forced,
            NotReadyReason::DeviceFailed,
            NotReadyReason::ServerStart,
            NotReadyReason::WrapUpOver,
            NotReadyReason::LineDown,
            NotReadyReason::ShortBreak,
        ];
        let others = [
            AgentState::SignedOff,
            AgentState::Ready,
            AgentState::Reserved { contact },
            AgentState::Busy { contact },
            AgentState::WrapUp { contact },
        ];
        for state in reasons.map(|reason| AgentState::NotReady { reason }).into_iter().chain(others) {
            let (word, contact) = encode_state(state);
            assert_eq!(decode_state(word, contact), state);
        }
    }

    #[test]
    fn seats_and_places_read_back_with_their_epoch() {
        for seat in [Seat::Away, Seat::Ready, Seat::Reserved, Seat::Ringing, Seat::Busy] {
            let word = seat_word(seat, u32::MAX);
            assert_eq!((seat_of(word), epoch_of(word)), (seat, u32::MAX));
        }
        for place in [Place::Free, Place::Waiting, Place::Offered, Place::Taken, Place::Leaving] {
            let word = place_word(place, 7);
            assert_eq!((place_of(word), epoch_of(word)), (place, 7));
        }
    }
}
