//! Calls we make: INVITE and everything that can come back (RFC 3261 §13.2, §9.1, §17.1.1).

use std::net::SocketAddr;
use std::time::Instant;

use rsip::message::HasHeaders;
use rsip::prelude::UntypedHeader;
use rsip::{Header, Headers, Method, Request, Response, Version};

use super::midcall::Up;
use super::{Aim, Call, Output, Phase, Progress, Purpose, Refusal, Ua};
use crate::phone::dialog::Dialog;
use crate::phone::event::{CallEnd, CallNumber, Cause, PhoneEvent};
use crate::phone::limits::LINES_MAX;
use crate::phone::message::{self, Essentials, header, plain};
use crate::phone::sdp::{Direction, Remote};
use crate::phone::transaction::ClientTransaction;

/// An INVITE that has no final answer yet.
pub(super) struct Dialing {
    pub(super) branch: String,
    pub(super) early: Option<Dialog>,
    cancel: Cancel,
    early_media: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cancel {
    No,
    /// RFC 3261 §9.1: a CANCEL must wait for the first provisional answer.
    Wanted,
    Sent,
}

impl Ua {
    /// Calls a URI or a number; `media` is where the stream is to arrive.
    pub(crate) fn dial(&mut self, now: Instant, target: &str, media: SocketAddr) -> Result<CallNumber, Refusal> {
        if self.calls.len() >= self.settings.phone.lines.clamp(1, LINES_MAX) {
            return Err(Refusal::NoLine);
        }
        let number = self.next_number();
        let target = self.full_uri(target);
        let mut call = Call {
            media: Some(media),
            session: self.rng.next_u64() >> 33,
            version: 0,
            codecs: self.settings.phone.codecs.clone(),
            phase: Phase::Dialing(Dialing {
                branch: String::new(),
                early: None,
                cancel: Cancel::No,
                early_media: false,
            }),
        };
        let offer = call.local().map(|local| local.offer(&call.codecs, Direction::BOTH)).unwrap_or_default();
        let mut headers = Headers::default();
        let (own, tag) = (self.own_address(), self.tag());
        headers.push(rsip::headers::From::new(format!("{own};tag={tag}")).into());
        headers.push(rsip::headers::To::new(format!("<{target}>")).into());
        let call_id = format!("{:016x}@{}", self.rng.next_u64(), self.settings.contact.ip());
        headers.push(rsip::headers::CallId::new(call_id).into());
        headers.push(Header::CSeq(rsip::headers::CSeq::new("1 INVITE")));
        headers.push(rsip::headers::Allow::new(super::ALLOW).into());
        for (name, value) in &self.settings.phone.headers {
            headers.push(plain(name, value));
        }
        let mut request = Request {
            method: Method::Invite,
            uri: message::uri(&target),
            headers,
            version: Version::V2,
            body: Vec::new(),
        };
        message::set_body(&mut request.headers, &mut request.body, "application/sdp", offer);
        self.calls.insert(number, call);
        self.event(PhoneEvent::Dialing { call: number, to: target });
        self.start(now, request, Aim { purpose: Purpose::Invite(number), tries: 0 });
        Ok(number)
    }

    pub(super) fn next_number(&mut self) -> CallNumber {
        self.calls_made += 1;
        CallNumber(self.calls_made)
    }

    /// A bare number, or a `tel:` URI, which `rsip` cannot carry, becomes a user of our server.
    pub(super) fn full_uri(&self, target: &str) -> String {
        let server = &self.settings.phone.server;
        let target = target.trim();
        match target.split_once(':') {
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("sip") || scheme.eq_ignore_ascii_case("sips") => {
                target.to_owned()
            }
            Some((scheme, number)) if scheme.eq_ignore_ascii_case("tel") => format!("sip:{number}@{server};user=phone"),
            _ if target.contains('@') => format!("sip:{target}"),
            // RFC 3261 §25.1: `#` is no character of a user part.
            _ => format!("sip:{}@{server}", target.replace('#', "%23")),
        }
    }

    pub(super) fn invite_answered(&mut self, now: Instant, number: CallNumber, invite: &Request, response: &Response) {
        match response.status_code.code() {
            100 => self.cancel_if_wanted(now, number),
            101..=199 => self.invite_progress(now, number, invite, response),
            200..=299 => self.invite_accepted(now, number, invite, response),
            code => {
                let cause = match self.calls.get(&number).map(|call| &call.phase) {
                    Some(Phase::Dialing(dialing)) if dialing.cancel != Cancel::No => Cause::Local,
                    _ => Cause::Refused,
                };
                let reason = header(response, "Reason").or_else(|| header(response, "Warning"));
                self.end(number, CallEnd { cause, status: Some(code), reason });
            }
        }
    }

    fn invite_progress(&mut self, now: Instant, number: CallNumber, invite: &Request, response: &Response) {
        let status = response.status_code.code();
        let Some(call) = self.calls.get_mut(&number) else { return };
        let Phase::Dialing(dialing) = &mut call.phase else { return };
        dialing.early = Dialog::from_response(invite, response);
        let agreed = Remote::parse(&response.body).and_then(|remote| remote.agree(&call.codecs, Direction::BOTH));
        let first = agreed.is_some() && !dialing.early_media;
        dialing.early_media |= first;
        self.event(PhoneEvent::Ringing { call: number, status });
        self.outputs.push_back(Output::Progress { call: number, progress: Progress::Ringing });
        if let Some(agreed) = agreed.filter(|_| first) {
            self.event(PhoneEvent::EarlyMedia { call: number });
            self.outputs.push_back(Output::Media { call: number, agreed, talking: false });
        }
        self.cancel_if_wanted(now, number);
    }

    fn invite_accepted(&mut self, now: Instant, number: CallNumber, invite: &Request, response: &Response) {
        let Some(mut dialog) = Dialog::from_response(invite, response) else { return };
        let repeated = match self.calls.get(&number).map(|call| &call.phase) {
            Some(Phase::Up(up)) if up.dialog.remote_tag == dialog.remote_tag => up.ack.clone(),
            _ => None,
        };
        if let Some((peer, bytes)) = repeated {
            // RFC 3261 §13.2.2.4: every repeat of the 2xx is acknowledged again.
            return self.outputs.push_back(Output::Send { peer, bytes });
        }
        let ack = dialog.request(Method::Ack, Some(dialog.sequence));
        let ack = self.send_once(ack);
        let dialing = match self.calls.get(&number) {
            Some(Call { phase: Phase::Dialing(dialing), codecs, .. }) => {
                Some((dialing.cancel != Cancel::No, codecs.clone()))
            }
            _ => None,
        };
        let Some((cancelled, codecs)) = dialing else {
            // A second branch of a forked call answered as well: it is taken and let go.
            return self.bye_astray(now, dialog);
        };
        let remote = Remote::parse(&response.body);
        let agreed = remote.as_ref().and_then(|remote| remote.agree(&codecs, Direction::BOTH));
        let Some(agreed) = agreed.filter(|_| !cancelled) else {
            self.bye_astray(now, dialog);
            let cause = if cancelled { Cause::Local } else { Cause::Failed };
            let reason = (!cancelled).then(|| "no usable answer in the session description".to_owned());
            return self.end(number, CallEnd { cause, status: Some(response.status_code.code()), reason });
        };
        if let Some(call) = self.calls.get_mut(&number) {
            call.phase = Phase::Up(Box::new(Up::new(dialog, Some(ack), Some(agreed))));
        }
        self.answered(number, agreed);
    }

    fn bye_astray(&mut self, now: Instant, mut dialog: Dialog) {
        let bye = dialog.request(Method::Bye, None);
        self.start(now, bye, Aim { purpose: Purpose::Cancel, tries: 0 });
    }

    pub(super) fn invite_unanswered(&mut self, number: CallNumber) {
        self.end(number, CallEnd { cause: Cause::NoAnswer, status: None, reason: None });
    }

    /// Gives up a call that is not answered yet.
    pub(super) fn cancel(&mut self, now: Instant, number: CallNumber) {
        if let Some(Call { phase: Phase::Dialing(dialing), .. }) = self.calls.get_mut(&number)
            && dialing.cancel == Cancel::No
        {
            dialing.cancel = Cancel::Wanted;
        }
        self.cancel_if_wanted(now, number);
    }

    fn cancel_if_wanted(&mut self, now: Instant, number: CallNumber) {
        let Some(Call { phase: Phase::Dialing(dialing), .. }) = self.calls.get_mut(&number) else { return };
        let invite =
            self.clients.iter_mut().find(|client| client.branch == dialing.branch && client.method == Method::Invite);
        let Some(invite) = invite.filter(|invite| invite.has_provisional() && dialing.cancel == Cancel::Wanted) else {
            return;
        };
        dialing.cancel = Cancel::Sent;
        invite.give_up_after(now);
        let request = beside(&invite.request, Method::Cancel, None);
        let (branch, peer) = (invite.branch.clone(), invite.peer);
        self.outputs.push_back(Output::Send { peer, bytes: request.to_string().into_bytes() });
        let aim = Aim { purpose: Purpose::Cancel, tries: 0 };
        self.clients.push(ClientTransaction::new(now, branch, request, peer, aim));
    }

    /// RFC 3261 §17.1.1.3: the ACK of a refusal belongs to the INVITE's own transaction.
    pub(super) fn acknowledge_refusal(&mut self, index: usize, response: &Response) {
        let client = &mut self.clients[index];
        let bytes = beside(&client.request, Method::Ack, header(response, "To")).to_string().into_bytes();
        client.ack = Some(bytes.clone());
        let peer = client.peer;
        self.outputs.push_back(Output::Send { peer, bytes });
    }
}

/// A CANCEL or ACK with the Via, routes and numbers of its INVITE.
fn beside(invite: &Request, method: Method, to: Option<String>) -> Request {
    let mut headers = Headers::default();
    for header in invite.headers().iter() {
        match header {
            Header::Via(_) | Header::Route(_) | Header::From(_) | Header::CallId(_) | Header::MaxForwards(_) => {
                headers.push(header.clone());
            }
            Header::To(_) => match &to {
                Some(to) => headers.push(rsip::headers::To::new(to.clone()).into()),
                None => headers.push(header.clone()),
            },
            _ => {}
        }
    }
    let sequence = Essentials::read(invite).map_or(1, |essentials| essentials.sequence);
    headers.push(Header::CSeq(rsip::headers::CSeq::new(format!("{sequence} {method}"))));
    headers.push(rsip::headers::ContentLength::new("0").into());
    Request { method, uri: invite.uri.clone(), headers, version: Version::V2, body: Vec::new() }
}
