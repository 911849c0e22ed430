use crate::description::{Description, Media};
use crate::parse::parse;
use crate::{Encoding, ParseError};
use core::net::IpAddr;

/// A peer's offer, read and checked: it has an audio stream with an address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Offer {
    pub(crate) description: Description,
    pub(crate) audio: usize,
}

/// A peer's answer, read; whether it fits the offer only the session knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    pub(crate) description: Description,
}

impl Offer {
    pub fn parse(text: &[u8]) -> Result<Self, ParseError> {
        let description = parse(text)?;
        let audio = description.media.iter().position(Media::is_usable).ok_or(ParseError::NoAudio)?;
        description.media[audio].connection.ok_or(ParseError::NoConnection)?;
        Ok(Offer { description, audio })
    }

    /// Where the peer wants its sound: our answer needs an address of the same family.
    pub fn address(&self) -> IpAddr {
        self.media().connection.expect("parse refused an audio line without c=")
    }

    /// What it can speak of the codecs we know, in its order.
    pub fn encodings(&self) -> impl Iterator<Item = Encoding> {
        self.media().payload_types().filter_map(|pt| encoding_of(self.media(), pt))
    }

    pub(crate) fn media(&self) -> &Media {
        &self.description.media[self.audio]
    }
}

impl Answer {
    pub fn parse(text: &[u8]) -> Result<Self, ParseError> {
        parse(text).map(|description| Answer { description })
    }
}

/// What a payload type means on this line: its rtpmap, or RFC 3551 when it has none.
pub(crate) fn encoding_of(media: &Media, payload_type: u8) -> Option<Encoding> {
    match media.rtpmap(payload_type) {
        Some(map) => Encoding::named(&map.name, map.clock_rate),
        None => Encoding::of_static(payload_type),
    }
}

/// The telephone-event of the same clock (RFC 4733 §2.5.1.1: its timestamps share the codec's clock).
pub(crate) fn telephone_event(media: &Media, clock_rate: u32) -> Option<u8> {
    media.payload_types().find(|pt| {
        media.rtpmap(*pt).is_some_and(|m| m.name.eq_ignore_ascii_case("telephone-event") && m.clock_rate == clock_rate)
    })
}
