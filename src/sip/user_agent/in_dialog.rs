//! Requests inside a dialog, and ours.

use super::accounts::authorize;
use super::causes::{reason_of, told_by};
use super::core::{Due, SessionTimer};
use super::machine::{Owner, UserAgent};
use super::session::{Phase, Session};
use crate::header::{ContentType, HeaderName};
use crate::input::{Counter, Place};
use crate::transaction::{GIVE_UP, RequestKey, T2};
use crate::{Message, Method, StatusCode};
use base::Key;
use model::{Cause, CauseKind, LegEvent, Source};

impl UserAgent {
    pub(crate) fn handle_in_dialog(
        &mut self,
        message: &Message<'_>,
        from: Place,
        bytes: &[u8],
        request: RequestKey,
        session: Key,
    ) {
        if self.is_stranger(message, &from, session) {
            return self.handle_stranger(message, from, bytes.len(), session);
        }
        if message.method() == Method::Ack {
            return self.handle_ack(message, session);
        }
        if let Err(status) = self.in_order(message, session) {
            return self.refuse(message, from, bytes.len(), status);
        }
        if let Err(status) = self.acceptable(message) {
            return self.refuse(message, from, bytes.len(), status);
        }
        let Some(server) = self.open(message, &from, bytes.len(), request, None) else { return };
        let let_go = self.calls.get(session).is_none_or(Session::is_let_go);
        match message.method() {
            Method::Bye => self.handle_bye(message, server, session),
            // The call hears no more of this leg, so nobody could answer.
            _ if let_go => self.reply(server, message, StatusCode::CALL_DOES_NOT_EXIST),
            Method::Options => self.answer_options(message, server),
            Method::Invite | Method::Update => self.handle_ask(message, from, bytes, server, session),
            Method::Prack => self.handle_prack(message, server, session),
            Method::Info => self.handle_info(message, server, session),
            Method::Refer => self.handle_refer(message, bytes, server, session),
            // Nothing we subscribe to; some phones tell of their state unasked, and stop when they are refused.
            Method::Notify => self.reply(server, message, StatusCode::OK),
            Method::Cancel => self.reply(server, message, StatusCode::CALL_DOES_NOT_EXIST),
            Method::Ack => unreachable!("handled above"),
            Method::Register | Method::Subscribe | Method::Message | Method::Publish | Method::Other(_) => {
                self.refuse_in(server, message, StatusCode::METHOD_NOT_ALLOWED);
            }
        }
    }

    /// Right tags from the wrong place. A phone that moved may prove itself; the call goes on either way.
    fn handle_stranger(&mut self, message: &Message<'_>, from: Place, size: usize, session: Key) {
        self.core.note(Counter::Stranger, from.remote(), Some(message.call_id()));
        let peer = self.calls.get(session).map(|s| s.peer.0);
        match peer {
            _ if message.method() == Method::Ack => {}
            Some(Source::Phone(id)) if self.core.directory().phone(id).password.is_some() => {
                self.challenge(message, from, size, false);
            }
            Some(_) | None => self.refuse(message, from, size, StatusCode::FORBIDDEN),
        }
    }

    /// RFC 3261 §12.2.2: requests of a dialog are numbered, and a lower number is out of order.
    fn in_order(&mut self, message: &Message<'_>, session: Key) -> Result<(), StatusCode> {
        let Some(dialog) = self.calls.get_mut(session).and_then(Session::dialog_mut) else { return Ok(()) };
        let number = message.cseq().number;
        if dialog.remote_cseq.is_some_and(|last| number <= last) {
            return Err(StatusCode::SERVER_INTERNAL_ERROR);
        }
        dialog.remote_cseq = Some(number);
        Ok(())
    }

    fn handle_ack(&mut self, message: &Message<'_>, key: Key) {
        let Some(Session { leg, phase: Phase::Up(up), .. }) = self.calls.get_mut(key) else {
            return self.core.count(Counter::StrayAck);
        };
        let Some(mut unacked) = up.unacked.take_if(|u| u.cseq == message.cseq().number) else { return };
        let (leg, hangup) = (*leg, up.hangup);
        self.core.stop(&mut unacked.timer);
        self.core.recycle(unacked.bytes);
        if let Some(cause) = hangup {
            return self.bye(key, Some(cause));
        }
        let sdp = super::body::body(message).ok().flatten().filter(|_| unacked.offers);
        if unacked.first || unacked.offers {
            self.core.emit(LegEvent::Confirmed { leg, sdp });
        }
        self.offer_next(key);
    }

    /// RFC 3261 §15.1.2.
    fn handle_bye(&mut self, message: &Message<'_>, server: Key, key: Key) {
        let Some(session) = self.calls.get(key) else { return };
        let leg = session.leg;
        match &session.phase {
            Phase::Inward(_) => {
                let cause = told_by(message, Cause::with_sip(CauseKind::Cancelled, 487));
                self.reply(server, message, StatusCode::OK);
                self.reject(key, StatusCode::REQUEST_TERMINATED, None, Cause::new(CauseKind::Cancelled));
                self.core.emit(LegEvent::Ended { leg, cause });
            }
            Phase::Up(up) => {
                let told = up.hangup.is_some();
                self.reply(server, message, StatusCode::OK);
                self.end_session(key);
                if !told {
                    let cause = told_by(message, CauseKind::NormalClearing.into());
                    self.core.emit(LegEvent::Ended { leg, cause });
                }
            }
            // The two BYEs crossed; ours will be answered too.
            Phase::Closing(_) | Phase::Changing => self.reply(server, message, StatusCode::OK),
            // RFC 3261 §15: the called side cannot end an early dialog by BYE.
            Phase::Outward(_) => self.reply(server, message, StatusCode::CALL_DOES_NOT_EXIST),
        }
    }

    /// Keys (application/dtmf-relay, application/dtmf); an empty INFO is a sign of life.
    fn handle_info(&mut self, message: &Message<'_>, server: Key, key: Key) {
        let kind = message.one::<ContentType<'_>>().ok().flatten();
        let is_keys = kind.is_some_and(|ContentType(k)| k.is("application/dtmf-relay") || k.is("application/dtmf"));
        if !message.body().is_empty() && !is_keys {
            return self.refuse_in(server, message, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        }
        self.reply(server, message, StatusCode::OK);
        // A caller who waits for an answer presses keys too.
        let hears = |s: &&Session| matches!(s.phase, Phase::Up(_) | Phase::Inward(_));
        let Some(leg) = self.calls.get(key).filter(hears).map(|s| s.leg) else { return };
        if let Some((key, held)) = super::digits::read(message.body()) {
            self.core.emit(LegEvent::Digit { leg, key, held });
        }
    }

    fn answer_options(&mut self, message: &Message<'_>, server: Key) {
        let mut answer = self.core.buffer();
        let source = self.servers.source(server).expect("just opened");
        let mut writer = crate::MessageWriter::response(&mut answer, message, StatusCode::OK, None, source);
        self.write_abilities(&mut writer);
        writer.end();
        self.servers.reply_with(&mut self.core, server, StatusCode::OK, answer);
    }

    /// Sends BYE; the call hears no more of this leg.
    pub(crate) fn bye(&mut self, key: Key, cause: Option<Cause>) {
        let Some(session) = self.calls.get_mut(key) else { return };
        let Phase::Up(mut up) = core::mem::replace(&mut session.phase, Phase::Changing) else {
            unreachable!("only an answered call is ended by BYE");
        };
        self.wind_up(&mut up);
        if let Some(session) = self.calls.get_mut(key) {
            session.phase = Phase::Closing(Box::new(up.dialog));
        }
        self.send_bye(key, cause.and_then(reason_of).as_deref(), false);
    }

    pub(crate) fn send_bye(&mut self, key: Key, reason: Option<&str>, repeated: bool) {
        let Self { core, clients, calls, .. } = self;
        let Some(Session { phase: Phase::Closing(dialog), credentials, .. }) = calls.get_mut(key) else { return };
        let cseq = dialog.next_cseq();
        clients.start(core, dialog.place, Owner::Bye { session: key, repeated }, |core, branch, out| {
            let mut writer = dialog.request(core, out, Method::Bye, cseq, branch);
            if let Some(reason) = reason {
                writer.text(HeaderName::Reason, reason);
            }
            authorize(credentials, &dialog.place, Method::Bye, dialog.target.as_str(), &mut writer);
            writer.end();
        });
    }

    /// Ends an answered call from our side and says so.
    pub(crate) fn end_with_bye(&mut self, key: Key, cause: Cause) {
        let Some(Session { leg, phase: Phase::Up(up), .. }) = self.calls.get(key) else { return };
        let (leg, told) = (*leg, up.hangup.is_some());
        self.bye(key, Some(cause));
        if !told {
            self.core.emit(LegEvent::Ended { leg, cause });
        }
    }

    pub(crate) fn handle_session_timer(&mut self, key: Key, timer: SessionTimer) {
        match timer {
            SessionTimer::Unacked => self.repeat_2xx(key),
            SessionTimer::Reminder => self.remind(key),
            SessionTimer::Reliable => self.repeat_reliable(key),
            SessionTimer::Glare => self.handle_glare_over(key),
            SessionTimer::Refresh => self.refresh_session(key),
            SessionTimer::Expired => self.expire_session(key),
            SessionTimer::Refer => self.handle_refer_timeout(key),
            SessionTimer::Lookup => self.handle_lookup_over(key),
            SessionTimer::Silent => self.handle_silence(key),
        }
    }

    /// RFC 3261 §13.3.1.4: over every transport, doubling up to T2, for 64*T1; then BYE.
    fn repeat_2xx(&mut self, key: Key) {
        let Some(Session { phase: Phase::Up(up), .. }) = self.calls.get_mut(key) else { return };
        let Some(unacked) = &mut up.unacked else { return };
        unacked.timer = None;
        unacked.waited += unacked.interval;
        if unacked.waited >= GIVE_UP {
            return self.end_with_bye(key, CauseKind::Unreachable.into());
        }
        self.core.send(&unacked.place, &unacked.bytes);
        unacked.interval = T2.min(unacked.interval * 2).min(GIVE_UP - unacked.waited);
        unacked.timer = Some(self.core.after(unacked.interval, Due::Session(key, SessionTimer::Unacked)));
    }
}
