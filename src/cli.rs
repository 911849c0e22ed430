//! Parses the command line; decides nothing.

use crate::phone::{PhoneArgs, parse_duration};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// What `sysexits.h` calls EX_USAGE: the command was used wrongly.
pub(crate) const EXIT_USAGE: u8 = 64;

/// Commands of later generations; nothing else may take these names.
pub(crate) const RESERVED: [&str; 3] = ["ivr", "doctor", "passwd"];

/// An open-source call centre in one binary: SIP trunk in, queue, music, the agent idle longest, records that add up.
#[derive(Parser, Debug)]
#[command(name = "strowger", version, arg_required_else_help = false, after_help = AFTER)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

const AFTER: &str = "Without a command: `serve` on the embedded default configuration (loopback only).
Reserved for later generations: ivr, doctor, passwd.
Exit codes: 0 as asked, 1 not as asked, 2 no answer (phone), 64 wrong usage.";

/// The names of all commands, for a suggestion.
pub(crate) fn commands() -> Vec<String> {
    Cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect()
}

/// A time as RFC 3339 writes it; checked here so that a slip is wrong usage, read by the report.
fn rfc3339(text: &str) -> Result<String, String> {
    let time: Result<jiff::Timestamp, _> = text.parse();
    time.map(|_| text.to_owned())
        .map_err(|_| "write it like 2026-05-04T09:00:00Z or 2026-05-04T17:00:00+08:00 (RFC 3339)".into())
}

/// Checked here so that a slip is wrong usage.
fn log_words(text: &str) -> Result<String, String> {
    crate::serve::log_filter(text).map(|_| text.to_owned())
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Run the call centre; prints one JSON line when ready, logs to stderr
    Serve(ServeArgs),
    /// Check a configuration without binding anything
    Check(ConfigArg),
    /// Print every key with its default
    Config,
    /// A test softphone: registers, dials, answers, plays, records, sends digits
    #[command(after_help = "Exit codes: 0 as asked, 1 not as asked, 2 no answer, 64 wrong usage.")]
    Phone(Box<PhoneArgs>),
    /// The server with three built-in agents and a stream of callers, all on loopback
    Demo(DemoArgs),
    /// Queues, agents and abandoned calls by interval, with the formulas
    #[command(after_help = crate::commands::report::JSON_KEYS)]
    Report(ReportArgs),
    /// Why a contact went to one agent and not to another
    #[command(after_help = crate::commands::explain::HELP)]
    Explain(ExplainArgs),
    /// Rehearse a day: this configuration, made-up callers, a virtual clock
    #[command(after_help = crate::commands::simulate::HELP)]
    Simulate(SimulateArgs),
    /// Messages that callers have left
    #[command(subcommand)]
    Voicemail(VoicemailVerb),
    /// How the running server is
    Status(WatchArgs),
    /// Waiting lines of the running server
    Queues(WatchArgs),
    /// Agents of the running server
    Agents(WatchArgs),
    /// Live calls of the running server
    Calls(WatchArgs),
    /// Trunks of the running server
    Trunks(WatchArgs),
    /// Force an agent's state (kept as a fact with your user name)
    Agent(AgentArgs),
    /// Close a queue in an emergency, or open it again (kept as a fact with your user name)
    Queue(QueueArgs),
    /// Act on a live call (kept as a fact with your user name)
    Call(CallArgs),
    /// Take no new calls, let live ones finish, then stop
    Drain(ServerArg),
    /// Read the configuration again and apply only what differs
    Reload(ServerArg),
    /// Change the log level of the running server
    Log(LogArgs),
    /// Names kept for later generations
    #[command(external_subcommand)]
    Later(Vec<OsString>),
}

#[derive(Subcommand, Debug)]
pub(crate) enum VoicemailVerb {
    /// The messages there are, the oldest first
    #[command(after_help = crate::commands::voicemail::HELP)]
    List(VoicemailList),
    /// Where the sound of a message lies
    Path(VoicemailName),
    /// Mark a message as heard
    Heard(VoicemailName),
    /// Delete a message for good
    Delete(VoicemailName),
}

#[derive(Args, Debug)]
pub(crate) struct VoicemailList {
    #[command(flatten)]
    pub(crate) config: ConfigArg,
    /// Of this queue alone
    #[arg(long)]
    pub(crate) queue: Option<String>,
    /// Only what nobody has heard
    #[arg(long)]
    pub(crate) new: bool,
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct VoicemailName {
    /// As `strowger voicemail list` shows it
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) config: ConfigArg,
}

#[derive(Args, Debug, Clone, Default)]
pub(crate) struct ConfigArg {
    /// Configuration file; without it the embedded default
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// Which of the servers of this machine is asked.
#[derive(Args, Debug, Clone, Default)]
pub(crate) struct ServerArg {
    #[command(flatten)]
    pub(crate) config: ConfigArg,
    /// Control socket of the running server, as `serve` prints it; default: beside the store the configuration names
    #[arg(long, value_name = "FILE")]
    pub(crate) socket: Option<PathBuf>,
}

#[derive(Args, Debug, Clone)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArg,
    /// Log level: error, warn, info, debug, trace, or a filter such as `info,sip=debug`
    #[arg(long, value_name = "LEVEL", default_value = "info", value_parser = log_words)]
    pub(crate) log: String,
    /// Log lines as JSON
    #[arg(long)]
    pub(crate) log_json: bool,
}

impl ServeArgs {
    /// What no command at all means.
    pub(crate) fn embedded() -> Self {
        ServeArgs { config: ConfigArg::default(), log: "info".into(), log_json: false }
    }
}

#[derive(Args, Debug)]
pub(crate) struct DemoArgs {
    /// New calls a minute
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub(crate) calls_per_minute: u32,
    /// Keep the recordings and the store, and say where they are
    #[arg(long)]
    pub(crate) keep: bool,
    /// Stop by itself after this time, e.g. 30s; without it Ctrl-C ends the demo
    #[arg(long, value_parser = parse_duration)]
    pub(crate) duration: Option<std::time::Duration>,
}

#[derive(Args, Debug)]
pub(crate) struct ReportArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArg,
    /// Read this store instead of the configuration's, e.g. sqlite:data/strowger.db
    #[arg(long, value_name = "URL", conflicts_with = "config")]
    pub(crate) store: Option<String>,
    /// From this time (RFC 3339), included; default: today 00:00 in the site's time zone
    #[arg(long, value_name = "TIME", value_parser = rfc3339)]
    pub(crate) from: Option<String>,
    /// To this time (RFC 3339), excluded; default: now
    #[arg(long, value_name = "TIME", value_parser = rfc3339)]
    pub(crate) to: Option<String>,
    /// As one JSON object, for programs, with the keys described below
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    /// The contact's id as `strowger calls` and `strowger report --json` show it
    #[arg(value_parser = crate::commands::explain::contact_id)]
    pub(crate) contact: model::ContactId,
    #[command(flatten)]
    pub(crate) config: ConfigArg,
    /// As one JSON object, for programs, with the keys described below
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct SimulateArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArg,
    /// Who calls, when, for how long, and how patient they are
    #[arg(long, value_name = "FILE", required_unless_present = "defaults")]
    pub(crate) traffic: Option<PathBuf>,
    /// Who is there when; without it every agent of a queue, all day
    #[arg(long, value_name = "FILE")]
    pub(crate) schedule: Option<PathBuf>,
    /// A second configuration, on the same calls; prints what differs
    #[arg(long, value_name = "FILE")]
    pub(crate) compare: Option<PathBuf>,
    /// The first run's chance; each run has the next
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Days in a row in each run
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=366))]
    pub(crate) days: u32,
    /// How often the same days are simulated
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) runs: u32,
    /// As one JSON object, for programs, with the keys described below
    #[arg(long)]
    pub(crate) json: bool,
    /// Draw waiting, service level and occupancy over the day
    #[arg(long, value_name = "OUT.svg")]
    pub(crate) plot: Option<PathBuf>,
    /// Print every key of traffic and schedule files with its default
    #[arg(long, exclusive = true)]
    pub(crate) defaults: bool,
}

#[derive(Args, Debug)]
pub(crate) struct WatchArgs {
    #[command(flatten)]
    pub(crate) server: ServerArg,
    /// As one line of JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
    /// Show it anew every second until Ctrl-C
    #[arg(long)]
    pub(crate) watch: bool,
}

#[derive(Args, Debug)]
pub(crate) struct AgentArgs {
    /// The agent's id as `strowger agents` shows it
    pub(crate) id: String,
    /// What to do: in a call, `not-ready` and `sign-off` count from its end
    #[arg(value_enum)]
    pub(crate) action: AgentVerb,
    /// With `extend`: by how much, such as 30s; one minute when not given
    #[arg(value_parser = parse_duration)]
    pub(crate) by: Option<std::time::Duration>,
    #[command(flatten)]
    pub(crate) server: ServerArg,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AgentVerb {
    /// Take calls
    Ready,
    /// Take no calls
    NotReady,
    /// Leave all queues
    SignOff,
    /// More time for wrap-up: the one he is in, or that of the call he is in
    Extend,
}

#[derive(Args, Debug)]
pub(crate) struct QueueArgs {
    /// The queue's name
    pub(crate) name: String,
    /// What to do: who waits in a queue that is closed leaves it by its rule for closed hours
    #[arg(value_enum)]
    pub(crate) action: QueueVerb,
    /// Which of its reserves, counted from 1 as they are written; without it all
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=8))]
    pub(crate) reserve: Option<u8>,
    #[command(flatten)]
    pub(crate) server: ServerArg,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QueueVerb {
    /// Nobody comes in, whatever the calendar says
    Close,
    /// The calendar counts again
    Open,
    /// Its reserves join now, and stay until another order
    CallIn,
    /// Its reserves go when they are free, and do not join until another order
    SendAway,
    /// The rules of its reserves count again
    ByRule,
}

#[derive(Args, Debug)]
pub(crate) struct CallArgs {
    /// The call's id as `strowger calls` shows it
    pub(crate) id: String,
    /// What to do
    #[arg(value_enum)]
    pub(crate) action: CallVerb,
    #[command(flatten)]
    pub(crate) server: ServerArg,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallVerb {
    /// End it on all sides
    Hangup,
}

#[derive(Args, Debug)]
pub(crate) struct LogArgs {
    /// error, warn, info, debug, trace, or a filter such as `info,sip=debug`
    #[arg(value_parser = log_words)]
    pub(crate) level: String,
    #[command(flatten)]
    pub(crate) server: ServerArg,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
