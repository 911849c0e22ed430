use super::{INTERVAL_MINUTES, QueueReport, Report};
use base::Utc;
use model::ServiceLevel;
use report::{Counts, FORMULAS, QueueFigures};
// Writing to a String cannot fail: the results of `write!` here are dropped.
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

const STATES: [&str; 5] = ["ready", "not-ready", "reserved", "busy", "wrap-up"];

impl Report {
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        let (from, to) = (self.site.seconds(self.from), self.site.seconds(self.to));
        let _ = writeln!(out, "From {from} to {to}, by time of queue entry; intervals of {INTERVAL_MINUTES} minutes\n");
        for (name, queue) in &self.queues {
            self.queue_text(&mut out, name, queue);
        }
        self.agent_text(&mut out);
        self.abandoned_text(&mut out);
        self.contact_text(&mut out);
        self.conservation_text(&mut out);
        let _ = writeln!(out, "Formulas (T target, S short-abandon limit):");
        for (name, formula) in FORMULAS {
            let _ = writeln!(out, "  {name:<26} {formula}");
        }
        out
    }

    fn queue_text(&self, out: &mut String, name: &str, queue: &QueueReport) {
        let ServiceLevel { target, percent, treatment, .. } = queue.level;
        let (label, target, treatment) = (shown(name), target.as_secs_f64(), treatment.word());
        let _ = writeln!(out, "Queue {label} — goal {percent} % in {target} s, treatment {treatment}");
        let _ = writeln!(
            out,
            "  {:<25} {:>7} {:>8} {:>9} {:>10} {:>7} {:>7} {:>7} {:>8} {:>7}",
            "", "offered", "answered", "abandoned", "flowed out", "waiting", "SL %", "ASA s", "AHT s", "long s"
        );
        for (start, figures) in &queue.intervals {
            line(out, &self.site.seconds(Utc::from_secs(*start)), figures, &queue.level);
        }
        line(out, "total", &queue.total, &queue.level);
        let count = |counts: &BTreeMap<String, u64>| counts.get(name).copied().unwrap_or(0);
        let (warned, messages) = (count(&self.arrivals.warned), count(&self.arrivals.messages));
        if warned + messages > 0 {
            let _ = writeln!(out, "  warned of a long wait: {warned}; messages left: {messages}");
        }
        let c = &queue.callbacks;
        if c.accepted > 0 {
            let _ = write!(
                out,
                "  callbacks: {} accepted, {} dialled, {} reached, {} failed, {} withdrawn, {} open",
                c.accepted,
                c.dialled,
                c.reached,
                c.failed,
                c.withdrawn,
                c.open()
            );
            let time = c.mean_time().map(|time| format!("; {:.1} s to callback", time.as_secs_f64()));
            let (counts, talk) = (&queue.total.counts, queue.total.time_to_talk());
            let talk = talk.map(|time| format!("; {:.1} s to talk", time.as_secs_f64()));
            let _ = write!(out, "{}", time.unwrap_or_default());
            let _ = writeln!(
                out,
                "; {} talked with an agent, {} lost{}",
                counts.called_back,
                counts.called_back_lost,
                talk.unwrap_or_default()
            );
        }
        out.push('\n');
    }

    fn agent_text(&self, out: &mut String) {
        if self.agents.is_empty() {
            return;
        }
        let _ =
            write!(out, "Agent times in seconds\n  {:<12} {:>8} {:>6} {:>10}", "agent", "answered", "talks", "talk");
        for state in STATES {
            let _ = write!(out, " {state:>10}");
        }
        let _ = writeln!(out, " {:>10} {:>10}", "signed on", "occupancy");
        for (id, agent) in &self.agents {
            let (id, talk) = (shown(id), agent.talked.as_secs_f64());
            let _ = write!(out, "  {id:<12} {:>8} {:>6} {talk:>10.1}", agent.answered, agent.talks);
            for state in STATES {
                let _ = write!(out, " {:>10.1}", agent.states.get(state).copied().unwrap_or_default().as_secs_f64());
            }
            let occupancy = agent.occupancy().map_or("-".into(), |o| format!("{:.1} %", o * 100.0));
            let _ = writeln!(out, " {:>10.1} {occupancy:>10}", agent.signed_on().as_secs_f64());
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
        let heads = ["entered", "queue", "waited s", "call"];
        let _ = writeln!(
            out,
            "Abandoned calls\n  {:<25} {:<16} {:>8}  {:<20} caller",
            heads[0], heads[1], heads[2], heads[3]
        );
        for visit in &self.abandoned {
            let (entered, queue, caller) =
                (self.site.seconds(visit.entered), shown(&visit.queue), shown(&visit.caller));
            let (waited, call) = (visit.waited.as_secs_f64(), visit.contact.to_string());
            let _ = writeln!(out, "  {entered:<25} {queue:<16} {waited:>8.1}  {call:<20} {caller}");
        }
        out.push('\n');
    }

    fn conservation_text(&self, out: &mut String) {
        let (arrived, counts) = (self.arrived(), self.counts());
        let Counts { answered, abandoned, flowed_out, waiting, .. } = counts;
        let _ = writeln!(out, "Conservation, offered = answered + abandoned + flowed out + waiting");
        let _ = write!(
            out,
            "  {arrived} arrivals in the event log, {answered} + {abandoned} + {flowed_out} + {waiting} = {} in the \
             stays in queues: ",
            answered + abandoned + flowed_out + waiting
        );
        let broken = self.imbalances();
        let named = broken.iter().map(|b| format!("{} {} against {}", shown(b.queue), b.arrivals, b.accounted));
        let named: Vec<String> = named.collect();
        out.push_str(&if named.is_empty() { "holds".into() } else { format!("BROKEN: {}", named.join(", ")) });
        out.push('\n');
        if self.arrivals.facts_lost > 0 {
            let lost = self.arrivals.facts_lost;
            let _ =
                writeln!(out, "  {lost} facts of this time are missing from the event log: the store took no writes");
        }
        out.push('\n');
    }

    fn contact_text(&self, out: &mut String) {
        let contacts: Vec<String> = self.contacts.iter().map(|(end, n)| format!("{end} {n}")).collect();
        let _ = writeln!(out, "Contacts: {}", if contacts.is_empty() { "none".into() } else { contacts.join(", ") });
        // What is going on is known up to the last word of the server, and so is a call it was killed in.
        if self.contacts.contains_key("open") || self.as_of < self.to {
            let _ = writeln!(out, "What is in progress, as the server wrote at {}", self.site.seconds(self.as_of));
        }
        out.push('\n');
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

/// A caller chooses what he shows: nothing of it moves the cursor or turns the line round (attack A18).
pub(super) fn shown(text: &str) -> String {
    let plain = |c: char| c == ' ' || c.is_alphanumeric() || !matches!(c.escape_debug().next(), Some('\\'));
    text.chars().flat_map(|c| if plain(c) { vec![c] } else { c.escape_debug().collect() }).collect()
}
