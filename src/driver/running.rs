use crate::clock::Clock;
use crate::letter::{Letter, LetterBox};
use crate::line::Line;
use crate::media::{MediaConfig, MediaPool, MediaStartError};
use crate::random::random;
use crate::resolve::Resolver;
use crate::shard_loop::{ShardGauges, ShardLoop};
use crate::stream::Streams;
use crate::udp::UdpListener;
use acd::Board;
use crossbeam::channel::{Sender, unbounded};
use engine::{Legs, Shard, SipLegs};
use media::SoundLibrary;
use model::{Directory, Memory, ShardId, Stamped};
use sip::{Listener, Protocol, RegistrationLimits};
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::runtime::Handle;

/// What the house is started with.
pub struct Settings {
    pub directory: Arc<Directory>,
    pub listen: Vec<(Protocol, SocketAddr)>,
    /// From the store; grows with every start.
    pub boot: u32,
    /// What the store knows of the time before.
    pub memory: Memory,
    pub sounds: Arc<SoundLibrary>,
    pub recordings: PathBuf,
    pub media_workers: u8,
    /// For streams and look-ups.
    pub runtime: Handle,
    /// To the journal; the shards put at most [`FACTS_WAITING`](crate::limits::FACTS_WAITING) there.
    pub facts: Sender<Stamped>,
    pub clock: Clock,
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("{protocol} {address} cannot be listened at: {source}{hint}")]
    Listen { protocol: &'static str, address: SocketAddr, source: io::Error, hint: &'static str },
    #[error("media.address: {address} is not an address of this machine ({source}); name one that `ip address` lists")]
    MediaAddress { address: IpAddr, source: io::Error },
    #[error(transparent)]
    Media(#[from] MediaStartError),
    #[error("the operating system gives no random numbers: {0}")]
    Random(io::Error),
    #[error("a signalling thread cannot be started: {0}")]
    Thread(io::Error),
}

/// All threads of the running house.
pub struct Running {
    line: Line,
    boxes: Vec<LetterBox>,
    threads: Vec<JoinHandle<()>>,
    media: Arc<MediaPool>,
    gauges: Vec<Arc<ShardGauges>>,
    listening: Vec<(Protocol, SocketAddr)>,
}

impl Running {
    /// Binds everything first, then starts the threads: an address in use is found before any call can come in.
    pub fn start(settings: Settings) -> Result<Self, StartError> {
        let shards = settings.directory.limits.shards.clamp(1, engine::MAX_SHARDS);
        let boxes: Vec<LetterBox> =
            (0..shards).map(|_| LetterBox::new()).collect::<Result<_, _>>().map_err(StartError::Thread)?;
        let streams = Streams::new(settings.runtime.clone(), boxes.clone());
        let (udp, listening) = bind(&settings.listen, &streams)?;
        try_media_addresses(&settings.directory.media.address)?;
        let media = Arc::new(start_media(&settings, shards, &boxes)?);
        let board = Arc::new(Board::new(acd::BoardSize::of(&settings.directory)));
        let (answers, answered) = unbounded();
        let line = Line::new(boxes.clone(), Arc::clone(&board), answered);
        let resolver = {
            // The resolver's background work belongs to the runtime.
            let _in_runtime = settings.runtime.enter();
            Resolver::system()
        };
        let mut secret = [0u8; 32];
        random(&mut secret).map_err(StartError::Random)?;
        let mut seed = [0u8; 8];
        random(&mut seed).map_err(StartError::Random)?;
        let udp = Arc::new(udp);
        let started = settings.clock.now();
        let mut running =
            Running { line, boxes: boxes.clone(), threads: Vec::new(), media, gauges: Vec::new(), listening };
        for number in 0..shards {
            let config = engine::Config {
                directory: Arc::clone(&settings.directory),
                board: Arc::clone(&board),
                shard: ShardId(number),
                shards,
                boot: settings.boot,
                seed: u64::from_ne_bytes(seed).wrapping_add(u64::from(number)),
                legs: Legs::Sip(SipLegs {
                    secret,
                    listeners: running.listeners(),
                    user_agent: concat!("Strowger/", env!("CARGO_PKG_VERSION")).into(),
                    registration: RegistrationLimits::default(),
                }),
                workers: settings.media_workers,
            };
            let mut shard = Shard::new(started, config);
            shard.handle_input(started, engine::Input::Memory(settings.memory.share(number, shards)));
            let gauges = Arc::new(ShardGauges::default());
            running.gauges.push(Arc::clone(&gauges));
            let shard_loop = ShardLoop {
                clock: settings.clock,
                shard,
                listeners: Arc::clone(&udp),
                letters: boxes[usize::from(number)].clone(),
                boxes: boxes.clone(),
                media: Arc::clone(&running.media),
                streams: streams.clone(),
                resolver: resolver.clone(),
                runtime: settings.runtime.clone(),
                facts: settings.facts.clone(),
                answers: answers.clone(),
                gauges,
            };
            let thread = std::thread::Builder::new().name(format!("shard-{number}")).spawn(move || {
                if let Err(error) = shard_loop.run() {
                    tracing::error!(%error, shard = number, "a signalling loop ended by an error");
                }
            });
            running.threads.push(thread.map_err(StartError::Thread)?);
        }
        Ok(running)
    }

    pub fn line(&self) -> &Line {
        &self.line
    }

    pub fn media(&self) -> &Arc<MediaPool> {
        &self.media
    }

    pub fn gauges(&self) -> &[Arc<ShardGauges>] {
        &self.gauges
    }

    /// Where SIP is heard, with the ports really taken.
    pub fn listening(&self) -> &[(Protocol, SocketAddr)] {
        &self.listening
    }

    /// A signalling thread ended though nobody asked it to.
    pub fn is_broken(&self) -> bool {
        self.threads.iter().any(JoinHandle::is_finished)
    }

    /// Hangs everything up, waits for the answers, ends the threads; then the media side with its recordings.
    pub fn stop(self) {
        for shard in &self.boxes {
            shard.put(Letter::Stop);
        }
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a signalling thread ended by a panic");
            }
        }
        match Arc::try_unwrap(self.media) {
            Ok(media) => media.shutdown(),
            // Somebody still shows its statistics; its threads end with the last holder.
            Err(shared) => drop(shared),
        }
    }

    fn listeners(&self) -> Vec<Listener> {
        let listener = |(protocol, address): &(Protocol, SocketAddr)| Listener {
            protocol: *protocol,
            address: *address,
            advertised: None,
        };
        self.listening.iter().map(listener).collect()
    }
}

type Bound = (Vec<UdpListener>, Vec<(Protocol, SocketAddr)>);

fn bind(listen: &[(Protocol, SocketAddr)], streams: &Streams) -> Result<Bound, StartError> {
    let (mut udp, mut listening) = (Vec::new(), Vec::new());
    for (protocol, address) in listen {
        let refused = |source: io::Error| {
            let hint = match source.kind() {
                io::ErrorKind::AddrInUse => "; another program listens there: stop it or change sip.listen",
                io::ErrorKind::PermissionDenied => "; ports below 1024 need the right CAP_NET_BIND_SERVICE",
                io::ErrorKind::AddrNotAvailable => "; this machine has no such address",
                _ => "",
            };
            let protocol = match protocol {
                Protocol::Udp => "udp",
                Protocol::Tcp => "tcp",
            };
            StartError::Listen { protocol, address: *address, source, hint }
        };
        match protocol {
            Protocol::Udp => {
                let listener = UdpListener::bind(*address).map_err(refused)?;
                listening.push((*protocol, listener.local()));
                udp.push(listener);
            }
            Protocol::Tcp => listening.push((*protocol, streams.listen(*address).map_err(refused)?)),
        }
    }
    Ok((udp, listening))
}

/// An address this machine does not have would make every call a 503; it is found before the first.
fn try_media_addresses(addresses: &[IpAddr]) -> Result<(), StartError> {
    for address in addresses {
        UdpSocket::bind((*address, 0)).map_err(|source| StartError::MediaAddress { address: *address, source })?;
    }
    Ok(())
}

fn start_media(settings: &Settings, shards: u8, boxes: &[LetterBox]) -> Result<MediaPool, MediaStartError> {
    let media = &settings.directory.media;
    let config = MediaConfig {
        workers: settings.media_workers,
        shards,
        addresses: media.address.clone(),
        ports: media.ports.clone(),
        silence: if media.timeout.is_zero() { Duration::MAX } else { media.timeout },
        recordings: settings.recordings.clone(),
        seed: settings.clock.mono().as_nanos(),
    };
    let boxes = boxes.to_vec();
    MediaPool::start(&config, settings.clock, &settings.sounds, move |shard: ShardId| {
        boxes[usize::from(shard.0)].wake().wake();
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_another_machine_is_refused_by_name() {
        let theirs: IpAddr = "192.0.2.1".parse().unwrap();
        let refused = try_media_addresses(&[IpAddr::from([127, 0, 0, 1]), theirs]).unwrap_err().to_string();
        assert!(refused.contains("media.address") && refused.contains("192.0.2.1"), "{refused}");
        assert!(try_media_addresses(&[IpAddr::from([127, 0, 0, 1])]).is_ok());
    }
}
