//! `strowger demo`: the server, three built-in phones as agents and a stream of callers, all over real SIP and RTP on
//! loopback; what happens is printed as it happens.

use super::story::{self, Mood};
use crate::cli::DemoArgs;
use crate::phone::{Phone, PhoneConfig, Source};
use crate::serve::{self, Server};
use crate::sounds::Sounds;
use base::Rng;
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;

/// Agents of the demo: id, name and the tone each speaks with, so that a recording tells them apart.
const AGENTS: [(&str, &str, f64); 3] = [("1001", "Anna", 440.0), ("1002", "Bo", 550.0), ("1003", "Chen", 660.0)];
/// Callers who are in a call at the same time; more would only wait.
const CALLERS_MAX: usize = 30;

pub(crate) fn run(args: &DemoArgs) -> Result<bool, String> {
    let log = serve::start_log("error", false)?;
    let runtime = serve::runtime()?;
    let folder = std::env::temp_dir().join(format!("strowger-demo-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let password = std::fs::read_to_string("/proc/sys/kernel/random/uuid").map_err(|error| error.to_string())?;
    let sounds = Sounds::find(None)?;
    let config = config::load_text("demo", &configuration(&folder, password.trim()), &sounds.names)
        .map_err(|report| report.to_string())?;
    let queue = config.directory.queue_named("support").ok_or("the demo has a queue")?;
    let server = Server::start(config, sounds, None, &runtime, log, Some(Box::new(show)))?;
    let place = server.floor.sip.first().and_then(|sip| sip.strip_prefix("udp:")).unwrap_or_default().to_owned();
    say(&format!(
        "A call centre at {place} with {} agents and {} calls a minute; wallboard http://{}/wallboard; Ctrl-C ends it.\n",
        AGENTS.len(),
        args.calls_per_minute,
        server.floor.http
    ));
    let played = runtime.block_on(play(&place, password.trim(), args));
    say("\nEnding the calls that are left.");
    let (published, names, clock) =
        (Arc::clone(&server.floor.published), server.floor.names.load_full(), server.floor.clock);
    server.stop();
    runtime.shutdown_timeout(Duration::from_secs(1));
    let today = {
        let wallboard = published.wallboard.lock().unwrap_or_else(PoisonError::into_inner);
        wallboard.queue(queue, clock.mono(), &names).today
    };
    let level = today.service_level(names.queue(queue).service_level.treatment);
    let recordings = std::fs::read_dir(folder.join("recordings")).map_or(0, Iterator::count);
    let made = played?;
    say(&format!(
        "\n{made} calls were made: {} reached the queue, {} answered, {} abandoned by their callers, {} left it otherwise.",
        today.counts.offered, today.counts.answered, today.counts.abandoned, today.counts.flowed_out
    ));
    let level = level.map_or("-".into(), |level| format!("{:.0} %", level * 100.0));
    say(&format!("Service level (20 s): {level}. Recordings: {recordings}."));
    if args.keep {
        // The passwords were of this demo alone.
        let file = folder.join("demo.toml");
        std::fs::write(&file, configuration(&folder, "the demo is over"))
            .map_err(|error| format!("{}: {error}", file.display()))?;
        let (folder, file) = (folder.display(), file.display());
        say(&format!(
            "Kept in {folder}: the recordings, the store for `strowger report --store sqlite:{folder}/demo.db`, and the \
             configuration for `strowger explain CONTACT --config {file}`."
        ));
    } else {
        let _gone = std::fs::remove_dir_all(&folder);
        say("They are removed; `strowger demo --keep` keeps them to be listened to.");
    }
    Ok(true)
}

fn configuration(folder: &Path, password: &str) -> String {
    let folder = folder.display();
    let mut text = format!(
        "[sip]\nlisten = [\"udp:127.0.0.1:0\"]\n[http]\nlisten = \"127.0.0.1:0\"\n\
         [store]\nurl = \"sqlite:{folder}/demo.db\"\n[recording]\nfolder = \"{folder}/recordings\"\n\
         [[trunk]]\nname = \"town\"\nallow_from = [\"127.0.0.0/8\"]\n\
         [[number]]\nmatch = \"*\"\nto = \"queue:support\"\n\
         [[queue]]\nname = \"support\"\nstrategy = \"longest-idle\"\nwrap_up = \"3s\"\nrecord = \"all\"\n"
    );
    for (id, name, _) in AGENTS {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "[[phone]]\nid = \"{id}\"\npassword = \"{password}\"\n\
             [[agent]]\nid = \"{id}\"\nname = \"{name}\"\nphone = \"{id}\"\nqueues = [\"support\"]\ninitial_state = \"ready\"\n"
        );
    }
    text
}

/// Runs agents and callers until told to stop; gives back how many calls were made.
async fn play(place: &str, password: &str, args: &DemoArgs) -> Result<u64, String> {
    let mut rng = Rng::new(u64::from(std::process::id()));
    let mut agents = JoinSet::new();
    for (id, _, tone) in AGENTS {
        let mut config = PhoneConfig::new(format!("sip:{place}").parse().map_err(|e| format!("{e}"))?, id);
        config.password = Some(password.to_owned());
        config.audio.source = Source::Tone { hz: tone };
        let (phone, events) = Phone::start(config).await.map_err(|refusal| format!("agent {id}: {refusal}"))?;
        phone.register().await.map_err(|refusal| format!("agent {id} cannot register: {refusal}"))?;
        let rng = rng.fork();
        agents.spawn(async move {
            drop(events);
            work(phone, rng).await;
        });
    }
    let mut callers = JoinSet::new();
    let mut made = 0;
    let end = async {
        match args.duration {
            Some(after) => tokio::time::sleep(after).await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(end);
    loop {
        let gap = Duration::from_secs_f64(rng.exponential(60.0 / f64::from(args.calls_per_minute)));
        tokio::select! {
            () = &mut end => break,
            _ = tokio::signal::ctrl_c() => break,
            () = tokio::time::sleep(gap) => {}
        }
        while callers.try_join_next().is_some() {}
        if callers.len() < CALLERS_MAX {
            made += 1;
            let patience = Duration::from_secs_f64(10.0 + rng.exponential(50.0));
            callers.spawn(call(place.to_owned(), made, patience));
        }
    }
    agents.shutdown().await;
    callers.shutdown().await;
    Ok(made)
}

/// An agent: lets it ring for a second, answers, talks for a while, hangs up.
async fn work(phone: Phone, mut rng: Rng) {
    while let Some(call) = phone.wait_call().await {
        let _gone = call.ring().await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        if call.answer(None).await.is_ok() {
            let talk = Duration::from_secs(4 + rng.below(8));
            let _hung_up = tokio::time::timeout(talk, call.ended()).await;
            let _over = call.hang_up().await;
        }
    }
}

/// A caller: dials and stays until he is hung up or his patience ends.
async fn call(place: String, number: u64, patience: Duration) {
    let Ok(server) = format!("sip:{place}").parse() else { return };
    let config = PhoneConfig::new(server, &format!("5550{number:04}"));
    let Ok((phone, events)) = Phone::start(config).await else { return };
    drop(events);
    if let Ok(call) = phone.dial("4008", None).await {
        let _over = tokio::time::timeout(patience, call.ended()).await;
        let _over = call.hang_up().await;
    }
    phone.close().await;
}

/// One line an event, in the colours of a terminal.
fn show(_: u64, stamped: &model::Stamped, names: &model::Directory) {
    let Some((mood, told)) = story::tell(&stamped.fact, names) else { return };
    let seconds = stamped.at.utc.as_secs().rem_euclid(86_400);
    let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let colour = match mood {
        Mood::Plain => "0",
        Mood::Good => "32",
        Mood::Bad => "31",
        Mood::Waiting => "33",
        Mood::Agent => "36",
    };
    let painted = if std::io::stdout().is_terminal() { format!("\x1b[{colour}m{told}\x1b[0m") } else { told };
    say(&format!("{h:02}:{m:02}:{s:02}Z  {painted}"));
}

fn say(line: &str) {
    // A closed terminal is no reason to stop: Ctrl-C or the duration is.
    let _closed = writeln!(std::io::stdout(), "{line}");
}
