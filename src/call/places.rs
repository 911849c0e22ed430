//! The places of callers who hung up while they waited: who calls again soon has his old one.

use crate::limits::PLACES_MAX;
use crate::machine::Machine;
use base::{Instant, Now};
use model::{ContactId, News, QueueId};
use std::collections::VecDeque;

/// Oldest first; of the callers of every shard.
#[derive(Debug, Default)]
pub(crate) struct Places(VecDeque<Place>);

#[derive(Debug)]
struct Place {
    queue: QueueId,
    number: Box<str>,
    entered: Instant,
    left: Instant,
}

impl Places {
    pub(crate) fn heard(&mut self, queue: QueueId, number: &str, entered: Instant, left: Instant) {
        self.keep(Place { queue, number: number.into(), entered, left });
    }

    pub(crate) fn forget(&mut self, queue: QueueId, number: &str) {
        self.take(queue, number);
    }

    fn keep(&mut self, place: Place) {
        self.0.retain(|p| (p.queue, &p.number) != (place.queue, &place.number));
        self.0.push_back(place);
        if self.0.len() > PLACES_MAX {
            self.0.pop_front();
        }
    }

    fn take(&mut self, queue: QueueId, number: &str) -> Option<Place> {
        let at = self.0.iter().position(|p| p.queue == queue && &*p.number == number)?;
        self.0.remove(at)
    }
}

impl Machine {
    /// The caller's leg is about to go while he waits. A number that is hidden or missing could be anybody's.
    pub(crate) fn keep_place(&mut self, now: Now, id: ContactId) {
        let Some(contact) = self.contacts.get(&id) else { return };
        let (Some(queue), Some(entered)) = (contact.stage.queue(), contact.entered) else { return };
        let caller = self.served_identity(id);
        let number = caller.number.as_str();
        if self.directory.queue(queue).care.resume.is_some() && !caller.withheld && !number.is_empty() {
            self.places.keep(Place { queue, number: number.into(), entered, left: now.mono });
            self.news(News::PlaceKept { queue, number: caller.number, entered, left: now.mono });
        }
    }

    /// When a contact that comes into a queue for the first time began to wait: earlier than now for a caller who was
    /// here a moment ago.
    pub(crate) fn resumed(&mut self, now: Now, id: ContactId, queue: QueueId) -> Option<Instant> {
        let within = self.directory.queue(queue).care.resume?;
        let caller = self.served_identity(id);
        if caller.withheld {
            return None;
        }
        let place = self.places.take(queue, caller.number.as_str())?;
        self.news(News::PlaceTaken { queue, number: caller.number });
        (now.mono - place.left <= within).then_some(place.entered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_place_gives_way_and_a_caller_has_one() {
        let mut places = Places::default();
        let place = |queue, n: usize, entered| Place {
            queue: QueueId(queue),
            number: n.to_string().into(),
            entered: Instant::from_millis(entered),
            left: Instant::from_millis(entered),
        };
        (0..PLACES_MAX).for_each(|n| places.keep(place(0, n, 1)));
        places.keep(place(0, 7, 2));
        places.keep(place(1, 7, 3));
        assert_eq!(places.0.len(), PLACES_MAX);
        assert!(places.take(QueueId(0), "0").is_none(), "the oldest");
        assert_eq!(places.take(QueueId(0), "7").map(|p| p.entered), Some(Instant::from_millis(2)));
        assert!(places.take(QueueId(0), "7").is_none(), "a place is taken once");
        assert_eq!(places.take(QueueId(1), "7").map(|p| p.entered), Some(Instant::from_millis(3)));
    }
}
