use crate::phone::description::{Description, EVENT, answering};
use crate::phone::ear::{Ear, audio_codec};
use crate::sounds::sine;
use audio::{Encoder, FRAME_OCTETS};
use base::{Instant, Rng};
use core::net::SocketAddr;
use core::time::Duration;
use model::{Codec, Direction};
use rtp::{KeySender, Packet, PayloadType, Sender};

const FRAME: Duration = Duration::from_millis(20);

/// How far a port moves: above those of all of a phone's calls.
const MOVED: u16 = 5000;

/// One call's sound at a phone: it sends its own tone and listens.
#[derive(Debug)]
pub(crate) struct Voice {
    pub(crate) ear: Ear,
    local: SocketAddr,
    codecs: Vec<Codec>,
    /// What we want the direction to be.
    wanted: Direction,
    /// What was agreed, ours.
    agreed: Option<Agreed>,
    session: u32,
    version: u32,
    tone: Option<u16>,
    muted: bool,
    sender: Sender,
    encoder: Option<(Codec, Encoder)>,
    samples: usize,
    keys: KeySender,
    next: Option<Instant>,
    sent: u64,
}

#[derive(Clone, Debug)]
struct Agreed {
    remote: SocketAddr,
    codec: Codec,
    event: Option<u8>,
    direction: Direction,
}

impl Voice {
    /// `tone`: what it says; `None`: it sends no packets at all.
    pub(crate) fn new(local: SocketAddr, codecs: Vec<Codec>, tone: Option<u16>, rng: &mut Rng) -> Self {
        Voice {
            ear: Ear::default(),
            local,
            codecs,
            wanted: Direction::SendRecv,
            agreed: None,
            session: u32::from(local.port()),
            version: 0,
            tone,
            muted: false,
            sender: Sender::new(8000, rng),
            encoder: None,
            samples: 0,
            keys: KeySender::new(8000),
            next: None,
            sent: 0,
        }
    }

    pub(crate) fn local(&self) -> SocketAddr {
        self.local
    }

    /// Where our sound is to go.
    pub(crate) fn remote(&self) -> Option<SocketAddr> {
        self.agreed.as_ref().map(|agreed| agreed.remote)
    }

    pub(crate) fn codec(&self) -> Option<Codec> {
        self.agreed.as_ref().map(|a| a.codec)
    }

    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }

    pub(crate) fn want(&mut self, direction: Direction) {
        self.wanted = direction;
    }

    pub(crate) fn move_away(&mut self) {
        self.local.set_port(self.local.port() + MOVED);
    }

    pub(crate) fn mute(&mut self, muted: bool) {
        self.muted = muted;
    }

    pub(crate) fn direction(&self) -> Option<Direction> {
        self.agreed.as_ref().map(|a| a.direction)
    }

    /// Our offer: all we can, and what we want.
    pub(crate) fn offer(&mut self) -> Vec<u8> {
        self.version += 1;
        let (address, codecs, direction) = (self.local, self.codecs.clone(), self.wanted);
        Description { address, codecs, event: Some(EVENT), direction }.write(self.session, self.version)
    }

    /// Our answer; `None` when there is no codec in common.
    pub(crate) fn answer(&mut self, now: Instant, offer: &[u8]) -> Option<Vec<u8>> {
        let theirs = Description::read(offer)?;
        let codec = *theirs.codecs.iter().find(|c| self.codecs.contains(c))?;
        let direction = answering(theirs.direction, self.wanted);
        self.agree(now, &theirs, codec, direction);
        self.version += 1;
        let ours = Description { address: self.local, codecs: vec![codec], event: theirs.event, direction };
        Some(ours.write(self.session, self.version))
    }

    /// The answer to our offer.
    pub(crate) fn answered(&mut self, now: Instant, answer: &[u8]) -> bool {
        let Some(theirs) = Description::read(answer) else { return false };
        let Some(codec) = theirs.codecs.first().copied() else { return false };
        let direction = answering(theirs.direction, self.wanted);
        self.agree(now, &theirs, codec, direction);
        true
    }

    fn agree(&mut self, now: Instant, theirs: &Description, codec: Codec, direction: Direction) {
        self.agreed = Some(Agreed { remote: theirs.address, codec, event: theirs.event, direction });
        let sends = matches!(direction, Direction::SendRecv) && self.tone.is_some();
        self.next = match (sends, self.next) {
            (true, None) => {
                self.sender.resume(now);
                Some(now)
            }
            (true, next) => next,
            (false, _) => None,
        };
    }

    /// Queues a key for telephone-event.
    pub(crate) fn press(&mut self, key: char, held: Duration) {
        let key = rtp::Key::from_char(key).expect("a key of a telephone");
        self.keys.press(key, held).expect("stories press few keys");
    }

    pub(crate) fn stop(&mut self) {
        self.next = None;
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.next
    }

    /// The packets that are due: one a frame.
    pub(crate) fn handle_timeout(&mut self, now: Instant, send: &mut impl FnMut(SocketAddr, SocketAddr, Vec<u8>)) {
        while let Some(at) = self.next.filter(|at| *at <= now) {
            self.next = Some(at + FRAME);
            let Some(Agreed { remote, codec, event, .. }) = self.agreed.clone() else { return };
            let mut packet = [0; 400];
            let step = FRAME_OCTETS as u32;
            let pressed = event.and_then(|_| self.keys.handle_tick(self.sender.timestamp(), step));
            let length = match (pressed, event.and_then(PayloadType::new)) {
                (Some(key), Some(number)) => {
                    let written =
                        self.sender.write_event(now, number, key.marker, key.timestamp, &key.payload, &mut packet);
                    self.sender.skip(step);
                    self.samples += FRAME_OCTETS;
                    written
                }
                _ => {
                    let payload = self.frame(codec);
                    let number = PayloadType::new(codec.payload_type()).expect("a static payload type");
                    self.sender.write_audio(now, number, &payload, step, &mut packet)
                }
            };
            let length = length.expect("a frame and its header are shorter than the buffer");
            self.sent += 1;
            send(self.local, remote, packet[..length].to_vec());
        }
    }

    fn frame(&mut self, codec: Codec) -> [u8; FRAME_OCTETS] {
        let rate = codec.sample_rate();
        let count = FRAME_OCTETS * (rate / 8000) as usize;
        let tone = self.tone.unwrap_or_default();
        let pcm: Vec<i16> =
            (0..count).map(|n| if self.muted { 0 } else { sine(tone, rate, self.samples + n) }).collect();
        // Whole waves a second: the phase need not be counted further.
        self.samples = (self.samples + count) % rate as usize;
        let encoder = match &mut self.encoder {
            Some((known, encoder)) if *known == codec => encoder,
            place => &mut place.insert((codec, Encoder::new(audio_codec(codec)))).1,
        };
        let mut octets = [0; FRAME_OCTETS];
        encoder.encode(&pcm, &mut octets);
        octets
    }

    pub(crate) fn handle_packet(&mut self, now: Instant, octets: &[u8]) {
        let Ok(packet) = Packet::parse(octets) else { return };
        let number = packet.payload_type().number();
        let codec = [Codec::Pcmu, Codec::Pcma, Codec::G722].into_iter().find(|c| c.payload_type() == number);
        match (codec, &self.agreed) {
            (Some(codec), _) => self.ear.handle_audio(now, codec, packet.payload()),
            (None, Some(agreed)) if agreed.event == Some(number) || number == EVENT => {
                self.ear.handle_event(&packet);
            }
            (None, _) => panic!("the house sends payload type {number}, which nobody agreed on"),
        }
    }
}
