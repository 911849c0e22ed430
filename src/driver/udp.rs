use socket2::{Domain, Protocol, SockAddr, SockAddrStorage, Socket, Type};
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, RawFd};

/// Datagrams taken or given in one system call.
pub(crate) const BATCH: usize = 64;
/// A SIP datagram cannot be longer than UDP allows.
const DATAGRAM_MAX: usize = 65_535;
/// Asked of the kernel for a listener: a burst of some thousand requests waits here while the loop works.
const RECEIVE_BUFFER: usize = 8 << 20;

/// A bound signalling socket; several shards may read it at once.
#[derive(Debug)]
pub(crate) struct UdpListener {
    socket: Socket,
    local: SocketAddr,
}

impl UdpListener {
    pub(crate) fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_nonblocking(true)?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        // Best effort: without CAP_NET_ADMIN the kernel caps both at its own maximum.
        socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
        socket.set_send_buffer_size(RECEIVE_BUFFER)?;
        socket.bind(&address.into())?;
        let local = socket.local_addr()?.as_socket().ok_or(io::ErrorKind::AddrNotAvailable)?;
        Ok(UdpListener { socket, local })
    }

    pub(crate) fn local(&self) -> SocketAddr {
        self.local
    }

    pub(crate) fn raw(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

/// Buffers for `recvmmsg`, kept for the life of a shard.
pub(crate) struct Inbox {
    data: Vec<u8>,
    names: Vec<libc::sockaddr_storage>,
    lengths: [usize; BATCH],
}

impl Inbox {
    pub(crate) fn new() -> Self {
        // SAFETY: sockaddr_storage is plain data for which all zeroes is a valid value.
        let name: libc::sockaddr_storage = unsafe { std::mem::zeroed() };
        Inbox { data: vec![0; BATCH * DATAGRAM_MAX], names: vec![name; BATCH], lengths: [0; BATCH] }
    }

    /// Takes what is there, up to a batch; the number of datagrams taken.
    pub(crate) fn receive(&mut self, listener: &UdpListener) -> io::Result<usize> {
        let mut vectors: [libc::iovec; BATCH] = std::array::from_fn(|i| libc::iovec {
            iov_base: self.data[i * DATAGRAM_MAX..].as_mut_ptr().cast(),
            iov_len: DATAGRAM_MAX,
        });
        let mut headers: [libc::mmsghdr; BATCH] = std::array::from_fn(|i| {
            // SAFETY: mmsghdr is plain data; all zeroes is valid and every field used is set below.
            let mut header: libc::mmsghdr = unsafe { std::mem::zeroed() };
            header.msg_hdr.msg_name = (&raw mut self.names[i]).cast();
            header.msg_hdr.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
            header.msg_hdr.msg_iov = &raw mut vectors[i];
            header.msg_hdr.msg_iovlen = 1;
            header
        });
        // SAFETY: headers point at buffers and names that live, unmoved, through the call.
        let count = unsafe {
            libc::recvmmsg(
                listener.raw(),
                headers.as_mut_ptr(),
                BATCH as libc::c_uint,
                libc::MSG_DONTWAIT,
                std::ptr::null_mut(),
            )
        };
        if count < 0 {
            let error = io::Error::last_os_error();
            return if error.kind() == io::ErrorKind::WouldBlock { Ok(0) } else { Err(error) };
        }
        let count = usize::try_from(count).unwrap_or(0);
        for (length, header) in self.lengths.iter_mut().zip(&headers).take(count) {
            *length = header.msg_len as usize;
        }
        Ok(count)
    }

    pub(crate) fn datagram(&self, index: usize) -> Option<(SocketAddr, &[u8])> {
        let name = self.names.get(index)?;
        let source = socket_address(name)?;
        let start = index * DATAGRAM_MAX;
        Some((source, &self.data[start..start + self.lengths[index]]))
    }
}

fn socket_address(name: &libc::sockaddr_storage) -> Option<SocketAddr> {
    let mut storage = SockAddrStorage::zeroed();
    // SAFETY: SockAddrStorage is a transparent view of sockaddr_storage, both plain data of the same size.
    unsafe { *storage.view_as::<libc::sockaddr_storage>() = *name };
    // SAFETY: the kernel wrote a whole address of the family it names.
    let address = unsafe { SockAddr::new(storage, size_of::<libc::sockaddr_storage>() as libc::socklen_t) };
    address.as_socket()
}

/// Datagrams waiting to be sent from one listener: contiguous bytes and where each goes.
#[derive(Default)]
pub(crate) struct Outbox {
    bytes: Vec<u8>,
    ends: Vec<(usize, SockAddr)>,
}

impl Outbox {
    pub(crate) fn push(&mut self, to: SocketAddr, datagram: &[u8]) {
        self.bytes.extend_from_slice(datagram);
        self.ends.push((self.bytes.len(), to.into()));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Sends all; what the kernel does not take is lost like any datagram and counted by the caller.
    pub(crate) fn flush(&mut self, listener: &UdpListener) -> u64 {
        let mut lost = 0;
        let mut start = 0;
        let mut next = 0;
        while next < self.ends.len() {
            let chunk = &self.ends[next..self.ends.len().min(next + BATCH)];
            let (sent, end) = send_chunk(listener, &self.bytes, start, chunk);
            if sent == 0 {
                // The first of the chunk cannot be sent (unreachable, buffer full): drop it and go on.
                lost += 1;
                start = self.ends[next].0;
                next += 1;
            } else {
                start = end;
                next += sent;
            }
        }
        self.bytes.clear();
        self.ends.clear();
        lost
    }
}

/// One `sendmmsg`: how many went out and where in `bytes` the next begins.
fn send_chunk(listener: &UdpListener, bytes: &[u8], mut start: usize, chunk: &[(usize, SockAddr)]) -> (usize, usize) {
    let mut vectors = [libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; BATCH];
    for (vector, (end, _)) in vectors.iter_mut().zip(chunk) {
        vector.iov_base = bytes[start..].as_ptr().cast_mut().cast();
        vector.iov_len = end - start;
        start = *end;
    }
    let mut headers: [libc::mmsghdr; BATCH] = std::array::from_fn(|i| {
        // SAFETY: mmsghdr is plain data; all zeroes is valid and every field used is set below.
        let mut header: libc::mmsghdr = unsafe { std::mem::zeroed() };
        if let Some((_, to)) = chunk.get(i) {
            header.msg_hdr.msg_name = to.as_ptr().cast_mut().cast();
            header.msg_hdr.msg_namelen = to.len();
            header.msg_hdr.msg_iov = &raw mut vectors[i];
            header.msg_hdr.msg_iovlen = 1;
        }
        header
    });
    // SAFETY: headers point into `bytes`, `chunk` and `vectors`, all alive; the kernel only reads them.
    let sent = unsafe {
        libc::sendmmsg(listener.raw(), headers.as_mut_ptr(), chunk.len() as libc::c_uint, libc::MSG_DONTWAIT)
    };
    let sent = usize::try_from(sent).unwrap_or(0);
    (sent, sent.checked_sub(1).map_or(0, |last| chunk[last].0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_arrives_whole_and_in_order() {
        let a = UdpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let b = UdpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let mut outbox = Outbox::default();
        for n in 0..200u32 {
            outbox.push(b.local(), format!("datagram {n}").as_bytes());
        }
        assert_eq!(outbox.flush(&a), 0);
        assert!(outbox.is_empty());
        let mut inbox = Inbox::new();
        let mut heard = Vec::new();
        while heard.len() < 200 {
            let count = inbox.receive(&b).unwrap();
            assert!(count > 0, "{} of 200 arrived", heard.len());
            for i in 0..count {
                let (from, bytes) = inbox.datagram(i).unwrap();
                assert_eq!(from, a.local());
                heard.push(String::from_utf8(bytes.to_vec()).unwrap());
            }
        }
        assert!(heard.iter().enumerate().all(|(n, text)| *text == format!("datagram {n}")));
    }

    #[test]
    fn one_bad_destination_does_not_stop_the_rest() {
        let a = UdpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let b = UdpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let mut outbox = Outbox::default();
        outbox.push(b.local(), b"first");
        outbox.push("[2001:db8::1]:9".parse().unwrap(), b"wrong family");
        outbox.push(b.local(), b"last");
        assert_eq!(outbox.flush(&a), 1);
        let mut inbox = Inbox::new();
        assert_eq!(inbox.receive(&b).unwrap(), 2);
    }
}
