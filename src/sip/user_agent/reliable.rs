//! Reliable provisional responses (RFC 3262), both sides.

use super::accounts::authorize;
use super::body::body;
use super::core::{Due, SessionTimer};
use super::dialog::Dialog;
use super::machine::{Owner, UserAgent};
use super::session::{Early, Phase, Reliable, Session, Unacked};
use crate::header::{HeaderName, RAck, RSeq};
use crate::limits::EARLY_DIALOGS_MAX;
use crate::transaction::{GIVE_UP, T1};
use crate::{CSeq, Message, Method, StatusCode};
use base::Key;
use core::time::Duration;
use model::{Cause, CauseKind, LegEvent, Progress, Sdp};

impl Reliable {
    /// RFC 3262 §3: the first number is chosen at random below 2**31.
    pub(crate) fn new(random: u64) -> Self {
        Reliable { rseq: 1 + (random as u32 >> 2), unacked: None, agreed: false, waiting: None, answer: None }
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.unacked.is_some()
    }
}

pub(crate) fn requires_100rel(message: &Message<'_>) -> bool {
    message.elements(HeaderName::Require).any(|tag| tag.eq_ignore_ascii_case(b"100rel"))
}

impl UserAgent {
    /// Repeats a provisional response until its PRACK. `described`: it carries our answer.
    pub(crate) fn watch_reliable(&mut self, key: Key, bytes: Vec<u8>, described: bool) {
        let Some(Session { phase: Phase::Inward(inward), .. }) = self.calls.get_mut(key) else { return };
        let Some(place) = self.servers.place(inward.server) else { return self.core.recycle(bytes) };
        let Some(reliable) = &mut inward.reliable else { return self.core.recycle(bytes) };
        let timer = Some(self.core.after(T1, Due::Session(key, SessionTimer::Reliable)));
        reliable.unacked = Some(Unacked {
            cseq: inward.cseq,
            bytes,
            place,
            interval: T1,
            waited: Duration::ZERO,
            timer,
            first: false,
            offers: described,
        });
    }

    /// RFC 3262 §3: doubling without a limit, for 64*T1; then the call is refused.
    pub(crate) fn repeat_reliable(&mut self, key: Key) {
        let Some(Session { phase: Phase::Inward(inward), leg, .. }) = self.calls.get_mut(key) else { return };
        let leg = *leg;
        let Some(unacked) = inward.reliable.as_mut().and_then(|r| r.unacked.as_mut()) else { return };
        unacked.timer = None;
        unacked.waited += unacked.interval;
        if unacked.waited >= GIVE_UP {
            let cause = Cause::with_sip(CauseKind::Unreachable, 504);
            self.reject(key, StatusCode::SERVER_TIMEOUT, None, cause);
            return self.core.emit(LegEvent::Ended { leg, cause });
        }
        self.core.send(&unacked.place, &unacked.bytes);
        unacked.interval = (unacked.interval * 2).min(GIVE_UP - unacked.waited);
        unacked.timer = Some(self.core.after(unacked.interval, Due::Session(key, SessionTimer::Reliable)));
    }

    pub(crate) fn handle_prack(&mut self, message: &Message<'_>, server: Key, key: Key) {
        let rack = message.one::<RAck<'_>>();
        let Some(Session { phase: Phase::Inward(inward), .. }) = self.calls.get_mut(key) else {
            return self.reply(server, message, StatusCode::CALL_DOES_NOT_EXIST);
        };
        let want = CSeq { number: inward.cseq, method: Method::Invite };
        let found = match (&mut inward.reliable, rack) {
            (Some(reliable), Ok(Some(rack))) if rack.rseq == reliable.rseq && rack.cseq == want => {
                reliable.unacked.take()
            }
            (Some(_) | None, Ok(_) | Err(_)) => None,
        };
        let Some(mut unacked) = found else {
            return self.reply(server, message, StatusCode::CALL_DOES_NOT_EXIST);
        };
        self.core.stop(&mut unacked.timer);
        self.core.recycle(unacked.bytes);
        // RFC 3262 §5 lets a PRACK offer anew; the session stays as it was agreed.
        let status = if message.body().is_empty() { StatusCode::OK } else { StatusCode::NOT_ACCEPTABLE_HERE };
        self.reply(server, message, status);
        let Some(Session { phase: Phase::Inward(inward), .. }) = self.calls.get_mut(key) else { return };
        let Some(reliable) = &mut inward.reliable else { return };
        reliable.rseq += 1;
        reliable.agreed |= unacked.offers;
        match (reliable.answer.take(), reliable.waiting.take()) {
            (Some(sdp), _) => self.answer(key, sdp),
            (None, Some((progress, sdp))) => self.progress(key, progress, sdp),
            (None, None) => {}
        }
    }

    /// What waits until the provisional response on its way is acknowledged; `None` when nothing has to wait.
    pub(crate) fn wait_for_prack(&mut self, key: Key, progress: Progress, sdp: Option<Sdp>) -> Option<Option<Sdp>> {
        let Some(Session { phase: Phase::Inward(inward), .. }) = self.calls.get_mut(key) else { return Some(sdp) };
        match &mut inward.reliable {
            Some(reliable) if reliable.is_busy() => {
                reliable.waiting = Some((progress, sdp));
                None
            }
            Some(_) | None => Some(sdp),
        }
    }

    // --- our calls -----------------------------------------------------------------------------------------------

    /// A provisional response to our INVITE: acknowledged where it asks for that. False when it was seen before.
    pub(crate) fn acknowledge_provisional(
        &mut self,
        message: &Message<'_>,
        client: Key,
        session: Key,
        attempt: u16,
    ) -> bool {
        let rseq = message.one::<RSeq>().ok().flatten();
        let (Some(RSeq(rseq)), true) = (rseq, requires_100rel(message)) else { return true };
        let Some(place) = self.clients.place(client) else { return true };
        let Self { core, clients, calls, .. } = self;
        let Some(Session { phase: Phase::Outward(outward), peer, credentials, .. }) = calls.get_mut(session) else {
            return true;
        };
        let Some(attempt) = outward.attempts.get_mut(usize::from(attempt)) else { return true };
        let tag = message.to().tag().unwrap_or_default();
        let at = match attempt.early.iter().position(|e| *e.dialog.remote_tag == *tag) {
            // RFC 3262 §4: the next in order, or one that was seen.
            Some(at) if attempt.early[at].rseq.wrapping_add(1) != rseq => return false,
            Some(at) => at,
            None => {
                let Ok(dialog) = Dialog::of_response(core, message, &place, Some(*peer)) else { return true };
                if attempt.early.len() >= EARLY_DIALOGS_MAX {
                    return true;
                }
                attempt.early.push(Early { dialog, rseq, answer: None });
                attempt.early.len() - 1
            }
        };
        let early = &mut attempt.early[at];
        early.rseq = rseq;
        if let Ok(Some(sdp)) = body(message) {
            early.answer = Some(sdp);
        }
        let rack = RAck { rseq, cseq: CSeq { number: message.cseq().number, method: Method::Invite } };
        let cseq = early.dialog.next_cseq();
        let dialog = &early.dialog;
        clients.start(core, dialog.place, Owner::Nobody, |core, branch, out| {
            let mut writer = dialog.request(core, out, Method::Prack, cseq, branch);
            writer.header(&rack);
            authorize(credentials, &dialog.place, Method::Prack, dialog.target.as_str(), &mut writer);
            writer.end();
        });
        true
    }
}
