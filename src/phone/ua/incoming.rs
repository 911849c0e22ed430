//! Requests of the other side: calls to us first of all (RFC 3261 §8.2, §13.3).

use std::net::SocketAddr;
use std::time::Instant;

use rsip::prelude::UntypedHeader;
use rsip::{Method, Request};

use super::midcall::Up;
use super::{Aim, Call, Output, Phase, Progress, Purpose, Refusal, Ua};
use crate::phone::dialog::Dialog;
use crate::phone::event::{CallEnd, CallNumber, Cause, PhoneEvent};
use crate::phone::limits::{LINES_MAX, TRANSACTIONS_MAX};
use crate::phone::message::{self, Essentials, header};
use crate::phone::sdp::{Agreed, Direction, Remote};
use crate::phone::transaction::ServerTransaction;
use crate::phone::transport::Peer;

/// A call to us that is not answered yet.
pub(super) struct Offered {
    pub(super) dialog: Dialog,
    invite: Request,
    /// None: the INVITE brought no offer, so our answer makes one.
    offer: Option<Agreed>,
}

impl Ua {
    pub(super) fn handle_request(&mut self, now: Instant, request: Request, peer: Peer) {
        let Some(essentials) = Essentials::read(&request) else { return };
        if request.method == Method::Ack {
            return self.handle_ack(&request, &essentials);
        }
        let known = self.servers.iter().find(|s| s.branch == essentials.branch && s.method == request.method);
        if let Some(server) = known {
            let (answer, peer) = (server.handle_repeat(), server.peer);
            if let Some(bytes) = answer {
                self.outputs.push_back(Output::Send { peer, bytes });
            }
            return;
        }
        if self.servers.len() >= TRANSACTIONS_MAX {
            return;
        }
        let branch = essentials.branch.clone();
        self.servers.push(ServerTransaction::new(branch, request.clone(), peer));
        if request.method == Method::Cancel {
            return self.handle_cancel(now, &request, &essentials);
        }
        let owner = self.calls.iter().find(|(_, call)| call.dialog().is_some_and(|dialog| dialog.owns(&essentials)));
        match owner.map(|(number, _)| *number) {
            Some(number) => self.handle_in_dialog(now, number, &request, &essentials),
            None if !essentials.to_tag.is_empty() => self.respond_plainly(now, &request, 481),
            None => self.handle_out_of_dialog(now, &request, &essentials),
        }
    }

    fn handle_out_of_dialog(&mut self, now: Instant, request: &Request, essentials: &Essentials) {
        match request.method {
            Method::Invite => self.handle_invite(now, request),
            Method::Options => self.respond_plainly(now, request, 200),
            Method::Bye | Method::Notify | Method::Info | Method::Update => self.respond_plainly(now, request, 481),
            _ => {
                tracing::debug!(method = %essentials.method, "a method this phone does not speak");
                self.respond_plainly(now, request, 405);
            }
        }
    }

    fn handle_invite(&mut self, now: Instant, request: &Request) {
        if let Some(required) = header(request, "Require").filter(|value| !value.is_empty()) {
            // RFC 3261 §8.2.2.3: nothing optional is supported.
            let tag = self.tag();
            return self.respond(now, request, &tag, 420, |response| {
                response.headers.push(rsip::headers::Unsupported::new(required).into());
            });
        }
        if self.calls.len() >= self.settings.phone.lines.clamp(1, LINES_MAX) {
            return self.respond_plainly(now, request, 486);
        }
        let codecs = self.settings.phone.codecs.clone();
        let offer = if request.body.is_empty() {
            None
        } else {
            let Some(agreed) = Remote::parse(&request.body).and_then(|remote| remote.agree(&codecs, Direction::BOTH))
            else {
                return self.respond_plainly(now, request, 488);
            };
            Some(agreed)
        };
        let tag = self.tag();
        let first = (self.rng.next_u32() >> 16) + 1;
        let Some(dialog) = Dialog::from_invite(request, &tag, first) else {
            return self.respond_plainly(now, request, 400);
        };
        self.respond(now, request, "", 100, |_| {});
        let number = self.next_number();
        let session = self.rng.next_u64() >> 33;
        let phase = Phase::Offered(Box::new(Offered { dialog, invite: request.clone(), offer }));
        self.calls.insert(number, Call { media: None, session, version: 0, codecs, phase });
        self.event(PhoneEvent::Incoming {
            call: number,
            from: header(request, "From").unwrap_or_default(),
            to: header(request, "To").unwrap_or_default(),
            headers: message::other_headers(request),
        });
        self.outputs.push_back(Output::Incoming(number));
    }

    /// The media port of an incoming call.
    pub(crate) fn media_ready(&mut self, number: CallNumber, media: SocketAddr) {
        if let Some(call) = self.calls.get_mut(&number) {
            call.media = Some(media);
        }
    }

    pub(crate) fn ring(&mut self, now: Instant, number: CallNumber) -> Result<(), Refusal> {
        let (invite, tag) = self.offered(number)?;
        let contact = self.contact_header();
        self.respond(now, &invite, &tag, 180, |response| response.headers.push(contact));
        Ok(())
    }

    pub(crate) fn reject(&mut self, now: Instant, number: CallNumber, code: u16) -> Result<(), Refusal> {
        let (invite, tag) = self.offered(number)?;
        self.respond(now, &invite, &tag, code, |_| {});
        self.end(number, CallEnd { cause: Cause::Rejected, status: Some(code), reason: None });
        Ok(())
    }

    pub(crate) fn answer(&mut self, now: Instant, number: CallNumber) -> Result<(), Refusal> {
        let (invite, tag) = self.offered(number)?;
        let Some(call) = self.calls.get_mut(&number) else { return Err(Refusal::WrongState) };
        let local = call.local().ok_or(Refusal::WrongState)?;
        let Phase::Offered(offered) = &call.phase else { return Err(Refusal::WrongState) };
        let (dialog, agreed) = (offered.dialog.clone(), offered.offer);
        let text = match &agreed {
            Some(agreed) => local.answer(agreed),
            None => local.offer(&call.codecs, Direction::BOTH),
        };
        call.phase = Phase::Up(Box::new(Up::new(dialog, None, agreed)));
        let contact = self.contact_header();
        self.respond(now, &invite, &tag, 200, |response| {
            response.headers.push(contact);
            response.headers.push(rsip::headers::Allow::new(super::ALLOW).into());
            message::set_body(&mut response.headers, &mut response.body, "application/sdp", text);
        });
        if let Some(agreed) = agreed {
            self.answered(number, agreed);
        }
        Ok(())
    }

    fn offered(&self, number: CallNumber) -> Result<(Request, String), Refusal> {
        match self.calls.get(&number).map(|call| &call.phase) {
            Some(Phase::Offered(offered)) => Ok((offered.invite.clone(), offered.dialog.local_tag.clone())),
            _ => Err(Refusal::WrongState),
        }
    }

    /// The call is up and its stream is agreed.
    pub(super) fn answered(&mut self, number: CallNumber, agreed: Agreed) {
        self.event(PhoneEvent::Answered { call: number, codec: agreed.codec, remote: agreed.remote.to_string() });
        self.outputs.push_back(Output::Media { call: number, agreed, talking: true });
        self.outputs.push_back(Output::Progress { call: number, progress: Progress::Answered });
    }

    fn handle_cancel(&mut self, now: Instant, request: &Request, essentials: &Essentials) {
        let invite =
            self.servers.iter().find(|s| s.branch == essentials.branch && s.method == Method::Invite && s.is_open());
        let open = invite.is_some();
        self.respond_plainly(now, request, if open { 200 } else { 481 });
        let number = self.calls.iter().find_map(|(number, call)| match &call.phase {
            Phase::Offered(offered) => {
                let same = Essentials::read(&offered.invite).is_some_and(|invite| invite.branch == essentials.branch);
                same.then_some(*number)
            }
            _ => None,
        });
        if let (true, Some(number)) = (open, number)
            && let Ok((invite, tag)) = self.offered(number)
        {
            self.respond(now, &invite, &tag, 487, |_| {});
            let reason = header(request, "Reason");
            self.end(number, CallEnd { cause: Cause::Cancelled, status: Some(487), reason });
        }
    }

    fn handle_ack(&mut self, request: &Request, essentials: &Essentials) {
        let acknowledged = |server: &ServerTransaction| {
            server.method == Method::Invite
                && server.awaits_ack()
                && Essentials::read(&server.request).is_some_and(|invite| {
                    invite.call_id == essentials.call_id && invite.sequence == essentials.sequence
                })
        };
        if let Some(server) = self.servers.iter_mut().find(|server| acknowledged(server)) {
            server.handle_ack();
        }
        let owner = self.calls.iter().find(|(_, call)| call.dialog().is_some_and(|dialog| dialog.owns(essentials)));
        if let Some(number) = owner.map(|(number, _)| *number) {
            self.late_answer(number, request);
        }
    }

    /// Our 2xx was never acknowledged (RFC 3261 §13.3.1.4): the dialog is there, and is ended.
    pub(super) fn unacknowledged(&mut self, now: Instant, server: &ServerTransaction) {
        let Some(essentials) = Essentials::read(&server.request) else { return };
        let owner = self.calls.iter_mut().find_map(|(number, call)| match &mut call.phase {
            Phase::Up(up) if up.dialog.call_id == essentials.call_id && up.dialog.remote_tag == essentials.from_tag => {
                Some((*number, up.dialog.request(Method::Bye, None)))
            }
            _ => None,
        });
        if let Some((number, bye)) = owner {
            self.start(now, bye, Aim { purpose: Purpose::Cancel, tries: 0 });
            self.end(number, CallEnd { cause: Cause::Failed, status: None, reason: Some("no ACK".to_owned()) });
        }
    }
}
