use crate::{STOCK_BATCH, STOCK_HIGH, STOCK_LOW};
use model::{Family, MediaCommand, MediaPort, WorkerId};
use std::collections::BTreeMap;

/// The ports in hand: bound by the media workers, not yet promised to anybody.
#[derive(Debug, Default)]
pub(crate) struct Stock {
    shelves: BTreeMap<(WorkerId, bool), Shelf>,
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

impl Stock {
    /// One port, and the command that fills the shelf up again when it runs low.
    pub(crate) fn take(&mut self, worker: WorkerId, family: Family) -> (Option<MediaPort>, Option<MediaCommand>) {
        let shelf = self.shelves.entry(key(worker, family)).or_default();
        let port = shelf.ports.pop();
        (port, shelf.ask(family))
    }

    /// The command that fills an empty shelf.
    pub(crate) fn ask(&mut self, worker: WorkerId, family: Family) -> Option<MediaCommand> {
        self.shelves.entry(key(worker, family)).or_default().ask(family)
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
        if shelf.ports.len() >= STOCK_HIGH {
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
    fn ask(&mut self, family: Family) -> Option<MediaCommand> {
        if self.asked || self.ports.len() >= STOCK_LOW {
            return None;
        }
        self.asked = true;
        Some(MediaCommand::Supply { family, count: STOCK_BATCH })
    }
}
