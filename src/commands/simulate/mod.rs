//! `strowger simulate`: a day, rehearsed by the shipped engine on a virtual clock.

mod json;
mod phones;
mod plot;
mod runs;
mod text;

use crate::cli::{ConfigArg, SimulateArgs};
use crate::commands::check::load_or_report;
use crate::say;
use base::Utc;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::{AgentId, Directory, Shift, Weekday, Weekdays};
use sim::traffic::{Scene, Span, Tally};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Shown under `strowger simulate --help`; these names are an interface and do not change.
pub(crate) const HELP: &str = "\
Traffic and schedule files: every key with its default is printed by `strowger simulate --defaults`. With --days the
streams and shifts of each day of the week come (`days`, every day unless given), from the `date` of [day] on.
What is simulated is the shipped distributor with the configuration as it is; callers and agents are made up, legs only
ring, answer, refuse and hang up, and announcements take no time. Phones with `auto_answer` and agents who are
`nailed_up = \"at-once\"` answer in no time and miss nothing. Callers press the `keys` of
their stream while they wait; who is promised a callback answers it. Nobody is held, transferred or consulted: rates of
these are figures of `strowger report` alone.

Keys of --json (lengths in seconds, shares from 0 to 1, null where no run has the figure):
  from, interval_minutes, days, runs, seed, confidence
  configurations[]      config, callers, refused{} by cause, waiting_at_end
    queues[]            queue, service_level{} target_seconds goal_percent treatment, day{}, intervals[] from, figures{}
      day{} figures{}   each figure: mean, half_width of its interval, runs that have it
  differences[]         with --compare: queue, day{} and intervals[], the other configuration less the first on the same
                        calls: mean, half_width, runs
  figures[]             name unit formula";

/// One configuration and what becomes of it.
struct Case {
    /// As it was named.
    name: String,
    /// For a picture.
    short: String,
    scene: Scene,
    runs: Vec<Tally>,
}

/// Everything that is printed and drawn.
struct Simulation {
    cases: Vec<Case>,
    date: (i16, i8, i8),
    seed: u64,
    runs: u32,
}

/// What reading the files gave besides the days.
#[derive(Default)]
struct Read {
    files: Vec<PathBuf>,
    warned: Vec<String>,
}

impl Read {
    /// The second configuration may have the same to say.
    fn warn(&mut self, warning: String) {
        if !self.warned.contains(&warning) {
            say::err(&warning);
            self.warned.push(warning);
        }
    }
}

pub(crate) fn run(args: &SimulateArgs) -> Result<String, String> {
    let Some(traffic) = &args.traffic else { return Ok(config::traffic_defaults().to_owned()) };
    let mut simulation = Simulation { cases: Vec::new(), date: (0, 0, 0), seed: args.seed, runs: args.runs };
    let others = args.compare.iter().map(|other| ConfigArg { config: Some(other.clone()) });
    let mut read = Read::default();
    for config in core::iter::once(args.config.clone()).chain(others) {
        let (scene, date) = scene(args, traffic, &config, &mut read)?;
        let file = config.config.unwrap_or_else(|| "the embedded default".into());
        let (name, short) = (file.display().to_string(), file.file_name().unwrap_or_default().to_string_lossy().into());
        simulation.date = date;
        simulation.cases.push(Case { name, short, scene, runs: Vec::new() });
    }
    if let Some(file) = &args.plot {
        plot::try_file(file, &read.files)?;
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    for case in &mut simulation.cases {
        case.runs = runs::all(&case.scene, args.seed, args.runs, threads, &case.name);
    }
    if let Some(file) = &args.plot {
        let picture = simulation.plot();
        std::fs::write(file, picture).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(if args.json { format!("{:#}\n", simulation.json()) } else { simulation.text() })
}

fn scene(
    args: &SimulateArgs,
    traffic_file: &Path,
    config: &ConfigArg,
    read: &mut Read,
) -> Result<(Scene, (i16, i8, i8)), String> {
    // Of two configurations it may fit one.
    let with = config.config.as_ref().filter(|_| args.compare.is_some());
    let with = with.map_or_else(String::new, |config| format!(" with {}", config.display()));
    let (config, _) = load_or_report(config)?;
    read.files.extend(config.sources);
    let mut directory = config.directory;
    let wrong = |what: &str, file: &Path, report: config::Report| {
        format!("the {what} {} cannot be used{with}\n{report}", file.display())
    };
    let traffic =
        config::load_traffic(traffic_file, &directory).map_err(|report| wrong("traffic", traffic_file, report))?;
    if traffic.demand.past_days > args.days {
        return Err(format!(
            "the past contacts of {} are of {past} days and {} is simulated; add --days {past}, or keep the day in the file \
             that is to come again",
            traffic_file.display(),
            args.days,
            past = traffic.demand.past_days
        ));
    }
    read.files.extend(traffic.sources);
    traffic.warnings.iter().for_each(|warning| read.warn(warning.to_string()));
    read.files.extend(args.schedule.clone());
    let shifts = match &args.schedule {
        Some(file) => config::load_schedule(file, &directory).map_err(|report| wrong("schedule", file, report))?,
        None => everybody(&directory),
    };
    phones::give(&mut directory).into_iter().for_each(|warning| read.warn(warning));
    let (begins, weekday, midnights) = days(traffic.date, args.days, &directory.site.time_zone)?;
    let scene = Scene {
        directory: Arc::new(directory),
        begins,
        weekday,
        midnights,
        interval: traffic.interval,
        demand: traffic.demand,
        shifts,
        manners: traffic.manners,
    };
    Ok((scene, traffic.date))
}

/// Without a schedule whoever serves a queue is there all day.
fn everybody(directory: &Directory) -> Vec<Shift> {
    let serves = |(_, agent): &(usize, &model::Agent)| !agent.removed && !agent.queues.is_empty();
    let shift = |(n, _): (usize, &model::Agent)| Shift {
        agent: AgentId(n as u32),
        days: Weekdays::ALL,
        from: Duration::ZERO,
        to: Duration::from_secs(86_400),
        breaks: Vec::new(),
    };
    directory.agents.iter().enumerate().filter(serves).map(shift).collect()
}

const WEEK: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

/// Midnight of the first day, its day of the week, and midnight of each day since then. Times of a day count from twelve hours before its noon, so
/// that on a day on which the clocks change they are wrong in the night only.
fn days((year, month, day): (i16, i8, i8), days: u32, zone: &str) -> Result<(Utc, Weekday, Vec<Duration>), String> {
    let failed = |error: jiff::Error| format!("the days from {year:04}-{month:02}-{day:02}: {error}");
    let zone = TimeZone::get(zone).map_err(failed)?;
    let first = Date::new(year, month, day).map_err(failed)?;
    let midnight = |n: u32| -> Result<i64, jiff::Error> {
        let noon = first.checked_add(i64::from(n).days())?.at(12, 0, 0, 0).to_zoned(zone.clone())?;
        Ok(noon.timestamp().as_second() - 12 * 3600)
    };
    let begins = midnight(0).map_err(failed)?;
    let since = |n| Ok(Duration::from_secs(midnight(n).map_err(failed)?.abs_diff(begins)));
    let weekday = WEEK[first.weekday().to_monday_zero_offset() as usize];
    Ok((Utc::from_secs(begins), weekday, (0..days).map(since).collect::<Result<_, String>>()?))
}

impl Simulation {
    fn first(&self) -> &Case {
        &self.cases[0]
    }

    /// Queues of both configurations have one name; the other's place in its own directory.
    fn of_other(&self, queue: usize) -> Option<usize> {
        let name = &self.first().scene.directory.queues[queue].name;
        self.cases.get(1)?.scene.directory.queue_named(name).map(|id| id.index())
    }
}

impl Case {
    /// All that the configuration has.
    fn queues(&self) -> impl Iterator<Item = usize> {
        (0..self.scene.directory.queues.len()).filter(|queue| !self.scene.directory.queues[*queue].removed)
    }

    fn span(&self, queue: usize, interval: Option<usize>) -> Span {
        Span {
            days: self.scene.midnights.len() as u32,
            length: interval.map_or(Duration::from_secs(86_400), |_| self.scene.interval),
            level: self.scene.directory.queues[queue].service_level,
        }
    }

    /// Intervals in which somebody comes to this queue, waits in it or is there for it: that agents had nothing to do is
    /// a figure too.
    fn intervals(&self, queue: usize) -> Vec<usize> {
        let count = self.runs.first().map_or(0, |run| run.queues[queue].intervals.len());
        let lives = |n: &usize| {
            let mut slots = self.runs.iter().map(|run| &run.queues[queue].intervals[*n]);
            slots.any(|s| s.figures.counts.offered > 0 || !s.in_queue.is_zero() || !s.staff.signed_on().is_zero())
        };
        (0..count).filter(lives).collect()
    }

    /// `08:30`
    fn clock(&self, interval: usize) -> String {
        let minutes = self.scene.interval.as_secs() * interval as u64 / 60;
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    }

    fn callers(&self) -> f64 {
        self.runs.iter().map(|run| run.callers as f64).sum::<f64>() / self.runs.len().max(1) as f64
    }
}

#[cfg(test)]
mod tests;
