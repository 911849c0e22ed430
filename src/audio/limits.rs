//! Every limit of this room, with its reason.

use core::time::Duration;

/// Samples of the longest frame a codec or filter is given at once: 60 ms at 16 kHz.
pub const MAX_FRAME: usize = 960;

/// Below 4 kHz there is no speech, above 192 kHz nobody records; rates outside are a broken or hostile header.
pub const WAV_RATES: core::ops::RangeInclusive<u32> = 4_000..=192_000;

/// Prompts and music are mono, stereo or at most surround.
pub const WAV_CHANNELS_MAX: u16 = 8;

/// Samples over all channels a WAV may hold: twenty minutes of mono at 48 kHz, 115 MB while it is loaded.
pub const WAV_SAMPLES_MAX: usize = 57_600_000;

/// Concealment fades to silence over this time (ITU-T G.711 Appendix I).
pub const CONCEALMENT_MAX: Duration = Duration::from_millis(60);
