//! Our INVITEs, from the first to the final answer and its ACK.

use super::accounts::authorize;
use super::causes::{better, cause_of, reason_of};
use super::core::Core;
use super::dialog::Dialog;
use super::identity;
use super::machine::{Owner, UserAgent};
use super::outward::Contact;
use super::requests::{ALLOW, SDP, SUPPORTED_LATE_OFFER, SUPPORTED_LINE};
use super::session::{Attempt, Outward, Phase, Session, Up};
use super::session_timer::write_first;
use crate::header::{HeaderName, MinSe};
use crate::transaction::Failure;
use crate::uri::OwnedUri;
use crate::{CSeq, Message, MessageWriter, Method, StatusCode};
use base::Key;
use model::{Cause, CauseKind, Dial, DialTarget, LegEvent, Sdp};

impl UserAgent {
    /// Tries one more contact for a leg.
    pub(crate) fn invite(&mut self, session: Key, contact: Contact) {
        let Some(Session { phase: Phase::Outward(outward), .. }) = self.calls.get_mut(session) else { return };
        let Contact { uri, place } = contact;
        outward.attempts.push(Attempt { client: None, uri, place, cseq: 0, early: Vec::new(), repeated: false });
        let attempt = outward.attempts.len() - 1;
        self.send_invite(session, attempt);
    }

    fn send_invite(&mut self, session: Key, at: usize) {
        let Self { core, clients, calls, .. } = self;
        let Some(Session { phase: Phase::Outward(outward), call_id, credentials, .. }) = calls.get_mut(session) else {
            return;
        };
        let Outward { dial, from, attempts, interval, .. } = &mut **outward;
        let Some(attempt) = attempts.get_mut(at) else { return };
        attempt.cseq += 1;
        let owner = Owner::Invite { session, attempt: at as u16 };
        let client = clients.start(core, attempt.place, owner, |core, branch, out| {
            let mut writer = MessageWriter::request(out, Method::Invite, &attempt.uri.uri());
            core.via(&mut writer, &attempt.place, branch.as_str());
            writer.number(HeaderName::MaxForwards, u32::from(dial.max_forwards)).raw(HeaderName::From, from);
            write_to(core, dial, &attempt.uri, &mut writer);
            writer.text(HeaderName::CallId, call_id);
            writer.header(&CSeq { number: attempt.cseq, method: Method::Invite });
            if let Some(contact) = core.contact(&attempt.place) {
                writer.address(HeaderName::Contact, None, &contact.uri(), &[]);
            }
            // A reliable provisional response could carry the offer, and its PRACK the answer, which nobody has yet.
            let supported = if dial.offer.is_some() { SUPPORTED_LINE } else { SUPPORTED_LATE_OFFER };
            writer.text(HeaderName::Allow, ALLOW).text(HeaderName::Supported, supported);
            write_first(*interval, &mut writer);
            if !core.config.user_agent.is_empty() {
                writer.text(HeaderName::UserAgent, &core.config.user_agent);
            }
            identity::write_identity(core, dial, &mut writer);
            if dial.auto_answer {
                write_auto_answer(&mut writer);
            }
            authorize(credentials, &attempt.place, Method::Invite, attempt.uri.as_str(), &mut writer);
            end(writer, dial.offer.as_ref());
        });
        attempt.client = Some(client);
    }

    /// Whether a refused INVITE went out once more, with what the refusal asked for.
    fn try_again(&mut self, message: &Message<'_>, status: StatusCode, session: Key, at: usize) -> bool {
        let Some(Session { phase: Phase::Outward(outward), .. }) = self.calls.get_mut(session) else {
            return false;
        };
        let Some(attempt) = outward.attempts.get_mut(at) else { return false };
        if attempt.repeated {
            return false;
        }
        let again = match status {
            // RFC 4028 §7.3.
            StatusCode::SESSION_INTERVAL_TOO_SMALL => match message.one::<MinSe>() {
                Ok(Some(MinSe(least))) => {
                    outward.interval = outward.interval.max(least);
                    true
                }
                Ok(None) | Err(_) => false,
            },
            StatusCode::UNAUTHORIZED | StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                let place = attempt.place;
                self.accept_challenge(session, &place, message)
            }
            _ => false,
        };
        if !again {
            return false;
        }
        if let Some(Session { phase: Phase::Outward(outward), .. }) = self.calls.get_mut(session)
            && let Some(attempt) = outward.attempts.get_mut(at)
        {
            attempt.repeated = true;
            attempt.early.clear();
        }
        self.send_invite(session, at);
        true
    }

    pub(crate) fn handle_invite_response(
        &mut self,
        message: &Message<'_>,
        status: StatusCode,
        client: Key,
        session: Key,
        attempt: u16,
    ) {
        if status.is_success() {
            return self.handle_success(message, client, session);
        }
        let Some(Session { phase: Phase::Outward(outward), leg, .. }) = self.calls.get(session) else { return };
        let leg = *leg;
        // An INVITE that was sent again, or given up for the next place, has no say any more.
        if outward.attempts.get(usize::from(attempt)).is_none_or(|a| a.client != Some(client)) {
            return;
        }
        if status.is_provisional() {
            if status > StatusCode::TRYING {
                if !self.acknowledge_provisional(message, client, session, attempt) {
                    return;
                }
                let Some(Session { phase: Phase::Outward(outward), .. }) = self.calls.get_mut(session) else { return };
                let sdp = super::body::body(message).ok().flatten();
                // RFC 6228: 199 only tells that a branch has ended.
                let news = (!outward.rang && status != StatusCode::EARLY_DIALOG_TERMINATED) || sdp.is_some();
                outward.rang |= news;
                if news {
                    self.core.emit(LegEvent::Ringing { leg, sdp });
                }
            }
            return;
        }
        if !self.try_again(message, status, session, usize::from(attempt)) {
            self.fail_attempt(client, session, attempt, cause_of(status));
        }
    }

    pub(crate) fn handle_invite_failure(&mut self, client: Key, session: Key, attempt: u16, failure: Failure) {
        let cause = match failure {
            Failure::TimedOut => Cause::with_sip(CauseKind::Unreachable, 408),
            Failure::Transport => Cause::with_sip(CauseKind::Unreachable, 503),
        };
        self.fail_attempt(client, session, attempt, cause);
    }

    fn fail_attempt(&mut self, client: Key, session: Key, attempt: u16, cause: Cause) {
        let Some(Session { phase: Phase::Outward(outward), leg, peer, .. }) = self.calls.get_mut(session) else {
            return;
        };
        let (leg, peer) = (*leg, *peer);
        let Some(failed) = outward.attempts.get_mut(usize::from(attempt)) else { return };
        if failed.client.take_if(|c| *c == client).is_none() {
            return;
        }
        let remote = failed.place.remote();
        let worst = outward.refusal.map_or(cause, |old| better(old, cause));
        outward.refusal = Some(worst);
        // RFC 3263 §4.3: a transport that fails, silence and 503 lead to the next place, any other answer is an answer.
        let dead_place = matches!(cause.sip, Some(408 | 503));
        if dead_place {
            self.rest(peer, remote);
            if self.invite_next(session) {
                return;
            }
        }
        let Some(Session { phase: Phase::Outward(outward), .. }) = self.calls.get(session) else { return };
        // RFC 3261 §16.7 step 5: a 6xx speaks for all contacts.
        let speaks_for_all = cause.sip.is_some_and(|s| s >= 600);
        if outward.attempts.iter().all(|a| a.client.is_none()) || speaks_for_all {
            let cause = if speaks_for_all { cause } else { worst };
            self.give_up(session, CauseKind::Cancelled.into());
            self.core.emit(LegEvent::Refused { leg, cause });
        }
    }

    /// Cancels what still rings and forgets the leg. A 2xx that crosses the CANCEL finds no session and is ended.
    pub(crate) fn give_up(&mut self, session: Key, cause: Cause) {
        let Some(Session { phase: Phase::Outward(outward), .. }) = self.end_session(session) else { return };
        for client in outward.attempts.iter().filter_map(|a| a.client) {
            self.clients.cancel(&mut self.core, client, reason_of(cause));
        }
    }

    fn handle_success(&mut self, message: &Message<'_>, client: Key, session: Key) {
        let to_tag = message.to().tag().unwrap_or_default();
        if !self.clients.is_new_dialog(&self.core, client, to_tag) {
            return self.acknowledge_again(message, client, session);
        }
        let place = self.clients.place(client).expect("its response was just matched");
        let outward = matches!(self.calls.get(session), Some(Session { phase: Phase::Outward(_), .. }));
        let peer = self.calls.get(session).map(|s| s.peer);
        match Dialog::of_response(&self.core, message, &place, peer) {
            Ok(dialog) if outward => self.take_success(message, session, client, dialog),
            // A forked or late 2xx: acknowledged and ended (RFC 3261 §13.2.2.4).
            Ok(dialog) => self.end_stray(dialog),
            // Without Contact or tag there is no way to reach the callee.
            Err(_) if outward => {
                let Some(Session { leg, .. }) = self.calls.get(session) else { return };
                let leg = *leg;
                self.give_up(session, CauseKind::Cancelled.into());
                self.core.emit(LegEvent::Refused { leg, cause: CauseKind::ProtocolError.into() });
            }
            Err(_) => {}
        }
    }

    /// The first 2xx wins; the other contacts are told that somebody else answered.
    fn take_success(&mut self, message: &Message<'_>, key: Key, client: Key, dialog: Dialog) {
        let Some(session) = self.calls.get_mut(key) else { return };
        let leg = session.leg;
        let Phase::Outward(mut outward) = core::mem::replace(&mut session.phase, Phase::Changing) else {
            unreachable!("the caller looked at the phase");
        };
        let mut up = Up::new(dialog);
        let mut sdp = super::body::body(message).ok().flatten();
        let early = outward.attempts.iter_mut().flat_map(|a| a.early.iter_mut());
        for early in early.filter(|e| e.dialog.remote_tag == up.dialog.remote_tag) {
            up.dialog.local_cseq = up.dialog.local_cseq.max(early.dialog.local_cseq);
            sdp = sdp.or_else(|| early.answer.take());
        }
        up.owes_ack = outward.dial.offer.is_none() && sdp.is_some();
        let owes_ack = up.owes_ack;
        up.described = outward.dial.offer.take();
        session.phase = Phase::Up(Box::new(up));
        for other in outward.attempts.iter().filter_map(|a| a.client).filter(|c| *c != client) {
            let reason = reason_of(CauseKind::AnsweredElsewhere.into());
            self.clients.cancel(&mut self.core, other, reason);
        }
        if !owes_ack {
            self.acknowledge(key);
        }
        self.session_refreshed(key, message);
        self.core.emit(LegEvent::Answered { leg, sdp });
    }

    fn end_stray(&mut self, mut dialog: Dialog) {
        let cseq = dialog.local_cseq;
        self.send_ack(&dialog, cseq, None);
        let cseq_bye = dialog.next_cseq();
        self.clients.start(&mut self.core, dialog.place, Owner::Nobody, |core, branch, out| {
            dialog.request(core, out, Method::Bye, cseq_bye, branch).end();
        });
    }

    /// ACK of the 2xx that made or changed the session.
    pub(crate) fn acknowledge(&mut self, key: Key) {
        let Some(Session { phase: Phase::Up(up), .. }) = self.calls.get(key) else { return };
        let mut bytes = self.core.buffer();
        let branch = self.core.ack_branch();
        let writer = up.dialog.request(&self.core, &mut bytes, Method::Ack, up.invite_cseq, &branch);
        end(writer, up.ack_body.as_ref());
        let place = self.core.live(up.dialog.place);
        self.core.send(&place, &bytes);
        self.core.recycle(bytes);
    }

    /// A 2xx came again: its ACK was lost.
    pub(crate) fn acknowledge_again(&mut self, message: &Message<'_>, client: Key, session: Key) {
        let ours = match self.calls.get(session) {
            // Its ACK waits for the call's answer.
            Some(Session { phase: Phase::Up(up), .. }) if up.owes_ack => return,
            Some(Session { phase: Phase::Up(up), .. }) => {
                *up.dialog.remote_tag == *message.to().tag().unwrap_or_default()
                    && up.invite_cseq == message.cseq().number
            }
            Some(_) | None => false,
        };
        if ours {
            return self.acknowledge(session);
        }
        let Some(place) = self.clients.place(client) else { return };
        if let Ok(dialog) = Dialog::of_response(&self.core, message, &place, None) {
            self.send_ack(&dialog, message.cseq().number, None);
        }
    }

    fn send_ack(&mut self, dialog: &Dialog, cseq: u32, sdp: Option<&Sdp>) {
        let mut bytes = self.core.buffer();
        let branch = self.core.ack_branch();
        end(dialog.request(&self.core, &mut bytes, Method::Ack, cseq, &branch), sdp);
        let place = self.core.live(dialog.place);
        self.core.send(&place, &bytes);
        self.core.recycle(bytes);
    }
}

pub(crate) fn end(writer: MessageWriter<'_>, sdp: Option<&Sdp>) {
    match sdp {
        Some(sdp) => writer.body(SDP, &sdp.0),
        None => writer.end(),
    }
}

fn write_to(core: &Core, dial: &Dial, contact: &OwnedUri, writer: &mut MessageWriter<'_>) {
    let uri = match &dial.to {
        DialTarget::Phone(id) => identity::own_uri(core, &core.directory().phone(*id).id),
        DialTarget::Trunk { .. } => contact.clone(),
    };
    writer.address(HeaderName::To, None, &uri.uri(), &[]);
}

/// RFC 5373, and what phones understand in its place.
fn write_auto_answer(writer: &mut MessageWriter<'_>) {
    writer.text(HeaderName::AnswerMode, "Auto");
    writer.text(HeaderName::AlertInfo, "<http://localhost>;info=alert-autoanswer;delay=0");
    writer.text(HeaderName::CallInfo, "<sip:localhost>;answer-after=0");
}
