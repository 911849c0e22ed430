#![allow(unsafe_code)] // system calls that std has no face for

use super::address::KernelAddress;
use super::packet_io::{DATAGRAM_ROOM, IoCounts, PacketIo, Token};
use crate::wake::Wake;
use media::PacketBatch;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

/// One socket a leg, level-triggered epoll, one system call a packet each way.
#[derive(Debug)]
pub(super) struct EpollIo {
    epoll: OwnedFd,
    wake: Wake,
    /// By [`Token::index`].
    sockets: Vec<Option<UdpSocket>>,
    events: Vec<libc::epoll_event>,
    ready: usize,
    counts: IoCounts,
}

/// Sockets looked at between two rounds of sending: a millisecond's packets of 1,500 calls are 150.
const EVENTS: usize = 512;
const WAKE: u64 = u64::MAX;

impl EpollIo {
    pub(super) fn new(wake: Wake) -> io::Result<Self> {
        // SAFETY: takes no pointers; a negative result is checked before it is owned.
        let fd = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: fd was just returned by the kernel and belongs to nobody else.
        let epoll = unsafe { OwnedFd::from_raw_fd(fd) };
        let events = vec![libc::epoll_event { events: 0, u64: 0 }; EVENTS];
        let io = EpollIo { epoll, wake, sockets: Vec::new(), events, ready: 0, counts: IoCounts::default() };
        io.watch(io.wake.raw(), WAKE)?;
        Ok(io)
    }

    fn watch(&self, fd: RawFd, token: u64) -> io::Result<()> {
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: token };
        // SAFETY: `event` lives through the call; the kernel copies it.
        let done = unsafe { libc::epoll_ctl(self.epoll.as_raw_fd(), libc::EPOLL_CTL_ADD, fd, &raw mut event) };
        if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}

impl PacketIo for EpollIo {
    const NAME: &'static str = "epoll";

    fn begin(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn add(&mut self, token: Token, socket: UdpSocket) -> io::Result<()> {
        self.watch(socket.as_raw_fd(), u64::from(token.0))?;
        if self.sockets.len() <= token.index() {
            self.sockets.resize_with(token.index() + 1, || None);
        }
        self.sockets[token.index()] = Some(socket);
        Ok(())
    }

    fn remove(&mut self, token: Token) {
        // Closing the only handle takes it out of the epoll set.
        if let Some(socket) = self.sockets.get_mut(token.index()).and_then(Option::take) {
            self.counts.overflowed += overflowed(socket.as_raw_fd());
        }
    }

    fn wait(&mut self, timeout: Option<Duration>, gather: Option<Duration>) -> io::Result<()> {
        if let Some(gather) = gather {
            std::thread::sleep(gather);
        }
        let timeout = timeout.map(|t| t.saturating_sub(gather.unwrap_or_default()));
        // Rounded up: waking before a deadline would only spin.
        let millis = timeout.map_or(-1, |t| i32::try_from(t.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX));
        let (fd, room) = (self.epoll.as_raw_fd(), EVENTS as libc::c_int);
        // SAFETY: `events` holds EVENTS entries and lives through the call.
        let count = unsafe { libc::epoll_wait(fd, self.events.as_mut_ptr(), room, millis) };
        self.ready = usize::try_from(count).unwrap_or(0);
        if count < 0 {
            let error = io::Error::last_os_error();
            return if error.kind() == io::ErrorKind::Interrupted { Ok(()) } else { Err(error) };
        }
        if self.events[..self.ready].iter().any(|event| event.u64 == WAKE) {
            self.wake.clear();
        }
        Ok(())
    }

    fn receive(&mut self, mut take: impl FnMut(Token, SocketAddr, &[u8])) {
        let mut buffer = [0; DATAGRAM_ROOM];
        for event in &self.events[..self.ready] {
            let number = event.u64;
            if number == WAKE {
                continue;
            }
            let token = Token(number as u32);
            let Some(Some(socket)) = self.sockets.get(token.index()) else { continue };
            // One packet a turn: if there are more, the level-triggered set says so again at once.
            if let Some((source, len)) = receive_from(socket.as_raw_fd(), &mut buffer) {
                self.counts.received += 1;
                take(token, source, &buffer[..len]);
            }
        }
        self.ready = 0;
    }

    fn send(&mut self, batch: &mut PacketBatch) {
        for departure in batch.iter() {
            let token = Token::new(departure.slot, departure.channel);
            let sent = match self.sockets.get(token.index()) {
                Some(Some(socket)) => send_to(socket.as_raw_fd(), departure.to, departure.octets),
                // An RTCP port that somebody else has: reports are a courtesy.
                Some(None) | None => false,
            };
            if sent { self.counts.sent += 1 } else { self.counts.unsent += 1 }
        }
        batch.clear();
    }

    fn counts(&self) -> IoCounts {
        self.counts
    }
}

fn receive_from(fd: RawFd, buffer: &mut [u8]) -> Option<(SocketAddr, usize)> {
    let mut source = KernelAddress::empty();
    let mut len = KernelAddress::ROOM;
    // SAFETY: buffer and address live through the call and are as long as said.
    let count = unsafe {
        let data = buffer.as_mut_ptr().cast();
        libc::recvfrom(fd, data, buffer.len(), libc::MSG_DONTWAIT, source.as_mut_ptr(), &raw mut len)
    };
    Some((source.get()?, usize::try_from(count).ok()?))
}

fn send_to(fd: RawFd, to: SocketAddr, octets: &[u8]) -> bool {
    let to = KernelAddress::of(to);
    // SAFETY: octets and address live through the call and are as long as said; the kernel only reads them.
    let sent = unsafe {
        let data = octets.as_ptr().cast();
        libc::sendto(fd, data, octets.len(), libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL, to.as_ptr(), to.len())
    };
    sent >= 0
}

/// Datagrams the kernel threw away because the socket's buffer was full.
pub(super) fn overflowed(fd: RawFd) -> u64 {
    /// `SK_MEMINFO_DROPS` and `SK_MEMINFO_VARS` of <linux/sock_diag.h>.
    const DROPS: usize = 8;
    const VARS: usize = 9;
    let mut info = [0u32; VARS];
    let mut len = size_of::<[u32; VARS]>() as libc::socklen_t;
    // SAFETY: `info` is as long as `len` says and lives through the call.
    let done = unsafe { libc::getsockopt(fd, libc::SOL_SOCKET, SO_MEMINFO, info.as_mut_ptr().cast(), &raw mut len) };
    if done == 0 { u64::from(info[DROPS]) } else { 0 }
}

/// Since Linux 4.12; libc has no name for it on every target.
const SO_MEMINFO: libc::c_int = 55;
