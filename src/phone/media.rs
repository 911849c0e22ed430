//! The media task of one call: sends every 20 ms, hears what comes, records it and tells the tones and digits in it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base::Rng;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::event::{CallNumber, MediaReport, PhoneEvent};
use super::limits::PACKETS_PER_TICK;
use super::options::{CallAudio, Codec, DtmfMode, Source};
use super::receiver::{Heard, Receiver};
use super::rtcp::{self, LastReport};
use super::sdp::Agreed;
use super::sender::{Sender, Voice};
use super::tones::{DigitEar, Ear, Sine};
use super::wav::{self, Recorder};

const TICK: Duration = Duration::from_millis(20);
/// Ticks between two `heard` events.
const HEARD_TICKS: u32 = 50;
/// Ticks between two RTCP reports: RFC 3550 §6.2 recommends five seconds.
const REPORT_TICKS: u32 = 250;
/// Pairs of ports tried before giving up.
const PORT_TRIES: u32 = 64;

pub(crate) enum MediaCommand {
    Agree {
        agreed: Agreed,
        talking: bool,
    },
    /// The reply comes when the last digit has been sent.
    Press(String, oneshot::Sender<()>),
    Stop,
}

/// The two sockets of a stream: RTP on an even port and RTCP on the next (RFC 3550 §11).
pub(crate) struct Ports {
    rtp: UdpSocket,
    rtcp: UdpSocket,
    pub(crate) address: SocketAddr,
}

impl Ports {
    pub(crate) async fn open(ip: IpAddr) -> io::Result<Self> {
        let mut last = io::Error::from(io::ErrorKind::AddrInUse);
        for _ in 0..PORT_TRIES {
            // The system picks a free port; its even neighbour is tried.
            let probe = std::net::UdpSocket::bind((ip, 0))?;
            let even = probe.local_addr()?.port() & !1;
            drop(probe);
            match (UdpSocket::bind((ip, even)).await, UdpSocket::bind((ip, even | 1)).await) {
                (Ok(rtp), Ok(rtcp)) => return Ok(Self { rtp, rtcp, address: SocketAddr::new(ip, even) }),
                (Err(error), _) | (_, Err(error)) => last = error,
            }
        }
        Err(last)
    }
}

/// What the task is given.
pub(crate) struct Session {
    pub(crate) call: CallNumber,
    pub(crate) ports: Ports,
    pub(crate) audio: PreparedAudio,
    pub(crate) dtmf: DtmfMode,
    pub(crate) rng: Rng,
    pub(crate) events: mpsc::Sender<PhoneEvent>,
    pub(crate) report: watch::Sender<Option<MediaReport>>,
}

/// A stream whose other end is known.
struct Stream {
    agreed: Agreed,
    sender: Sender,
    receiver: Receiver,
    ear: Ear,
    digit_ear: DigitEar,
    recorder: Option<Recorder>,
    digits: String,
    pressed: Vec<oneshot::Sender<()>>,
    last_report: Option<LastReport>,
    round_trip: Option<f64>,
    ticks: u32,
}

impl Session {
    /// Runs until it is stopped or its owner is gone; then reports.
    pub(crate) async fn run(mut self, mut commands: mpsc::Receiver<MediaCommand>) {
        let mut stream: Option<Stream> = None;
        let mut ticker = ticker();
        let (mut rtp, mut rtcp) = (vec![0; 2_048], vec![0; 2_048]);
        loop {
            tokio::select! {
                command = commands.recv() => match command {
                    Some(MediaCommand::Agree { agreed, talking }) => match &mut stream {
                        Some(stream) => stream.agree(agreed, talking, &self.audio),
                        None => {
                            stream = Some(self.begin(agreed, talking));
                            ticker = self::ticker();
                        }
                    },
                    Some(MediaCommand::Press(keys, done)) => match &mut stream {
                        Some(stream) => {
                            stream.sender.press_keys(&keys);
                            stream.pressed.push(done);
                        }
                        None => drop(done),
                    },
                    Some(MediaCommand::Stop) | None => break,
                },
                _ = ticker.tick(), if stream.is_some() => {
                    let Some(stream) = &mut stream else { continue };
                    stream.tick(&self);
                }
                received = self.ports.rtp.recv_from(&mut rtp) => {
                    let Ok((length, from)) = received else { continue };
                    let Some(stream) = &mut stream else { continue };
                    stream.handle_rtp(&self, &rtp[..length], from);
                    // What has come meanwhile is read at once, up to a bound, so that a busy machine catches up.
                    for _ in 0..PACKETS_PER_TICK {
                        let Ok((length, from)) = self.ports.rtp.try_recv_from(&mut rtp) else { break };
                        stream.handle_rtp(&self, &rtp[..length], from);
                    }
                }
                received = self.ports.rtcp.recv_from(&mut rtcp) => {
                    let (Ok((length, _)), Some(stream)) = (received, &mut stream) else { continue };
                    let (last, round_trip) = rtcp::read(rtcp::ntp_now(), &rtcp[..length], stream.sender.ssrc());
                    stream.last_report = last.or(stream.last_report);
                    stream.round_trip = round_trip.or(stream.round_trip);
                }
            }
        }
        let report = stream.map(|stream| stream.finish(&self)).unwrap_or_default();
        self.report.send_replace(Some(report.clone()));
        self.tell(PhoneEvent::Summary { call: self.call, media: report });
    }

    fn begin(&mut self, agreed: Agreed, talking: bool) -> Stream {
        let rate = agreed.codec.sample_rate();
        let mut sender = Sender::new(agreed, self.dtmf, self.audio.voice(rate), &mut self.rng);
        sender.agree(agreed, talking);
        let recorder = self.audio.audio.record.as_deref().and_then(|path| {
            let created = Recorder::create(path, rate);
            created.inspect_err(|error| tracing::warn!(%error, "the recording cannot be made")).ok()
        });
        Stream {
            agreed,
            sender,
            receiver: Receiver::new(agreed),
            ear: Ear::new(rate),
            digit_ear: DigitEar::new(rate),
            recorder,
            digits: String::new(),
            pressed: Vec::new(),
            last_report: None,
            round_trip: None,
            ticks: 0,
        }
    }

    /// A reader that does not keep up loses events, never sound.
    fn tell(&self, event: PhoneEvent) {
        if self.events.try_send(event).is_err() {
            tracing::debug!("an event was not read in time and is lost");
        }
    }
}

impl Stream {
    fn agree(&mut self, agreed: Agreed, talking: bool, audio: &PreparedAudio) {
        if agreed.codec != self.agreed.codec {
            let rate = agreed.codec.sample_rate();
            if rate != self.agreed.codec.sample_rate() {
                self.sender.set_voice(audio.voice(rate));
                self.ear = Ear::new(rate);
                self.digit_ear = DigitEar::new(rate);
            }
        }
        self.agreed = agreed;
        self.sender.agree(agreed, talking);
        self.receiver.agree(agreed);
    }

    fn tick(&mut self, session: &Session) {
        for packet in self.sender.next_packets() {
            // A full socket buffer loses the packet, as a network would.
            let _ = session.ports.rtp.try_send_to(&packet, self.agreed.remote);
        }
        if !self.sender.is_pressing() {
            for done in self.pressed.drain(..) {
                // Nobody need wait for it.
                let _ = done.send(());
            }
        }
        self.listen(session, false);
        self.ticks += 1;
        if self.ticks.is_multiple_of(HEARD_TICKS)
            && let Some(sound) = self.ear.take_sound()
        {
            session.tell(PhoneEvent::Heard {
                call: session.call,
                dominant_hz: sound.dominant_hz,
                level_db: sound.level_db,
                purity: sound.purity,
            });
        }
        if self.ticks.is_multiple_of(REPORT_TICKS) {
            let packet = rtcp::write(rtcp::ntp_now(), &self.sender, &self.receiver, self.last_report);
            let to = SocketAddr::new(self.agreed.remote.ip(), self.agreed.remote.port().wrapping_add(1));
            let _ = session.ports.rtcp.try_send_to(&packet, to);
        }
    }

    fn handle_rtp(&mut self, session: &Session, bytes: &[u8], from: SocketAddr) {
        let heard = self.receiver.handle_packet(Instant::now(), bytes, from == self.agreed.remote);
        if let Heard::Digit(digit) = heard {
            self.digit(session, digit, DtmfMode::Rfc4733);
        }
    }

    /// Samples in their order to the recording and the ears.
    fn listen(&mut self, session: &Session, all: bool) {
        let samples = self.receiver.take_ready(all);
        if samples.is_empty() {
            return;
        }
        self.ear.handle(&samples);
        for digit in self.digit_ear.handle(&samples) {
            self.digit(session, digit, DtmfMode::Inband);
        }
        let failed =
            self.recorder.as_mut().is_some_and(|recorder| recorder.write(&samples, self.receiver.rate()).is_err());
        if failed {
            tracing::warn!("the recording cannot be written and stops here");
            self.recorder = None;
        }
    }

    fn digit(&mut self, session: &Session, digit: char, by: DtmfMode) {
        self.digits.push(digit);
        session.tell(PhoneEvent::Digit { call: session.call, digit, by });
    }

    fn finish(mut self, session: &Session) -> MediaReport {
        self.listen(session, true);
        if let Some(Err(error)) = self.recorder.take().map(Recorder::finish) {
            tracing::warn!(%error, "the recording cannot be finished");
        }
        let mut packets = self.receiver.count;
        packets.sent = self.sender.sent;
        packets.lost = self.receiver.lost();
        MediaReport {
            packets,
            jitter_ms: (self.receiver.jitter() / 8.0 * 100.0).round() / 100.0,
            gap_ms_max: self.receiver.gap_max.as_millis() as u64,
            seconds_heard: (self.ear.seconds() * 100.0).round() / 100.0,
            level_db: self.ear.level_db(),
            tones: self.ear.tones(),
            digits: self.digits,
            round_trip_ms: self.round_trip.map(|ms| (ms * 100.0).round() / 100.0),
        }
    }
}

fn ticker() -> Interval {
    let mut ticker = interval(TICK);
    // A late task catches up, so that the stream keeps its pace over the whole call.
    ticker.set_missed_tick_behavior(MissedTickBehavior::Burst);
    ticker
}

/// What a call says and where it is written, with the file already read: a call must not begin with a pause.
#[derive(Clone)]
pub(crate) struct PreparedAudio {
    audio: CallAudio,
    /// The file at each rate that our codecs may ask for.
    samples: Vec<(u32, Arc<Vec<i16>>)>,
}

impl PreparedAudio {
    pub(crate) fn read(audio: CallAudio, codecs: &[Codec]) -> io::Result<Self> {
        let mut samples: Vec<(u32, Arc<Vec<i16>>)> = Vec::new();
        if let Source::Wav { path, .. } = &audio.source {
            for rate in codecs.iter().map(|codec| codec.sample_rate()) {
                if samples.iter().all(|(known, _)| *known != rate) {
                    samples.push((rate, Arc::new(wav::read(path, rate)?)));
                }
            }
        }
        Ok(Self { audio, samples })
    }

    fn voice(&self, rate: u32) -> Voice {
        let samples = || self.samples.iter().find(|(known, samples)| *known == rate && !samples.is_empty());
        match (&self.audio.source, samples()) {
            (Source::Tone { hz }, _) => Voice::Tone(Sine::tone(*hz, rate)),
            (Source::Wav { repeat, .. }, Some((_, samples))) => {
                Voice::Samples { samples: samples.clone(), at: 0, repeat: *repeat }
            }
            (Source::Silence | Source::Wav { .. }, _) => Voice::Silence,
        }
    }
}
