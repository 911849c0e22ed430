//! SIPp as callers and as agents' phones, bounded in calls and time.

use crate::house::House;
use crate::lan::{AGENTS, CALLERS};
use crate::process::{Process, free_port, wait_until};
use crate::scenario::Scenario;
use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// No run of SIPp lasts longer, whatever happens.
const RUN_LIMIT: Duration = Duration::from_secs(240);

/// One caller: the number it shows and the port of its ear.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) number: String,
    pub(crate) media: u16,
}

#[derive(Debug)]
pub(crate) struct Sipp {
    process: Process,
    errors: PathBuf,
    counts: PathBuf,
    log: PathBuf,
    address: SocketAddr,
    calls: usize,
}

impl Sipp {
    /// Calls `dialled` with each of the callers in turn, `rate` a second.
    pub(crate) fn callers(
        house: &House,
        name: &str,
        dialled: &str,
        scenario: &Scenario,
        who: &[Caller],
        rate: u32,
    ) -> Sipp {
        let mut lines = String::from("SEQUENTIAL\n");
        for Caller { number, media } in who {
            let _ = writeln!(lines, "{number};{media};");
        }
        let file = house.path().join(format!("{name}.csv"));
        std::fs::write(&file, lines).expect("the numbers can be written");
        let ip: IpAddr = CALLERS.parse().expect("an address");
        let address = SocketAddr::new(ip, free_port(ip));
        let calls = who.len();
        let mut command = Command::new("sipp");
        command.args(["-s", dialled, "-inf"]).arg(file).args(["-r", &rate.to_string(), "-l", &calls.to_string()]);
        Sipp::start(house, name, command, scenario, address, calls)
    }

    /// Agents' phones at one address: every phone is told from the others by its user part.
    pub(crate) fn phones(house: &House, name: &str, address: SocketAddr, scenario: &Scenario, calls: usize) -> Sipp {
        let mut this = Sipp::start(house, name, Command::new("sipp"), scenario, address, calls);
        this.wait_listening();
        this
    }

    fn start(
        house: &House,
        name: &str,
        mut command: Command,
        scenario: &Scenario,
        address: SocketAddr,
        calls: usize,
    ) -> Sipp {
        let file = |what: &str| house.path().join(format!("{name}.{what}"));
        let (xml, errors, counts, log) = (file("xml"), file("errors"), file("counts"), file("log"));
        std::fs::write(&xml, scenario.xml()).expect("the scenario can be written");
        let (ip, port) = (address.ip().to_string(), address.port().to_string());
        let (control, media) = (free_port(address.ip()), free_port(address.ip()));
        command.arg(house.sip.to_string()).arg("-sf").arg(xml).args([
            "-i",
            &ip,
            "-p",
            &port,
            "-bind_local",
            "-mi",
            &ip,
        ]);
        command.args(["-cp", &control.to_string(), "-ci", &ip, "-mp", &media.to_string()]);
        command.args(["-m", &calls.to_string(), "-nostdin", "-skip_rlimit", "-trace_err", "-error_file"]).arg(&errors);
        command.args(["-trace_stat", "-fd", "1", "-stf"]).arg(&counts);
        command.args(["-trace_logs", "-log_file"]).arg(&log);
        command.args(["-timeout", &RUN_LIMIT.as_secs().to_string(), "-timeout_error"]);
        if std::env::var_os("WIRE_DEBUG").is_some() {
            command.args(["-trace_msg", "-message_file"]).arg(file("messages"));
        }
        Sipp { process: Process::start(house.path(), name, &mut command), errors, counts, log, address, calls }
    }

    /// Where it says which ear speaks to which port.
    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    fn wait_listening(&mut self) {
        let IpAddr::V4(ip) = self.address.ip() else { panic!("the wire tests use IPv4 for SIPp") };
        // The kernel prints the address as the machine stores it.
        let row = format!(" {:08X}:{:04X} ", u32::from_ne_bytes(ip.octets()), self.address.port());
        wait_until("SIPp listens", Duration::from_secs(30), || {
            assert!(self.process.is_running(), "SIPp does not start\n{}", self.process.story());
            std::fs::read_to_string("/proc/net/udp").is_ok_and(|sockets| sockets.contains(&row))
        });
    }

    /// All calls went as the scenario says.
    pub(crate) fn done(mut self) -> Counts {
        let status = self.process.wait(RUN_LIMIT + Duration::from_secs(30));
        let errors = std::fs::read_to_string(&self.errors).unwrap_or_default();
        let errors = crate::process::tail(&errors);
        assert!(status.success(), "SIPp ended with {status}\n{errors}{}", self.process.story());
        let table = std::fs::read_to_string(&self.counts).unwrap_or_default();
        if table.trim().is_empty() {
            // SIPp 3.6.1 now and then ends before its first table is written. It ended with 0, which it does when the
            // calls it was bounded to were all successful.
            return Counts { successful: self.calls as u64, failed: 0, retransmissions: 0 };
        }
        Counts::read(&table)
    }

    /// Ended by the test: what it was for is over.
    pub(crate) fn stop(self) {
        drop(self);
    }
}

/// A place for agents' phones.
pub(crate) fn phones_address() -> SocketAddr {
    let ip: IpAddr = AGENTS.parse().expect("an address");
    SocketAddr::new(ip, free_port(ip))
}

/// What SIPp counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) successful: u64,
    pub(crate) failed: u64,
    pub(crate) retransmissions: u64,
}

impl Counts {
    fn read(table: &str) -> Counts {
        let mut lines = table.lines().filter(|line| !line.trim().is_empty());
        let names: Vec<&str> = lines.next().expect("SIPp writes a heading").split(';').collect();
        let values: Vec<&str> = lines.next_back().expect("SIPp writes counts").split(';').collect();
        let count = |name: &str| {
            let column = names.iter().position(|n| *n == name).unwrap_or_else(|| panic!("no column {name}"));
            values[column].parse().unwrap_or_else(|_| panic!("{name} is `{}`", values[column]))
        };
        Counts {
            successful: count("SuccessfulCall(C)"),
            failed: count("FailedCall(C)"),
            retransmissions: count("Retransmissions(C)"),
        }
    }
}
