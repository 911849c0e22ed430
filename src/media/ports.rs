use crate::limits::{PORT_REST, PORT_REST_MIN, PORTS_MAX, SPARE_AGE, SPARE_PORTS, SUPPLY_MAX};
use base::{Instant, Key};
use core::net::SocketAddr;
use model::{Family, MediaPort, ShardId, WorkerId};
use std::collections::VecDeque;

/// The worker's slots: each a bound socket, from its first supply until it is given back to the system.
///
/// `Vacant → Binding → Given → InUse → Resting → Spare → Given …`, and `Spare → Vacant` when there are too many.
#[derive(Debug)]
pub(crate) struct PortPool {
    worker: WorkerId,
    slots: Vec<Slot>,
    vacant: Vec<u32>,
    spare: [VecDeque<Waiting>; 2],
    /// In the order of their ends.
    resting: VecDeque<Waiting>,
    supplies: VecDeque<Supply>,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    family: Family,
    state: State,
    /// Its RTCP socket has been asked for; it lives as long as the RTP socket.
    rtcp: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Vacant,
    Binding,
    /// In the engine's stock.
    Given(SocketAddr),
    InUse(SocketAddr, Key),
    Resting(SocketAddr),
    Spare(SocketAddr),
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    slot: u32,
    since: Instant,
}

/// A shard's wish, answered when all its sockets are bound or refused.
#[derive(Debug)]
struct Supply {
    shard: ShardId,
    family: Family,
    outstanding: usize,
    ports: Vec<MediaPort>,
    failed: bool,
}

/// What the pool wants done or told.
#[derive(Debug, PartialEq)]
pub(crate) enum PortOutput {
    Bind { slot: u32, family: Family },
    Unbind { slot: u32 },
    Ports { shard: ShardId, ports: Vec<MediaPort> },
    Failed { shard: ShardId, family: Family },
}

impl PortPool {
    pub(crate) fn new(worker: WorkerId) -> Self {
        PortPool {
            worker,
            slots: Vec::new(),
            vacant: Vec::new(),
            spare: [VecDeque::new(), VecDeque::new()],
            resting: VecDeque::new(),
            supplies: VecDeque::new(),
        }
    }

    /// Gives out what lies spare and asks for the rest.
    pub(crate) fn supply(
        &mut self,
        now: Instant,
        shard: ShardId,
        family: Family,
        count: u16,
        out: &mut VecDeque<PortOutput>,
    ) {
        let mut supply = Supply { shard, family, outstanding: 0, ports: Vec::new(), failed: false };
        for _ in 0..count.min(SUPPLY_MAX) {
            // The longest spare first: it has been silent for longest.
            if let Some(waiting) = self.spare[place(family)].pop_front()
                && let Some(port) = self.give(waiting.slot)
            {
                supply.ports.push(port);
            } else if let Some(slot) = self.vacate(family) {
                supply.outstanding += 1;
                out.push_back(PortOutput::Bind { slot, family });
            } else if let Some(port) = self.shorten_rest(now, family) {
                supply.ports.push(port);
            } else {
                supply.failed = true;
                break;
            }
        }
        self.supplies.push_back(supply);
        self.settle(out);
    }

    /// The driver's answer to one [`PortOutput::Bind`], in their order.
    pub(crate) fn handle_bound(&mut self, slot: u32, bound: Option<SocketAddr>, out: &mut VecDeque<PortOutput>) {
        let Some(entry) = self.slots.get_mut(slot as usize).filter(|s| s.state == State::Binding) else { return };
        match bound {
            Some(address) => entry.state = State::Given(address),
            None => {
                entry.state = State::Vacant;
                self.vacant.push(slot);
            }
        }
        let worker = self.worker;
        let Some(supply) = self.supplies.iter_mut().find(|s| s.outstanding > 0) else { return };
        supply.outstanding -= 1;
        match bound {
            Some(address) => supply.ports.push(MediaPort { worker, slot, address }),
            None => supply.failed = true,
        }
        self.settle(out);
    }

    /// An unused port comes back. An offer that was refused may have told its number, so it rests like any other.
    pub(crate) fn put_back(&mut self, now: Instant, slot: u32) {
        let Some(entry) = self.slots.get_mut(slot as usize) else { return };
        if let State::Given(address) = entry.state {
            entry.state = State::Resting(address);
            self.resting.push_back(Waiting { slot, since: now });
        }
    }

    /// False when the slot was not given out: such a leg gets no sound.
    pub(crate) fn occupy(&mut self, slot: u32, leg: Key) -> bool {
        let Some(entry) = self.slots.get_mut(slot as usize) else { return false };
        let State::Given(address) = entry.state else { return false };
        entry.state = State::InUse(address, leg);
        true
    }

    pub(crate) fn release(&mut self, now: Instant, slot: u32) {
        let Some(entry) = self.slots.get_mut(slot as usize) else { return };
        if let State::InUse(address, _) = entry.state {
            entry.state = State::Resting(address);
            self.resting.push_back(Waiting { slot, since: now });
        }
    }

    /// Whose packets come in at this slot.
    pub(crate) fn tenant(&self, slot: u32) -> Option<Key> {
        match self.slots.get(slot as usize)?.state {
            State::InUse(_, leg) => Some(leg),
            State::Vacant | State::Binding | State::Given(_) | State::Resting(_) | State::Spare(_) => None,
        }
    }

    /// True the first time: the driver is to open the slot's RTCP socket.
    pub(crate) fn want_rtcp(&mut self, slot: u32) -> bool {
        self.slots.get_mut(slot as usize).is_some_and(|entry| !core::mem::replace(&mut entry.rtcp, true))
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant, out: &mut VecDeque<PortOutput>) {
        while let Some(waiting) = self.resting.pop_front_if(|w| w.since + PORT_REST <= now) {
            let entry = &mut self.slots[waiting.slot as usize];
            if let State::Resting(address) = entry.state {
                entry.state = State::Spare(address);
                self.spare[place(entry.family)].push_back(Waiting { slot: waiting.slot, since: now });
            }
        }
        for spare in &mut self.spare {
            while spare.len() > SPARE_PORTS
                && let Some(waiting) = spare.pop_front_if(|w| w.since + SPARE_AGE <= now)
            {
                self.slots[waiting.slot as usize].state = State::Vacant;
                self.vacant.push(waiting.slot);
                out.push_back(PortOutput::Unbind { slot: waiting.slot });
            }
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let rest = self.resting.front().map(|w| w.since + PORT_REST);
        let aged = self.spare.iter().filter(|s| s.len() > SPARE_PORTS);
        let oldest = aged.filter_map(|s| s.front()).map(|w| w.since + SPARE_AGE).min();
        rest.into_iter().chain(oldest).min()
    }

    /// Sockets bound at present.
    pub(crate) fn bound(&self) -> usize {
        self.slots.len() - self.vacant.len()
    }

    /// The port that has rested longest, before its time: a late packet in the wrong call is less likely than a caller
    /// who is refused is certain.
    fn shorten_rest(&mut self, now: Instant, family: Family) -> Option<MediaPort> {
        let rested = |w: &Waiting| w.since + PORT_REST_MIN <= now && self.slots[w.slot as usize].family == family;
        // Nearly always the first; with two families a few of the other may lie before it.
        let at = self.resting.iter().take(SPARE_PORTS).position(rested)?;
        let waiting = self.resting.remove(at)?;
        let entry = &mut self.slots[waiting.slot as usize];
        let State::Resting(address) = entry.state else { return None };
        entry.state = State::Given(address);
        Some(MediaPort { worker: self.worker, slot: waiting.slot, address })
    }

    fn give(&mut self, slot: u32) -> Option<MediaPort> {
        let entry = &mut self.slots[slot as usize];
        let State::Spare(address) = entry.state else { return None };
        entry.state = State::Given(address);
        Some(MediaPort { worker: self.worker, slot, address })
    }

    fn vacate(&mut self, family: Family) -> Option<u32> {
        let entry = Slot { family, state: State::Binding, rtcp: false };
        if let Some(slot) = self.vacant.pop() {
            self.slots[slot as usize] = entry;
            return Some(slot);
        }
        if self.slots.len() >= PORTS_MAX {
            return None;
        }
        self.slots.push(entry);
        Some(self.slots.len() as u32 - 1)
    }

    /// Answers the supplies that are complete, in order.
    fn settle(&mut self, out: &mut VecDeque<PortOutput>) {
        while let Some(supply) = self.supplies.pop_front_if(|s| s.outstanding == 0) {
            if !supply.ports.is_empty() {
                out.push_back(PortOutput::Ports { shard: supply.shard, ports: supply.ports });
            }
            if supply.failed {
                out.push_back(PortOutput::Failed { shard: supply.shard, family: supply.family });
            }
        }
    }
}

const fn place(family: Family) -> usize {
    match family {
        Family::V4 => 0,
        Family::V6 => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARD: ShardId = ShardId(2);

    struct Bench {
        pool: PortPool,
        out: VecDeque<PortOutput>,
        bound: usize,
        /// Sockets the system grants in all.
        grant: usize,
    }

    impl Bench {
        fn new(grant: usize) -> Self {
            Bench { pool: PortPool::new(WorkerId(1)), out: VecDeque::new(), bound: 0, grant }
        }

        /// Plays the driver until all is quiet; the ports that were given.
        fn supply(&mut self, count: u16) -> (Vec<MediaPort>, bool) {
            self.supply_at(Instant::ZERO, count)
        }

        fn supply_at(&mut self, now: Instant, count: u16) -> (Vec<MediaPort>, bool) {
            self.pool.supply(now, SHARD, Family::V4, count, &mut self.out);
            let (mut ports, mut failed) = (Vec::new(), false);
            while let Some(output) = self.out.pop_front() {
                match output {
                    PortOutput::Bind { slot, .. } => {
                        let address = (self.bound < self.grant).then(|| {
                            self.bound += 1;
                            SocketAddr::from(([127, 0, 0, 1], 10_000 + 2 * slot as u16))
                        });
                        self.pool.handle_bound(slot, address, &mut self.out);
                    }
                    PortOutput::Unbind { .. } => self.bound -= 1,
                    PortOutput::Ports { ports: more, shard } => {
                        assert_eq!(shard, SHARD);
                        ports.extend(more);
                    }
                    PortOutput::Failed { .. } => failed = true,
                }
            }
            (ports, failed)
        }

        fn pass(&mut self, now: Instant) -> usize {
            self.pool.handle_timeout(now, &mut self.out);
            let unbound = self.out.drain(..).filter(|o| matches!(o, PortOutput::Unbind { .. })).count();
            self.bound -= unbound;
            unbound
        }
    }

    #[test]
    fn a_closed_port_rests_before_another_leg_gets_it() {
        let mut bench = Bench::new(1);
        let (ports, failed) = bench.supply(1);
        assert!(!failed && bench.pool.occupy(ports[0].slot, Key::new(7, 0)));
        assert_eq!(bench.pool.tenant(ports[0].slot), Some(Key::new(7, 0)));
        assert!(!bench.pool.occupy(ports[0].slot, Key::new(8, 0)), "one leg a port");
        bench.pool.release(Instant::ZERO, ports[0].slot);
        assert_eq!(bench.pool.tenant(ports[0].slot), None);
        assert_eq!(bench.supply(1), (vec![], true));
        assert_eq!(bench.pool.poll_timeout(), Some(Instant::ZERO + PORT_REST));
        bench.pass(Instant::ZERO + PORT_REST);
        assert_eq!(bench.supply(1), (ports, false));
    }

    #[test]
    fn with_every_port_taken_the_longest_rested_goes_out_early() {
        let mut bench = Bench::new(PORTS_MAX);
        let mut ports = Vec::new();
        while ports.len() < PORTS_MAX {
            ports.extend(bench.supply(SUPPLY_MAX).0);
        }
        bench.pool.put_back(Instant::from_millis(10), ports[5].slot);
        bench.pool.put_back(Instant::from_millis(11), ports[3].slot);
        let rested = Instant::from_millis(10) + PORT_REST_MIN;
        assert_eq!(bench.supply_at(Instant::from_millis(500), 1), (vec![], true), "too soon for both");
        assert_eq!(bench.supply_at(rested, 2), (vec![ports[5]], true));
        assert_eq!(bench.supply_at(Instant::from_millis(11) + PORT_REST_MIN, 1), (vec![ports[3]], false));
    }

    #[test]
    fn spare_sockets_above_the_mark_are_given_back() {
        let mut bench = Bench::new(1000);
        let (ports, _) = bench.supply(200);
        assert_eq!((ports.len(), bench.pool.bound()), (200, 200));
        for port in &ports {
            bench.pool.put_back(Instant::ZERO, port.slot);
        }
        let spare_at = Instant::ZERO + PORT_REST;
        assert_eq!(bench.pass(spare_at), 0);
        assert_eq!(bench.pass(spare_at + SPARE_AGE / 2), 0);
        assert_eq!(bench.pool.poll_timeout(), Some(spare_at + SPARE_AGE));
        assert_eq!(bench.pass(spare_at + SPARE_AGE), 200 - SPARE_PORTS);
        assert_eq!(bench.pool.bound(), SPARE_PORTS);
        assert_eq!(bench.pool.poll_timeout(), None);
        assert_eq!(bench.supply(100).0.len(), 100);
        assert_eq!(bench.bound, 100);
    }

    #[test]
    fn a_supply_that_fails_half_way_gives_the_half() {
        let mut bench = Bench::new(3);
        let (ports, failed) = bench.supply(5);
        assert!(failed && ports.len() == 3);
        let slots: Vec<u32> = ports.iter().map(|p| p.slot).collect();
        assert_eq!(slots, [0, 1, 2]);
        assert_eq!(bench.pool.bound(), 3);
    }

    #[test]
    fn commands_about_ports_nobody_has_do_nothing() {
        let mut bench = Bench::new(1);
        bench.pool.put_back(Instant::ZERO, 9);
        bench.pool.release(Instant::ZERO, 9);
        assert!(!bench.pool.occupy(9, Key::new(1, 0)));
        bench.pool.handle_bound(9, None, &mut bench.out);
        assert!(bench.out.is_empty() && bench.pool.tenant(9).is_none());
    }
}
