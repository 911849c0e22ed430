//! The four transactions of RFC 3261 §17 (with RFC 6026), sans-IO: time is an argument, bytes go out by return value.

use std::time::{Duration, Instant};

use rsip::{Method, Request};

use super::limits::{T1, T2, TRANSACTION_LIFE};
use super::transport::Peer;

/// What became due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Resend(Vec<u8>),
    /// No answer came, or no ACK: the transaction has failed.
    TimedOut,
    /// Its memory of repeats is no longer needed.
    Finished,
}

/// What to do with a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// News for the user of the transaction.
    Deliver,
    /// A repeat of the final answer: the ACK goes out again.
    Repeat,
    Ignore,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ClientState {
    /// Calling or Trying.
    Waiting,
    Proceeding,
    /// Final answer seen; repeats are absorbed.
    Completed,
    /// RFC 6026: an INVITE with a 2xx, whose repeats its dialog acknowledges.
    Accepted,
}

/// A request of ours and why it was sent.
#[derive(Debug)]
pub(crate) struct ClientTransaction<P> {
    pub(crate) branch: String,
    pub(crate) method: Method,
    pub(crate) request: Request,
    pub(crate) peer: Peer,
    pub(crate) purpose: P,
    /// The ACK of a refused INVITE, for repeats.
    pub(crate) ack: Option<Vec<u8>>,
    state: ClientState,
    interval: Duration,
    resend_at: Option<Instant>,
    /// Timer B, F, D, K or M; None for an INVITE that is ringing.
    deadline: Option<Instant>,
}

impl<P> ClientTransaction<P> {
    pub(crate) fn new(now: Instant, branch: String, request: Request, peer: Peer, purpose: P) -> Self {
        Self {
            branch,
            method: request.method,
            request,
            purpose,
            ack: None,
            state: ClientState::Waiting,
            interval: T1,
            resend_at: (!peer.is_reliable()).then_some(now + T1),
            deadline: Some(now + TRANSACTION_LIFE),
            peer,
        }
    }

    pub(crate) fn handle_response(&mut self, now: Instant, code: u16) -> Verdict {
        let invite = self.method == Method::Invite;
        match (self.state, code) {
            (ClientState::Waiting | ClientState::Proceeding, 100..=199) => {
                self.state = ClientState::Proceeding;
                if invite {
                    // RFC 3261 §17.1.1.2: a provisional response ends timers A and B; the user decides how long it rings.
                    (self.resend_at, self.deadline) = (None, None);
                } else {
                    self.interval = T2;
                }
                Verdict::Deliver
            }
            (ClientState::Waiting | ClientState::Proceeding, _) => {
                self.state = if invite && code < 300 { ClientState::Accepted } else { ClientState::Completed };
                (self.resend_at, self.deadline) = (None, Some(now + TRANSACTION_LIFE));
                Verdict::Deliver
            }
            (ClientState::Accepted, 200..=299) => Verdict::Deliver,
            (ClientState::Completed, 300..) if invite => Verdict::Repeat,
            _ => Verdict::Ignore,
        }
    }

    /// RFC 3261 §9.1: a cancelled INVITE that never gets its final answer is given up after 64·T1.
    pub(crate) fn give_up_after(&mut self, now: Instant) {
        self.deadline.get_or_insert(now + TRANSACTION_LIFE);
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, ClientState::Waiting | ClientState::Proceeding)
    }

    pub(crate) fn has_provisional(&self) -> bool {
        self.state == ClientState::Proceeding
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        [self.resend_at, self.deadline].into_iter().flatten().min()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Option<Due> {
        if self.deadline.is_some_and(|at| at <= now) {
            return Some(if self.is_open() { Due::TimedOut } else { Due::Finished });
        }
        self.resend_at.filter(|at| *at <= now)?;
        self.interval = match self.method {
            // RFC 3261 §17.1.1.2: timer A doubles without bound.
            Method::Invite => self.interval * 2,
            _ => (self.interval * 2).min(T2),
        };
        self.resend_at = Some(now + self.interval);
        Some(Due::Resend(self.request.to_string().into_bytes()))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ServerState {
    /// Not finally answered yet.
    Proceeding,
    /// A refused INVITE waits for its ACK, repeating the answer.
    Completed,
    /// An accepted INVITE waits for its ACK, repeating the 2xx.
    Accepted,
    /// Nothing more will be sent but repeats on demand.
    Confirmed,
}

/// A request of the other side and our last answer to it.
#[derive(Debug)]
pub(crate) struct ServerTransaction {
    pub(crate) branch: String,
    pub(crate) method: Method,
    pub(crate) request: Request,
    pub(crate) peer: Peer,
    last: Option<Vec<u8>>,
    state: ServerState,
    interval: Duration,
    resend_at: Option<Instant>,
    deadline: Option<Instant>,
}

impl ServerTransaction {
    pub(crate) fn new(branch: String, request: Request, peer: Peer) -> Self {
        Self {
            branch,
            method: request.method,
            request,
            peer,
            last: None,
            state: ServerState::Proceeding,
            interval: T1,
            resend_at: None,
            deadline: None,
        }
    }

    /// Notes the answer that is being sent.
    pub(crate) fn handle_answer(&mut self, now: Instant, code: u16, bytes: Vec<u8>) {
        self.last = Some(bytes);
        if code < 200 {
            return;
        }
        self.deadline = Some(now + TRANSACTION_LIFE);
        if self.method != Method::Invite {
            self.state = ServerState::Confirmed;
            return;
        }
        self.state = if code < 300 { ServerState::Accepted } else { ServerState::Completed };
        // RFC 3261 §13.3.1.4: a 2xx is repeated over every transport, because only the ACK comes end to end.
        let repeat = code < 300 || !self.peer.is_reliable();
        self.resend_at = repeat.then_some(now + T1);
    }

    /// The answer to a repeated request; None while there is none, or when the repeat only tells of an ACK under way.
    pub(crate) fn handle_repeat(&self) -> Option<Vec<u8>> {
        match self.state {
            ServerState::Confirmed if self.method == Method::Invite => None,
            _ => self.last.clone(),
        }
    }

    /// An ACK has come.
    pub(crate) fn handle_ack(&mut self) {
        if matches!(self.state, ServerState::Completed | ServerState::Accepted) {
            self.state = ServerState::Confirmed;
            self.resend_at = None;
        }
    }

    pub(crate) fn awaits_ack(&self) -> bool {
        matches!(self.state, ServerState::Completed | ServerState::Accepted)
    }

    pub(crate) fn is_open(&self) -> bool {
        self.state == ServerState::Proceeding
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        [self.resend_at, self.deadline].into_iter().flatten().min()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Option<Due> {
        if self.deadline.is_some_and(|at| at <= now) {
            return Some(if self.state == ServerState::Accepted { Due::TimedOut } else { Due::Finished });
        }
        self.resend_at.filter(|at| *at <= now)?;
        self.interval = (self.interval * 2).min(T2);
        self.resend_at = Some(now + self.interval);
        self.last.clone().map(Due::Resend)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::message;
    use crate::phone::options::Transport;

    fn request(method: &str) -> Request {
        let text = format!(
            "{method} sip:a@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:b@h>;tag=1\r\nTo: <sip:a@h>\r\n\
             Call-ID: c\r\nCSeq: 1 {method}\r\nContent-Length: 0\r\n\r\n"
        );
        match message::parse(text.as_bytes()).expect("parses") {
            rsip::SipMessage::Request(request) => request,
            rsip::SipMessage::Response(_) => panic!("a request"),
        }
    }

    fn peer(transport: Transport) -> Peer {
        Peer { address: "127.0.0.1:5060".parse().expect("an address"), transport, connection: None }
    }

    /// Milliseconds after the start at which something is sent, and what ends it.
    fn run(mut fire: impl FnMut(Instant) -> Option<Due>, start: Instant) -> (Vec<u128>, Due) {
        let mut sent = Vec::new();
        let mut now = start;
        loop {
            now += Duration::from_millis(100);
            match fire(now) {
                Some(Due::Resend(_)) => sent.push((now - start).as_millis()),
                Some(end) => return (sent, end),
                None => assert!(now - start < Duration::from_secs(60), "it must end"),
            }
        }
    }

    #[test]
    fn unanswered_invite_is_repeated_with_doubling_pauses_and_times_out() {
        let start = Instant::now();
        let mut client = ClientTransaction::new(start, "b".into(), request("INVITE"), peer(Transport::Udp), ());
        let (sent, end) = run(|now| client.handle_timeout(now), start);
        assert_eq!(sent, [500, 1_500, 3_500, 7_500, 15_500, 31_500]);
        assert_eq!(end, Due::TimedOut);
    }

    #[test]
    fn unanswered_register_is_repeated_up_to_every_four_seconds() {
        let start = Instant::now();
        let mut client = ClientTransaction::new(start, "b".into(), request("REGISTER"), peer(Transport::Udp), ());
        let (sent, end) = run(|now| client.handle_timeout(now), start);
        assert_eq!(sent, [500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
        assert_eq!(end, Due::TimedOut);
    }

    #[test]
    fn tcp_requests_are_sent_once() {
        let start = Instant::now();
        let mut client = ClientTransaction::new(start, "b".into(), request("INVITE"), peer(Transport::Tcp), ());
        assert_eq!(run(|now| client.handle_timeout(now), start), (vec![], Due::TimedOut));
    }

    #[test]
    fn ringing_invite_waits_without_timers_until_it_is_given_up() {
        let start = Instant::now();
        let mut client = ClientTransaction::new(start, "b".into(), request("INVITE"), peer(Transport::Udp), ());
        assert_eq!(client.handle_response(start, 180), Verdict::Deliver);
        assert_eq!(client.poll_timeout(), None);
        client.give_up_after(start);
        assert_eq!(client.poll_timeout(), Some(start + TRANSACTION_LIFE));
    }

    #[test]
    fn final_answers_are_delivered_once_and_then_repeat_the_ack() {
        let now = Instant::now();
        let mut client = ClientTransaction::new(now, "b".into(), request("INVITE"), peer(Transport::Udp), ());
        assert_eq!(client.handle_response(now, 486), Verdict::Deliver);
        assert_eq!(client.handle_response(now, 486), Verdict::Repeat);
        assert_eq!(client.handle_response(now, 180), Verdict::Ignore);
        let mut client = ClientTransaction::new(now, "b".into(), request("INVITE"), peer(Transport::Udp), ());
        assert_eq!(client.handle_response(now, 200), Verdict::Deliver);
        assert_eq!(client.handle_response(now, 200), Verdict::Deliver, "RFC 6026: every 2xx reaches the dialog");
    }

    #[test]
    fn accepted_invite_repeats_its_2xx_until_the_ack() {
        let start = Instant::now();
        let mut server = ServerTransaction::new("b".into(), request("INVITE"), peer(Transport::Tcp));
        assert_eq!(server.handle_repeat(), None);
        server.handle_answer(start, 200, b"200".to_vec());
        assert_eq!(server.handle_timeout(start + T1), Some(Due::Resend(b"200".to_vec())));
        server.handle_ack();
        assert_eq!(server.handle_repeat(), None);
        let (sent, end) = run(|now| server.handle_timeout(now), start);
        assert_eq!((sent, end), (vec![], Due::Finished));
    }

    #[test]
    fn accepted_invite_without_ack_fails() {
        let start = Instant::now();
        let mut server = ServerTransaction::new("b".into(), request("INVITE"), peer(Transport::Udp));
        server.handle_answer(start, 200, b"200".to_vec());
        let (sent, end) = run(|now| server.handle_timeout(now), start);
        assert_eq!(sent.len(), 10);
        assert_eq!(end, Due::TimedOut);
    }
}
