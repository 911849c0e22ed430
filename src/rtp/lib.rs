//! Room `rtp`: packets, sessions and keys of a media stream.
//!
//! Purpose: RTP and RTCP (RFC 3550, 3551), telephone-event (RFC 4733), a jitter buffer and the estimate of
//! quality, for one leg of a call.
//!
//! In: datagrams as octets, the time, ticks of audio. Out: views into those octets, packets written into the
//! caller's buffer, keys pressed, frames to play.
//! - [`Packet`], [`Header`], [`DatagramKind`]: one packet, read and written without copying or allocating.
//! - [`Sender`]: our SSRC; writes our packets, or carries another stream on as ours ([`Splice`]).
//! - [`Receiver`]: sequence, loss, jitter, duplicates (RFC 3550 A.1, A.3, A.8).
//! - [`RtcpSession`]: reports when they are due, round trip, what the far side hears.
//! - [`Conditions`]: mean opinion score by a simplified E-model.
//! - [`KeyReceiver`], [`KeySender`]: one press, one key.
//! - [`JitterBuffer`]: frames in time order, or the word that one is lost.
//!
//! Invariants: nothing here panics on received octets; nothing allocates per packet; memory per leg is
//! bounded by [`limits`]; a BYE or a forged report never ends or changes a stream.
//!
//! Deliberately absent: SRTP (RFC 3711; a later issue), sockets and addresses (latching belongs to room
//! `media`), codecs and concealment (room `audio`), codecs whose packets cannot be cut at any tick in the
//! jitter buffer (Opus comes with its own store), more than two parties on a session, redundant audio
//! (RFC 2198).
//!
//! ```
//! use base::{Instant, Rng};
//! use rtp::{Arrival, Packet, PayloadType, Receiver, Sender};
//!
//! let now = Instant::ZERO;
//! let mut sender = Sender::new(8000, &mut Rng::new(1));
//! let mut datagram = [0; 200];
//! let len = sender.write_audio(now, PayloadType::PCMU, &[0xff; 160], 160, &mut datagram)?;
//!
//! let mut receiver = Receiver::new(8000);
//! let packet = Packet::parse(&datagram[..len])?;
//! assert_eq!(receiver.handle_packet(now, &packet), Arrival::NewSource);
//! assert_eq!(packet.payload().len(), 160);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(test)]
mod allocations;
mod delay;
mod event;
mod ids;
mod jitter;
mod key_receiver;
mod key_sender;
pub mod limits;
mod packet;
mod quality;
mod receiver;
mod rtcp;
mod sender;
mod session;

pub use event::{EVENT_LEN, EventError, EventReport, Key};
pub use ids::{PayloadType, Sequence, Ssrc, Timestamp};
pub use jitter::{JitterBuffer, JitterConfig, JitterCounts, Pulled, Queued};
pub use key_receiver::{KeyChange, KeyReceiver};
pub use key_sender::{EventPacket, KeySender};
pub use packet::{BufferTooShort, DatagramKind, HEADER_LEN, Header, Packet, PacketError};
pub use quality::{Conditions, Impairment};
pub use receiver::{Arrival, Receiver, Reception};
pub use rtcp::{
    Blocks, Compound, Description, Goodbye, NtpTime, Report, ReportBlock, RtcpError, RtcpPacket, SenderInfo,
};
pub use sender::{Sender, Splice};
pub use session::{Heard, RemoteReception, RtcpSession};
