use crate::{Direction, Encoding};
use core::net::SocketAddr;

/// What we are ready to speak on a leg.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Terms {
    /// Where we hear: the address the peer is shown.
    pub address: SocketAddr,
    /// In order of preference.
    pub encodings: Vec<Encoding>,
    /// What the other side of the call speaks: of several formats in an answer this one is sent, so that nothing needs
    /// transcoding. RFC 3264 §7 leaves the choice to whoever offered.
    pub shared: Option<Encoding>,
    pub ptime_ms: u8,
    pub direction: Direction,
    /// Offer and accept telephone-event.
    pub telephone_event: bool,
    /// Offer rtcp-mux; an answer always takes it when offered.
    pub rtcp_mux: bool,
}

impl Terms {
    pub fn new(address: SocketAddr, encodings: &[Encoding]) -> Self {
        Terms {
            address,
            encodings: encodings.to_vec(),
            shared: None,
            ptime_ms: 20,
            direction: Direction::SendRecv,
            telephone_event: true,
            rtcp_mux: false,
        }
    }

    /// Two-way but for what `direction` forbids.
    pub fn directed(mut self, direction: Direction) -> Self {
        self.direction = direction;
        self
    }
}
