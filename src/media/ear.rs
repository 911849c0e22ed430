use crate::limits::{FRAME_OCTETS, FRAME_SAMPLES_MAX};
use audio::{Decoder, Downsampler, Encoder, Plc, SampleRate, Upsampler, merge_frames, mix_into};
use base::Instant;
use model::Codec;
use rtp::{JitterBuffer, JitterConfig, Packet, Pulled};

/// A leg's sound taken out of its packets, for those who cannot have the packets themselves.
///
/// Exists only while somebody mixes it: a relayed leg costs none of this.
#[derive(Debug)]
pub(crate) struct Ear {
    jitter: JitterBuffer,
    codec: Codec,
    decoder: Decoder,
    plc: Plc,
    /// The other rate is made only when a listener has it.
    converter: Option<Converter>,
    native: Frame,
    converted: Frame,
}

#[derive(Debug)]
enum Converter {
    Up(Box<Upsampler>),
    Down(Box<Downsampler>),
}

/// 20 ms of samples at one rate; empty when there is no sound.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    samples: [i16; FRAME_SAMPLES_MAX],
    len: usize,
}

impl Frame {
    pub(crate) const EMPTY: Frame = Frame { samples: [0; FRAME_SAMPLES_MAX], len: 0 };

    pub(crate) fn samples(&self) -> &[i16] {
        &self.samples[..self.len]
    }

    /// Silence at a rate, to be added to.
    pub(crate) fn silent(rate: SampleRate) -> Self {
        Frame { len: rate.frame(), ..Frame::EMPTY }
    }

    pub(crate) fn add(&mut self, other: &[i16]) {
        mix_into(&mut self.samples[..self.len], other);
    }
}

impl Ear {
    pub(crate) fn new(codec: Codec) -> Self {
        Ear {
            jitter: JitterBuffer::new(JitterConfig::default()),
            codec,
            decoder: Decoder::new(audio_codec(codec)),
            plc: Plc::new(rate_of(codec)),
            converter: None,
            native: Frame::EMPTY,
            converted: Frame::EMPTY,
        }
    }

    /// Whether somebody listens at the other rate too.
    pub(crate) fn convert(&mut self, wanted: bool) {
        match (wanted, &self.converter) {
            (true, None) => {
                self.converter = Some(match rate_of(self.codec) {
                    SampleRate::Hz8000 => Converter::Up(Box::default()),
                    SampleRate::Hz16000 => Converter::Down(Box::default()),
                });
            }
            (false, Some(_)) => self.converter = None,
            (true, Some(_)) | (false, None) => {}
        }
    }

    pub(crate) fn handle_packet(&mut self, now: Instant, packet: &Packet<'_>) {
        // What the buffer refuses it counts; the sound goes on by concealment.
        let _stored_or_counted = self.jitter.handle_packet(now, packet);
    }

    /// Takes the frame that is due; `codec_of` names what a payload type stands for.
    pub(crate) fn pull(&mut self, now: Instant, codec_of: impl Fn(rtp::PayloadType) -> Option<Codec>) {
        let mut octets = [0; FRAME_OCTETS];
        match self.jitter.pull(now, &mut octets) {
            Pulled::Frame(payload_type) => {
                if let Some(codec) = codec_of(payload_type).filter(|codec| *codec != self.codec) {
                    self.change_codec(codec);
                }
                self.decode(&octets);
                self.catch_up(now);
                let len = self.native.len;
                self.plc.good(&mut self.native.samples[..len]);
            }
            Pulled::Lost => {
                self.native.len = rate_of(self.codec).frame();
                let len = self.native.len;
                self.plc.conceal(&mut self.native.samples[..len]);
            }
            Pulled::Silence => self.native.len = 0,
        }
        self.convert_frame();
    }

    /// What was pulled last, at a rate; empty when there was no sound.
    pub(crate) fn frame(&self, rate: SampleRate) -> &[i16] {
        if rate == rate_of(self.codec) { self.native.samples() } else { self.converted.samples() }
    }

    fn decode(&mut self, octets: &[u8]) {
        self.native.len = self.decoder.decode(octets, &mut self.native.samples);
    }

    /// Plays two frames in the time of one when more sound waits than the network needs.
    fn catch_up(&mut self, now: Instant) {
        let mut octets = [0; FRAME_OCTETS];
        if self.jitter.pull_surplus(now, &mut octets).is_none() {
            return;
        }
        let first = self.native.clone();
        self.decode(&octets);
        let second = self.native.clone();
        let len = first.len.min(second.len);
        merge_frames(first.samples(), second.samples(), &mut self.native.samples[..len]);
    }

    fn change_codec(&mut self, codec: Codec) {
        let converts = self.converter.is_some();
        if rate_of(codec) != rate_of(self.codec) {
            self.plc = Plc::new(rate_of(codec));
            self.converter = None;
        }
        self.codec = codec;
        self.decoder = Decoder::new(audio_codec(codec));
        self.convert(converts);
    }

    fn convert_frame(&mut self) {
        let Some(converter) = self.converter.as_mut().filter(|_| self.native.len > 0) else {
            self.converted.len = 0;
            return;
        };
        let samples = &self.native.samples[..self.native.len];
        self.converted.len = match converter {
            Converter::Up(up) => up.process(samples, &mut self.converted.samples),
            Converter::Down(down) => down.process(samples, &mut self.converted.samples),
        };
    }
}

/// What a leg is told, put into its codec: the other end of an [`Ear`].
#[derive(Debug)]
pub(crate) struct Mouth {
    codec: Codec,
    encoder: Encoder,
    /// For announcements, which are kept at 8 kHz for mixing.
    upsampler: Upsampler,
}

impl Mouth {
    pub(crate) fn new(codec: Codec) -> Self {
        Mouth { codec, encoder: Encoder::new(audio_codec(codec)), upsampler: Upsampler::new() }
    }

    pub(crate) fn codec(&self) -> Codec {
        self.codec
    }

    /// Adds PCMU octets to a frame, whatever its rate.
    pub(crate) fn add_pcmu(&mut self, frame: &mut Frame, octets: &[u8]) {
        let mut narrow = [0; FRAME_OCTETS];
        let count = Decoder::Pcmu.decode(octets, &mut narrow);
        if frame.len == SampleRate::Hz8000.frame() {
            frame.add(&narrow[..count]);
        } else {
            let mut wide = [0; FRAME_SAMPLES_MAX];
            let count = self.upsampler.process(&narrow[..count], &mut wide);
            frame.add(&wide[..count]);
        }
    }

    pub(crate) fn encode(&mut self, frame: &Frame, octets: &mut [u8]) -> usize {
        self.encoder.encode(frame.samples(), octets)
    }
}

pub(crate) const fn audio_codec(codec: Codec) -> audio::Codec {
    match codec {
        Codec::Pcmu => audio::Codec::Pcmu,
        Codec::Pcma => audio::Codec::Pcma,
        Codec::G722 => audio::Codec::G722,
    }
}

pub(crate) const fn rate_of(codec: Codec) -> SampleRate {
    audio_codec(codec).sample_rate()
}
