use base::Rng;
use model::{Family, WorkerId};
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;

/// Ports one worker may bind: its share of the configured range, RTP on even numbers (RFC 3550 §11).
#[derive(Debug)]
pub(super) struct SocketStock {
    addresses: Vec<IpAddr>,
    /// Free even ports, in an order nobody can guess: a guessed port is half an attack.
    free: [VecDeque<u16>; 2],
    ports: RangeInclusive<u16>,
    /// The shortage of each family has been told; it is told again when it has been over.
    told: [bool; 2],
}

/// Why a leg gets no socket; the call is answered with 503.
#[derive(Debug, thiserror::Error)]
pub(super) enum BindError {
    #[error("media.address has no {} address", if *.0 == Family::V4 { "IPv4" } else { "IPv6" })]
    NoAddress(Family),
    #[error("all ports of media.ports that belong to this worker are promised")]
    UsedUp,
    #[error("other programs hold the ports of media.ports \"{first}-{last}\": new calls get 503; choose another range")]
    HeldByOthers { first: u16, last: u16 },
    #[error("a media port cannot be bound: {0}")]
    Refused(#[from] io::Error),
}

/// Room for a socket's packets while the thread is busy elsewhere: 50 packets a second of 1 kB with the kernel's own
/// book-keeping are two seconds and more. The kernel doubles what is asked.
const RECEIVE_BUFFER: usize = 64 << 10;

/// RFC 4594 §4.1: telephony is Expedited Forwarding, code point 46.
const EXPEDITED_FORWARDING: u32 = 46 << 2;

/// Ports tried for one socket before the range counts as used up; the others are held by other programs.
const TRIES_MAX: usize = 256;

impl SocketStock {
    pub(super) fn new(
        addresses: &[IpAddr],
        ports: &RangeInclusive<u16>,
        worker: WorkerId,
        workers: u8,
        rng: &mut Rng,
    ) -> Self {
        let mut own: Vec<u16> = ports
            .clone()
            .filter(|port| port % 2 == 0 && ports.contains(&(port + 1)))
            .filter(|port| (port / 2) % u16::from(workers.max(1)) == u16::from(worker.0))
            .collect();
        for last in (1..own.len()).rev() {
            own.swap(last, rng.below(last as u64 + 1) as usize);
        }
        let free = VecDeque::from(own);
        SocketStock {
            addresses: addresses.to_vec(),
            free: [free.clone(), free],
            ports: ports.clone(),
            told: [false; 2],
        }
    }

    /// Binds an RTP socket; an error when the family has no address or no port is left.
    pub(super) fn bind(&mut self, family: Family) -> Result<(UdpSocket, SocketAddr), BindError> {
        let ip = self.addresses.iter().copied().find(|ip| family_of(*ip) == family);
        let ip = ip.ok_or(BindError::NoAddress(family))?;
        let (first, last) = (*self.ports.start(), *self.ports.end());
        let free = &mut self.free[place(family)];
        let tries = free.len().min(TRIES_MAX);
        for _ in 0..tries {
            let Some(port) = free.pop_front() else { break };
            let address = SocketAddr::new(ip, port);
            match bind_one(address) {
                Ok(socket) => {
                    self.told[place(family)] = false;
                    return Ok((socket, address));
                }
                Err(error) => {
                    free.push_back(port);
                    if error.kind() != io::ErrorKind::AddrInUse {
                        return Err(error.into());
                    }
                }
            }
        }
        Err(if tries == 0 { BindError::UsedUp } else { BindError::HeldByOthers { first, last } })
    }

    /// Whether a failure is news: every refused call would say the same.
    pub(super) fn is_news(&mut self, family: Family) -> bool {
        !core::mem::replace(&mut self.told[place(family)], true)
    }

    /// The odd port above an RTP port.
    pub(super) fn bind_rtcp(&self, rtp: SocketAddr) -> io::Result<UdpSocket> {
        let port = rtp.port().checked_add(1).ok_or(io::ErrorKind::AddrNotAvailable)?;
        bind_one(SocketAddr::new(rtp.ip(), port))
    }

    pub(super) fn give_back(&mut self, address: SocketAddr) {
        self.free[place(family_of(address.ip()))].push_back(address.port());
    }
}

fn bind_one(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    // Marking packets is a favour the network may refuse; the sound goes without it too.
    let _unmarked = if address.is_ipv6() {
        socket.set_only_v6(true)?;
        socket.set_tclass_v6(EXPEDITED_FORWARDING)
    } else {
        socket.set_tos_v4(EXPEDITED_FORWARDING)
    };
    socket.bind(&address.into())?;
    Ok(socket.into())
}

fn family_of(ip: IpAddr) -> Family {
    if ip.is_ipv4() { Family::V4 } else { Family::V6 }
}

const fn place(family: Family) -> usize {
    match family {
        Family::V4 => 0,
        Family::V6 => 1,
    }
}

/// An address of this process alone, so that tests that run at the same time share no ports.
#[cfg(test)]
pub(super) fn own_loopback() -> IpAddr {
    let [.., high, low] = std::process::id().to_be_bytes();
    IpAddr::from([127, 100, high, low])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn stock(worker: u8, workers: u8, ports: RangeInclusive<u16>) -> SocketStock {
        SocketStock::new(&[own_loopback()], &ports, WorkerId(worker), workers, &mut Rng::new(1))
    }

    #[test]
    fn workers_share_the_range_and_every_port_has_its_odd_neighbour() {
        let shares: Vec<HashSet<u16>> =
            (0..3).map(|w| stock(w, 3, 30_001..=30_100).free[0].iter().copied().collect()).collect();
        assert!(shares[0].is_disjoint(&shares[1]) && shares[1].is_disjoint(&shares[2]));
        let all: HashSet<u16> = shares.into_iter().flatten().collect();
        assert_eq!(all.len(), 49, "30002 to 30098; 30100 has no neighbour inside");
        assert!(all.iter().all(|port| port % 2 == 0));
    }

    #[test]
    fn a_port_another_program_has_is_passed_over() {
        let mut first = stock(0, 1, 31_000..=31_007);
        let (held, address) = first.bind(Family::V4).unwrap();
        let mut second = stock(0, 1, 31_000..=31_007);
        let mut bound = Vec::new();
        while let Ok((socket, at)) = second.bind(Family::V4) {
            assert_ne!(at, address);
            bound.push(socket);
        }
        assert_eq!(bound.len(), 3);
        let said = second.bind(Family::V4).unwrap_err().to_string();
        assert!(said.contains("media.ports \"31000-31007\"") && said.contains("503"), "{said}");
        assert!(second.is_news(Family::V4) && !second.is_news(Family::V4));
        drop(held);
        bound.push(second.bind(Family::V4).unwrap().0);
        assert!(second.is_news(Family::V4), "it was over in between");
        assert!(matches!(second.bind(Family::V4), Err(BindError::UsedUp)));
        assert!(matches!(second.bind(Family::V6), Err(BindError::NoAddress(Family::V6))));
    }
}
