//! SIP over TCP: tokio accepts, connects, reads, frames and writes; the shards see whole messages.

use crate::letter::{Letter, LetterBox};
use crate::limits::{
    CONNECT_TIME, CONNECTIONS_MAX, FIRST_MESSAGE_TIME, HALF_OPEN_PER_SOURCE, IDLE_TIME, LAST_WORD_TIME, WRITES_WAITING,
};
use sip::{ConnectionId, Frame, Framer, FramingError, Opener, home_of};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Everything about streams that is shared between the tasks.
#[derive(Clone, Debug)]
pub(crate) struct Streams {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    runtime: Handle,
    boxes: Vec<LetterBox>,
    next: AtomicU64,
    open: AtomicUsize,
    /// Accepted connections that have not sent a whole message yet, by source.
    half_open: Mutex<HashMap<IpAddr, usize>>,
}

impl Streams {
    pub(crate) fn new(runtime: Handle, boxes: Vec<LetterBox>) -> Self {
        let half_open = Mutex::new(HashMap::new());
        Streams {
            shared: Arc::new(Shared { runtime, boxes, next: AtomicU64::new(1), open: AtomicUsize::new(0), half_open }),
        }
    }

    /// Binds now, so that an address in use is an error before anything is ready; accepts from then on.
    pub(crate) fn listen(&self, address: SocketAddr) -> io::Result<SocketAddr> {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let local = listener.local_addr()?;
        let streams = self.clone();
        let _in_runtime = self.shared.runtime.enter();
        let listener = TcpListener::from_std(listener)?;
        self.shared.runtime.spawn(async move { streams.accept(listener).await });
        Ok(local)
    }

    pub(crate) fn connect(&self, connection: ConnectionId, remote: SocketAddr) {
        let streams = self.clone();
        self.shared.runtime.spawn(async move {
            match timeout(CONNECT_TIME, TcpStream::connect(remote)).await {
                Ok(Ok(stream)) => streams.serve(connection, stream, remote, Opener::Us).await,
                Ok(Err(_)) | Err(_) => streams.tell_closed(connection),
            }
        });
    }

    async fn accept(self, listener: TcpListener) {
        loop {
            match listener.accept().await {
                Ok((stream, remote)) => {
                    if self.admit(remote.ip()) {
                        let connection = ConnectionId(self.shared.next.fetch_add(1, Ordering::Relaxed));
                        let streams = self.clone();
                        self.shared.runtime.spawn(async move {
                            streams.serve(connection, stream, remote, Opener::Peer).await;
                        });
                    }
                }
                Err(error) => {
                    // Out of file handles or memory: wait for others to close instead of spinning.
                    tracing::warn!(%error, "a TCP connection could not be accepted");
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                }
            }
        }
    }

    fn admit(&self, source: IpAddr) -> bool {
        if self.shared.open.load(Ordering::Relaxed) >= CONNECTIONS_MAX {
            return false;
        }
        let mut half_open = self.half_open();
        let count = half_open.entry(source).or_default();
        let admitted = *count < HALF_OPEN_PER_SOURCE;
        *count += usize::from(admitted);
        admitted
    }

    fn proven(&self, source: IpAddr) {
        let mut half_open = self.half_open();
        if let Some(count) = half_open.get_mut(&source) {
            *count -= 1;
            if *count == 0 {
                half_open.remove(&source);
            }
        }
    }

    fn half_open(&self) -> std::sync::MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.shared.half_open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn serve(&self, connection: ConnectionId, stream: TcpStream, remote: SocketAddr, opener: Opener) {
        self.shared.open.fetch_add(1, Ordering::Relaxed);
        let mut unproven = opener == Opener::Peer;
        if let Err(error) = self.talk(connection, stream, remote, opener, &mut unproven).await {
            tracing::debug!(%error, connection = connection.0, "a TCP connection ended");
        }
        if unproven {
            self.proven(remote.ip());
        }
        self.shared.open.fetch_sub(1, Ordering::Relaxed);
        self.tell_closed(connection);
    }

    async fn talk(
        &self,
        connection: ConnectionId,
        mut stream: TcpStream,
        remote: SocketAddr,
        opener: Opener,
        unproven: &mut bool,
    ) -> io::Result<()> {
        let local = stream.local_addr()?;
        stream.set_nodelay(true)?;
        let (writer, mut writes) = mpsc::channel::<Box<[u8]>>(WRITES_WAITING);
        for shard in &self.shared.boxes {
            shard.put(Letter::StreamOpened { connection, local, remote, writer: writer.clone() });
        }
        drop(writer);
        let (mut reader, mut output) = stream.split();
        let mut framer = Framer::new(opener);
        let mut octets = vec![0u8; 8192];
        let mut until = tokio::time::Instant::now() + if *unproven { FIRST_MESSAGE_TIME } else { IDLE_TIME };
        loop {
            tokio::select! {
                read = reader.read(&mut octets) => {
                    let count = read?;
                    if count == 0 {
                        return Ok(());
                    }
                    match self.frames(connection, local, remote, &mut framer, &octets[..count], &mut output).await? {
                        Ok(true) => {
                            if std::mem::take(unproven) {
                                self.proven(remote.ip());
                            }
                            until = tokio::time::Instant::now() + IDLE_TIME;
                        }
                        Ok(false) => {}
                        Err(fault) => {
                            self.tell_broken(connection, remote, framer.rest(), fault);
                            return say_last(&mut writes, &mut output).await;
                        }
                    }
                }
                write = writes.recv() => match write {
                    Some(bytes) => output.write_all(&bytes).await?,
                    // Every shard let go of it.
                    None => return Ok(()),
                },
                () = tokio::time::sleep_until(until) => return Err(io::ErrorKind::TimedOut.into()),
            }
        }
    }

    /// True when something whole arrived; an error when nothing can be told apart any more.
    async fn frames(
        &self,
        connection: ConnectionId,
        local: SocketAddr,
        remote: SocketAddr,
        framer: &mut Framer,
        mut octets: &[u8],
        output: &mut (impl AsyncWriteExt + Unpin),
    ) -> io::Result<Result<bool, FramingError>> {
        let mut whole = false;
        while !octets.is_empty() {
            let taken = framer.handle_octets(octets);
            octets = &octets[taken..];
            loop {
                match framer.poll_frame() {
                    Ok(Some(Frame::Message(bytes))) => {
                        whole = true;
                        self.tell_message(connection, local, remote, bytes);
                    }
                    Ok(Some(Frame::Ping)) => output.write_all(b"\r\n").await?,
                    Ok(Some(Frame::Pong)) => {}
                    Ok(None) => break,
                    Err(fault) => return Ok(Err(fault)),
                }
            }
        }
        Ok(Ok(whole))
    }

    fn tell_message(&self, connection: ConnectionId, local: SocketAddr, remote: SocketAddr, bytes: &[u8]) {
        let shards = u8::try_from(self.shared.boxes.len()).unwrap_or(u8::MAX);
        let home = home_of(bytes, shards);
        if let Some(shard) = self.shared.boxes.get(usize::from(home.0)) {
            shard.put(Letter::StreamMessage { connection, local, remote, bytes: bytes.into() });
        }
    }

    /// The user agent answers what can be answered, and then lets go of the stream.
    fn tell_broken(&self, connection: ConnectionId, remote: SocketAddr, bytes: &[u8], fault: FramingError) {
        let shards = u8::try_from(self.shared.boxes.len()).unwrap_or(u8::MAX);
        let home = home_of(bytes, shards);
        if let Some(shard) = self.shared.boxes.get(usize::from(home.0)) {
            shard.put(Letter::StreamBroken { connection, remote, bytes: bytes.into(), fault });
        }
    }

    fn tell_closed(&self, connection: ConnectionId) {
        for shard in &self.shared.boxes {
            shard.put(Letter::StreamClosed { connection });
        }
    }
}

/// Writes what the shards still have to say, until every one of them has let go of the stream.
async fn say_last(writes: &mut mpsc::Receiver<Box<[u8]>>, output: &mut (impl AsyncWriteExt + Unpin)) -> io::Result<()> {
    let all = async {
        while let Some(bytes) = writes.recv().await {
            output.write_all(&bytes).await?;
        }
        output.shutdown().await
    };
    match timeout(LAST_WORD_TIME, all).await {
        Ok(written) => written,
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;
