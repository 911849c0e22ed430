use core::fmt;
use thiserror::Error;

/// One telephone key: `0`–`9`, `*`, `#`, `A`–`D` (RFC 4733 §3.2, events 0 to 15).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(u8);

const KEYS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D'];

impl Key {
    /// `None` for an event that is not a key.
    pub const fn from_event(event: u8) -> Option<Self> {
        if event < 16 { Some(Key(event)) } else { None }
    }

    pub fn from_char(character: char) -> Option<Self> {
        let upper = character.to_ascii_uppercase();
        KEYS.iter().position(|k| *k == upper).map(|event| Key(event as u8))
    }

    pub const fn event(self) -> u8 {
        self.0
    }

    pub const fn as_char(self) -> char {
        KEYS[self.0 as usize]
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.as_char())
    }
}

/// Octets of one event report.
pub const EVENT_LEN: usize = 4;

/// One report of a telephone-event payload (RFC 4733 §2.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EventReport {
    pub event: u8,
    /// The event is over and `duration` is its whole.
    pub end: bool,
    /// Power in -dBm0, 0 to 63.
    pub volume: u8,
    /// In ticks of the payload type's clock, since the packet's timestamp.
    pub duration: u16,
}

/// Why a payload holds no event reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum EventError {
    #[error("{0} octets are not whole event reports")]
    Length(usize),
    #[error("more events than a packet can sensibly carry")]
    TooMany,
}

impl EventReport {
    pub fn parse(octets: [u8; EVENT_LEN]) -> Self {
        EventReport {
            event: octets[0],
            end: octets[1] & 0x80 != 0,
            volume: octets[1] & 0x3f,
            duration: u16::from_be_bytes([octets[2], octets[3]]),
        }
    }

    /// The reports of a payload: one, or several finished ones in a row (RFC 4733 §2.5.1.5).
    pub fn parse_payload(payload: &[u8]) -> Result<impl Iterator<Item = EventReport> + '_, EventError> {
        let (reports, rest) = payload.as_chunks::<EVENT_LEN>();
        if reports.is_empty() || !rest.is_empty() {
            return Err(EventError::Length(payload.len()));
        }
        if reports.len() > crate::limits::MAX_EVENTS_PER_PACKET {
            return Err(EventError::TooMany);
        }
        Ok(reports.iter().map(|r| EventReport::parse(*r)))
    }

    pub fn to_octets(self) -> [u8; EVENT_LEN] {
        let [high, low] = self.duration.to_be_bytes();
        [self.event, self.volume.min(63) | if self.end { 0x80 } else { 0 }, high, low]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_a_character_and_an_event() {
        for event in 0..16 {
            let key = Key::from_event(event).expect("a key");
            assert_eq!((Key::from_char(key.as_char()), key.event()), (Some(key), event));
        }
        assert_eq!(Key::from_char('d'), Key::from_event(15));
        assert_eq!(Key::from_event(16), None);
        assert_eq!(Key::from_char('x'), None);
    }

    #[test]
    fn the_example_of_rfc_4733_is_read_and_written() {
        // Figure 1 of RFC 4733 §2.3 with event 11 (#), end, volume 10, duration 1760.
        let octets = [11, 0x8a, 0x06, 0xe0];
        let report = EventReport { event: 11, end: true, volume: 10, duration: 1760 };
        assert_eq!(EventReport::parse(octets), report);
        assert_eq!(report.to_octets(), octets);
    }

    #[test]
    fn odd_sizes_and_floods_are_refused() {
        let count = |payload: &[u8]| EventReport::parse_payload(payload).map(Iterator::count);
        assert_eq!(count(&[0; 4]), Ok(1));
        assert_eq!(count(&[0; 16]), Ok(4));
        assert_eq!(count(&[0; 20]), Err(EventError::TooMany));
        assert_eq!(count(&[0; 1488]), Err(EventError::TooMany));
        for len in [0, 1, 3, 5, 1487] {
            assert_eq!(count(&vec![0; len]), Err(EventError::Length(len)));
        }
    }
}
