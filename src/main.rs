//! Wires the rooms together; decides nothing about a call.

mod cli;
mod commands;
mod control;
mod day;
mod meters;
mod phone;
mod say;
mod secrets;
mod serve;
mod sounds;
mod tide;
mod times;
mod view;
mod voicemail;

use clap::Parser;
use cli::{AgentVerb, CallVerb, Cli, Command, EXIT_USAGE, QueueVerb, ServerArg};
use control::Request;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are what was asked for; anything else is wrong usage.
            let code = if error.use_stderr() { EXIT_USAGE } else { 0 };
            let _closed = error.print();
            return ExitCode::from(code);
        }
    };
    match run(cli.command.unwrap_or(Command::Serve(cli::ServeArgs::embedded()))) {
        Ok(code) => code,
        Err(message) => {
            say::err(&format!("strowger: {message}"));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode, String> {
    let done = |as_asked: bool| if as_asked { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    match command {
        Command::Serve(args) => serve::run(&args).map(done),
        Command::Check(args) => commands::check::run(&args).map(done),
        Command::Config => print(&config::render_defaults()),
        Command::Phone(args) => commands::phone::run(*args),
        Command::Demo(args) => commands::demo::run(&args).map(done),
        Command::Report(args) => {
            let (store, zone) = match &args.store {
                Some(url) => (url.clone(), "UTC".to_owned()),
                None => {
                    let glimpse = commands::check::glimpse(&args.config)?;
                    (glimpse.store.to_string(), glimpse.time_zone.to_string())
                }
            };
            match commands::report::run(&args, &store, &zone) {
                Ok(text) => print(&text),
                Err(commands::report::NoReport::Failed(reason)) => Err(reason),
                Err(commands::report::NoReport::Usage(reason)) => {
                    say::err(&format!("strowger: {reason}"));
                    Ok(ExitCode::from(EXIT_USAGE))
                }
            }
        }
        Command::Explain(args) => print(&commands::explain::run(&args)?),
        Command::Simulate(args) => commands::simulate::run(&args).and_then(|text| print(&text)),
        Command::Voicemail(verb) => print(&commands::voicemail::run(&verb)?),
        Command::Status(args) => watch(&args, &Request::Status),
        Command::Queues(args) => watch(&args, &Request::Queues),
        Command::Agents(args) => watch(&args, &Request::Agents),
        Command::Calls(args) => watch(&args, &Request::Calls),
        Command::Trunks(args) => watch(&args, &Request::Trunks),
        Command::Agent(args) => {
            let action = match args.action {
                AgentVerb::Ready => control::AgentVerb::Ready,
                AgentVerb::NotReady => control::AgentVerb::NotReady,
                AgentVerb::SignOff => control::AgentVerb::SignOff,
                AgentVerb::Extend => control::AgentVerb::Extend,
            };
            ask(&args.server, &Request::Agent { id: args.id, action, seconds: args.by.map(|by| by.as_secs()) })
        }
        Command::Queue(args) => {
            let action = match args.action {
                QueueVerb::Close => control::QueueVerb::Close,
                QueueVerb::Open => control::QueueVerb::Open,
                QueueVerb::CallIn => control::QueueVerb::CallIn,
                QueueVerb::SendAway => control::QueueVerb::SendAway,
                QueueVerb::ByRule => control::QueueVerb::ByRule,
            };
            ask(&args.server, &Request::Queue { name: args.name, action, reserve: args.reserve })
        }
        Command::Call(args) => match args.action {
            CallVerb::Hangup => ask(&args.server, &Request::HangUp { call: args.id }),
        },
        Command::Drain(args) => ask(&args, &Request::Drain),
        Command::Reload(args) => ask(&args, &Request::Reload),
        Command::Log(args) => ask(&args.server, &Request::Log { level: args.level }),
        Command::Later(args) => {
            let name = args.first().map_or("", |name| name.to_str().unwrap_or_default());
            if cli::RESERVED.contains(&name) {
                say::err(&format!(
                    "strowger: `{name}` is reserved for a later version; `strowger --help` lists what there is"
                ));
            } else {
                let known = cli::commands();
                let near = config::nearest(name, known.iter().map(String::as_str));
                let hint = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
                say::err(&format!(
                    "strowger: there is no command `{name}`; {hint}`strowger --help` lists what there is"
                ));
            }
            Ok(ExitCode::from(EXIT_USAGE))
        }
    }
}

fn print(text: &str) -> Result<ExitCode, String> {
    say::out(text).map(|()| ExitCode::SUCCESS)
}

fn watch(args: &cli::WatchArgs, request: &Request) -> Result<ExitCode, String> {
    let socket = control::socket_of(&args.server)?;
    let as_asked = control::watch(Path::new(&socket), request, args.json, args.watch)?;
    Ok(if as_asked { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn ask(server: &ServerArg, request: &Request) -> Result<ExitCode, String> {
    let socket = control::socket_of(server)?;
    let as_asked = control::watch(Path::new(&socket), request, false, false)?;
    Ok(if as_asked { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
