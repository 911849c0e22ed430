//! Every request goes through here: is it one we know, whose is it, and who deals with it.

use super::machine::UserAgent;
use super::quirks::knows_only_md5;
use crate::auth::{Algorithm, Asking, Secret, Verdict};
use crate::error::ParseError;
use crate::header::{HeaderName, MaxForwards, MinSe};
use crate::input::{Counter, Place};
use crate::limits::{AMPLIFICATION_MAX, SERVER_TRANSACTIONS_MAX};
use crate::malformed::Malformed;
use crate::transaction::{Asked, RequestKey, response_place};
use crate::{Message, MessageWriter, Method, StatusCode, UriKind};
use base::Key;
use core::net::SocketAddr;
use model::{PhoneId, Source};

/// What we answer at all.
pub(crate) const ALLOW: &str = "INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER, PRACK, UPDATE, INFO, REFER, NOTIFY";
/// RFC 3262, 4028, 3891, 4488.
pub(crate) const SUPPORTED: [&str; 4] = ["100rel", "timer", "replaces", "norefersub"];
pub(crate) const SUPPORTED_LINE: &str = "100rel, timer, replaces, norefersub";
pub(crate) const SUPPORTED_LATE_OFFER: &str = "timer, replaces, norefersub";
pub(crate) const SDP: &str = "application/sdp";
const ACCEPT: &str = "application/sdp, multipart/mixed, application/dtmf-relay, application/dtmf, message/sipfrag";

/// Who sent a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    Known(Source),
    /// Nobody we know; `stale`: a challenge with a fresh nonce will do.
    Unknown {
        stale: bool,
    },
    /// Wrong credentials.
    Impostor,
    /// Unreadable credentials.
    Garbled,
    /// Guessed too often: not even looked at.
    Silenced,
}

impl Sender {
    /// What credentials that were not accepted make of their sender.
    pub(crate) fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Accepted { .. } | Verdict::Absent => Sender::Unknown { stale: false },
            Verdict::Stale | Verdict::Replayed => Sender::Unknown { stale: true },
            Verdict::Wrong => Sender::Impostor,
            Verdict::Malformed => Sender::Garbled,
        }
    }
}

impl UserAgent {
    pub(crate) fn handle_message(&mut self, from: Place, bytes: &[u8]) {
        match Message::parse(bytes) {
            Ok(message) => match message.status() {
                Some(status) => self.handle_response(&message, status),
                None => self.handle_request(&message, from, bytes),
            },
            // RFC 5626 §3.5.1 speaks of streams; over UDP a CRLF only holds a NAT open and gets no answer.
            Err(ParseError::KeepAlive) => {}
            Err(error) => self.refuse_malformed(&from, bytes, error),
        }
    }

    pub(crate) fn refuse_malformed(&mut self, from: &Place, bytes: &[u8], error: ParseError) {
        let Some(malformed) = Malformed::read(bytes, error) else {
            return self.core.note(Counter::Unreadable, from.remote(), None);
        };
        self.core.note(Counter::Malformed, from.remote(), malformed.call_id());
        let via = malformed.via();
        let branch = via.branch().unwrap_or_default();
        let tag = self.core.stateless_tag(malformed.call_id().unwrap_or_default(), branch);
        let place = match from {
            Place::Datagram { listener, remote } if via.rport().is_none() => {
                let remote = SocketAddr::new(remote.ip(), via.port_or_default());
                Place::Datagram { listener: *listener, remote }
            }
            Place::Datagram { .. } | Place::Stream { .. } => *from,
        };
        let mut answer = self.core.buffer();
        malformed.refuse(&mut answer, tag.as_str(), from.remote());
        self.send_modestly(&place, &answer, bytes.len());
        self.core.recycle(answer);
    }

    fn handle_request(&mut self, message: &Message<'_>, from: Place, bytes: &[u8]) {
        let request = match self.servers.handle_request(&mut self.core, message, from.remote()) {
            Asked::Again | Asked::Acknowledged => return,
            Asked::Cancels(invite, session) => return self.handle_cancel(message, from, invite, session),
            Asked::New(request) => request,
        };
        if let Some(tag) = message.to().tag() {
            let named = self.core.leg_of_tag(tag).and_then(|leg| self.calls.key_of(leg));
            return match named.filter(|key| self.calls.get(*key).is_some_and(|s| s.names(message))) {
                Some(session) => self.handle_in_dialog(message, from, bytes, request, session),
                None => self.refuse_unknown_dialog(message, from, bytes.len()),
            };
        }
        match message.method() {
            Method::Ack => self.core.count(Counter::StrayAck),
            Method::Cancel => self.refuse(message, from, bytes.len(), StatusCode::CALL_DOES_NOT_EXIST),
            Method::Invite
            | Method::Bye
            | Method::Options
            | Method::Register
            | Method::Prack
            | Method::Update
            | Method::Info
            | Method::Refer
            | Method::Notify
            | Method::Subscribe
            | Method::Message
            | Method::Publish
            | Method::Other(_) => self.handle_new_request(message, from, bytes, request),
        }
    }

    /// A request outside any dialog.
    fn handle_new_request(&mut self, message: &Message<'_>, from: Place, bytes: &[u8], request: RequestKey) {
        let size = bytes.len();
        if let Err(status) = self.acceptable(message) {
            return self.refuse(message, from, size, status);
        }
        // RFC 3261 §11.2: whoever asks may hear what we can do; it tells less than a challenge would.
        if message.method() == Method::Options {
            return self.handle_options(message, from, size);
        }
        if message.method() == Method::Register {
            return match self.serves(message) {
                Ok(()) => self.handle_register(message, from, size, request),
                Err(status) => self.refuse(message, from, size, status),
            };
        }
        match self.sender(message, &from) {
            Sender::Known(source) => match message.method() {
                Method::Invite => self.handle_invite(message, from, bytes, request, source),
                Method::Bye | Method::Prack | Method::Update | Method::Info | Method::Notify => {
                    self.core.count(Counter::NoDialog);
                    self.refuse(message, from, size, StatusCode::CALL_DOES_NOT_EXIST);
                }
                _ => self.refuse(message, from, size, StatusCode::METHOD_NOT_ALLOWED),
            },
            stranger @ (Sender::Unknown { .. } | Sender::Impostor | Sender::Garbled | Sender::Silenced) => {
                self.handle_no_sender(stranger, message, from, size);
            }
        }
    }

    pub(crate) fn handle_no_sender(&mut self, sender: Sender, message: &Message<'_>, from: Place, size: usize) {
        match sender {
            Sender::Unknown { stale } => self.challenge(message, from, size, stale),
            Sender::Impostor => {
                self.core.note(Counter::BadCredentials, from.remote(), Some(message.call_id()));
                self.challenge(message, from, size, false);
            }
            Sender::Garbled => self.refuse(message, from, size, StatusCode::BAD_REQUEST),
            Sender::Silenced | Sender::Known(_) => {}
        }
    }

    /// What a request must be whoever sent it (RFC 3261 §8.2), cheapest first.
    pub(crate) fn acceptable(&self, message: &Message<'_>) -> Result<(), StatusCode> {
        if let Method::Other(_) = message.method() {
            return Err(StatusCode::NOT_IMPLEMENTED);
        }
        match message.uri().map(|u| *u.kind()) {
            // RFC 3261 §26.2.2: `sips` promises TLS on every hop, and there is none here.
            Some(UriKind::Sip(sip)) if sip.secure => return Err(StatusCode::UNSUPPORTED_URI_SCHEME),
            Some(UriKind::Sip(_) | UriKind::Tel(_)) => {}
            Some(_) | None => return Err(StatusCode::UNSUPPORTED_URI_SCHEME),
        }
        if unsupported(message).next().is_some() {
            return Err(StatusCode::BAD_EXTENSION);
        }
        let offers = matches!(message.method(), Method::Invite | Method::Update);
        if offers && !super::body::accepts_description(message) {
            return Err(StatusCode::NOT_ACCEPTABLE);
        }
        if message.method() == Method::Invite {
            match message.one::<MaxForwards>() {
                // A call we would only pass on to somebody else has come to the end of its way.
                Ok(Some(MaxForwards(0))) => return Err(StatusCode::TOO_MANY_HOPS),
                Ok(_) => {}
                Err(_) => return Err(StatusCode::BAD_REQUEST),
            }
        }
        Ok(())
    }

    /// A phone by its place or its digest, then the trunk with the longest matching network: always in this order.
    pub(crate) fn sender(&mut self, message: &Message<'_>, from: &Place) -> Sender {
        let remote = from.remote();
        let named = message.from().uri.user().and_then(|user| self.sources.phone(user));
        if let Some(phone) = self.locations.at(remote, named).or_else(|| self.sources.fixed_at(remote, named)) {
            return Sender::Known(Source::Phone(phone));
        }
        match self.credentials(message, remote) {
            Some(Verdict::Accepted { user }) => {
                self.sources.phone(&user).map_or(Sender::Impostor, |phone| Sender::Known(Source::Phone(phone)))
            }
            Some(Verdict::Absent) => match self.sources.trunk_at(remote.ip()) {
                Some(trunk) => Sender::Known(Source::Trunk(trunk)),
                None => Sender::Unknown { stale: false },
            },
            Some(verdict) => Sender::of(&verdict),
            None => Sender::Silenced,
        }
    }

    /// What the request's credentials are worth; `None` while its source has to wait after too many wrong ones.
    pub(crate) fn credentials(&mut self, message: &Message<'_>, remote: SocketAddr) -> Option<Verdict> {
        let now = self.core.now.mono;
        // The phone that stands there may go on while its neighbour behind the same NAT guesses.
        let silenced = self.guesses.is_silenced(now, remote.ip()) && !self.locations.is_source(remote);
        if silenced && message.has(HeaderName::Authorization) {
            self.core.count(Counter::Guessing);
            return None;
        }
        let (sources, directory) = (&self.sources, self.core.directory());
        let verdict =
            self.challenger.verify(now, Asking::AsServer, message, |user| password(directory, sources.phone(user)?));
        match verdict {
            Verdict::Wrong => self.guesses.failed(now, remote.ip()),
            Verdict::Accepted { .. } => self.guesses.succeeded(remote.ip()),
            Verdict::Absent | Verdict::Stale | Verdict::Replayed | Verdict::Malformed => {}
        }
        Some(verdict)
    }

    /// 401 when credentials could help, else 403.
    pub(crate) fn challenge(&mut self, message: &Message<'_>, from: Place, size: usize, stale: bool) {
        if !self.sources.any_password {
            self.core.note(Counter::Forbidden, from.remote(), Some(message.call_id()));
            return self.refuse(message, from, size, StatusCode::FORBIDDEN);
        }
        self.core.count(Counter::Challenged);
        let now = self.core.now.mono;
        let challenger = &mut self.challenger;
        let mut answer = self.core.buffer();
        let tag = self.core.stateless_tag(message.call_id(), message.via().branch().unwrap_or_default());
        let mut writer =
            MessageWriter::response(&mut answer, message, StatusCode::UNAUTHORIZED, Some(tag.as_str()), from.remote());
        let md5_only = knows_only_md5(message);
        let offered = |algorithm| !md5_only || algorithm == Algorithm::Md5;
        challenger.challenge_where(now, Asking::AsServer, stale, &mut writer, offered);
        writer.end();
        self.send_modestly(&response_place(message, &from), &answer, size);
        self.core.recycle(answer);
    }

    fn handle_options(&mut self, message: &Message<'_>, from: Place, size: usize) {
        let mut answer = self.core.buffer();
        let tag = self.core.stateless_tag(message.call_id(), message.via().branch().unwrap_or_default());
        let status = if self.draining { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
        let mut writer = MessageWriter::response(&mut answer, message, status, Some(tag.as_str()), from.remote());
        self.write_abilities(&mut writer);
        writer.end();
        self.send_modestly(&response_place(message, &from), &answer, size);
        self.core.recycle(answer);
    }

    /// RFC 3261 §11.2.
    pub(crate) fn write_abilities(&self, writer: &mut MessageWriter<'_>) {
        writer.text(HeaderName::Allow, ALLOW).text(HeaderName::Accept, ACCEPT);
        writer.text(HeaderName::Supported, SUPPORTED_LINE);
        self.write_product(writer, HeaderName::Server);
    }

    pub(crate) fn write_product(&self, writer: &mut MessageWriter<'_>, name: HeaderName) {
        if !self.core.config.user_agent.is_empty() {
            writer.text(name, &self.core.config.user_agent);
        }
    }

    /// A refusal nothing is kept of; the same request gets the same one again.
    pub(crate) fn refuse(&mut self, message: &Message<'_>, from: Place, size: usize, status: StatusCode) {
        if message.method() == Method::Ack {
            return self.core.count(Counter::StrayAck);
        }
        let mut answer = self.core.buffer();
        let tag = self.core.stateless_tag(message.call_id(), message.via().branch().unwrap_or_default());
        let mut writer = MessageWriter::response(&mut answer, message, status, Some(tag.as_str()), from.remote());
        write_refusal_fields(&mut writer, message, status);
        writer.end();
        self.send_modestly(&response_place(message, &from), &answer, size);
        self.core.recycle(answer);
    }

    /// A request that names a dialog which is not there. Without the right to ask it hears no more than that.
    fn refuse_unknown_dialog(&mut self, message: &Message<'_>, from: Place, size: usize) {
        match message.method() {
            Method::Ack => self.core.count(Counter::StrayAck),
            _ => {
                self.core.note(Counter::NoDialog, from.remote(), Some(message.call_id()));
                self.refuse(message, from, size, StatusCode::CALL_DOES_NOT_EXIST);
            }
        }
    }

    /// Sends to a source that has proven nothing: over UDP the sender may be somebody else (attack A5).
    fn send_modestly(&mut self, place: &Place, answer: &[u8], asked: usize) {
        let datagram = matches!(place, Place::Datagram { .. });
        if datagram && answer.len() > asked * AMPLIFICATION_MAX {
            return self.core.count(Counter::Amplifying);
        }
        self.core.send(place, answer);
    }

    /// Opens a server transaction, or says 503 when there are too many.
    pub(crate) fn open(
        &mut self,
        message: &Message<'_>,
        from: &Place,
        size: usize,
        request: RequestKey,
        session: Option<Key>,
    ) -> Option<Key> {
        if self.servers.len() >= SERVER_TRANSACTIONS_MAX {
            self.core.note(Counter::Overload, from.remote(), Some(message.call_id()));
            self.refuse(message, *from, size, StatusCode::SERVICE_UNAVAILABLE);
            return None;
        }
        Some(self.servers.open(request, message, from, session))
    }

    /// Whether a request inside a dialog comes from where its peer may be (attack A11).
    pub(crate) fn is_stranger(&mut self, message: &Message<'_>, from: &Place, session: Key) -> bool {
        let Some(found) = self.calls.get(session) else { return true };
        let peer = found.peer;
        let at_home = found.is_at(from.remote().ip()) || peer.may_be_at(&self.core, from.remote().ip());
        if at_home || message.method() == Method::Ack {
            return !at_home;
        }
        self.sender(message, from) != Sender::Known(peer.0)
    }
}

fn password(directory: &model::Directory, phone: PhoneId) -> Option<Secret> {
    directory.phone(phone).password.as_ref().map(|p| Secret::password(p.expose()))
}

/// Option tags the sender insists on and we do not have.
pub(crate) fn unsupported<'a>(message: &'a Message<'_>) -> impl Iterator<Item = &'a [u8]> {
    let known = |tag: &[u8]| SUPPORTED.iter().any(|s| s.as_bytes().eq_ignore_ascii_case(tag));
    message.elements(HeaderName::Require).filter(move |tag| !known(tag))
}

/// What RFC 3261 §21 wants beside certain status codes.
pub(crate) fn write_refusal_fields(writer: &mut MessageWriter<'_>, request: &Message<'_>, status: StatusCode) {
    match status {
        StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => {
            writer.text(HeaderName::Allow, ALLOW);
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE | StatusCode::NOT_ACCEPTABLE => {
            writer.text(HeaderName::Accept, ACCEPT);
            // RFC 3261 §8.2.3: bodies are read as they are.
            if request.elements(HeaderName::ContentEncoding).next().is_some() {
                writer.text(HeaderName::AcceptEncoding, "identity");
            }
        }
        StatusCode::BAD_EXTENSION => {
            for tag in unsupported(request) {
                writer.raw(HeaderName::Unsupported, tag);
            }
        }
        StatusCode::NOT_ACCEPTABLE_HERE => {
            writer.text(HeaderName::Warning, "305 strowger \"Incompatible media format\"");
        }
        StatusCode::SESSION_INTERVAL_TOO_SMALL => {
            writer.header(&MinSe(crate::limits::SESSION_EXPIRES_SECONDS_MIN));
        }
        StatusCode::SERVICE_UNAVAILABLE => {
            writer.number(HeaderName::RetryAfter, crate::limits::RETRY_AFTER_SECONDS);
        }
        _ => {}
    }
}
