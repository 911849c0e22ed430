use crate::description::Media;
use crate::{Direction, Encoding};
use core::net::SocketAddr;

/// What an exchange agreed for our side of the audio stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Agreed {
    pub remote: SocketAddr,
    /// Where RTCP goes; `None` with rtcp-mux: to `remote`.
    pub remote_rtcp: Option<SocketAddr>,
    pub encoding: Encoding,
    pub payload_type_out: u8,
    pub payload_type_in: u8,
    /// telephone-event, per direction.
    pub event_out: Option<u8>,
    pub event_in: Option<u8>,
    /// The packet length to send.
    pub ptime_ms: u8,
    /// Ours: what we may send and will hear.
    pub direction: Direction,
    /// The peer put us on hold: it does not want to hear us.
    pub held: bool,
}

/// The direction a peer's line means, with the old way of holding folded in.
///
/// RFC 3264 §8.4: `c=0.0.0.0` (or `::`) says that nothing shall be sent there.
pub(crate) fn peer_direction(media: &Media) -> Direction {
    let nowhere = media.connection.is_some_and(|a| a.is_unspecified());
    Direction::new(media.direction.sends(), media.direction.receives() && !nowhere)
}

/// Where RTP and RTCP go; on hold by a zero address, where they went before.
pub(crate) fn remote(media: &Media, before: Option<&Agreed>, mux: bool) -> Option<(SocketAddr, Option<SocketAddr>)> {
    let address = media.connection?;
    if address.is_unspecified()
        && let Some(before) = before
    {
        return Some((before.remote, before.remote_rtcp));
    }
    let rtcp = match media.rtcp {
        Some((port, at)) => SocketAddr::new(at.unwrap_or(address), port),
        // RFC 3550 §11: the next higher port; a peer on 65535 has none.
        None => SocketAddr::new(address, media.port.saturating_add(1)),
    };
    Some((SocketAddr::new(address, media.port), (!mux).then_some(rtcp)))
}

/// What we send in one packet: what the peer asks for when we can, in whole steps of 10 ms.
pub(crate) fn ptime(media: &Media, ours: u8) -> u8 {
    let wanted = media.ptime_ms.unwrap_or(u32::from(ours));
    let allowed = media.maxptime_ms.map_or(wanted, |most| wanted.min(most));
    let step = (allowed.min(PTIME_SENT_MS_MAX) / 10).max(1) * 10;
    u8::try_from(step).unwrap_or(ours)
}

/// Longer packets than this are asked for by nobody in earnest and one lost packet would cost a syllable.
const PTIME_SENT_MS_MAX: u32 = 60;
