use super::protocol::{Reply, Request};
use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, IsTerminal as _, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// A server that is alive answers at once; one that does not is not.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks the running server one thing.
pub(crate) fn ask(socket: &Path, request: &Request) -> Result<Reply, String> {
    let nobody = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
            format!(
                "no server answers at {}; is `strowger serve` running with this configuration? If store.url was changed \
                 since it started, name its socket with --socket (`serve` prints it when ready)",
                socket.display()
            )
        }
        io::ErrorKind::PermissionDenied => {
            format!("{} belongs to somebody else; ask as the user who runs the server", socket.display())
        }
        _ => format!("{}: {error}", socket.display()),
    };
    // A short path lies in a folder everybody may write to: only a socket of our own user or root is believed.
    let owner = std::fs::metadata(socket).map_err(nobody)?.uid();
    let own = std::fs::metadata("/proc/self").map_err(nobody)?.uid();
    if owner != own && owner != 0 && own != 0 {
        return Err(format!("{} belongs to another user", socket.display()));
    }
    let mut stream = UnixStream::connect(socket).map_err(nobody)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(nobody)?;
    let mut line = serde_json::to_string(request).map_err(|error| error.to_string())?;
    line.push('\n');
    stream.write_all(line.as_bytes()).map_err(nobody)?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).map_err(nobody)?;
    serde_json::from_str(&answer).map_err(|_| "the server closed the connection without an answer".to_owned())
}

/// Shows the answer to `request`, again every second when watching. True: as asked.
pub(crate) fn watch(socket: &Path, request: &Request, json: bool, again: bool) -> Result<bool, String> {
    let mut out = io::stdout().lock();
    loop {
        let reply = ask(socket, request)?;
        let text = if json {
            // The reply without the envelope: what a script wants.
            let value = serde_json::to_value(&reply).map_err(|error| error.to_string())?;
            let inner = value.as_object().and_then(|o| o.values().next().cloned()).unwrap_or(value);
            format!("{inner}\n")
        } else {
            show(&reply)
        };
        // A terminal shows one table; a file or a pipe gets one after the other.
        let clear = match (again && !json, io::stdout().is_terminal()) {
            (true, true) => "\x1b[H\x1b[2J",
            (true, false) => "\n",
            (false, _) => "",
        };
        match write!(out, "{clear}{text}").and_then(|()| out.flush()) {
            Ok(()) => {}
            // Whoever looked has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(true),
            Err(error) => return Err(format!("the answer cannot be written: {error}")),
        }
        if !again {
            return Ok(!matches!(reply, Reply::Refused { .. }));
        }
        std::thread::sleep(Duration::from_secs(1));
    }
}

fn show(reply: &Reply) -> String {
    match reply {
        Reply::Status(s) => {
            let state = match (s.draining, s.ready) {
                (true, _) => "draining",
                (false, true) => "ready",
                (false, false) => "not ready",
            };
            let store = if s.store_healthy { "ok" } else { "CANNOT BE WRITTEN, records wait in memory" };
            format!(
                "strowger {} · {state} · generation {} · up {}\n\
                 sip            {}\nhttp           {}\ncalls          {} ({} legs)\nregistrations  {}\n\
                 sip state      {} sessions, {} transactions\nmedia          {} ports, {} legs, {} packets relayed\n\
                 store          {store}, {} facts, {} rows lost\n",
                s.version,
                s.generation,
                clock(s.uptime_seconds as f64),
                s.sip.join(" "),
                s.http,
                s.calls,
                s.legs,
                s.registrations,
                s.sip_sessions,
                s.sip_transactions,
                s.media_ports,
                s.media_legs,
                s.packets_relayed,
                s.facts,
                s.records_lost,
            )
        }
        Reply::Queues(lines) => table(
            &[
                "queue",
                "open",
                "waiting",
                "longest",
                "ready",
                "ringing",
                "busy",
                "wrap-up",
                "not ready",
                "off",
                "reserves",
                "offered",
                "answered",
                "abandoned",
                "flowed out",
                "SL",
            ],
            lines.iter().map(|q| {
                let level = q.service_level.map_or("-".into(), |l| format!("{:.1} %", l * 100.0));
                let reserves: Vec<String> = q.reserves.iter().map(u8::to_string).collect();
                vec![
                    q.queue.clone(),
                    q.open.clone(),
                    q.waiting.to_string(),
                    clock(q.longest_wait_seconds),
                    q.ready.to_string(),
                    q.ringing.to_string(),
                    q.busy.to_string(),
                    q.wrap_up.to_string(),
                    q.not_ready.to_string(),
                    q.signed_off.to_string(),
                    if reserves.is_empty() { "-".into() } else { reserves.join(",") },
                    q.offered.to_string(),
                    q.answered.to_string(),
                    q.abandoned.to_string(),
                    q.flowed_out.to_string(),
                    level,
                ]
            }),
        ),
        Reply::Agents(lines) => table(
            &["agent", "name", "state", "reason", "next", "for", "phone", "call"],
            lines.iter().map(|a| {
                vec![
                    a.agent.clone(),
                    a.name.clone(),
                    a.state.clone(),
                    a.reason.clone().unwrap_or_default(),
                    a.next.clone().unwrap_or_default(),
                    a.seconds.map_or_else(|| "-".into(), clock),
                    a.phone.clone().unwrap_or_default(),
                    a.call.clone().unwrap_or_default(),
                ]
            }),
        ),
        Reply::Calls(lines) => table(
            &["call", "since", "state", "for", "caller", "dialled", "from", "queue", "agents", "legs"],
            lines.iter().map(|c| {
                vec![
                    c.call.clone(),
                    if c.since_at_site.is_empty() { c.since.clone() } else { c.since_at_site.clone() },
                    c.state.clone(),
                    clock(c.seconds),
                    if c.caller.is_empty() { "(withheld)".into() } else { c.caller.clone() },
                    c.dialled.clone(),
                    c.from.clone(),
                    c.queue.clone().unwrap_or_default(),
                    c.agents.join(" "),
                    c.legs.to_string(),
                ]
            }),
        ),
        Reply::Trunks(lines) => table(
            &["trunk", "state", "registered", "calls"],
            lines.iter().map(|t| {
                let registered = t.registered.map_or("", |yes| if yes { "yes" } else { "no" });
                vec![t.trunk.clone(), if t.up { "up" } else { "DOWN" }.into(), registered.into(), t.calls.to_string()]
            }),
        ),
        Reply::Done { message } => format!("{message}\n"),
        Reply::Refused { reason } => format!("refused: {reason}\n"),
    }
}

fn table(heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let rows: Vec<Vec<String>> = rows.collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([heads[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let mut text = String::new();
    let heads = heads.iter().map(|head| (*head).to_owned()).collect();
    for row in std::iter::once(&heads).chain(&rows) {
        for (cell, width) in row.iter().zip(&widths) {
            // Writing to a String cannot fail.
            let _ = write!(text, "{cell:<width$}  ");
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    if rows.is_empty() {
        text.push_str("(none)\n");
    }
    text
}

/// `4.2s`, `1:05`, `2:03:04`.
fn clock(seconds: f64) -> String {
    let whole = seconds as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, _) => format!("{seconds:.1}s"),
        (0, m, s) => format!("{m}:{s:02}"),
        (h, m, s) => format!("{h}:{m:02}:{s:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_lines_up_and_says_when_it_is_empty() {
        let text = table(&["queue", "n"], [vec!["support".into(), "3".into()]].into_iter());
        assert_eq!(text, "queue    n\nsupport  3\n");
        assert!(table(&["queue"], std::iter::empty()).ends_with("(none)\n"));
    }

    #[test]
    fn times_read_as_people_write_them() {
        assert_eq!((clock(4.25), clock(65.0), clock(7384.0)), ("4.2s".into(), "1:05".into(), "2:03:04".into()));
    }
}
