//! Room `audio`: what samples and codecs are, and what can be done to them.
//!
//! Purpose: G.711 and G.722, packet loss concealment, resampling, mixing, tones, WAV files, sounds encoded
//! ahead, and measuring all of it.
//!
//! In and out: slices of 16-bit samples and of octets; files as anything that reads or writes.
//! - [`Codec`], [`Encoder`], [`Decoder`], [`g711`], [`G722Encoder`], [`G722Decoder`]
//! - [`Plc`]: fills the place of frames that never came; [`merge_frames`]: plays two in the time of one
//! - [`Upsampler`], [`Downsampler`] frame by frame; [`resample`] for whole files
//! - [`Mixer`], [`mix_into`], [`Gain`]
//! - [`Tone`], [`ToneGenerator`]: ring-back by country, keys, beep
//! - [`Wav`], [`write_wav`], [`RecordingLayout`], [`interleave`]
//! - [`EncodedSound`]: music on hold as slices to copy
//! - [`measure`]: frequency, level and cleanness of a sound, for tests and tools
//!
//! Invariants: everything called once a frame works from tables and state of fixed size and allocates
//! nothing; loading and measuring may. Sums clip, they never wrap. A file is limited by what it declares and
//! by what it holds ([`limits`]).
//!
//! Deliberately absent: Opus and DTMF detection (later issues), files and folders (the driver's), RTP
//! (room `rtp`), comfort noise, echo cancellation, gain control, recordings beyond 4 GiB in one file.
//!
//! ```
//! use audio::{Codec, Decoder, EncodedSound, Plc, SampleRate, Tone, ToneGenerator, measure};
//!
//! let mut pcm = vec![0; 8000];
//! ToneGenerator::new(&Tone::ringback("CN"), SampleRate::Hz8000).fill(&mut pcm);
//! let sound = EncodedSound::from_pcm(&pcm, 8000);
//!
//! let (mut decoder, mut plc) = (Decoder::new(Codec::Pcma), Plc::new(SampleRate::Hz8000));
//! let mut heard = Vec::new();
//! for index in 0..sound.frames() {
//!     let mut frame = [0; 160];
//!     if index % 20 == 19 {
//!         plc.conceal(&mut frame);
//!     } else {
//!         decoder.decode(sound.frame(Codec::Pcma, index), &mut frame);
//!         plc.good(&mut frame);
//!     }
//!     heard.extend(frame);
//! }
//! let tone = measure::dominant(&heard, 8000).expect("not silent");
//! assert!((tone.hertz - 450.0).abs() < 1.0);
//! ```

#[cfg(test)]
mod allocations;
mod codec;
pub mod g711;
mod g722;
pub mod limits;
pub mod measure;
mod mix;
mod plc;
mod rate;
mod recording;
mod resample;
mod sound;
mod tone;
mod wav;

pub use codec::{Codec, Decoder, Encoder, FRAME_OCTETS};
pub use g722::{G722Decoder, G722Encoder};
pub use mix::{Gain, Mixer, mix_into};
pub use plc::{Plc, merge_frames};
pub use rate::SampleRate;
pub use recording::{RECORDING_HEADER_LEN, RecordingLayout, interleave};
pub use resample::{Downsampler, Upsampler, resample};
pub use sound::EncodedSound;
pub use tone::{Beat, Dbm0, Tone, ToneGenerator};
pub use wav::{Wav, WavError, write_wav};
