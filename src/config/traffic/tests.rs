use super::*;
use crate::load_text;
use model::{AgentId, Break, Spread};
use std::collections::HashMap;

fn directory() -> Directory {
    let sounds = ["music/default", "announcements/sorry", "announcements/closed"];
    let sound =
        |(n, s): (usize, &&str)| ((model::Language::English, model::SoundName((*s).into())), model::SoundId(n as u32));
    let sounds: HashMap<_, _> = sounds.iter().enumerate().map(sound).collect();
    let text = r#"
[[trunk]]
name = "carrier"
allow_from = ["192.0.2.0/24"]
[[number]]
match = "4008"
to = "queue:support"
[[queue]]
name = "support"
[[phone]]
range = "1001-1010"
[[agent]]
range = "1001-1010"
phone = "{n}"
queues = ["support"]
"#;
    load_text("house.toml", text, &sounds).unwrap_or_else(|report| panic!("{report}")).directory
}

fn traffic(text: &str) -> Result<Traffic, String> {
    read_traffic(Source::embedded("day.toml", text), &directory()).map_err(|report| report.to_string())
}

fn schedule(text: &str) -> Result<Vec<Shift>, String> {
    read_schedule(Source::embedded("staff.toml", text), &directory()).map_err(|report| report.to_string())
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_stream_is_read_with_its_curve_and_times() {
    let traffic = traffic(
        r#"
[day]
interval = "1h"
[agents]
misses = "2.5%"
[[stream]]
number = "4008"
from = "02:00"
calls = [3, 4.5]
talk = { lognormal = "4m", deviation = "3m" }
wrap_up = { observed = ["10s", "20s"] }
patience = { exponential = "90s" }
"#,
    )
    .unwrap();
    let stream = &traffic.demand.streams[0];
    assert_eq!(stream.calls, [0.0, 0.0, 3.0, 4.5]);
    assert_eq!(stream.talk, Spread::Lognormal { mean: secs(240), deviation: secs(180) });
    assert_eq!(stream.wrap_up, Spread::Observed([secs(10), secs(20)].into()));
    assert_eq!(stream.patience, Some(Spread::Exponential { mean: secs(90) }));
    assert_eq!((traffic.manners.misses, traffic.interval), (0.025, secs(3600)));
}

#[test]
fn mistakes_are_told_with_their_place_and_how_to_mend_them() {
    let wrong = traffic("[[stream]]\nnumber = \"4009\"\ncals = [1]\ntalk = { gamma = \"3m\" }\n").unwrap_err();
    let expected = [
        "day.toml:1:1: error: nobody of this kind calls",
        "day.toml:2:10: error: the configuration sends `4009` nowhere",
        "day.toml:3:1: error: unknown key `cals` in [[stream]]",
        "did you mean `calls`?",
        "day.toml:4:8: error: there is no distribution `gamma`",
        "write \"3m\", { exponential",
    ];
    for line in expected {
        assert!(wrong.contains(line), "{line}\nis not in\n{wrong}");
    }
    for (text, told) in [
        ("", "nobody calls"),
        ("[[strem]]\n", "did you mean `stream`?"),
        ("[[shift]]\n", "--schedule"),
        ("[day]\ndate = \"yesterday\"\n", "`yesterday` is not a date"),
        ("[day]\ninterval = \"7m\"\n", "a day does not divide"),
        ("[agents]\nmisses = \"60%\"\ndeclines = \"60%\"\n", "more offers are missed"),
        ("[[stream]]\nnumber = \"4008\"\nfrom = \"00:10\"\ncalls = [1]\n", "does not begin here"),
        ("[[stream]]\nnumber = \"4008\"\nfrom = \"23:30\"\ncalls = [1, 2]\n", "beyond midnight"),
        ("[[stream]]\nnumber = \"4008\"\ntrunk = \"carier\"\ncalls = [1]\n", "did you mean `carrier`?"),
        ("[past]\nfile = \"nowhere.csv\"\n", "there is no such file"),
    ] {
        let found = traffic(text).unwrap_err();
        assert!(found.contains(told), "{told}\nis not in\n{found}");
    }
}

#[test]
fn a_mistake_in_a_number_is_told_once_and_shares_of_nothing_are_refused() {
    let wrong = |keys: &str| traffic(&format!("[[stream]]\n{keys}\n")).unwrap_err();
    let negative = wrong("number = \"4008\"\ncalls = [-3]");
    assert!(
        negative.contains("3:10: error: this is no number of calls") && negative.ends_with("1 error"),
        "{negative}"
    );
    let word = wrong("number = \"4008\"\ncalls = [\"x\"]");
    assert!(word.contains("this is no number of calls") && word.contains("also with a fraction"), "{word}");
    let nobody = wrong("numbers = { 4008 = 0 }\ncalls = [3]");
    assert!(nobody.contains("2:11: error: nobody dials any of these") && nobody.ends_with("1 error"), "{nobody}");
}

#[test]
fn keys_that_callers_press_are_read_and_checked() {
    let stream = |keys: &str| traffic(&format!("[[stream]]\nnumber = \"4008\"\ncalls = [3]\nkeys = [{keys}]\n"));
    let five = "{ press = \"51\", after = \"60s\", share = 0.2 }";
    let habits = stream(five).unwrap().demand.streams.remove(0).habits;
    assert_eq!(habits, [model::Habit { keys: "51".into(), after: secs(60), share: 0.2 }]);
    for (keys, told) in [
        ("{ press = \"5a\", after = \"60s\", share = 0.2 }", "`5a` are no keys of a telephone"),
        ("{ press = \"5\", after = 60, share = 0.2 }", "a duration needs its unit"),
        ("{ press = \"5\", after = \"60s\", share = 20 }", "this is no share of the callers"),
        ("{ press = \"5\", after = \"60s\" }", "need `press`, `after` and `share`"),
        ("{ press = \"5\", at = \"60s\" }", "have no `at`"),
        (
            "{ press = \"5\", after = \"1s\", share = 0.6 }, { press = \"9\", after = \"1s\", share = 0.6 }",
            "more callers press keys",
        ),
    ] {
        let found = stream(keys).unwrap_err();
        assert!(found.contains(told), "{told}\nis not in\n{found}");
    }
}

#[test]
fn a_schedule_names_people_one_by_one_or_by_range() {
    let shifts = schedule(
        r#"
[[shift]]
agents = ["1001", "1009-1010"]
from = "08:00"
to = "16:30"
breaks = [{ at = "12:00", lasts = "30m", code = 1 }]
"#,
    )
    .unwrap();
    assert_eq!(shifts.iter().map(|shift| shift.agent).collect::<Vec<_>>(), [AgentId(0), AgentId(8), AgentId(9)]);
    assert_eq!((shifts[0].from, shifts[0].to), (secs(8 * 3600), secs(16 * 3600 + 1800)));
    assert_eq!(shifts[0].breaks, [Break { at: secs(12 * 3600), lasts: secs(1800), code: 1 }]);
    let one = |keys: &str| schedule(&format!("[[shift]]\n{keys}\n")).unwrap_err();
    assert!(one("agents = [\"2001\"]\nfrom = \"08:00\"\nto = \"09:00\"").contains("no agent `2001`"));
    assert!(one("agents = [\"1001\"]\nfrom = \"18:00\"\nto = \"09:00\"").contains("ends before it begins"));
    assert!(one("agents = [\"1001\"]\nto = \"09:00\"").contains("needs `from`"));
    let pause = "breaks = [{ at = \"10:00\", lasts = \"5m\" }]";
    let outside = one(&format!("agents = [\"1001\"]\nfrom = \"08:00\"\nto = \"09:00\"\n{pause}"));
    assert!(outside.contains("the break at 10:00 is not within the shift"), "{outside}");
    let morning = "agents = [\"1001\"]\nfrom = \"08:00\"\nto = \"12:00\"";
    let twice = one(&format!("{morning}\n[[shift]]\nagents = [\"1001-1003\"]\nfrom = \"11:00\"\nto = \"14:00\""));
    assert!(twice.contains("agent 1001 is there already at that time"), "{twice}");
    let breaks = |of: &str| one(&format!("{morning}\nbreaks = [{of}]"));
    let close = breaks("{ at = \"10:00\", lasts = \"5m\" }, { at = \"09:00\", lasts = \"61m\" }");
    assert!(close.contains("the break at 10:00 begins before the one before it ends"), "{close}");
    let unknown = breaks("{ at = \"10:00\", lasts = \"5m\", code = 12 }");
    assert!(unknown.contains("no [[reason]] with the code 12"), "{unknown}");
}

#[test]
fn a_range_of_people_with_gaps_says_who_is_there() {
    let one = |range: &str| schedule(&format!("[[shift]]\nagents = [\"{range}\"]\nfrom = \"08:00\"\nto = \"09:00\"\n"));
    for (range, told) in [
        ("1009-1012", "the configuration lacks 2 agents of `1009-1012`"),
        ("1009-1011", "the configuration lacks 1 agent of `1009-1011`"),
        ("1009-1012", "there are \"1009-1010\": name these, or add who is missing as [[agent]]"),
        ("2001-2009", "no agent from 2001-2009"),
        ("0000000000-9999999999", "no agent from"),
    ] {
        let found = one(range).unwrap_err();
        assert!(found.contains(told), "{told}\nis not in\n{found}");
    }
    assert_eq!(one("1001-1010").unwrap().len(), 10);
}

/// A spreadsheet makes the same mistake in every line; the file that named it is said once.
#[test]
fn every_line_with_a_mistake_is_told_and_who_named_the_file() {
    let found = past("time,number,talk\n09:00,4008,1,5\n09:01,4008,3\n09:02,4008,long\n").unwrap_err();
    for told in [
        "past.csv:2:1: error: 4 columns, the first line has 3",
        "past.csv:4:12: error: `long` is no length of time",
        "day.toml:2:8",
        "2 errors",
    ] {
        assert!(found.contains(told), "{told}\nis not in\n{found}");
    }
    assert_eq!(found.matches("day.toml").count(), 1, "{found}");
    for (csv, what) in [("time;number;talk\n09:00;4008;1,5\n", "semicolons"), ("time\tnumber\ttalk\n", "tabs")] {
        let found = past(csv).unwrap_err();
        assert!(found.contains(&format!("the columns are separated by {what}")), "{found}");
        assert!(found.contains("commas between columns"), "{found}");
    }
}

#[test]
fn a_file_of_past_contacts_that_is_not_there_is_told_at_the_line_that_names_it() {
    let found = traffic("[past]\nfile = \"nowhere.csv\"\n").unwrap_err();
    assert!(found.contains("day.toml:2:8: error: ") && found.contains("nowhere.csv: there is no such file"), "{found}");
}

fn past(csv: &str) -> Result<Traffic, String> {
    past_on("", csv)
}

fn past_on(day: &str, csv: &str) -> Result<Traffic, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("past.csv"), csv).unwrap();
    let file = folder.path().join("day.toml");
    std::fs::write(&file, format!("[past]\nfile = \"past.csv\"\n{day}")).unwrap();
    load_traffic(&file, &directory()).map_err(|report| report.to_string())
}

#[test]
fn past_contacts_call_again_and_unknown_lengths_are_drawn() {
    let traffic = past(
        "time,number,talk,wrap_up,waited,caller\n\
         09:30:05,4008,120,10,20,\n\
         \n\
         09:31:00,\"4008\",,,40,\"+49 30 \"\"1\"\"\"\r\n",
    );
    let demand = traffic.unwrap().demand;
    assert_eq!(demand.past_days, 1);
    let calls = demand.past;
    assert_eq!((calls[0].at, calls[1].at), (secs(34_205), secs(34_260)));
    assert_eq!((&calls[0].talk, &calls[1].talk), (&Spread::Exactly(secs(120)), &Spread::Observed([secs(120)].into())));
    // 60 seconds waited in all, one gave up.
    assert_eq!(calls[0].patience, Some(Spread::Exponential { mean: secs(60) }));
    assert_eq!(&*calls[1].number, "+49 30 \"1\"");
}

#[test]
fn past_contacts_with_dates_come_on_their_days() {
    let traffic = past(
        "time,number,talk\n2026-01-05T09:31:00Z,4008,1\n2026-01-05T23:59:00Z,4008,1\n2026-01-08T00:00:00Z,4008,1\n",
    );
    let demand = traffic.unwrap().demand;
    let days: Vec<u32> = demand.past.iter().map(|call| call.day).collect();
    assert_eq!((days, demand.past_days), (vec![0, 0, 3], 4), "in the site's time zone, UTC");
}

/// As spreadsheets and databases write it: without an offset it is the site's time, and a date is not dropped.
#[test]
fn past_contacts_with_dates_and_no_offset_come_on_their_days_too() {
    let csv = "time,number,talk\n2026-05-05 09:00:00,4008,1\n2026-05-06T10:30,4008,1\n\
               2026-05-07T10:30:00[America/New_York],4008,1\n";
    let traffic = past(csv).unwrap();
    let calls: Vec<_> = traffic.demand.past.iter().map(|call| (call.day, call.at.as_secs() / 60)).collect();
    assert_eq!((calls, traffic.demand.past_days), (vec![(0, 540), (1, 630), (2, 870)], 3));
    assert_eq!(traffic.date, (2026, 5, 5), "nobody named another");
    let alone = past("time,number,talk\n2026-05-05,4008,1\n").unwrap_err();
    assert!(alone.contains("`2026-05-05` is not a time"), "{alone}");
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_column() {
    assert_eq!(past("\u{feff}time,number,talk\n09:00,4008,1\n").unwrap().demand.past.len(), 1);
    let wrong = past("\u{feff}tim,number,talk\n").unwrap_err();
    assert!(wrong.contains("past.csv:1:1: error: unknown column `tim`"), "{wrong}");
}

#[test]
fn a_first_day_that_is_another_day_of_the_week_than_the_past_contacts_is_warned_of() {
    let saturday = "time,number,talk\n2026-05-09T09:00:00Z,4008,1\n";
    let on = |date: &str| past_on(&format!("[day]\ndate = \"{date}\"\n"), saturday).unwrap();
    let monday = on("2026-05-04");
    let [warning] = &monday.warnings[..] else { panic!("{:?}", monday.warnings) };
    assert_eq!(warning.message(), "this is a Monday; the first past contact is of 2026-05-09, a Saturday");
    assert!(warning.place().to_string().ends_with("day.toml:4:8"), "{warning}");
    assert_eq!(monday.date, (2026, 5, 4), "it is done all the same");
    assert_eq!((on("2026-05-16").warnings, past(saturday).unwrap().warnings), (vec![], vec![]));
}

#[test]
fn streams_and_shifts_have_their_days_of_the_week() {
    let stream = |keys: &str| traffic(&format!("[[stream]]\nnumber = \"4008\"\ncalls = [1]\n{keys}\n"));
    let days = |keys: &str| stream(keys).unwrap().demand.streams[0].days;
    let work = Weekdays([true, true, true, true, true, false, false]);
    assert_eq!((days(""), days("days = \"mon-fri\"")), (Weekdays::ALL, work));
    let wrong = stream("days = \"weekdays\"").unwrap_err();
    assert!(wrong.contains("4:8: error: `weekdays` is not a day of the week"), "{wrong}");
    let shift =
        |days: &str| format!("[[shift]]\nagents = [\"1001\"]\ndays = \"{days}\"\nfrom = \"08:00\"\nto = \"12:00\"\n");
    let both = |one: &str, other: &str| schedule(&(shift(one) + &shift(other)));
    assert_eq!(both("mon-fri", "sat").unwrap()[0].days, work);
    assert!(both("mon-fri", "fri-sun").unwrap_err().contains("is there already at that time"));
}

#[test]
fn numbers_of_callers_begin_as_is_said() {
    let stream = |keys: &str| traffic(&format!("[[stream]]\nnumber = \"4008\"\ncalls = [1]\n{keys}\n"));
    let prefix = |keys: &str| stream(keys).unwrap().demand.streams.remove(0).prefix;
    assert_eq!((&*prefix(""), &*prefix("prefix = \"+4930\"")), ("1", "+4930"));
    for wrong in ["+49-30", "1234567"] {
        let told = stream(&format!("prefix = \"{wrong}\"")).unwrap_err();
        assert!(told.contains(&format!("`{wrong}` begins no telephone number")), "{told}");
    }
}

#[test]
fn a_wrap_up_that_no_queue_asks_for_is_warned_of() {
    let stream = "[[stream]]\nnumber = \"4008\"\ncalls = [1]\n";
    assert_eq!(traffic(stream).unwrap().warnings, []);
    let given = format!("{stream}wrap_up = \"30s\"\n");
    let found = traffic(&given).unwrap().warnings;
    let [warning] = &found[..] else { panic!("{found:?}") };
    assert!(warning.message().starts_with("this is not used: wherever these callers come"), "{warning}");
    // They may come to another queue, where somebody ends it himself.
    let mut house = directory();
    let mut other = house.queues[0].clone();
    other.wrap_up_mode = model::WrapUpMode::Capped;
    house.queues.push(other);
    let of = |house: &Directory| read_traffic(Source::embedded("day.toml", &given), house).unwrap().warnings.len();
    assert_eq!(of(&house), 1);
    house.queues[0].keys.push(('1', model::Target::Queue(model::QueueId(1))));
    assert_eq!(of(&house), 0);
}

#[test]
fn a_wrap_up_of_past_contacts_that_no_queue_asks_for_is_warned_of() {
    let found = past("time,number,talk,wrap_up\n09:00,4008,60,30\n").unwrap().warnings;
    let [warning] = &found[..] else { panic!("{found:?}") };
    assert!(warning.message().starts_with("the column `wrap_up` of this file is not used"), "{warning}");
    assert!(warning.place().to_string().ends_with("day.toml:2:8"), "{warning}");
    // A column without a length says nothing, as does none.
    for csv in ["time,number,talk,wrap_up\n09:00,4008,60,\n", "time,number,talk\n09:00,4008,60\n"] {
        assert_eq!(past(csv).unwrap().warnings, [], "{csv}");
    }
}

#[test]
fn a_mistake_in_past_contacts_is_told_with_its_cell() {
    for (csv, told) in [
        ("time,number,talk,talk\n", "past.csv:1:18: error: the column `talk` stands here twice"),
        ("", "the file is empty"),
        ("time,number\n", "past.csv:1:1: error: there is no column `talk`"),
        ("time,number,tallk\n", "past.csv:1:13: error: unknown column `tallk`"),
        (
            "time,number,talk\n09:00,4008,3\n2026-05-04T09:00:00Z,4008,3\n",
            "past.csv:3:1: error: this time and those above",
        ),
        ("time,number,talk\n25:00,4008,3\n", "past.csv:2:1: error: `25:00` is not a time"),
        ("time,number,talk\n09:00,4008,long\n", "past.csv:2:12: error: `long` is no length of time"),
        ("time,number,talk\n09:00,4008,-3\n", "past.csv:2:12: error: `-3` is no length of time"),
        ("time,number,talk\n09:00,,3\n", "past.csv:2:7: error: every contact has a number"),
        ("time,number,talk\n09:00,4008\n", "past.csv:2:1: error: 2 columns, the first line has 3"),
        ("time,number,talk\n09:00,\"4008,3\n", "past.csv:2:7: error: this quote does not end"),
        ("time,number,talk\n09:00,\"4008\"x,3\n", "past.csv:2:13: error: `x` after a closing quote"),
    ] {
        let found = past(csv).unwrap_err();
        assert!(found.contains(told), "{told}\nis not in\n{found}");
    }
}

#[test]
fn every_key_of_a_traffic_file_has_a_default_that_can_be_read() {
    let text = "[[stream]]\nnumber = \"4008\"\ncalls = [1]\n";
    let stream = traffic(text).unwrap().demand.streams.remove(0);
    assert_eq!(stream.talk, Spread::Exponential { mean: secs(180) });
    assert_eq!((stream.patience, stream.wrap_up), (None, Spread::ZERO));
}
