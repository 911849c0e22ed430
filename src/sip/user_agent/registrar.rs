//! The registrar (RFC 3261 §10.3): phones say where they are.

use super::core::Due;
use super::location::Change;
use super::machine::UserAgent;
use super::registration::CRLF_CRLF;
use super::requests::Sender;
use crate::auth::Verdict;
use crate::header::{Contact, Expires, HeaderName, MinExpires};
use crate::input::{Binding, ConnectionId, Counter, LocationUpdate, Output, Place};
use crate::limits::{CONTACTS_MAX, KEEP_ALIVE};
use crate::transaction::RequestKey;
use crate::uri::{OwnedUri, Uri};
use crate::{Message, MessageWriter, StatusCode};
use base::Key;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use model::{Fact, PhoneId};

/// Why a REGISTER changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum RegisterError {
    #[error("unreadable or contradictory contacts")]
    BadContact,
    #[error("contact is not a SIP URI")]
    Scheme,
    #[error("contact we may not send to")]
    ForbiddenContact,
    #[error("too many contacts")]
    TooMany,
    #[error("expires too soon")]
    TooBrief,
    #[error("older than what is registered")]
    OutOfOrder,
}

impl RegisterError {
    const fn status(self) -> StatusCode {
        match self {
            RegisterError::BadContact => StatusCode::BAD_REQUEST,
            RegisterError::Scheme => StatusCode::UNSUPPORTED_URI_SCHEME,
            RegisterError::ForbiddenContact | RegisterError::TooMany => StatusCode::FORBIDDEN,
            RegisterError::TooBrief => StatusCode::INTERVAL_TOO_BRIEF,
            RegisterError::OutOfOrder => StatusCode::SERVER_INTERNAL_ERROR,
        }
    }
}

impl UserAgent {
    pub(crate) fn handle_register(&mut self, message: &Message<'_>, from: Place, size: usize, request: RequestKey) {
        let user = match self.credentials(message, from.remote()) {
            Some(Verdict::Accepted { user }) => user,
            Some(verdict) => return self.handle_no_sender(Sender::of(&verdict), message, from, size),
            None => return,
        };
        // RFC 3261 §10.3 steps 4 and 5: only for oneself (attack A10).
        let aor = message.to().uri.user();
        let own = aor == Some(&*user) && message.from().uri.user() == aor;
        let Some(phone) = self.sources.phone(&user).filter(|_| own) else {
            self.core.note(Counter::Forbidden, from.remote(), Some(message.call_id()));
            return self.refuse(message, from, size, StatusCode::FORBIDDEN);
        };
        let Some(server) = self.open(message, &from, size, request, None) else { return };
        match self.registered(message, &from, phone) {
            Ok(bindings) => {
                self.relocate(phone, bindings);
                self.answer_register(server, message, phone);
            }
            Err(error) => self.refuse_register(server, message, error),
        }
    }

    /// RFC 3261 §10.3 steps 1 and 5: another domain's registrar is asked elsewhere, and another domain's people are not
    /// known here. Nobody is asked for a password he could not use.
    pub(crate) fn serves(&self, message: &Message<'_>) -> Result<(), StatusCode> {
        let is_own = |uri: &Uri<'_>| uri.sip().is_some_and(|sip| self.core.is_own_host(&sip.host));
        if !message.uri().is_some_and(is_own) {
            return Err(StatusCode::FORBIDDEN);
        }
        if is_own(&message.to().uri) { Ok(()) } else { Err(StatusCode::NOT_FOUND) }
    }

    /// The bindings as they are after this REGISTER.
    fn registered(&self, message: &Message<'_>, from: &Place, phone: PhoneId) -> Result<Vec<Binding>, RegisterError> {
        let mut bindings = self.locations.of(phone).to_vec();
        let contacts: Vec<Contact<'_>> =
            message.all::<Contact<'_>>().collect::<Result<_, _>>().map_err(|_| RegisterError::BadContact)?;
        let expires = message.one::<Expires>().ok().flatten().map(|Expires(seconds)| seconds);
        if contacts.iter().any(|c| matches!(c, Contact::All)) {
            // RFC 3261 §10.3 step 6.
            if contacts.len() != 1 || expires != Some(0) {
                return Err(RegisterError::BadContact);
            }
            return if bindings.iter().all(|b| is_newer(b, message)) {
                Ok(Vec::new())
            } else {
                Err(RegisterError::OutOfOrder)
            };
        }
        for contact in &contacts {
            let address = contact.address().ok_or(RegisterError::BadContact)?;
            let wish = contact.expires().or(expires);
            let instance = address.params.value("+sip.instance");
            let same = |b: &Binding| {
                OwnedUri::parse(&b.contact).is_ok_and(|known| known.uri().equivalent(&address.uri))
                    || (instance.is_some() && b.instance.as_deref() == instance)
            };
            if bindings.iter().any(|b| same(b) && !is_newer(b, message)) {
                return Err(RegisterError::OutOfOrder);
            }
            bindings.retain(|b| !same(b));
            if wish == Some(0) {
                continue;
            }
            bindings.push(Binding {
                contact: address.uri.as_str().into(),
                at: self.contact_place(&address.uri, from)?,
                source: from.remote(),
                q: contact.q(),
                expires: self.core.now.mono + self.lifetime(wish)?,
                call_id: message.call_id().into(),
                cseq: message.cseq().number,
                instance: instance.map(Into::into),
            });
        }
        if bindings.len() > CONTACTS_MAX {
            return Err(RegisterError::TooMany);
        }
        Ok(bindings)
    }

    /// RFC 3261 §10.3 step 7: short lives are refused, long ones shortened.
    fn lifetime(&self, wish: Option<u32>) -> Result<Duration, RegisterError> {
        let limits = &self.core.config.registration;
        let wish = wish.map_or(limits.default, |s| Duration::from_secs(u64::from(s)));
        if wish < limits.min {
            return Err(RegisterError::TooBrief);
        }
        Ok(wish.min(limits.max))
    }

    /// Where calls to a contact go: to the contact itself when the REGISTER came from its very address, else back to
    /// where the REGISTER came from. So a phone behind a NAT is reached, and nobody can point us at a third party
    /// (attacks A10, A15).
    fn contact_place(&self, uri: &Uri<'_>, from: &Place) -> Result<Place, RegisterError> {
        let sip = uri.sip().ok_or(RegisterError::Scheme)?;
        let Some(ip) = sip.host.ip().map(|ip| ip.to_canonical()) else { return Ok(*from) };
        let address = SocketAddr::new(ip, sip.port_or_default());
        let source = from.remote().ip();
        // Behind a NAT a phone knows only its inner address. One the whole world could reach is somebody else's.
        if self.core.is_own(address) || (ip != source && !is_inner(ip)) {
            return Err(RegisterError::ForbiddenContact);
        }
        match from {
            Place::Datagram { listener, remote } if remote.ip() == ip => {
                Ok(Place::Datagram { listener: *listener, remote: address })
            }
            Place::Datagram { .. } | Place::Stream { .. } => Ok(*from),
        }
    }

    /// RFC 3261 §10.3 step 8: every live contact with the time it has left.
    fn answer_register(&mut self, server: Key, message: &Message<'_>, phone: PhoneId) {
        let Some(source) = self.servers.source(server) else { return };
        let tag = self.core.stateless_tag(message.call_id(), message.via().branch().unwrap_or_default());
        let now = self.core.now.mono;
        let mut bytes = self.core.buffer();
        let mut writer = MessageWriter::response(&mut bytes, message, StatusCode::OK, Some(tag.as_str()), source);
        for binding in self.locations.of(phone) {
            let left = binding.expires.since(now).as_secs().to_string();
            let Ok(uri) = OwnedUri::parse(&binding.contact) else { continue };
            writer.address(HeaderName::Contact, None, &uri.uri(), &[("expires", Some(&left))]);
        }
        self.write_product(&mut writer, HeaderName::Server);
        writer.end();
        self.servers.reply_with(&mut self.core, server, StatusCode::OK, bytes);
    }

    fn refuse_register(&mut self, server: Key, message: &Message<'_>, error: RegisterError) {
        let Some(source) = self.servers.source(server) else { return };
        let status = error.status();
        self.core.note(Counter::Forbidden, source, Some(message.call_id()));
        let tag = self.core.stateless_tag(message.call_id(), message.via().branch().unwrap_or_default());
        let mut bytes = self.core.buffer();
        let mut writer = MessageWriter::response(&mut bytes, message, status, Some(tag.as_str()), source);
        if error == RegisterError::TooBrief {
            let least = self.core.config.registration.min.as_secs();
            writer.header(&MinExpires(u32::try_from(least).unwrap_or(u32::MAX)));
        }
        writer.end();
        self.servers.reply_with(&mut self.core, server, status, bytes);
    }

    /// Writes new bindings, and tells everybody who must know.
    fn relocate(&mut self, phone: PhoneId, bindings: Vec<Binding>) {
        // The call room of this shard wants it too: which address a phone is offered depends on where it is.
        let update = LocationUpdate { phone, bindings: bindings.clone() };
        self.core.outputs.push_back(Output::Location(update));
        let change = self.locations.set(phone, bindings);
        let timer = self.locations.next_expiry(phone).map(|at| self.core.timers.insert(at, Due::Registration(phone)));
        if let Some(old) = self.locations.swap_timer(phone, timer) {
            self.core.timers.cancel(old);
        }
        self.watch_nat(phone);
        let fixed = self.core.directory().phone(phone).contact.is_some();
        // A phone at a fixed place is within reach all the same.
        let (reachable, fact) = match change {
            Change::None => return,
            Change::Reachable => (true, Fact::PhoneReachable { phone }),
            Change::Unreachable => (false, Fact::PhoneUnreachable { phone }),
        };
        if !fixed {
            self.core.outputs.push_back(Output::Device { phone, reachable });
            self.core.outputs.push_back(Output::Fact(fact));
        }
    }

    /// A phone behind a NAT is heard from only when it registers; the way to it closes sooner (RFC 5626 §4).
    fn watch_nat(&mut self, phone: PhoneId) {
        let behind = self.locations.of(phone).iter().any(is_behind_nat);
        let Some(timer) = self.locations.keep_alive(phone) else { return };
        match (behind, timer.is_some()) {
            (true, false) => *timer = Some(self.core.after(KEEP_ALIVE, Due::KeepAlive(phone))),
            (false, true) => self.core.stop(timer),
            (true, true) | (false, false) => {}
        }
    }

    pub(crate) fn keep_phone_alive(&mut self, phone: PhoneId) {
        if let Some(timer) = self.locations.keep_alive(phone) {
            *timer = None;
        }
        for binding in self.locations.of(phone).iter().filter(|b| is_behind_nat(b)) {
            self.core.send(&binding.at, CRLF_CRLF);
        }
        self.watch_nat(phone);
    }

    /// What shard 0 wrote.
    pub(crate) fn handle_location(&mut self, update: LocationUpdate) {
        let LocationUpdate { phone, bindings } = update;
        self.locations.set(phone, bindings);
    }

    pub(crate) fn expire_bindings(&mut self, phone: PhoneId) {
        let now = self.core.now.mono;
        self.locations.swap_timer(phone, None);
        let live = self.locations.of(phone).iter().filter(|b| b.expires > now).cloned().collect();
        self.relocate(phone, live);
    }

    /// A stream is gone: contacts that could only be reached by it are too.
    pub(crate) fn forget_stream(&mut self, connection: ConnectionId) {
        if self.core.config.shard != model::ShardId(0) {
            return;
        }
        for phone in self.locations.on_stream(connection) {
            let gone = |b: &Binding| match b.at {
                Place::Stream { connection: c, remote } => c == connection && !is_direct(&b.contact, remote),
                Place::Datagram { .. } => false,
            };
            let live = self.locations.of(phone).iter().filter(|b| !gone(b)).cloned().collect();
            self.relocate(phone, live);
        }
    }

    /// Bindings of phones a reload took away.
    pub(crate) fn forget_removed_phones(&mut self) {
        if self.core.config.shard != model::ShardId(0) {
            return;
        }
        for phone in self.locations.phones() {
            let gone = self.core.directory().phones.get(phone.index()).is_none_or(|p| p.removed);
            if gone && !self.locations.of(phone).is_empty() {
                self.relocate(phone, Vec::new());
            }
        }
    }
}

/// Addresses that mean something only within a network (RFC 1918, 6598, 3927, 4193).
fn is_inner(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => {
            let shared = v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64;
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_unspecified() || shared
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unspecified() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

/// Reached over UDP by another address than it names itself.
fn is_behind_nat(binding: &Binding) -> bool {
    let named = super::peer::contact_address(&binding.contact);
    matches!(binding.at, Place::Datagram { .. }) && named != Some(binding.at.remote())
}

/// RFC 3261 §10.3 step 7: the same Call-ID must count up.
fn is_newer(binding: &Binding, message: &Message<'_>) -> bool {
    *binding.call_id != *message.call_id() || binding.cseq < message.cseq().number
}

/// Whether a contact names the very host its stream came from, so that a new stream can be opened to it.
pub(crate) fn is_direct(contact: &str, remote: SocketAddr) -> bool {
    super::peer::contact_address(contact).is_some_and(|a| a.ip() == remote.ip())
}
