#![allow(unsafe_code)] // requests hand addresses to the kernel

use super::address::KernelAddress;
use super::buffer_ring::{BUFFER, BufferRing, GROUP};
use super::epoll_io::overflowed;
use super::packet_io::{IoCounts, PacketIo, Token};
use crate::wake::Wake;
use io_uring::types::{Fd, RecvMsgOut, SubmitArgs, Timespec};
use io_uring::{IoUring, cqueue, opcode, squeue};
use media::PacketBatch;
use std::collections::VecDeque;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::Duration;

/// One socket a leg, one multishot receive on each. A round is one system call: it sends what the last one made and
/// waits for the next packets.
pub(super) struct UringIo {
    // Dropped in this order: the ring lets go of the memory below before it is freed.
    ring: IoUring,
    buffers: BufferRing,
    /// Tells the kernel how much of a buffer is for the source address; the same for every receive.
    shape: Shape,
    /// What the queued sends point to, until the kernel has taken them.
    sending: PacketBatch,
    destinations: Vec<KernelAddress>,
    /// The kernel can wait for several packets and for a time at once.
    gathers: bool,
    wake: Wake,
    /// The kernel tells of wakes.
    watching: bool,
    /// A wake was taken while waiting for sends: its reason has not been looked for.
    roused: bool,
    /// By [`Token::index`].
    sockets: Vec<Socket>,
    /// Completions of receives, taken from the ring while waiting for sends.
    arrivals: VecDeque<Arrival>,
    counts: IoCounts,
}

/// A header without pointers, at an address that stays.
struct Shape(Box<libc::msghdr>);

// SAFETY: its pointers are null and nobody writes to it.
unsafe impl Send for Shape {}

#[derive(Debug, Default)]
struct Socket {
    socket: Option<UdpSocket>,
    /// Tells this tenant's completions from those of the one before.
    generation: u32,
}

#[derive(Debug, Clone, Copy)]
struct Arrival {
    token: Token,
    generation: u32,
    result: i32,
    flags: u32,
}

/// What a completion is about, as 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    Receive { token: Token, generation: u32 },
    Send,
    Wake,
    Cancel,
}

/// Requests handed over at a time: the packets of a millisecond at 250,000 a second.
const REQUESTS: u32 = 256;
/// Room for a completion of every buffer, every request and of many receives that end at once.
const COMPLETIONS: u32 = 8192;

/// Packets that end gathering before its time: half the buffers there are.
const TOGETHER: usize = 512;

/// No deadline, as a time every kernel takes.
const FOR_EVER: Duration = Duration::from_secs(3600);

/// A `sockaddr_in6`, the longest address there is.
const NAME: u32 = size_of::<libc::sockaddr_in6>() as u32;

impl About {
    const KIND: u32 = 60;

    fn to_bits(self) -> u64 {
        match self {
            // 28 bits of generation: a slot is not used as often within one late completion.
            About::Receive { token, generation } => u64::from(generation & 0xfff_ffff) << 32 | u64::from(token.0),
            About::Send => 1 << Self::KIND,
            About::Wake => 2 << Self::KIND,
            About::Cancel => 3 << Self::KIND,
        }
    }

    fn from_bits(bits: u64) -> Self {
        match bits >> Self::KIND {
            0 => About::Receive { token: Token(bits as u32), generation: (bits >> 32) as u32 },
            1 => About::Send,
            2 => About::Wake,
            _ => About::Cancel,
        }
    }
}

impl UringIo {
    /// An error when the kernel is too old for it or does not allow it; then epoll serves.
    pub(super) fn new(wake: Wake) -> io::Result<Self> {
        let ring = IoUring::builder()
            .setup_cqsize(COMPLETIONS)
            .setup_single_issuer()
            .setup_defer_taskrun()
            // The thread that drives it is not the one that makes it.
            .setup_r_disabled()
            .build(REQUESTS)?;
        let buffers = BufferRing::new(&ring)?;
        // SAFETY: msghdr is plain data; all zeroes says: no address, no vectors, no control data.
        let mut shape: Box<libc::msghdr> = Box::new(unsafe { std::mem::zeroed() });
        shape.msg_namelen = NAME;
        Ok(UringIo {
            gathers: ring.params().is_feature_min_timeout(),
            ring,
            buffers,
            shape: Shape(shape),
            sending: PacketBatch::new(),
            destinations: Vec::new(),
            wake,
            watching: false,
            roused: false,
            sockets: Vec::new(),
            arrivals: VecDeque::new(),
            counts: IoCounts::default(),
        })
    }

    fn arm(&mut self, token: Token) -> io::Result<()> {
        let Some(Socket { socket: Some(socket), generation }) = self.sockets.get(token.index()) else { return Ok(()) };
        let fd = Fd(socket.as_raw_fd());
        let about = About::Receive { token, generation: *generation };
        let entry = opcode::RecvMsgMulti::new(fd, &raw const *self.shape.0, GROUP).build().user_data(about.to_bits());
        // SAFETY: `shape` is boxed and dropped after the ring; the buffers are the kernel's own group.
        unsafe { self.push(&entry) }
    }

    fn watch_wake(&mut self) -> io::Result<()> {
        let fd = Fd(self.wake.raw());
        let entry = opcode::PollAdd::new(fd, libc::POLLIN as u32).multi(true).build();
        // SAFETY: no memory is handed over; the eventfd lives in `wake`, which is dropped after the ring.
        unsafe { self.push(&entry.user_data(About::Wake.to_bits())) }?;
        self.watching = true;
        Ok(())
    }

    /// # Safety
    /// What the request points to must live until it is complete.
    unsafe fn push(&mut self, entry: &squeue::Entry) -> io::Result<()> {
        // SAFETY: passed on to the caller.
        while unsafe { self.ring.submission().push(entry) }.is_err() {
            self.ring.submit()?;
        }
        Ok(())
    }

    /// Takes all completions that are there.
    fn reap(&mut self) {
        for completion in self.ring.completion() {
            let (result, flags) = (completion.result(), completion.flags());
            match About::from_bits(completion.user_data()) {
                // Only those that failed complete aloud.
                About::Send => {
                    self.counts.sent -= 1;
                    self.counts.unsent += 1;
                }
                About::Receive { token, generation } => {
                    self.arrivals.push_back(Arrival { token, generation, result, flags });
                }
                About::Wake => {
                    self.wake.clear();
                    self.roused = true;
                    self.watching &= cqueue::more(flags);
                }
                About::Cancel => {}
            }
        }
    }

    /// Hands everything queued to the kernel.
    fn flush(&mut self) -> io::Result<()> {
        while !self.ring.submission().is_empty() {
            match self.ring.submit() {
                Ok(_) => {}
                // The completions must be taken before it goes on.
                Err(error) if is_passing(&error) => self.reap(),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl PacketIo for UringIo {
    const NAME: &'static str = "io_uring";

    fn begin(&mut self) -> io::Result<()> {
        self.ring.submitter().register_enable_rings()
    }

    fn add(&mut self, token: Token, socket: UdpSocket) -> io::Result<()> {
        if self.sockets.len() <= token.index() {
            self.sockets.resize_with(token.index() + 1, Socket::default);
        }
        let place = &mut self.sockets[token.index()];
        place.generation = place.generation.wrapping_add(1) & 0xfff_ffff;
        place.socket = Some(socket);
        self.arm(token)
    }

    fn remove(&mut self, token: Token) {
        // Queued sends name descriptors by number: they go out before one of them is closed and given to another.
        if let Err(error) = self.flush() {
            tracing::error!(%error, "io_uring does not take its requests; a media port stays open");
            return;
        }
        let Some(place) = self.sockets.get_mut(token.index()) else { return };
        let Some(socket) = place.socket.take() else { return };
        self.counts.overflowed += overflowed(socket.as_raw_fd());
        let about = About::Receive { token, generation: place.generation };
        let entry = opcode::AsyncCancel::new(about.to_bits()).build().user_data(About::Cancel.to_bits());
        // SAFETY: no memory is handed over.
        if unsafe { self.push(&entry) }.and_then(|()| self.ring.submit()).is_err() {
            // The receive keeps the port until the thread ends; nothing else is lost.
            tracing::warn!("a media port could not be freed");
        }
    }

    fn wait(&mut self, timeout: Option<Duration>, gather: Option<Duration>) -> io::Result<()> {
        if !self.watching {
            self.watch_wake()?;
        }
        let gather = match gather {
            Some(gather) if !self.gathers => {
                self.flush()?;
                std::thread::sleep(gather);
                None
            }
            gather => gather,
        };
        let timeout = timeout.unwrap_or(FOR_EVER).min(FOR_EVER);
        let timeout = Timespec::new().sec(timeout.as_secs()).nsec(timeout.subsec_nanos());
        let args = SubmitArgs::new().timespec(&timeout);
        let waited = if !self.arrivals.is_empty() || self.roused {
            self.ring.submit()
        } else if let Some(gather) = gather {
            let args = args.min_wait_usec(gather.as_micros() as u32);
            self.ring.submitter().submit_with_args(TOGETHER, &args)
        } else {
            self.ring.submitter().submit_with_args(1, &args)
        };
        self.reap();
        self.roused = false;
        match waited {
            Ok(_) => Ok(()),
            // The time is over.
            Err(error) if error.raw_os_error() == Some(libc::ETIME) || is_passing(&error) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn receive(&mut self, mut take: impl FnMut(Token, SocketAddr, &[u8])) {
        while let Some(Arrival { token, generation, result, flags }) = self.arrivals.pop_front() {
            let current =
                self.sockets.get(token.index()).is_some_and(|s| s.socket.is_some() && s.generation == generation);
            if let Some(id) = cqueue::buffer_select(flags) {
                let octets = self.buffers.buffer(id, usize::try_from(result).unwrap_or(0));
                if let Ok(message) = RecvMsgOut::parse(octets, &self.shape.0)
                    && let Some(source) = KernelAddress::from_octets(message.name_data())
                    && current
                {
                    self.counts.received += 1;
                    take(token, source, message.payload_data());
                }
                self.buffers.lend(id);
            }
            // Ended by itself, for want of buffers mostly: the packets wait in the socket.
            if current && !cqueue::more(flags) && self.arm(token).is_err() {
                tracing::error!("a media port hears nothing any more");
            }
        }
        self.buffers.publish();
    }

    fn send(&mut self, batch: &mut PacketBatch) {
        if batch.is_empty() {
            return;
        }
        if let Err(error) = self.flush() {
            // What is queued points into the last batch: without its sends gone, that memory cannot be used again.
            panic!("io_uring does not take its requests: {error}");
        }
        std::mem::swap(&mut self.sending, batch);
        batch.clear();
        let sending = std::mem::take(&mut self.sending);
        let mut destinations = std::mem::take(&mut self.destinations);
        destinations.clear();
        destinations.extend(sending.iter().map(|departure| KernelAddress::of(departure.to)));
        for (departure, to) in sending.iter().zip(&destinations) {
            let token = Token::new(departure.slot, departure.channel);
            let Some(Socket { socket: Some(socket), .. }) = self.sockets.get(token.index()) else {
                self.counts.unsent += 1;
                continue;
            };
            let octets = departure.octets;
            let entry = opcode::Send::new(Fd(socket.as_raw_fd()), octets.as_ptr(), octets.len() as u32)
                .flags(libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL)
                .dest_addr(to.as_ptr())
                .dest_addr_len(to.len())
                .build()
                .flags(squeue::Flags::SKIP_SUCCESS)
                .user_data(About::Send.to_bits());
            // SAFETY: octets and address lie in `sending` and `destinations`, whose memory stays where it is and as it
            // is until the next `send` has flushed. A send that may not wait (MSG_DONTWAIT) is done, and its data
            // copied, when the call that submits it returns; the kernel never queues it for later.
            if unsafe { self.push(&entry) }.is_ok() { self.counts.sent += 1 } else { self.counts.unsent += 1 }
        }
        self.sending = sending;
        self.destinations = destinations;
    }

    fn counts(&self) -> IoCounts {
        self.counts
    }
}

/// A signal came, completions wait to be taken, or memory was short for a moment: try again.
fn is_passing(error: &io::Error) -> bool {
    [libc::EINTR, libc::EBUSY, libc::EAGAIN].map(Some).contains(&error.raw_os_error())
}

/// Tries everything the back end needs on a pair of loopback sockets: kernels differ, and some forbid it.
pub(super) fn probe() -> io::Result<()> {
    let mut io = UringIo::new(Wake::new()?)?;
    io.begin()?;
    let (a, b) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
    let (from, to) = (a.local_addr()?, b.local_addr()?);
    io.add(Token(0), a)?;
    io.add(Token(2), b)?;
    let mut batch = PacketBatch::new();
    batch.push(0, media::Channel::Rtp, to, b"probe");
    io.send(&mut batch);
    let mut heard = false;
    for _ in 0..PROBE_ROUNDS {
        io.wait(Some(Duration::from_millis(20)), None)?;
        io.receive(|token, source, octets| heard |= (token, source, octets) == (Token(2), from, &b"probe"[..]));
        if heard {
            return Ok(());
        }
    }
    Err(io::Error::new(io::ErrorKind::Unsupported, "a datagram sent with io_uring did not come back"))
}

/// A fifth of a second for a datagram on the loopback, in case the machine is busy.
const PROBE_ROUNDS: u32 = 10;

const _: () = assert!(BUFFER >= 16 + NAME as usize + super::packet_io::DATAGRAM_ROOM);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_completion_is_about_survives_as_a_number() {
        for about in [
            About::Receive { token: Token(u32::MAX), generation: 0xfff_ffff },
            About::Receive { token: Token(0), generation: 0 },
            About::Send,
            About::Wake,
            About::Cancel,
        ] {
            assert_eq!(About::from_bits(about.to_bits()), about);
        }
    }
}
