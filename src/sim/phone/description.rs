use core::net::{IpAddr, SocketAddr};
use model::{Codec, Direction};
use std::fmt::Write;

/// Telephone-event's payload type in a phone's offers.
pub(crate) const EVENT: u8 = 101;

/// What a session description says, as far as a phone cares.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Description {
    pub(crate) address: SocketAddr,
    pub(crate) codecs: Vec<Codec>,
    /// Payload type of telephone-event.
    pub(crate) event: Option<u8>,
    pub(crate) direction: Direction,
}

impl Description {
    /// `None` when it is no description with one audio line we can read.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let text = core::str::from_utf8(body).ok()?;
        let (mut ip, mut port, mut codecs, mut event) = (None, None, Vec::new(), None);
        let mut direction = Direction::SendRecv;
        for line in text.lines() {
            if let Some(value) = line.strip_prefix("c=IN IP4 ").or(line.strip_prefix("c=IN IP6 ")) {
                ip = value.trim().parse::<IpAddr>().ok();
            } else if let Some(value) = line.strip_prefix("m=audio ") {
                let mut words = value.split(' ');
                port = words.next()?.parse().ok();
                codecs = words.skip(1).filter_map(|w| codec(w.parse().ok()?)).collect();
            } else if let Some(value) = line.strip_prefix("a=rtpmap:") {
                let (number, name) = value.split_once(' ')?;
                if name.starts_with("telephone-event/8000") {
                    event = number.parse().ok();
                }
            } else if let Some(found) = line.strip_prefix("a=").and_then(direction_of) {
                direction = found;
            }
        }
        Some(Description { address: SocketAddr::new(ip?, port?), codecs, event, direction })
    }

    pub(crate) fn write(&self, session: u32, version: u32) -> Vec<u8> {
        let ip = self.address.ip();
        let kind = if ip.is_ipv4() { "IP4" } else { "IP6" };
        let mut text = format!(
            "v=0\r\no=- {session} {version} IN {kind} {ip}\r\ns=-\r\nc=IN {kind} {ip}\r\nt=0 0\r\nm=audio {} RTP/AVP",
            self.address.port()
        );
        let numbers = self.codecs.iter().map(|c| c.payload_type()).chain(self.event);
        for number in numbers {
            write!(text, " {number}").expect("writing to a String cannot fail");
        }
        text.push_str("\r\n");
        for codec in &self.codecs {
            // RFC 3551 §4.5.2: G.722's clock is written as 8000.
            write!(text, "a=rtpmap:{} {}/8000\r\n", codec.payload_type(), codec.encoding_name())
                .expect("writing to a String cannot fail");
        }
        if let Some(event) = self.event {
            write!(text, "a=rtpmap:{event} telephone-event/8000\r\na=fmtp:{event} 0-15\r\n")
                .expect("writing to a String cannot fail");
        }
        text.push_str(match self.direction {
            Direction::SendRecv => "a=sendrecv\r\n",
            Direction::SendOnly => "a=sendonly\r\n",
            Direction::RecvOnly => "a=recvonly\r\n",
            Direction::Inactive => "a=inactive\r\n",
        });
        text.into_bytes()
    }
}

fn codec(payload_type: u8) -> Option<Codec> {
    [Codec::Pcmu, Codec::Pcma, Codec::G722].into_iter().find(|c| c.payload_type() == payload_type)
}

fn direction_of(word: &str) -> Option<Direction> {
    match word {
        "sendrecv" => Some(Direction::SendRecv),
        "sendonly" => Some(Direction::SendOnly),
        "recvonly" => Some(Direction::RecvOnly),
        "inactive" => Some(Direction::Inactive),
        _ => None,
    }
}

/// RFC 3264 §6.1: what we may answer when the offer has this direction and we want `wanted`.
pub(crate) fn answering(offered: Direction, wanted: Direction) -> Direction {
    let may_send = matches!(offered, Direction::SendRecv | Direction::RecvOnly)
        && matches!(wanted, Direction::SendRecv | Direction::SendOnly);
    let may_receive = matches!(offered, Direction::SendRecv | Direction::SendOnly)
        && matches!(wanted, Direction::SendRecv | Direction::RecvOnly);
    match (may_send, may_receive) {
        (true, true) => Direction::SendRecv,
        (true, false) => Direction::SendOnly,
        (false, true) => Direction::RecvOnly,
        (false, false) => Direction::Inactive,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let description = Description {
            address: "10.1.0.7:20000".parse().expect("an address"),
            codecs: vec![Codec::Pcma, Codec::G722],
            event: Some(EVENT),
            direction: Direction::SendOnly,
        };
        assert_eq!(Description::read(&description.write(1, 2)), Some(description));
        assert_eq!(Description::read(b"v=0\r\n"), None);
    }

    #[test]
    fn hold_is_answered_by_listening() {
        assert_eq!(answering(Direction::SendOnly, Direction::SendRecv), Direction::RecvOnly);
        assert_eq!(answering(Direction::Inactive, Direction::SendRecv), Direction::Inactive);
        assert_eq!(answering(Direction::SendRecv, Direction::SendOnly), Direction::SendOnly);
    }
}
