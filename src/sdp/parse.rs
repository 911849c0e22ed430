use crate::description::{Description, Media, Origin, Rtpmap};
use crate::limits::PTIME_MS_MAX;
use crate::{ATTRIBUTES_MAX, Direction, FORMATS_MAX, LINE_OCTETS_MAX, MEDIA_LINES_MAX, OCTETS_MAX, ParseError};
use core::net::IpAddr;

/// Reads a description. Unknown lines and attributes are read over, as every SIP device expects.
pub(crate) fn parse(text: &[u8]) -> Result<Description, ParseError> {
    if text.len() > OCTETS_MAX {
        return Err(ParseError::TooLarge);
    }
    let mut reader = Reader::default();
    for line in text.split(|o| *o == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        if line.len() > LINE_OCTETS_MAX {
            return Err(ParseError::LineTooLong);
        }
        let [letter, b'=', value @ ..] = line else { return Err(ParseError::NotALine) };
        reader.line(*letter, value)?;
    }
    reader.finish()
}

#[derive(Default)]
struct Reader {
    version_seen: bool,
    origin: Option<Origin>,
    connection: Option<IpAddr>,
    direction: Option<Direction>,
    attributes: usize,
    media: Vec<Block>,
}

/// A media line while its attributes come in.
struct Block {
    media: Media,
    direction: Option<Direction>,
}

impl Reader {
    fn line(&mut self, letter: u8, value: &[u8]) -> Result<(), ParseError> {
        // RFC 8866 §5: v= comes first.
        if !self.version_seen && letter != b'v' {
            return Err(ParseError::NotVersionZero);
        }
        match letter {
            b'v' => self.version(value),
            b'o' => self.origin(value),
            b'c' => self.connection(value),
            b'm' => self.media(value),
            b'a' => self.attribute(value),
            _ => Ok(()),
        }
    }

    fn version(&mut self, value: &[u8]) -> Result<(), ParseError> {
        if self.version_seen || value.trim_ascii() != b"0" {
            return Err(ParseError::NotVersionZero);
        }
        self.version_seen = true;
        Ok(())
    }

    fn origin(&mut self, value: &[u8]) -> Result<(), ParseError> {
        // The user name may be in any charset, so only the two numbers are read as text.
        let mut words = value.split(|o| *o == b' ').filter(|w| !w.is_empty()).skip(1);
        let session = words.next().and_then(digits).ok_or(ParseError::BadOrigin)?;
        let version = words.next().and_then(digits).ok_or(ParseError::BadOrigin)?;
        if self.origin.replace(Origin { session, version }).is_some() {
            return Err(ParseError::BadOrigin);
        }
        Ok(())
    }

    fn connection(&mut self, value: &[u8]) -> Result<(), ParseError> {
        let address = text(value).and_then(connection).ok_or(ParseError::BadConnection)?;
        match self.media.last_mut() {
            Some(block) => block.media.connection = Some(address),
            None => self.connection = Some(address),
        }
        Ok(())
    }

    fn media(&mut self, value: &[u8]) -> Result<(), ParseError> {
        if self.media.len() == MEDIA_LINES_MAX {
            return Err(ParseError::TooManyMedia);
        }
        let media = media_line(text(value).ok_or(ParseError::BadMedia)?)?;
        self.media.push(Block { media, direction: None });
        Ok(())
    }

    fn attribute(&mut self, value: &[u8]) -> Result<(), ParseError> {
        self.attributes += 1;
        if self.attributes > ATTRIBUTES_MAX {
            return Err(ParseError::TooManyAttributes);
        }
        // An attribute we read is ASCII; another may hold anything.
        let Some(value) = text(value) else { return Ok(()) };
        let (name, value) = value.split_once(':').unwrap_or((value, ""));
        if let Some(direction) = Direction::from_word(name) {
            match self.media.last_mut() {
                Some(block) => block.direction = Some(direction),
                None => self.direction = Some(direction),
            }
            return Ok(());
        }
        match self.media.last_mut() {
            Some(block) if block.media.is_plain_rtp() => media_attribute(&mut block.media, name, value.trim()),
            Some(_) | None => Ok(()),
        }
    }

    fn finish(self) -> Result<Description, ParseError> {
        if !self.version_seen {
            return Err(ParseError::NotVersionZero);
        }
        let origin = self.origin.ok_or(ParseError::BadOrigin)?;
        let (connection, direction) = (self.connection, self.direction);
        let complete = |Block { mut media, direction: own }: Block| {
            media.connection = media.connection.or(connection);
            media.direction = own.or(direction).unwrap_or_default();
            media
        };
        Ok(Description { origin, media: self.media.into_iter().map(complete).collect() })
    }
}

fn text(value: &[u8]) -> Option<&str> {
    core::str::from_utf8(value).ok()
}

fn digits(word: &[u8]) -> Option<Box<str>> {
    let word = text(word).filter(|w| !w.is_empty() && w.bytes().all(|o| o.is_ascii_digit()))?;
    let trimmed = word.trim_start_matches('0');
    Some(if trimmed.is_empty() { "0" } else { trimmed }.into())
}

/// `IN IP4 192.0.2.1` or `IN IP6 2001:db8::1`; a `/ttl` means multicast, which no telephone call uses.
fn connection(value: &str) -> Option<IpAddr> {
    let mut words = value.split_ascii_whitespace();
    let (network, kind, address) = (words.next()?, words.next()?, words.next()?);
    let address: IpAddr = address.parse().ok()?;
    let fits = match kind {
        "IP4" => address.is_ipv4(),
        "IP6" => address.is_ipv6(),
        _ => false,
    };
    (network == "IN" && fits && !address.is_multicast() && words.next().is_none()).then_some(address)
}

fn media_line(value: &str) -> Result<Media, ParseError> {
    let mut words = value.split_ascii_whitespace();
    let (Some(kind), Some(port), Some(protocol)) = (words.next(), words.next(), words.next()) else {
        return Err(ParseError::BadMedia);
    };
    // RFC 8866 §5.14: `port/count` is for layered streams; we use the first port of them.
    let port = port.split_once('/').map_or(port, |(port, _)| port);
    let port: u16 = port.parse().map_err(|_| ParseError::BadMedia)?;
    let formats: Vec<Box<str>> = words.by_ref().take(FORMATS_MAX).map(Into::into).collect();
    if words.next().is_some() {
        return Err(ParseError::TooManyFormats);
    }
    if formats.is_empty() {
        return Err(ParseError::BadMedia);
    }
    let media = Media {
        kind: kind.into(),
        port,
        protocol: protocol.into(),
        formats,
        connection: None,
        direction: Direction::SendRecv,
        ptime_ms: None,
        maxptime_ms: None,
        rtcp: None,
        rtcp_mux: false,
        rtpmaps: Vec::new(),
        fmtp: Vec::new(),
    };
    if media.is_plain_rtp() && !media.formats.iter().all(|f| f.parse::<u8>().is_ok_and(|pt| pt < 128)) {
        return Err(ParseError::BadPayloadType);
    }
    Ok(media)
}

fn media_attribute(media: &mut Media, name: &str, value: &str) -> Result<(), ParseError> {
    // A line that is refused anyway must not cost the call: the video of RFC 4475 has an rtpmap without a clock rate.
    if &*media.kind != "audio" {
        return Ok(());
    }
    match name {
        "rtpmap" => media.rtpmaps.push(rtpmap(value)?),
        "fmtp" => {
            let (payload_type, rest) = value.split_once(' ').unwrap_or((value, ""));
            media.fmtp.push((payload_type_of(payload_type)?, rest.trim().into()));
        }
        "ptime" => media.ptime_ms = Some(ptime(value)?),
        "maxptime" => media.maxptime_ms = Some(ptime(value)?),
        "rtcp" => media.rtcp = Some(rtcp(value).ok_or(ParseError::BadRtcp)?),
        "rtcp-mux" => media.rtcp_mux = true,
        _ => {}
    }
    Ok(())
}

fn rtpmap(value: &str) -> Result<Rtpmap, ParseError> {
    let (payload_type, encoding) = value.split_once(' ').ok_or(ParseError::BadRtpmap)?;
    let payload_type = payload_type_of(payload_type)?;
    let mut parts = encoding.trim().split('/');
    let name = parts.next().filter(|n| !n.is_empty()).ok_or(ParseError::BadRtpmap)?;
    let clock_rate = parts.next().and_then(|r| r.parse().ok()).filter(|r| *r > 0).ok_or(ParseError::BadRtpmap)?;
    Ok(Rtpmap { payload_type, name: name.into(), clock_rate })
}

fn payload_type_of(word: &str) -> Result<u8, ParseError> {
    word.parse::<u8>().ok().filter(|pt| *pt < 128).ok_or(ParseError::BadPayloadType)
}

/// RFC 8866 §6.4: milliseconds, which may have a fraction.
fn ptime(value: &str) -> Result<u32, ParseError> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
    let whole: u32 = whole.parse().map_err(|_| ParseError::BadPtime)?;
    let good = (1..=PTIME_MS_MAX).contains(&whole) && fraction.bytes().all(|o| o.is_ascii_digit());
    if good { Ok(whole) } else { Err(ParseError::BadPtime) }
}

/// RFC 3605: `53020` or `53020 IN IP4 192.0.2.1`.
fn rtcp(value: &str) -> Option<(u16, Option<IpAddr>)> {
    let (port, rest) = value.split_once(' ').unwrap_or((value, ""));
    let port = port.parse().ok()?;
    let rest = rest.trim();
    if rest.is_empty() { Some((port, None)) } else { Some((port, Some(connection(rest)?))) }
}
