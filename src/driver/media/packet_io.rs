use media::{Channel, PacketBatch};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

/// Which socket of a worker: slot and channel in one number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Token(pub(super) u32);

impl Token {
    pub(super) fn new(slot: u32, channel: Channel) -> Self {
        Token(slot << 1 | u32::from(channel == Channel::Rtcp))
    }

    pub(super) fn slot(self) -> u32 {
        self.0 >> 1
    }

    pub(super) fn channel(self) -> Channel {
        if self.0 & 1 == 0 { Channel::Rtp } else { Channel::Rtcp }
    }

    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// What went wrong on the way to or from the kernel since the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct IoCounts {
    pub(super) received: u64,
    pub(super) sent: u64,
    /// Not taken by the kernel: its buffer was full, or there is no way to the address.
    pub(super) unsent: u64,
    /// Dropped by the kernel because a receive buffer was full.
    pub(super) overflowed: u64,
}

/// How a media thread's datagrams reach the kernel and come from it.
///
/// One thread owns it. `wait` may come back early; `receive` hands over what is there, so bounded that one flooded port
/// cannot hold up the others.
pub(super) trait PacketIo: Sized {
    /// The name said in the log.
    const NAME: &'static str;

    /// Called once, on the thread that will drive it.
    fn begin(&mut self) -> io::Result<()>;
    fn add(&mut self, token: Token, socket: UdpSocket) -> io::Result<()>;
    fn remove(&mut self, token: Token);
    /// Sleeps until something came, somebody woke the thread, or the time is over; with `gather` a little longer, so
    /// that packets come together. The wake is cleared here, before its reason is looked for: whoever comes later wakes
    /// anew.
    fn wait(&mut self, timeout: Option<Duration>, gather: Option<Duration>) -> io::Result<()>;
    fn receive(&mut self, take: impl FnMut(Token, SocketAddr, &[u8]));
    /// Takes what is in the batch and leaves it empty. It goes out now or at the latest with the next `wait`.
    fn send(&mut self, batch: &mut PacketBatch);
    fn counts(&self) -> IoCounts;
}

/// Longest datagram read whole: an Ethernet frame and a little, so that a longer one is seen to be too long.
pub(super) const DATAGRAM_ROOM: usize = 1536;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::epoll_io::EpollIo;
    use crate::media::sockets::own_loopback;
    use crate::media::uring_io::{UringIo, probe};
    use crate::wake::Wake;
    use std::collections::HashMap;

    const SOCKETS: u32 = 40;
    const EACH: u32 = 60;

    /// More packets at once than the back end has buffers: all come, each socket's in order.
    fn check_burst(mut io: impl PacketIo) {
        io.begin().unwrap();
        let mut addresses = Vec::new();
        for slot in 0..SOCKETS {
            let socket = UdpSocket::bind((own_loopback(), 0)).unwrap();
            socket.set_nonblocking(true).unwrap();
            addresses.push(socket.local_addr().unwrap());
            io.add(Token::new(slot, Channel::Rtp), socket).unwrap();
        }
        let phone = UdpSocket::bind((own_loopback(), 0)).unwrap();
        for n in 0..EACH {
            for address in &addresses {
                phone.send_to(&n.to_be_bytes(), address).unwrap();
            }
        }
        let mut next: HashMap<u32, u32> = HashMap::new();
        let mut heard = 0;
        for _ in 0..2000 {
            io.wait(Some(Duration::from_millis(10)), None).unwrap();
            io.receive(|token, source, octets| {
                assert_eq!((token.channel(), source), (Channel::Rtp, phone.local_addr().unwrap()));
                let expected = next.entry(token.slot()).or_default();
                assert_eq!(octets, expected.to_be_bytes());
                *expected += 1;
                heard += 1;
            });
            if heard == SOCKETS * EACH {
                break;
            }
        }
        assert_eq!(heard, SOCKETS * EACH);
        assert_eq!(io.counts().received, u64::from(heard));
        check_answers(&mut io, &phone);
        check_gathering(&mut io, addresses[1]);
        check_freed(&mut io, addresses[0]);
    }

    /// A batch goes out from the right ports; what has no socket is counted.
    fn check_answers(io: &mut impl PacketIo, phone: &UdpSocket) {
        let mut batch = PacketBatch::new();
        for slot in 0..=SOCKETS {
            batch.push(slot, Channel::Rtp, phone.local_addr().unwrap(), &slot.to_be_bytes());
        }
        io.send(&mut batch);
        assert!(batch.is_empty());
        io.wait(Some(Duration::ZERO), None).unwrap();
        assert_eq!((io.counts().sent, io.counts().unsent), (u64::from(SOCKETS), 1));
        for slot in 0..SOCKETS {
            let mut octets = [0; 8];
            assert_eq!(phone.recv(&mut octets).unwrap(), 4);
            assert_eq!(octets[..4], slot.to_be_bytes());
        }
    }

    /// Gathering ends with its time although nothing more comes, and packets that came are there.
    fn check_gathering(io: &mut impl PacketIo, address: SocketAddr) {
        let phone = UdpSocket::bind((own_loopback(), 0)).unwrap();
        for _ in 0..5 {
            phone.send_to(b"one", address).unwrap();
            phone.send_to(b"two", address).unwrap();
            let mut heard = 0;
            for _ in 0..100 {
                io.wait(Some(Duration::from_secs(10)), Some(Duration::from_millis(1))).unwrap();
                io.receive(|_, _, _| heard += 1);
                if heard == 2 {
                    break;
                }
            }
            assert_eq!(heard, 2);
        }
    }

    /// A removed socket's port can be bound again, and the new one hears what is for it.
    fn check_freed(io: &mut impl PacketIo, address: SocketAddr) {
        let token = Token::new(0, Channel::Rtp);
        io.remove(token);
        let bound = (0..500).find_map(|_| {
            io.wait(Some(Duration::from_millis(1)), None).unwrap();
            io.receive(|_, _, _| panic!("a removed socket hears nothing"));
            UdpSocket::bind(address).ok()
        });
        let socket = bound.expect("the port is free again");
        socket.set_nonblocking(true).unwrap();
        io.add(token, socket).unwrap();
        let phone = UdpSocket::bind((own_loopback(), 0)).unwrap();
        phone.send_to(b"again", address).unwrap();
        let mut heard = Vec::new();
        for _ in 0..500 {
            io.wait(Some(Duration::from_millis(10)), None).unwrap();
            io.receive(|token, _, octets| heard.push((token, octets.to_vec())));
            if !heard.is_empty() {
                break;
            }
        }
        assert_eq!(heard, [(token, b"again".to_vec())]);
    }

    #[test]
    fn bursts_answers_and_freed_ports_with_epoll() {
        check_burst(EpollIo::new(Wake::new().unwrap()).unwrap());
    }

    #[test]
    fn bursts_answers_and_freed_ports_with_io_uring() {
        // Where the kernel does not have it or does not allow it, it is never used.
        if probe().is_ok() {
            check_burst(UringIo::new(Wake::new().unwrap()).unwrap());
        }
    }

    #[test]
    fn a_wake_ends_the_waiting() {
        fn check(mut io: impl PacketIo, wake: &Wake) {
            io.begin().unwrap();
            for _ in 0..3 {
                wake.wake();
                io.wait(None, None).unwrap();
                io.receive(|_, _, _| panic!("there are no sockets"));
            }
        }
        let wake = Wake::new().unwrap();
        check(EpollIo::new(wake.clone()).unwrap(), &wake);
        if probe().is_ok() {
            check(UringIo::new(wake.clone()).unwrap(), &wake);
        }
    }
}
