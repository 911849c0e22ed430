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
    // The same calls: the difference of what was offered is nothing, that of the service level is something.
    let difference = &all["differences"][0]["day"];
    assert_eq!(difference["offered"]["mean"], 0.0);
    assert!(difference["service_level"]["mean"].as_f64().unwrap() > 0.05);
    let text = run(&SimulateArgs { json: false, ..args }).unwrap();
    for word in ["Queue support — goal 80 % in 20 s, treatment negative", "  08:30", "Difference over the day"] {
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

#[test]
fn past_contacts_call_again() {
    let all = json(&args("past.toml", 2));
    let past = std::fs::read_to_string(example("past.csv")).unwrap().lines().count() - 1;
    assert_eq!(all["configurations"][0]["callers"], past as f64);
}

#[test]
fn runs_on_many_threads_are_those_of_one_after_another() {
    let args = args("day.toml", 5);
    let (scene, _) = scene(&args, &example("day.toml"), &args.config).unwrap();
    let serial: Vec<Tally> = (0..5).map(|n| runs::one(&scene, 7 + n)).collect();
    assert_eq!(runs::all(&scene, 7, 5, 3, ""), serial);
    assert_ne!(serial[0], serial[1]);
}

#[test]
fn every_day_has_its_own_midnight_also_when_clocks_change() {
    // Berlin's clocks go forward on 29 March 2026.
    let (begins, midnights) = days((2026, 3, 28), 3, "Europe/Berlin").unwrap();
    assert_eq!(begins, Utc::from_secs(1_774_652_400));
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
