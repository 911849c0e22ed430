//! One signalling thread: sockets and letters in, datagrams and orders out, `now` stamped once a turn.

use crate::clock::Clock;
use crate::epoll::Epoll;
use crate::letter::{Letter, LetterBox};
use crate::limits::{FACTS_WAITING, FIRST_PORTS_TIME, SHORTAGE_TOLD_EACH, STOP_TIME, TURN_TIME};
use crate::media::MediaPool;
use crate::pace::{Pace, Step, sharpen_timers};
use crate::resolve::Resolver;
use crate::stream::Streams;
use crate::trace;
use crate::udp::{Inbox, Outbox, UdpListener};
use base::{Instant, Now};
use crossbeam::channel::Sender;
use engine::{Answer, Input, Output, Shard, Ticket};
use model::{Actor, Cause, CauseKind, Fact, Stamped};
use sip::{ConnectionId, Destination, home_of};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

const TOKEN_WAKE: u64 = u64::MAX;

/// A turn costs about as much as the answer to one message. Below 300 calls a second each message has its own; the
/// longest wait is half of what a call's set-up may take.
const GATHER: &[Step] =
    &[Step { rate: 20_000, wait: Duration::from_micros(500) }, Step { rate: 4_000, wait: Duration::from_micros(250) }];

/// What a shard lets others read at any time.
#[derive(Debug, Default)]
pub struct ShardGauges {
    pub contacts: AtomicUsize,
    pub datagrams_in: AtomicU64,
    pub datagrams_out: AtomicU64,
    pub datagrams_lost: AtomicU64,
    /// Nanoseconds since the clock's origin when the loop last turned: a stuck loop shows.
    pub turned_at: AtomicU64,
}

/// Everything a loop owns or shares.
pub(crate) struct ShardLoop {
    pub(crate) clock: Clock,
    pub(crate) shard: Shard,
    pub(crate) listeners: Arc<Vec<UdpListener>>,
    pub(crate) letters: LetterBox,
    pub(crate) boxes: Vec<LetterBox>,
    pub(crate) media: Arc<MediaPool>,
    pub(crate) streams: Streams,
    pub(crate) resolver: Resolver,
    pub(crate) runtime: Handle,
    pub(crate) facts: Sender<Stamped>,
    pub(crate) answers: Sender<(Ticket, Answer)>,
    pub(crate) gauges: Arc<ShardGauges>,
}

struct Turn {
    epoll: Epoll,
    inbox: Inbox,
    outboxes: Vec<Outbox>,
    writers: HashMap<ConnectionId, mpsc::Sender<Box<[u8]>>>,
    message: Vec<u8>,
    /// Facts the journal had no room for; new calls are refused long before there are any.
    facts_behind: std::collections::VecDeque<Stamped>,
    stop_at: Option<Instant>,
    pace: Pace,
    began: Instant,
    /// New calls are refused because the journal is behind.
    pressed: bool,
    /// When calls that had no media port were last spoken of.
    shortage_told: Option<Instant>,
    last: Now,
}

impl ShardLoop {
    pub(crate) fn run(mut self) -> std::io::Result<()> {
        let epoll = Epoll::new()?;
        epoll.add_readable(self.letters.wake().raw(), TOKEN_WAKE)?;
        let mut turn = Turn {
            epoll,
            inbox: Inbox::new(),
            outboxes: self.listeners.iter().map(|_| Outbox::default()).collect(),
            writers: HashMap::new(),
            message: Vec::with_capacity(2048),
            facts_behind: std::collections::VecDeque::new(),
            stop_at: None,
            pace: Pace::new(GATHER, self.clock.mono()),
            began: self.clock.mono(),
            pressed: false,
            shortage_told: None,
            last: self.clock.now(),
        };
        sharpen_timers();
        self.carry_out(&mut turn);
        self.await_ports(&mut turn)?;
        for (token, listener) in self.listeners.iter().enumerate() {
            turn.epoll.add_readable(listener.raw(), token as u64)?;
        }
        loop {
            let now = self.clock.now();
            if turn.stop_at.is_some_and(|at| at <= now.mono || self.shard.is_quiet()) {
                self.carry_out(&mut turn);
                return Ok(());
            }
            self.wait(&mut turn, now)?;
        }
    }

    /// Calls that come in the first milliseconds wait in the socket instead of being refused for want of a media port.
    fn await_ports(&mut self, turn: &mut Turn) -> std::io::Result<()> {
        let until = self.clock.mono() + FIRST_PORTS_TIME;
        while self.shard.status().ports == 0 && turn.stop_at.is_none() {
            let now = self.clock.mono();
            if until <= now {
                break;
            }
            turn.epoll.wait(Some(until - now), |_| {})?;
            self.letters.wake().clear();
            self.read_media();
            self.read_letters(turn);
            self.carry_out(turn);
        }
        Ok(())
    }

    fn wait(&mut self, turn: &mut Turn, now: Now) -> std::io::Result<()> {
        let readable = self.sleep(turn, now)?;
        let now = self.clock.now();
        turn.began = now.mono;
        self.gauges.turned_at.store(now.mono.as_nanos(), Ordering::Relaxed);
        self.watch_clock(turn, now);
        self.shard.handle_timeout(now);
        if readable >> 63 != 0 {
            self.letters.wake().clear();
        }
        self.read_media();
        self.read_letters(turn);
        for (index, listener) in Arc::clone(&self.listeners).iter().enumerate() {
            if readable & (1 << index) != 0 {
                self.read_datagrams(turn, listener)?;
            }
        }
        self.carry_out(turn);
        self.gauges.contacts.store(self.shard.status().contacts, Ordering::Relaxed);
        self.feel_pressure(turn, now);
        Ok(())
    }

    /// Which sockets to look at, after something came or is due.
    fn sleep(&mut self, turn: &mut Turn, now: Now) -> std::io::Result<u64> {
        if let Some(gather) = turn.pace.gather(turn.began, now.mono) {
            std::thread::sleep(gather);
            // So much comes in that to ask which socket has something costs more than to look.
            return Ok(if self.letters.wake().is_pending() { u64::MAX } else { !(1 << 63) });
        }
        let soonest = [self.shard.poll_timeout(), turn.stop_at].into_iter().flatten().min();
        let retry = (!turn.facts_behind.is_empty()).then_some(Duration::from_millis(1));
        let timeout = [soonest.map(|at| at - now.mono), retry].into_iter().flatten().min();
        let mut readable = 0u64;
        turn.epoll.wait(timeout, |token| readable |= 1u64.checked_shl(token as u32).unwrap_or(1 << 63))?;
        Ok(readable)
    }

    /// A journal that does not keep up stops new calls long before a fact would be lost, until it has caught up.
    fn feel_pressure(&mut self, turn: &mut Turn, now: Now) {
        let waiting = self.facts.len();
        let limit = if turn.pressed { FACTS_WAITING / 8 } else { FACTS_WAITING / 2 };
        let pressed = waiting > limit;
        if pressed != turn.pressed {
            turn.pressed = pressed;
            if pressed {
                tracing::error!(waiting, "the journal is far behind; new calls are refused");
            } else {
                tracing::info!(waiting, "the journal has caught up; calls are taken again");
            }
            self.shard.handle_input(now, Input::Pressure(pressed));
            self.carry_out(turn);
        }
    }

    /// A step of the civil clock against the monotonic one is an input like any other (fault D7).
    fn watch_clock(&mut self, turn: &mut Turn, now: Now) {
        let expected = turn.last.utc + (now.mono - turn.last.mono);
        if (now.utc.as_micros() - expected.as_micros()).abs() > 2_000_000 {
            tracing::warn!("the civil clock was set; calendars are read anew, timers are not touched");
            self.shard.handle_input(now, Input::ClockJump);
        }
        turn.last = now;
    }

    fn read_media(&mut self) {
        while let Some(event) = self.media.poll_event(self.shard.id()) {
            self.shard.handle_input(self.clock.now(), Input::Media(event));
        }
    }

    fn read_letters(&mut self, turn: &mut Turn) {
        let started = self.clock.mono();
        while let Some(letter) = self.letters.take() {
            let now = self.clock.now();
            self.read_letter(turn, now, letter);
            if now.mono - started > TURN_TIME {
                // Others' turn; the wake makes sure that the rest is not forgotten.
                self.letters.wake().wake();
                return;
            }
        }
    }

    fn read_letter(&mut self, turn: &mut Turn, now: Now, letter: Letter) {
        let input = match &letter {
            Letter::Datagram { local, remote, bytes } => {
                trace::message("in", remote, bytes);
                Input::Sip(sip::Input::Datagram { local: *local, remote: *remote, bytes })
            }
            Letter::StreamOpened { connection, local, remote, writer } => {
                turn.writers.insert(*connection, writer.clone());
                Input::Sip(sip::Input::StreamOpened { connection: *connection, local: *local, remote: *remote })
            }
            Letter::StreamMessage { connection, local, remote, bytes } => {
                trace::message("in", remote, bytes);
                Input::Sip(sip::Input::StreamMessage { connection: *connection, local: *local, remote: *remote, bytes })
            }
            Letter::StreamBroken { connection, remote, bytes, fault } => {
                let (connection, remote, fault) = (*connection, *remote, *fault);
                Input::Sip(sip::Input::StreamBroken { connection, remote, bytes, fault })
            }
            Letter::StreamClosed { connection } => {
                turn.writers.remove(connection);
                Input::Sip(sip::Input::StreamClosed { connection: *connection })
            }
            Letter::Resolved { query, result } => {
                Input::Sip(sip::Input::Resolved { query: *query, result: result.clone() })
            }
            Letter::Mail(mail) => Input::Mail(mail.clone()),
            Letter::Ask { ticket, ask } => Input::Ask { ticket: *ticket, ask: ask.clone() },
            Letter::Reload { directory } => Input::Reload(Arc::clone(directory)),
            Letter::Drain => Input::Drain,
            Letter::Fact(fact) => {
                self.pass_fact(turn, Stamped { at: now, fact: fact.clone() });
                return;
            }
            Letter::Stop => {
                turn.stop_at = Some(now.mono + STOP_TIME);
                Input::Shutdown
            }
        };
        self.shard.handle_input(now, input);
    }

    fn read_datagrams(&mut self, turn: &mut Turn, listener: &UdpListener) -> std::io::Result<()> {
        let count = turn.inbox.receive(listener)?;
        turn.pace.note(turn.began, count as u64);
        let shards = u8::try_from(self.boxes.len()).unwrap_or(u8::MAX);
        let local = listener.local();
        self.gauges.datagrams_in.fetch_add(count as u64, Ordering::Relaxed);
        for index in 0..count {
            let Some((remote, bytes)) = turn.inbox.datagram(index) else { continue };
            let home = home_of(bytes, shards);
            if home == self.shard.id() {
                trace::message("in", remote, bytes);
                let now = self.clock.now();
                self.shard.handle_input(now, Input::Sip(sip::Input::Datagram { local, remote, bytes }));
            } else {
                self.boxes[usize::from(home.0)].put(Letter::Datagram { local, remote, bytes: bytes.into() });
            }
        }
        Ok(())
    }

    fn carry_out(&mut self, turn: &mut Turn) {
        while let Some(output) = self.shard.poll_output() {
            self.carry_out_one(turn, output);
        }
        self.transmit(turn);
        // Last, and once for all commands of a turn: on a busy core a media thread that is woken runs at once, and
        // whoever sent the message that brought these commands should not wait for it.
        self.media.rouse();
        while let Some(fact) = turn.facts_behind.pop_front() {
            if let Some(fact) = self.put_fact(fact) {
                turn.facts_behind.push_front(fact);
                break;
            }
        }
    }

    fn carry_out_one(&mut self, turn: &mut Turn, output: Output) {
        match output {
            Output::Leg(command) => tracing::error!(?command, "a command to a leg nobody has: the legs here are SIP"),
            Output::Media { worker, command } => {
                if let Err(busy) = self.media.send(self.shard.id(), worker, command) {
                    tracing::error!(worker = worker.0, command = ?busy.0, "a media worker is far behind; a command is lost");
                }
            }
            Output::Mail { to, mail } => self.boxes[usize::from(to.0)].put(Letter::Mail(mail)),
            Output::Fact(fact) => self.pass_fact(turn, fact),
            Output::Connect { connection, remote } => self.streams.connect(connection, remote),
            Output::Close { connection } => {
                // The refusal that explains the end goes out before it.
                self.transmit(turn);
                turn.writers.remove(&connection);
                // Every shard holds the stream's writer; the last to let go ends it.
                for other in &self.boxes {
                    other.put(Letter::StreamClosed { connection });
                }
            }
            Output::Resolve(query) => {
                let (resolver, letters) = (self.resolver.clone(), self.letters.clone());
                self.runtime.spawn(async move {
                    let result = resolver.resolve(&query).await;
                    letters.put(Letter::Resolved { query: query.id, result });
                });
            }
            Output::Answer { ticket, answer } => {
                // The asker may have gone away: then nobody wants the answer.
                let _gone = self.answers.send((ticket, answer));
            }
            Output::Note(note) => log_note(&note),
        }
    }

    fn pass_fact(&self, turn: &mut Turn, fact: Stamped) {
        log_fact(&fact);
        self.log_shortage(turn, &fact);
        if !turn.facts_behind.is_empty() {
            turn.facts_behind.push_back(fact);
        } else if let Some(fact) = self.put_fact(fact) {
            turn.facts_behind.push_back(fact);
        }
    }

    /// Every refused call would say the same.
    fn log_shortage(&self, turn: &mut Turn, Stamped { at, fact }: &Stamped) {
        let Fact::Refused { cause: Cause { kind: CauseKind::NoMedia, .. }, .. } = fact else { return };
        if turn.shortage_told.is_none_or(|told| at.mono >= told + SHORTAGE_TOLD_EACH) {
            turn.shortage_told = Some(at.mono);
            tracing::warn!(
                "no media port is free and calls get 503; widen media.ports, give shards and media workers fewer shares \
                 of it, or lower limits.max_calls"
            );
        }
    }

    /// The channel grows with what is in it, so that an idle house does not carry the room for a storm; it is bounded
    /// here. A journal that is gone has said so and the process is ending.
    ///
    /// What found no room comes back.
    fn put_fact(&self, fact: Stamped) -> Option<Stamped> {
        if self.facts.len() >= FACTS_WAITING {
            return Some(fact);
        }
        self.facts.send(fact).err().map(|gone| gone.0)
    }

    fn transmit(&mut self, turn: &mut Turn) {
        let mut out = 0;
        while let Some(destination) = self.shard.poll_transmit(&mut turn.message) {
            out += 1;
            match destination {
                Destination::Datagram { local, remote } => {
                    let found = self.listeners.iter().position(|listener| listener.local() == local);
                    let Some(index) = found else { continue };
                    trace::message("out", remote, &turn.message);
                    turn.outboxes[index].push(remote, &turn.message);
                }
                Destination::Stream(connection) => {
                    trace::message("out", format_args!("connection {}", connection.0), &turn.message);
                    if let Some(writer) = turn.writers.get(&connection)
                        && writer.try_send(turn.message.as_slice().into()).is_err()
                    {
                        // Too far behind or gone: its task ends when the last writer is dropped.
                        turn.writers.remove(&connection);
                    }
                }
            }
        }
        let mut lost = 0;
        for (outbox, listener) in turn.outboxes.iter_mut().zip(self.listeners.iter()) {
            if !outbox.is_empty() {
                lost += outbox.flush(listener);
            }
        }
        if out > 0 {
            self.gauges.datagrams_out.fetch_add(out, Ordering::Relaxed);
            self.gauges.datagrams_lost.fetch_add(lost, Ordering::Relaxed);
        }
    }
}

fn log_note(note: &sip::Note) {
    let call_id = note.call_id.as_deref().unwrap_or("-").escape_debug();
    tracing::info!(reason = note.what.word(), peer = %note.peer, %call_id, "a SIP message was refused or dropped");
}

/// Per call INFO (style, rule 38); numbers are in facts, never in lines above DEBUG.
fn log_fact(stamped: &Stamped) {
    match &stamped.fact {
        Fact::ContactArrived { contact, call_id, .. } => {
            tracing::info!(%contact, call_id = %call_id.escape_debug(), "call arrived");
        }
        Fact::ContactEnded { contact, end, cause } => {
            tracing::info!(%contact, end = end.word(), cause = cause.kind.word(), "call ended");
        }
        Fact::ReservationExpired { contact, agent } => {
            tracing::error!(%contact, agent = agent.0, "a reservation was not confirmed in time and was freed");
        }
        Fact::Forced { by: Actor::Operator(name), action } => {
            tracing::info!(by = %name, ?action, "forced action");
        }
        fact => tracing::debug!(?fact, "fact"),
    }
}
