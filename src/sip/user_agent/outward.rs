//! Calls that go out: from the INVITE to its final answer.

use super::causes::{better, cause_of, reason_of};
use super::core::Core;
use super::dialog::Dialog;
use super::identity;
use super::machine::{Owner, UserAgent};
use super::peer::Peer;
use super::requests::{ALLOW, SDP, SUPPORTED_LINE};
use super::session::{Attempt, Outward, Phase, Session, Up};
use crate::header::HeaderName;
use crate::input::{Output, Place, Protocol};
use crate::limits::MAX_FORWARDS;
use crate::transaction::Failure;
use crate::uri::OwnedUri;
use crate::{CSeq, Message, MessageWriter, Method, StatusCode};
use base::Key;
use core::net::SocketAddr;
use model::{Cause, CauseKind, Dial, DialTarget, LegEvent, Sdp, Source};

/// Somewhere to send an INVITE.
pub(crate) struct Contact {
    pub(crate) uri: OwnedUri,
    pub(crate) place: Place,
}

impl UserAgent {
    pub(crate) fn dial(&mut self, dial: Box<Dial>) {
        let leg = dial.leg;
        if self.calls.key_of(leg).is_some() {
            return;
        }
        let (source, contacts) = match &dial.to {
            DialTarget::Phone(phone) => (Source::Phone(*phone), self.contacts(*phone)),
            DialTarget::Trunk { trunk, .. } => (Source::Trunk(*trunk), Vec::new()),
        };
        let Some(first) = contacts.first() else {
            return self.core.emit(LegEvent::Refused { leg, cause: CauseKind::Unregistered.into() });
        };
        let came_from = first.place.remote().ip();
        let tag = self.core.tag(leg);
        let call_id = self.core.call_id();
        let from = identity::from_value(&self.core, &dial, tag.as_str());
        let outward = Outward { dial, from, attempts: Vec::new(), refusal: None, rang: false };
        let session = self.calls.insert_with(|_| Session {
            leg,
            peer: Peer(source),
            call_id,
            tag,
            came_from,
            phase: Phase::Outward(Box::new(outward)),
        });
        for contact in contacts {
            self.invite(session, contact);
        }
    }

    /// Sends one more INVITE for a leg.
    pub(crate) fn invite(&mut self, session: Key, contact: Contact) {
        let Some(Session { phase: Phase::Outward(outward), call_id, .. }) = self.calls.get_mut(session) else { return };
        let attempt = outward.attempts.len() as u16;
        let Contact { uri, place } = contact;
        let entry = Attempt { client: None, uri, place, cseq: 1 };
        let product = self.core.config.user_agent.clone();
        let client =
            self.clients.start(&mut self.core, place, Owner::Invite { session, attempt }, |core, branch, out| {
                let mut writer = MessageWriter::request(out, Method::Invite, &entry.uri.uri());
                core.via(&mut writer, &place, branch.as_str());
                writer.number(HeaderName::MaxForwards, MAX_FORWARDS).raw(HeaderName::From, &outward.from);
                write_to(core, &outward.dial, &mut writer);
                writer.text(HeaderName::CallId, call_id);
                writer.header(&CSeq { number: entry.cseq, method: Method::Invite });
                if let Some(contact) = core.contact(&place) {
                    writer.address(HeaderName::Contact, None, &contact.uri(), &[]);
                }
                writer.text(HeaderName::Allow, ALLOW).text(HeaderName::Supported, SUPPORTED_LINE);
                if !product.is_empty() {
                    writer.text(HeaderName::UserAgent, &product);
                }
                identity::write_identity(core, &outward.dial, &mut writer);
                if outward.dial.auto_answer {
                    write_auto_answer(&mut writer);
                }
                end(writer, outward.dial.offer.as_ref());
            });
        outward.attempts.push(Attempt { client: Some(client), ..entry });
    }

    pub(crate) fn handle_invite_response(
        &mut self,
        message: &Message<'_>,
        status: StatusCode,
        client: Key,
        session: Key,
        attempt: u16,
    ) {
        if status.is_success() {
            return self.handle_success(message, client, session);
        }
        let Some(Session { phase: Phase::Outward(outward), leg, .. }) = self.calls.get_mut(session) else { return };
        let leg = *leg;
        if status.is_provisional() {
            if status > StatusCode::TRYING {
                let sdp = super::inward::body(message).ok().flatten();
                let news = !outward.rang || sdp.is_some();
                outward.rang |= news;
                if news {
                    self.core.emit(LegEvent::Ringing { leg, sdp });
                }
            }
            return;
        }
        self.fail_attempt(session, attempt, cause_of(status));
    }

    pub(crate) fn handle_invite_failure(&mut self, session: Key, attempt: u16, failure: Failure) {
        let cause = match failure {
            Failure::TimedOut => Cause::with_sip(CauseKind::Unreachable, 408),
            Failure::Transport => Cause::with_sip(CauseKind::Unreachable, 503),
        };
        self.fail_attempt(session, attempt, cause);
    }

    fn fail_attempt(&mut self, session: Key, attempt: u16, cause: Cause) {
        let Some(Session { phase: Phase::Outward(outward), leg, .. }) = self.calls.get_mut(session) else { return };
        let leg = *leg;
        let Some(failed) = outward.attempts.get_mut(usize::from(attempt)) else { return };
        failed.client = None;
        let worst = outward.refusal.map_or(cause, |old| better(old, cause));
        outward.refusal = Some(worst);
        // RFC 3261 §16.7 step 5: a 6xx speaks for all contacts.
        let speaks_for_all = cause.sip.is_some_and(|s| s >= 600);
        if outward.attempts.iter().all(|a| a.client.is_none()) || speaks_for_all {
            let cause = if speaks_for_all { cause } else { worst };
            self.give_up(session, CauseKind::Cancelled.into());
            self.core.emit(LegEvent::Refused { leg, cause });
        }
    }

    /// Cancels what still rings and forgets the leg. A 2xx that crosses the CANCEL finds no session and is ended.
    pub(crate) fn give_up(&mut self, session: Key, cause: Cause) {
        let Some(Session { phase: Phase::Outward(outward), .. }) = self.end_session(session) else { return };
        for client in outward.attempts.iter().filter_map(|a| a.client) {
            self.clients.cancel(&mut self.core, client, Owner::Nobody, reason_of(cause));
        }
    }

    fn handle_success(&mut self, message: &Message<'_>, client: Key, session: Key) {
        let to_tag = message.to().tag().unwrap_or_default();
        if !self.clients.is_new_dialog(&self.core, client, to_tag) {
            return self.acknowledge_again(message, client, session);
        }
        let place = self.clients.place(client).expect("its response was just matched");
        let outward = matches!(self.calls.get(session), Some(Session { phase: Phase::Outward(_), .. }));
        let dialog = self.calls.get(session).map_or(Peer(Source::Phone(model::PhoneId(0))), |s| s.peer);
        let dialog = Dialog::of_response(&self.core, message, &place, dialog);
        match dialog {
            Ok(dialog) if outward => self.take_success(message, session, client, dialog),
            // A forked or late 2xx: acknowledged and ended (RFC 3261 §13.2.2.4).
            Ok(dialog) => self.end_stray(dialog),
            // Without Contact or tag there is no way to reach the callee.
            Err(_) if outward => {
                let Some(Session { leg, .. }) = self.calls.get(session) else { return };
                let leg = *leg;
                self.give_up(session, CauseKind::Cancelled.into());
                self.core.emit(LegEvent::Refused { leg, cause: CauseKind::ProtocolError.into() });
            }
            Err(_) => {}
        }
    }

    /// The first 2xx wins; the other contacts are told that somebody else answered.
    fn take_success(&mut self, message: &Message<'_>, key: Key, client: Key, dialog: Dialog) {
        let Some(session) = self.calls.get_mut(key) else { return };
        let leg = session.leg;
        let invite_cseq = dialog.local_cseq;
        let up = Up { dialog, unacked: None, hangup: None, ack_body: None, invite_cseq, merge_key: None };
        let Phase::Outward(outward) = core::mem::replace(&mut session.phase, Phase::Up(Box::new(up))) else {
            unreachable!("the caller looked at the phase");
        };
        for other in outward.attempts.iter().filter_map(|a| a.client).filter(|c| *c != client) {
            let reason = reason_of(CauseKind::AnsweredElsewhere.into());
            self.clients.cancel(&mut self.core, other, Owner::Nobody, reason);
        }
        self.acknowledge(key);
        let sdp = super::inward::body(message).ok().flatten();
        self.core.emit(LegEvent::Answered { leg, sdp });
    }

    fn end_stray(&mut self, mut dialog: Dialog) {
        let cseq = dialog.local_cseq;
        self.send_ack(&dialog, cseq, None);
        let cseq_bye = dialog.next_cseq();
        self.clients.start(&mut self.core, dialog.place, Owner::Nobody, |core, branch, out| {
            dialog.request(core, out, Method::Bye, cseq_bye, branch).end();
        });
    }

    /// ACK of the 2xx that made or changed the session.
    pub(crate) fn acknowledge(&mut self, key: Key) {
        let Some(Session { phase: Phase::Up(up), .. }) = self.calls.get(key) else { return };
        let mut bytes = self.core.buffer();
        let branch = self.core.ack_branch();
        let writer = up.dialog.request(&self.core, &mut bytes, Method::Ack, up.invite_cseq, &branch);
        end(writer, up.ack_body.as_ref());
        let place = up.dialog.place;
        self.core.send(&place, &bytes);
        self.core.recycle(bytes);
    }

    /// A 2xx came again: its ACK was lost.
    fn acknowledge_again(&mut self, message: &Message<'_>, client: Key, session: Key) {
        let ours = match self.calls.get(session) {
            Some(Session { phase: Phase::Up(up), .. }) => {
                *up.dialog.remote_tag == *message.to().tag().unwrap_or_default()
                    && up.invite_cseq == message.cseq().number
            }
            Some(_) | None => false,
        };
        if ours {
            return self.acknowledge(session);
        }
        let Some(place) = self.clients.place(client) else { return };
        let peer = Peer(Source::Phone(model::PhoneId(0)));
        if let Ok(dialog) = Dialog::of_response(&self.core, message, &place, peer) {
            self.send_ack(&dialog, message.cseq().number, None);
        }
    }

    fn send_ack(&mut self, dialog: &Dialog, cseq: u32, sdp: Option<&Sdp>) {
        let mut bytes = self.core.buffer();
        let branch = self.core.ack_branch();
        end(dialog.request(&self.core, &mut bytes, Method::Ack, cseq, &branch), sdp);
        self.core.send(&dialog.place, &bytes);
        self.core.recycle(bytes);
    }

    /// Where a device can be reached now.
    fn contacts(&mut self, phone: model::PhoneId) -> Vec<Contact> {
        let Some(contact) = &self.core.directory().phone(phone).contact else { return Vec::new() };
        let Some(address) = super::peer::contact_address(contact) else { return Vec::new() };
        let Ok(uri) = OwnedUri::parse(contact) else { return Vec::new() };
        let tcp = uri.uri().sip().and_then(|s| s.transport()).is_some_and(|t| t.eq_ignore_ascii_case("tcp"));
        let protocol = if tcp { Protocol::Tcp } else { Protocol::Udp };
        self.place_at(protocol, address).map(|place| Contact { uri, place }).into_iter().collect()
    }

    /// The way to an address; opens a stream where one is needed and none is there.
    pub(crate) fn place_at(&mut self, protocol: Protocol, remote: SocketAddr) -> Option<Place> {
        match protocol {
            Protocol::Udp => {
                self.core.listener_for(protocol, remote).map(|listener| Place::Datagram { listener, remote })
            }
            Protocol::Tcp => match self.core.flows.to(remote) {
                super::flows::Route::Existing(connection) => Some(Place::Stream { connection, remote }),
                super::flows::Route::New(connection) => {
                    self.core.outputs.push_back(Output::Connect { connection, remote });
                    Some(Place::Stream { connection, remote })
                }
                super::flows::Route::Full => None,
            },
        }
    }
}

pub(crate) fn end(writer: MessageWriter<'_>, sdp: Option<&Sdp>) {
    match sdp {
        Some(sdp) => writer.body(SDP, &sdp.0),
        None => writer.end(),
    }
}

fn write_to(core: &Core, dial: &Dial, writer: &mut MessageWriter<'_>) {
    let uri = match &dial.to {
        DialTarget::Phone(id) => identity::own_uri(core, &core.directory().phone(*id).id),
        DialTarget::Trunk { number, .. } => identity::own_uri(core, number),
    };
    writer.address(HeaderName::To, None, &uri.uri(), &[]);
}

/// RFC 5373, and what phones understand in its place.
fn write_auto_answer(writer: &mut MessageWriter<'_>) {
    writer.text(HeaderName::AnswerMode, "Auto");
    writer.text(HeaderName::AlertInfo, "<http://localhost>;info=alert-autoanswer;delay=0");
    writer.text(HeaderName::CallInfo, "<sip:localhost>;answer-after=0");
}
