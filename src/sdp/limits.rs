/// A UDP datagram holds no more, and nobody describes one call in more.
pub const OCTETS_MAX: usize = 65_536;
/// Real descriptions have one to five (audio, video, slides, floor control, text).
pub const MEDIA_LINES_MAX: usize = 32;
/// Over the whole description. A browser's offer with candidates and header extensions stays below 300.
pub const ATTRIBUTES_MAX: usize = 1_024;
/// The longest lines seen are fmtp of video codecs and fingerprints, below 300 octets.
pub const LINE_OCTETS_MAX: usize = 4_096;
/// RTP has 128 payload types, so more formats cannot mean anything.
pub const FORMATS_MAX: usize = 128;
/// No device sends longer packets, and 200 ms is already a tenth of a conversation turn.
pub(crate) const PTIME_MS_MAX: u32 = 200;
