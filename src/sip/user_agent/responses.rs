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
                Owner::Bye { session } => self.handle_bye_response(status, session),
                Owner::Nobody => {}
            },
        }
    }

    pub(crate) fn handle_failure(&mut self, owner: Owner, failure: Failure) {
        self.core.count(match failure {
            Failure::TimedOut => Counter::TimedOut,
            Failure::Transport => Counter::TransportFailed,
        });
        match owner {
            Owner::Invite { session, attempt } => self.handle_invite_failure(session, attempt, failure),
            Owner::Bye { session } => self.close(session),
            Owner::Nobody => {}
        }
    }

    fn handle_bye_response(&mut self, status: StatusCode, session: Key) {
        if status.is_final() {
            self.close(session);
        }
    }

    /// The BYE is done with, whatever came of it.
    fn close(&mut self, session: Key) {
        if let Some(Session { phase: Phase::Closing(_), .. }) = self.calls.get(session) {
            self.end_session(session);
        }
    }
}
