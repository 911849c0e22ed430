//! Answers to our requests, and requests that got none.

use super::machine::{Owner, UserAgent};
use super::session::{Phase, Session};
use crate::input::Counter;
use crate::transaction::{Failure, Heard};
use crate::{Message, StatusCode};
use base::Key;

impl UserAgent {
    pub(crate) fn handle_response(&mut self, message: &Message<'_>, status: StatusCode) {
        match self.clients.handle_response(&mut self.core, message, status) {
            Heard::Stray => self.core.count(Counter::StrayResponse),
            Heard::Absorbed => {}
            Heard::For(key, owner) => match owner {
                Owner::Invite { session, attempt } => {
                    self.handle_invite_response(message, status, key, session, attempt);
                }
                Owner::Ask { session } => self.handle_ask_response(message, status, key, session),
                Owner::Bye { session, repeated } => self.handle_bye_response(message, status, session, repeated),
                // RFC 3515 §2.4.4 and RFC 6665 §4.2.2: the peer does not listen any more.
                Owner::Notify { session } if status == StatusCode::CALL_DOES_NOT_EXIST => self.end_transfer(session),
                Owner::Notify { .. } => {}
                Owner::Trunk { trunk, errand } => self.handle_errand_response(message, status, trunk, errand),
                Owner::Nobody => {}
            },
        }
    }

    pub(crate) fn handle_failure(&mut self, client: Key, owner: Owner, failure: Failure) {
        self.core.count(match failure {
            Failure::TimedOut => Counter::TimedOut,
            Failure::Transport => Counter::TransportFailed,
        });
        match owner {
            Owner::Invite { session, attempt } => self.handle_invite_failure(client, session, attempt, failure),
            Owner::Ask { session } => self.handle_ask_failure(session, failure),
            Owner::Bye { session, .. } => self.close(session),
            Owner::Notify { session } => self.end_transfer(session),
            Owner::Trunk { trunk, errand } => self.handle_errand_failure(trunk, errand),
            Owner::Nobody => {}
        }
    }

    fn handle_bye_response(&mut self, message: &Message<'_>, status: StatusCode, session: Key, repeated: bool) {
        if !status.is_final() {
            return;
        }
        let wants_credentials = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::PROXY_AUTHENTICATION_REQUIRED);
        if wants_credentials
            && !repeated
            && let Some(place) = self.calls.get(session).and_then(Session::dialog).map(|d| d.place)
            && self.accept_challenge_inside(session, &place, message)
        {
            return self.send_bye(session, None, true);
        }
        self.close(session);
    }

    /// The BYE is done with, whatever came of it.
    fn close(&mut self, session: Key) {
        if let Some(Session { phase: Phase::Closing(_), .. }) = self.calls.get(session) {
            self.end_session(session);
        }
    }
}
