//! Session descriptions, as much as one audio stream needs (RFC 8866, RFC 3264, RFC 3551).

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use super::options::Codec;

/// Payload type we offer for telephone-event.
const EVENT_TYPE: u8 = 101;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Direction {
    pub(crate) send: bool,
    pub(crate) receive: bool,
}

impl Direction {
    pub(crate) const BOTH: Self = Self { send: true, receive: true };
    pub(crate) const SEND_ONLY: Self = Self { send: true, receive: false };

    fn name(self) -> &'static str {
        match (self.send, self.receive) {
            (true, true) => "sendrecv",
            (true, false) => "sendonly",
            (false, true) => "recvonly",
            (false, false) => "inactive",
        }
    }

    /// What is left for us of the direction the other side wants.
    pub(crate) fn mirrored(self) -> Self {
        Self { send: self.receive, receive: self.send }
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self { send: self.send && other.send, receive: self.receive && other.receive }
    }
}

/// The other side's description of its audio stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Remote {
    /// None: the stream was refused (port 0).
    pub(crate) address: Option<SocketAddr>,
    /// In its order of preference.
    pub(crate) codecs: Vec<(u8, Codec)>,
    pub(crate) event_type: Option<u8>,
    pub(crate) direction: Direction,
}

/// What both sides agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Agreed {
    pub(crate) remote: SocketAddr,
    pub(crate) codec: Codec,
    pub(crate) payload_type: u8,
    pub(crate) event_type: Option<u8>,
    pub(crate) direction: Direction,
}

impl Remote {
    /// Reads the first audio stream; None when there is none that can be read.
    pub(crate) fn parse(body: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(body).ok()?;
        let mut session_address = None;
        let mut session_direction = Direction::BOTH;
        let mut section = Section::Session;
        for line in text.lines() {
            let Some((kind, value)) = line.trim_end().split_once('=') else { continue };
            match (kind, &mut section) {
                ("m", Section::Audio(_)) => break,
                ("m", _) if value.starts_with("audio ") => section = Section::Audio(Media::new(value)?),
                ("m", _) => section = Section::Other,
                ("c", Section::Session) => session_address = connection(value),
                ("c", Section::Audio(media)) => media.address = connection(value),
                ("a", Section::Session) => session_direction = direction(value).unwrap_or(session_direction),
                ("a", Section::Audio(media)) => media.attribute(value),
                _ => {}
            }
        }
        let Section::Audio(media) = section else { return None };
        let address = media.address.or(session_address)?;
        let mut direction = media.direction.unwrap_or(session_direction);
        if address.is_unspecified() {
            // RFC 3264 §8.4: the hold of RFC 2543, still spoken by old phones.
            direction.receive = false;
        }
        Some(Self {
            address: (media.port != 0).then(|| SocketAddr::new(address, media.port)),
            codecs: media.codecs(),
            event_type: media.event_type(),
            direction,
        })
    }

    /// The agreement when this is an answer to, or an offer answered with, `wanted` under our `direction`.
    pub(crate) fn agree(&self, wanted: &[Codec], direction: Direction) -> Option<Agreed> {
        let (payload_type, codec) = self.codecs.iter().copied().find(|(_, codec)| wanted.contains(codec))?;
        Some(Agreed {
            remote: self.address?,
            codec,
            payload_type,
            event_type: self.event_type,
            direction: self.direction.mirrored().and(direction),
        })
    }
}

enum Section<'a> {
    Session,
    /// A stream of another kind, which is skipped.
    Other,
    Audio(Media<'a>),
}

/// An `m=audio` section under way.
struct Media<'a> {
    port: u16,
    types: Vec<u8>,
    maps: Vec<(u8, &'a str)>,
    address: Option<IpAddr>,
    direction: Option<Direction>,
}

impl<'a> Media<'a> {
    fn new(value: &'a str) -> Option<Self> {
        let mut words = value.split_whitespace().skip(1);
        let port = words.next()?.split('/').next()?.parse().ok()?;
        let types = words.skip(1).filter_map(|word| word.parse().ok()).collect();
        Some(Self { port, types, maps: Vec::new(), address: None, direction: None })
    }

    fn attribute(&mut self, value: &'a str) {
        if let Some((number, name)) = value.strip_prefix("rtpmap:").and_then(|map| map.split_once(' ')) {
            if let Ok(number) = number.trim().parse() {
                self.maps.push((number, name.trim()));
            }
        } else if let Some(direction) = direction(value) {
            self.direction = Some(direction);
        }
    }

    fn codecs(&self) -> Vec<(u8, Codec)> {
        let codec = |number: u8| match self.name(number) {
            Some(name) if name.eq_ignore_ascii_case("PCMU/8000") => Some(Codec::Pcmu),
            Some(name) if name.eq_ignore_ascii_case("PCMA/8000") => Some(Codec::Pcma),
            Some(name) if name.eq_ignore_ascii_case("G722/8000") => Some(Codec::G722),
            Some(_) => None,
            // RFC 3551 table 4: static payload types need no rtpmap.
            None => [(0, Codec::Pcmu), (8, Codec::Pcma), (9, Codec::G722)]
                .into_iter()
                .find(|(n, _)| *n == number)
                .map(|(_, c)| c),
        };
        self.types.iter().filter_map(|&number| Some((number, codec(number)?))).collect()
    }

    fn event_type(&self) -> Option<u8> {
        let is_event =
            |number: &&u8| self.name(**number).is_some_and(|name| name.eq_ignore_ascii_case("telephone-event/8000"));
        self.types.iter().find(is_event).copied()
    }

    /// Encoding name and clock rate of a payload type, without a channel count of one.
    fn name(&self, number: u8) -> Option<&str> {
        let (_, name) = self.maps.iter().find(|(mapped, _)| *mapped == number)?;
        Some(name.strip_suffix("/1").filter(|shorter| shorter.contains('/')).unwrap_or(name))
    }
}

fn connection(value: &str) -> Option<IpAddr> {
    value.split_whitespace().nth(2)?.split('/').next()?.parse().ok()
}

fn direction(attribute: &str) -> Option<Direction> {
    match attribute.trim() {
        "sendrecv" => Some(Direction::BOTH),
        "sendonly" => Some(Direction::SEND_ONLY),
        "recvonly" => Some(Direction { send: false, receive: true }),
        "inactive" => Some(Direction { send: false, receive: false }),
        _ => None,
    }
}

/// Our own description: an offer with all our codecs, or an answer with the one agreed on.
pub(crate) struct Local {
    pub(crate) address: SocketAddr,
    pub(crate) session: u64,
    pub(crate) version: u64,
}

impl Local {
    pub(crate) fn offer(&self, codecs: &[Codec], direction: Direction) -> String {
        let numbered: Vec<_> = codecs.iter().map(|&codec| (static_type(codec), codec)).collect();
        self.write(&numbered, Some(EVENT_TYPE), direction)
    }

    pub(crate) fn answer(&self, agreed: &Agreed) -> String {
        self.write(&[(agreed.payload_type, agreed.codec)], agreed.event_type, agreed.direction)
    }

    fn write(&self, codecs: &[(u8, Codec)], event_type: Option<u8>, direction: Direction) -> String {
        let family = if self.address.is_ipv4() { "IP4" } else { "IP6" };
        let ip = self.address.ip();
        let mut types = String::new();
        let mut maps = String::new();
        for (number, codec) in codecs {
            let name = match codec {
                Codec::Pcmu => "PCMU",
                Codec::Pcma => "PCMA",
                Codec::G722 => "G722",
            };
            let _ = write!(types, " {number}");
            // RFC 3551 §4.5.2: G.722 is written with a clock of 8000 although it samples at 16000.
            let _ = write!(maps, "a=rtpmap:{number} {name}/8000\r\n");
        }
        if let Some(number) = event_type {
            let _ = write!(types, " {number}");
            let _ = write!(maps, "a=rtpmap:{number} telephone-event/8000\r\na=fmtp:{number} 0-15\r\n");
        }
        format!(
            "v=0\r\no=- {} {} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\nm=audio {} RTP/AVP{types}\r\n{maps}\
             a=ptime:20\r\na={}\r\n",
            self.session,
            self.version,
            self.address.port(),
            direction.name()
        )
    }
}

fn static_type(codec: Codec) -> u8 {
    match codec {
        Codec::Pcmu => 0,
        Codec::Pcma => 8,
        Codec::G722 => 9,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local() -> Local {
        Local { address: "127.0.0.1:40000".parse().expect("an address"), session: 1, version: 2 }
    }

    #[test]
    fn our_own_offer_reads_back_as_written() {
        let text = local().offer(&[Codec::G722, Codec::Pcma], Direction::SEND_ONLY);
        let remote = Remote::parse(text.as_bytes()).expect("readable");
        assert_eq!(remote.address, "127.0.0.1:40000".parse().ok());
        assert_eq!(remote.codecs, [(9, Codec::G722), (8, Codec::Pcma)]);
        assert_eq!(remote.event_type, Some(101));
        assert_eq!(remote.direction, Direction::SEND_ONLY);
    }

    #[test]
    fn answer_keeps_the_offerers_numbers_and_mirrors_its_direction() {
        let offer = "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\na=inactive\r\n\
                     m=video 9 RTP/AVP 31\r\na=sendonly\r\nm=audio 4000/2 RTP/AVP 18 97 96 0\r\nc=IN IP4 10.0.0.2\r\n\
                     a=rtpmap:97 pcma/8000/1\r\na=rtpmap:96 telephone-event/8000\r\na=recvonly\r\n";
        let offer = Remote::parse(offer.as_bytes()).expect("readable");
        let agreed = offer.agree(&[Codec::Pcmu, Codec::Pcma], Direction::BOTH).expect("a common codec");
        assert_eq!(agreed.remote, "10.0.0.2:4000".parse().expect("an address"));
        assert_eq!((agreed.payload_type, agreed.codec, agreed.event_type), (97, Codec::Pcma, Some(96)));
        assert_eq!(agreed.direction, Direction::SEND_ONLY);
        assert!(local().answer(&agreed).contains("m=audio 40000 RTP/AVP 97 96\r\n"));
    }

    #[test]
    fn hold_by_null_address_stops_our_sending() {
        let offer = "v=0\r\nc=IN IP4 0.0.0.0\r\nm=audio 4000 RTP/AVP 0\r\n";
        let offer = Remote::parse(offer.as_bytes()).expect("readable");
        assert!(!offer.direction.mirrored().send);
    }

    #[test]
    fn refused_or_foreign_streams_give_no_agreement() {
        let port_zero = Remote::parse(b"v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 0 RTP/AVP 0\r\n").expect("readable");
        assert_eq!(port_zero.agree(&[Codec::Pcmu], Direction::BOTH), None);
        let foreign = Remote::parse(b"v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 9 RTP/AVP 18\r\n").expect("readable");
        assert_eq!(foreign.agree(&[Codec::Pcmu], Direction::BOTH), None);
        for text in ["", "v=0", "m=audio", "m=audio x RTP/AVP 0", "c=IN IP4\r\nm=audio 9 RTP/AVP 0", "\u{0}=\u{0}"] {
            assert_eq!(Remote::parse(text.as_bytes()), None, "{text:?}");
        }
    }
}
