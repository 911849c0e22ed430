//! What happens inside a call that is up: hold, new offers, digits, transfer, and the end (RFC 3261 §14, §15).

use std::time::Instant;

use rsip::prelude::UntypedHeader;
use rsip::{Header, Method, Request, Response};

use super::{Aim, Call, Output, Phase, Purpose, Refusal, Ticket, Ua};
use crate::phone::dialog::Dialog;
use crate::phone::event::{CallEnd, CallNumber, Cause, PhoneEvent};
use crate::phone::message::{self, Essentials, header, plain};
use crate::phone::options::DtmfMode;
use crate::phone::sdp::{Agreed, Direction, Remote};
use crate::phone::transport::Peer;

/// A call that is up.
pub(super) struct Up {
    pub(super) dialog: Dialog,
    /// Our ACK, when we made the call.
    pub(super) ack: Option<(Peer, Vec<u8>)>,
    /// None while the ACK with the answer to our own offer is on its way.
    agreed: Option<Agreed>,
    /// The direction that we allow.
    wanted: Direction,
    /// A re-INVITE of ours is under way.
    reinviting: bool,
    held: bool,
    /// Sound has been agreed on once, and the answer reported.
    established: bool,
    pub(super) transfer: Option<Ticket>,
}

impl Up {
    pub(super) fn new(dialog: Dialog, ack: Option<(Peer, Vec<u8>)>, agreed: Option<Agreed>) -> Self {
        let established = agreed.is_some();
        Self {
            dialog,
            ack,
            agreed,
            wanted: Direction::BOTH,
            reinviting: false,
            held: false,
            established,
            transfer: None,
        }
    }
}

impl Ua {
    pub(crate) fn hang_up(&mut self, now: Instant, number: CallNumber) -> Result<(), Refusal> {
        match self.calls.get_mut(&number) {
            Some(Call { phase: Phase::Dialing(_), .. }) => {
                self.cancel(now, number);
                Ok(())
            }
            Some(Call { phase: Phase::Offered(_), .. }) => self.reject(now, number, 480),
            Some(call) => {
                let Phase::Up(up) = &mut call.phase else { return Err(Refusal::WrongState) };
                let bye = up.dialog.request(Method::Bye, None);
                let transfer = up.transfer.take();
                call.phase = Phase::Leaving(up.dialog.clone());
                if let Some(ticket) = transfer {
                    self.refuse(ticket, Refusal::WrongState);
                }
                self.start(now, bye, Aim { purpose: Purpose::Bye(number), tries: 0 });
                Ok(())
            }
            None => Err(Refusal::WrongState),
        }
    }

    pub(super) fn bye_answered(&mut self, number: CallNumber) {
        self.end(number, CallEnd { cause: Cause::Local, status: None, reason: None });
    }

    /// Puts the call on hold or takes it back.
    pub(crate) fn hold(&mut self, now: Instant, number: CallNumber, hold: bool, ticket: Ticket) {
        let Some(call) = self.calls.get_mut(&number) else { return self.refuse(ticket, Refusal::WrongState) };
        let local = call.local();
        let codecs = call.codecs.clone();
        let (Phase::Up(up), Some(local)) = (&mut call.phase, local) else {
            return self.refuse(ticket, Refusal::WrongState);
        };
        if up.reinviting || up.agreed.is_none() {
            return self.refuse(ticket, Refusal::WrongState);
        }
        up.reinviting = true;
        up.wanted = if hold { Direction::SEND_ONLY } else { Direction::BOTH };
        let mut request = up.dialog.request(Method::Invite, None);
        let offer = local.offer(&codecs, up.wanted);
        message::set_body(&mut request.headers, &mut request.body, "application/sdp", offer);
        self.start(now, request, Aim { purpose: Purpose::Reinvite { call: number, ticket }, tries: 0 });
    }

    pub(super) fn reinvite_answered(
        &mut self,
        number: CallNumber,
        ticket: Ticket,
        invite: &Request,
        response: &Response,
    ) {
        let code = response.status_code.code();
        if code < 200 {
            return;
        }
        if code < 300 {
            // Acknowledged whatever became of the call meanwhile.
            if let (Some(essentials), Some(dialog)) = (Essentials::read(invite), self.dialog_mut(number)) {
                dialog.refresh_target(header(response, "Contact"));
                let ack = dialog.request(Method::Ack, Some(essentials.sequence));
                self.send_once(ack);
            }
        }
        let Some(call) = self.calls.get_mut(&number) else { return self.refuse(ticket, Refusal::WrongState) };
        let Phase::Up(up) = &mut call.phase else { return self.refuse(ticket, Refusal::WrongState) };
        if !up.reinviting {
            return;
        }
        up.reinviting = false;
        if code < 300
            && let Some(agreed) = Remote::parse(&response.body).and_then(|remote| remote.agree(&call.codecs, up.wanted))
        {
            up.agreed = Some(agreed);
            self.outputs.push_back(Output::Media { call: number, agreed, talking: true });
        }
        self.done(ticket, code);
    }

    fn dialog_mut(&mut self, number: CallNumber) -> Option<&mut Dialog> {
        match &mut self.calls.get_mut(&number)?.phase {
            Phase::Up(up) => Some(&mut up.dialog),
            Phase::Leaving(dialog) => Some(dialog),
            Phase::Dialing(_) | Phase::Offered(_) => None,
        }
    }

    /// One digit by SIP INFO.
    pub(crate) fn info_digit(&mut self, now: Instant, number: CallNumber, digit: char, ticket: Ticket) {
        let Some(Call { phase: Phase::Up(up), .. }) = self.calls.get_mut(&number) else {
            return self.refuse(ticket, Refusal::WrongState);
        };
        let mut request = up.dialog.request(Method::Info, None);
        let text = format!("Signal={digit}\r\nDuration=160\r\n");
        message::set_body(&mut request.headers, &mut request.body, "application/dtmf-relay", text);
        self.start(now, request, Aim { purpose: Purpose::Info(ticket), tries: 0 });
    }

    /// Asks the other side to call somebody else instead of us (RFC 3515). `replaces` names another call of ours, whose
    /// dialog the new call is to take over (RFC 3891): an attended transfer.
    pub(crate) fn refer(
        &mut self,
        now: Instant,
        number: CallNumber,
        target: &str,
        replaces: Option<CallNumber>,
        ticket: Ticket,
    ) {
        let target = match replaces.map(|other| self.replacing(other)) {
            None => self.full_uri(target),
            Some(Some(target)) => target,
            Some(None) => return self.refuse(ticket, Refusal::WrongState),
        };
        let own = self.own_address();
        let Some(Call { phase: Phase::Up(up), .. }) = self.calls.get_mut(&number) else {
            return self.refuse(ticket, Refusal::WrongState);
        };
        if up.transfer.replace(ticket).is_some() {
            return self.refuse(ticket, Refusal::WrongState);
        }
        let mut request = up.dialog.request(Method::Refer, None);
        request.headers.push(plain("Refer-To", format!("<{target}>")));
        request.headers.push(plain("Referred-By", own));
        self.start(now, request, Aim { purpose: Purpose::Refer(number), tries: 0 });
    }

    /// The URI of another call's far side with a Replaces header that names the call.
    fn replacing(&self, other: CallNumber) -> Option<String> {
        let dialog = self.calls.get(&other)?.dialog()?;
        let call_id = dialog.call_id.replace('@', "%40");
        let target = dialog.target.split('?').next()?;
        // RFC 3891 §3: to-tag and from-tag as the receiver of the new INVITE, the far side, sees them.
        Some(format!("{target}?Replaces={call_id}%3Bto-tag%3D{}%3Bfrom-tag%3D{}", dialog.remote_tag, dialog.local_tag))
    }

    pub(super) fn refer_answered(&mut self, number: CallNumber, code: u16) {
        if code < 300 {
            // 202 only says that the other side will try; NOTIFY tells the outcome.
            return;
        }
        if let Some(Call { phase: Phase::Up(up), .. }) = self.calls.get_mut(&number)
            && let Some(ticket) = up.transfer.take()
        {
            self.done(ticket, code);
        }
    }

    pub(super) fn handle_in_dialog(
        &mut self,
        now: Instant,
        number: CallNumber,
        request: &Request,
        essentials: &Essentials,
    ) {
        let fresh = match self.dialog_mut(number) {
            Some(dialog) => dialog.accepts(essentials.sequence),
            None => true,
        };
        if !fresh {
            return self.respond_plainly(now, request, 500);
        }
        match request.method {
            Method::Bye => {
                self.respond_plainly(now, request, 200);
                let reason = header(request, "Reason");
                self.end(number, CallEnd { cause: Cause::Remote, status: None, reason });
            }
            Method::Invite | Method::Update => self.handle_offer(now, number, request),
            Method::Info => {
                self.respond_plainly(now, request, 200);
                if let Some(digit) = relayed_digit(request) {
                    self.event(PhoneEvent::Digit { call: number, digit, by: DtmfMode::Info });
                }
            }
            Method::Notify => self.handle_notify(now, number, request),
            Method::Options => self.respond_plainly(now, request, 200),
            Method::Refer => self.respond_plainly(now, request, 603),
            _ => self.respond_plainly(now, request, 405),
        }
    }

    /// A re-INVITE or UPDATE: hold, resume, a new address or codec, or a mere sign of life.
    fn handle_offer(&mut self, now: Instant, number: CallNumber, request: &Request) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        let local = call.local();
        let (Phase::Up(up), Some(local)) = (&mut call.phase, local) else {
            return self.respond_plainly(now, request, 491);
        };
        if up.reinviting || up.agreed.is_none() {
            // RFC 3261 §14.2: two offers crossed.
            return self.respond_plainly(now, request, 491);
        }
        up.dialog.refresh_target(header(request, "Contact"));
        let (tag, wanted) = (up.dialog.local_tag.clone(), up.wanted);
        let (text, change) = if request.body.is_empty() && request.method == Method::Update {
            (String::new(), None)
        } else if request.body.is_empty() {
            up.agreed = None;
            (local.offer(&call.codecs, wanted), None)
        } else {
            let remote = Remote::parse(&request.body);
            let Some((remote, agreed)) = remote.and_then(|r| r.agree(&call.codecs, wanted).map(|a| (r, a))) else {
                return self.respond_plainly(now, request, 488);
            };
            up.agreed = Some(agreed);
            let was_held = std::mem::replace(&mut up.held, !remote.direction.receive);
            (local.answer(&agreed), Some((agreed, was_held, up.held)))
        };
        let contact = self.contact_header();
        self.respond(now, request, &tag, 200, |response| {
            response.headers.push(contact);
            response.headers.push(rsip::headers::Allow::new(super::ALLOW).into());
            message::set_body(&mut response.headers, &mut response.body, "application/sdp", text);
        });
        if let Some((agreed, was_held, held)) = change {
            match (was_held, held) {
                (false, true) => self.event(PhoneEvent::Held { call: number }),
                (true, false) => self.event(PhoneEvent::Resumed { call: number }),
                _ => {}
            }
            self.outputs.push_back(Output::Media { call: number, agreed, talking: true });
        }
    }

    /// The answer to an offer of ours that travelled in a 2xx comes with the ACK (RFC 3261 §13.2.1).
    pub(super) fn late_answer(&mut self, number: CallNumber, ack: &Request) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        let Phase::Up(up) = &mut call.phase else { return };
        if up.agreed.is_some() {
            return;
        }
        let Some(agreed) = Remote::parse(&ack.body).and_then(|remote| remote.agree(&call.codecs, up.wanted)) else {
            return;
        };
        up.agreed = Some(agreed);
        if std::mem::replace(&mut up.established, true) {
            self.outputs.push_back(Output::Media { call: number, agreed, talking: true });
        } else {
            self.answered(number, agreed);
        }
    }

    /// RFC 3515 §2.4.5: news of a transfer as a SIP status line.
    fn handle_notify(&mut self, now: Instant, number: CallNumber, request: &Request) {
        let Some(Call { phase: Phase::Up(up), .. }) = self.calls.get_mut(&number) else {
            return self.respond_plainly(now, request, 481);
        };
        let status =
            String::from_utf8_lossy(&request.body).split_whitespace().nth(1).and_then(|code| code.parse().ok());
        let ended = header(request, "Subscription-State").is_some_and(|state| state.starts_with("terminated"));
        let ticket = match status {
            Some(200..) => up.transfer.take(),
            _ if ended => up.transfer.take(),
            _ => None,
        };
        self.respond_plainly(now, request, 200);
        let status: u16 = status.unwrap_or(0);
        self.event(PhoneEvent::Transfer { call: number, status });
        if let Some(ticket) = ticket {
            self.done(ticket, status);
        }
    }
}

/// `Signal=5` of application/dtmf-relay, or the bare digit of application/dtmf.
fn relayed_digit(request: &Request) -> Option<char> {
    let is_dtmf =
        |header: &Header| matches!(header, Header::ContentType(kind) if kind.value().starts_with("application/dtmf"));
    if !request.headers.iter().any(is_dtmf) {
        return None;
    }
    let text = String::from_utf8_lossy(&request.body).into_owned();
    let signal = text.lines().find_map(|line| line.trim().strip_prefix("Signal=").map(str::trim));
    let word = signal.unwrap_or(text.trim());
    let digit = match word {
        "10" => '*',
        "11" => '#',
        _ => word.chars().next()?.to_ascii_uppercase(),
    };
    matches!(digit, '0'..='9' | '*' | '#' | 'A'..='D').then_some(digit)
}
