//! The phone's SIP sockets: one UDP socket, or TCP connections in both directions.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UdpSocket, lookup_host};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::limits::{CONNECTIONS_MAX, DATAGRAM_MAX, MESSAGES_MAX, STREAM_MESSAGE_MAX};
use super::options::{PhoneConfig, Server, Transport};

/// The other end of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    pub(crate) transport: Transport,
    /// The TCP connection it came by; answers go back on it.
    pub(crate) connection: Option<u64>,
}

impl Peer {
    pub(crate) fn is_reliable(&self) -> bool {
        self.transport == Transport::Tcp
    }
}

/// What a socket task has to say.
enum Inbound {
    Message(Vec<u8>, Peer),
    Accepted(TcpStream, SocketAddr),
    Closed(u64),
}

pub(crate) struct Network {
    pub(crate) contact: SocketAddr,
    kind: Kind,
    inbound: mpsc::Receiver<Inbound>,
    inbound_sender: mpsc::Sender<Inbound>,
    /// Reader and writer tasks; they end with the network.
    tasks: JoinSet<()>,
}

enum Kind {
    Udp(Arc<UdpSocket>),
    Tcp { connections: HashMap<u64, Connection>, opened: u64 },
}

struct Connection {
    address: SocketAddr,
    writer: mpsc::Sender<Vec<u8>>,
}

/// The address of a server, by the system's resolver; SRV records are the real call centre's business, not the test phone's.
pub(crate) async fn resolve(server: &Server, like: SocketAddr) -> io::Result<SocketAddr> {
    let host = server.host.trim_matches(['[', ']']);
    let mut first = None;
    for address in lookup_host((host, server.port)).await? {
        if like.ip().is_unspecified() || address.is_ipv4() == like.is_ipv4() {
            return Ok(address);
        }
        first.get_or_insert(address);
    }
    first.ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// Our own address as seen from the server: what the system would send from.
fn own_ip(server: SocketAddr) -> io::Result<IpAddr> {
    let any: SocketAddr = if server.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0u16; 8], 0).into() };
    let socket = std::net::UdpSocket::bind(any)?;
    socket.connect(server)?;
    Ok(socket.local_addr()?.ip())
}

impl Network {
    pub(crate) async fn open(config: &PhoneConfig, server: SocketAddr) -> io::Result<Self> {
        let mut listen = config.listen;
        if listen.ip().is_unspecified() {
            listen.set_ip(own_ip(server)?);
        }
        let (inbound_sender, inbound) = mpsc::channel(MESSAGES_MAX);
        let mut tasks = JoinSet::new();
        let (kind, contact) = match config.transport {
            Transport::Udp => {
                let socket = Arc::new(UdpSocket::bind(listen).await?);
                let contact = socket.local_addr()?;
                tasks.spawn(read_datagrams(socket.clone(), inbound_sender.clone()));
                (Kind::Udp(socket), contact)
            }
            Transport::Tcp => {
                let listener = TcpListener::bind(listen).await?;
                let contact = listener.local_addr()?;
                tasks.spawn(accept(listener, inbound_sender.clone()));
                (Kind::Tcp { connections: HashMap::new(), opened: 0 }, contact)
            }
        };
        Ok(Self { contact, kind, inbound, inbound_sender, tasks })
    }

    /// The next message. Safe to drop half-way: nothing is lost.
    pub(crate) async fn receive(&mut self) -> (Vec<u8>, Peer) {
        loop {
            // The network itself holds a sender, so the channel never ends.
            match self.inbound.recv().await.expect("the network keeps its own channel open") {
                Inbound::Message(bytes, peer) => return (bytes, peer),
                Inbound::Accepted(stream, address) => {
                    self.adopt(stream, address);
                }
                Inbound::Closed(id) => {
                    if let Kind::Tcp { connections, .. } = &mut self.kind {
                        connections.remove(&id);
                    }
                }
            }
        }
    }

    /// Sends by the connection the peer names, by one that is open to its address, or by a new one.
    pub(crate) async fn send(&mut self, peer: Peer, bytes: Vec<u8>) -> io::Result<()> {
        let open = match &self.kind {
            Kind::Udp(socket) => return socket.send_to(&bytes, peer.address).await.map(|_| ()),
            Kind::Tcp { connections, .. } => {
                let named = peer.connection.and_then(|id| connections.get(&id));
                let same = || connections.values().find(|connection| connection.address == peer.address);
                named.or_else(same).map(|connection| connection.writer.clone())
            }
        };
        let writer = match open {
            Some(writer) => writer,
            None => {
                let stream = connect(self.contact.ip(), peer.address).await?;
                self.adopt(stream, peer.address).ok_or(io::ErrorKind::ResourceBusy)?
            }
        };
        writer.send(bytes).await.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn adopt(&mut self, stream: TcpStream, address: SocketAddr) -> Option<mpsc::Sender<Vec<u8>>> {
        let Kind::Tcp { connections, opened } = &mut self.kind else { return None };
        if connections.len() >= CONNECTIONS_MAX {
            return None;
        }
        *opened += 1;
        let id = *opened;
        let (writer, outbound) = mpsc::channel(MESSAGES_MAX);
        connections.insert(id, Connection { address, writer: writer.clone() });
        let peer = Peer { address, transport: Transport::Tcp, connection: Some(id) };
        self.tasks.spawn(serve(stream, peer, id, outbound, self.inbound_sender.clone()));
        Some(writer)
    }
}

/// From the address we say we are at: servers tell their peers by it.
async fn connect(own: IpAddr, peer: SocketAddr) -> io::Result<TcpStream> {
    if own.is_ipv4() != peer.is_ipv4() {
        return TcpStream::connect(peer).await;
    }
    let socket = if own.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.bind(SocketAddr::new(own, 0))?;
    socket.connect(peer).await
}

async fn read_datagrams(socket: Arc<UdpSocket>, inbound: mpsc::Sender<Inbound>) {
    let mut buffer = vec![0; DATAGRAM_MAX];
    loop {
        // An ICMP error of an earlier send shows up here and is no reason to stop.
        let Ok((length, address)) = socket.recv_from(&mut buffer).await else { continue };
        let bytes = &buffer[..length];
        if bytes.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let peer = Peer { address, transport: Transport::Udp, connection: None };
        if inbound.send(Inbound::Message(bytes.to_vec(), peer)).await.is_err() {
            return;
        }
    }
}

async fn accept(listener: TcpListener, inbound: mpsc::Sender<Inbound>) {
    loop {
        let Ok((stream, address)) = listener.accept().await else { continue };
        if inbound.send(Inbound::Accepted(stream, address)).await.is_err() {
            return;
        }
    }
}

/// One connection, until it closes or sends what is no SIP.
async fn serve(
    stream: TcpStream,
    peer: Peer,
    id: u64,
    mut outbound: mpsc::Receiver<Vec<u8>>,
    inbound: mpsc::Sender<Inbound>,
) {
    let (mut reader, mut writer) = stream.into_split();
    let mut framer = Framer::default();
    let mut buffer = vec![0; 8_192];
    'open: loop {
        tokio::select! {
            read = reader.read(&mut buffer) => {
                let Ok(length @ 1..) = read else { break };
                framer.push(&buffer[..length]);
                loop {
                    match framer.next_message() {
                        Ok(Some(bytes)) => {
                            if inbound.send(Inbound::Message(bytes, peer)).await.is_err() {
                                break 'open;
                            }
                        }
                        Ok(None) => break,
                        Err(Oversized) => break 'open,
                    }
                }
            }
            bytes = outbound.recv() => {
                let Some(bytes) = bytes else { break };
                if writer.write_all(&bytes).await.is_err() {
                    break;
                }
            }
        }
    }
    // The receiver may be gone already; then nobody needs to know.
    let _ = inbound.send(Inbound::Closed(id)).await;
}

/// Cuts a stream into messages by Content-Length (RFC 3261 §18.3).
#[derive(Default)]
struct Framer {
    buffer: Vec<u8>,
}

#[derive(Debug, PartialEq, Eq)]
struct Oversized;

impl Framer {
    fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    fn next_message(&mut self) -> Result<Option<Vec<u8>>, Oversized> {
        // RFC 3261 §7.5: line ends before a message are skipped; RFC 5626 §3.5.1 uses them as keep-alive.
        let leading = self.buffer.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        self.buffer.drain(..leading);
        let Some(head) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") else {
            return if self.buffer.len() > STREAM_MESSAGE_MAX { Err(Oversized) } else { Ok(None) };
        };
        let total = head + 4 + content_length(&self.buffer[..head]);
        if total > STREAM_MESSAGE_MAX {
            return Err(Oversized);
        }
        Ok((self.buffer.len() >= total).then(|| self.buffer.drain(..total).collect()))
    }
}

fn content_length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head);
    let value = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let name = name.trim();
        (name.eq_ignore_ascii_case("content-length") || name.eq_ignore_ascii_case("l")).then(|| value.trim().to_owned())
    });
    // A length that is no number makes the message oversized, so the connection ends.
    value.map_or(0, |value| value.parse().unwrap_or(STREAM_MESSAGE_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stream_is_cut_at_content_length_however_it_arrives() {
        let stream = b"\r\n\r\nBYE sip:a SIP/2.0\r\nl: 3\r\n\r\nabcINFO sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n";
        for step in 1..stream.len() {
            let mut framer = Framer::default();
            let mut found = Vec::new();
            for piece in stream.chunks(step) {
                framer.push(piece);
                while let Some(message) = framer.next_message().expect("small") {
                    found.push(message);
                }
            }
            assert_eq!(found.len(), 2, "in pieces of {step}");
            assert!(found[0].ends_with(b"abc") && found[1].starts_with(b"INFO"));
        }
    }

    #[test]
    fn endless_or_lying_messages_end_the_connection() {
        let mut framer = Framer::default();
        framer.push(&vec![b'x'; STREAM_MESSAGE_MAX + 1]);
        assert_eq!(framer.next_message(), Err(Oversized));
        for length in ["99999999", "-1", "x", "99999999999999999999999"] {
            let mut framer = Framer::default();
            framer.push(format!("BYE sip:a SIP/2.0\r\nContent-Length: {length}\r\n\r\n").as_bytes());
            assert_eq!(framer.next_message(), Err(Oversized), "{length}");
        }
    }
}
