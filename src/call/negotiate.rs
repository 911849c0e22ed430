use crate::leg::{LegMedia, LegState, MediaRoute};
use crate::machine::Machine;
use crate::stock::family_of;
use core::net::{IpAddr, SocketAddr};
use model::{
    CauseKind, Codec, Direction, Directory, Family, LegId, MediaCommand, MediaPort, Sdp, SourcePolicy, StreamSetup,
    WorkerId,
};
use sdp::{Agreed, Encoding, Offer, Session, Terms};

impl Machine {
    /// A port of this worker and family, if one is in hand.
    pub(crate) fn take_port(&mut self, worker: WorkerId, family: Family) -> Option<MediaPort> {
        let (port, ask) = self.stock.take(worker, family);
        if let Some(command) = ask {
            self.media(worker, command);
        }
        port
    }

    pub(crate) fn put_back(&mut self, port: MediaPort) {
        if let Some(command) = self.stock.put_back(port) {
            self.media(port.worker, command);
        }
    }

    /// The family we offer when we do not know the far side's.
    pub(crate) fn usual_family(&self) -> Family {
        self.directory.media.address.first().map_or(Family::V4, |a| family_of(*a))
    }

    /// The media of a new inward leg: its offer answered in advance, so that what cannot work is refused at once.
    pub(crate) fn inward_media(
        &mut self,
        id: LegId,
        worker: WorkerId,
        offer: Option<&Sdp>,
        route: MediaRoute,
    ) -> Result<LegMedia, CauseKind> {
        let offer = match offer {
            Some(sdp) => Some(Offer::parse(&sdp.0).map_err(|error| match error.is_syntax() {
                true => CauseKind::ProtocolError,
                false => CauseKind::NotAcceptable,
            })?),
            None => None,
        };
        let family = match (&offer, route.peer) {
            (Some(offer), _) => family_of(offer.address()),
            (None, Some(peer)) => family_of(peer),
            (None, None) => self.usual_family(),
        };
        let port = self.take_port(worker, family).ok_or(CauseKind::NoMedia)?;
        let mut session = Session::new(id.0);
        let mut answer = None;
        if let Some(offer) = offer {
            let terms = self.terms(port, route, None);
            match session.answer(&offer, &terms) {
                Ok((_, text)) => answer = Some(Sdp(text)),
                Err(_) => {
                    self.put_back(port);
                    return Err(CauseKind::NotAcceptable);
                }
            }
        }
        Ok(LegMedia { port, session, answer, open: false, described: false, route })
    }

    /// The media of a leg we dial, and its offer: what the other side speaks comes first, so that it can be relayed.
    pub(crate) fn outward_media(
        &mut self,
        id: LegId,
        port: MediaPort,
        route: MediaRoute,
        other: LegId,
    ) -> (LegMedia, Sdp) {
        let spoken = self.legs.get(&other).and_then(|l| l.media.as_ref()).and_then(|m| m.session.agreed());
        let terms = self.terms(port, route, spoken.map(|a| a.encoding));
        let mut session = Session::new(id.0);
        let offer = Sdp(session.offer(&terms));
        (LegMedia { port, session, answer: None, open: false, described: false, route }, offer)
    }

    /// What goes into our 200 or 183: the answer, or an offer of our own when the INVITE had none.
    pub(crate) fn local_description(&mut self, id: LegId) -> Option<Sdp> {
        let media = self.legs.get(&id)?.media.as_ref()?;
        if let Some(answer) = &media.answer {
            return Some(answer.clone());
        }
        let terms = self.terms(media.port, media.route, None);
        let media = self.legs.get_mut(&id)?.media.as_mut()?;
        Some(Sdp(media.session.offer(&terms)))
    }

    /// Hands the port to the worker as this leg's, and the agreed setup when there is one.
    pub(crate) fn open_media(&mut self, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let (contact, group, role) = (leg.contact, leg.group, leg.role);
        let Some(media) = leg.media.as_mut() else { return };
        if !media.open {
            media.open = true;
            let port = media.port;
            if let Some(contact) = self.contacts.get_mut(&contact) {
                contact.open_media += 1;
            }
            self.media(port.worker, MediaCommand::Open { leg: id, group, port, role });
            self.send_setup(id);
        }
    }

    /// Tells the worker what was agreed; the first time also what the leg has been waiting to hear.
    pub(crate) fn send_setup(&mut self, id: LegId) {
        let Some(media) = self.legs.get_mut(&id).and_then(|l| l.media.as_mut()).filter(|m| m.open) else { return };
        let Some(agreed) = media.session.agreed() else { return };
        let setup = setup(agreed, source_policy(&self.directory, media.route, agreed.remote.ip()));
        let first = !core::mem::replace(&mut media.described, true);
        self.leg_media(id, MediaCommand::Negotiate { leg: id, setup });
        if first {
            self.apply_hearing(id);
        }
    }

    /// The peer's answer to our offer, in whatever message it came.
    pub(crate) fn accept_answer(&mut self, id: LegId, sdp: Option<&Sdp>) -> Result<(), CauseKind> {
        let Some(leg) = self.legs.get_mut(&id) else { return Ok(()) };
        let Some(media) = leg.media.as_mut() else { return Ok(()) };
        let Some(sdp) = sdp else {
            // RFC 3261 §13.2.1: the final answer may lack it only when a provisional one had it.
            return if media.session.agreed().is_some() { Ok(()) } else { Err(CauseKind::NotAcceptable) };
        };
        let before = media.session.agreed().copied();
        let agreed = media.session.accept(&sdp.0).map_err(|_| CauseKind::NotAcceptable)?;
        if before != Some(agreed) && media.open {
            self.send_setup(id);
        }
        Ok(())
    }

    pub(crate) fn codec(&self, id: LegId) -> Option<Codec> {
        self.legs.get(&id)?.media.as_ref()?.session.agreed().map(|a| codec(a.encoding))
    }

    pub(crate) fn terms(&self, port: MediaPort, route: MediaRoute, first: Option<Encoding>) -> Terms {
        let mut encodings: Vec<_> = self.directory.media.codecs.iter().map(|c| encoding(*c)).collect();
        if let Some(first) = first.filter(|f| encodings.contains(f)) {
            encodings.retain(|e| *e != first);
            encodings.insert(0, first);
        }
        Terms::new(SocketAddr::new(shown_address(&self.directory, port, route.peer), port.address.port()), &encodings)
    }

    /// True once our side of the leg has said yes.
    pub(crate) fn is_up(&self, id: LegId) -> bool {
        self.legs.get(&id).is_some_and(|l| l.state == LegState::Up)
    }
}

/// The bound address, or the public one for a peer outside.
fn shown_address(directory: &Directory, port: MediaPort, peer: Option<IpAddr>) -> IpAddr {
    let bound = port.address.ip();
    let public = directory.media.public_address.or(directory.site.public_address);
    let outside = peer.is_some_and(|peer| !is_local(directory, peer));
    public.filter(|p| outside && p.is_ipv4() == bound.is_ipv4()).unwrap_or(bound)
}

fn is_local(directory: &Directory, address: IpAddr) -> bool {
    directory.site.local_networks.iter().any(|n| n.contains(address))
}

/// A registered phone that shows an address we cannot reach stands behind a NAT: its first packets tell where it is.
fn source_policy(directory: &Directory, route: MediaRoute, remote: IpAddr) -> SourcePolicy {
    let unreachable = match remote {
        IpAddr::V4(address) => address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => address.is_unique_local() || address.is_unicast_link_local(),
    };
    if route.registered && unreachable && !is_local(directory, remote) {
        SourcePolicy::AnySource
    } else {
        SourcePolicy::Signalled
    }
}

fn setup(agreed: &Agreed, source: SourcePolicy) -> StreamSetup {
    StreamSetup {
        remote: agreed.remote,
        remote_rtcp: agreed.remote_rtcp,
        codec: codec(agreed.encoding),
        payload_type_out: agreed.payload_type_out,
        payload_type_in: agreed.payload_type_in,
        dtmf_out: agreed.event_out,
        dtmf_in: agreed.event_in,
        ptime_ms: agreed.ptime_ms,
        direction: direction(agreed.direction),
        source,
    }
}

fn direction(direction: sdp::Direction) -> Direction {
    match direction {
        sdp::Direction::SendRecv => Direction::SendRecv,
        sdp::Direction::SendOnly => Direction::SendOnly,
        sdp::Direction::RecvOnly => Direction::RecvOnly,
        sdp::Direction::Inactive => Direction::Inactive,
    }
}

fn codec(encoding: Encoding) -> Codec {
    match encoding {
        Encoding::Pcmu => Codec::Pcmu,
        Encoding::Pcma => Codec::Pcma,
        Encoding::G722 => Codec::G722,
    }
}

fn encoding(codec: Codec) -> Encoding {
    match codec {
        Codec::Pcmu => Encoding::Pcmu,
        Codec::Pcma => Encoding::Pcma,
        Codec::G722 => Encoding::G722,
    }
}
