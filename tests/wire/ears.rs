//! Mouths and ears beside SIPp: each speaks a tone of its own in G.711 µ-law to the port SIPp names in its log, and
//! writes down which tones it hears, how loud and for how long. Nothing of our rooms `rtp` and `audio` is used.
//!
//! A hundred of them run beside everything else of a test on two cores and without optimisation, so whatever can be
//! reckoned once is: a second of each tone, the window, the octets' values.

use crate::sense::{FRACTION, HZ_ERROR, LEVEL_ERROR_DB, SPOKEN_DB, Sense, decode, encode};
use crate::sipp::Sipp;
use std::f64::consts::TAU;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const RATE: u32 = 8_000;
const FRAME: usize = 160;
const FRAME_TIME: Duration = Duration::from_millis(20);
const WINDOW: usize = RATE as usize / FRACTION;
/// A tone that was heard before a silence of this length is another stretch than one after it.
const QUIET: Duration = Duration::from_millis(300);
/// A thread that was held up speaks what it owes at once, but not more than a receive buffer holds.
const CATCH_UP: Duration = Duration::from_millis(400);
/// How often the logs are read: sooner than a person says hello.
const READ_EVERY: Duration = Duration::from_millis(40);
/// Of a sine at −16 dBFS RMS.
const PEAK: f64 = 0.158_489_319_246_111_35 * std::f64::consts::SQRT_2 * 32_768.0;
/// A stretch of one tone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tone {
    pub(crate) hz: f64,
    pub(crate) level_db: f64,
    pub(crate) seconds: f64,
}

/// What one ear heard.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heard {
    /// In the order of their beginnings; a pause or another sound begins a new one.
    pub(crate) tones: Vec<Tone>,
    pub(crate) packets: u64,
    /// Gaps in the sequence numbers of one source.
    pub(crate) lost: u64,
    /// The longest time between two packets of one source.
    pub(crate) gap_max: Duration,
}

impl Heard {
    /// Seconds of this tone at the level it was spoken with.
    pub(crate) fn seconds_of(&self, hz: f64) -> f64 {
        let right =
            |tone: &&Tone| (tone.hz - hz).abs() <= HZ_ERROR && (tone.level_db - SPOKEN_DB).abs() <= LEVEL_ERROR_DB;
        self.tones.iter().filter(right).map(|tone| tone.seconds).sum()
    }

    /// Which of these tones it heard for at least so long.
    pub(crate) fn among(&self, tones: &[f64], seconds: f64) -> Vec<f64> {
        tones.iter().copied().filter(|hz| self.seconds_of(*hz) >= seconds).collect()
    }
}

/// A log of SIPp, and how far it has been read.
#[derive(Debug)]
struct Log {
    file: PathBuf,
    read: u64,
}

/// Ears of one test, served by one thread.
#[derive(Debug)]
pub(crate) struct Ears {
    ports: Vec<u16>,
    heard: Arc<Mutex<Vec<Heard>>>,
    logs: Arc<Mutex<Vec<Log>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Ears {
    /// One ear a tone, at ports of `ip`.
    pub(crate) fn open(ip: &str, tones: &[f64]) -> Ears {
        let ears: Vec<Ear> = tones.iter().map(|hz| Ear::open(ip, *hz)).collect();
        let ports = ears.iter().map(|ear| ear.port).collect();
        let heard = Arc::new(Mutex::new(vec![Heard::default(); ears.len()]));
        let logs = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let (heard, logs, stop) = (Arc::clone(&heard), Arc::clone(&logs), Arc::clone(&stop));
            move || serve(ears, &heard, &logs, &stop)
        });
        Ears { ports, heard, logs, stop, thread: Some(thread) }
    }

    /// Speaks as this SIPp's log says.
    pub(crate) fn follow(&self, sipp: &Sipp) {
        self.logs.lock().expect("the ears' thread lives").push(Log { file: sipp.log().to_owned(), read: 0 });
    }

    pub(crate) fn ports(&self) -> &[u16] {
        &self.ports
    }

    /// What ear `n` has heard so far.
    pub(crate) fn heard(&self, n: usize) -> Heard {
        self.heard.lock().expect("the ears' thread lives")[n].clone()
    }
}

impl Drop for Ears {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
            && !std::thread::panicking()
        {
            panic!("the ears' thread panicked");
        }
    }
}

/// `count` tones that no window confuses.
pub(crate) fn tones(lowest: f64, apart: f64, count: usize) -> Vec<f64> {
    assert!(lowest + apart * count as f64 <= 3_400.0, "telephone sound ends there");
    (0..count).map(|n| lowest + apart * n as f64).collect()
}

struct Ear {
    socket: UdpSocket,
    port: u16,
    /// One second of its tone, which has whole hertz and so can be repeated.
    second: Vec<u8>,
    sequence: u16,
    timestamp: u32,
    source: u32,
    peer: Option<SocketAddr>,
    heard_at: Option<Instant>,
    /// Source and sequence number of the last packet.
    last: Option<(u32, u16)>,
    /// As it came: µ-law.
    window: Vec<u8>,
    open_tone: bool,
}

impl Ear {
    fn open(ip: &str, hz: f64) -> Ear {
        let socket = UdpSocket::bind((ip, 0)).expect("a loopback address has free ports");
        socket.set_nonblocking(true).expect("a socket can be polled");
        Ear {
            port: socket.local_addr().expect("bound").port(),
            socket,
            second: a_second_of(hz),
            sequence: 1,
            timestamp: 0,
            source: (hz * 1_000.0) as u32,
            peer: None,
            heard_at: None,
            last: None,
            window: Vec::with_capacity(WINDOW),
            open_tone: false,
        }
    }

    fn speak(&mut self) {
        let Some(peer) = self.peer else { return };
        let mut packet = [0; 12 + FRAME];
        packet[0] = 0x80;
        packet[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        packet[4..8].copy_from_slice(&self.timestamp.to_be_bytes());
        packet[8..12].copy_from_slice(&self.source.to_be_bytes());
        let from = self.timestamp as usize % self.second.len();
        packet[12..].copy_from_slice(&self.second[from..from + FRAME]);
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(FRAME as u32);
        // A port that is gone answers with an error: the call is over.
        let _ = self.socket.send_to(&packet, peer);
    }

    fn listen(&mut self, now: Instant, sense: &mut Sense, values: &[f64], heard: &mut Heard) {
        let mut buffer = [0; 2_048];
        loop {
            let length = match self.socket.recv(&mut buffer) {
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // ICMP about a port that is gone.
                Err(_) => continue,
            };
            let packet = &buffer[..length];
            // RTP version 2, payload type 0, and nothing before the payload: what a G.711 stream of ours looks like.
            if length <= 12 || packet[0] != 0x80 || packet[1] & 0x7f != 0 {
                continue;
            }
            heard.packets += 1;
            let sequence = u16::from_be_bytes([packet[2], packet[3]]);
            let source = u32::from_be_bytes([packet[8], packet[9], packet[10], packet[11]]);
            if let Some((before, last)) = self.last
                && before == source
            {
                heard.lost += u64::from(sequence.wrapping_sub(last).wrapping_sub(1));
                let gap = self.heard_at.map_or(Duration::ZERO, |at| now.duration_since(at));
                heard.gap_max = heard.gap_max.max(gap);
            }
            self.heard_at = Some(now);
            self.last = Some((source, sequence));
            self.window.extend_from_slice(&packet[12..]);
            if self.window.len() >= WINDOW {
                let samples = self.window[..WINDOW].iter().map(|octet| values[usize::from(*octet)]);
                let tone = sense.tone_of(samples);
                self.note(tone, heard);
                self.window.clear();
            }
        }
        if self.heard_at.is_none_or(|at| now.duration_since(at) > QUIET) {
            self.window.clear();
            self.open_tone = false;
        }
    }

    fn note(&mut self, tone: Option<(f64, f64)>, heard: &mut Heard) {
        let seconds = WINDOW as f64 / f64::from(RATE);
        let Some((hz, level_db)) = tone else {
            self.open_tone = false;
            return;
        };
        match heard.tones.last_mut() {
            Some(last) if self.open_tone && (last.hz - hz).abs() <= HZ_ERROR => {
                let whole = last.seconds + seconds;
                last.level_db = (last.level_db * last.seconds + level_db * seconds) / whole;
                last.seconds = whole;
            }
            _ => heard.tones.push(Tone { hz, level_db, seconds }),
        }
        self.open_tone = true;
    }
}

fn serve(mut ears: Vec<Ear>, heard: &Mutex<Vec<Heard>>, logs: &Mutex<Vec<Log>>, stop: &AtomicBool) {
    let mut sense = Sense::new(RATE);
    let values: Vec<f64> = (0..=255).map(decode).collect();
    let mut next = Instant::now();
    let mut next_reading = next;
    while !stop.load(Ordering::Relaxed) {
        let now = Instant::now();
        let due = now >= next;
        if now >= next_reading {
            next_reading = now + READ_EVERY;
            for (port, peer) in logs.lock().expect("nobody panics with it").iter_mut().flat_map(Log::news) {
                let owner = ears.iter_mut().find(|ear| ear.port == port);
                owner.expect("SIPp names ports of ears").peer = peer;
            }
        }
        {
            let mut heard = heard.lock().expect("nobody panics with it");
            for (ear, heard) in ears.iter_mut().zip(heard.iter_mut()) {
                ear.listen(now, &mut sense, &values, heard);
                if due {
                    ear.speak();
                }
            }
        }
        if due {
            next = (next + FRAME_TIME).max(now.checked_sub(CATCH_UP).unwrap_or(now));
        }
        let wait = next.saturating_duration_since(Instant::now()).min(Duration::from_millis(10));
        std::thread::sleep(wait);
    }
}

impl Log {
    /// New lines `PORT speaks to PORT`; 0 ends it.
    fn news(&mut self) -> Vec<(u16, Option<SocketAddr>)> {
        let Ok(mut file) = File::open(&self.file) else { return Vec::new() };
        let mut text = String::new();
        if file.seek(SeekFrom::Start(self.read)).is_err() || file.read_to_string(&mut text).is_err() {
            return Vec::new();
        }
        // The last line may be half written.
        let whole = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
        self.read += whole.len() as u64;
        let read = |line: &str| {
            let (port, peer) = line.split_once(" speaks to ")?;
            let peer: u16 = peer.trim().parse().ok()?;
            let peer = (peer != 0).then(|| SocketAddr::from(([127, 0, 0, 1], peer)));
            Some((port.trim().parse().ok()?, peer))
        };
        whole.lines().filter_map(read).collect()
    }
}

fn a_second_of(hz: f64) -> Vec<u8> {
    assert!(hz.fract() == 0.0, "a tone of whole hertz can be repeated every second");
    (0..RATE).map(|n| encode(((TAU * hz * f64::from(n) / f64::from(RATE)).sin() * PEAK) as i32)).collect()
}
