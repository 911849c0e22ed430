use crate::phone::voice::Voice;
use base::Instant;
use core::time::Duration;

/// A call of a phone; stays what it was when the call is over.
#[derive(Debug)]
pub struct Call {
    /// It rang here.
    pub inward: bool,
    pub state: CallState,
    /// How it ended.
    pub over: Option<Over>,
    pub started: Instant,
    pub ringing: Option<Instant>,
    /// 183 with sound.
    pub early: Option<Instant>,
    pub answered: Option<Instant>,
    pub ended: Option<Instant>,
    /// The Reason header of the BYE or CANCEL that ended it.
    pub reason: Option<String>,
    /// Inward: who calls, as this phone's display shows it (From without tag). Outward: what was dialled.
    pub shown: String,
    /// Inward: the first INVITE as it came.
    pub invite: String,
    /// Progress of the transfers asked for, from NOTIFY.
    pub notified: Vec<u16>,
    pub(crate) dialog: Dialog,
    pub(crate) voice: Option<Voice>,
    /// Our final response to the INVITE until its ACK comes, or theirs until ours went.
    pub(crate) unacked: Option<Unacked>,
    pub(crate) offering: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallState {
    Trying,
    Ringing,
    Up,
    Over,
}

/// How a call ended, seen from the phone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Over {
    /// This phone hung up.
    HungUp,
    /// The house said BYE.
    HungUpByHouse,
    /// This phone gave up before an answer.
    Cancelled,
    /// The house stopped ringing.
    CancelledByHouse,
    /// The house refused.
    Refused(u16),
    /// This phone refused.
    Declined(u16),
    /// Nobody answered a request.
    Lost,
}

#[derive(Debug, Default)]
pub(crate) struct Dialog {
    pub(crate) call_id: String,
    /// From or To without tag, ours and theirs.
    pub(crate) local: String,
    pub(crate) remote: String,
    pub(crate) local_tag: String,
    pub(crate) remote_tag: Option<String>,
    /// Where requests go.
    pub(crate) target: String,
    pub(crate) cseq: u32,
    /// The first INVITE, ours or theirs.
    pub(crate) invite: Vec<u8>,
    pub(crate) invite_branch: String,
    pub(crate) invite_cseq: u32,
    /// The ACK to a 2xx, to be said again.
    pub(crate) ack: Option<Vec<u8>>,
}

#[derive(Debug)]
pub(crate) struct Unacked {
    pub(crate) bytes: Vec<u8>,
    pub(crate) next: Instant,
    pub(crate) interval: Duration,
    pub(crate) until: Instant,
    pub(crate) success: bool,
}

impl Call {
    pub(crate) fn new(now: Instant, inward: bool, dialog: Dialog, voice: Option<Voice>) -> Self {
        Call {
            inward,
            state: CallState::Trying,
            over: None,
            started: now,
            ringing: None,
            early: None,
            answered: None,
            ended: None,
            reason: None,
            shown: dialog.remote.clone(),
            invite: String::new(),
            notified: Vec::new(),
            dialog,
            voice,
            unacked: None,
            offering: false,
        }
    }

    pub fn is_up(&self) -> bool {
        self.state == CallState::Up
    }

    pub fn is_over(&self) -> bool {
        self.state == CallState::Over
    }

    /// Answered until now or until its end.
    pub fn talked(&self, now: Instant) -> Duration {
        self.answered.map_or(Duration::ZERO, |at| self.ended.unwrap_or(now) - at)
    }

    pub(crate) fn end(&mut self, now: Instant, how: Over) {
        if self.state != CallState::Over {
            self.state = CallState::Over;
            self.over = Some(how);
            self.ended = Some(now);
        }
        if let Some(voice) = &mut self.voice {
            voice.stop();
        }
    }
}
