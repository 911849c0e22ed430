//! Client transactions: what we asked and wait to hear about.

use super::rewrite::{VIA_TCP, VIA_UDP, by_stream_if_large, swap_transport, write_ack_head, write_cancel};
use super::{Action, ClientInvite, ClientInviteEvent, ClientNonInvite, ClientNonInviteEvent, Timer};
use crate::header::HeaderName;
use crate::home::{Branch, BranchText};
use crate::input::{ConnectionId, Place};
use crate::user_agent::{Core, Due};
use crate::{Message, MessageWriter, Method, StatusCode};
use base::{Key, Slab, TimerId};
use core::time::Duration;
use std::borrow::Cow;

/// Requests in flight. `O` names whoever wants to hear the outcome.
#[derive(Debug)]
pub(crate) struct Clients<O> {
    slab: Slab<Client<O>>,
}

#[derive(Debug)]
struct Client<O> {
    machine: Machine,
    owner: O,
    /// Where it was meant to go: what makes a dialog or is told of a failure.
    meant: Place,
    /// Where it goes: a stream instead of a datagram when it is large.
    place: Place,
    nonce: u32,
    /// The request while it may be sent again or cancelled; of a refused INVITE the head of its ACK.
    message: Vec<u8>,
    /// The CANCEL that goes by the same branch.
    cancel: Option<Key>,
    /// A CANCEL waits for the first provisional response (RFC 3261 §9.1).
    cancel_wanted: Option<Option<Cow<'static, str>>>,
    /// Hashes of the To tags whose 2xx has been dealt with.
    accepted: Vec<u64>,
    retransmission: Option<TimerId>,
    interval: Duration,
    deadline: Option<TimerId>,
}

#[derive(Clone, Copy, Debug)]
enum Machine {
    Invite(ClientInvite),
    NonInvite(ClientNonInvite),
}

/// Why a transaction ended without a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    TimedOut,
    Transport,
}

/// What [`Clients::handle_response`] found.
pub(crate) enum Heard<O> {
    /// No such transaction.
    Stray,
    /// Dealt with: a repetition, or something nobody waits for.
    Absorbed,
    For(Key, O),
}

impl<O> Default for Clients<O> {
    fn default() -> Self {
        Clients { slab: Slab::new() }
    }
}

impl<O: Copy + Default> Clients<O> {
    pub(crate) fn len(&self) -> usize {
        self.slab.len()
    }

    /// Sends a request and waits for its answer. `write` gets our branch and an empty buffer.
    pub(crate) fn start(
        &mut self,
        core: &mut Core,
        place: Place,
        owner: O,
        write: impl FnOnce(&mut Core, &BranchText, &mut Vec<u8>),
    ) -> Key {
        let place = core.live(place);
        let nonce = core.name() as u32;
        let key = self.slab.insert(Client {
            machine: Machine::NonInvite(ClientNonInvite::INITIAL),
            owner,
            meant: place,
            place,
            nonce,
            message: Vec::new(),
            cancel: None,
            cancel_wanted: None,
            accepted: Vec::new(),
            retransmission: None,
            interval: Duration::ZERO,
            deadline: None,
        });
        let branch = Branch { shard: core.config.shard, key, nonce };
        let mut message = core.buffer();
        write(core, &branch.text(), &mut message);
        let place = by_stream_if_large(core, place, &mut message);
        core.send(&place, &message);
        let client = self.slab.get_mut(key).expect("inserted above");
        client.message = message;
        client.place = place;
        if client.message.starts_with(b"INVITE ") {
            client.machine = Machine::Invite(ClientInvite::INITIAL);
        }
        self.on_request(core, key);
        key
    }

    fn on_request(&mut self, core: &mut Core, key: Key) {
        match self.slab.get(key).map(|c| c.machine) {
            Some(Machine::Invite(_)) => _ = self.on_invite(core, key, ClientInviteEvent::Request, None),
            Some(Machine::NonInvite(_)) => _ = self.on_non_invite(core, key, ClientNonInviteEvent::Request),
            None => {}
        }
    }

    pub(crate) fn handle_response(&mut self, core: &mut Core, message: &Message<'_>, status: StatusCode) -> Heard<O> {
        let Some(key) = self.find(core, message) else { return Heard::Stray };
        let client = self.slab.get(key).expect("just found");
        let owner = client.owner;
        let outcome = match client.machine {
            Machine::Invite(_) => {
                let event = match status.class() {
                    1 => ClientInviteEvent::Provisional,
                    2 => ClientInviteEvent::Success,
                    _ => ClientInviteEvent::Refusal,
                };
                self.on_invite(core, key, event, Some(message))
            }
            Machine::NonInvite(_) => {
                let event = match status.class() {
                    1 => ClientNonInviteEvent::Provisional,
                    _ => ClientNonInviteEvent::Final,
                };
                self.on_non_invite(core, key, event)
            }
        };
        match outcome {
            Some(Upcall::Message) => Heard::For(key, owner),
            Some(Upcall::Failed(_)) | None => Heard::Absorbed,
        }
    }

    /// A response belongs to the branch and the method it names (RFC 3261 §17.1.3).
    fn find(&self, core: &Core, message: &Message<'_>) -> Option<Key> {
        let branch = Branch::read(message.via().branch()?)?;
        let client = self.slab.get(branch.key).filter(|c| c.nonce == branch.nonce)?;
        if branch.shard != core.config.shard {
            return None;
        }
        match (client.machine, message.method()) {
            (Machine::Invite(_), Method::Cancel) => client.cancel.filter(|k| self.slab.contains(*k)),
            (Machine::Invite(_), Method::Invite) => Some(branch.key),
            (Machine::NonInvite(_), method) if method != Method::Invite && method != Method::Cancel => Some(branch.key),
            (Machine::Invite(_) | Machine::NonInvite(_), _) => None,
        }
    }

    pub(crate) fn handle_timer(&mut self, core: &mut Core, key: Key, timer: Timer) -> Option<(Key, O, Failure)> {
        let client = self.slab.get_mut(key)?;
        let owner = client.owner;
        if timer.retransmits() {
            client.retransmission = None;
        } else {
            client.deadline = None;
        }
        let outcome = match client.machine {
            Machine::Invite(_) => self.on_invite(core, key, ClientInviteEvent::Fired(timer), None),
            Machine::NonInvite(_) => self.on_non_invite(core, key, ClientNonInviteEvent::Fired(timer)),
        };
        failed(key, owner, outcome)
    }

    /// Fails every transaction on a stream that is gone.
    pub(crate) fn handle_stream_closed(&mut self, core: &mut Core, connection: ConnectionId) -> Vec<(Key, O, Failure)> {
        let on_it = |c: &Client<O>| matches!(c.place, Place::Stream { connection: c, .. } if c == connection);
        let keys: Vec<Key> = self.slab.iter().filter(|(_, c)| on_it(c)).map(|(k, _)| k).collect();
        let mut failures = Vec::new();
        for key in keys {
            let Some(client) = self.slab.get_mut(key) else { continue };
            if client.back_to_datagrams(core) {
                self.on_request(core, key);
                continue;
            }
            let owner = client.owner;
            let outcome = match client.machine {
                Machine::Invite(_) => self.on_invite(core, key, ClientInviteEvent::TransportError, None),
                Machine::NonInvite(_) => self.on_non_invite(core, key, ClientNonInviteEvent::TransportError),
            };
            failures.extend(failed(key, owner, outcome));
        }
        failures
    }

    pub(crate) fn place(&self, key: Key) -> Option<Place> {
        self.slab.get(key).map(|c| c.meant)
    }

    /// True the first time a 2xx with this To tag is seen.
    pub(crate) fn is_new_dialog(&mut self, core: &Core, key: Key, to_tag: &str) -> bool {
        let hash = core.table_key.hash(&[to_tag.as_bytes()]);
        let Some(client) = self.slab.get_mut(key) else { return true };
        if client.accepted.contains(&hash) {
            return false;
        }
        client.accepted.push(hash);
        true
    }

    /// RFC 3261 §9.1: only after a provisional response, only before a final one. An INVITE without one yet is
    /// cancelled when it gets it.
    pub(crate) fn cancel(&mut self, core: &mut Core, key: Key, reason: Option<Cow<'static, str>>) {
        let Some(client) = self.slab.get_mut(key) else { return };
        match client.machine {
            Machine::Invite(ClientInvite::Calling) => client.cancel_wanted = Some(reason),
            Machine::Invite(ClientInvite::Proceeding) if client.cancel.is_none() => {
                self.send_cancel(core, key, reason);
            }
            Machine::Invite(_) | Machine::NonInvite(_) => {}
        }
    }

    fn send_cancel(&mut self, core: &mut Core, key: Key, reason: Option<Cow<'static, str>>) {
        let Some(client) = self.slab.get_mut(key) else { return };
        let invite = core::mem::take(&mut client.message);
        let place = client.place;
        let cancel = self.start(core, place, O::default(), |_, _, out| write_cancel(&invite, reason.as_deref(), out));
        let Some(client) = self.slab.get_mut(key) else { return };
        client.message = invite;
        client.cancel = Some(cancel);
        core.stop(&mut client.deadline);
        client.deadline = Some(core.after(super::GIVE_UP, Due::Client(key, Timer::B)));
    }

    /// Lets go of a request without waiting for its answer.
    pub(crate) fn abandon(&mut self, core: &mut Core, key: Key) {
        if let Some(client) = self.slab.get_mut(key) {
            core.stop(&mut client.retransmission);
            core.stop(&mut client.deadline);
            self.remove(core, key);
        }
    }

    /// Whether an INVITE has not had any response yet.
    pub(crate) fn is_calling(&self, key: Key) -> bool {
        matches!(self.slab.get(key).map(|c| c.machine), Some(Machine::Invite(ClientInvite::Calling)))
    }

    fn on_invite(
        &mut self,
        core: &mut Core,
        key: Key,
        event: ClientInviteEvent,
        response: Option<&Message<'_>>,
    ) -> Option<Upcall> {
        let client = self.slab.get_mut(key)?;
        let Machine::Invite(state) = client.machine else { return None };
        let (next, actions) = state.on(event);
        client.machine = Machine::Invite(next);
        let upcall = client.act(core, key, actions, response);
        if next == ClientInvite::Accepted {
            core.recycle(core::mem::take(&mut client.message));
        }
        if next == ClientInvite::Proceeding
            && let Some(reason) = client.cancel_wanted.take()
        {
            self.send_cancel(core, key, reason);
            return upcall;
        }
        // A timer of no length has fired already.
        match client.elapsed() {
            Some(timer) => _ = self.on_invite(core, key, ClientInviteEvent::Fired(timer), None),
            None if next == ClientInvite::Terminated => self.remove(core, key),
            None => {}
        }
        upcall
    }

    fn on_non_invite(&mut self, core: &mut Core, key: Key, event: ClientNonInviteEvent) -> Option<Upcall> {
        let client = self.slab.get_mut(key)?;
        let Machine::NonInvite(state) = client.machine else { return None };
        let (next, actions) = state.on(event);
        client.machine = Machine::NonInvite(next);
        let upcall = client.act(core, key, actions, None);
        if next == ClientNonInvite::Completed {
            core.recycle(core::mem::take(&mut client.message));
        }
        match client.elapsed() {
            Some(timer) => _ = self.on_non_invite(core, key, ClientNonInviteEvent::Fired(timer)),
            None if next == ClientNonInvite::Terminated => self.remove(core, key),
            None => {}
        }
        upcall
    }

    fn remove(&mut self, core: &mut Core, key: Key) {
        if let Some(client) = self.slab.remove(key) {
            core.recycle(client.message);
        }
    }
}

enum Upcall {
    Message,
    Failed(Failure),
}

fn failed<O>(key: Key, owner: O, outcome: Option<Upcall>) -> Option<(Key, O, Failure)> {
    match outcome? {
        Upcall::Failed(failure) => Some((key, owner, failure)),
        Upcall::Message => None,
    }
}

impl<O> Client<O> {
    fn act(&mut self, core: &mut Core, key: Key, actions: &[Action], response: Option<&Message<'_>>) -> Option<Upcall> {
        let mut upcall = None;
        for action in actions {
            match action {
                Action::Retransmit => core.send(&self.place, &self.message),
                Action::Acknowledge => self.acknowledge(core, response),
                Action::Start(timer) => {
                    self.start_timer(core, key, *timer, timer.first(self.place.protocol().is_reliable()))
                }
                Action::StartSlow(timer) => {
                    self.interval = super::T2;
                    self.retransmission = Some(core.after(self.interval, Due::Client(key, *timer)));
                }
                Action::Stop => {
                    core.stop(&mut self.retransmission);
                    core.stop(&mut self.deadline);
                }
                Action::PassUp => upcall = Some(Upcall::Message),
                Action::TimedOut => upcall = Some(Upcall::Failed(Failure::TimedOut)),
                Action::TransportFailed => upcall = Some(Upcall::Failed(Failure::Transport)),
                Action::Cancel => self.cancel_wanted = Some(None),
                Action::Respond => unreachable!("no client machine responds"),
            }
        }
        upcall
    }

    /// RFC 3261 §18.1.1: a large request goes as a datagram after all when its stream could not be opened. True when it
    /// was sent again.
    fn back_to_datagrams(&mut self, core: &mut Core) -> bool {
        let unanswered = matches!(
            self.machine,
            Machine::Invite(ClientInvite::Calling) | Machine::NonInvite(ClientNonInvite::Trying)
        );
        if !unanswered || self.place == self.meant || !swap_transport(&mut self.message, VIA_TCP, VIA_UDP) {
            return false;
        }
        self.place = self.meant;
        core.stop(&mut self.retransmission);
        core.stop(&mut self.deadline);
        core.send(&self.place, &self.message);
        true
    }

    fn start_timer(&mut self, core: &mut Core, key: Key, timer: Timer, first: Option<Duration>) {
        let Some(first) = first else { return };
        if timer.retransmits() {
            self.interval = if self.interval.is_zero() { first } else { timer.next(self.interval) };
            self.retransmission = Some(core.after(self.interval, Due::Client(key, timer)));
        } else if timer == Timer::C && self.cancel.is_some() {
            // The wait for the end of a cancelled INVITE is not made longer by one more ring.
        } else if !first.is_zero() {
            core.stop(&mut self.deadline);
            self.deadline = Some(core.after(first, Due::Client(key, timer)));
        }
    }

    /// The timer that would run now but has no length over a stream.
    fn elapsed(&self) -> Option<Timer> {
        if !self.place.protocol().is_reliable() {
            return None;
        }
        match self.machine {
            Machine::Invite(ClientInvite::Completed) => Some(Timer::D),
            Machine::NonInvite(ClientNonInvite::Completed) => Some(Timer::K),
            Machine::Invite(_) | Machine::NonInvite(_) => None,
        }
    }

    /// RFC 3261 §17.1.1.3. The head of the ACK replaces the request, which is not needed again.
    fn acknowledge(&mut self, core: &mut Core, response: Option<&Message<'_>>) {
        let Some(response) = response else { return };
        if self.message.starts_with(b"INVITE ") {
            let mut head = core.buffer();
            write_ack_head(&self.message, &mut head);
            head.shrink_to_fit();
            core.recycle(core::mem::replace(&mut self.message, head));
        }
        let mut ack = core.buffer();
        ack.extend_from_slice(&self.message);
        let mut writer = MessageWriter::resume(&mut ack);
        for name in [HeaderName::From, HeaderName::To, HeaderName::CallId] {
            writer.raw(name, response.raw(name).unwrap_or_default());
        }
        writer.header(&crate::CSeq { number: response.cseq().number, method: Method::Ack });
        writer.end();
        core.send(&self.place, &ack);
        core.recycle(ack);
    }
}
