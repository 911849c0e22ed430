use crate::Config;
use crate::limits::MAX_DIFFERENCES_SHOWN;
use crate::words::{self, Field, Named};
use core::fmt;
use model::{Agent, Directory};
use std::collections::HashSet;

/// What a reload changes, in words for the log. No secret is part of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Difference {
    /// In force at once: `queue support: ring_timeout 15s → 20s`, `agent 1003 added`.
    pub at_once: Vec<String>,
    /// In force after the next start: addresses, ports, the store.
    pub at_restart: Vec<String>,
}

impl Difference {
    pub fn is_empty(&self) -> bool {
        self.at_once.is_empty() && self.at_restart.is_empty()
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("nothing changed");
        }
        let late = self.at_restart.iter().map(|line| format!("{line} (at the next start)"));
        let mut lines: Vec<String> = self.at_once.iter().cloned().chain(late).collect();
        if lines.len() > MAX_DIFFERENCES_SHOWN {
            let more = lines.len() - MAX_DIFFERENCES_SHOWN;
            lines.truncate(MAX_DIFFERENCES_SHOWN);
            lines.push(format!("… and {more} more"));
        }
        f.write_str(&lines.join("; "))
    }
}

/// Compares two configurations; `new` was loaded onto the directory of `old`.
pub fn diff(old: &Config, new: &Config) -> Difference {
    let (before, after) = (&old.directory, &new.directory);
    let mut difference = Difference { at_once: Vec::new(), at_restart: at_restart(old, new) };
    let lines = &mut difference.at_once;
    changed_fields("", &words::settings(before), &words::settings(after), lines);
    let both = Both { before, after };
    both.named(&before.trunks, &after.trunks, lines);
    let route = |directory: &Directory, rule: &model::Route, _| words::route(directory, rule);
    both.rules("route", (&before.routes, &after.routes), route, lines);
    both.rules("number", (&before.numbers, &after.numbers), words::number, lines);
    both.named(&before.calendars, &after.calendars, lines);
    both.named(&before.skills, &after.skills, lines);
    both.named(&before.queues, &after.queues, lines);
    both.named(&before.phones, &after.phones, lines);
    both.named(&before.agents, &after.agents, lines);
    if moved(&before.agents, &after.agents) {
        lines.push("the order of the agents changed".into());
    }
    difference
}

/// Of those who were there before and still are.
fn moved(old: &[Agent], new: &[Agent]) -> bool {
    let mut stayed: Vec<_> = old.iter().zip(new).filter(|(old, new)| !old.removed && !new.removed).collect();
    stayed.sort_by_key(|(old, _)| old.place);
    !stayed.is_sorted_by_key(|(_, new)| new.place)
}

impl Config {
    /// Takes back what only a start can change, so that this configuration says what is really in force.
    pub fn hold_until_restart(&mut self, running: &Config) {
        self.sip = running.sip.clone();
        self.http = running.http;
        self.store = running.store.clone();
        self.recording = running.recording.clone();
        self.sounds = running.sounds.clone();
        self.secrets_file = running.secrets_file.clone();
        self.directory.media.address = running.directory.media.address.clone();
        self.directory.media.ports = running.directory.media.ports.clone();
        self.directory.limits.shards = running.directory.limits.shards;
    }
}

fn at_restart(old: &Config, new: &Config) -> Vec<String> {
    let fields = |config: &Config| -> Vec<Field> {
        let listen: Vec<String> = config.sip.listen.iter().map(ToString::to_string).collect();
        let addresses: Vec<String> = config.directory.media.address.iter().map(ToString::to_string).collect();
        let ports = &config.directory.media.ports;
        vec![
            ("sip.listen", listen.join(" ")),
            ("http.listen", config.http.listen.map_or("none".into(), |address| address.to_string())),
            ("store.url", config.store.to_string()),
            ("recording.folder", config.recording.folder.display().to_string()),
            ("media.sounds", config.sounds.as_ref().map_or("built in".into(), |folder| folder.display().to_string())),
            ("media.address", addresses.join(" ")),
            ("media.ports", format!("{}-{}", ports.start(), ports.end())),
            ("limits.shards", config.directory.limits.shards.to_string()),
        ]
    };
    let mut lines = Vec::new();
    changed_fields("", &fields(old), &fields(new), &mut lines);
    lines
}

struct Both<'d> {
    before: &'d Directory,
    after: &'d Directory,
}

impl Both<'_> {
    /// One kind of thing; both lists have the same thing at the same index.
    fn named<T: Named>(&self, old: &[T], new: &[T], lines: &mut Vec<String>) {
        for (index, new) in new.iter().enumerate() {
            let title = format!("{} {}", T::KIND, new.label());
            match old.get(index).filter(|old| !old.removed()) {
                None if !new.removed() => lines.push(format!("{title} added")),
                None => {}
                Some(_) if new.removed() => lines.push(format!("{title} removed")),
                Some(old) if old == new => {}
                Some(old) => {
                    let title = format!("{title}: ");
                    changed_fields(&title, &old.fields(self.before), &new.fields(self.after), lines);
                    let hidden = old.hidden().into_iter().zip(new.hidden()).filter(|(old, new)| old.1 != new.1);
                    lines.extend(hidden.map(|((key, _), _)| format!("{title}{key} changed")));
                }
            }
        }
    }

    /// Rules have no names: what counts is which there are, and in which order.
    fn rules<T>(
        &self,
        kind: &str,
        (old, new): (&[T], &[T]),
        text: impl Fn(&Directory, &T, bool) -> String,
        lines: &mut Vec<String>,
    ) {
        let all = |directory, rules: &[T]| -> Vec<String> { rules.iter().map(|r| text(directory, r, true)).collect() };
        let (had, has) = (all(self.before, old), all(self.after, new));
        if had == has {
            return;
        }
        let count = lines.len();
        let without = |others: &[String], own: &[String]| -> Vec<usize> {
            let others: HashSet<&String> = others.iter().collect();
            (0..own.len()).filter(|n| !others.contains(&own[*n])).collect()
        };
        for n in without(&had, &has) {
            lines.push(format!("{kind} {} added", text(self.after, &new[n], false)));
        }
        for n in without(&has, &had) {
            lines.push(format!("{kind} {} removed", text(self.before, &old[n], false)));
        }
        if lines.len() == count {
            lines.push(format!("the order of the {kind}s changed"));
        }
    }
}

fn changed_fields(title: &str, old: &[Field], new: &[Field], lines: &mut Vec<String>) {
    for ((key, before), (_, after)) in old.iter().zip(new).filter(|(old, new)| old.1 != new.1) {
        let shown = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
        lines.push(format!("{title}{key} {} → {}", shown(before), shown(after)));
    }
}
