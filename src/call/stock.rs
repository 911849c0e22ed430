use crate::{STOCK_BATCH, STOCK_HIGH, STOCK_LOW};
use core::ops::RangeInclusive;
use model::{Family, MediaCommand, MediaPort, WorkerId};
use std::collections::BTreeMap;

/// The ports in hand: bound by the media workers, not yet promised to anybody.
#[derive(Debug)]
pub(crate) struct Stock {
    shelves: BTreeMap<(WorkerId, bool), Shelf>,
    measure: Measure,
}

/// How much lies on a shelf.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Measure {
    low: usize,
    batch: u16,
    high: usize,
}

#[derive(Debug, Default)]
struct Shelf {
    ports: Vec<MediaPort>,
    asked: bool,
}

fn key(worker: WorkerId, family: Family) -> (WorkerId, bool) {
    (worker, family == Family::V6)
}

pub(crate) fn family_of(address: core::net::IpAddr) -> Family {
    if address.is_ipv6() { Family::V6 } else { Family::V4 }
}

impl Measure {
    /// `takers` shelves share the range. A narrow one lies on them whole, so that nobody is refused while a port is
    /// free; of a wide one each holds what a burst needs.
    fn of(ports: &RangeInclusive<u16>, takers: usize) -> Self {
        // RTP takes the even port of a pair (RFC 3550 §11).
        let pairs = usize::from(ports.end().saturating_sub(*ports.start())).div_ceil(2);
        let low = (pairs / takers.max(1)).clamp(1, STOCK_LOW);
        let batch = low.min(usize::from(STOCK_BATCH));
        Measure { low, batch: batch as u16, high: (low + batch).min(STOCK_HIGH) }
    }
}

impl Stock {
    pub(crate) fn new(ports: &RangeInclusive<u16>, takers: usize) -> Self {
        Stock { shelves: BTreeMap::new(), measure: Measure::of(ports, takers) }
    }

    /// The range was changed by a reload.
    pub(crate) fn measure(&mut self, ports: &RangeInclusive<u16>, takers: usize) {
        self.measure = Measure::of(ports, takers);
    }

    /// One port, and the command that fills the shelf up again when it runs low.
    pub(crate) fn take(&mut self, worker: WorkerId, family: Family) -> (Option<MediaPort>, Option<MediaCommand>) {
        let shelf = self.shelves.entry(key(worker, family)).or_default();
        let port = shelf.ports.pop();
        (port, shelf.ask(family, self.measure))
    }

    /// The command that fills an empty shelf.
    pub(crate) fn ask(&mut self, worker: WorkerId, family: Family) -> Option<MediaCommand> {
        self.shelves.entry(key(worker, family)).or_default().ask(family, self.measure)
    }

    pub(crate) fn supplied(&mut self, port: MediaPort) {
        let shelf = self.shelves.entry(key(port.worker, family_of(port.address.ip()))).or_default();
        shelf.asked = false;
        shelf.ports.push(port);
    }

    /// The next need asks again.
    pub(crate) fn supply_failed(&mut self, worker: WorkerId, family: Family) {
        self.shelves.entry(key(worker, family)).or_default().asked = false;
    }

    /// A port nobody used; one too many goes back to its worker.
    pub(crate) fn put_back(&mut self, port: MediaPort) -> Option<MediaCommand> {
        let shelf = self.shelves.entry(key(port.worker, family_of(port.address.ip()))).or_default();
        if shelf.ports.len() >= self.measure.high {
            return Some(MediaCommand::Return { port });
        }
        shelf.ports.push(port);
        None
    }

    pub(crate) fn len(&self) -> usize {
        self.shelves.values().map(|s| s.ports.len()).sum()
    }
}

impl Shelf {
    fn ask(&mut self, family: Family, measure: Measure) -> Option<MediaCommand> {
        if self.asked || self.ports.len() >= measure.low {
            return None;
        }
        self.asked = true;
        Some(MediaCommand::Supply { family, count: measure.batch })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_range_fills_the_shelf_and_a_narrow_one_lies_there_whole() {
        let of = |ports, takers| {
            let Measure { low, batch, high } = Measure::of(&ports, takers);
            (low, usize::from(batch), high)
        };
        assert_eq!(of(10_000..=32_767, 3), (STOCK_LOW, usize::from(STOCK_BATCH), STOCK_HIGH));
        assert_eq!(of(10_000..=10_199, 1), (100, 100, 200));
        assert_eq!(of(10_000..=10_199, 3), (33, 33, 66));
        assert_eq!(of(10_000..=10_001, 3), (1, 1, 2));
    }
}
