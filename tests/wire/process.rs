//! Programs of a test: bounded, ended by their own process id, their words kept for the report of a failure.

use std::fs::{self, File};
use std::net::{IpAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Output of a program shown when a test fails.
const TAIL_LINES: usize = 60;

/// Waits until `look` finds something; panics with `what` when the limit has passed.
pub(crate) fn wait_for<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < limit, "{what}: not within {limit:?}");
        sleep(LOOK_EVERY);
    }
}

/// Waits until a condition holds.
pub(crate) fn wait_until(what: &str, limit: Duration, mut holds: impl FnMut() -> bool) {
    wait_for(what, limit, || holds().then_some(()));
}

/// A port nobody listens at now, on UDP and TCP. Another program may take it, so it is used at once.
pub(crate) fn free_port(ip: IpAddr) -> u16 {
    for _ in 0..100 {
        let udp = UdpSocket::bind((ip, 0)).expect("a loopback address has free UDP ports");
        let port = udp.local_addr().expect("bound").port();
        if TcpListener::bind((ip, port)).is_ok() {
            return port;
        }
    }
    panic!("no port of {ip} is free on UDP and TCP at the same time");
}

/// A program under way; it is killed when the test drops it.
#[derive(Debug)]
pub(crate) struct Process {
    name: String,
    child: Child,
    out: PathBuf,
    err: PathBuf,
}

impl Process {
    /// Starts `command` with its output in files of `folder`. A program that is not there is a failed test, never a
    /// skipped one.
    pub(crate) fn start(folder: &Path, name: &str, command: &mut Command) -> Process {
        let (out, err) = (folder.join(format!("{name}.out")), folder.join(format!("{name}.err")));
        let file = |path: &Path| File::create(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let spawned = command.stdin(Stdio::null()).stdout(file(&out)).stderr(file(&err)).spawn();
        let child = spawned.unwrap_or_else(|error| {
            let program = command.get_program().to_string_lossy().into_owned();
            panic!("`{program}` cannot be started ({error}). The wire tests need it: `make test` installs what is missing, or `apt-get install --no-install-recommends sip-tester baresip-core baresip-ffmpeg`")
        });
        Process { name: name.to_owned(), child, out, err }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has said on stdout so far.
    pub(crate) fn output(&self) -> String {
        fs::read_to_string(&self.out).unwrap_or_default()
    }

    pub(crate) fn errors(&self) -> String {
        fs::read_to_string(&self.err).unwrap_or_default()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Sends a signal by name, as `kill` knows it.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(sent.is_ok_and(|status| status.success()), "{} cannot be sent SIG{name}", self.name);
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self, limit: Duration) -> ExitStatus {
        let begun = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return status,
                Ok(None) if begun.elapsed() < limit => sleep(LOOK_EVERY),
                Ok(None) => panic!("{} does not end within {limit:?}\n{}", self.name, self.story()),
                Err(error) => panic!("{} cannot be waited for: {error}", self.name),
            }
        }
    }

    /// Waits for an end with exit code 0.
    pub(crate) fn wait_success(&mut self, limit: Duration) {
        let status = self.wait(limit);
        assert!(status.success(), "{} ended with {status}\n{}", self.name, self.story());
    }

    /// The end of what it said, for a person who reads about a failure.
    pub(crate) fn story(&self) -> String {
        format!("--- {} stdout\n{}--- {} stderr\n{}", self.name, tail(&self.output()), self.name, tail(&self.errors()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.is_running() {
            // Only this child: the id is ours until it has been waited for.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

pub(crate) fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(TAIL_LINES);
    lines[from..].iter().map(|line| format!("{line}\n")).collect()
}
