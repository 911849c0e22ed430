//! `strowger report`: what the store adds up to, with the formulas it was added up by.

use crate::cli::ReportArgs;
use base::Utc;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::{ServiceLevel, Treatment};
use report::{FORMULAS, QueueFigures, VisitEnd, ratio};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;
use store::{Reader, StoredContact, StoredSpan, StoredVisit};

/// Figures are also given by stretches of this length, as the trade does.
const INTERVAL_MINUTES: i64 = 30;

/// What counted when the store knows no setting for a queue: the documented defaults.
const LEVEL: ServiceLevel = ServiceLevel {
    target: Duration::from_secs(20),
    percent: 80,
    treatment: Treatment::Negative,
    short_abandon: Duration::from_secs(5),
};

/// Everything a report shows, before it is put into words or JSON.
struct Report {
    from: Utc,
    to: Utc,
    zone: TimeZone,
    queues: BTreeMap<String, QueueReport>,
    agents: BTreeMap<String, AgentReport>,
    abandoned: Vec<(StoredVisit, Option<StoredContact>)>,
    contacts: BTreeMap<String, u64>,
}

struct QueueReport {
    level: ServiceLevel,
    total: QueueFigures,
    intervals: BTreeMap<i64, QueueFigures>,
}

#[derive(Default)]
struct AgentReport {
    states: BTreeMap<String, Duration>,
    reasons: BTreeMap<String, Duration>,
    answered: u64,
    talked: Duration,
    held: Duration,
}

pub(crate) fn run(args: &ReportArgs, store_url: &str, time_zone: &str) -> Result<String, String> {
    let zone = TimeZone::get(time_zone).map_err(|error| format!("time zone {time_zone}: {error}"))?;
    let now = Timestamp::now();
    let midnight = now.to_zoned(zone.clone()).start_of_day().map_err(|error| error.to_string())?.timestamp();
    let from = args.from.as_deref().map_or(Ok(utc(midnight)), |text| instant("--from", text))?;
    let to = args.to.as_deref().map_or(Ok(utc(now)), |text| instant("--to", text))?;
    if from >= to {
        return Err("--from must be before --to".into());
    }
    let reader = Reader::open(store_url).map_err(|error| error.to_string())?;
    let report = Report::read(&reader, from, to, zone).map_err(|error| error.to_string())?;
    Ok(if args.json { format!("{:#}\n", report.json()) } else { report.text() })
}

fn instant(option: &str, text: &str) -> Result<Utc, String> {
    let parsed: Result<Timestamp, _> = text.parse();
    parsed
        .map(utc)
        .map_err(|_| format!("{option} `{text}` is not a time; write it like 2026-05-04T09:00:00Z (RFC 3339)"))
}

fn utc(timestamp: Timestamp) -> Utc {
    Utc::from_micros(timestamp.as_microsecond())
}

impl Report {
    fn read(reader: &Reader, from: Utc, to: Utc, zone: TimeZone) -> Result<Self, store::StoreError> {
        let levels = reader.service_levels()?;
        let mut report = Report {
            from,
            to,
            zone,
            queues: BTreeMap::new(),
            agents: BTreeMap::new(),
            abandoned: Vec::new(),
            contacts: BTreeMap::new(),
        };
        for (queue, level) in levels {
            let (total, intervals) = (QueueFigures::default(), BTreeMap::new());
            report.queues.insert(queue, QueueReport { level, total, intervals });
        }
        let contacts: BTreeMap<_, _> = reader.contacts(from, to)?.into_iter().map(|c| (c.contact, c)).collect();
        for contact in contacts.values() {
            *report.contacts.entry(contact.outcome.clone()).or_default() += 1;
        }
        for visit in reader.visits(from, to)? {
            let contact = contacts.get(&visit.contact).cloned();
            report.add_visit(visit, contact);
        }
        for span in reader.agent_spans(from, to)? {
            report.add_span(&span);
        }
        Ok(report)
    }

    fn add_visit(&mut self, visit: StoredVisit, contact: Option<StoredContact>) {
        let queue = self.queues.entry(visit.queue.clone()).or_insert_with(|| QueueReport {
            level: LEVEL,
            total: QueueFigures::default(),
            intervals: BTreeMap::new(),
        });
        queue.total.add(visit.waited, &visit.end, &queue.level);
        let interval = visit.entered.as_secs().div_euclid(INTERVAL_MINUTES * 60) * INTERVAL_MINUTES * 60;
        queue.intervals.entry(interval).or_default().add(visit.waited, &visit.end, &queue.level);
        if let (VisitEnd::Answered { talked, held, .. }, Some(agent)) = (visit.end, &visit.agent) {
            let agent = self.agents.entry(agent.clone()).or_default();
            agent.answered += 1;
            agent.talked += talked;
            agent.held += held;
        }
        if visit.end == VisitEnd::Abandoned {
            self.abandoned.push((visit, contact));
        }
    }

    fn add_span(&mut self, span: &StoredSpan) {
        let agent = self.agents.entry(span.agent.clone()).or_default();
        *agent.states.entry(span.state.clone()).or_default() += span.lasted;
        if let Some(reason) = &span.reason {
            *agent.reasons.entry(reason.clone()).or_default() += span.lasted;
        }
    }

    fn conserved(&self) -> bool {
        self.queues.values().all(|queue| {
            let mut offered = 0;
            for figures in queue.intervals.values() {
                if !figures.conserved() {
                    return false;
                }
                offered += figures.counts.offered;
            }
            queue.total.conserved() && offered == queue.total.counts.offered
        })
    }

    fn json(&self) -> Value {
        let queues: Vec<Value> = self
            .queues
            .iter()
            .map(|(name, queue)| {
                let intervals: Vec<Value> = queue
                    .intervals
                    .iter()
                    .map(|(start, figures)| {
                        let mut value = figures_json(figures, &queue.level);
                        value["from"] = json!(self.time(Utc::from_secs(*start)));
                        value
                    })
                    .collect();
                let mut value = figures_json(&queue.total, &queue.level);
                value["queue"] = json!(name);
                value["intervals"] = json!(intervals);
                value
            })
            .collect();
        let agents: Vec<Value> = self
            .agents
            .iter()
            .map(|(id, agent)| {
                let seconds = |times: &BTreeMap<String, Duration>| -> serde_json::Map<String, Value> {
                    times.iter().map(|(word, time)| (word.clone(), json!(time.as_secs_f64()))).collect()
                };
                json!({
                    "agent": id, "answered": agent.answered,
                    "talk_seconds": agent.talked.as_secs_f64(), "hold_seconds": agent.held.as_secs_f64(),
                    "state_seconds": seconds(&agent.states), "not_ready_seconds_by_reason": seconds(&agent.reasons),
                    "signed_on_seconds": agent.states.values().sum::<Duration>().as_secs_f64(),
                    "occupancy": agent.occupancy(),
                })
            })
            .collect();
        let abandoned: Vec<Value> = self
            .abandoned
            .iter()
            .map(|(visit, contact)| {
                json!({
                    "contact": visit.contact.to_string(), "queue": visit.queue, "entered": self.time(visit.entered),
                    "waited_seconds": visit.waited.as_secs_f64(), "caller": contact.as_ref().map(|c| &c.caller),
                    "dialled": contact.as_ref().map(|c| &c.dialled),
                })
            })
            .collect();
        json!({
            "from": self.time(self.from), "to": self.time(self.to), "interval_minutes": INTERVAL_MINUTES,
            "attributed_by": "time of queue entry",
            "queues": queues, "agents": agents, "abandoned": abandoned, "contacts": self.contacts,
            "conservation": { "law": "offered = answered + abandoned + flowed out + waiting", "holds": self.conserved() },
            "formulas": FORMULAS.iter().map(|(name, formula)| json!({"name": name, "formula": formula})).collect::<Vec<_>>(),
        })
    }

    fn text(&self) -> String {
        let mut out = String::new();
        let (from, to) = (self.time(self.from), self.time(self.to));
        // Writing to a String cannot fail.
        let _ = writeln!(out, "From {from} to {to}, by time of queue entry; intervals of {INTERVAL_MINUTES} minutes\n");
        self.queue_text(&mut out);
        self.agent_text(&mut out);
        self.abandoned_text(&mut out);
        let contacts: Vec<String> = self.contacts.iter().map(|(end, n)| format!("{end} {n}")).collect();
        let _ = writeln!(out, "Contacts: {}\n", if contacts.is_empty() { "none".into() } else { contacts.join(", ") });
        let _ = writeln!(
            out,
            "Conservation, offered = answered + abandoned + flowed out + waiting: {}\n",
            if self.conserved() { "checked, holds" } else { "BROKEN: please report this as a bug" }
        );
        let _ = writeln!(out, "Formulas (T target, S short-abandon limit):");
        for (name, formula) in FORMULAS {
            let _ = writeln!(out, "  {name:<26} {formula}");
        }
        out
    }

    fn queue_text(&self, out: &mut String) {
        for (name, queue) in &self.queues {
            let level = &queue.level;
            let _ = writeln!(
                out,
                "Queue {name} — goal {} % in {} s, treatment {}",
                level.percent,
                level.target.as_secs(),
                level.treatment.word()
            );
            let _ = writeln!(
                out,
                "  {:<25} {:>7} {:>8} {:>9} {:>10} {:>7} {:>7} {:>7} {:>8} {:>7}",
                "", "offered", "answered", "abandoned", "flowed out", "waiting", "SL %", "ASA s", "AHT s", "long s"
            );
            for (start, figures) in &queue.intervals {
                line(out, &self.time(Utc::from_secs(*start)), figures, level);
            }
            line(out, "total", &queue.total, level);
            out.push('\n');
        }
    }

    fn agent_text(&self, out: &mut String) {
        if self.agents.is_empty() {
            return;
        }
        let states = ["ready", "not-ready", "reserved", "busy", "wrap-up"];
        let _ = write!(out, "Agent times in seconds\n  {:<12} {:>8}", "agent", "answered");
        for state in states {
            let _ = write!(out, " {state:>10}");
        }
        let _ = writeln!(out, " {:>10} {:>10}", "signed on", "occupancy");
        for (id, agent) in &self.agents {
            let _ = write!(out, "  {id:<12} {:>8}", agent.answered);
            for state in states {
                let _ = write!(out, " {:>10.1}", agent.states.get(state).copied().unwrap_or_default().as_secs_f64());
            }
            let signed_on: Duration = agent.states.values().sum();
            let occupancy = agent.occupancy().map_or("-".into(), |o| format!("{:.1} %", o * 100.0));
            let _ = writeln!(out, " {:>10.1} {occupancy:>10}", signed_on.as_secs_f64());
            for (reason, time) in &agent.reasons {
                let _ = writeln!(out, "  {:<12} not ready, {reason}: {:.1}", "", time.as_secs_f64());
            }
        }
        out.push('\n');
    }

    fn abandoned_text(&self, out: &mut String) {
        if self.abandoned.is_empty() {
            return;
        }
        let _ = writeln!(
            out,
            "Abandoned calls\n  {:<25} {:<16} {:>8}  {:<20} caller",
            "entered", "queue", "waited s", "call"
        );
        for (visit, contact) in &self.abandoned {
            let caller = contact.as_ref().map_or("", |c| &*c.caller);
            let _ = writeln!(
                out,
                "  {:<25} {:<16} {:>8.1}  {:<20} {caller}",
                self.time(visit.entered),
                visit.queue,
                visit.waited.as_secs_f64(),
                visit.contact.to_string(),
            );
        }
        out.push('\n');
    }

    /// RFC 3339 in the site's time zone.
    fn time(&self, at: Utc) -> String {
        let Ok(timestamp) = Timestamp::from_second(at.as_secs()) else { return "-".into() };
        let zoned = timestamp.to_zoned(self.zone.clone());
        timestamp.display_with_offset(zoned.offset()).to_string()
    }
}

impl AgentReport {
    fn occupancy(&self) -> Option<f64> {
        let time = |state: &str| self.states.get(state).copied().unwrap_or_default();
        report::occupancy(time("reserved") + time("busy") + time("wrap-up"), time("ready"))
    }
}

fn line(out: &mut String, label: &str, figures: &QueueFigures, level: &ServiceLevel) {
    let c = &figures.counts;
    let seconds = |d: Option<Duration>| d.map_or("-".into(), |d| format!("{:.1}", d.as_secs_f64()));
    let percent = figures.service_level(level.treatment).map_or("-".into(), |s| format!("{:.1}", s * 100.0));
    let _ = writeln!(
        out,
        "  {label:<25} {:>7} {:>8} {:>9} {:>10} {:>7} {percent:>7} {:>7} {:>8} {:>7.1}",
        c.offered,
        c.answered,
        c.abandoned,
        c.flowed_out,
        c.waiting,
        seconds(figures.asa()),
        seconds(figures.aht()),
        figures.wait_longest.as_secs_f64(),
    );
}

fn figures_json(figures: &QueueFigures, level: &ServiceLevel) -> Value {
    let c = &figures.counts;
    let seconds = |d: Option<Duration>| d.map(|d| d.as_secs_f64());
    let levels: serde_json::Map<String, Value> =
        Treatment::ALL.iter().map(|t| (t.word().to_owned(), json!(figures.service_level(*t)))).collect();
    json!({
        "offered": c.offered, "answered": c.answered, "abandoned": c.abandoned, "flowed_out": c.flowed_out,
        "waiting": c.waiting, "answered_in_target": c.answered_in_target, "abandoned_short": c.abandoned_short,
        "abandonment": ratio(c.abandoned, c.offered), "abandonment_net": figures.abandonment_net(),
        "asa_seconds": seconds(figures.asa()), "ata_seconds": seconds(figures.ata()),
        "aht_seconds": seconds(figures.aht()), "longest_wait_seconds": figures.wait_longest.as_secs_f64(),
        "talk_seconds": figures.talked.as_secs_f64(), "hold_seconds": figures.held.as_secs_f64(),
        "wrap_up_seconds": figures.wrapped.as_secs_f64(),
        "service_level": {
            "target_seconds": level.target.as_secs_f64(), "goal_percent": level.percent,
            "treatment": level.treatment.word(), "value": figures.service_level(level.treatment), "all": levels,
        },
    })
}
