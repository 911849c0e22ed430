use core::net::SocketAddr;

/// Which socket of a slot.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Channel {
    Rtp,
    Rtcp,
}

/// A datagram as it came in.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    pub slot: u32,
    pub channel: Channel,
    pub source: SocketAddr,
    pub octets: &'a [u8],
}

/// Datagrams to send, one behind the other in a buffer that is kept: a packet costs no allocation.
#[derive(Debug, Default)]
pub struct PacketBatch {
    octets: Vec<u8>,
    places: Vec<Place>,
}

/// A datagram to send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Departure<'a> {
    pub slot: u32,
    pub channel: Channel,
    pub to: SocketAddr,
    pub octets: &'a [u8],
}

#[derive(Clone, Copy, Debug)]
struct Place {
    slot: u32,
    channel: Channel,
    to: SocketAddr,
    start: usize,
    end: usize,
}

impl PacketBatch {
    pub fn new() -> Self {
        PacketBatch::default()
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// What is to be sent, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Departure<'_>> {
        self.places.iter().map(|p| Departure {
            slot: p.slot,
            channel: p.channel,
            to: p.to,
            octets: &self.octets[p.start..p.end],
        })
    }

    /// Forgets what was sent, keeps the memory.
    pub fn clear(&mut self) {
        self.octets.clear();
        self.places.clear();
    }

    /// Appends a datagram as it is.
    pub fn push(&mut self, slot: u32, channel: Channel, to: SocketAddr, octets: &[u8]) {
        self.push_rewritten(slot, channel, to, octets, |_| true);
    }

    /// Appends a datagram of at most `room` octets that `write` makes in place; it says how long it became, or `None`
    /// to send nothing.
    pub(crate) fn push_with(
        &mut self,
        slot: u32,
        channel: Channel,
        to: SocketAddr,
        room: usize,
        write: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) {
        let start = self.octets.len();
        self.octets.resize(start + room, 0);
        match write(&mut self.octets[start..]) {
            Some(len) => {
                let end = start + len.min(room);
                self.octets.truncate(end);
                self.places.push(Place { slot, channel, to, start, end });
            }
            None => self.octets.truncate(start),
        }
    }

    /// Appends a copy of `octets` after `rewrite` has changed it.
    pub(crate) fn push_rewritten(
        &mut self,
        slot: u32,
        channel: Channel,
        to: SocketAddr,
        octets: &[u8],
        rewrite: impl FnOnce(&mut [u8]) -> bool,
    ) {
        let start = self.octets.len();
        self.octets.extend_from_slice(octets);
        if rewrite(&mut self.octets[start..]) {
            self.places.push(Place { slot, channel, to, start, end: self.octets.len() });
        } else {
            self.octets.truncate(start);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datagrams_leave_in_order_and_the_memory_stays() {
        let to: SocketAddr = "192.0.2.1:4000".parse().unwrap();
        let mut batch = PacketBatch::new();
        for round in 0..2 {
            batch.push_with(1, Channel::Rtp, to, 10, |out| {
                out[..3].copy_from_slice(b"one");
                Some(3)
            });
            batch.push_with(2, Channel::Rtp, to, 10, |_| None);
            batch.push_rewritten(3, Channel::Rtcp, to, b"two", |out| {
                out[0] = b'T';
                true
            });
            batch.push_rewritten(4, Channel::Rtcp, to, b"no", |_| false);
            let sent: Vec<_> = batch.iter().map(|d| (d.slot, d.channel, d.octets.to_vec())).collect();
            assert_eq!(sent, [(1, Channel::Rtp, b"one".to_vec()), (3, Channel::Rtcp, b"Two".to_vec())], "{round}");
            assert_eq!(batch.len(), 2);
            batch.clear();
            assert!(batch.is_empty() && batch.octets.capacity() >= 6);
        }
    }
}
