//! A dialog (RFC 3261 §12): what two user agents agreed to call each other, and how they reach each other.

use super::core::Core;
use super::peer::Peer;
use crate::header::HeaderName;
use crate::home::{BranchText, Tag};
use crate::input::{ConnectionId, Place, Protocol};
use crate::limits::{MAX_FORWARDS, ROUTES_MAX};
use crate::{CSeq, Message, MessageWriter, Method, NameAddr, OwnedUri, Uri};
use core::net::SocketAddr;

#[derive(Debug)]
pub(crate) struct Dialog {
    pub(crate) call_id: Box<str>,
    /// From or To as we write ourselves, tag and all.
    local: Box<[u8]>,
    /// From or To as the peer writes itself, tag and all.
    remote: Box<[u8]>,
    pub(crate) remote_tag: Box<str>,
    /// The remote target: the peer's Contact.
    pub(crate) target: OwnedUri,
    /// The route set, nearest first.
    routes: Vec<Box<[u8]>>,
    pub(crate) local_cseq: u32,
    /// `None` until the peer has sent a request.
    pub(crate) remote_cseq: Option<u32>,
    /// Where requests to the peer go.
    pub(crate) place: Place,
    /// What the peer said it understands.
    pub(crate) allows: Allows,
}

/// Of the methods in an Allow header those that change what we do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Allows {
    pub(crate) update: bool,
}

impl Allows {
    pub(crate) fn read(message: &Message<'_>) -> Self {
        Allows { update: message.elements(HeaderName::Allow).any(|m| m.eq_ignore_ascii_case(b"UPDATE")) }
    }
}

/// Why no dialog came of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DialogError {
    #[error("no usable Contact")]
    Contact,
    #[error("no tag")]
    Tag,
    #[error("too many routes")]
    Routes,
}

/// What the other side's Contact and Record-Route say about the way to it.
pub(crate) struct Path {
    target: OwnedUri,
    routes: Vec<Box<[u8]>>,
}

impl Path {
    /// RFC 3261 §12.1.1. RFC 4475 §3.4.1: an INVITE older than RFC 3261, which its branch gives away, need not have a
    /// Contact; the caller is then reached where the From says (RFC 2543 §4.2.4).
    pub(crate) fn of_invite(invite: &Message<'_>) -> Result<Self, DialogError> {
        let is_old = invite.via().unique_branch().is_none();
        let target = if is_old && !invite.has(HeaderName::Contact) {
            let from = &invite.from().uri;
            from.sip().ok_or(DialogError::Contact)?;
            from.to_owned()
        } else {
            contact(invite)?
        };
        Ok(Path { target, routes: routes(invite, false)? })
    }

    /// A response lists its routes from the far end (RFC 3261 §12.1.2).
    fn of_response(response: &Message<'_>) -> Result<Self, DialogError> {
        Ok(Path { target: contact(response)?, routes: routes(response, true)? })
    }
}

impl Dialog {
    /// RFC 3261 §12.1.1: of an INVITE we will answer.
    pub(crate) fn of_invite(
        core: &Core,
        invite: &Message<'_>,
        path: Path,
        tag: &Tag,
        from: &Place,
        peer: Peer,
    ) -> Self {
        let Path { target, routes } = path;
        let mut local = invite.raw(HeaderName::To).unwrap_or_default().to_vec();
        unfold(&mut local);
        local.extend_from_slice(b";tag=");
        local.extend_from_slice(tag.as_str().as_bytes());
        let place = reach(core, &target.uri(), &routes, from, Some(peer));
        Dialog {
            call_id: invite.call_id().into(),
            local: local.into(),
            remote: unfolded(invite.raw(HeaderName::From).unwrap_or_default()),
            // RFC 3261 §12.1.1: a peer older than RFC 3261 may have no tag; that counts as an empty one.
            remote_tag: invite.from().tag().unwrap_or_default().into(),
            target,
            routes,
            local_cseq: 0,
            remote_cseq: Some(invite.cseq().number),
            place,
            allows: Allows::read(invite),
        }
    }

    /// RFC 3261 §12.1.2: of a response to our INVITE, which went to `sent_to`.
    pub(crate) fn of_response(
        core: &Core,
        response: &Message<'_>,
        sent_to: &Place,
        peer: Option<Peer>,
    ) -> Result<Self, DialogError> {
        let Path { target, routes } = Path::of_response(response)?;
        let place = reach(core, &target.uri(), &routes, sent_to, peer);
        Ok(Dialog {
            call_id: response.call_id().into(),
            local: unfolded(response.raw(HeaderName::From).unwrap_or_default()),
            remote: unfolded(response.raw(HeaderName::To).unwrap_or_default()),
            remote_tag: response.to().tag().ok_or(DialogError::Tag)?.into(),
            target,
            routes,
            local_cseq: response.cseq().number,
            remote_cseq: None,
            place,
            allows: Allows::read(response),
        })
    }

    /// Whether a request from the peer is in this dialog (our own tag is known to fit).
    pub(crate) fn is_for(&self, request: &Message<'_>) -> bool {
        *self.call_id == *request.call_id() && *self.remote_tag == *request.from().tag().unwrap_or_default()
    }

    /// RFC 3261 §12.2.1.2, §12.2.2: a target refresh names the peer's place anew.
    pub(crate) fn refresh_target(&mut self, core: &Core, message: &Message<'_>, from: &Place, peer: Peer) {
        if let Ok(target) = contact(message) {
            self.place = reach(core, &target.uri(), &self.routes, from, Some(peer));
            self.target = target;
        }
        if message.has(HeaderName::Allow) {
            self.allows = Allows::read(message);
        }
    }

    /// The stream of this dialog is gone. A peer that named its own address is reached there, by the transport it named;
    /// requests to any other peer fail.
    pub(crate) fn leave_stream(&mut self, core: &Core, connection: ConnectionId) {
        let Place::Stream { connection: own, remote } = self.place else { return };
        let target = self.target.uri();
        let Some(sip) = target.sip().filter(|_| own == connection && self.routes.is_empty()) else { return };
        if sip.host.ip().map(|ip| ip.to_canonical()) != Some(remote.ip()) {
            return;
        }
        let address = SocketAddr::new(remote.ip(), sip.port_or_default());
        let tcp = sip.transport().is_some_and(|t| t.eq_ignore_ascii_case("tcp"));
        self.place = match core.listener_for(Protocol::Udp, address).filter(|_| !tcp) {
            Some(listener) => Place::Datagram { listener, remote: address },
            None => Place::Stream { connection, remote: address },
        };
    }

    pub(crate) fn next_cseq(&mut self) -> u32 {
        self.local_cseq += 1;
        self.local_cseq
    }

    /// Writes a request up to and with CSeq; our Contact with it where the method may move the target.
    pub(crate) fn request<'b>(
        &self,
        core: &Core,
        out: &'b mut Vec<u8>,
        method: Method<'_>,
        cseq: u32,
        branch: &BranchText,
    ) -> MessageWriter<'b> {
        // RFC 3261 §12.2.1.1: a first route without `lr` is a strict router and wants the Request-URI for itself.
        let strict = self.routes.first().and_then(|r| NameAddr::parse(r)).filter(|r| !is_loose(&r.uri)).map(|r| r.uri);
        let target = self.target.uri();
        let mut writer = MessageWriter::request(out, method, strict.as_ref().unwrap_or(&target));
        core.via(&mut writer, &self.place, branch.as_str());
        writer.number(HeaderName::MaxForwards, MAX_FORWARDS);
        for route in self.routes.iter().skip(usize::from(strict.is_some())) {
            writer.raw(HeaderName::Route, route);
        }
        if strict.is_some() {
            writer.address(HeaderName::Route, None, &target, &[]);
        }
        writer.raw(HeaderName::From, &self.local).raw(HeaderName::To, &self.remote);
        writer.text(HeaderName::CallId, &self.call_id).header(&CSeq { number: cseq, method });
        let moves_target = matches!(method, Method::Invite | Method::Update | Method::Notify | Method::Refer);
        if moves_target && let Some(contact) = core.contact(&self.place) {
            writer.address(HeaderName::Contact, None, &contact.uri(), &[]);
        }
        writer
    }
}

fn contact(message: &Message<'_>) -> Result<OwnedUri, DialogError> {
    let contact = message.one::<crate::header::Contact<'_>>().map_err(|_| DialogError::Contact)?;
    let address = contact.as_ref().and_then(|c| c.address()).ok_or(DialogError::Contact)?;
    address.uri.sip().ok_or(DialogError::Contact)?;
    Ok(address.uri.to_owned())
}

fn routes(message: &Message<'_>, reversed: bool) -> Result<Vec<Box<[u8]>>, DialogError> {
    let mut routes: Vec<Box<[u8]>> = Vec::new();
    for value in message.elements(HeaderName::RecordRoute) {
        if routes.len() >= ROUTES_MAX || NameAddr::parse(value).is_none_or(|r| r.uri.sip().is_none()) {
            return Err(DialogError::Routes);
        }
        routes.push(unfolded(value));
    }
    if reversed {
        routes.reverse();
    }
    Ok(routes)
}

fn is_loose(uri: &Uri<'_>) -> bool {
    uri.sip().is_some_and(|sip| sip.params.has("lr"))
}

/// Where requests for `target` go. An address the peer names itself is followed only when it is the one the peer sent
/// from, or lies within what its trunk may use; else the answer goes back the way it came. That serves peers behind a
/// NAT, and nobody can aim our requests at a third party (attack A15). Names are not looked up inside a dialog.
fn reach(core: &Core, target: &Uri<'_>, routes: &[Box<[u8]>], came_by: &Place, peer: Option<Peer>) -> Place {
    let Place::Datagram { listener, remote } = *came_by else { return *came_by };
    let first = routes.first().and_then(|r| NameAddr::parse(r)).map(|r| r.uri);
    let Some(sip) = first.as_ref().unwrap_or(target).sip() else { return *came_by };
    let Some(ip) = sip.host.ip().map(|ip| ip.to_canonical()) else { return *came_by };
    let address = SocketAddr::new(ip, sip.port_or_default());
    let allowed = ip == remote.ip() || peer.is_some_and(|p| p.may_be_at(core, ip));
    if allowed && !core.is_own(address) && ip.is_ipv4() == remote.is_ipv4() {
        Place::Datagram { listener, remote: address }
    } else {
        *came_by
    }
}

fn unfolded(value: &[u8]) -> Box<[u8]> {
    let mut value = value.to_vec();
    unfold(&mut value);
    value.into()
}

/// Folding is legal on the wire and of no use inside.
fn unfold(value: &mut [u8]) {
    for b in value.iter_mut().filter(|b| matches!(b, b'\r' | b'\n')) {
        *b = b' ';
    }
}
