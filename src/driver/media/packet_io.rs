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
    /// Sleeps until something came, somebody woke the thread, or the time is over. The wake is cleared here, before
    /// its reason is looked for: whoever comes later wakes anew.
    fn wait(&mut self, timeout: Option<Duration>) -> io::Result<()>;
    fn receive(&mut self, take: impl FnMut(Token, SocketAddr, &[u8]));
    fn send(&mut self, batch: &PacketBatch);
    fn counts(&self) -> IoCounts;
}

/// Longest datagram read whole: an Ethernet frame and a little, so that a longer one is seen to be too long.
pub(super) const DATAGRAM_ROOM: usize = 1536;
