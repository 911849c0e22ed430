//! Every bound of the room, each with its reason.

/// The largest message we read: what one UDP datagram can carry, and what one stream may have buffered
/// before its peer has shown who it is. Offsets into a message therefore fit `u16`.
pub const MESSAGE_BYTES_MAX: usize = 65_535;

/// Header lines kept of one message. Real INVITEs have 15–30; a call that crossed 70 proxies (the usual Max-Forwards)
/// carries 70 Vias and as many Record-Routes in the worst case, often on shared lines.
pub const HEADER_FIELDS_MAX: usize = 128;

/// Slots of [`HEADER_FIELDS_MAX`] held back for From, To, Call-ID and CSeq, so that a request with too many lines can
/// still be refused with an answer its sender can match.
pub const HEADER_FIELDS_RESERVED: usize = 4;

/// Longest header field name; the longest in the IANA registry has 34 octets.
pub const HEADER_NAME_BYTES_MAX: usize = 255;

/// Digits read of any number; `u32::MAX` has ten, and leading zeros are legal (RFC 4475 §3.1.1.1).
pub const NUMBER_DIGITS_MAX: usize = 32;
