//! The task behind a [`Phone`](super::Phone): sockets, clock and handles around the user agent.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant};

use base::Rng;
use tokio::sync::{mpsc, oneshot, watch};

use super::event::{CallNumber, MediaReport, PhoneEvent};
use super::handle::{Call, Reply};
use super::limits::COMMANDS_MAX;
use super::media::{MediaCommand, Ports, PreparedAudio, Session};
use super::options::{CallAudio, DtmfMode, PhoneConfig};
use super::transport::{self, Network};
use super::ua::{Output, Progress, Refusal, Settings, Ticket, Ua};

/// How long a closing phone waits for answers to its BYE and REGISTER.
const FAREWELL: Duration = Duration::from_secs(3);
/// Pause between two digits by INFO.
const INFO_PAUSE: Duration = Duration::from_millis(100);

/// What handles ask of the task.
pub(crate) enum Order {
    Register(Reply),
    Dial { target: String, audio: Option<CallAudio>, reply: oneshot::Sender<Result<Call, Refusal>> },
    Ring { call: CallNumber, reply: Reply },
    Answer { call: CallNumber, audio: Option<CallAudio>, reply: Reply },
    Reject { call: CallNumber, status: u16, reply: Reply },
    HangUp { call: CallNumber, reply: Reply },
    Hold { call: CallNumber, hold: bool, reply: Reply },
    Press { call: CallNumber, digits: String, reply: Reply },
    Refer { call: CallNumber, target: String, replaces: Option<CallNumber>, reply: Reply },
    Close(oneshot::Sender<()>),
}

/// The task's side of a call.
struct Line {
    media: mpsc::Sender<MediaCommand>,
    /// Until the media task starts: its commands, sockets and where its report goes.
    idle: Option<(mpsc::Receiver<MediaCommand>, Ports, watch::Sender<Option<MediaReport>>)>,
    audio: PreparedAudio,
    progress: watch::Sender<Progress>,
    /// Digits that INFO has still to carry, and who waits for them.
    keys: VecDeque<char>,
    pressing: Option<Reply>,
    pressed: String,
    next_key_at: Option<Instant>,
}

pub(crate) struct Driver {
    config: PhoneConfig,
    audio: PreparedAudio,
    ua: Ua,
    network: Network,
    rng: Rng,
    orders: mpsc::WeakSender<Order>,
    events: mpsc::Sender<PhoneEvent>,
    incoming: mpsc::Sender<Call>,
    lines: HashMap<CallNumber, Line>,
    replies: HashMap<Ticket, Waiting>,
    tickets: u64,
    registered: bool,
}

enum Waiting {
    Reply(Reply),
    /// The next digit may follow.
    Key(CallNumber),
}

impl Driver {
    pub(crate) async fn open(
        config: PhoneConfig,
        orders: mpsc::WeakSender<Order>,
        events: mpsc::Sender<PhoneEvent>,
        incoming: mpsc::Sender<Call>,
    ) -> Result<Self, Refusal> {
        let io = |error: std::io::Error| Refusal::Io(error.kind());
        // A wrong file is said at once, not in the middle of a call.
        let audio = PreparedAudio::read(config.audio.clone(), &config.codecs).map_err(io)?;
        let nowhere = |_| Refusal::NoSuchHost(config.server.host.clone());
        let server = transport::resolve(&config.server, config.listen).await.map_err(nowhere)?;
        let network = Network::open(&config, server).await.map_err(io)?;
        // Tags and ports need no secrecy, only difference: the hasher's own random keys are enough of a seed.
        let mut rng = Rng::new(RandomState::new().build_hasher().finish());
        let settings = Settings { phone: config.clone(), server, contact: network.contact };
        let ua = Ua::new(settings, rng.fork());
        let driver = Self {
            config,
            audio,
            ua,
            network,
            rng,
            orders,
            events,
            incoming,
            lines: HashMap::new(),
            replies: HashMap::new(),
            tickets: 0,
            registered: false,
        };
        driver.tell(PhoneEvent::Listening { address: driver.network.contact.to_string() });
        Ok(driver)
    }

    pub(crate) async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        loop {
            let due = self.poll_timeout();
            let received = tokio::select! {
                (bytes, peer) = self.network.receive() => {
                    self.ua.handle_message(Instant::now(), &bytes, peer);
                    None
                }
                order = orders.recv() => match order {
                    Some(order) => Some(order),
                    None => return,
                },
                () = sleep_until(due) => {
                    self.handle_timeout(Instant::now());
                    None
                }
            };
            match received {
                Some(Order::Close(reply)) => {
                    self.close().await;
                    // Whoever closed the phone may have gone.
                    let _ = reply.send(());
                    return;
                }
                Some(order) => self.handle_order(order).await,
                None => {}
            }
            self.drain().await;
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.lines.values().filter_map(|line| line.next_key_at).chain(self.ua.poll_timeout()).min()
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.ua.handle_timeout(now);
        let due: Vec<CallNumber> = self
            .lines
            .iter()
            .filter(|(_, line)| line.next_key_at.is_some_and(|at| at <= now))
            .map(|(call, _)| *call)
            .collect();
        for call in due {
            self.send_key(now, call);
        }
    }

    async fn handle_order(&mut self, order: Order) {
        let now = Instant::now();
        match order {
            Order::Register(reply) => {
                self.registered = true;
                let ticket = self.ticket(Waiting::Reply(reply));
                self.ua.register(now, ticket);
            }
            Order::Dial { target, audio, reply } => {
                let dialed = self.dial(now, &target, audio).await;
                // A caller who has gone has a call all the same; it ends with the phone.
                let _ = reply.send(dialed);
            }
            Order::Ring { call, reply } => tell_result(reply, self.ua.ring(now, call)),
            Order::Answer { call, audio, reply } => {
                let answered = self.prepare(audio).and_then(|audio| {
                    if let Some(line) = self.lines.get_mut(&call) {
                        line.audio = audio;
                    }
                    self.ua.answer(now, call)
                });
                tell_result(reply, answered);
            }
            Order::Reject { call, status, reply } => tell_result(reply, self.ua.reject(now, call, status)),
            Order::HangUp { call, reply } => tell_result(reply, self.ua.hang_up(now, call)),
            Order::Hold { call, hold, reply } => {
                let ticket = self.ticket(Waiting::Reply(reply));
                self.ua.hold(now, call, hold, ticket);
            }
            Order::Press { call, digits, reply } => self.press(now, call, digits, reply),
            Order::Refer { call, target, replaces, reply } => {
                let ticket = self.ticket(Waiting::Reply(reply));
                self.ua.refer(now, call, &target, replaces, ticket);
            }
            Order::Close(_) => unreachable!("run takes it"),
        }
    }

    async fn dial(&mut self, now: Instant, target: &str, audio: Option<CallAudio>) -> Result<Call, Refusal> {
        let audio = self.prepare(audio)?;
        let ports = Ports::open(self.network.contact.ip()).await.map_err(|error| Refusal::Io(error.kind()))?;
        let number = self.ua.dial(now, target, ports.address)?;
        Ok(self.add_line(number, ports, audio))
    }

    /// What one call says; the phone's own when nothing else is asked for.
    fn prepare(&self, audio: Option<CallAudio>) -> Result<PreparedAudio, Refusal> {
        match audio {
            None => Ok(self.audio.clone()),
            Some(audio) => PreparedAudio::read(audio, &self.config.codecs).map_err(|error| Refusal::Io(error.kind())),
        }
    }

    fn add_line(&mut self, number: CallNumber, ports: Ports, audio: PreparedAudio) -> Call {
        let (media, commands) = mpsc::channel(COMMANDS_MAX);
        let (progress, progress_receiver) = watch::channel(Progress::New);
        let (report, report_receiver) = watch::channel(None);
        let line = Line {
            media,
            idle: Some((commands, ports, report)),
            audio,
            progress,
            keys: VecDeque::new(),
            pressing: None,
            pressed: String::new(),
            next_key_at: None,
        };
        self.lines.insert(number, line);
        Call { number, orders: self.orders.clone(), progress: progress_receiver, report: report_receiver }
    }

    fn press(&mut self, now: Instant, call: CallNumber, digits: String, reply: Reply) {
        let Some(line) = self.lines.get_mut(&call) else { return tell_result(reply, Err(Refusal::WrongState)) };
        if *line.progress.borrow() != Progress::Answered || line.pressing.is_some() {
            return tell_result(reply, Err(Refusal::WrongState));
        }
        if self.config.dtmf == DtmfMode::Info {
            line.keys.extend(digits.chars());
            line.pressed = digits;
            line.pressing = Some(reply);
            return self.send_key(now, call);
        }
        let (done, pressed) = oneshot::channel();
        let media = line.media.clone();
        let events = self.events.clone();
        // Its length is bounded by the digits; the task does not wait for it.
        tokio::spawn(async move {
            let sent = media.send(MediaCommand::Press(digits.clone(), done)).await.is_ok() && pressed.await.is_ok();
            if sent {
                // A reader that does not keep up loses events.
                let _ = events.try_send(PhoneEvent::DigitsSent { call, digits });
            }
            tell_result(reply, if sent { Ok(()) } else { Err(Refusal::WrongState) });
        });
    }

    /// The next digit by INFO, or the end of them.
    fn send_key(&mut self, now: Instant, call: CallNumber) {
        let Some(line) = self.lines.get_mut(&call) else { return };
        line.next_key_at = None;
        match line.keys.pop_front() {
            Some(',') => line.next_key_at = Some(now + 5 * INFO_PAUSE),
            Some(key) => {
                let ticket = self.ticket(Waiting::Key(call));
                self.ua.info_digit(now, call, key, ticket);
            }
            None => {
                let (reply, digits) = (line.pressing.take(), std::mem::take(&mut line.pressed));
                self.tell(PhoneEvent::DigitsSent { call, digits });
                if let Some(reply) = reply {
                    tell_result(reply, Ok(()));
                }
            }
        }
    }

    async fn drain(&mut self) {
        while let Some(output) = self.ua.poll_output() {
            match output {
                Output::Send { peer, bytes } => {
                    if let Err(error) = self.network.send(peer, bytes).await {
                        // The transaction's timer tells its user.
                        tracing::debug!(%error, "a message could not be sent");
                    }
                }
                Output::Event(event) => self.tell(event),
                Output::Incoming(call) => self.take_incoming(call).await,
                Output::Media { call, agreed, talking } => {
                    self.agree(call, MediaCommand::Agree { agreed, talking }).await
                }
                Output::Progress { call, progress } => self.advance(call, progress).await,
                Output::Done { ticket, result } => self.finish(ticket, result),
            }
        }
    }

    async fn take_incoming(&mut self, call: CallNumber) {
        let now = Instant::now();
        let Ok(ports) = Ports::open(self.network.contact.ip()).await else {
            // Without a port there can be no sound: the call is refused, and its end needs no line.
            let _ = self.ua.reject(now, call, 503);
            return;
        };
        self.ua.media_ready(call, ports.address);
        let handle = self.add_line(call, ports, self.audio.clone());
        if self.incoming.try_send(handle).is_err() {
            // Nobody takes calls from this phone any more.
            let _ = self.ua.reject(now, call, 480);
        }
    }

    async fn agree(&mut self, call: CallNumber, command: MediaCommand) {
        let Some(line) = self.lines.get_mut(&call) else { return };
        if let Some((commands, ports, report)) = line.idle.take() {
            let session = Session {
                call,
                ports,
                audio: line.audio.clone(),
                dtmf: self.config.dtmf,
                rng: self.rng.fork(),
                events: self.events.clone(),
                report,
            };
            tokio::spawn(session.run(commands));
        }
        // A media task that has ended needs no more commands.
        let _ = line.media.send(command).await;
    }

    async fn advance(&mut self, call: CallNumber, progress: Progress) {
        if !matches!(progress, Progress::Ended(_)) {
            if let Some(line) = self.lines.get(&call) {
                line.progress.send_replace(progress);
            }
            return;
        }
        let Some(line) = self.lines.remove(&call) else { return };
        let _ = line.media.send(MediaCommand::Stop).await;
        if let Some((_, _, report)) = line.idle {
            // The stream never began.
            report.send_replace(Some(MediaReport::default()));
            self.tell(PhoneEvent::Summary { call, media: MediaReport::default() });
        }
        line.progress.send_replace(progress);
        if let Some(reply) = line.pressing {
            tell_result(reply, Err(Refusal::WrongState));
        }
    }

    fn finish(&mut self, ticket: Ticket, result: Result<(), Refusal>) {
        match self.replies.remove(&ticket) {
            Some(Waiting::Reply(reply)) => tell_result(reply, result),
            Some(Waiting::Key(call)) => {
                let Some(line) = self.lines.get_mut(&call) else { return };
                if result.is_ok() {
                    line.next_key_at = Some(Instant::now() + INFO_PAUSE);
                } else if let Some(reply) = line.pressing.take() {
                    line.keys.clear();
                    tell_result(reply, result);
                }
            }
            None => {}
        }
    }

    /// Ends calls and registration, and serves the sockets until all is answered or the time is over.
    async fn close(&mut self) {
        let now = Instant::now();
        for call in self.lines.keys().copied().collect::<Vec<_>>() {
            // A call that is ending already needs no help.
            let _ = self.ua.hang_up(now, call);
        }
        if std::mem::take(&mut self.registered) {
            self.tickets += 1;
            self.ua.unregister(now, Ticket(self.tickets));
        }
        self.drain().await;
        let deadline = now + FAREWELL;
        while !self.ua.is_quiet() {
            let due = self.poll_timeout().map_or(deadline, |due| due.min(deadline));
            tokio::select! {
                (bytes, peer) = self.network.receive() => self.ua.handle_message(Instant::now(), &bytes, peer),
                () = sleep_until(Some(due)) => {
                    if Instant::now() >= deadline {
                        break;
                    }
                    self.handle_timeout(Instant::now());
                }
            }
            self.drain().await;
        }
        for (_, line) in self.lines.drain() {
            // Its task writes the recording to its end.
            let _ = line.media.send(MediaCommand::Stop).await;
        }
    }

    fn ticket(&mut self, waiting: Waiting) -> Ticket {
        self.tickets += 1;
        self.replies.insert(Ticket(self.tickets), waiting);
        Ticket(self.tickets)
    }

    fn tell(&self, event: PhoneEvent) {
        if self.events.try_send(event).is_err() {
            tracing::debug!("an event was not read in time and is lost");
        }
    }
}

/// Whoever asked may have gone; the deed is done all the same.
fn tell_result(reply: Reply, result: Result<(), Refusal>) {
    let _ = reply.send(result);
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}
