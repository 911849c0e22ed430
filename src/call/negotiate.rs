use crate::leg::{LegMedia, LegState, MediaRoute};
use crate::machine::Machine;
use crate::stock::family_of;
use core::net::{IpAddr, SocketAddr};
use model::{
    CauseKind, Codec, ContactId, DialTarget, Direction, Directory, Family, LegId, MediaCommand, MediaPort, Sdp,
    SourcePolicy, StreamSetup, WorkerId,
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

    fn has_family(&self, family: Family) -> bool {
        self.directory.media.address.iter().any(|a| family_of(*a) == family)
    }

    /// What is known of where a leg we dial will be.
    pub(crate) fn route_to(&self, to: &DialTarget) -> MediaRoute {
        match to {
            DialTarget::Phone(phone) => match &self.directory.phone(*phone).contact {
                None => MediaRoute { peer: self.phones_at.get(phone).copied(), registered: true, named: false },
                Some(contact) => MediaRoute { peer: address_in(contact), registered: false, named: false },
            },
            DialTarget::Trunk { trunk, .. } => {
                let peer = self.directory.trunk(*trunk).host.parse().ok();
                MediaRoute { peer, registered: false, named: peer.is_none() }
            }
        }
    }

    /// A port for a leg we dial: the contact's spare when it is of the right family, else one from the stock.
    pub(crate) fn port_for(&mut self, id: ContactId, worker: WorkerId, route: MediaRoute) -> Option<MediaPort> {
        let family = route.peer.map(family_of).filter(|f| self.has_family(*f)).unwrap_or(self.usual_family());
        let fits = |port: &mut MediaPort| family_of(port.address.ip()) == family;
        let spare = self.contacts.get_mut(&id).and_then(|c| c.spare.take_if(fits));
        spare.or_else(|| self.take_port(worker, family))
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
            // Unreadable or unusable is all the same to the caller: 488 (RFC 3261 §21.4.26), never a 5xx that would make
            // his network try the same offer elsewhere.
            Some(sdp) => Some(Offer::parse(&sdp.0).map_err(|_| CauseKind::NotAcceptable)?),
            None => None,
        };
        let family = match (&offer, route.peer) {
            (Some(offer), _) => family_of(offer.address()),
            (None, Some(peer)) => family_of(peer),
            (None, None) => self.usual_family(),
        };
        if !self.has_family(family) {
            return Err(CauseKind::NotAcceptable);
        }
        let port = self.take_port(worker, family).ok_or(CauseKind::NoMedia)?;
        let mut session = Session::new(id.0);
        let mut answer = None;
        if let Some(offer) = offer {
            let terms = self.terms(port, route, &[]);
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
        let spoken = self.spoken(other);
        let terms = self.terms(port, route, spoken.as_slice());
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
        let terms = self.terms(media.port, media.route, &[]);
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

    fn spoken(&self, id: LegId) -> Option<Encoding> {
        Some(self.legs.get(&id)?.media.as_ref()?.session.agreed()?.encoding)
    }

    /// Terms for new media of a leg in conversation: what the other talker speaks first, for that can be relayed, then
    /// what it speaks already, for nobody hears a change nobody asked for.
    pub(crate) fn terms_again(&self, id: LegId) -> Option<Terms> {
        let leg = self.legs.get(&id)?;
        let media = leg.media.as_ref()?;
        let other = self.talkers(leg.contact).and_then(|talkers| {
            let [a, b] = talkers;
            talkers.contains(&id).then_some(if a == id { b } else { a })
        });
        let first: Vec<_> = other.into_iter().chain([id]).filter_map(|l| self.spoken(l)).collect();
        Some(self.terms(media.port, media.route, &first))
    }

    fn terms(&self, port: MediaPort, route: MediaRoute, first: &[Encoding]) -> Terms {
        let mut encodings: Vec<_> = self.directory.media.codecs.iter().map(|c| encoding(*c)).collect();
        encodings.sort_by_key(|e| first.iter().position(|f| f == e).unwrap_or(first.len()));
        let shown = SocketAddr::new(shown_address(&self.directory, port, route), port.address.port());
        Terms { shared: first.first().copied(), ..Terms::new(shown, &encodings) }
    }

    /// True once our side of the leg has said yes.
    pub(crate) fn is_up(&self, id: LegId) -> bool {
        self.legs.get(&id).is_some_and(|l| l.state == LegState::Up)
    }
}

/// The address in the URI of a phone at a fixed place, when it is no name.
fn address_in(uri: &str) -> Option<IpAddr> {
    let host = uri.rsplit_once('@').map_or(uri, |(_, host)| host);
    let host = host.split([';', '?', '>']).next()?.trim_start_matches("sip:").trim_start_matches("sips:");
    match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next()?.parse().ok(),
        None => host.split(':').next()?.parse().ok(),
    }
}

/// The bound address, or the public one for a peer outside. A carrier known by name only is outside.
fn shown_address(directory: &Directory, port: MediaPort, route: MediaRoute) -> IpAddr {
    let bound = port.address.ip();
    let public = directory.media.public_address.or(directory.site.public_address);
    let outside = route.peer.map_or(route.named, |peer| !is_local(directory, peer));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{World, house};
    use model::{LegCommand, PhoneId};

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn outsiders_are_shown_the_public_address_of_their_family() {
        let mut directory = house();
        let port = MediaPort { worker: WorkerId(0), slot: 1, address: "192.0.2.1:4000".parse().unwrap() };
        let to = |peer: Option<&str>, named| MediaRoute { peer: peer.map(ip), registered: false, named };
        let shown = |directory: &Directory, peer: &str| shown_address(directory, port, to(Some(peer), false));
        assert_eq!(shown(&directory, "8.8.8.8"), ip("192.0.2.1"));
        directory.site.public_address = Some(ip("203.0.113.1"));
        assert_eq!(shown(&directory, "8.8.8.8"), ip("203.0.113.1"));
        assert_eq!(shown(&directory, "198.51.100.7"), ip("192.0.2.1"));
        assert_eq!(shown_address(&directory, port, to(None, false)), ip("192.0.2.1"));
        assert_eq!(shown_address(&directory, port, to(None, true)), ip("203.0.113.1"), "a carrier by name");
        directory.media.public_address = Some(ip("203.0.113.2"));
        assert_eq!(shown(&directory, "8.8.8.8"), ip("203.0.113.2"));
        directory.media.public_address = Some(ip("2001:db8::2"));
        assert_eq!(shown(&directory, "8.8.8.8"), ip("192.0.2.1"));
    }

    #[test]
    fn the_address_of_a_fixed_place_is_read_from_its_uri() {
        for (uri, address) in [
            ("sip:1001@192.0.2.9:5062;transport=tcp", Some("192.0.2.9")),
            ("sip:192.0.2.9", Some("192.0.2.9")),
            ("sip:1001@[2001:db8::9]:5060", Some("2001:db8::9")),
            ("sip:1001@desk.example.com", None),
        ] {
            assert_eq!(address_in(uri), address.map(ip), "{uri}");
        }
    }

    #[test]
    fn only_a_registered_phone_behind_a_nat_may_send_from_elsewhere() {
        let directory = house();
        let policy = |registered, remote: &str| {
            source_policy(&directory, MediaRoute { peer: None, registered, named: false }, ip(remote))
        };
        assert_eq!(policy(true, "192.168.1.5"), SourcePolicy::AnySource);
        assert_eq!(policy(true, "fd00::5"), SourcePolicy::AnySource);
        assert_eq!(policy(false, "192.168.1.5"), SourcePolicy::Signalled);
        assert_eq!(policy(true, "198.51.100.7"), SourcePolicy::Signalled);
        assert_eq!(policy(true, "8.8.8.8"), SourcePolicy::Signalled);
    }

    /// The address family and connection address of the offer a phone is rung with.
    fn rung_with(phone_at: Option<&str>, families: &[&str]) -> IpAddr {
        let mut directory = house();
        directory.media.address = families.iter().map(|f| ip(f)).collect();
        let mut world = World::new(directory, 1);
        if let Some(address) = phone_at {
            world.input(crate::Input::PhoneAt { phone: PhoneId(0), address: ip(address) });
        }
        let offer = world.dial_for("> call 4008", "> offer anna");
        Offer::parse(&offer.expect("a leg with media offers").0).unwrap().address()
    }

    #[test]
    fn a_phone_is_rung_in_its_own_family_when_the_house_has_it() {
        let both = ["192.0.2.1", "2001:db8::1"];
        assert_eq!(rung_with(None, &both), ip("192.0.2.1"));
        assert_eq!(rung_with(Some("2001:db8::77"), &both), ip("2001:db8::1"));
        assert_eq!(rung_with(Some("2001:db8::77"), &both[..1]), ip("192.0.2.1"));
    }

    #[test]
    fn a_caller_of_a_family_the_house_does_not_speak_is_refused_as_such() {
        let mut world = World::new(house(), 1);
        let said = world.call_with(crate::testing::offer_of("PCMU", "2001:db8::7"));
        let LegCommand::Reject { cause, .. } = said else { panic!("{said:?}") };
        assert_eq!(cause.kind, CauseKind::NotAcceptable);
    }
}
