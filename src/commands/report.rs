//! `strowger report`: what the store adds up to, with the formulas it was added up by.

mod json;
mod text;

use crate::cli::ReportArgs;
use crate::times::SiteTime;
use base::Utc;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::{ServiceLevel, Treatment};
use report::{Counts, QueueFigures, VisitEnd};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use store::{Reader, StoreError, StoredAbandoned, StoredArrivals, StoredCallbacks, StoredSpan, StoredVisit};

/// Figures are also given by stretches of this length, as the trade does.
const INTERVAL_MINUTES: i64 = 30;

/// What counted when the store knows no setting for a queue: the documented defaults.
const LEVEL: ServiceLevel = ServiceLevel {
    target: Duration::from_secs(20),
    percent: 80,
    treatment: Treatment::Negative,
    short_abandon: Duration::from_secs(5),
};

/// Shown under `strowger report --help`; these names are an interface and do not change.
pub(crate) const JSON_KEYS: &str = "\
Times are the site's, with their offset.
Keys of --json (times RFC 3339 in UTC, lengths in seconds, shares from 0 to 1, null where there is nothing to divide by):
  from, to, interval_minutes, attributed_by
  as_of                 when the server last wrote; of what is in progress the report knows up to here
  queues[]              queue, the figures, service_level, intervals[], intervals_by_end[]
    figures             offered answered abandoned flowed_out waiting handled answered_in_target abandoned_short
                        abandonment abandonment_net asa_seconds ata_seconds att_seconds aht_seconds
                        longest_wait_seconds talk_seconds hold_seconds wrap_up_seconds
    service_level       target_seconds goal_percent treatment value, all{} by every treatment
    intervals[]         from, and the figures of those who entered the queue in the interval
    intervals_by_end[]  from, answered abandoned flowed_out of those who left the queue in the interval
  queues[]              warned (who was told on coming that the wait is long), messages (left for it)
  queues[].callbacks    of the promises given in the time: accepted dialled (attempts) reached failed withdrawn open
                        time_to_callback_seconds (from the promise to the answer, of those reached); and by when the
                        contact took its place anew: talked lost (reached, but gone before an agent came)
                        time_to_talk_seconds (from the promise to the agent)
  agents[]              agent answered talks talk_seconds hold_seconds state_seconds{} signed_on_seconds occupancy
                        not_ready_seconds_by_reason{}
  abandoned[]           contact queue entered waited_seconds caller dialled
  contacts{}            how many ended served abandoned flowed-out feature-code rejected failed forced shutdown, and how many are
                        open; a talk that an operator or a stop cut counts as served, its record has the cause
  conservation          law holds; arrivals (from the event log) answered abandoned flowed_out waiting (from the
                        stays in queues), broken[] queue arrivals accounted, facts_lost from the event log
  formulas[]            name formula";

/// Everything a report shows, before it is put into words or JSON.
struct Report {
    from: Utc,
    to: Utc,
    /// When the server last wrote.
    as_of: Utc,
    site: SiteTime,
    queues: BTreeMap<String, QueueReport>,
    agents: BTreeMap<String, AgentReport>,
    abandoned: Vec<StoredAbandoned>,
    contacts: BTreeMap<String, u64>,
    /// From the event log, where the figures are from the visits.
    arrivals: StoredArrivals,
}

/// One queue whose visits are not those who came.
struct Imbalance<'a> {
    queue: &'a str,
    arrivals: u64,
    accounted: u64,
}

struct QueueReport {
    level: ServiceLevel,
    total: QueueFigures,
    /// By time of entry.
    intervals: BTreeMap<i64, QueueFigures>,
    /// By the time the contact left the queue.
    by_end: BTreeMap<i64, QueueFigures>,
    callbacks: Callbacks,
}

/// Promises to call back. One accepted ends the wait on the line as a flow-out, never as an abandonment.
#[derive(Clone, Copy, Default)]
struct Callbacks {
    accepted: u64,
    /// Attempts begun.
    dialled: u64,
    reached: u64,
    failed: u64,
    withdrawn: u64,
    time_to_callback: Duration,
}

impl Callbacks {
    /// Neither kept nor given up.
    fn open(&self) -> u64 {
        self.accepted - self.reached - self.failed - self.withdrawn
    }

    fn mean_time(&self) -> Option<Duration> {
        let reached = u32::try_from(self.reached).unwrap_or(u32::MAX);
        (reached > 0).then(|| self.time_to_callback / reached)
    }
}

#[derive(Default)]
struct AgentReport {
    states: BTreeMap<String, Duration>,
    reasons: BTreeMap<String, Duration>,
    answered: u64,
    talks: u64,
    talked: Duration,
    held: Duration,
}

/// Why there is none.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum NoReport {
    /// The command was written wrongly.
    Usage(String),
    Failed(String),
}

pub(crate) fn run(args: &ReportArgs, store_url: &str, time_zone: &str) -> Result<String, NoReport> {
    let failed = |error: &dyn std::fmt::Display| NoReport::Failed(error.to_string());
    let site = SiteTime::of(time_zone).map_err(NoReport::Failed)?;
    let zone = site.zone();
    let now = Timestamp::now();
    let midnight = now.to_zoned(zone.clone()).start_of_day().map_err(|error| failed(&error))?.timestamp();
    let asked = |option, text: &Option<String>, default| {
        text.as_deref().map_or(Ok(utc(default)), |text| instant(option, text, zone)).map_err(NoReport::Usage)
    };
    let (from, to) = (asked("--from", &args.from, midnight)?, asked("--to", &args.to, now)?);
    if from >= to {
        return Err(NoReport::Usage("--from must be before --to; without --to the report ends now".into()));
    }
    let reader = Reader::open(store_url).map_err(|error| match error {
        StoreError::Url(_) | StoreError::Later(_) => NoReport::Usage(error.to_string()),
        error => failed(&error),
    })?;
    let report = Report::read(&reader, from, to, site).map_err(|error| failed(&error))?;
    Ok(if args.json { format!("{:#}\n", report.json()) } else { report.text() })
}

fn instant(option: &str, text: &str, zone: &TimeZone) -> Result<Utc, String> {
    let error = match text.parse::<Timestamp>() {
        Ok(timestamp) => return Ok(utc(timestamp)),
        Err(error) => error,
    };
    // A day is what people write first: it is shown as it has to be written.
    let day = text.parse::<Date>().ok().and_then(|date| date.to_zoned(zone.clone()).ok());
    Err(match day {
        Some(midnight) => {
            let written = midnight.timestamp().display_with_offset(midnight.offset());
            format!("{option} `{text}` names no time of day (RFC 3339); for midnight here write {written}")
        }
        None => {
            format!("{option} `{text}` is not a time ({error}); write it like 2026-05-04T09:00:00+08:00 (RFC 3339)")
        }
    })
}

fn utc(timestamp: Timestamp) -> Utc {
    Utc::from_micros(timestamp.as_microsecond())
}

impl Report {
    fn read(reader: &Reader, from: Utc, to: Utc, site: SiteTime) -> Result<Self, StoreError> {
        let as_of = reader.alive()?;
        let (queues, agents) = (BTreeMap::new(), BTreeMap::new());
        let (abandoned, contacts) = (reader.abandoned(from, to)?, reader.outcomes(from, to)?);
        let arrivals = reader.arrivals(from, to)?;
        let mut report = Report { from, to, as_of, site, queues, agents, abandoned, contacts, arrivals };
        let levels = reader.service_levels()?;
        for (queue, stored) in &levels {
            report.queues.insert(queue.clone(), QueueReport::new(stored.level));
        }
        let mut half_hours = HalfHours::new(report.site.zone());
        let (mut queues, mut agents) = (report.queues, report.agents);
        reader.each_visit(from, to, |visit| add_visit(&mut queues, &mut agents, &mut half_hours, from..to, visit))?;
        for waiting in reader.waiting(from, to)? {
            let waited = Duration::from_micros((as_of.as_micros() - waiting.entered.as_micros()).max(0).unsigned_abs());
            let queue = entry(&mut queues, &waiting.queue, || QueueReport::new(LEVEL));
            queue.total.add_waiting(waited, &queue.level);
            queue.intervals.entry(half_hours.of(waiting.entered)).or_default().add_waiting(waited, &queue.level);
        }
        reader.each_span(from, to, |span| add_span(&mut agents, span))?;
        for talks in reader.talks(from, to)? {
            let agent = entry(&mut agents, &talks.agent, AgentReport::default);
            (agent.talks, agent.talked, agent.held) = (talks.talks, talks.talked, talks.held);
        }
        for StoredCallbacks { queue, accepted, dialled, reached, failed, withdrawn, time_to_callback } in
            reader.callbacks(from, to)?
        {
            let figures = Callbacks { accepted, dialled, reached, failed, withdrawn, time_to_callback };
            entry(&mut queues, &queue, || QueueReport::new(LEVEL)).callbacks = figures;
        }
        // A queue that is gone is shown for the days on which it was there.
        queues.retain(|name, queue| queue.has_figures() || levels.get(name).is_none_or(|stored| !stored.removed));
        (report.queues, report.agents) = (queues, agents);
        Ok(report)
    }

    /// Where O = A + B + F + waiting does not hold: the left side from the event log, the right side from the visits.
    fn imbalances(&self) -> Vec<Imbalance<'_>> {
        let names: BTreeSet<&String> = self.queues.keys().chain(self.arrivals.by_queue.keys()).collect();
        let both = names.into_iter().map(|queue| Imbalance {
            queue,
            arrivals: self.arrivals.by_queue.get(queue).copied().unwrap_or(0),
            accounted: self.queues.get(queue).map_or(0, |queue| queue.total.accounted()),
        });
        both.filter(|both| both.arrivals != both.accounted).collect()
    }

    /// Of all queues together.
    fn arrived(&self) -> u64 {
        self.arrivals.by_queue.values().sum()
    }

    /// Of all queues together.
    fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        for Counts { answered, abandoned, flowed_out, waiting, .. } in self.queues.values().map(|q| q.total.counts) {
            sum.answered += answered;
            sum.abandoned += abandoned;
            sum.flowed_out += flowed_out;
            sum.waiting += waiting;
        }
        sum
    }
}

impl QueueReport {
    fn new(level: ServiceLevel) -> Self {
        let (intervals, by_end) = (BTreeMap::new(), BTreeMap::new());
        QueueReport { level, total: QueueFigures::default(), intervals, by_end, callbacks: Callbacks::default() }
    }

    fn has_figures(&self) -> bool {
        !self.intervals.is_empty() || !self.by_end.is_empty() || self.callbacks.accepted > 0
    }
}

impl AgentReport {
    fn signed_on(&self) -> Duration {
        self.states.values().sum()
    }

    fn occupancy(&self) -> Option<f64> {
        let time = |state: &str| self.states.get(state).copied().unwrap_or_default();
        report::occupancy(time("reserved") + time("busy") + time("wrap-up"), time("ready"))
    }
}

fn add_visit(
    queues: &mut BTreeMap<String, QueueReport>,
    agents: &mut BTreeMap<String, AgentReport>,
    half_hours: &mut HalfHours<'_>,
    asked: std::ops::Range<Utc>,
    visit: &StoredVisit<'_>,
) {
    let queue = entry(queues, visit.queue, || QueueReport::new(LEVEL));
    if asked.contains(&visit.left) {
        let interval = queue.by_end.entry(half_hours.of(visit.left)).or_default();
        interval.add(&visit.stay, &queue.level);
    }
    if !asked.contains(&visit.entered) {
        return;
    }
    queue.total.add(&visit.stay, &queue.level);
    let interval = queue.intervals.entry(half_hours.of(visit.entered)).or_default();
    interval.add(&visit.stay, &queue.level);
    if let (VisitEnd::Answered { .. }, Some(agent)) = (visit.stay.end, visit.agent) {
        entry(agents, agent, AgentReport::default).answered += 1;
    }
}

fn add_span(agents: &mut BTreeMap<String, AgentReport>, span: &StoredSpan<'_>) {
    let agent = entry(agents, span.agent, AgentReport::default);
    *entry(&mut agent.states, span.state, Duration::default) += span.lasted;
    if let Some(reason) = span.reason {
        *entry(&mut agent.reasons, reason, Duration::default) += span.lasted;
    }
}

/// A name is copied only when it is new: there may be a million rows and a dozen names.
fn entry<'a, T>(map: &'a mut BTreeMap<String, T>, name: &str, new: impl FnOnce() -> T) -> &'a mut T {
    if !map.contains_key(name) {
        map.insert(name.to_owned(), new());
    }
    map.get_mut(name).expect("it was put there if it was missing")
}

/// Where an interval begins, on the clock people look at: some zones are 45 minutes off.
struct HalfHours<'a> {
    zone: &'a TimeZone,
    last: i64,
}

impl<'a> HalfHours<'a> {
    fn new(zone: &'a TimeZone) -> Self {
        HalfHours { zone, last: i64::MIN / 2 }
    }

    fn of(&mut self, at: Utc) -> i64 {
        const LENGTH: i64 = INTERVAL_MINUTES * 60;
        let seconds = at.as_secs();
        if !(self.last..self.last + LENGTH).contains(&seconds) {
            let offset = Timestamp::from_second(seconds).map_or(0, |at| i64::from(self.zone.to_offset(at).seconds()));
            self.last = (seconds + offset).div_euclid(LENGTH) * LENGTH - offset;
        }
        self.last
    }
}

#[cfg(test)]
mod tests;
