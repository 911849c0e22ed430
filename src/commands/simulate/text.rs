use super::{Case, Simulation};
use model::ServiceLevel;
use sim::traffic::{At, CONFIDENCE, Estimate, KPIS, Kpi, Unit, differing};
use std::collections::BTreeMap;
// Writing to a String cannot fail: the results of `write!` here are dropped.
use std::fmt::Write as _;

/// Over the intervals; the day has all of them.
const COLUMNS: [(&str, &str, usize); 8] = [
    ("offered", "offered", 15),
    ("abandoned", "abandoned", 14),
    ("service_level", "SL %", 13),
    ("asa_seconds", "ASA s", 14),
    ("aht_seconds", "AHT s", 14),
    ("occupancy", "occupancy %", 13),
    ("in_queue", "in queue", 13),
    ("agents", "agents", 12),
];

/// Of one figure: how it was, and what becomes of it.
type Change = (&'static Kpi, String, Estimate);

/// Figures that features of the shipped distributor have and a simulated day cannot.
const ABSENT: &str = "hold, transfer, consultation and conference rates: legs only ring, answer, refuse, hang up and, as \
                      callers, press keys";

impl Simulation {
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        let (year, month, day) = self.date;
        let (days, runs) = (self.first().scene.midnights.len(), self.runs);
        let _ = writeln!(
            out,
            "Simulated: {year:04}-{month:02}-{day:02}, {}, {} from seed {}",
            plural(days as u64, "day"),
            plural(runs.into(), "run"),
            self.seed
        );
        let percent = CONFIDENCE * 100.0;
        let _ = writeln!(out, "Figures: mean over runs ± half of the {percent} % interval; by time of queue entry");
        let _ = writeln!(out, "By interval: {} of {} figures; --json has all of them\n", COLUMNS.len(), KPIS.len());
        for case in &self.cases {
            case.text(&mut out);
        }
        self.difference_text(&mut out);
        let _ = writeln!(out, "Formulas (T target, S short-abandon limit; counts are those of a day):");
        for kpi in KPIS {
            let _ = writeln!(out, "  {:<22} {}", words(kpi), kpi.formula);
        }
        let _ = writeln!(out, "Not simulated: {ABSENT}");
        out
    }

    fn difference_text(&self, out: &mut String) {
        let Some(other) = self.cases.get(1) else { return };
        let first = self.first();
        let _ = writeln!(out, "Difference over the day: {} less {}, on the same calls", other.name, first.name);
        let queues: Vec<(usize, Vec<Change>)> = first.queues().map(|queue| (queue, self.changes(queue))).collect();
        let all: Vec<Estimate> = queues.iter().flat_map(|(_, changes)| changes).map(|(_, _, found)| *found).collect();
        let mut differs = differing(&all, CONFIDENCE).into_iter();
        for (queue, changes) in &queues {
            let name = &first.scene.directory.queues[*queue].name;
            if self.of_other(*queue).is_none() {
                let _ = writeln!(out, "  Queue {name} is in {} only", first.name);
                continue;
            }
            let _ = writeln!(out, "  Queue {name}");
            for ((kpi, before, found), differs) in changes.iter().zip(&mut differs) {
                let sure = if differs { "  differs" } else { "" };
                let line = format!("    {:<22} {before:>10}  {:>20}", words(kpi), shown(Some(*found), kpi, true));
                let _ = writeln!(out, "{line}{sure}");
            }
        }
        let known = &first.scene.directory;
        for queue in other.queues().map(|queue| &other.scene.directory.queues[queue].name) {
            if known.queue_named(queue).is_none() {
                let _ = writeln!(out, "  Queue {queue} is in {} only", other.name);
            }
        }
        let (percent, count) = (CONFIDENCE * 100.0, all.len());
        let _ =
            writeln!(out, "  differs: at {percent} % for all {count} figures together, so hardly by chance (Holm)\n");
    }

    /// Every figure of this queue that both have: how it was, and the other's less the first's.
    fn changes(&self, queue: usize) -> Vec<Change> {
        let (first, Some(other)) = (self.first(), self.cases.get(1)) else { return Vec::new() };
        let Some(other_queue) = self.of_other(queue) else { return Vec::new() };
        let spans = [&first.span(queue, None), &other.span(other_queue, None)];
        let runs = [&first.runs[..], &other.runs[..]];
        let at = At { queue, interval: None };
        let change = |kpi: &'static Kpi| {
            let found = at.difference(kpi, other_queue, spans, runs)?;
            let before = at.estimate(kpi, spans[0], &first.runs).map_or("-".into(), |e| number(e.mean, kpi));
            Some((kpi, before, found))
        };
        KPIS.iter().filter_map(change).collect()
    }
}

impl Case {
    fn text(&self, out: &mut String) {
        let _ = writeln!(out, "{}: {:.0} calls a run", self.name, self.callers());
        let mut refused: BTreeMap<&str, u64> = BTreeMap::new();
        for (cause, count) in self.runs.iter().flat_map(|run| &run.refused) {
            *refused.entry(cause).or_default() += count;
        }
        for (cause, count) in refused {
            let _ = writeln!(out, "  refused before they came to a queue, {cause}: {:.1} a run", self.a_run(count));
        }
        let left_over = self.runs.iter().map(|run| run.left_over).sum::<u64>();
        if left_over > 0 {
            let _ = writeln!(out, "  still waiting when everybody had gone home: {:.1} a run", self.a_run(left_over));
        }
        out.push('\n');
        for queue in self.queues() {
            self.queue_text(out, queue);
        }
    }

    fn a_run(&self, count: u64) -> f64 {
        count as f64 / self.runs.len().max(1) as f64
    }

    fn queue_text(&self, out: &mut String, queue: usize) {
        let settings = &self.scene.directory.queues[queue];
        let ServiceLevel { target, percent, treatment, .. } = settings.service_level;
        let (target, treatment) = (target.as_secs_f64(), treatment.word());
        let _ = writeln!(out, "Queue {} — goal {percent} % in {target} s, treatment {treatment}", settings.name);
        let intervals = self.intervals(queue);
        if intervals.is_empty() {
            let _ = writeln!(out, "  nobody came\n");
            return;
        }
        let _ = write!(out, "  {:<5}", "");
        for (_, title, width) in COLUMNS {
            let _ = write!(out, " {title:>width$}");
        }
        out.push('\n');
        for interval in intervals {
            let _ = write!(out, "  {:<5}", self.clock(interval));
            self.columns(out, queue, Some(interval));
        }
        let _ = write!(out, "  {:<5}", "day");
        self.columns(out, queue, None);
        let span = self.span(queue, None);
        for kpi in KPIS {
            let found = At { queue, interval: None }.estimate(kpi, &span, &self.runs);
            let _ = writeln!(out, "    {:<22} {:>20}", words(kpi), shown(found, kpi, false));
        }
        out.push('\n');
    }

    fn columns(&self, out: &mut String, queue: usize, interval: Option<usize>) {
        let span = self.span(queue, interval);
        for (name, _, width) in COLUMNS {
            let kpi = KPIS.iter().find(|kpi| kpi.name == name).expect("a figure of the list");
            let found = At { queue, interval }.estimate(kpi, &span, &self.runs);
            let _ = write!(out, " {:>width$}", shown(found, kpi, false));
        }
        out.push('\n');
    }
}

/// `asa_seconds` → `asa s`
fn words(kpi: &Kpi) -> String {
    let name = kpi.name.trim_end_matches("_seconds").replace('_', " ");
    match kpi.unit {
        Unit::Count => name,
        Unit::Seconds => format!("{name} s"),
        Unit::Share => format!("{name} %"),
    }
}

fn shown(found: Option<Estimate>, kpi: &Kpi, signed: bool) -> String {
    let Some(Estimate { mean, half_width, .. }) = found else { return "-".into() };
    let sign = if signed && mean > 0.0 { "+" } else { "" };
    match half_width {
        Some(half) => format!("{sign}{} ±{}", number(mean, kpi), number(half, kpi)),
        None => format!("{sign}{}", number(mean, kpi)),
    }
}

fn number(value: f64, kpi: &Kpi) -> String {
    match kpi.unit {
        Unit::Share => format!("{:.1}", value * 100.0),
        Unit::Count | Unit::Seconds if value.abs() >= 1000.0 => format!("{value:.0}"),
        Unit::Count | Unit::Seconds => format!("{value:.1}"),
    }
}

fn plural(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
