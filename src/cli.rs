//! Parses the command line; decides nothing.

use crate::phone::{PhoneArgs, parse_duration};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// What `sysexits.h` calls EX_USAGE: the command was used wrongly.
pub(crate) const EXIT_USAGE: u8 = 64;

/// Commands of later generations; nothing else may take these names.
pub(crate) const RESERVED: [&str; 5] = ["ivr", "simulate", "explain", "doctor", "passwd"];

/// An open-source call centre in one binary: SIP trunk in, queue, music, the agent idle longest, records that add up.
#[derive(Parser, Debug)]
#[command(name = "strowger", version, arg_required_else_help = false, after_help = AFTER)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

const AFTER: &str = "Without a command: `serve` on the embedded default configuration (loopback only).
Reserved for later generations: ivr, simulate, explain, doctor, passwd.
Exit codes: 0 as asked, 1 not as asked, 64 wrong usage.";

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Run the call centre; prints one JSON line when ready, logs to stderr
    Serve(ServeArgs),
    /// Check a configuration without binding anything
    Check(ConfigArg),
    /// Print every key with its default
    Config,
    /// A test softphone: registers, dials, answers, plays, records, sends digits
    Phone(Box<PhoneArgs>),
    /// The server with three built-in agents and a stream of callers, all on loopback
    Demo(DemoArgs),
    /// Queues, agents and abandoned calls by interval, with the formulas
    Report(ReportArgs),
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
    /// Act on a live call (kept as a fact with your user name)
    Call(CallArgs),
    /// Take no new calls, let live ones finish, then stop
    Drain(ConfigArg),
    /// Read the configuration again and apply only what differs
    Reload(ConfigArg),
    /// Change the log level of the running server
    Log(LogArgs),
    /// Names kept for later generations
    #[command(external_subcommand)]
    Later(Vec<OsString>),
}

#[derive(Args, Debug, Clone, Default)]
pub(crate) struct ConfigArg {
    /// Configuration file; without it the embedded default
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Args, Debug, Clone)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArg,
    /// Log level: error, warn, info, debug, trace, or a filter such as `info,sip=debug`
    #[arg(long, value_name = "LEVEL", default_value = "info")]
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
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// To this time (RFC 3339), excluded; default: now
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct WatchArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArg,
    #[arg(long)]
    pub(crate) json: bool,
    /// Show it anew every second until Ctrl-C
    #[arg(long)]
    pub(crate) watch: bool,
}

#[derive(Args, Debug)]
pub(crate) struct AgentArgs {
    /// The agent's id
    pub(crate) id: String,
    #[arg(value_enum)]
    pub(crate) action: AgentVerb,
    #[command(flatten)]
    pub(crate) config: ConfigArg,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AgentVerb {
    Ready,
    NotReady,
    SignOff,
}

#[derive(Args, Debug)]
pub(crate) struct CallArgs {
    /// The call's id as `strowger calls` shows it
    pub(crate) id: String,
    #[arg(value_enum)]
    pub(crate) action: CallVerb,
    #[command(flatten)]
    pub(crate) config: ConfigArg,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallVerb {
    Hangup,
}

#[derive(Args, Debug)]
pub(crate) struct LogArgs {
    /// error, warn, info, debug, trace, or a filter such as `info,sip=debug`
    pub(crate) level: String,
    #[command(flatten)]
    pub(crate) config: ConfigArg,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
