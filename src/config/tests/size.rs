//! Large sites load at once.

use super::{read, sounds};
use crate::include::Gathered;
use crate::load::build;
use crate::source::Source;
use std::fmt::Write;
use std::time::{Duration, Instant};

/// Ten times what a release build may take, and again ten times for one that is not optimised: what is looked for here
/// is work that grows with the square of the site.
const MOST: Duration = Duration::from_secs(if cfg!(debug_assertions) { 10 } else { 1 });

/// Each agent with a phone of his own, every one written out.
fn site(agents: usize) -> String {
    let mut text = String::new();
    for queue in 0..20 {
        writeln!(text, "[[queue]]\nname = \"q{queue}\"\n[[skill]]\nname = \"s{queue}\"").unwrap();
    }
    for n in 0..agents {
        let queue = n % 20;
        writeln!(
            text,
            "[[phone]]\nid = \"{n:05}\"\npassword = \"secret-{n}\"\n[[agent]]\nid = \"{n:05}\"\nname = \"Agent {n}\"\nphone = \
             \"{n:05}\"\npin = \"{n:05}\"\nqueues = [\"q{queue}\", \"q{}\"]\nskills = {{ s{queue} = 7 }}\nclass = \
             \"national\"",
            (queue + 1) % 20
        )
        .unwrap();
    }
    text
}

#[test]
fn ten_thousand_agents_load_and_reload_in_no_time() {
    let text = site(10_000);
    let sounds = sounds();
    let load = |previous| {
        let start = Instant::now();
        let config = build(Gathered::text(Source::embedded("t.toml", &text)), previous, &sounds, &|_| None).unwrap();
        (config, start.elapsed())
    };
    let (config, first) = load(None);
    let (again, second) = load(Some(&config.directory));
    assert!(crate::diff(&config, &again).is_empty());
    assert_eq!((config.directory.agents.len(), config.directory.phones.len()), (10_000, 10_000));
    assert!(first < MOST && second < MOST, "{first:?} {second:?}");
}

#[test]
fn a_range_of_ten_thousand_is_as_quick() {
    let start = Instant::now();
    let text = "[[phone]]\nrange = \"0000-9999\"\n[[agent]]\nrange = \"0000-9999\"\nphone = \"{n}\"\nqueues = [\"q\"]\n[[queue]]\nname = \"q\"\n";
    let config = read(text).unwrap();
    let took = start.elapsed();
    assert_eq!(config.missing_secrets().len(), 10_000);
    assert!(took < MOST, "{took:?}");
}

#[test]
fn ten_thousand_mistakes_end_too() {
    let start = Instant::now();
    let report = read(&site(10_000).replace("\"q1\"", "\"1q\"").replace("national", "nationl")).unwrap_err();
    let took = start.elapsed();
    assert!(report.to_string().lines().count() < 300);
    assert!(took < 5 * MOST, "{took:?}");
}
