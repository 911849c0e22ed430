//! What the call asks of a leg.

use super::causes::status_of;
use super::machine::UserAgent;
use super::session::{Exchange, Phase, Session, Up};
use base::Key;
use model::{Cause, LegCommand, LegId};

impl UserAgent {
    pub(crate) fn handle_command(&mut self, command: LegCommand) {
        match command {
            LegCommand::Dial(dial) => self.dial(dial),
            LegCommand::Progress { leg, progress, sdp } => {
                self.with_session(leg, |ua, session| ua.progress(session, progress, sdp));
            }
            LegCommand::Answer { leg, sdp } => self.with_session(leg, |ua, session| ua.answer(session, sdp)),
            LegCommand::Reject { leg, cause, retry_after } => {
                self.with_session(leg, |ua, session| ua.reject(session, status_of(cause), retry_after, cause));
            }
            LegCommand::Hangup { leg, cause } => self.with_session(leg, |ua, session| ua.hang_up(session, cause)),
            LegCommand::Offer { leg, sdp } => self.with_session(leg, |ua, session| ua.offer(session, sdp)),
            LegCommand::AnswerOffer { leg, sdp } => {
                self.with_session(leg, |ua, session| ua.answer_offer(session, sdp));
            }
            LegCommand::RefuseOffer { leg, cause } => {
                self.with_session(leg, |ua, session| ua.refuse_offer(session, cause));
            }
            LegCommand::ReferReply { leg, accepted } => {
                self.with_session(leg, |ua, session| ua.refer_reply(session, accepted));
            }
            LegCommand::ReferProgress { leg, status } => {
                self.with_session(leg, |ua, session| ua.refer_progress(session, status));
            }
        }
    }

    /// A leg that has ended in the meantime is no fault: the two crossed.
    fn with_session(&mut self, leg: LegId, act: impl FnOnce(&mut Self, Key)) {
        if let Some(session) = self.calls.key_of(leg) {
            act(self, session);
        }
    }

    /// Ends a leg in whatever state it is.
    pub(crate) fn hang_up(&mut self, session: Key, cause: Cause) {
        match self.calls.get_mut(session).map(|s| &mut s.phase) {
            Some(Phase::Inward(_)) => self.reject(session, status_of(cause), None, cause),
            Some(Phase::Outward(_)) => self.give_up(session, cause),
            Some(Phase::Up(up)) if up.unacked.as_ref().is_some_and(|u| u.first) => {
                up.hangup.get_or_insert(cause);
            }
            Some(Phase::Up(up)) if up.owes_ack => {
                up.owes_ack = false;
                self.acknowledge(session);
                self.bye(session, Some(cause));
            }
            Some(Phase::Up(_)) => self.bye(session, Some(cause)),
            Some(Phase::Closing(_) | Phase::Changing) | None => {}
        }
    }

    /// Takes a session out of the tables, its timers stopped.
    pub(crate) fn end_session(&mut self, key: Key) -> Option<Session> {
        let mut session = self.calls.remove(key)?;
        self.trunks.call_ended(session.peer);
        match &mut session.phase {
            Phase::Inward(inward) => {
                self.calls.forget_merge(inward.merge_key);
                self.core.stop(&mut inward.reminder);
                if let Some(unacked) = inward.reliable.as_mut().and_then(|r| r.unacked.as_mut()) {
                    self.core.stop(&mut unacked.timer);
                }
                self.drop_exchange(core::mem::replace(&mut inward.exchange, Exchange::Stable));
            }
            Phase::Up(up) => self.wind_up(up),
            Phase::Outward(outward) => self.core.stop(&mut outward.timer),
            Phase::Closing(_) | Phase::Changing => {}
        }
        Some(session)
    }

    /// Stops and answers everything an answered call still had under way, before its end.
    pub(crate) fn wind_up(&mut self, up: &mut Up) {
        if let Some(merge_key) = up.merge_key.take() {
            self.calls.forget_merge(merge_key);
        }
        if let Some(mut unacked) = up.unacked.take() {
            self.core.stop(&mut unacked.timer);
            self.core.recycle(unacked.bytes);
        }
        self.core.stop(&mut up.timer.refresh);
        self.core.stop(&mut up.timer.expiry);
        self.drop_exchange(core::mem::replace(&mut up.exchange, Exchange::Stable));
        if let Some(transfer) = up.transfer.take() {
            self.drop_transfer(transfer);
        }
    }
}
