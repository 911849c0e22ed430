//! Requests a phone makes, and the answers.

use super::call::{CallState, Over};
use super::message::{GIVE_UP, Request, T1, T2, line, uri_of};
use super::{Ask, CallNo, Plan, SimPhone};
use base::Instant;
use core::time::Duration;
use sip::{Message, MessageWriter, Method, StatusCode};

/// A request whose final answer has not come.
#[derive(Debug)]
pub(super) struct Client {
    branch: String,
    method: String,
    bytes: Vec<u8>,
    interval: Duration,
    pub(super) next: Option<Instant>,
    pub(super) until: Instant,
    job: Job,
    /// It carried credentials.
    tried: bool,
}

/// What a request was for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Job {
    Register,
    Invite(CallNo),
    Reinvite(CallNo),
    Bye(CallNo),
    Refer(CallNo),
    Other,
}

impl SimPhone {
    /// The first INVITE of a call.
    pub(super) fn invite(&mut self, no: CallNo, mut lines: Vec<String>, body: Option<Vec<u8>>) {
        lines.insert(0, "Allow: INVITE, ACK, CANCEL, BYE, INFO, NOTIFY, OPTIONS, UPDATE".into());
        lines.insert(0, format!("Contact: {}", self.contact()));
        let (bytes, branch) = self.request(no, "INVITE", Job::Invite(no), lines, body);
        let dialog = &mut self.calls[no.0].dialog;
        dialog.invite = bytes;
        dialog.invite_branch = branch;
        dialog.invite_cseq = dialog.cseq;
    }

    pub(super) fn request(
        &mut self,
        no: CallNo,
        method: &'static str,
        job: Job,
        lines: Vec<String>,
        sdp: Option<Vec<u8>>,
    ) -> (Vec<u8>, String) {
        self.request_with(no, method, job, lines, sdp.map(|sdp| ("application/sdp", sdp)))
    }

    pub(super) fn request_with(
        &mut self,
        no: CallNo,
        method: &'static str,
        job: Job,
        mut lines: Vec<String>,
        body: Option<(&'static str, Vec<u8>)>,
    ) -> (Vec<u8>, String) {
        self.calls[no.0].dialog.cseq += 1;
        let branch = self.branch();
        let (from, to) = self.tagged(no);
        let target = self.calls[no.0].dialog.target.clone();
        let tried = self.authorize(method, &target, &mut lines);
        let dialog = &self.calls[no.0].dialog;
        let request = Request {
            method,
            uri: &target,
            via: self.address,
            branch: &branch,
            from,
            to,
            call_id: &dialog.call_id,
            cseq: dialog.cseq,
            contact: None,
            lines,
            body,
        };
        let bytes = request.bytes();
        self.open(branch.clone(), method, bytes.clone(), job, tried);
        (bytes, branch)
    }

    pub(super) fn register(&mut self) {
        if self.registration.call_id.is_empty() {
            self.registration.call_id = self.fresh();
        }
        self.registration.cseq += 1;
        let uri = format!("sip:{}", self.domain);
        let me = format!("<sip:{}@{}>", self.user, self.domain);
        let expires = format!("Expires: {}", self.registration.expires.as_secs());
        let (contact, mut lines) = match self.registration.ask {
            Ask::Binding => (Some(self.contact()), vec![expires]),
            Ask::Nothing => (None, Vec::new()),
            Ask::All => (Some("*".to_owned()), vec![expires]),
        };
        let tried = self.authorize("REGISTER", &uri, &mut lines);
        let (branch, tag) = (self.branch(), self.fresh());
        let request = Request {
            method: "REGISTER",
            uri: &uri,
            via: self.address,
            branch: &branch,
            from: format!("{me};tag={tag}"),
            to: me,
            call_id: &self.registration.call_id,
            cseq: self.registration.cseq,
            contact,
            lines,
            body: None,
        };
        let bytes = request.bytes();
        self.open(branch, "REGISTER", bytes, Job::Register, tried);
    }

    /// Adds credentials when a challenge is known.
    fn authorize(&mut self, method: &str, uri: &str, lines: &mut Vec<String>) -> bool {
        let Some(auth) = self.auth.as_mut().filter(|a| a.has_challenge()) else { return false };
        let mut text = Vec::new();
        let mut writer = MessageWriter::status(&mut text, StatusCode::OK, None);
        let known = sip::KNOWN_METHODS.into_iter().find(|m| m.as_str() == method).expect("a method with a name");
        auth.authorize(known, uri, &mut writer);
        let text = String::from_utf8(text).expect("credentials are ASCII");
        lines.extend(text.lines().skip(1).filter(|l| !l.is_empty()).map(str::to_owned));
        true
    }

    fn open(&mut self, branch: String, method: &str, bytes: Vec<u8>, job: Job, tried: bool) {
        let (interval, next, until) = (T1, Some(self.now + T1), self.now + GIVE_UP);
        self.clients.push(Client {
            branch,
            method: method.into(),
            bytes: bytes.clone(),
            interval,
            next,
            until,
            job,
            tried,
        });
        self.send(bytes);
    }

    pub(super) fn cancel(&mut self, no: CallNo) {
        let dialog = &self.calls[no.0].dialog;
        let (from, _) = self.tagged(no);
        let request = Request {
            method: "CANCEL",
            uri: &dialog.target,
            via: self.address,
            branch: &dialog.invite_branch,
            from,
            to: dialog.remote.clone(),
            call_id: &dialog.call_id,
            cseq: dialog.invite_cseq,
            contact: None,
            lines: Vec::new(),
            body: None,
        };
        let (bytes, branch) = (request.bytes(), dialog.invite_branch.clone());
        self.calls[no.0].end(self.now, Over::Cancelled);
        self.open(branch, "CANCEL", bytes, Job::Other, false);
    }

    pub(super) fn repeat_requests(&mut self, now: Instant) {
        let mut lost = Vec::new();
        let mut again = Vec::new();
        self.clients.retain_mut(|client| {
            if client.until <= now {
                lost.push(client.job);
                return false;
            }
            if client.next.is_some_and(|at| at <= now) {
                client.interval = match &*client.method {
                    "INVITE" => client.interval * 2,
                    _ => (client.interval * 2).min(T2),
                };
                client.next = Some(now + client.interval);
                again.push(client.bytes.clone());
            }
            true
        });
        for bytes in again {
            self.send(bytes);
        }
        for job in lost {
            match job {
                Job::Invite(no) => self.calls[no.0].end(now, Over::Lost),
                Job::Register => self.registration.status = Some(408),
                Job::Reinvite(no) => self.calls[no.0].offering = false,
                Job::Bye(_) | Job::Refer(_) | Job::Other => {}
            }
        }
    }

    pub(super) fn handle_response(&mut self, message: &Message<'_>) {
        let status = message.status().expect("a response").code();
        let branch = message.via().unique_branch().unwrap_or_default();
        let method = message.method();
        let found = self.clients.iter().position(|c| c.branch == branch && c.method == method.as_str());
        let Some(at) = found else { return self.handle_late(message, status) };
        if status < 200 {
            let client = &mut self.clients[at];
            if client.method == "INVITE" {
                client.next = None;
                client.until = Instant::FAR_FUTURE;
            }
            if let Job::Invite(no) = client.job {
                self.progress(no, status, message);
            }
            return;
        }
        let client = self.clients.remove(at);
        self.heard.push((self.now, status.to_string()));
        if matches!(status, 401 | 407) && self.answer_challenge(message, &client) {
            return;
        }
        match client.job {
            Job::Register => self.registered_with(message, status),
            Job::Invite(no) => self.invited(no, message, status),
            Job::Reinvite(no) => self.offered(no, message, status, &client),
            Job::Refer(no) if status >= 300 => self.calls[no.0].notified.push(status),
            Job::Refer(_) | Job::Bye(_) | Job::Other => {}
        }
    }

    fn answer_challenge(&mut self, message: &Message<'_>, client: &Client) -> bool {
        let random = self.rng.next_u64();
        let Some(auth) = &mut self.auth else { return false };
        if auth.challenged(message, client.tried, random).is_err() {
            return false;
        }
        match client.job {
            Job::Register => self.register(),
            Job::Invite(no) => {
                self.ack_refusal(message, &client.branch, no);
                let body = Message::parse(&client.bytes).expect("we wrote it").body().to_vec();
                let kept = String::from_utf8_lossy(&client.bytes).into_owned();
                let extra = kept.lines().filter(|l| l.starts_with("Replaces: ")).map(str::to_owned).collect();
                self.invite(no, extra, (!body.is_empty()).then_some(body));
            }
            Job::Reinvite(_) | Job::Bye(_) | Job::Refer(_) | Job::Other => return false,
        }
        true
    }

    fn registered_with(&mut self, message: &Message<'_>, status: u16) {
        self.registration.status = Some(status);
        if self.registration.ask == Ask::Nothing {
            return;
        }
        if status >= 300 || self.registration.expires.is_zero() {
            self.registration.until = None;
            return;
        }
        let mine = format!("@{}>", self.address);
        let mut granted = self.registration.expires;
        for contact in message.elements(sip::HeaderName::Contact) {
            let text = String::from_utf8_lossy(contact);
            if let Some(seconds) = text.contains(&mine).then(|| text.split("expires=").nth(1)).flatten() {
                let digits: String = seconds.chars().take_while(char::is_ascii_digit).collect();
                granted = Duration::from_secs(digits.parse().expect("seconds"));
            }
        }
        self.registration.until = Some(self.now + granted);
        self.plans.retain(|(_, plan)| *plan != Plan::Register);
        self.plan(granted.mul_f64(0.8), Plan::Register);
    }

    fn progress(&mut self, no: CallNo, status: u16, message: &Message<'_>) {
        let now = self.now;
        let call = &mut self.calls[no.0];
        if call.is_over() || status == 100 {
            return;
        }
        call.state = CallState::Ringing;
        call.ringing.get_or_insert(now);
        if !message.body().is_empty() {
            call.early.get_or_insert(now);
            if let Some(voice) = &mut call.voice {
                voice.answered(now, message.body());
            }
        }
    }

    fn invited(&mut self, no: CallNo, message: &Message<'_>, status: u16) {
        let now = self.now;
        if status >= 300 {
            let branch = self.calls[no.0].dialog.invite_branch.clone();
            self.ack_refusal(message, &branch, no);
            self.calls[no.0].end(now, Over::Refused(status));
            return;
        }
        let call = &mut self.calls[no.0];
        call.dialog.remote_tag = message.to().tag().map(str::to_owned);
        if let Some(contact) = line(message, "Contact") {
            call.dialog.target = uri_of(contact);
        }
        let gone = call.is_over();
        call.answered.get_or_insert(now);
        if let (Some(voice), false) = (&mut call.voice, message.body().is_empty()) {
            assert!(voice.answered(now, message.body()), "the house answered with a bad description");
        }
        self.ack(no, message.cseq().number);
        if gone {
            // The answer crossed our CANCEL.
            self.request(no, "BYE", Job::Bye(no), Vec::new(), None);
            if let Some(voice) = &mut self.calls[no.0].voice {
                voice.stop();
            }
        } else {
            self.calls[no.0].state = CallState::Up;
            self.talk_time(no);
        }
    }

    /// The answer to a re-INVITE.
    fn offered(&mut self, no: CallNo, message: &Message<'_>, status: u16, client: &Client) {
        self.calls[no.0].offering = false;
        if status >= 300 {
            self.ack_refusal(message, &client.branch, no);
            if status == 491 {
                let wait = Duration::from_millis(2100 + self.rng.below(1900));
                self.plan(wait, Plan::OfferAgain(no));
            }
            return;
        }
        let now = self.now;
        if let Some(voice) = &mut self.calls[no.0].voice {
            voice.answered(now, message.body());
        }
        self.ack(no, message.cseq().number);
    }

    /// A 2xx that came again, or one to a request already forgotten.
    fn handle_late(&mut self, message: &Message<'_>, status: u16) {
        if message.method() != Method::Invite || !(200..300).contains(&status) {
            return;
        }
        let call = self.calls.iter().find(|c| c.dialog.call_id == message.call_id());
        if let Some(ack) = call.and_then(|c| c.dialog.ack.clone()) {
            self.send(ack);
        }
    }

    /// ACK to a 2xx: a request of its own.
    fn ack(&mut self, no: CallNo, cseq: u32) {
        let (from, to) = self.tagged(no);
        let branch = self.branch();
        let dialog = &self.calls[no.0].dialog;
        let bytes = Request {
            method: "ACK",
            uri: &dialog.target,
            via: self.address,
            branch: &branch,
            from,
            to,
            call_id: &dialog.call_id,
            cseq,
            contact: None,
            lines: Vec::new(),
            body: None,
        }
        .bytes();
        self.calls[no.0].dialog.ack = Some(bytes.clone());
        self.send(bytes);
    }

    /// ACK to a refusal: part of the INVITE's transaction.
    fn ack_refusal(&mut self, message: &Message<'_>, branch: &str, no: CallNo) {
        let (from, _) = self.tagged(no);
        let to = line(message, "To").unwrap_or_default().to_owned();
        let dialog = &self.calls[no.0].dialog;
        let bytes = Request {
            method: "ACK",
            uri: &dialog.target,
            via: self.address,
            branch,
            from,
            to,
            call_id: &dialog.call_id,
            cseq: message.cseq().number,
            contact: None,
            lines: Vec::new(),
            body: None,
        }
        .bytes();
        self.send(bytes);
    }
}
