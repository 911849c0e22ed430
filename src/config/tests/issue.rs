//! The text in which the interface was fixed.

use super::{read, report};

const EXAMPLE: &str = include_str!("issue.toml");

#[test]
fn the_example_is_refused_for_the_one_name_it_does_not_define() {
    let expected = r#"t.toml:85:31: error: there is no queue "overflow"
   85 | max_length = { at = 200, to = "queue:overflow" }
      |                               ^^^^^^^^^^^^^^^^ there is: support

1 error"#;
    assert_eq!(report(EXAMPLE), expected);
}

#[test]
fn the_example_loads_when_that_name_is_defined() {
    let config = read(&format!("{EXAMPLE}\n[[queue]]\nname = \"overflow\"\n")).unwrap();
    let directory = &config.directory;
    assert_eq!((directory.queues.len(), directory.agents.len(), directory.phones.len()), (2, 1, 1));
    assert_eq!(config.missing_secrets().len(), 1);
    assert_eq!(directory.calendars[0].open.len(), 5);
    assert_eq!(directory.calendars[0].closed_on[0].to, (2026, 10, 7));
    assert_eq!(directory.agents[0].skills[0].level, 7);
    assert_eq!(directory.queues[0].max_length.as_ref().unwrap().at, 200);
}
