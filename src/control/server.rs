use super::protocol::{
    AgentLine, AgentVerb, CallLine, CapacityLine, QueueLine, QueueVerb, Reply, Request, StatusLine, TrunkLine,
};
use crate::serve::Control;
use crate::times::{SiteTime, utc_seconds};
use arc_swap::ArcSwap;
use core::time::Duration;
use driver::{Clock, Line, LineError};
use model::{
    Actor, AgentAction, AgentId, Command, CommandError, Directory, QueueAction, QueueId, ReserveOrder, Source,
};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use store::Published;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

/// A request is one short line; more is not one of ours.
const REQUEST_BYTES_MAX: u64 = 4096;

/// What the control socket and the web pages show of the running house.
pub(crate) struct Floor {
    pub(crate) line: Line,
    pub(crate) names: ArcSwap<Directory>,
    pub(crate) published: Arc<Published>,
    pub(crate) clock: Clock,
    pub(crate) started: base::Instant,
    /// As it was at the start: a folder is not changed by a reload.
    pub(crate) recordings: std::path::PathBuf,
    pub(crate) draining: AtomicBool,
    pub(crate) sip: Vec<String>,
    pub(crate) http: String,
    pub(crate) media: Arc<driver::media::MediaPool>,
    pub(crate) gauges: Vec<Arc<driver::ShardGauges>>,
}

/// Serves until the runtime ends. The socket of a server that is gone is taken over, that of a live one is not.
pub(crate) fn serve(path: &Path, floor: Arc<Floor>, control: Arc<Control>) -> io::Result<()> {
    if std::os::unix::net::UnixStream::connect(path).is_ok() {
        return Err(io::Error::new(
            io::ErrorKind::AddrInUse,
            format!("another server answers at {}; stop it or name another store", path.display()),
        ));
    }
    match std::fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    tokio::spawn(async move {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let (floor, control) = (Arc::clone(&floor), Arc::clone(&control));
                    tokio::spawn(async move {
                        if let Err(error) = talk(stream, floor, control).await {
                            tracing::debug!(%error, "a control connection ended");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a control connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    });
    Ok(())
}

async fn talk(stream: UnixStream, floor: Arc<Floor>, control: Arc<Control>) -> io::Result<()> {
    let by = Actor::Operator(user_name(stream.peer_cred()?.uid()).into());
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader.take(REQUEST_BYTES_MAX));
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        reader.get_mut().set_limit(REQUEST_BYTES_MAX);
        let (floor, control, by) = (Arc::clone(&floor), Arc::clone(&control), by.clone());
        let reply = tokio::task::spawn_blocking(move || match serde_json::from_str(&line) {
            Ok(request) => floor.answer(request, &control, by),
            Err(error) => Reply::Refused { reason: format!("not a request: {error}") },
        });
        let reply = reply.await.map_err(io::Error::other)?;
        let mut text = serde_json::to_string(&reply).map_err(io::Error::other)?;
        text.push('\n');
        writer.write_all(text.as_bytes()).await?;
    }
}

/// The login name of a user id, or the number when the system knows no name for it.
pub(crate) fn user_name(uid: u32) -> String {
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, id) = (fields.next()?, fields.nth(1)?);
        (id.parse() == Ok(uid)).then(|| name.to_owned())
    });
    named.unwrap_or_else(|| format!("uid-{uid}"))
}

/// `extend` without a time.
const EXTENSION: Duration = Duration::from_secs(60);

impl Floor {
    pub(crate) fn is_ready(&self) -> bool {
        !self.draining.load(Ordering::Relaxed) && self.published.healthy.load(Ordering::Relaxed)
    }

    fn answer(&self, request: Request, control: &Control, by: Actor) -> Reply {
        let refused = |reason: String| Reply::Refused { reason };
        match request {
            Request::Status => self.status().map_or_else(|error| refused(error.to_string()), Reply::Status),
            Request::Queues => Reply::Queues(self.queues()),
            Request::Agents => Reply::Agents(self.agents()),
            Request::Calls => match self.calls() {
                Ok(calls) => Reply::Calls(calls),
                Err(error) => refused(error.to_string()),
            },
            Request::Trunks => match self.trunks() {
                Ok(trunks) => Reply::Trunks(trunks),
                Err(error) => refused(error.to_string()),
            },
            Request::Agent { id, action, seconds } => self.force(&id, action, seconds, by),
            Request::HangUp { call } => self.hang_up(&call, by),
            Request::Queue { name, action, reserve } => self.force_queue(&name, action, reserve, by),
            Request::Drain => {
                self.draining.store(true, Ordering::Relaxed);
                control.drain(by);
                Reply::Done { message: "draining: no new calls; the server stops when the last one is over".into() }
            }
            Request::Reload => control.reload(by).map_or_else(refused, |message| Reply::Done { message }),
            Request::Log { level } => match control.set_log_level(&level, by) {
                Ok(()) => Reply::Done { message: format!("log level {level}") },
                Err(reason) => refused(reason),
            },
        }
    }

    fn force(&self, id: &str, action: AgentVerb, seconds: Option<u64>, by: Actor) -> Reply {
        let names = self.names.load();
        let Some(agent) = names.agent_named(id) else {
            return Reply::Refused {
                reason: format!("{}: {id}; `strowger agents` lists them", CommandError::NoSuchAgent),
            };
        };
        let action = match action {
            AgentVerb::Ready => AgentAction::Ready,
            AgentVerb::NotReady => AgentAction::NotReady { code: 0 },
            AgentVerb::SignOff => AgentAction::SignOff { code: 0 },
            AgentVerb::Extend => AgentAction::Extend { by: seconds.map_or(EXTENSION, Duration::from_secs) },
        };
        match self.line.command(Command::Agent { agent, action, by }) {
            Ok(()) => Reply::Done { message: format!("agent {id}: done") },
            Err(error) => Reply::Refused { reason: error.to_string() },
        }
    }

    fn force_queue(&self, name: &str, verb: QueueVerb, reserve: Option<u8>, by: Actor) -> Reply {
        let Some(queue) = self.names.load().queue_named(name) else {
            return Reply::Refused {
                reason: format!("{}: {name}; `strowger queues` lists them", CommandError::NoSuchQueue),
            };
        };
        let place = match reserve.map(|nth| nth.checked_sub(1)) {
            None => None,
            Some(Some(place)) => Some(place),
            Some(None) => return Reply::Refused { reason: CommandError::NoSuchReserve.to_string() },
        };
        let order = |order| QueueAction::Reserve { place, order };
        let (action, done) = match verb {
            QueueVerb::Close => (QueueAction::Close, "closed, whatever its calendar says, until it is opened"),
            QueueVerb::Open => (QueueAction::Open, "open when its calendar says so"),
            QueueVerb::CallIn => (order(ReserveOrder::CallIn), "reserves called in until another order"),
            QueueVerb::SendAway => (order(ReserveOrder::SendAway), "reserves sent away until another order"),
            QueueVerb::ByRule => (order(ReserveOrder::ByRule), "reserves come and go by their rules"),
        };
        match self.line.command(Command::Queue { queue, action, by }) {
            Ok(()) => Reply::Done { message: format!("queue {name}: {done}") },
            Err(error) => Reply::Refused { reason: error.to_string() },
        }
    }

    fn hang_up(&self, call: &str, by: Actor) -> Reply {
        let Ok(contact) = call.parse() else {
            return Reply::Refused { reason: format!("`{call}` is not a call id; `strowger calls` lists them") };
        };
        match self.line.command(Command::HangUp { contact, by }) {
            Ok(()) => Reply::Done { message: format!("call {call}: ended") },
            Err(error @ LineError::Refused(CommandError::NoSuchContact)) => {
                Reply::Refused { reason: format!("{error}: {call}; `strowger calls` lists them") }
            }
            Err(error) => Reply::Refused { reason: error.to_string() },
        }
    }

    fn status(&self) -> Result<StatusLine, LineError> {
        let shards = self.line.shards()?;
        let sum = |of: fn(&engine::ShardStatus) -> usize| shards.iter().map(of).sum();
        let media = self.media.stats();
        Ok(StatusLine {
            version: env!("CARGO_PKG_VERSION").into(),
            ready: self.is_ready(),
            draining: self.draining.load(Ordering::Relaxed),
            store_healthy: self.published.healthy.load(Ordering::Relaxed),
            uptime_seconds: (self.clock.mono() - self.started).as_secs(),
            generation: self.names.load().generation.level(),
            sip: self.sip.clone(),
            http: self.http.clone(),
            calls: sum(|s| s.contacts),
            legs: sum(|s| s.legs),
            // The registrar is shard 0's; the others hold a copy of what it knows.
            registrations: shards.iter().map(|s| s.sip.registrations).max().unwrap_or(0),
            sip_sessions: sum(|s| s.sip.sessions),
            sip_transactions: sum(|s| s.sip.client_transactions + s.sip.server_transactions),
            media_ports: media.worker.ports,
            media_legs: media.worker.legs,
            packets_relayed: media.worker.packets_relayed,
            facts: self.published.sequence.load(Ordering::Relaxed),
            records_lost: self.published.rows_lost.load(Ordering::Relaxed),
        })
    }

    pub(crate) fn queues(&self) -> Vec<QueueLine> {
        let names = self.names.load();
        let (now, utc) = (self.clock.mono(), self.clock.now().utc);
        let wallboard = self.published.wallboard.lock().unwrap_or_else(PoisonError::into_inner);
        let live = names.queues.iter().zip(0u32..).filter(|(queue, _)| !queue.removed);
        let lines = live.map(|(queue, id)| {
            let status = self.line.board().queue_status(&names, QueueId(id), now);
            let today = wallboard.queue(QueueId(id), now, &names).today;
            let agents = status.agents;
            let opening = self.line.board().opening(&names, QueueId(id), utc);
            QueueLine {
                queue: queue.name.to_string(),
                open: opening.word().into(),
                waiting: status.waiting,
                longest_wait_seconds: status.longest_wait.as_secs_f64(),
                ready: agents.ready,
                ringing: agents.reserved,
                busy: agents.busy,
                wrap_up: agents.wrap_up,
                not_ready: agents.not_ready,
                signed_off: agents.signed_off,
                reserves: (1..=8).filter(|nth| status.joined & (1 << (nth - 1)) != 0).collect(),
                offered: today.counts.offered,
                answered: today.counts.answered,
                abandoned: today.counts.abandoned,
                flowed_out: today.counts.flowed_out,
                service_level: today.service_level(queue.service_level.treatment),
            }
        });
        lines.collect()
    }

    pub(crate) fn agents(&self) -> Vec<AgentLine> {
        let names = self.names.load();
        let now = self.clock.now().utc;
        let live = names.agents.iter().zip(0u32..).filter(|(agent, _)| !agent.removed);
        let lines = live.map(|(agent, id)| {
            let status = self.line.board().agent_status(AgentId(id));
            AgentLine {
                agent: agent.id.to_string(),
                name: agent.name.to_string(),
                state: status.state.word().into(),
                reason: reason(&names, &status.state),
                next: status.pending.map(|state| {
                    let reason = reason(&names, &state).map_or(String::new(), |reason| format!(" ({reason})"));
                    format!("{}{reason}", state.word())
                }),
                seconds: status.since.map(|since| seconds_since(now, since)),
                phone: status.phone.map(|phone| names.phone(phone).id.to_string()),
                call: status.contact.map(|contact| contact.to_string()),
                capacity: CapacityLine {
                    voice: agent.capacity.voice,
                    chat: agent.capacity.chat,
                    mail: agent.capacity.mail,
                },
            }
        });
        lines.collect()
    }

    fn calls(&self) -> Result<Vec<CallLine>, LineError> {
        let names = self.names.load();
        let now = self.clock.now().utc;
        let site = SiteTime::of(&names.site.time_zone).ok();
        let lines = self.line.calls()?.into_iter().map(|call| CallLine {
            call: call.contact.to_string(),
            since: utc_seconds(call.since),
            since_at_site: site.as_ref().map_or_else(String::new, |site| site.seconds(call.since)),
            state: call.state.into(),
            caller: call.caller.as_str().to_owned(),
            dialled: call.dialled.to_string(),
            from: match call.source {
                Source::Trunk(id) => format!("trunk:{}", names.trunk(id).name),
                Source::Phone(id) => format!("phone:{}", names.phone(id).id),
            },
            seconds: seconds_since(now, call.since),
            queue: call.queue.map(|queue| names.queue(queue).name.to_string()),
            agents: call.agents.iter().map(|agent| names.agent(*agent).id.to_string()).collect(),
            legs: call.legs,
        });
        Ok(lines.collect())
    }

    fn trunks(&self) -> Result<Vec<TrunkLine>, LineError> {
        let names = self.names.load();
        let lines = self.line.trunks()?.into_iter().map(|trunk| TrunkLine {
            trunk: names.trunk(trunk.trunk).name.to_string(),
            up: trunk.up,
            registered: trunk.registered,
            calls: trunk.calls,
        });
        Ok(lines.collect())
    }
}

fn reason(names: &Directory, state: &model::AgentState) -> Option<String> {
    if let model::AgentState::NotReady { reason } = state { Some(names.reasons.word(*reason)) } else { None }
}

fn seconds_since(now: base::Utc, since: base::Utc) -> f64 {
    (now.as_micros() - since.as_micros()).max(0) as f64 / 1e6
}
