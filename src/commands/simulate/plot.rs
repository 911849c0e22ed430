//! Waiting, service level and occupancy over the day, as SVG written by hand: three panels under one clock.

use super::{Case, Simulation};
use sim::traffic::{At, Estimate, KPIS, Kpi};
use std::path::{Path, PathBuf};
// Writing to a String cannot fail: the results of `write!` here are dropped.
use std::fmt::Write as _;

const WIDTH: f64 = 920.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 58.0;
const PANEL: f64 = 150.0;
const GAP: f64 = 42.0;

/// Colours that also differ for the colour-blind (Okabe and Ito 2008).
const COLOURS: [&str; 7] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555"];

/// Title, figure, and whether it is a share.
const PANELS: [(&str, &str, bool); 3] = [
    ("contacts in the queue", "in_queue", false),
    ("service level %", "service_level", true),
    ("occupancy of the queue's agents %", "occupancy", true),
];

/// One queue of one configuration.
struct Line<'a> {
    case: &'a Case,
    queue: usize,
    colour: &'static str,
    /// How often the colours had all been used before.
    turn: usize,
    /// Of the second configuration.
    other: bool,
}

/// One panel's place and scale.
struct Panel {
    top: f64,
    most: f64,
    first: usize,
    last: usize,
}

impl Panel {
    /// In the middle of its interval.
    fn x(&self, interval: usize) -> f64 {
        self.edge(interval) + (self.edge(1) - self.edge(0)) / 2.0
    }

    fn edge(&self, interval: usize) -> f64 {
        let step = (WIDTH - LEFT - RIGHT) / (self.last - self.first + 1) as f64;
        LEFT + step * (interval as f64 - self.first as f64)
    }

    fn y(&self, value: f64) -> f64 {
        self.top + PANEL * (1.0 - (value / self.most).clamp(0.0, 1.0))
    }
}

impl Simulation {
    pub(super) fn plot(&self) -> String {
        let lines = self.lines();
        let shown = || lines.iter().flat_map(|line| line.case.intervals(line.queue));
        let (first, last) = (shown().min().unwrap_or(0), shown().max().unwrap_or(0));
        let legend = 18.0 * lines.len().div_ceil(3) as f64;
        let height = TOP + legend + (PANEL + GAP) * PANELS.len() as f64;
        let mut out = String::new();
        let _ = writeln!(
            out,
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12" fill="#222">"##
        );
        let _ = writeln!(out, r##"<rect width="{WIDTH}" height="{height}" fill="#fff"/>"##);
        let (year, month, day) = self.date;
        let _ = writeln!(
            out,
            r#"<text x="{LEFT}" y="26" font-size="16">{year:04}-{month:02}-{day:02}, {} runs: mean and 95 % interval</text>"#,
            self.runs
        );
        self.legend(&mut out, &lines);
        for (nth, (title, figure, share)) in PANELS.iter().enumerate() {
            let kpi = KPIS.iter().find(|kpi| kpi.name == *figure).expect("a figure of the list");
            let top = TOP + legend + (PANEL + GAP) * nth as f64;
            let most = if *share { 1.0 } else { scale(lines.iter().flat_map(|line| line.points(kpi)).map(|p| p.1)) };
            let panel = Panel { top, most, first, last };
            panel.frame(&mut out, title, *share, self.first());
            for line in &lines {
                panel.line(&mut out, line, kpi);
            }
        }
        out.push_str("</svg>\n");
        out
    }

    fn lines(&self) -> Vec<Line<'_>> {
        let mut lines = Vec::new();
        for (nth, case) in self.cases.iter().enumerate() {
            let lively = case.queues().filter(|queue| !case.intervals(*queue).is_empty());
            for (place, queue) in lively.enumerate() {
                let (turn, colour) = (place / COLOURS.len(), COLOURS[place % COLOURS.len()]);
                lines.push(Line { case, queue, colour, turn, other: nth > 0 });
            }
        }
        lines
    }

    fn legend(&self, out: &mut String, lines: &[Line<'_>]) {
        // Long enough that its dashes can be told.
        let sample = if lines.iter().any(|line| line.turn > 0) { 40.0 } else { 24.0 };
        for (nth, line) in lines.iter().enumerate() {
            let (x, y) = (LEFT + 280.0 * (nth % 3) as f64, 48.0 + 18.0 * (nth / 3) as f64);
            let name = escaped(&line.case.scene.directory.queues[line.queue].name);
            let of = if line.other { format!(" ({})", escaped(&line.case.short)) } else { String::new() };
            let _ = writeln!(
                out,
                r#"<path d="M{x} {:.1}h{sample}" stroke="{}" stroke-width="2.5"{}/><text x="{}" y="{y}">{name}{of}</text>"#,
                y - 4.0,
                line.colour,
                line.dash(),
                x + sample + 6.0
            );
        }
    }
}

impl Line<'_> {
    fn points(&self, kpi: &Kpi) -> impl Iterator<Item = (usize, Estimate)> {
        let points = self.case.intervals(self.queue).into_iter().filter_map(|interval| {
            let at = At { queue: self.queue, interval: Some(interval) };
            let span = self.case.span(self.queue, Some(interval));
            at.estimate(kpi, &span, &self.case.runs).map(|found| (interval, found))
        });
        points.collect::<Vec<_>>().into_iter()
    }

    /// Where the colours begin again lines get a dot between their dashes, then two.
    fn dash(&self) -> String {
        let dashes = match (self.other, self.turn) {
            (false, 0) => return String::new(),
            (false, _) => "16 5",
            (true, _) => "6 4",
        };
        let dots = " 1 4".repeat(self.turn);
        format!(r#" stroke-dasharray="{dashes}{dots}""#)
    }
}

impl Panel {
    fn frame(&self, out: &mut String, title: &str, share: bool, case: &Case) {
        let (top, right, bottom) = (self.top, WIDTH - RIGHT, self.top + PANEL);
        let _ = writeln!(out, r#"<text x="{LEFT}" y="{:.1}" font-weight="bold">{title}</text>"#, top - 7.0);
        for fourth in 0..=4 {
            let value = self.most * f64::from(fourth) / 4.0;
            let y = self.y(value);
            let shown = if share { format!("{:.0}", value * 100.0) } else { tick(value) };
            let _ = writeln!(
                out,
                r##"<path d="M{LEFT} {y:.1}H{right}" stroke="#ddd"/><text x="{}" y="{:.1}" text-anchor="end" fill="#555">{shown}</text>"##,
                LEFT - 8.0,
                y + 4.0
            );
        }
        // About a dozen times of day, however long the intervals are.
        let every = (self.last - self.first + 1).div_ceil(12).max(1);
        for interval in (self.first..=self.last + 1).filter(|n| (n - self.first).is_multiple_of(every)) {
            let (x, clock) = (self.edge(interval), case.clock(interval));
            let _ = writeln!(
                out,
                r##"<path d="M{x:.1} {bottom}v5" stroke="#555"/><text x="{x:.1}" y="{:.1}" text-anchor="middle" fill="#555">{clock}</text>"##,
                bottom + 18.0
            );
        }
        let _ = writeln!(out, r##"<path d="M{LEFT} {top}V{bottom}H{right}" fill="none" stroke="#555"/>"##);
    }

    fn line(&self, out: &mut String, line: &Line<'_>, kpi: &Kpi) {
        let points: Vec<(usize, Estimate)> = line.points(kpi).collect();
        // A gap in the day is a gap in the line.
        for stretch in points.chunk_by(|one, next| one.0 + 1 == next.0) {
            let upper = stretch.iter().map(|(n, e)| (self.x(*n), self.y(e.high())));
            let lower = stretch.iter().rev().map(|(n, e)| (self.x(*n), self.y(e.low())));
            let band: String = upper.chain(lower).map(|(x, y)| format!("{x:.1},{y:.1} ")).collect();
            let middle = stretch.iter().map(|(n, e)| format!("{:.1},{:.1} ", self.x(*n), self.y(e.mean)));
            let middle: String = middle.collect();
            let colour = line.colour;
            let _ = writeln!(out, r#"<polygon points="{}" fill="{colour}" fill-opacity="0.15"/>"#, band.trim_end());
            let _ = writeln!(
                out,
                r#"<polyline points="{}" fill="none" stroke="{colour}" stroke-width="2" stroke-linejoin="round" stroke-linecap="round"{}/>"#,
                middle.trim_end(),
                line.dash()
            );
        }
    }
}

/// Before the work, not after it: whether the picture can be written, and over nothing that is wanted. `inputs`: what was
/// read for it.
pub(super) fn try_file(file: &Path, inputs: &[PathBuf]) -> Result<(), String> {
    let there = std::fs::canonicalize(file).ok();
    let same = |input: &&PathBuf| there.is_some() && std::fs::canonicalize(input).ok() == there;
    if let Some(input) = inputs.iter().find(same) {
        let input = input.display();
        return Err(format!(
            "--plot {}: this is {input}, which is read here; name a file for the picture, e.g. day.svg",
            file.display()
        ));
    }
    let is_picture = file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("svg"));
    if file.is_file() && !is_picture {
        return Err(format!(
            "--plot {}: this file is there already and no picture by its name; name one that ends in .svg",
            file.display()
        ));
    }
    let opened = std::fs::OpenOptions::new().append(true).create(true).open(file);
    opened.map(drop).map_err(|error| {
        format!("--plot {}: cannot be written: {error}; name a file in a folder that there is", file.display())
    })
}

/// The next round number above everything shown.
fn scale(values: impl Iterator<Item = Estimate>) -> f64 {
    let most = values.map(|e| e.high()).fold(0.0, f64::max).max(0.4);
    let power = 10f64.powf(most.log10().floor());
    [1.0, 1.2, 1.6, 2.0, 2.4, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0]
        .into_iter()
        .map(|m| m * power)
        .find(|round| *round >= most)
        .unwrap_or(most)
}

fn tick(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Names may hold anything but blanks.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
