//! New offers inside a session: hold, resume, and who speaks first when both speak at once.

use super::accounts::authorize;
use super::body::body;
use super::causes::{cause_of, status_of};
use super::core::{Due, SessionTimer};
use super::invite::end;
use super::machine::{Owner, UserAgent};
use super::requests::{ALLOW, SUPPORTED_LINE, write_refusal_fields};
use super::session::{Asked, Exchange, Phase, Session, Unacked};
use crate::header::HeaderName;
use crate::input::Place;
use crate::limits::RETRY_AFTER_SECONDS_MAX;
use crate::transaction::{Failure, T1};
use crate::{Message, MessageWriter, Method, StatusCode};
use base::Key;
use core::time::Duration;
use model::{Cause, CauseKind, LegEvent, Sdp};

impl UserAgent {
    // --- we ask --------------------------------------------------------------------------------------------------

    /// The call wants new media; it waits until nothing else is under way.
    pub(crate) fn offer(&mut self, key: Key, sdp: Sdp) {
        let Some(Session { phase: Phase::Up(up), .. }) = self.calls.get_mut(key) else { return };
        up.next_offer = Some(sdp);
        self.offer_next(key);
    }

    /// Sends what waits, if now is the time.
    pub(crate) fn offer_next(&mut self, key: Key) {
        let Some(Session { phase: Phase::Up(up), .. }) = self.calls.get_mut(key) else { return };
        if up.is_stable()
            && let Some(sdp) = up.next_offer.take()
        {
            up.described = Some(sdp);
            self.ask(key, Asked::Offer, false);
        }
    }

    /// Sends a re-INVITE with what we described last, or a refreshing UPDATE without a description (RFC 4028 §7.4).
    pub(crate) fn ask(&mut self, key: Key, why: Asked, repeated: bool) {
        let Self { core, clients, calls, .. } = self;
        let Some(Session { phase: Phase::Up(up), credentials, .. }) = calls.get_mut(key) else { return };
        let update = why == Asked::Refresh && (up.dialog.allows.update || up.described.is_none());
        let method = if update { Method::Update } else { Method::Invite };
        let cseq = up.dialog.next_cseq();
        if !update {
            up.invite_cseq = cseq;
            up.ack_body = None;
        }
        let (dialog, timer, sdp) = (&up.dialog, &up.timer, up.described.as_ref().filter(|_| !update));
        let client = clients.start(core, dialog.place, Owner::Ask { session: key }, |core, branch, out| {
            let mut writer = dialog.request(core, out, method, cseq, branch);
            writer.text(HeaderName::Allow, ALLOW).text(HeaderName::Supported, SUPPORTED_LINE);
            timer.write_request(&mut writer);
            authorize(credentials, &dialog.place, method, dialog.target.as_str(), &mut writer);
            end(writer, sdp);
        });
        up.exchange = Exchange::Asked { client, why, repeated };
    }

    pub(crate) fn handle_ask_response(&mut self, message: &Message<'_>, status: StatusCode, client: Key, key: Key) {
        let invite = message.method() == Method::Invite;
        if status.is_provisional() {
            return;
        }
        if invite && status.is_success() {
            let to_tag = message.to().tag().unwrap_or_default();
            if !self.clients.is_new_dialog(&self.core, client, to_tag) {
                return self.acknowledge_again(message, client, key);
            }
        }
        let Some(Session { phase: Phase::Up(up), leg, peer, .. }) = self.calls.get_mut(key) else {
            // The call ended meanwhile; its 2xx still wants an ACK.
            return if invite && status.is_success() {
                self.acknowledge_again(message, client, key)
            };
        };
        let (leg, peer, asked_at) = (*leg, *peer, up.dialog.place);
        let Exchange::Asked { why, repeated, .. } = up.exchange else { return };
        up.exchange = Exchange::Stable;
        match status.code() {
            200..=299 => {
                let place = up.dialog.place;
                up.dialog.refresh_target(&self.core, message, &place, peer);
                if invite {
                    self.acknowledge(key);
                }
                self.session_refreshed(key, message);
                if why == Asked::Offer {
                    let sdp = body(message).ok().flatten();
                    self.core.emit(LegEvent::OfferAnswered { leg, sdp });
                }
                self.offer_next(key);
            }
            491 => self.back_off(key, why),
            // RFC 3261 §12.2.1.2: the peer knows no such dialog, or is gone.
            408 | 481 => self.end_with_bye(key, Cause::with_sip(CauseKind::SessionExpired, status.code())),
            401 | 407 if !repeated && self.accept_challenge_inside(key, &asked_at, message) => self.ask(key, why, true),
            _ if why == Asked::Offer => {
                self.core.emit(LegEvent::OfferRefused { leg, cause: cause_of(status) });
                self.offer_next(key);
            }
            _ => self.offer_next(key),
        }
    }

    pub(crate) fn handle_ask_failure(&mut self, key: Key, failure: Failure) {
        let cause = match failure {
            Failure::TimedOut => Cause::with_sip(CauseKind::Unreachable, 408),
            Failure::Transport => Cause::with_sip(CauseKind::Unreachable, 503),
        };
        self.end_with_bye(key, cause);
    }

    /// RFC 3261 §14.1: the side that made the Call-ID waits 2.1–4 s, the other 0–2 s, in steps of 10 ms.
    fn back_off(&mut self, key: Key, why: Asked) {
        let Some(Session { phase: Phase::Up(up), leg, .. }) = self.calls.get_mut(key) else { return };
        let steps = if leg.is_outward() { 210 + self.core.rng.below(191) } else { self.core.rng.below(201) };
        if why == Asked::Refresh {
            // The refresh timer asks again by itself; the peer's own request refreshes the session just as well.
            return;
        }
        let timer = self.core.after(Duration::from_millis(10 * steps), Due::Session(key, SessionTimer::Glare));
        up.exchange = Exchange::Backoff { timer };
    }

    pub(crate) fn handle_glare_over(&mut self, key: Key) {
        let Some(Session { phase: Phase::Up(up), .. }) = self.calls.get_mut(key) else { return };
        if let Exchange::Backoff { .. } = up.exchange {
            up.exchange = Exchange::Stable;
            let again = up.described.clone();
            up.next_offer = up.next_offer.take().or(again);
            self.offer_next(key);
        }
    }

    // --- the peer asks -------------------------------------------------------------------------------------------

    /// A re-INVITE, or an UPDATE.
    pub(crate) fn handle_ask(&mut self, message: &Message<'_>, from: Place, bytes: &[u8], server: Key, key: Key) {
        let sdp = match body(message) {
            Ok(sdp) => sdp,
            Err(status) => return self.refuse_in(server, message, status),
        };
        let update = message.method() == Method::Update;
        if let Err(refusal) = self.session_interval(message) {
            return self.refuse_in(server, message, refusal);
        }
        let Some(Session { phase, leg, peer, .. }) = self.calls.get_mut(key) else { return };
        let (leg, peer) = (*leg, *peer);
        let Phase::Up(up) = phase else {
            return match (phase, sdp) {
                (_, None) if update => self.reply(server, message, StatusCode::OK),
                // RFC 3311 §5.1: the first offer was answered reliably, so the caller may make another.
                (Phase::Inward(inward), sdp @ Some(_)) if update && inward.may_be_asked() => {
                    let mut request = self.core.buffer();
                    request.extend_from_slice(bytes);
                    inward.exchange = Exchange::Asking { server, request, from };
                    self.core.emit(LegEvent::Offered { leg, sdp });
                }
                // RFC 3311 §5.2: nothing new before that.
                (_, Some(_) | None) => self.retry_later(server, message),
            };
        };
        match up.exchange {
            // RFC 3261 §14.2: both asked at once.
            Exchange::Asked { .. } if sdp.is_some() || !update => {
                return self.refuse_in(server, message, StatusCode::REQUEST_PENDING);
            }
            Exchange::Asking { .. } => return self.retry_later(server, message),
            Exchange::Asked { .. } | Exchange::Stable | Exchange::Backoff { .. } => {}
        }
        if !update && up.unacked.is_some() {
            return self.refuse_in(server, message, StatusCode::REQUEST_PENDING);
        }
        if update && sdp.is_none() {
            up.dialog.refresh_target(&self.core, message, &from, peer);
            return self.accept_refresh(server, message, key);
        }
        if let Exchange::Backoff { timer } = up.exchange {
            // What we wanted to offer comes after the peer's.
            self.core.timers.cancel(timer);
            let again = up.described.clone();
            up.next_offer = up.next_offer.take().or(again);
        }
        let mut request = self.core.buffer();
        request.extend_from_slice(bytes);
        up.exchange = Exchange::Asking { server, request, from };
        self.core.emit(LegEvent::Offered { leg, sdp });
    }

    /// The call's answer to the peer's offer.
    pub(crate) fn answer_offer(&mut self, key: Key, sdp: Sdp) {
        if let Some(Session { phase: Phase::Inward(inward), .. }) = self.calls.get_mut(key) {
            let exchange = core::mem::replace(&mut inward.exchange, Exchange::Stable);
            return self.answer_early(key, exchange, sdp);
        }
        let Some(Session { phase: Phase::Up(up), .. }) = self.calls.get_mut(key) else { return };
        if up.owes_ack {
            up.owes_ack = false;
            up.ack_body = Some(sdp);
            self.acknowledge(key);
            return self.offer_next(key);
        }
        let Exchange::Asking { server, request, from } = core::mem::replace(&mut up.exchange, Exchange::Stable) else {
            return;
        };
        let Some(source) = self.servers.source(server) else { return self.core.recycle(request) };
        let message = Message::parse(&request).expect("it was read when it came");
        let agreed = self.agree_interval(key, &message);
        let Some(Session { phase: Phase::Up(up), peer, .. }) = self.calls.get_mut(key) else { return };
        // Only now: what is refused changes nothing, the peer's place included (RFC 6141 §4).
        up.dialog.refresh_target(&self.core, &message, &from, *peer);
        up.described = Some(sdp);
        let mut bytes = self.core.buffer();
        let mut writer = MessageWriter::response(&mut bytes, &message, StatusCode::OK, None, source);
        if let Some(contact) = self.core.contact(&up.dialog.place) {
            writer.address(HeaderName::Contact, None, &contact.uri(), &[]);
        }
        writer.text(HeaderName::Allow, ALLOW).text(HeaderName::Supported, SUPPORTED_LINE);
        agreed.write(&mut writer);
        end(writer, up.described.as_ref());
        if message.method() == Method::Invite {
            self.send_2xx(key, server, message.cseq().number, bytes, message.body().is_empty());
        } else {
            self.servers.reply_with(&mut self.core, server, StatusCode::OK, bytes);
            self.offer_next(key);
        }
        self.core.recycle(request);
    }

    /// 200 to an UPDATE before the call itself is answered.
    fn answer_early(&mut self, key: Key, exchange: Exchange, sdp: Sdp) {
        let Exchange::Asking { server, request, from } = exchange else { return };
        let Some(source) = self.servers.source(server) else { return self.core.recycle(request) };
        let message = Message::parse(&request).expect("it was read when it came");
        let mut bytes = self.core.buffer();
        let Some(Session { phase: Phase::Inward(inward), peer, .. }) = self.calls.get_mut(key) else { return };
        inward.dialog.refresh_target(&self.core, &message, &from, *peer);
        let mut writer = MessageWriter::response(&mut bytes, &message, StatusCode::OK, None, source);
        if let Some(contact) = self.core.contact(&inward.dialog.place) {
            writer.address(HeaderName::Contact, None, &contact.uri(), &[]);
        }
        writer.text(HeaderName::Allow, ALLOW).text(HeaderName::Supported, SUPPORTED_LINE);
        end(writer, Some(&sdp));
        inward.described = Some(sdp);
        self.servers.reply_with(&mut self.core, server, StatusCode::OK, bytes);
        self.core.recycle(request);
    }

    /// Sends the 2xx of a re-INVITE and repeats it until its ACK.
    fn send_2xx(&mut self, key: Key, server: Key, cseq: u32, bytes: Vec<u8>, offers: bool) {
        let Some(Session { phase: Phase::Up(up), .. }) = self.calls.get_mut(key) else { return };
        let place = self.servers.place(server).unwrap_or(up.dialog.place);
        self.servers.accept(&mut self.core, server, &bytes);
        let timer = Some(self.core.after(T1, Due::Session(key, SessionTimer::Unacked)));
        let waited = Duration::ZERO;
        up.unacked = Some(Unacked { cseq, bytes, place, interval: T1, waited, timer, first: false, offers });
    }

    pub(crate) fn refuse_offer(&mut self, key: Key, cause: Cause) {
        if let Some(Session { phase: Phase::Inward(inward), .. }) = self.calls.get_mut(key) {
            if let Exchange::Asking { server, request, .. } = core::mem::replace(&mut inward.exchange, Exchange::Stable)
            {
                if let Ok(message) = Message::parse(&request) {
                    self.refuse_in(server, &message, status_of(cause));
                }
                self.core.recycle(request);
            }
            return;
        }
        let Some(Session { phase: Phase::Up(up), .. }) = self.calls.get_mut(key) else { return };
        if up.owes_ack {
            // The offer came in the 2xx: it must be acknowledged, and then the call is over (RFC 3261 §13.2.2.4).
            up.owes_ack = false;
            self.acknowledge(key);
            return self.end_with_bye(key, cause);
        }
        let Exchange::Asking { server, request, .. } = core::mem::replace(&mut up.exchange, Exchange::Stable) else {
            return;
        };
        if let Ok(message) = Message::parse(&request) {
            self.refuse_in(server, &message, status_of(cause));
        }
        self.core.recycle(request);
        self.offer_next(key);
    }

    /// The call ends while the peer waits for an answer to its request (RFC 3261 §15.1.2).
    pub(crate) fn drop_exchange(&mut self, exchange: Exchange) {
        match exchange {
            Exchange::Asking { server, request, .. } => {
                if let Ok(message) = Message::parse(&request) {
                    self.refuse_in(server, &message, StatusCode::REQUEST_TERMINATED);
                }
                self.core.recycle(request);
            }
            Exchange::Backoff { timer } => _ = self.core.timers.cancel(timer),
            // An INVITE that rings on would never end by itself.
            Exchange::Asked { client, .. } => self.clients.cancel(&mut self.core, client, None),
            Exchange::Stable => {}
        }
    }

    /// A refusal inside a transaction, with what its status wants beside it.
    pub(crate) fn refuse_in(&mut self, server: Key, message: &Message<'_>, status: StatusCode) {
        let Some(source) = self.servers.source(server) else { return };
        let mut bytes = self.core.buffer();
        let mut writer = MessageWriter::response(&mut bytes, message, status, None, source);
        write_refusal_fields(&mut writer, message, status);
        writer.end();
        self.servers.reply_with(&mut self.core, server, status, bytes);
    }

    /// RFC 3261 §14.2: 500 and a random wait, when one request is still being dealt with.
    pub(crate) fn retry_later(&mut self, server: Key, message: &Message<'_>) {
        let Some(source) = self.servers.source(server) else { return };
        let wait = self.core.rng.below(u64::from(RETRY_AFTER_SECONDS_MAX) + 1) as u32;
        let mut bytes = self.core.buffer();
        let status = StatusCode::SERVER_INTERNAL_ERROR;
        let mut writer = MessageWriter::response(&mut bytes, message, status, None, source);
        writer.number(HeaderName::RetryAfter, wait);
        writer.end();
        self.servers.reply_with(&mut self.core, server, status, bytes);
    }
}
