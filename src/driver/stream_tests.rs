//! Attack A3 over real sockets in paused time: slow clients cost a handle for ten seconds and nobody else anything.

use super::Streams;
use crate::letter::{Letter, LetterBox};
use crate::limits::{FIRST_MESSAGE_TIME, HALF_OPEN_PER_SOURCE};
use socket2::{Domain, Socket, Type};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

const SLOW: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 1);
const GOOD: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const REQUEST: &[u8] = b"OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.2;branch=z9hG4bK1\r\n\
    From: <sip:a@127.0.0.2>;tag=1\r\nTo: <sip:127.0.0.1>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";

/// A listener on loopback with one letter box, and what has come out of it.
struct House {
    streams: Streams,
    letters: LetterBox,
    address: SocketAddr,
    /// Kept, as a shard would, so that nobody lets go of a stream by accident.
    opened: Vec<Letter>,
    messages: usize,
    closed: usize,
}

impl House {
    fn new() -> Self {
        let letters = LetterBox::new().expect("an eventfd");
        let streams = Streams::new(Handle::current(), vec![letters.clone()]);
        let address = streams.listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a port");
        House { streams, letters, address, opened: Vec::new(), messages: 0, closed: 0 }
    }

    /// Connects from an address of ours; a full backlog is waited for by the other task's turn.
    fn client(&self, source: Ipv4Addr) -> TcpStream {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        socket.bind(&SocketAddr::from((source, 0)).into()).expect("loopback is ours");
        socket.connect(&self.address.into()).expect("somebody listens");
        let stream = TcpStream::from(socket);
        stream.set_nonblocking(true).expect("a socket");
        stream
    }

    /// Lets the tasks work until something is so. Time stands still meanwhile: a runtime that yields is never idle.
    async fn until(&mut self, what: &str, mut is_so: impl FnMut(&mut House) -> bool) {
        let begun = Instant::now();
        while !is_so(self) {
            assert!(begun.elapsed() < Duration::from_secs(60), "waited in vain: {what}");
            self.read();
            tokio::task::yield_now().await;
        }
    }

    fn read(&mut self) {
        while let Some(letter) = self.letters.take() {
            match letter {
                Letter::StreamOpened { .. } => self.opened.push(letter),
                Letter::StreamMessage { .. } => self.messages += 1,
                Letter::StreamClosed { .. } => self.closed += 1,
                _ => panic!("not a letter about streams: {letter:?}"),
            }
        }
    }

    fn open(&self) -> usize {
        self.streams.shared.open.load(Ordering::Relaxed)
    }
}

/// Whether the far side has let go.
fn is_closed(client: &mut TcpStream) -> bool {
    match client.read(&mut [0; 16]) {
        Ok(count) => count == 0,
        Err(error) => error.kind() != ErrorKind::WouldBlock,
    }
}

#[tokio::test(start_paused = true)]
async fn a3_a_client_that_dribbles_is_closed_ten_seconds_after_it_came() {
    let mut house = House::new();
    let mut client = house.client(SLOW);
    house.until("the stream is served", |h| h.opened.len() == 1).await;
    let step = Duration::from_secs(1);
    for octet in &REQUEST[..9] {
        client.write_all(&[*octet]).expect("still open");
        tokio::time::advance(step).await;
    }
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    house.read();
    assert_eq!((house.closed, house.open()), (0, 1), "nine seconds are no offence");
    assert_eq!(FIRST_MESSAGE_TIME, 10 * step);
    tokio::time::advance(step).await;
    house.until("it is closed", |h| h.closed == 1 && h.open() == 0).await;
    house.until("the client sees it", |_| is_closed(&mut client)).await;
    assert!(house.streams.half_open().is_empty(), "nothing is remembered of it");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_said_something_whole_may_then_be_silent() {
    let mut house = House::new();
    let mut phone = house.client(GOOD);
    phone.write_all(REQUEST).expect("open");
    house.until("the message arrives", |h| h.messages == 1).await;
    assert!(house.streams.half_open().is_empty(), "a proven source is not counted");
    tokio::time::advance(10 * FIRST_MESSAGE_TIME).await;
    phone.write_all(REQUEST).expect("still open");
    house.until("the next one too", |h| h.messages == 2).await;
    assert_eq!((house.closed, house.open()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a3_a_source_full_of_slow_clients_keeps_no_other_source_out() {
    let mut house = House::new();
    let mut slow = Vec::new();
    for count in 1..=HALF_OPEN_PER_SOURCE {
        let mut client = house.client(SLOW);
        client.write_all(b"O").expect("open");
        slow.push(client);
        house.until("it is let in", |h| h.opened.len() == count).await;
    }
    let mut one_more = house.client(SLOW);
    house.until("it is turned away", |_| is_closed(&mut one_more)).await;
    let mut phone = house.client(GOOD);
    phone.write_all(REQUEST).expect("open");
    house.until("the good phone is heard", |h| h.messages == 1).await;
    tokio::time::advance(FIRST_MESSAGE_TIME).await;
    house.until("the slow ones are gone", |h| h.closed == HALF_OPEN_PER_SOURCE).await;
    for client in &mut slow {
        house.until("and know it", |_| is_closed(client)).await;
    }
    house.until("only the good one is left", |h| h.open() == 1).await;
    assert!(house.streams.half_open().is_empty());
    let served = house.opened.len();
    let _again = house.client(SLOW);
    house.until("the source may come again", |h| h.opened.len() == served + 1).await;
}
