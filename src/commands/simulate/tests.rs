use super::*;
use sim::traffic::KPIS;
use std::collections::BTreeSet;
use std::path::PathBuf;

fn example(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/examples/simulate").join(file)
}

fn args(traffic: &str, runs: u32) -> SimulateArgs {
    SimulateArgs {
        config: ConfigArg { config: Some(example("strowger.toml")) },
        traffic: Some(example(traffic)),
        schedule: Some(example("staff.toml")),
        compare: None,
        seed: 1,
        days: 1,
        runs,
        json: true,
        plot: None,
        defaults: false,
    }
}

fn json(args: &SimulateArgs) -> serde_json::Value {
    serde_json::from_str(&run(args).unwrap()).unwrap()
}

#[test]
fn the_examples_run_and_say_it_in_text_json_and_a_picture() {
    let folder = tempfile::tempdir().unwrap();
    let plot = folder.path().join("day.svg");
    let args = SimulateArgs { compare: Some(example("shared.toml")), plot: Some(plot.clone()), ..args("day.toml", 3) };
    let all = json(&args);
    assert_eq!((&all["from"], &all["runs"], &all["days"]), (&"2026-05-04".into(), &3.into(), &1.into()));
    let support = &all["configurations"][0]["queues"][0];
    assert_eq!(support["queue"], "support");
    let offered = |value: &serde_json::Value| value["figures"]["offered"]["mean"].as_f64().unwrap();
    let intervals: f64 = support["intervals"].as_array().unwrap().iter().map(offered).sum();
    assert!((intervals - support["day"]["offered"]["mean"].as_f64().unwrap()).abs() < 1e-6);
    // Half an hour in which nobody calls any more, and the last agents are there.
    let last = support["intervals"].as_array().unwrap().last().unwrap();
    assert_eq!((offered(last), &last["from"]), (0.0, &"18:00".into()), "{last}");
    // The same calls: the difference of what was offered is nothing, that of the service level is something.
    let difference = &all["differences"][0]["day"];
    assert_eq!(difference["offered"]["mean"], 0.0);
    assert!(difference["service_level"]["mean"].as_f64().unwrap() > 0.05);
    let text = run(&SimulateArgs { json: false, ..args }).unwrap();
    for word in [
        "Queue support — goal 80 % in 20 s, treatment negative",
        "  08:30",
        "Difference over the day",
        "Holm",
        "Not simulated: hold,",
    ] {
        assert!(text.contains(word), "{word}\n{text}");
    }
    let picture = std::fs::read_to_string(plot).unwrap();
    assert_eq!(picture.matches("<svg").count(), 1);
    assert_eq!(picture.matches("<polyline").count(), 12, "three panels, two queues, two configurations");
    assert!(!picture.contains("NaN") && picture.trim_end().ends_with("</svg>"));
}

#[test]
fn agents_lent_when_they_are_wanted_help_and_cost_their_own_queue_less_than_sharing_them_all_day() {
    let day = |config: &str| {
        let all = json(&SimulateArgs { compare: Some(example(config)), ..args("day.toml", 4) });
        let change = |queue: usize| {
            let difference = &all["differences"][queue];
            (difference["queue"].clone(), difference["day"]["service_level"]["mean"].as_f64().unwrap())
        };
        [change(0), change(1)]
    };
    let ([support, billing], [_, shared]) = (day("reserve.toml"), day("shared.toml"));
    assert_eq!((&support.0, &billing.0), (&"support".into(), &"billing".into()));
    assert!(support.1 > 0.04, "support gains {}", support.1);
    assert!(billing.1 > 0.6 * shared.1, "billing loses {} with lending, {} with sharing", -billing.1, -shared.1);
}

/// Four agents each who answer at once and need no wrap-up; talks of 60 s. To `c` come 2.4 calls a talk and everybody
/// waits for ever; to `a` come 4, and who comes waits 60 s in the mean.
const TEXTBOOK: [&str; 3] = [
    r#"
[[trunk]]
name = "carrier"
allow_from = ["198.51.100.0/26"]
[[number]]
match = "4008"
to = "queue:c"
[[number]]
match = "4009"
to = "queue:a"
[[queue]]
name = "c"
wrap_up = "0s"
max_wait = "off"
[[queue]]
name = "a"
wrap_up = "0s"
max_wait = "off"
[[phone]]
range = "1001-1008"
[[agent]]
range = "1001-1004"
phone = "{n}"
queues = ["c"]
[[agent]]
range = "1005-1008"
phone = "{n}"
queues = ["a"]
"#,
    r#"
[day]
interval = "8h"
[agents]
answer_after = "0s"
[[stream]]
number = "4008"
calls = [1152]
talk = { exponential = "60s" }
[[stream]]
number = "4009"
calls = [1920]
talk = { exponential = "60s" }
patience = { exponential = "60s" }
"#,
    r#"
[[shift]]
agents = ["1001-1008"]
from = "00:00"
to = "12:00"
"#,
];

/// M/M/4 and M/M/4+M by the steady state of their birth and death process. Of who is k-th in the line
/// nμ ÷ (nμ + kθ) are served, after a sum of exponential times of the rates nμ + iθ, i = 1..k.
const THEORY: [(&str, &str, f64); 9] = [
    ("c", "asa_seconds", 10.76412),
    ("c", "service_level", 0.831607),
    ("c", "occupancy", 0.6),
    ("c", "in_queue", 0.430565),
    ("a", "asa_seconds", 10.12606),
    ("a", "service_level", 0.641868),
    ("a", "abandonment", 0.195367),
    ("a", "occupancy", 1.0 - 0.195367),
    ("a", "in_queue", 0.781467),
];

#[test]
fn printed_figures_are_those_of_erlang_c_and_a_within_their_own_intervals() {
    let folder = tempfile::tempdir().unwrap();
    let [config, traffic, schedule] = ["c.toml", "day.toml", "staff.toml"].map(|name| folder.path().join(name));
    for (file, text) in [&config, &traffic, &schedule].into_iter().zip(TEXTBOOK) {
        std::fs::write(file, text).unwrap();
    }
    let files = SimulateArgs {
        config: ConfigArg { config: Some(config) },
        traffic: Some(traffic),
        schedule: Some(schedule),
        ..args("day.toml", 20)
    };
    let all = json(&files);
    let queues = all["configurations"][0]["queues"].as_array().unwrap();
    for (queue, name, theory) in THEORY {
        let queue = queues.iter().find(|found| found["queue"] == queue).unwrap();
        let figure = &queue["intervals"][0]["figures"][name];
        let [mean, half] = ["mean", "half_width"].map(|key| figure[key].as_f64().unwrap());
        // Widened from 95 % each to 99 % for all of them together.
        let quantile = |p: f64| sim::traffic::student_quantile(p, 19.0);
        let half = half * quantile(1.0 - 0.01 / THEORY.len() as f64 / 2.0) / quantile(0.975);
        let line = format!("queue {} {name}: theory {theory}, printed {mean:.5} ± {half:.5}", queue["queue"]);
        assert!((mean - theory).abs() <= half, "{line}");
        assert!(half <= 0.25 * theory, "{line}: too wide to tell anything");
    }
    // Nobody is missed, refused or on a break: the schedule is kept to the second.
    for queue in queues {
        for name in ["adherence", "conformance"] {
            assert!((queue["day"][name]["mean"].as_f64().unwrap() - 1.0).abs() < 1e-6, "{name}");
        }
        assert_eq!(
            (&queue["day"]["shrinkage"]["mean"], &queue["day"]["rona_rate"]["mean"]),
            (&0.0.into(), &0.0.into())
        );
    }
}

#[test]
fn who_talks_into_his_break_and_beyond_his_shift_keeps_less_of_the_schedule_and_works_more() {
    let folder = tempfile::tempdir().unwrap();
    let [config, traffic, schedule] = ["c.toml", "day.toml", "staff.toml"].map(|name| folder.path().join(name));
    std::fs::write(&config, TEXTBOOK[0]).unwrap();
    // Calls of exactly ten minutes, one after another as long as somebody is there.
    let text = "[day]\ninterval = \"1h\"\n[agents]\nanswer_after = \"0s\"\n[[stream]]\nnumber = \"4008\"\nfrom = \
                \"08:00\"\ncalls = [600, 600]\ntalk = \"10m\"\npatience = \"20m\"\n";
    std::fs::write(&traffic, text).unwrap();
    let shift = "[[shift]]\nagents = [\"1001\"]\nfrom = \"08:00\"\nto = \"09:00\"\n";
    std::fs::write(&schedule, format!("{shift}breaks = [{{ at = \"08:25\", lasts = \"10m\", code = 0 }}]\n")).unwrap();
    let files = SimulateArgs {
        config: ConfigArg { config: Some(config) },
        traffic: Some(traffic),
        schedule: Some(schedule),
        ..args("day.toml", 1)
    };
    let all = json(&files);
    let day = &all["configurations"][0]["queues"][0]["day"];
    let share = |name: &str| day[name]["mean"].as_f64().unwrap();
    // The first call comes within seconds: talks end about 08:10, 08:20, 08:30 (5 minutes into the break) and, from
    // 08:35 on, 08:45, 08:55 and 09:05. Adherent are 25 + 5 + 25 of 60 minutes, worked are 30 + 30 of 50.
    assert!((share("adherence") - 55.0 / 60.0).abs() < 0.01, "{}", share("adherence"));
    assert!((share("conformance") - 60.0 / 50.0).abs() < 0.01, "{}", share("conformance"));
}

#[test]
fn past_contacts_call_again() {
    let all = json(&args("past.toml", 2));
    let past = std::fs::read_to_string(example("past.csv")).unwrap().lines().count() - 1;
    assert_eq!(all["configurations"][0]["callers"], past as f64);
}

#[test]
fn runs_on_many_threads_are_those_of_one_after_another() {
    let args = args("day.toml", 5);
    let (scene, _) = scene(&args, &example("day.toml"), &args.config, &mut Read::default()).unwrap();
    let serial: Vec<Tally> = (0..5).map(|n| runs::one(&scene, 7 + n)).collect();
    assert_eq!(runs::all(&scene, 7, 5, 3, ""), serial);
    assert_ne!(serial[0], serial[1]);
}

#[test]
fn every_day_has_its_own_midnight_also_when_clocks_change() {
    // Berlin's clocks go forward on 29 March 2026.
    let (begins, weekday, midnights) = days((2026, 3, 28), 3, "Europe/Berlin").unwrap();
    assert_eq!((begins, weekday), (Utc::from_secs(1_774_652_400), Weekday::Saturday));
    let hours: Vec<u64> = midnights.iter().map(|midnight| midnight.as_secs() / 3600).collect();
    assert_eq!(hours, [0, 23, 47]);
}

#[test]
fn two_days_are_counted_as_two_and_shown_as_one() {
    let twice = json(&SimulateArgs { days: 2, ..args("day.toml", 1) });
    let once = json(&args("day.toml", 1));
    let offered = |all: &serde_json::Value| all["configurations"][0]["queues"][0]["day"]["offered"]["mean"].as_f64();
    let (once, twice) = (offered(&once).unwrap(), offered(&twice).unwrap());
    assert!((twice / once - 1.0).abs() < 0.2, "{twice} and {once} a day");
}

#[test]
fn every_key_of_the_json_is_documented() {
    let all = json(&SimulateArgs { compare: Some(example("shared.toml")), ..args("day.toml", 2) });
    let words: BTreeSet<&str> = HELP.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let figures: BTreeSet<&str> = KPIS.iter().map(|kpi| kpi.name).collect();
    let case = &all["configurations"][0];
    for value in [&all, case, &case["queues"][0], &case["queues"][0]["service_level"], &all["differences"][0]] {
        for key in value.as_object().unwrap().keys() {
            assert!(words.contains(key.as_str()), "{key} is not in the help");
        }
    }
    for key in case["queues"][0]["day"].as_object().unwrap().keys() {
        assert!(figures.contains(key.as_str()), "{key}");
    }
    for key in ["mean", "half_width", "runs"] {
        assert!(words.contains(key) && case["queues"][0]["day"]["offered"].get(key).is_some(), "{key}");
    }
}

#[test]
fn a_traffic_file_with_a_mistake_names_the_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("day.toml");
    std::fs::write(&file, "[[stream]]\nnumber = \"4010\"\ncalls = [1]\n").unwrap();
    let error = run(&SimulateArgs { traffic: Some(file.clone()), ..args("day.toml", 1) }).unwrap_err();
    assert!(error.contains(&format!("{}:2:10: error: the configuration sends `4010` nowhere", file.display())));
}

#[test]
fn the_readme_counts_the_figures_as_they_are() {
    let readme = include_str!("../../../README.md");
    assert!(readme.contains(&format!("By interval: 8 of {} figures", KPIS.len())), "there are {}", KPIS.len());
}

/// A week whose streams and shifts are of Monday to Friday has callers on five of its days.
#[test]
fn a_week_has_a_week_end_where_it_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let [traffic, schedule] = ["day.toml", "staff.toml"].map(|name| folder.path().join(name));
    let stream = "[day]\ndate = \"2026-05-04\"\n[[stream]]\nnumber = \"4008\"\nfrom = \"09:00\"\ncalls = [40]\ndays = ";
    let shift = "[[shift]]\nagents = [\"2001-2010\"]\nfrom = \"08:00\"\nto = \"12:00\"\ndays = ";
    let week = |days: &str| {
        std::fs::write(&traffic, format!("{stream}\"{days}\"\n")).unwrap();
        std::fs::write(&schedule, format!("{shift}\"{days}\"\n")).unwrap();
        let files = SimulateArgs {
            traffic: Some(traffic.clone()),
            schedule: Some(schedule.clone()),
            days: 7,
            ..args("day.toml", 4)
        };
        let all = json(&files);
        let case = &all["configurations"][0];
        (case["callers"].as_f64().unwrap(), case["queues"][0]["day"]["agents"]["mean"].as_f64().unwrap())
    };
    let ((work, there), (all, always)) = (week("mon-fri"), week("mon-sun"));
    assert!((work / all - 5.0 / 7.0).abs() < 0.1, "{work} of {all} callers");
    assert!((there / always - 5.0 / 7.0).abs() < 0.01, "{there} of {always} agents");
}

#[test]
fn a_picture_is_not_written_over_what_is_read_or_what_is_no_picture() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    std::fs::write(file("c.toml"), TEXTBOOK[0]).unwrap();
    std::fs::write(file("staff.svg"), TEXTBOOK[2]).unwrap();
    std::fs::write(file("past.svg"), "time,number,talk\n09:00,4008,60\n").unwrap();
    std::fs::write(file("day.svg"), "[past]\nfile = \"past.svg\"\n").unwrap();
    std::fs::create_dir(file("inner")).unwrap();
    let files = |plot: PathBuf| SimulateArgs {
        config: ConfigArg { config: Some(file("c.toml")) },
        traffic: Some(file("day.svg")),
        schedule: Some(file("staff.svg")),
        plot: Some(plot),
        ..args("day.toml", 1)
    };
    let names = ["c.toml", "day.svg", "staff.svg", "past.svg"];
    let before = names.map(|name| std::fs::read_to_string(file(name)).unwrap());
    for name in names {
        for plot in [file(name), file("inner").join("..").join(name)] {
            let error = run(&files(plot.clone())).unwrap_err();
            let line = format!("--plot {}: this is {}", plot.display(), file(name).display());
            assert!(error.starts_with(&line) && error.contains("name a file for the picture"), "{error}");
        }
    }
    std::fs::write(file("notes.txt"), "mine").unwrap();
    let error = run(&files(file("notes.txt"))).unwrap_err();
    assert!(error.contains("this file is there already and no picture by its name"), "{error}");
    assert_eq!(std::fs::read_to_string(file("notes.txt")).unwrap(), "mine");
    assert_eq!(names.map(|name| std::fs::read_to_string(file(name)).unwrap()), before);
    std::fs::write(file("old.SVG"), "an older picture").unwrap();
    for name in ["old.SVG", "new.svg", "new.picture"] {
        run(&files(file(name))).unwrap();
        assert!(std::fs::read_to_string(file(name)).unwrap().starts_with("<svg"), "{name}");
    }
}

#[test]
fn no_two_lines_of_a_picture_look_alike() {
    let folder = tempfile::tempdir().unwrap();
    let [config, traffic, plot] = ["c.toml", "day.toml", "day.svg"].map(|name| folder.path().join(name));
    let mut tables = String::from("[[trunk]]\nname = \"carrier\"\nallow_from = [\"198.51.100.0/26\"]\n");
    let mut streams = String::from("[day]\ninterval = \"1h\"\n");
    for n in 1..=16 {
        let agent = format!("[[phone]]\nid = \"10{n:02}\"\n[[agent]]\nid = \"10{n:02}\"\nphone = \"10{n:02}\"\n");
        tables +=
            &format!("[[number]]\nmatch = \"40{n:02}\"\nto = \"queue:q{n}\"\n[[queue]]\nname = \"q{n}\"\n{agent}");
        tables += &format!("queues = [\"q{n}\"]\n");
        streams +=
            &format!("[[stream]]\nnumber = \"40{n:02}\"\nfrom = \"09:00\"\ncalls = [9, 12, {n}]\ntalk = \"2m\"\n");
    }
    std::fs::write(&config, tables).unwrap();
    std::fs::write(&traffic, streams).unwrap();
    let files = SimulateArgs {
        config: ConfigArg { config: Some(config.clone()) },
        compare: Some(config),
        traffic: Some(traffic),
        schedule: None,
        plot: Some(plot.clone()),
        ..args("day.toml", 2)
    };
    run(&files).unwrap();
    let picture = std::fs::read_to_string(plot).unwrap();
    let legend = picture.lines().filter(|line| line.contains("stroke-width=\"2.5\""));
    let looks = legend.filter_map(|line| line.split_once("stroke=")?.1.split_once("/>").map(|(look, _)| look));
    let (count, different): (Vec<&str>, BTreeSet<&str>) = (looks.clone().collect(), looks.collect());
    assert_eq!((count.len(), different.len()), (32, 32), "{different:?}");
}

const RINGING: &str = r#"
[[trunk]]
name = "carrier"
allow_from = ["198.51.100.0/26"]
[[number]]
match = "4008"
to = "queue:q"
[[queue]]
name = "q"
[[phone]]
range = "1001-1004"
auto_answer = AUTO
[[agent]]
range = "1001-1004"
PHONE
nailed_up = "NAILED"
queues = ["q"]
"#;

#[test]
fn phones_that_open_by_themselves_are_simulated_as_the_configuration_has_them() {
    let folder = tempfile::tempdir().unwrap();
    let [config, traffic] = ["c.toml", "day.toml"].map(|name| folder.path().join(name));
    let text = "[agents]\nanswer_after = \"6s\"\nmisses = \"20%\"\n[[stream]]\nnumber = \"4008\"\nfrom = \"09:00\"\ncalls = \
                [20, 20]\ntalk = \"20s\"\n";
    std::fs::write(&traffic, text).unwrap();
    let own = "phone = \"{n}\"";
    for (auto, phone, nailed, opens) in [
        ("false", own, "off", false),
        ("true", own, "off", true),
        ("false", own, "at-once", true),
        ("true", own, "by-key", false),
        ("true", "pin = \"12{n}\"", "off", true),
    ] {
        let tables = RINGING.replace("AUTO", auto).replace("PHONE", phone).replace("NAILED", nailed);
        std::fs::write(&config, tables).unwrap();
        let files = SimulateArgs {
            config: ConfigArg { config: Some(config.clone()) },
            traffic: Some(traffic.clone()),
            schedule: None,
            ..args("day.toml", 2)
        };
        let day = &json(&files)["configurations"][0]["queues"][0]["day"];
        let [asa, missed] = ["asa_seconds", "rona_rate"].map(|name| day[name]["mean"].as_f64().unwrap());
        let line = format!("auto_answer {auto}, {phone}, nailed_up {nailed}: ASA {asa}, RONA {missed}");
        assert!(if opens { asa < 0.1 && missed == 0.0 } else { asa >= 6.0 && missed > 0.05 }, "{line}");
    }
}

#[test]
fn who_may_sit_at_phones_that_open_and_at_phones_that_ring_is_named() {
    let two = "[[phone]]\nid = \"1001\"\nauto_answer = true\n[[phone]]\nid = \"1002\"\n[[queue]]\nname = \"q\"\n";
    let file = tempfile::NamedTempFile::new().unwrap();
    let warned = |agent: &str| {
        let text = format!("{two}[[agent]]\nid = \"7\"\npin = \"1234\"\nqueues = [\"q\"]\n{agent}");
        std::fs::write(&file, text).unwrap();
        let config = ConfigArg { config: Some(file.path().to_owned()) };
        phones::give(&mut load_or_report(&config).unwrap().0.directory)
    };
    let warning = warned("").expect("nobody knows at which he sits");
    assert!(warning.contains("agent 7") && warning.contains("1001") && warning.contains("1002"), "{warning}");
    assert_eq!(warned("nailed_up = \"at-once\"\n"), None);
    assert_eq!(warned("[[agent]]\nid = \"8\"\nphone = \"1002\"\nqueues = [\"q\"]\n"), None);
}
