use crate::agreed::{Agreed, peer_direction, ptime, remote};
use crate::description::{Media, Origin};
use crate::offer::{encoding_of, telephone_event};
use crate::write::{Line, write};
use crate::{Answer, AnswerError, Encoding, Offer, OfferError, ParseError, Terms};

/// One leg's side of the offer/answer exchange.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    id: u64,
    version: u64,
    /// The media lines both sides have agreed to count; `audio` is the one in use.
    lines: Vec<Slot>,
    /// Our offer that waits for its answer, or was answered by a provisional response that a later one may repeat.
    offered: Option<Terms>,
    answered: bool,
    remote_origin: Option<Origin>,
    agreed: Option<Agreed>,
}

/// A media line by its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Slot {
    Audio { protocol: Box<str> },
    Refused { kind: Box<str>, protocol: Box<str>, format: Box<str> },
}

impl Session {
    /// `id` goes into `o=`; RFC 8866 §5.2 wants it different from our other sessions'.
    pub fn new(id: u64) -> Self {
        Session {
            id,
            version: 0,
            lines: vec![Slot::Audio { protocol: "RTP/AVP".into() }],
            offered: None,
            answered: false,
            remote_origin: None,
            agreed: None,
        }
    }

    pub fn agreed(&self) -> Option<&Agreed> {
        self.agreed.as_ref()
    }

    /// An offer of ours has no answer yet.
    pub fn is_offering(&self) -> bool {
        self.offered.is_some() && !self.answered
    }

    /// Our offer. An earlier one without an answer is replaced.
    pub fn offer(&mut self, terms: &Terms) -> Box<[u8]> {
        self.version += 1;
        let audio = Line {
            address: terms.address,
            encodings: terms.encodings.iter().map(|e| (*e, self.payload_type_for(*e))).collect(),
            event: terms.telephone_event.then(|| self.event_for_offer()),
            event_range: "0-15",
            ptime_ms: terms.ptime_ms,
            direction: terms.direction,
            rtcp_mux: terms.rtcp_mux,
        };
        let text = write(self.id, self.version, &self.lines, &audio);
        self.offered = Some(terms.clone());
        self.answered = false;
        text
    }

    /// The peer refused our offer: what was agreed before stays.
    pub fn withdraw(&mut self) {
        self.offered = None;
        self.answered = false;
    }

    /// The peer's answer to our offer. May come twice, first provisional, then final.
    pub fn accept(&mut self, text: &[u8]) -> Result<Agreed, AnswerError> {
        let answer = Answer::parse(text)?;
        let terms = self.offered.as_ref().ok_or(AnswerError::Unasked)?;
        if answer.description.media.len() != self.lines.len() {
            return Err(AnswerError::MediaLinesDiffer);
        }
        let place = self.lines.iter().position(|l| matches!(l, Slot::Audio { .. })).ok_or(AnswerError::Refused)?;
        let media = &answer.description.media[place];
        if !media.is_usable() {
            return Err(AnswerError::Refused);
        }
        // RFC 3264 §6.1: the peer's numbers are for what we send, ours of the offer for what it sends.
        let listed = || {
            let known = |pt| encoding_of(media, pt).filter(|e| terms.encodings.contains(e)).map(|e| (e, pt));
            media.payload_types().filter_map(known)
        };
        let shared = listed().find(|(encoding, _)| Some(*encoding) == terms.shared);
        let (encoding, out) = shared.or_else(|| listed().next()).ok_or(AnswerError::NoCommonCodec)?;
        let mux = terms.rtcp_mux && media.rtcp_mux;
        let (remote, remote_rtcp) = remote(media, self.agreed.as_ref(), mux).ok_or(ParseError::NoConnection)?;
        let event_out = telephone_event(media, encoding.clock_rate()).filter(|_| terms.telephone_event);
        let peer = peer_direction(media);
        let agreed = Agreed {
            remote,
            remote_rtcp,
            encoding,
            payload_type_out: out,
            payload_type_in: self.payload_type_for(encoding),
            event_out,
            event_in: event_out.map(|_| self.event_for_offer()),
            ptime_ms: ptime(media, terms.ptime_ms),
            direction: peer.mirrored().and(terms.direction),
            held: terms.direction.sends() && !peer.receives(),
        };
        self.remote_origin = Some(answer.description.origin);
        self.answered = true;
        self.agreed = Some(agreed);
        Ok(agreed)
    }

    /// Our answer to the peer's offer. On an error nothing has changed.
    pub fn answer(&mut self, offer: &Offer, terms: &Terms) -> Result<(Agreed, Box<[u8]>), OfferError> {
        if self.is_offering() {
            return Err(OfferError::Glare);
        }
        if self.remote_origin.as_ref().is_some_and(|before| offer.description.origin.went_down_from(before)) {
            return Err(OfferError::VersionWentDown);
        }
        // RFC 3264 §8: lines are never removed, only refused with port 0.
        if self.version > 0 && offer.description.media.len() < self.lines.len() {
            return Err(OfferError::MediaLinesRemoved);
        }
        let media = offer.media();
        let (encoding, payload_type) = choose(media, &terms.encodings).ok_or(OfferError::NoCommonCodec)?;
        let (remote, remote_rtcp) = remote(media, self.agreed.as_ref(), media.rtcp_mux)
            .expect("Offer::parse refuses an audio line without an address");
        let event = telephone_event(media, encoding.clock_rate()).filter(|_| terms.telephone_event);
        let peer = peer_direction(media);
        let agreed = Agreed {
            remote,
            remote_rtcp,
            encoding,
            payload_type_out: payload_type,
            // RFC 3264 §6.1: the answer uses the numbers of the offer in both directions.
            payload_type_in: payload_type,
            event_out: event,
            event_in: event,
            ptime_ms: ptime(media, terms.ptime_ms),
            direction: peer.mirrored().and(terms.direction),
            held: terms.direction.sends() && !peer.receives(),
        };
        let lines = slots(offer);
        let audio = Line {
            address: terms.address,
            encodings: vec![(encoding, payload_type)],
            event,
            event_range: event.map_or("0-15", |pt| event_range(media.fmtp(pt))),
            ptime_ms: agreed.ptime_ms,
            direction: agreed.direction,
            rtcp_mux: media.rtcp_mux,
        };
        self.version += 1;
        let text = write(self.id, self.version, &lines, &audio);
        self.lines = lines;
        self.remote_origin = Some(offer.description.origin.clone());
        self.withdraw();
        self.agreed = Some(agreed);
        Ok((agreed, text))
    }

    /// RFC 3264 §8.3.2: a payload type keeps its meaning for the whole session, so what was agreed is offered again.
    fn payload_type_for(&self, encoding: Encoding) -> u8 {
        match &self.agreed {
            Some(agreed) if agreed.encoding == encoding => agreed.payload_type_in,
            Some(_) | None => encoding.static_payload_type(),
        }
    }

    fn event_for_offer(&self) -> u8 {
        self.agreed.as_ref().and_then(|a| a.event_in).unwrap_or(EVENT_PAYLOAD_TYPE)
    }
}

/// The number nearly every device uses for telephone-event at 8000 Hz.
const EVENT_PAYLOAD_TYPE: u8 = 101;

/// The first of our list that was offered.
fn choose(media: &Media, ours: &[Encoding]) -> Option<(Encoding, u8)> {
    ours.iter().find_map(|wanted| {
        media.payload_types().find(|pt| encoding_of(media, *pt) == Some(*wanted)).map(|pt| (*wanted, pt))
    })
}

fn slots(offer: &Offer) -> Vec<Slot> {
    let slot = |(place, media): (usize, &Media)| {
        if place == offer.audio {
            Slot::Audio { protocol: media.protocol.clone() }
        } else {
            let format = media.formats.first().cloned().unwrap_or_else(|| "0".into());
            Slot::Refused { kind: media.kind.clone(), protocol: media.protocol.clone(), format }
        }
    };
    offer.description.media.iter().enumerate().map(slot).collect()
}

/// RFC 4733 §2.5.1.1: the answer lists the events both know; 16 is the flash key.
fn event_range(offered: Option<&str>) -> &'static str {
    let flash = offered.is_some_and(|list| {
        list.split(',').any(|part| {
            let (from, to) = part.split_once('-').unwrap_or((part, part));
            let (from, to) = (from.trim().parse::<u8>(), to.trim().parse::<u8>());
            matches!((from, to), (Ok(from), Ok(to)) if from <= 16 && to >= 16)
        })
    });
    if flash { "0-16" } else { "0-15" }
}
