//! The user agent: what the phone says in SIP, sans-IO. Messages, commands and time come in, [`Output`]s go out.

mod incoming;
mod midcall;
mod outgoing;
mod register;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Instant;

use base::Rng;
use rsip::prelude::UntypedHeader;
use rsip::{Header, Method, Request, Response, SipMessage};

use self::midcall::Up;
use self::outgoing::Dialing;
use self::register::Registration;
use super::dialog::Dialog;
use super::digest::Challenge;
use super::event::{CallEnd, CallNumber, PhoneEvent};
use super::limits::TRANSACTIONS_MAX;
use super::message::{self, Essentials, plain};
use super::options::{Codec, PhoneConfig};
use super::sdp::{Agreed, Local};
use super::transaction::{ClientTransaction, Due, ServerTransaction, Verdict};
use super::transport::Peer;

pub(crate) const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, NOTIFY, UPDATE";

/// Names a command whose result somebody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Ticket(pub(crate) u64);

/// Why something that was asked for did not happen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("refused with {0}")]
    Status(u16),
    #[error("no answer")]
    NoAnswer,
    #[error("the call is not in a state for this")]
    WrongState,
    #[error("the phone is closed")]
    Closed,
    #[error("all lines are in use")]
    NoLine,
    #[error("the host `{0}` of --server has no address")]
    NoSuchHost(String),
    #[error("the socket or file cannot be opened: {0}")]
    Io(std::io::ErrorKind),
}

/// How far a call has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Nothing heard yet, or offered to us and not yet answered.
    New,
    Ringing,
    Answered,
    Ended(CallEnd),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Output {
    Send {
        peer: Peer,
        bytes: Vec<u8>,
    },
    Event(PhoneEvent),
    /// A call has come in: it wants a media port, then [`Ua::media_ready`].
    Incoming(CallNumber),
    /// The stream of a call as agreed from now on; `talking` once the call is answered.
    Media {
        call: CallNumber,
        agreed: Agreed,
        talking: bool,
    },
    Progress {
        call: CallNumber,
        progress: Progress,
    },
    Done {
        ticket: Ticket,
        result: Result<(), Refusal>,
    },
}

/// What the user agent needs of the phone's configuration, with the addresses the sockets got.
pub(crate) struct Settings {
    pub(crate) phone: PhoneConfig,
    pub(crate) server: SocketAddr,
    /// Address the other side reaches us at.
    pub(crate) contact: SocketAddr,
}

/// Why a request was sent.
#[derive(Clone, Debug)]
enum Purpose {
    Register { ticket: Option<Ticket>, remove: bool },
    Invite(CallNumber),
    Reinvite { call: CallNumber, ticket: Ticket },
    Cancel,
    Bye(CallNumber),
    Info(Ticket),
    Refer(CallNumber),
}

/// A purpose and how often its request has been sent with a new answer to a challenge.
#[derive(Clone, Debug)]
struct Aim {
    purpose: Purpose,
    tries: u8,
}

/// One call and what is known of it in each phase.
struct Call {
    media: Option<SocketAddr>,
    session: u64,
    version: u64,
    codecs: Vec<Codec>,
    phase: Phase,
}

enum Phase {
    Dialing(Dialing),
    Offered(Box<incoming::Offered>),
    Up(Box<Up>),
    /// Our BYE is out.
    Leaving(Dialog),
}

impl Call {
    fn dialog(&self) -> Option<&Dialog> {
        match &self.phase {
            Phase::Dialing(dialing) => dialing.early.as_ref(),
            Phase::Offered(offered) => Some(&offered.dialog),
            Phase::Up(up) => Some(&up.dialog),
            Phase::Leaving(dialog) => Some(dialog),
        }
    }

    /// Our next session description.
    fn local(&mut self) -> Option<Local> {
        self.version += 1;
        Some(Local { address: self.media?, session: self.session, version: self.version })
    }
}

pub(crate) struct Ua {
    settings: Settings,
    rng: Rng,
    outputs: VecDeque<Output>,
    clients: Vec<ClientTransaction<Aim>>,
    servers: Vec<ServerTransaction>,
    calls: BTreeMap<CallNumber, Call>,
    registration: Registration,
    /// The last challenge answered; used again, with a higher count, until the server sends another.
    challenge: Option<Challenge>,
    calls_made: u32,
}

impl Ua {
    pub(crate) fn new(settings: Settings, mut rng: Rng) -> Self {
        let registration = Registration::new(format!("{:016x}@{}", rng.next_u64(), settings.contact.ip()));
        Self {
            settings,
            rng,
            outputs: VecDeque::new(),
            clients: Vec::new(),
            servers: Vec::new(),
            calls: BTreeMap::new(),
            registration,
            challenge: None,
            calls_made: 0,
        }
    }

    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let clients = self.clients.iter().filter_map(ClientTransaction::poll_timeout);
        let servers = self.servers.iter().filter_map(ServerTransaction::poll_timeout);
        clients.chain(servers).chain(self.registration.poll_timeout()).min()
    }

    /// Requests of ours that still wait for their final answer.
    pub(crate) fn is_quiet(&self) -> bool {
        self.calls.is_empty() && !self.clients.iter().any(ClientTransaction::is_open)
    }

    /// One datagram or framed message.
    pub(crate) fn handle_message(&mut self, now: Instant, bytes: &[u8], peer: Peer) {
        match message::parse(bytes) {
            Ok(SipMessage::Request(request)) => self.handle_request(now, request, peer),
            Ok(SipMessage::Response(response)) => self.handle_response(now, &response),
            Err(_) => tracing::debug!(bytes = bytes.len(), "a message that rsip does not take is dropped"),
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.registration_timeout(now);
        let mut index = 0;
        while index < self.clients.len() {
            match self.clients[index].handle_timeout(now) {
                Some(Due::Resend(bytes)) => {
                    let peer = self.clients[index].peer;
                    self.outputs.push_back(Output::Send { peer, bytes });
                    index += 1;
                }
                Some(Due::Finished) => drop(self.clients.swap_remove(index)),
                Some(Due::TimedOut) => {
                    let client = self.clients.swap_remove(index);
                    self.unanswered(now, client.aim());
                }
                None => index += 1,
            }
        }
        let mut index = 0;
        while index < self.servers.len() {
            match self.servers[index].handle_timeout(now) {
                Some(Due::Resend(bytes)) => {
                    let peer = self.servers[index].peer;
                    self.outputs.push_back(Output::Send { peer, bytes });
                    index += 1;
                }
                Some(Due::Finished) => drop(self.servers.swap_remove(index)),
                Some(Due::TimedOut) => {
                    let server = self.servers.swap_remove(index);
                    self.unacknowledged(now, &server);
                }
                None => index += 1,
            }
        }
    }

    fn handle_response(&mut self, now: Instant, response: &Response) {
        let Some(essentials) = Essentials::read(response) else { return };
        let code = response.status_code.code();
        let found = self.clients.iter().position(|c| c.branch == essentials.branch && c.method == essentials.method);
        let Some(index) = found else { return };
        match self.clients[index].handle_response(now, code) {
            Verdict::Ignore => return,
            Verdict::Repeat => {
                if let Some(bytes) = self.clients[index].ack.clone() {
                    let peer = self.clients[index].peer;
                    self.outputs.push_back(Output::Send { peer, bytes });
                }
                return;
            }
            Verdict::Deliver => {}
        }
        let (request, aim) = (self.clients[index].request.clone(), self.clients[index].aim().clone());
        if essentials.method == Method::Invite && code >= 300 {
            self.acknowledge_refusal(index, response);
        }
        if matches!(code, 401 | 407) && self.retry_with_answer(now, &request, &aim, response) {
            return;
        }
        match aim.purpose {
            Purpose::Register { ticket, remove } => self.register_answered(now, ticket, remove, response),
            Purpose::Invite(call) => self.invite_answered(now, call, &request, response),
            Purpose::Reinvite { call, ticket } => self.reinvite_answered(call, ticket, &request, response),
            Purpose::Bye(call) if code >= 200 => self.bye_answered(call),
            Purpose::Info(ticket) if code >= 200 => self.done(ticket, code),
            Purpose::Refer(call) => self.refer_answered(call, code),
            Purpose::Cancel | Purpose::Bye(_) | Purpose::Info(_) => {}
        }
    }

    /// Nothing answered a request for 32 seconds.
    fn unanswered(&mut self, now: Instant, aim: &Aim) {
        match aim.purpose.clone() {
            Purpose::Register { ticket, .. } => self.register_unanswered(now, ticket),
            Purpose::Invite(call) => self.invite_unanswered(call),
            Purpose::Reinvite { ticket, .. } | Purpose::Info(ticket) => self.refuse(ticket, Refusal::NoAnswer),
            Purpose::Bye(call) => self.bye_answered(call),
            Purpose::Refer(call) => self.refer_answered(call, 408),
            Purpose::Cancel => {}
        }
    }

    /// RFC 3261 §22: the same request once more, with credentials. False when there is nothing to say.
    fn retry_with_answer(&mut self, now: Instant, request: &Request, aim: &Aim, response: &Response) -> bool {
        let proxy = response.status_code.code() == 407;
        let name = if proxy { "Proxy-Authenticate" } else { "WWW-Authenticate" };
        // RFC 8760 §2.4: challenges come in the server's order of preference; the first one understood is answered.
        let Some(challenge) = message::headers(response, name).iter().find_map(|value| Challenge::parse(value, proxy))
        else {
            return false;
        };
        let enough = aim.tries >= 3 || (aim.tries >= 1 && !challenge.stale);
        if enough || self.settings.phone.password.is_none() {
            return false;
        }
        self.challenge = Some(challenge);
        let mut again = request.clone();
        again
            .headers
            .retain(|h| !matches!(h, Header::Via(_) | Header::Authorization(_) | Header::ProxyAuthorization(_)));
        let Some(essentials) = Essentials::read(request) else { return false };
        let sequence = essentials.sequence + 1;
        let cseq = rsip::headers::CSeq::new(format!("{sequence} {}", request.method));
        again.headers.unique_push(Header::CSeq(cseq));
        self.note_sequence(&aim.purpose, sequence);
        let aim = Aim { purpose: aim.purpose.clone(), tries: aim.tries + 1 };
        self.start(now, again, aim);
        true
    }

    /// The number of a repeated request belongs to its dialog or registration.
    fn note_sequence(&mut self, purpose: &Purpose, sequence: u32) {
        match purpose {
            Purpose::Register { .. } => self.registration.sequence = sequence,
            Purpose::Reinvite { call, .. } | Purpose::Bye(call) | Purpose::Refer(call) => {
                if let Some(Call { phase: Phase::Up(up), .. }) = self.calls.get_mut(call) {
                    up.dialog.sequence = sequence;
                }
            }
            Purpose::Invite(_) | Purpose::Cancel | Purpose::Info(_) => {}
        }
    }

    /// Sends a request in a new transaction and gives back its branch.
    fn start(&mut self, now: Instant, mut request: Request, aim: Aim) -> String {
        let branch = format!("z9hG4bK{:016x}", self.rng.next_u64());
        let peer = self.next_hop(&request);
        self.dress(&mut request, &branch);
        self.authorise(&mut request);
        if let Purpose::Invite(call) = aim.purpose
            && let Some(Call { phase: Phase::Dialing(dialing), .. }) = self.calls.get_mut(&call)
        {
            dialing.branch.clone_from(&branch);
        }
        self.outputs.push_back(Output::Send { peer, bytes: request.to_string().into_bytes() });
        if self.clients.len() < TRANSACTIONS_MAX {
            self.clients.push(ClientTransaction::new(now, branch.clone(), request, peer, aim));
        }
        branch
    }

    /// Sends a request that nobody answers: an ACK. Gives back its bytes for repeats.
    fn send_once(&mut self, mut request: Request) -> (Peer, Vec<u8>) {
        let branch = format!("z9hG4bK{:016x}", self.rng.next_u64());
        let peer = self.next_hop(&request);
        self.dress(&mut request, &branch);
        let bytes = request.to_string().into_bytes();
        self.outputs.push_back(Output::Send { peer, bytes: bytes.clone() });
        (peer, bytes)
    }

    /// The headers every request of ours carries.
    fn dress(&mut self, request: &mut Request, branch: &str) {
        let sent_by = self.settings.contact;
        let transport = if self.is_tcp() { "TCP" } else { "UDP" };
        let via = rsip::headers::Via::new(format!("SIP/2.0/{transport} {sent_by};branch={branch};rport"));
        let mut headers = rsip::Headers::default();
        headers.push(via.into());
        headers.extend(request.headers.clone().into_iter().collect());
        request.headers = headers;
        request.headers.unique_push(Header::MaxForwards(rsip::headers::MaxForwards::new("70")));
        request.headers.unique_push(Header::UserAgent(rsip::headers::UserAgent::new("strowger-phone")));
        if matches!(request.method, Method::Invite | Method::Register | Method::Update | Method::Refer) {
            let contact = self.contact_header();
            request.headers.unique_push(contact);
        }
        if !request.headers.iter().any(|h| matches!(h, Header::ContentLength(_))) {
            request.headers.push(rsip::headers::ContentLength::new("0").into());
        }
    }

    /// Answers the last challenge in advance, as RFC 7616 §3.6 allows, so that most requests need one round trip.
    fn authorise(&mut self, request: &mut Request) {
        let phone = &self.settings.phone;
        let (Some(challenge), Some(password)) = (&mut self.challenge, &phone.password) else { return };
        if matches!(request.method, Method::Ack | Method::Cancel) {
            return;
        }
        let cnonce = format!("{:016x}", self.rng.next_u64());
        let (method, uri) = (request.method.to_string(), request.uri.to_string());
        let value = challenge.answer(&phone.user, password, &method, &uri, &cnonce);
        let header = if challenge.proxy {
            Header::ProxyAuthorization(rsip::headers::ProxyAuthorization::new(value))
        } else {
            Header::Authorization(rsip::headers::Authorization::new(value))
        };
        request.headers.unique_push(header);
    }

    /// A request goes to the address its first Route or its URI names when that is one, else to our server.
    fn next_hop(&self, request: &Request) -> Peer {
        let outside = message::parameter(&message::header(request, "To").unwrap_or_default(), "tag").is_none();
        let route = message::header(request, "Route");
        let hop = route.as_deref().map_or_else(|| request.uri.to_string(), |route| message::uri_text(route).to_owned());
        let address = if outside { None } else { message::socket_address(&hop) };
        Peer {
            address: address.unwrap_or(self.settings.server),
            transport: self.settings.phone.transport,
            connection: None,
        }
    }

    fn contact_header(&self) -> Header {
        let tcp = if self.is_tcp() { ";transport=tcp" } else { "" };
        let value = format!("<sip:{}@{}{tcp}>", self.settings.phone.user, self.settings.contact);
        rsip::headers::Contact::new(value).into()
    }

    fn is_tcp(&self) -> bool {
        self.settings.phone.transport == super::options::Transport::Tcp
    }

    /// Our address of record with a display name, without a tag.
    fn own_address(&self) -> String {
        let phone = &self.settings.phone;
        let uri = format!("<sip:{}@{}>", phone.user, phone.server.host);
        if phone.display_name.is_empty() {
            uri
        } else {
            format!("\"{}\" {uri}", phone.display_name.replace(['"', '\\'], ""))
        }
    }

    /// Answers a request and remembers the answer for repeats.
    fn respond(
        &mut self,
        now: Instant,
        request: &Request,
        to_tag: &str,
        code: u16,
        change: impl FnOnce(&mut Response),
    ) {
        let Some(essentials) = Essentials::read(request) else { return };
        let found = self.servers.iter_mut().find(|s| s.branch == essentials.branch && s.method == request.method);
        let Some(server) = found else { return };
        let mut response = message::response(request, server.peer.address, code, to_tag);
        change(&mut response);
        if !response.headers.iter().any(|h| matches!(h, Header::ContentLength(_))) {
            response.headers.push(rsip::headers::ContentLength::new("0").into());
        }
        let bytes = response.to_string().into_bytes();
        server.handle_answer(now, code, bytes.clone());
        let peer = Peer { address: message::reply_address(request, server.peer.address), ..server.peer };
        server.peer = peer;
        self.outputs.push_back(Output::Send { peer, bytes });
    }

    fn respond_plainly(&mut self, now: Instant, request: &Request, code: u16) {
        let tag = self.tag();
        self.respond(now, request, &tag, code, |response| {
            if matches!(code, 405 | 200) {
                response.headers.push(rsip::headers::Allow::new(ALLOW).into());
            }
            if code == 200 && request.method == Method::Options {
                response.headers.push(rsip::headers::Accept::new("application/sdp, application/dtmf-relay").into());
                response.headers.push(plain("Accept-Language", "en"));
            }
        });
    }

    fn tag(&mut self) -> String {
        format!("{:012x}", self.rng.next_u64() >> 16)
    }

    fn event(&mut self, event: PhoneEvent) {
        self.outputs.push_back(Output::Event(event));
    }

    fn done(&mut self, ticket: Ticket, code: u16) {
        let result = if (200..300).contains(&code) { Ok(()) } else { Err(Refusal::Status(code)) };
        self.outputs.push_back(Output::Done { ticket, result });
    }

    fn refuse(&mut self, ticket: Ticket, refusal: Refusal) {
        self.outputs.push_back(Output::Done { ticket, result: Err(refusal) });
    }

    /// The call is over, whatever its phase was.
    fn end(&mut self, number: CallNumber, end: CallEnd) {
        let Some(call) = self.calls.remove(&number) else { return };
        if let Phase::Up(up) = call.phase
            && let Some(ticket) = up.transfer
        {
            // RFC 5589 §6.1: a far side that hangs up on a transferor has taken the transfer over.
            self.outputs.push_back(Output::Done { ticket, result: Ok(()) });
        }
        self.event(PhoneEvent::Ended { call: number, end: end.clone() });
        self.outputs.push_back(Output::Progress { call: number, progress: Progress::Ended(end) });
    }
}

impl ClientTransaction<Aim> {
    fn aim(&self) -> &Aim {
        &self.purpose
    }
}
