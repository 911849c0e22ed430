//! `strowger serve`: starts every part in order, says when it is ready, and ends every part in order.

use crate::cli::ServeArgs;
use crate::commands::check;
use crate::control::{self, Floor};
use crate::meters::Meters;
use crate::secrets;
use crate::sounds::Sounds;
use crate::tide::Tide;
use crate::times::{LogTime, SiteTime};
use arc_swap::ArcSwap;
use config::{Config, Transport};
use driver::media::{LoadedSounds, MediaPool, RecordingFolder};
use driver::{Clock, Line, Running, Settings};
use model::{Actor, Fact, ForcedAction, RecordPolicy, Stamped};
use serde_json::json;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::{Journal, JournalSettings, Store, Watch};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::reload;
use tracing_subscriber::util::SubscriberInitExt;

/// The process's log: its level can be changed, its form cannot.
pub(crate) struct Log {
    level: reload::Handle<EnvFilter, tracing_subscriber::Registry>,
    time: LogTime,
    json: bool,
}

/// Threads for HTTP, streams and look-ups; calls need none of them.
const RUNTIME_THREADS: usize = 2;

/// What people may do to the process as a whole.
pub(crate) struct Control {
    config_file: Option<PathBuf>,
    sounds: config::SoundNames,
    line: Line,
    floor: std::sync::OnceLock<Arc<Floor>>,
    journal: Arc<Journal>,
    log: Log,
    drain_started: Notify,
    draining: AtomicBool,
    /// What is in force; held for the length of a reload, so that two do not cross.
    running_config: Mutex<Config>,
}

/// A server that runs inside this process, for `serve` and for `demo`.
pub(crate) struct Server {
    running: Running,
    journal: Arc<Journal>,
    pub(crate) floor: Arc<Floor>,
    pub(crate) control: Arc<Control>,
    socket: PathBuf,
}

pub(crate) fn run(args: &ServeArgs) -> Result<bool, String> {
    let log = start_log(&args.log, args.log_json)?;
    let runtime = runtime()?;
    let (mut config, sounds) = check::load_or_report(&args.config)?;
    // Programs read UTC.
    if !args.log_json {
        log.time.is_at(SiteTime::of(&config.directory.site.time_zone)?);
    }
    for warning in &config.warnings {
        // A log of one object a line has no room for the picture.
        if args.log_json { tracing::warn!("{}", warning.line()) } else { tracing::warn!("{warning}") }
    }
    let shown = secrets::complete(&mut config)?;
    show_secrets(&config, &shown, args.log_json);
    let server = Server::start(config, sounds, args.config.config.clone(), &runtime, log, None)?;
    server.announce();
    if args.config.config.is_none() {
        crate::say::err(server.first_steps().trim_end());
    }
    let clean = runtime.block_on(server.until_told());
    server.stop();
    runtime.shutdown_timeout(Duration::from_secs(1));
    Ok(clean)
}

pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, String> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(RUNTIME_THREADS)
        .thread_name("rim")
        .enable_all()
        .build()
        .map_err(|error| format!("no threads for the network: {error}"))
}

pub(crate) fn start_log(words: &str, as_json: bool) -> Result<Log, String> {
    let filter = log_filter(words)?;
    let (filter, level) = reload::Layer::new(filter);
    let registry = tracing_subscriber::registry().with(filter);
    let colours = std::io::stderr().is_terminal();
    let time = LogTime::default();
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_timer(time.clone());
    let set = if as_json {
        registry.with(layer.json()).try_init()
    } else {
        registry.with(layer.with_ansi(colours)).try_init()
    };
    set.map_err(|error| format!("logging cannot be started: {error}"))?;
    Ok(Log { level, time, json: as_json })
}

/// A level, or a filter that begins with one: a misspelt word must not silence the server.
pub(crate) fn log_filter(text: &str) -> Result<EnvFilter, String> {
    let wrong = || {
        format!(
            "`{text}` is not a log level; write error, warn, info, debug or trace, or a filter such as info,sip=debug"
        )
    };
    let first = text.split(',').next().unwrap_or_default();
    if !["off", "error", "warn", "info", "debug", "trace"].contains(&first) {
        return Err(wrong());
    }
    EnvFilter::try_new(text).map_err(|_| wrong())
}

impl Server {
    pub(crate) fn start(
        config: Config,
        sounds: Sounds,
        config_file: Option<PathBuf>,
        runtime: &tokio::runtime::Runtime,
        log: Log,
        watch: Option<Watch>,
    ) -> Result<Self, String> {
        let in_runtime = runtime.enter();
        let clock = Clock::start();
        let started = clock.mono();
        let Sounds { files, names: sound_names } = sounds;
        let loaded = LoadedSounds::read(files, &sound_names).map_err(|error| error.to_string())?;
        check_recordings(&config)?;
        let names = Arc::new(config.directory.clone());
        let recordings = config.recording.folder.clone();
        let store_url = config.store.to_string();
        let store = Store::open(&store_url).map_err(|error| error.to_string())?;
        let boot = store.boot();
        for (contact, queue) in store.forsake(&names, clock.now().utc).map_err(|error| error.to_string())? {
            tracing::warn!(%contact, %queue, "nobody will be called back: the queue of the promise is not configured any more");
        }
        let memory = store.memory(&names, clock.now().utc).map_err(|error| error.to_string())?;
        let (facts, new_facts) = crossbeam::channel::unbounded();
        // Before all others: by it they will be understood. Nobody has gone yet who could listen.
        let configured = Fact::Configured { texts: config.texts.clone().into() };
        let _kept = facts.send(Stamped { at: clock.now(), fact: configured });
        // Without a listener nobody would ever collect what is recorded.
        let metrics = config.http.listen.and_then(|_| web::Metrics::install());
        let mut meters = Meters::new(&names);
        let mut others = watch;
        let watch: Watch = Box::new(move |number, stamped, names| {
            meters.see(&stamped.fact, names);
            if let Some(watch) = &mut others {
                watch(number, stamped, names);
            }
        });
        let settings = JournalSettings {
            clock: Box::new(move || clock.now()),
            day: crate::day::day_of,
            names: Arc::clone(&names),
            watch: Some(watch),
        };
        let journal = Arc::new(Journal::start(store, new_facts, settings).map_err(|error| error.to_string())?);
        let running = Running::start(Settings {
            directory: Arc::clone(&names),
            listen: config.sip.listen.iter().map(|l| (protocol(l.transport), l.address)).collect(),
            boot,
            memory,
            sounds: Arc::new(loaded.library.clone()),
            recordings: recordings.clone(),
            media_workers: media_workers(),
            runtime: runtime.handle().clone(),
            facts,
            clock,
        })
        .map_err(|error| error.to_string())?;
        let http = match config.http.listen {
            Some(address) => Some(web::bind(address).map_err(|error| http_refused(address, &error))?),
            None => None,
        };
        let control = Arc::new(Control {
            config_file,
            sounds: sound_names,
            line: running.line().clone(),
            floor: std::sync::OnceLock::new(),
            journal: Arc::clone(&journal),
            log,
            drain_started: Notify::new(),
            draining: AtomicBool::new(false),
            running_config: Mutex::new(config),
        });
        let sip = running.listening().iter().map(|(p, a)| format!("{}:{a}", transport_word(*p))).collect();
        let floor = Arc::new(Floor {
            line: running.line().clone(),
            names: ArcSwap::new(names),
            published: Arc::clone(journal.published()),
            clock,
            started,
            recordings,
            draining: AtomicBool::new(false),
            sip,
            http: http.as_ref().map_or(String::new(), |h| h.local.to_string()),
            media: Arc::clone(running.media()),
            gauges: running.gauges().to_vec(),
        });
        let _first = control.floor.set(Arc::clone(&floor));
        let socket = control::socket_path(&store_url);
        // Printed for `--socket`, which may be asked from another folder.
        let socket = std::path::absolute(&socket).unwrap_or(socket);
        control::serve(&socket, Arc::clone(&floor), Arc::clone(&control))
            .map_err(|error| format!("the control socket {} cannot be made: {error}", socket.display()))?;
        if let Some(http) = http {
            runtime.spawn(web::serve(http, Arc::clone(&floor) as Arc<dyn web::House>, metrics));
        }
        widen_sounds(loaded, running.media())?;
        drop(in_runtime);
        Ok(Server { running, journal, floor, control, socket })
    }

    /// The one line on stdout that says that calls are taken now.
    pub(crate) fn announce(&self) {
        let socket = self.socket.to_string_lossy();
        let line = json!({ "ready": true, "sip": self.floor.sip, "http": self.floor.http, "socket": socket });
        if let Err(error) = crate::say::out(&format!("{line}\n")) {
            // Whoever waits for it will not get it; callers do not suffer for that.
            tracing::warn!(%error, "the ready line is not told");
        }
        tracing::info!(sip = ?self.floor.sip, http = %self.floor.http, %socket, "ready");
    }

    /// For whoever started it without a configuration: what can be done with it now.
    fn first_steps(&self) -> String {
        let running = self.control.running_config.lock().unwrap_or_else(PoisonError::into_inner);
        let sip = self.floor.sip.first().and_then(|sip| sip.split_once(':')).map_or("", |(_, place)| place);
        format!(
            "\n  The embedded default runs, on this machine alone (README.md, \"Make your first call\"):\n\
             \n  phones     register at {sip} as 1001 or 1002 (agents) or 2001; passwords in {}\
             \n  a call     dial 4000 from any phone on this machine\
             \n  look       strowger status, queues, agents, calls, report; http://{}/wallboard\
             \n  your own   strowger config > strowger.toml, edit, strowger serve --config strowger.toml\
             \n  stop       Ctrl-C\n\n",
            running.secrets_file.display(),
            self.floor.http
        )
    }

    /// Waits for a signal or a finished drain. False: a part broke.
    async fn until_told(&self) -> bool {
        let (Ok(mut terminate), Ok(mut hangup)) = (signal(SignalKind::terminate()), signal(SignalKind::hangup()))
        else {
            tracing::error!("signals cannot be heard");
            return false;
        };
        let mut tide = pin!(self.follow_tide());
        loop {
            tokio::select! {
                never = &mut tide => match never {},
                _ = terminate.recv() => {
                    if self.control.draining.load(Ordering::Relaxed) {
                        tracing::info!("second SIGTERM: ending the calls that are left");
                        return true;
                    }
                    self.control.drain(Actor::System);
                }
                _ = tokio::signal::ctrl_c() => return true,
                _ = hangup.recv() => {
                    let control = Arc::clone(&self.control);
                    let reloaded = tokio::task::spawn_blocking(move || control.reload(Actor::System)).await;
                    match reloaded {
                        Ok(Ok(message)) => tracing::info!("{message}"),
                        Ok(Err(reason)) => tracing::error!("the configuration stays as it was: {reason}"),
                        Err(error) => tracing::error!(%error, "the reload failed"),
                    }
                }
                () = self.control.drain_started.notified() => {
                    self.finish_calls().await;
                    return true;
                }
                () = self.broken() => {
                    tracing::error!("a signalling thread ended; the process ends so that its supervisor starts it anew");
                    return false;
                }
            }
        }
    }

    /// A signalling thread that died takes its calls with it: better to start again than to look alive.
    async fn broken(&self) {
        while !self.running.is_broken() {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    async fn follow_tide(&self) -> std::convert::Infallible {
        let mut tide = Tide::default();
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if tide.is_over(tokio::time::Instant::now(), self.contacts()) {
                tokio::task::spawn_blocking(driver::give_back_memory);
            }
        }
    }

    /// Until the last call is over or the drain limit has passed; a second SIGTERM ends it at once.
    async fn finish_calls(&self) {
        let limit = self.floor.names.load().limits.drain;
        let until = tokio::time::Instant::now() + limit;
        tracing::info!(limit_seconds = limit.as_secs(), "draining: no new calls");
        let mut terminate = signal(SignalKind::terminate()).ok();
        while tokio::time::Instant::now() < until && self.contacts() > 0 {
            let told = async {
                match &mut terminate {
                    Some(signal) => signal.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(100)) => {}
                _ = told => return,
                _ = tokio::signal::ctrl_c() => return,
            }
        }
        let left = self.contacts();
        if left > 0 {
            tracing::warn!(left, "the drain limit has passed; ending the calls that are left");
        }
    }

    fn contacts(&self) -> usize {
        self.running.gauges().iter().map(|g| g.contacts.load(Ordering::Relaxed)).sum()
    }

    pub(crate) fn stop(self) {
        let Server { running, journal, floor, control, socket } = self;
        floor.draining.store(true, Ordering::Relaxed);
        running.stop();
        // The last fact is in the channel; the journal ends when its senders are gone, which they are now.
        drop((floor, control));
        journal.join();
        let _gone = std::fs::remove_file(socket);
        tracing::info!("stopped");
    }
}

impl Control {
    pub(crate) fn drain(&self, by: Actor) {
        if !self.draining.swap(true, Ordering::Relaxed) {
            self.line.tell(Fact::DrainStarted { by });
        }
        if let Some(floor) = self.floor.get() {
            floor.draining.store(true, Ordering::Relaxed);
        }
        self.line.drain();
        self.drain_started.notify_one();
    }

    /// Reads the configuration again and applies the difference; a bad one changes nothing.
    pub(crate) fn reload(&self, by: Actor) -> Result<String, String> {
        let Some(file) = &self.config_file else {
            return Err("the server runs on the embedded default; there is no file to read again".into());
        };
        let Some(floor) = self.floor.get() else { return Err("the server is still starting".into()) };
        let mut running = self.running_config.lock().unwrap_or_else(PoisonError::into_inner);
        let mut config =
            config::load_onto(&running.directory, file, &self.sounds).map_err(|report| format!("{report}"))?;
        let difference = config::diff(&running, &config);
        config.hold_until_restart(&running);
        check_recordings(&config)?;
        // After what waits for the next start was put back: what is made now belongs beside the store in use.
        self.supply_secrets(&mut config)?;
        if !floor.line.board().fits(&config.directory) {
            return Err("more agents, phones or queues than there is room for until the next start".into());
        }
        let directory = Arc::new(config.directory.clone());
        *running = config;
        floor.names.store(Arc::clone(&directory));
        self.journal.rename(Arc::clone(&directory));
        self.line.tell(Fact::Configured { texts: running.texts.clone().into() });
        self.line.reload(&directory);
        let difference = difference.to_string();
        self.line.tell(Fact::Reloaded { by, difference: difference.as_str().into() });
        Ok(format!("reloaded: {difference}"))
    }

    /// Passwords for phones that are new: those kept beside the store in use, else made now.
    fn supply_secrets(&self, config: &mut Config) -> Result<(), String> {
        let kept = config::Secrets::read(&config.secrets_file)
            .map_err(|error| format!("{}: {error}", config.secrets_file.display()))?;
        config.supply_secrets(&kept);
        let shown = secrets::complete(config)?;
        show_secrets(config, &shown, self.log.json);
        Ok(())
    }

    pub(crate) fn set_log_level(&self, level: &str, by: Actor) -> Result<(), String> {
        let filter = log_filter(level)?;
        self.log.level.reload(filter).map_err(|error| error.to_string())?;
        let action = ForcedAction::LogLevel { level: level.into() };
        self.line.tell(Fact::Forced { by, action });
        Ok(())
    }
}

/// To the person who started it, once. A log that machines collect keeps no password: it only says where they lie.
fn show_secrets(config: &Config, shown: &[String], log_json: bool) {
    let file = config.secrets_file.display();
    if log_json && !shown.is_empty() {
        tracing::warn!(%file, made = shown.len(), "secrets nobody gave were made");
        return;
    }
    for line in shown {
        crate::say::err(&format!("made and kept in {file}: {line}"));
    }
}

/// With less room than this somebody should know before the disk is full: an hour of thirty calls at 8 kHz.
const RECORDING_ROOM_LOW: u64 = 4 << 30;

/// A folder that takes no recordings is found at the start and not at the first call that should be recorded.
fn check_recordings(config: &Config) -> Result<(), String> {
    let records = config.directory.queues.iter().any(|queue| !queue.removed && queue.record != RecordPolicy::Off);
    if !records && !crate::voicemail::is_used(&config.directory) {
        return Ok(());
    }
    let folder = &config.recording.folder;
    let found = RecordingFolder::check(folder).map_err(|error| error.to_string())?;
    if let Some(free) = found.free.filter(|free| *free < RECORDING_ROOM_LOW) {
        tracing::warn!(folder = %folder.display(), free_mb = free >> 20, "little room for recordings");
    }
    Ok(())
}

/// Makes the wide-band form of every sound beside the running house; until then it is made while a sound plays.
fn widen_sounds(loaded: LoadedSounds, media: &Arc<MediaPool>) -> Result<(), String> {
    let media = Arc::downgrade(media);
    let work = move || match loaded.widen() {
        Ok(library) => {
            if let Some(media) = media.upgrade() {
                media.replace_sounds(&Arc::new(library));
            }
        }
        Err(error) => tracing::error!(%error, "sounds stay narrow-band"),
    };
    std::thread::Builder::new().name("sounds".into()).spawn(work).map(drop).map_err(|error| error.to_string())
}

fn http_refused(address: std::net::SocketAddr, error: &std::io::Error) -> String {
    let hint = match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            "; another program listens there: stop it, or change http.listen (\"\" for none)"
        }
        std::io::ErrorKind::PermissionDenied => "; ports below 1024 need the right CAP_NET_BIND_SERVICE",
        std::io::ErrorKind::AddrNotAvailable => "; this machine has no such address: change http.listen",
        _ => "",
    };
    format!("http {address} cannot be listened at: {error}{hint}")
}

fn protocol(transport: Transport) -> sip::Protocol {
    match transport {
        Transport::Udp => sip::Protocol::Udp,
        Transport::Tcp => sip::Protocol::Tcp,
    }
}

fn transport_word(protocol: sip::Protocol) -> &'static str {
    match protocol {
        sip::Protocol::Udp => "udp",
        sip::Protocol::Tcp => "tcp",
    }
}

/// One core is left to signalling, the journal and the rest.
fn media_workers() -> u8 {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    u8::try_from(cores.saturating_sub(1).clamp(1, 64)).unwrap_or(1)
}
