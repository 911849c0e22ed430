//! Calls that come in: from the INVITE to its final answer.

use super::body::body;
use super::causes::{reason_of, told_by};
use super::core::{Due, SessionTimer};
use super::dialog::{Dialog, Path};
use super::identity;
use super::invite::end;
use super::machine::UserAgent;
use super::peer::Peer;
use super::reliable::requires_100rel;
use super::requests::{ALLOW, SUPPORTED_LINE, write_refusal_fields};
use super::session::{Exchange, Inward, Phase, Reliable, Session, Unacked, Up};
use super::session_timer::Agreed;
use crate::header::{HeaderName, MaxForwards, RSeq, Replaces};
use crate::input::{Counter, Output, Place};
use crate::limits::PROVISIONAL_EVERY;
use crate::transaction::{RequestKey, T1, response_place};
use crate::{Message, MessageWriter, StatusCode};
use base::Key;
use core::time::Duration;
use model::{Cause, CauseKind, Fact, Incoming, LegEvent, LegId, Progress, Sdp, Source};

impl UserAgent {
    /// An INVITE outside any dialog, from somebody who may call.
    pub(crate) fn handle_invite(
        &mut self,
        message: &Message<'_>,
        from: Place,
        bytes: &[u8],
        request: RequestKey,
        source: Source,
    ) {
        let size = bytes.len();
        let offer = match body(message) {
            Ok(offer) => offer,
            Err(status) => return self.refuse(message, from, size, status),
        };
        // RFC 3261 §8.2.2.1: whoever is meant does not live here.
        if !self.is_for_us(message, source) {
            return self.refuse(message, from, size, StatusCode::NOT_FOUND);
        }
        let from_tag = message.from().tag().unwrap_or_default();
        let merge_key = self.calls.merge_key(message.call_id(), from_tag, message.cseq().number);
        // Our own tag in From: the call came back to where it started.
        if self.calls.is_merged(merge_key) || self.core.leg_of_tag(from_tag).is_some() {
            self.core.note(Counter::Loop, from.remote(), Some(message.call_id()));
            return self.refuse(message, from, size, StatusCode::LOOP_DETECTED);
        }
        if let Err(cause) = self.admit(source) {
            self.core.note(Counter::Overload, from.remote(), Some(message.call_id()));
            self.core.outputs.push_back(Output::Fact(Fact::Refused { source: Some(source), cause }));
            return self.refuse(message, from, size, StatusCode::SERVICE_UNAVAILABLE);
        }
        if let Err(status) = self.session_interval(message) {
            return self.refuse(message, from, size, status);
        }
        let replaces = match self.replaced(message) {
            Ok(replaces) => replaces,
            Err(status) => return self.refuse(message, from, size, status),
        };
        let Ok(path) = Path::of_invite(message) else {
            return self.refuse(message, from, size, StatusCode::BAD_REQUEST);
        };
        let Some(server) = self.open(message, &from, size, request, None) else { return };
        let peer = Peer(source);
        let mut invite = self.core.buffer();
        invite.extend_from_slice(bytes);
        let reliable = requires_100rel(message).then(|| Reliable::new(self.core.name()));
        let core = &self.core;
        let session = self.calls.insert_with(|key| {
            let leg = LegId::inward(core.config.shard, key);
            let tag = core.tag(leg);
            let dialog = Dialog::of_invite(core, message, path, &tag, &response_place(message, &from), peer);
            let (cseq, we_offer, agreed) = (message.cseq().number, offer.is_none(), Agreed::of(message));
            let phase = Phase::Inward(Box::new(Inward {
                server,
                invite,
                cseq,
                we_offer,
                agreed,
                dialog,
                merge_key,
                told: None,
                reminder: None,
                reliable,
                exchange: Exchange::Stable,
                described: None,
            }));
            let (call_id, came_from) = (message.call_id().into(), Some(from.remote().ip()));
            Session { leg, peer, call_id, tag, came_from, credentials: None, phase }
        });
        self.calls.remember_merge(merge_key, session);
        self.trunks.call_started(peer);
        self.servers.set_owner(server, Some(session));
        // RFC 3261 §17.2.1: at once, for nobody knows how long the rest takes.
        self.reply(server, message, StatusCode::TRYING);
        let leg = self.calls.get(session).expect("inserted above").leg;
        let directory = self.core.directory();
        let incoming = Incoming {
            leg,
            source,
            agent: None,
            dialled: identity::dialled(directory, source, message),
            caller: identity::caller(directory, source, message),
            diverted_from: identity::diverted_from(directory, source, message),
            call_id: message.call_id().into(),
            offer,
            replaces,
            // RFC 3261 §16.6 step 3: one that came without gets the usual.
            max_forwards: message.one::<MaxForwards>().ok().flatten().map_or(model::MAX_FORWARDS, |MaxForwards(n)| n),
            peer: from.remote(),
        };
        self.core.emit(LegEvent::Incoming(Box::new(incoming)));
    }

    /// Whether one more call may come in. A phone's may be an emergency; the call room knows.
    fn admit(&mut self, source: Source) -> Result<(), Cause> {
        let Source::Trunk(trunk) = source else { return Ok(()) };
        if self.draining {
            return Err(CauseKind::Shutdown.into());
        }
        if self.trunks.admits(&self.core, trunk) { Ok(()) } else { Err(CauseKind::Overload.into()) }
    }

    /// RFC 3891 §3: the dialog this call takes the place of, which must be there.
    fn replaced(&self, message: &Message<'_>) -> Result<Option<LegId>, StatusCode> {
        let replaces = match message.one::<Replaces<'_>>() {
            Ok(None) => return Ok(None),
            Ok(Some(replaces)) => replaces,
            Err(_) => return Err(StatusCode::BAD_REQUEST),
        };
        let leg = self.leg_to_replace(&replaces).ok_or(StatusCode::CALL_DOES_NOT_EXIST)?;
        let up = |s: &Session| matches!(s.phase, Phase::Up(_));
        if replaces.early_only && self.calls.key_of(leg).and_then(|k| self.calls.get(k)).is_some_and(up) {
            return Err(StatusCode::BUSY_HERE);
        }
        Ok(Some(leg))
    }

    /// 180 or 183.
    pub(crate) fn progress(&mut self, session: Key, progress: Progress, sdp: Option<Sdp>) {
        let status = match progress {
            Progress::Ringing => StatusCode::RINGING,
            Progress::EarlyMedia => StatusCode::SESSION_PROGRESS,
        };
        let Some(sdp) = self.wait_for_prack(session, progress, sdp) else { return };
        let Some(Session { phase: Phase::Inward(inward), .. }) = self.calls.get(session) else { return };
        // The session has moved on since the first answer, which is not to be repeated.
        let sdp = sdp.filter(|_| inward.described.is_none());
        let (server, is_reliable, we_offer) = (inward.server, inward.reliable.is_some(), inward.we_offer);
        // RFC 3262 §5: without an offer in the INVITE the first reliable response would have to make one. The 2xx makes
        // it, so the caller hears nothing before.
        if is_reliable && we_offer {
            return;
        }
        let Some(bytes) = self.write_answer(session, status, sdp.as_ref(), Agreed::default()) else { return };
        self.arm_reminder(session, progress, &sdp);
        if is_reliable {
            let mut copy = self.core.buffer();
            copy.extend_from_slice(&bytes);
            self.watch_reliable(session, copy, sdp.is_some());
        }
        self.servers.reply_with(&mut self.core, server, status, bytes);
    }

    fn arm_reminder(&mut self, session: Key, progress: Progress, sdp: &Option<Sdp>) {
        let Some(Session { phase: Phase::Inward(inward), .. }) = self.calls.get_mut(session) else { return };
        self.core.stop(&mut inward.reminder);
        inward.reminder = Some(self.core.after(PROVISIONAL_EVERY, Due::Session(session, SessionTimer::Reminder)));
        // Said once reliably, the description is not said again (RFC 3262 §5).
        inward.told = Some((progress, sdp.clone().filter(|_| inward.reliable.is_none())));
    }

    /// RFC 3261 §13.3.1.1: a provisional response every minute, or proxies on the way give the call up (timer C).
    pub(crate) fn remind(&mut self, session: Key) {
        let Some(Session { phase: Phase::Inward(inward), .. }) = self.calls.get_mut(session) else { return };
        inward.reminder = None;
        if let Some((progress, sdp)) = inward.told.take() {
            self.progress(session, progress, sdp);
        }
    }

    /// 200 to the first INVITE.
    pub(crate) fn answer(&mut self, session: Key, sdp: Option<Sdp>) {
        let Some(Session { phase: Phase::Inward(inward), .. }) = self.calls.get_mut(session) else { return };
        if let Some(reliable) = inward.reliable.as_mut().filter(|r| r.unacked.as_ref().is_some_and(|u| u.offers)) {
            reliable.answer = Some(sdp);
            return;
        }
        let (agreed, offers) = (inward.agreed, inward.we_offer);
        let sdp = sdp.filter(|_| inward.described.is_none());
        let Some(bytes) = self.write_answer(session, StatusCode::OK, sdp.as_ref(), agreed) else { return };
        let Some(found) = self.calls.get_mut(session) else { return };
        let Phase::Inward(mut inward) = core::mem::replace(&mut found.phase, Phase::Changing) else {
            unreachable!("write_answer looked at the phase");
        };
        self.core.stop(&mut inward.reminder);
        if let Some(unacked) = inward.reliable.as_mut().and_then(|r| r.unacked.as_mut()) {
            self.core.stop(&mut unacked.timer);
        }
        let cseq = inward.cseq;
        let place = self.servers.place(inward.server).unwrap_or(inward.dialog.place);
        self.servers.accept(&mut self.core, inward.server, &bytes);
        let timer = self.core.after(T1, Due::Session(session, SessionTimer::Unacked));
        let unacked = Unacked {
            cseq,
            bytes,
            place,
            interval: T1,
            waited: Duration::ZERO,
            timer: Some(timer),
            first: true,
            offers,
        };
        self.core.recycle(inward.invite);
        let described = inward.described.or(sdp);
        let up = Up {
            exchange: inward.exchange,
            unacked: Some(unacked),
            merge_key: Some(inward.merge_key),
            described,
            ..Up::new(inward.dialog)
        };
        found.phase = Phase::Up(Box::new(up));
        self.start_session_timers(session, agreed);
    }

    /// Refuses the first INVITE; the leg is gone.
    pub(crate) fn reject(&mut self, session: Key, status: StatusCode, retry_after: Option<Duration>, cause: Cause) {
        let Some(Session { phase: Phase::Inward(_), .. }) = self.calls.get(session) else { return };
        let Some(Session { phase: Phase::Inward(inward), tag, .. }) = self.end_session(session) else { return };
        let mut answer = self.core.buffer();
        if let Ok(invite) = Message::parse(&inward.invite) {
            let source = self.servers.source(inward.server).unwrap_or(inward.dialog.place.remote());
            let mut writer = MessageWriter::response(&mut answer, &invite, status, Some(tag.as_str()), source);
            match retry_after {
                Some(wait) => {
                    let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).max(1);
                    writer.number(HeaderName::RetryAfter, seconds);
                }
                None => write_refusal_fields(&mut writer, &invite, status),
            }
            if let Some(reason) = reason_of(cause) {
                writer.text(HeaderName::Reason, &reason);
            }
            writer.end();
        }
        self.core.recycle(inward.invite);
        self.servers.set_owner(inward.server, None);
        self.servers.reply_with(&mut self.core, inward.server, status, answer);
    }

    /// RFC 3261 §9.2. The CANCEL is always answered 200, the INVITE 487 when it has no answer yet.
    pub(crate) fn handle_cancel(&mut self, message: &Message<'_>, from: Place, invite: Key, session: Option<Key>) {
        let request = RequestKey::of(&self.core, message);
        let tag = session.and_then(|s| self.calls.get(s)).map(|s| s.tag);
        let cancel = self.servers.open(request, message, &from, None);
        match tag {
            // RFC 3261 §9.2: the same To tag as the answers to the INVITE.
            Some(tag) => self.servers.reply(&mut self.core, cancel, message, StatusCode::OK, tag.as_str()),
            None => self.reply(cancel, message, StatusCode::OK),
        }
        if !self.servers.is_open_invite(invite) {
            return;
        }
        let Some(session) = session else { return };
        let Some(found) = self.calls.get(session) else { return };
        let leg = found.leg;
        if let Phase::Inward(_) = found.phase {
            let cause = told_by(message, Cause::with_sip(CauseKind::Cancelled, 487));
            self.reject(session, StatusCode::REQUEST_TERMINATED, None, Cause::new(CauseKind::Cancelled));
            self.core.emit(LegEvent::Ended { leg, cause });
        }
    }

    /// An answer with a tag made from the request itself.
    pub(crate) fn reply(&mut self, server: Key, message: &Message<'_>, status: StatusCode) {
        let tag = self.core.stateless_tag(message.call_id(), message.via().branch().unwrap_or_default());
        self.servers.reply(&mut self.core, server, message, status, tag.as_str());
    }

    /// 18x or 200 to the first INVITE, with all a dialog needs.
    fn write_answer(&mut self, session: Key, status: StatusCode, sdp: Option<&Sdp>, agreed: Agreed) -> Option<Vec<u8>> {
        let mut bytes = self.core.buffer();
        let Some(Session { phase: Phase::Inward(inward), tag, .. }) = self.calls.get(session) else {
            self.core.recycle(bytes);
            return None;
        };
        let invite = Message::parse(&inward.invite).expect("it was read when it came");
        let source = self.servers.source(inward.server).unwrap_or(inward.dialog.place.remote());
        let mut writer = MessageWriter::response(&mut bytes, &invite, status, Some(tag.as_str()), source);
        if let Some(contact) = self.core.contact(&inward.dialog.place) {
            writer.address(HeaderName::Contact, None, &contact.uri(), &[]);
        }
        writer.text(HeaderName::Allow, ALLOW).text(HeaderName::Supported, SUPPORTED_LINE);
        self.write_product(&mut writer, HeaderName::Server);
        if let Some(reliable) = inward.reliable.as_ref().filter(|_| status.is_provisional()) {
            writer.text(HeaderName::Require, "100rel").header(&RSeq(reliable.rseq));
        }
        agreed.write(&mut writer);
        end(writer, sdp);
        Some(bytes)
    }
}
