use super::*;
use crate::cli::ConfigArg;
use report::Work;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn site(zone: &str) -> SiteTime {
    SiteTime::of(zone).unwrap()
}

fn at(text: &str) -> Utc {
    utc(text.parse().unwrap())
}

fn report(zone: &str) -> Report {
    Report {
        from: at("2026-05-04T00:00:00+08:00"),
        to: at("2026-05-05T00:00:00+08:00"),
        as_of: at("2026-05-04T18:00:00+08:00"),
        site: site(zone),
        queues: BTreeMap::new(),
        agents: BTreeMap::new(),
        abandoned: Vec::new(),
        contacts: BTreeMap::new(),
        arrivals: StoredArrivals::default(),
    }
}

/// Adds a visit to queue `support`, and the arrival the event log has of it, as [`Report::read`] does.
fn add(report: &mut Report, entered: &str, waited: u64, agent: Option<&str>, end: VisitEnd) {
    let waited = Duration::from_secs(waited);
    let stay = report::Stay { waited, rang_out: None, called_back: false, end };
    let (contact, entered) = (model::ContactId(1), at(entered));
    let visit = StoredVisit { contact, queue: "support", entered, left: entered + waited, agent, stay };
    let zone = report.site.zone().clone();
    let asked = report.from..report.to;
    if asked.contains(&entered) {
        *report.arrivals.by_queue.entry("support".into()).or_default() += 1;
    }
    add_visit(&mut report.queues, &mut report.agents, &mut HalfHours::new(&zone), asked, &visit);
}

fn answered(talked: u64) -> VisitEnd {
    let (talked, wrapped) = (Duration::from_secs(talked), Duration::from_secs(5));
    VisitEnd::Answered { work: Some(Work { talked, wrapped, ..Work::default() }) }
}

#[test]
fn who_was_warned_of_a_long_wait_and_who_left_a_message_is_counted_by_queue() {
    let mut report = report("Asia/Shanghai");
    add(&mut report, "2026-05-04T09:10:00+08:00", 10, Some("1001"), answered(60));
    assert!(!report.text().contains("warned"), "{}", report.text());
    report.arrivals.warned.insert("support".into(), 3);
    report.arrivals.messages.insert("support".into(), 2);
    assert!(report.text().contains("\n  warned of a long wait: 3; messages left: 2\n"), "{}", report.text());
    let support = &report.json()["queues"][0];
    assert_eq!((&support["warned"], &support["messages"]), (&3.into(), &2.into()));
}

#[test]
fn complaint_36_every_treatment_is_given_beside_the_one_that_counts() {
    let mut report = report("Asia/Shanghai");
    add(&mut report, "2026-05-04T09:10:00+08:00", 10, Some("1001"), answered(60));
    add(&mut report, "2026-05-04T09:40:00+08:00", 30, Some("1001"), answered(90));
    add(&mut report, "2026-05-04T09:50:00+08:00", 3, None, VisitEnd::Abandoned);
    add(&mut report, "2026-05-04T10:00:00+08:00", 60, None, VisitEnd::Abandoned);
    let json = report.json();
    let support = &json["queues"][0];
    assert_eq!((&support["offered"], &support["answered"], &support["abandoned"]), (&4.into(), &2.into(), &2.into()));
    let level = &support["service_level"];
    assert_eq!((&level["treatment"], &level["value"]), (&"negative".into(), &0.25.into()));
    assert_eq!(level["all"]["handled"], 0.5);
    assert_eq!(level["all"].as_object().unwrap().len(), Treatment::ALL.len());
    assert_eq!((&support["asa_seconds"], &support["aht_seconds"]), (&20.0.into(), &80.0.into()));
    assert_eq!(json["conservation"]["holds"], true);
    assert_eq!(json["agents"][0]["answered"], 2);
    let starts: Vec<_> = support["intervals"].as_array().unwrap().iter().map(|i| i["from"].as_str().unwrap()).collect();
    let expected = ["2026-05-04T01:00:00Z", "2026-05-04T01:30:00Z", "2026-05-04T02:00:00Z"];
    assert_eq!(starts, expected);
    let text = report.text();
    assert!(text.contains("Queue support — goal 80 % in 20 s, treatment negative"), "{text}");
    assert!(text.contains("4 arrivals in the event log, 2 + 2 + 0 + 0 = 4 in the stays in queues: holds"), "{text}");
}

#[test]
fn a_visit_that_is_missing_or_too_many_breaks_the_law_of_conservation_in_its_queue() {
    let mut report = report("Asia/Shanghai");
    add(&mut report, "2026-05-04T09:10:00+08:00", 10, Some("1001"), answered(60));
    report.arrivals.by_queue.insert("support".into(), 3);
    let json = report.json();
    let law = &json["conservation"];
    assert_eq!((&law["holds"], &law["arrivals"], &law["answered"]), (&false.into(), &3.into(), &1.into()));
    assert_eq!(law["broken"][0], serde_json::json!({"queue": "support", "arrivals": 3, "accounted": 1}));
    assert!(report.text().contains("1 + 0 + 0 + 0 = 1 in the stays in queues: BROKEN: support 3 against 1"));
    // Two wrongs in two queues are no right.
    report.arrivals.by_queue = [("support".into(), 0), ("sales".into(), 1)].into();
    let json = report.json();
    assert_eq!((&json["conservation"]["holds"], &json["conservation"]["arrivals"]), (&false.into(), &1.into()));
    assert!(report.text().contains("BROKEN: sales 1 against 0, support 0 against 1"));
}

#[test]
fn a_visit_counts_where_it_was_entered_and_by_its_end_where_it_was_left() {
    let mut report = report("Asia/Shanghai");
    add(&mut report, "2026-05-03T23:59:30+08:00", 60, None, VisitEnd::Abandoned);
    add(&mut report, "2026-05-04T23:59:30+08:00", 60, None, VisitEnd::Abandoned);
    add(&mut report, "2026-05-04T09:29:30+08:00", 60, Some("1001"), answered(1));
    let json = report.json();
    let support = &json["queues"][0];
    assert_eq!(support["offered"], 2);
    let by_end = support["intervals_by_end"].as_array().unwrap();
    assert_eq!(by_end.len(), 2);
    assert_eq!((&by_end[0]["from"], &by_end[0]["abandoned"]), (&"2026-05-03T16:00:00Z".into(), &1.into()));
    assert_eq!((&by_end[1]["from"], &by_end[1]["answered"]), (&"2026-05-04T01:30:00Z".into(), &1.into()));
    assert_eq!(support["intervals"][0]["from"], "2026-05-04T01:00:00Z");
}

#[test]
fn intervals_begin_on_the_clock_people_look_at() {
    let kathmandu = zone("Asia/Kathmandu");
    let mut half_hours = HalfHours::new(&kathmandu);
    assert_eq!(half_hours.of(at("2026-05-04T09:40:00+05:45")), at("2026-05-04T09:30:00+05:45").as_secs());
    assert_eq!(half_hours.of(at("2026-05-04T09:30:00+05:45")), at("2026-05-04T09:30:00+05:45").as_secs());
    assert_eq!(half_hours.of(at("2026-05-04T09:29:59+05:45")), at("2026-05-04T09:00:00+05:45").as_secs());
    // The night the clocks go forward has an hour less and no interval twice.
    let berlin = zone("Europe/Berlin");
    let mut half_hours = HalfHours::new(&berlin);
    let starts: Vec<i64> =
        (0..48).map(|n| half_hours.of(at("2026-03-28T23:00:00Z") + Duration::from_secs(1800 * n))).collect();
    assert!(starts.windows(2).all(|pair| pair[1] - pair[0] == 1800));
}

#[test]
fn a_day_without_a_time_is_answered_with_how_to_write_it() {
    let shanghai = zone("Asia/Shanghai");
    let refused = instant("--from", "2026-05-04", &shanghai).unwrap_err();
    assert!(refused.ends_with("for midnight here write 2026-05-04T00:00:00+08:00"), "{refused}");
    assert!(instant("--to", "yesterday", &shanghai).unwrap_err().contains("2026-05-04T09:00:00+08:00"));
    let exact = instant("--from", "2026-05-04T00:00:00+08:00", &shanghai).unwrap();
    assert_eq!(exact, at("2026-05-03T16:00:00Z"));
}

#[test]
fn visits_that_vanish_from_a_store_are_told_by_its_event_log() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("calls.db");
    let url = format!("sqlite:{}", file.display());
    drop(store::Store::open(&url).unwrap());
    let entered = at("2026-05-04T09:10:00Z").as_micros();
    let line = |seq: i64| {
        let (at, detail) = (entered + seq, "queue=support priority=0 position=1");
        format!(r#"{{"seq":{seq},"at":{at},"contact":"000000010000000{seq}","what":"queued","detail":"{detail}"}}"#)
    };
    let calls = rusqlite::Connection::open(&file).unwrap();
    let body = format!("{}\n{}\n", line(1), line(2));
    let event = "INSERT INTO event VALUES (?1 + 1, 1, 1, 2, ?2, ?3)";
    calls.execute(event, rusqlite::params![1_i64 << 40, entered + 1000, body]).unwrap();
    for (seq, outcome) in [(1, "answered"), (2, "abandoned")] {
        let visit =
            "INSERT INTO visit VALUES (?1, ?2, 0, 'support', ?1 + 5000000, 5000000, ?3, NULL, NULL, 1, 0, 0, NULL)";
        calls.execute(visit, rusqlite::params![entered + seq, (1_i64 << 32) + seq, outcome]).unwrap();
    }
    let law = || {
        let (from, to) = (Some("2026-05-04T00:00:00Z".to_owned()), Some("2026-05-05T00:00:00Z".to_owned()));
        let args = ReportArgs { config: ConfigArg::default(), store: None, from, to, json: true };
        let report: serde_json::Value = serde_json::from_str(&run(&args, &url, "UTC").unwrap()).unwrap();
        report["conservation"].clone()
    };
    assert_eq!((&law()["holds"], &law()["arrivals"], &law()["answered"]), (&true.into(), &2.into(), &1.into()));
    calls.execute("DELETE FROM visit WHERE outcome = 'answered'", []).unwrap();
    assert_eq!((&law()["holds"], &law()["arrivals"], &law()["answered"]), (&false.into(), &2.into(), &0.into()));
}

#[test]
fn a_wrong_time_is_wrong_usage_and_a_missing_store_is_not() {
    let refused = |from: &str, to: &str| {
        let (from, to) = (Some(from.to_owned()), Some(to.to_owned()));
        let args = ReportArgs { config: ConfigArg::default(), store: None, from, to, json: false };
        run(&args, "sqlite:no-such-folder/calls.db", "UTC").unwrap_err()
    };
    assert!(matches!(refused("2026-05-04", "2026-05-05T00:00:00Z"), NoReport::Usage(_)));
    assert!(matches!(refused("2026-05-05T00:00:00Z", "2026-05-04T00:00:00Z"), NoReport::Usage(_)));
    assert!(matches!(refused("2026-05-04T00:00:00Z", "2026-05-05T00:00:00Z"), NoReport::Failed(_)));
    let args = ReportArgs { config: ConfigArg::default(), store: None, from: None, to: None, json: false };
    assert!(matches!(run(&args, "foo", "UTC"), Err(NoReport::Usage(_))));
}

#[test]
fn attack_a18_a_callers_string_cannot_write_on_the_terminal() {
    let mut report = report("UTC");
    report.abandoned.push(StoredAbandoned {
        contact: model::ContactId(7),
        queue: "support".into(),
        entered: at("2026-05-04T09:10:00Z"),
        waited: Duration::from_secs(9),
        caller: "\u{1b}[2J\r\nQueue fake\u{202e}客服 \"x\"".into(),
        dialled: String::new(),
    });
    let text = report.text();
    assert!(!text.contains(['\u{1b}', '\r', '\u{202e}']));
    assert!(text.contains(r#"\u{1b}[2J\r\nQueue fake\u{202e}客服 \"x\""#), "{text}");
    assert_eq!(report.json()["abandoned"][0]["caller"], report.abandoned[0].caller);
}

#[test]
fn an_empty_store_says_so_instead_of_a_hundred_percent() {
    let mut report = report("UTC");
    report.queues.insert("support".into(), QueueReport::new(LEVEL));
    let json = report.json();
    assert!(json["queues"][0]["service_level"]["value"].is_null());
    assert!(json["queues"][0]["aht_seconds"].is_null());
    assert!(report.text().contains("Contacts: none"));
}

#[test]
fn every_key_of_the_json_is_documented() {
    let mut report = report("UTC");
    add(&mut report, "2026-05-04T09:10:00Z", 10, Some("1001"), answered(60));
    let agent = report.agents.get_mut("1001").unwrap();
    agent.states.insert("ready".into(), Duration::from_secs(1));
    let json = report.json();
    let undocumented = |value: &serde_json::Value| -> Vec<String> {
        let keys = value.as_object().unwrap().keys().cloned();
        keys.filter(|key| !JSON_KEYS.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == key))
            .collect()
    };
    for value in [&json, &json["queues"][0], &json["queues"][0]["service_level"], &json["agents"][0]] {
        assert_eq!(undocumented(value), Vec::<String>::new());
    }
    assert_eq!(undocumented(&json["queues"][0]["intervals_by_end"][0]), Vec::<String>::new());
}
