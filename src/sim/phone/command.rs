//! What a story tells a phone to do.

use super::call::{Call, CallState, Dialog, Over};
use super::client::Job;
use super::message::untagged;
use super::voice::Voice;
use super::{Ask, CallNo, Manners, Plan, SimPhone};
use core::net::SocketAddr;
use core::time::Duration;
use model::Direction;
use sip::auth::{ClientAuth, Secret};

/// RTP ports of a phone: two a call.
const SOUND_PORTS: u16 = 20_000;

impl SimPhone {
    /// Calls a number or name of the house.
    pub fn dials(&mut self, number: &str) -> CallNo {
        self.invites(number, Vec::new())
    }

    /// Calls with further header lines (`Name: value`).
    pub fn invites(&mut self, number: &str, lines: Vec<String>) -> CallNo {
        let mut voice = self.new_voice();
        let body = voice.as_mut().map(Voice::offer);
        let target = format!("sip:{number}@{}", self.domain);
        let dialog = Dialog {
            call_id: self.fresh(),
            local: format!("<sip:{}@{}>", self.user, self.domain),
            local_tag: self.fresh(),
            remote: format!("<{target}>"),
            target,
            cseq: 0,
            ..Dialog::default()
        };
        let mut call = Call::new(self.now, false, dialog, voice);
        call.shown = number.into();
        self.calls.push(call);
        let no = self.last_no();
        self.invite(no, lines, body);
        no
    }

    /// Says who calls: the name and number in From, before dialling.
    pub fn is_known_as(&mut self, number: &str) {
        self.user = number.into();
    }

    /// BYE, CANCEL or a refusal, as the call's state asks for.
    pub fn hangs_up(&mut self, no: CallNo) {
        let call = &self.calls[no.0];
        match (call.state, call.inward) {
            (CallState::Over, _) => {}
            (CallState::Up, _) => {
                self.request(no, "BYE", Job::Bye(no), Vec::new(), None);
                self.calls[no.0].end(self.now, Over::HungUp);
            }
            (CallState::Trying | CallState::Ringing, false) => self.cancel(no),
            (CallState::Trying | CallState::Ringing, true) => self.refuse(no, 603),
        }
    }

    pub fn hangs_up_all(&mut self) {
        for no in self.live().collect::<Vec<_>>() {
            self.hangs_up(no);
        }
    }

    /// Answers a call that rings, now.
    pub fn answers(&mut self) {
        let ringing = self.live().find(|no| self.calls[no.0].inward && !self.calls[no.0].is_up());
        let no = ringing.unwrap_or_else(|| panic!("nothing rings at {}", self.name));
        self.carry_out(Plan::Answer(no));
    }

    /// Refuses a call that rings, now.
    pub fn refuses(&mut self, status: u16) {
        let ringing = self.live().find(|no| self.calls[no.0].inward && !self.calls[no.0].is_up());
        let no = ringing.unwrap_or_else(|| panic!("nothing rings at {}", self.name));
        self.refuse(no, status);
    }

    pub fn holds(&mut self, no: CallNo) {
        self.offers(no, Direction::SendOnly);
    }

    pub fn retrieves(&mut self, no: CallNo) {
        self.offers(no, Direction::SendRecv);
    }

    pub(super) fn offers(&mut self, no: CallNo, direction: Direction) {
        let voice = self.calls[no.0].voice.as_mut().expect("a call with media");
        voice.want(direction);
        self.offer_again(no);
    }

    pub(super) fn offer_again(&mut self, no: CallNo) {
        let body = self.calls[no.0].voice.as_mut().map(Voice::offer);
        self.calls[no.0].offering = true;
        let lines = vec![format!("Contact: {}", self.contact())];
        self.request(no, "INVITE", Job::Reinvite(no), lines, body);
    }

    /// A key by telephone-event, held for 100 ms.
    pub fn presses(&mut self, no: CallNo, keys: &str) {
        for key in keys.chars() {
            self.presses_for(no, key, Duration::from_millis(100));
        }
    }

    pub fn presses_for(&mut self, no: CallNo, key: char, held: Duration) {
        self.calls[no.0].voice.as_mut().expect("a call with media").press(key, held);
    }

    /// Speaks and listens at another port from now on, and says so in a new offer.
    pub fn moves_sound(&mut self, no: CallNo) {
        self.calls[no.0].voice.as_mut().expect("a call with media").move_away();
        self.offer_again(no);
    }

    /// Goes on sending, with nothing in it.
    pub fn falls_silent(&mut self, no: CallNo) {
        self.calls[no.0].voice.as_mut().expect("a call with media").mute(true);
    }

    pub fn speaks_again(&mut self, no: CallNo) {
        self.calls[no.0].voice.as_mut().expect("a call with media").mute(false);
    }

    /// A key by SIP INFO.
    pub fn presses_by_info(&mut self, no: CallNo, key: char) {
        let body = format!("Signal={key}\r\nDuration=100\r\n").into_bytes();
        self.request_with(no, "INFO", Job::Other, Vec::new(), Some(("application/dtmf-relay", body)));
    }

    /// Blind transfer (RFC 5589 §6): REFER to an agent, queue or number.
    pub fn transfers(&mut self, no: CallNo, to: &str) {
        let refer_to = format!("Refer-To: <sip:{to}@{}>", self.domain);
        self.refers(no, refer_to);
    }

    /// Attended transfer (RFC 5589 §7): the far side of `no` is to take this phone's place in `consultation`.
    pub fn transfers_into(&mut self, no: CallNo, consultation: CallNo) {
        let replaced = &self.calls[consultation.0].dialog;
        let theirs = replaced.remote_tag.clone().unwrap_or_default();
        let refer_to = format!(
            "Refer-To: <{}?Replaces={}%3Bto-tag%3D{theirs}%3Bfrom-tag%3D{}>",
            replaced.target, replaced.call_id, replaced.local_tag
        );
        self.refers(no, refer_to);
    }

    pub fn refers(&mut self, no: CallNo, refer_to: String) {
        let lines = vec![
            refer_to,
            format!("Referred-By: <sip:{}@{}>", self.user, self.domain),
            format!("Contact: {}", self.contact()),
        ];
        self.request(no, "REFER", Job::Refer(no), lines, None);
    }

    /// What a Replaces header naming this call would say, as seen from the other side of it.
    pub fn replaces(&self, no: CallNo) -> String {
        let dialog = &self.calls[no.0].dialog;
        let theirs = dialog.remote_tag.as_deref().unwrap_or_default();
        format!("Replaces: {};to-tag={theirs};from-tag={}", dialog.call_id, dialog.local_tag)
    }

    /// Registers for so long at a time, and again before it runs out.
    pub fn registers(&mut self, expires: Duration) {
        self.registration.expires = expires;
        self.registration.ask = Ask::Binding;
        self.register();
    }

    /// Asks the registrar for the contacts it knows.
    pub fn asks_for_contacts(&mut self) {
        self.registration.ask = Ask::Nothing;
        self.register();
    }

    /// Takes every contact away, also those of other devices.
    pub fn unregisters_all(&mut self) {
        self.plans.retain(|(_, plan)| *plan != Plan::Register);
        self.registration.expires = Duration::ZERO;
        self.registration.ask = Ask::All;
        self.register();
    }

    /// Another password than the configured one.
    pub fn knows_password(&mut self, password: &str) {
        self.auth = Some(ClientAuth::new(&self.user, Secret::password(password), &[&self.domain]));
    }

    pub fn unregisters(&mut self) {
        self.plans.retain(|(_, plan)| *plan != Plan::Register);
        self.registration.expires = Duration::ZERO;
        self.registration.ask = Ask::Binding;
        self.register();
    }

    /// Lets the registration run out.
    pub fn stops_registering(&mut self) {
        self.plans.retain(|(_, plan)| *plan != Plan::Register);
    }

    /// No power any more: not a packet, not an answer, and everything forgotten.
    pub fn dies(&mut self) {
        self.dead = true;
        self.clients.clear();
        self.plans.clear();
        self.outbox.clear();
        for call in &mut self.calls {
            call.unacked = None;
            call.end(self.now, Over::Lost);
        }
    }

    /// Power is back; calls that were up are forgotten.
    pub fn revives(&mut self) {
        self.dead = false;
    }

    /// Octets as they stand. From then on this phone answers nothing; what was said to it is in the transcript.
    pub fn sends_raw(&mut self, bytes: &[u8]) {
        self.raw = true;
        self.send(bytes.to_vec());
    }

    pub(super) fn new_voice(&mut self) -> Option<Voice> {
        let Manners { codecs, tone, media, .. } = &self.manners;
        if !media {
            return None;
        }
        let port = SOUND_PORTS + 2 * self.calls.len() as u16;
        let local = SocketAddr::new(self.address.ip(), port);
        Some(Voice::new(local, codecs.clone(), *tone, &mut self.rng))
    }

    pub(super) fn carry_out(&mut self, plan: Plan) {
        match plan {
            Plan::Answer(no) => self.answer(no),
            Plan::Refuse(no, status) => self.refuse(no, status),
            Plan::HangUp(no) => self.hangs_up(no),
            Plan::Register => self.register(),
            Plan::OfferAgain(no) if self.calls[no.0].is_up() => self.offer_again(no),
            Plan::OfferAgain(_) => {}
        }
    }

    pub(super) fn talk_time(&mut self, no: CallNo) {
        if let Some(talks) = self.manners.talks {
            self.plan(talks, Plan::HangUp(no));
        }
    }

    pub(super) fn tagged(&self, no: CallNo) -> (String, String) {
        let dialog = &self.calls[no.0].dialog;
        let from = format!("{};tag={}", untagged(&dialog.local), dialog.local_tag);
        let to = match &dialog.remote_tag {
            Some(tag) => format!("{};tag={tag}", untagged(&dialog.remote)),
            None => untagged(&dialog.remote),
        };
        (from, to)
    }
}
