//! Requests that come to a phone.

use super::call::{Call, CallState, Dialog, Over, Unacked};
use super::client::Job;
use super::manners::Answer;
use super::message::{GIVE_UP, T1, T2, line, response, untagged, uri_of};
use super::{CallNo, Plan, SimPhone};
use base::Instant;
use sip::{Message, Method};

impl SimPhone {
    pub(super) fn handle_request(&mut self, message: &Message<'_>, bytes: &[u8]) {
        let method = message.method();
        if method == Method::Ack {
            return self.acked(message);
        }
        let key = format!("{} {}", message.via().unique_branch().unwrap_or_default(), method.as_str());
        if let Some(said) = self.said.iter().find(|said| said.key == key) {
            let bytes = said.bytes.clone();
            return self.send(bytes);
        }
        let known = self.calls.iter().position(|c| c.dialog.call_id == message.call_id());
        if method == Method::Invite && known.is_none() {
            return self.rung(message, bytes, key);
        }
        if let (Method::Invite, Some(at)) = (method, known)
            && self.calls[at].inward
            && self.calls[at].dialog.invite_branch == message.via().unique_branch().unwrap_or_default()
        {
            // The first INVITE again: whatever we said is said again by its own timer, or there is nothing to say yet.
            return;
        }
        self.heard.push((self.now, method.as_str().into()));
        let Some(no) = known.map(CallNo) else {
            let (status, lines) = match method {
                Method::Options => (200, vec!["Allow: INVITE, ACK, CANCEL, BYE, OPTIONS".to_owned()]),
                _ => (481, Vec::new()),
            };
            return self.reply(message, key, status, &lines, None);
        };
        match method {
            Method::Invite => self.reinvited(no, message, key),
            Method::Update => {
                let now = self.now;
                let answer = self.calls[no.0].voice.as_mut().and_then(|v| v.answer(now, message.body()));
                self.reply(message, key, 200, &[], answer);
            }
            Method::Cancel => self.cancelled(no, message, key),
            Method::Bye => {
                self.reply(message, key, 200, &[], None);
                let reason = line(message, "Reason").map(str::to_owned);
                let call = &mut self.calls[no.0];
                call.reason = call.reason.take().or(reason);
                call.unacked = None;
                call.end(self.now, Over::HungUpByHouse);
            }
            Method::Notify => {
                let text = String::from_utf8_lossy(message.body()).into_owned();
                let status = text.strip_prefix("SIP/2.0 ").and_then(|t| t.get(..3)?.parse::<u16>().ok());
                self.calls[no.0].notified.extend(status);
                self.reply(message, key, 200, &[], None);
            }
            Method::Info | Method::Options | Method::Prack => self.reply(message, key, 200, &[], None),
            _ => self.reply(message, key, 405, &["Allow: INVITE, ACK, CANCEL, BYE, OPTIONS".to_owned()], None),
        }
    }

    /// A new call.
    fn rung(&mut self, message: &Message<'_>, bytes: &[u8], key: String) {
        if self.ignored.iter().any(|id| id == message.call_id()) {
            return;
        }
        let answer = self.manners.next.pop_front().unwrap_or(self.manners.answer);
        if answer == Answer::Silent {
            self.ignored.push(message.call_id().into());
            return;
        }
        self.heard.push((self.now, "INVITE".into()));
        let dialog = Dialog {
            call_id: message.call_id().into(),
            local: untagged(line(message, "To").unwrap_or_default()),
            remote: untagged(line(message, "From").unwrap_or_default()),
            local_tag: self.fresh(),
            remote_tag: message.from().tag().map(str::to_owned),
            target: line(message, "Contact").map(uri_of).unwrap_or_default(),
            cseq: 0,
            invite: bytes.to_vec(),
            invite_branch: message.via().unique_branch().unwrap_or_default().into(),
            invite_cseq: message.cseq().number,
            ack: None,
        };
        let voice = self.new_voice();
        let mut call = Call::new(self.now, true, dialog, voice);
        call.invite = String::from_utf8_lossy(bytes).into_owned();
        self.calls.push(call);
        let no = self.last_no();
        let trying = response(message, self.server, 100, None, &[], None);
        self.remember(key.clone(), trying.clone());
        self.send(trying);
        if answer == Answer::TryingOnly {
            return;
        }
        let tag = self.calls[no.0].dialog.local_tag.clone();
        self.calls[no.0].state = CallState::Ringing;
        self.calls[no.0].ringing = Some(self.now);
        let contact = format!("Contact: {}", self.contact());
        let ringing = response(message, self.server, 180, Some(&tag), &[contact], None);
        self.remember(key, ringing.clone());
        self.send(ringing);
        match answer {
            Answer::After(after) if after.is_zero() => self.answer(no),
            Answer::After(after) => self.plan(after, Plan::Answer(no)),
            Answer::Refuse { status, after } if after.is_zero() => self.refuse(no, status),
            Answer::Refuse { status, after } => self.plan(after, Plan::Refuse(no, status)),
            Answer::Never | Answer::TryingOnly | Answer::Silent => {}
        }
    }

    /// 200 to the INVITE, said again until the ACK comes.
    pub(super) fn answer(&mut self, no: CallNo) {
        if self.calls[no.0].is_over() || self.calls[no.0].is_up() {
            return;
        }
        let now = self.now;
        let invite = self.calls[no.0].dialog.invite.clone();
        let message = Message::parse(&invite).expect("it was read when it came");
        let call = &mut self.calls[no.0];
        let sdp = match (&mut call.voice, message.body().is_empty()) {
            (Some(voice), false) => {
                let answer = voice.answer(now, message.body());
                if answer.is_none() {
                    return self.refuse(no, 488);
                }
                answer
            }
            (Some(voice), true) => Some(voice.offer()),
            (None, _) => None,
        };
        call.state = CallState::Up;
        call.answered = Some(now);
        let tag = call.dialog.local_tag.clone();
        let contact = format!("Contact: {}", self.contact());
        let bytes = response(&message, self.server, 200, Some(&tag), &[contact], sdp);
        self.say_final(no, bytes, true);
        self.talk_time(no);
    }

    pub(super) fn refuse(&mut self, no: CallNo, status: u16) {
        if self.calls[no.0].is_over() || self.calls[no.0].is_up() {
            return;
        }
        let invite = self.calls[no.0].dialog.invite.clone();
        let message = Message::parse(&invite).expect("it was read when it came");
        let tag = self.calls[no.0].dialog.local_tag.clone();
        let lines = match status {
            300..400 => vec!["Contact: <sip:elsewhere@203.0.113.9>".to_owned()],
            _ => Vec::new(),
        };
        let bytes = response(&message, self.server, status, Some(&tag), &lines, None);
        self.say_final(no, bytes, false);
        self.calls[no.0].end(self.now, Over::Declined(status));
    }

    fn say_final(&mut self, no: CallNo, bytes: Vec<u8>, success: bool) {
        let (next, until) = (self.now + T1, self.now + GIVE_UP);
        self.calls[no.0].unacked = Some(Unacked { bytes: bytes.clone(), next, interval: T1, until, success });
        self.send(bytes);
    }

    pub(super) fn repeat_responses(&mut self, now: Instant) {
        for at in 0..self.calls.len() {
            let Some(unacked) = &mut self.calls[at].unacked else { continue };
            if unacked.until <= now {
                let success = unacked.success;
                self.calls[at].unacked = None;
                if success && self.calls[at].is_up() {
                    // RFC 3261 §13.3.1.4: no ACK, so the session is ended.
                    self.request(CallNo(at), "BYE", Job::Bye(CallNo(at)), Vec::new(), None);
                    self.calls[at].end(now, Over::Lost);
                }
            } else if unacked.next <= now {
                unacked.interval = (unacked.interval * 2).min(T2);
                unacked.next = now + unacked.interval;
                let bytes = unacked.bytes.clone();
                self.send(bytes);
            }
        }
    }

    fn acked(&mut self, message: &Message<'_>) {
        let now = self.now;
        let Some(call) = self.calls.iter_mut().find(|c| c.dialog.call_id == message.call_id()) else { return };
        if call.unacked.take().is_none() {
            return;
        }
        if let (Some(voice), false) = (&mut call.voice, message.body().is_empty()) {
            voice.answered(now, message.body());
        }
    }

    fn reinvited(&mut self, no: CallNo, message: &Message<'_>, key: String) {
        if self.calls[no.0].is_over() {
            return self.reply(message, key, 481, &[], None);
        }
        if self.calls[no.0].offering {
            // RFC 3261 §14.1: two offers met.
            return self.reply(message, key, 491, &[], None);
        }
        let now = self.now;
        let contact = format!("Contact: {}", self.contact());
        let Some(voice) = &mut self.calls[no.0].voice else { return self.reply(message, key, 488, &[], None) };
        let sdp = if message.body().is_empty() { Some(voice.offer()) } else { voice.answer(now, message.body()) };
        match sdp {
            Some(sdp) => self.reply(message, key, 200, &[contact], Some(sdp)),
            None => self.reply(message, key, 488, &[], None),
        }
    }

    fn cancelled(&mut self, no: CallNo, message: &Message<'_>, key: String) {
        self.reply(message, key, 200, &[], None);
        let call = &mut self.calls[no.0];
        if !call.inward || call.is_up() || call.is_over() {
            return;
        }
        call.reason = line(message, "Reason").map(str::to_owned);
        let (invite, tag) = (call.dialog.invite.clone(), call.dialog.local_tag.clone());
        let invite = Message::parse(&invite).expect("it was read when it came");
        let bytes = response(&invite, self.server, 487, Some(&tag), &[], None);
        self.say_final(no, bytes, false);
        self.calls[no.0].end(self.now, Over::CancelledByHouse);
    }

    fn reply(&mut self, message: &Message<'_>, key: String, status: u16, lines: &[String], sdp: Option<Vec<u8>>) {
        let known = self.calls.iter().find(|c| c.dialog.call_id == message.call_id());
        let tag = known.map_or_else(|| "none".to_owned(), |c| c.dialog.local_tag.clone());
        let bytes = response(message, self.server, status, Some(&tag), lines, sdp);
        self.remember(key, bytes.clone());
        self.send(bytes);
    }
}
