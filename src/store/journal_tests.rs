//! The journal thread on real files: what survives what.

use crate::limits::{ALIVE_EVERY, ALIVE_SIGNED_ON_EVERY};
use crate::testing::{Desk, NOON, SUPPORT, TestClock, names, path_in, secs, url_in};
use crate::{Reader, Store};
use base::Utc;
use model::{AgentState, ContactId, Fact, FlowReason, NotReadyReason};
use report::{VisitEnd, Work};
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tempfile::tempdir;

fn from() -> Utc {
    Utc::from_secs(NOON - 3600)
}

fn to() -> Utc {
    Utc::from_secs(NOON + 86_400)
}

fn visits(reader: &Reader) -> Vec<(ContactId, Duration, VisitEnd)> {
    let mut visits = Vec::new();
    reader.each_visit(from(), to(), |v| visits.push((v.contact, v.stay.waited, v.stay.end))).unwrap();
    visits
}

/// Seconds of each agent in each state.
fn spans(reader: &Reader, from: Utc, to: Utc) -> Vec<(String, String, u64)> {
    let mut spans = Vec::new();
    reader
        .each_span(from, to, |s| spans.push((s.agent.to_owned(), s.state.to_owned(), s.lasted.as_millis() as u64)))
        .unwrap();
    spans
}

fn contact_text(folder: &Path, contact: ContactId, column: &str) -> String {
    let connection = Connection::open(path_in(folder)).unwrap();
    let ask = format!("SELECT {column} FROM contact WHERE id = ?1");
    connection.query_row(&ask, [contact.0.cast_signed()], |row| row.get(0)).unwrap()
}

#[test]
fn complaint_35_records_survive_a_restart_and_can_be_listed() {
    let folder = tempdir().unwrap();
    let clock = TestClock::default();
    let mut desk = Desk::open(folder.path(), &clock);
    let served = desk.serve("+8613800138000", 0);
    let (gone, leg) = desk.arrive("+8613900139000", "4008001234");
    desk.queued(gone);
    desk.abandon(gone, leg, secs(31));
    desk.settle();
    desk.stop();

    let mut desk = Desk::open(folder.path(), &clock);
    assert_eq!(desk.boot, 2);
    let second = desk.serve("+8613700137000", 1);
    desk.settle();
    let reader = desk.reader();
    let work = Work { talked: secs(60), ..Work::default() };
    let seen = visits(&reader);
    assert_eq!(seen.len(), 3);
    assert_eq!((seen[0].0, seen[0].1), (served, Duration::from_millis(1500)));
    assert!(matches!(seen[0].2, VisitEnd::Answered { work: Some(w) } if w.talked == work.talked));
    assert_eq!((seen[1].0, seen[1].2), (gone, VisitEnd::Abandoned));
    assert_eq!(seen[2].0, second);
    let abandoned = reader.abandoned(from(), to()).unwrap();
    assert_eq!((abandoned[0].caller.as_str(), abandoned[0].waited), ("+8613900139000", secs(31)));
    let outcomes = reader.outcomes(from(), to()).unwrap();
    assert_eq!((outcomes["served"], outcomes["abandoned"], outcomes.get("open")), (2, 1, None));
    assert_eq!(reader.talks(from(), to()).unwrap()[0].talked, secs(60));
    assert_eq!(reader.service_levels().unwrap()["support"].level.percent, 80);
    desk.stop();
}

#[test]
fn a_call_in_progress_is_in_the_store_from_its_arrival_and_its_answer_from_the_answer() {
    let folder = tempdir().unwrap();
    let clock = TestClock::default();
    let mut desk = Desk::open(folder.path(), &clock);
    let (waiting, _) = desk.arrive("+861", "400");
    desk.queued(waiting);
    let (talking, _) = desk.arrive("+862", "400");
    desk.queued(talking);
    desk.connect(talking, 0, secs(2));
    desk.settle();
    let reader = desk.reader();
    assert_eq!(visits(&reader), [(talking, secs(2), VisitEnd::Answered { work: None })]);
    let waits = reader.waiting(from(), to()).unwrap();
    assert_eq!((waits.len(), waits[0].contact, waits[0].queue.as_str()), (1, waiting, "support"));
    assert_eq!(reader.outcomes(from(), to()).unwrap()["open"], 2);
    desk.stop();
}

#[test]
fn an_orderly_stop_leaves_nothing_open() {
    let folder = tempdir().unwrap();
    let clock = TestClock::default();
    let mut desk = Desk::open(folder.path(), &clock);
    desk.agent(0, AgentState::Ready);
    let (waiting, _) = desk.arrive("+861", "400");
    desk.queued(waiting);
    let (talking, _) = desk.arrive("+862", "400");
    desk.queued(talking);
    desk.connect(talking, 0, secs(2));
    clock.put_forward(secs(10));
    desk.stop();
    let reader = Reader::open(&url_in(folder.path())).unwrap();
    assert_eq!(reader.outcomes(from(), to()).unwrap().get("open"), None);
    assert_eq!(reader.waiting(from(), to()).unwrap(), []);
    let ends: Vec<_> = visits(&reader).into_iter().map(|(_, _, end)| end).collect();
    assert!(matches!(ends[0], VisitEnd::FlowedOut { why: FlowReason::Failed }), "{ends:?}");
    assert!(matches!(ends[1], VisitEnd::Answered { work: Some(_) }), "{ends:?}");
    assert_eq!(contact_text(folder.path(), talking, "cause"), "shutdown");
}

/// Copies the files as they lie on the disk: what a killed process leaves. The journal goes on meanwhile, and it may move
/// what is in one of them to another: they belong together when none has changed since the first was read.
fn killed(folder: &Path) -> tempfile::TempDir {
    let files = ["store.db", "store.db-wal", "store.db.spool"];
    let read = || files.map(|file| std::fs::read(folder.join(file)).unwrap());
    let mut seen = read();
    loop {
        let again = read();
        if again == seen {
            break;
        }
        seen = again;
    }
    let copy = tempdir().unwrap();
    for (file, bytes) in files.iter().zip(seen) {
        std::fs::write(copy.path().join(file), bytes).unwrap();
    }
    copy
}

#[test]
fn fault_d1_every_call_of_a_killed_server_has_one_record_with_an_end_and_a_cause() {
    let folder = tempdir().unwrap();
    let clock = TestClock::default();
    let mut desk = Desk::open(folder.path(), &clock);
    desk.agent(0, AgentState::Ready);
    desk.agent(1, AgentState::Ready);
    let done = desk.serve("+860", 1);
    let (waiting, _) = desk.arrive("+861", "4008001234");
    desk.queued(waiting);
    let (talking, _) = desk.arrive("+862", "4008001234");
    desk.queued(talking);
    desk.connect(talking, 0, secs(2));
    desk.fact(Fact::RecordingStarted { contact: talking, name: "2026-09-21/talk".into() });
    // A minute later the journal has told where the agents are; nine seconds after that the server is killed.
    clock.put_forward(ALIVE_EVERY);
    desk.fact(Fact::PhoneReachable { phone: model::PhoneId(3) });
    desk.settle();
    desk.wait(|d| d.count("open_span") == 2);
    clock.put_forward(secs(9));
    let (late, _) = desk.arrive("+863", "4008001234");
    desk.settle();
    let copy = killed(folder.path());

    let store = Store::open(&url_in(copy.path())).unwrap();
    assert_eq!(store.boot(), 2);
    drop(store);
    let reader = Reader::open(&url_in(copy.path())).unwrap();
    let outcomes = reader.outcomes(from(), to()).unwrap();
    assert_eq!(outcomes.into_iter().collect::<Vec<_>>(), [("failed".to_owned(), 3), ("served".to_owned(), 1)]);
    for contact in [waiting, talking, late] {
        assert_eq!(contact_text(copy.path(), contact, "cause"), "server-failure");
    }
    assert_eq!(contact_text(copy.path(), done, "cause"), "normal-clearing");
    assert_eq!(contact_text(copy.path(), talking, "caller"), "+862");
    assert_eq!(contact_text(copy.path(), talking, "recordings"), r#"["2026-09-21/talk"]"#);
    let steps: Vec<(i64, String, String)> = serde_json::from_str(&contact_text(copy.path(), talking, "steps")).unwrap();
    let words: Vec<&str> = steps.iter().map(|(_, what, _)| what.as_str()).collect();
    assert_eq!(words[..4], ["arrived", "leg-started", "leg-answered", "queued"]);
    assert_eq!(words[words.len() - 2..], ["recording-started", "ended"]);
    let legs: serde_json::Value = serde_json::from_str(&contact_text(copy.path(), talking, "legs")).unwrap();
    let whose = |leg: &serde_json::Value| (leg["party"].clone(), leg["codec"].clone(), leg["cause"].clone());
    let cut = |party: &str| (party.into(), "pcmu".into(), "server-failure".into());
    assert_eq!(legs.as_array().unwrap().iter().map(whose).collect::<Vec<_>>(), [cut("caller"), cut("agent:1000")]);
    assert!(legs[0]["answered"].is_i64() && legs[0]["ended"].is_i64(), "{legs}");
    // Conservation: who waited has flowed out, who was answered has been handled up to the end.
    let seen = visits(&reader);
    assert_eq!(seen.len(), 3);
    let end = |contact| seen.iter().find(|(c, ..)| *c == contact).unwrap().2;
    assert_eq!(end(waiting), VisitEnd::FlowedOut { why: FlowReason::Failed });
    let VisitEnd::Answered { work: Some(work) } = end(talking) else { panic!("{:?}", end(talking)) };
    assert_eq!(work.talked.as_secs(), 69);
    assert_eq!(reader.waiting(from(), to()).unwrap(), []);
    // Agents are not left on a call: their time ends when the server was last seen.
    let busy: u64 = spans(&reader, from(), to()).iter().filter(|(_, s, _)| s == "busy").map(|(.., ms)| ms / 1000).sum();
    assert_eq!(busy, 69);
    // And the start after that changes nothing.
    drop(Store::open(&url_in(copy.path())).unwrap());
    let again = Reader::open(&url_in(copy.path())).unwrap();
    assert_eq!(visits(&again), seen);
    desk.stop();
}

#[test]
fn a_span_that_was_stored_after_the_last_word_on_its_agent_is_not_counted_twice() {
    let folder = tempdir().unwrap();
    let clock = TestClock::default();
    let mut desk = Desk::open(folder.path(), &clock);
    desk.agent(0, AgentState::Ready);
    desk.settle();
    clock.put_forward(ALIVE_EVERY);
    desk.fact(Fact::PhoneReachable { phone: model::PhoneId(3) });
    desk.wait(|d| d.count("open_span") == 1);
    clock.put_forward(secs(20));
    desk.agent(0, AgentState::NotReady { reason: NotReadyReason::Code(1) });
    desk.settle();
    let ready = |reader: &Reader| -> u64 {
        spans(reader, from(), to()).iter().filter(|(_, s, _)| s == "ready").map(|(.., ms)| ms / 1000).sum()
    };
    assert_eq!(ready(&desk.reader()), 80);
    let copy = killed(folder.path());
    drop(Store::open(&url_in(copy.path())).unwrap());
    assert_eq!(ready(&Reader::open(&url_in(copy.path())).unwrap()), 80);
    desk.stop();
}

#[test]
fn the_report_of_a_running_server_is_right_to_within_a_minute() {
    let folder = tempdir().unwrap();
    let clock = TestClock::default();
    let mut desk = Desk::open(folder.path(), &clock);
    desk.agent(0, AgentState::Ready);
    desk.settle();
    for minute in 1..=5 {
        clock.put_forward(secs(60));
        desk.fact(Fact::PhoneReachable { phone: model::PhoneId(3) });
        desk.settle();
        desk.wait(|d| d.reader().alive().unwrap() >= Utc::from_secs(NOON) + secs(60 * minute));
        let ready: u64 = spans(&desk.reader(), from(), to()).iter().map(|(.., ms)| ms / 1000).sum();
        assert!((60 * minute - 1..60 * minute + 60).contains(&ready), "{ready} s after {minute} minutes");
    }
    // An hour of an agent who sits still is no row yet.
    assert_eq!(desk.count("agent_span"), 0);
    desk.stop();
}

#[test]
fn while_somebody_is_signed_on_the_store_is_told_every_few_seconds() {
    let folder = tempdir().unwrap();
    let clock = TestClock::default();
    let mut desk = Desk::open(folder.path(), &clock);
    desk.agent(0, AgentState::Ready);
    desk.settle();
    let alive = |desk: &Desk| -> i64 {
        desk.look(|c| c.query_row("SELECT value FROM meta WHERE key = 'alive'", [], |row| row.get(0)).unwrap())
    };
    for _ in 0..3 {
        let before = alive(&desk);
        clock.put_forward(ALIVE_SIGNED_ON_EVERY);
        // The journal sleeps by the real clock: a fact wakes it.
        desk.fact(Fact::PhoneReachable { phone: model::PhoneId(3) });
        desk.wait(|d| alive(d) >= before + ALIVE_SIGNED_ON_EVERY.as_micros() as i64);
    }
    desk.stop();
}

#[test]
fn at_midnight_the_board_starts_anew_and_agents_time_is_cut() {
    let folder = tempdir().unwrap();
    let clock = TestClock::default();
    let mut desk = Desk::open(folder.path(), &clock);
    desk.agent(0, AgentState::Ready);
    desk.serve("+861", 1);
    desk.settle();
    let answered = |desk: &Desk| {
        let board = desk.journal.published().wallboard.lock().unwrap();
        board.queue(SUPPORT, clock.now().mono, &names()).today.counts.answered
    };
    assert_eq!(answered(&desk), 1);
    clock.put_forward(secs(12 * 3600 + 60));
    desk.fact(Fact::PhoneReachable { phone: model::PhoneId(3) });
    desk.settle();
    desk.wait(|d| answered(d) == 0);
    let midnight = Utc::from_secs(NOON + 12 * 3600);
    assert_eq!(desk.journal.published().wallboard.lock().unwrap().counting_since(), midnight);
    desk.wait(|d| d.count("agent_span WHERE agent = '1000' AND lasted > 43200000000") == 1);
    desk.stop();
}

#[test]
fn a_restart_in_the_middle_of_the_day_does_not_blank_the_board() {
    let folder = tempdir().unwrap();
    let clock = TestClock::default();
    let mut desk = Desk::open(folder.path(), &clock);
    desk.serve("+861", 0);
    let (contact, leg) = desk.arrive("+862", "400");
    desk.queued(contact);
    desk.abandon(contact, leg, secs(3));
    desk.settle();
    desk.stop();
    let desk = Desk::open(folder.path(), &clock);
    let today = desk.journal.published().wallboard.lock().unwrap().queue(SUPPORT, clock.now().mono, &names()).today;
    assert_eq!((today.counts.offered, today.counts.answered, today.counts.abandoned), (2, 1, 1));
    assert_eq!(today.work.talked, secs(60));
    desk.stop();
}

#[test]
fn fault_d3_while_the_store_is_locked_records_wait_and_then_arrive_once() {
    let folder = tempdir().unwrap();
    let clock = TestClock::default();
    let mut desk = Desk::open(folder.path(), &clock);
    desk.serve("+860", 0);
    desk.settle();
    let other = Connection::open(path_in(folder.path())).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let calls: Vec<ContactId> = (1..=50).map(|n| desk.serve(&format!("+86{n}"), 0)).collect();
    desk.wait(|d| !d.journal.published().healthy.load(Ordering::Relaxed));
    // The house goes on: facts are numbered and shown though nothing is written.
    let facts = desk.journal.published().sequence.load(Ordering::Relaxed);
    assert!(facts > 50 * 10, "{facts}");
    assert!(desk.journal.published().rows_waiting.load(Ordering::Relaxed) > 100);
    other.execute_batch("ROLLBACK").unwrap();
    clock.put_forward(secs(1));
    desk.wait(|d| d.journal.published().healthy.load(Ordering::Relaxed));
    desk.settle();
    assert_eq!(desk.count("contact"), 51);
    assert_eq!(desk.count("visit"), 51);
    assert_eq!(desk.count("open_contact"), 0);
    let seen = visits(&desk.reader());
    assert!(calls.iter().all(|call| seen.iter().filter(|(c, ..)| c == call).count() == 1));
    let published = desk.journal.published();
    let lost = published.rows_lost.load(Ordering::Relaxed) + published.events_lost.load(Ordering::Relaxed);
    assert_eq!((lost, events(&desk)), (0, published.sequence.load(Ordering::Relaxed)));
    desk.stop();
}

/// How many facts the log has, each number once and in order.
fn events(desk: &Desk) -> u64 {
    desk.look(|c| {
        let mut statement = c.prepare("SELECT first, last, body FROM event WHERE boot = ?1 ORDER BY id").unwrap();
        let mut rows = statement.query([desk.boot]).unwrap();
        let mut next = 1;
        while let Some(row) = rows.next().unwrap() {
            let (first, last, body): (i64, i64, String) =
                (row.get(0).unwrap(), row.get(1).unwrap(), row.get(2).unwrap());
            assert_eq!(first, next);
            for line in body.lines() {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                assert_eq!(line["seq"], next);
                next += 1;
            }
            assert_eq!(last, next - 1);
        }
        next as u64 - 1
    })
}

#[test]
fn fault_d3_when_the_disk_is_full_records_wait_and_then_arrive_once() {
    let folder = tempdir().unwrap();
    let clock = TestClock::default();
    let store = Store::open(&url_in(folder.path())).unwrap();
    // SQLite says "full" when the file may not grow, as it does for a full disk; old data gone makes room again.
    store.connection.execute_batch("CREATE TABLE old AS SELECT randomblob(8000000) AS data").unwrap();
    let pages: i64 = store.connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    store.connection.pragma_update(None, "max_page_count", pages + 20).unwrap();
    let mut desk = Desk::with_store(folder.path(), &clock, store);
    for n in 0..200 {
        desk.serve(&format!("+86{n}"), 0);
    }
    desk.wait(|d| !d.journal.published().healthy.load(Ordering::Relaxed));
    assert!(desk.journal.published().rows_waiting.load(Ordering::Relaxed) > 0);
    desk.look(|c| c.execute("DELETE FROM old", []).unwrap());
    desk.wait(|d| {
        clock.put_forward(secs(1));
        d.journal.published().healthy.load(Ordering::Relaxed)
    });
    desk.settle();
    assert_eq!((desk.count("contact"), desk.count("visit"), desk.count("talk")), (200, 200, 200));
    assert_eq!(events(&desk), desk.journal.published().sequence.load(Ordering::Relaxed));
    desk.stop();
}

#[test]
fn what_was_not_in_the_store_yet_when_the_server_was_killed_is_written_by_the_next_start() {
    let folder = tempdir().unwrap();
    let clock = TestClock::default();
    let mut desk = Desk::open(folder.path(), &clock);
    desk.serve("+860", 0);
    desk.settle();
    let other = Connection::open(path_in(folder.path())).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let done = desk.serve("+861", 0);
    let (talking, _) = desk.arrive("+862", "400");
    desk.queued(talking);
    desk.connect(talking, 1, secs(1));
    let said = desk.said();
    desk.wait(|d| d.journal.published().sequence.load(Ordering::Relaxed) == said);
    let copy = killed(folder.path());
    // Killed again between the transaction and the emptying of the file: everything is written a second time.
    let spool = std::fs::read(copy.path().join("store.db.spool")).unwrap();
    assert!(!spool.is_empty());
    for _ in 0..2 {
        drop(Store::open(&url_in(copy.path())).unwrap());
        assert_eq!(std::fs::metadata(copy.path().join("store.db.spool")).unwrap().len(), 0);
        let reader = Reader::open(&url_in(copy.path())).unwrap();
        let outcomes: Vec<_> = reader.outcomes(from(), to()).unwrap().into_iter().collect();
        assert_eq!(outcomes, [("failed".to_owned(), 1), ("served".to_owned(), 2)]);
        assert_eq!((visits(&reader).len(), reader.talks(from(), to()).unwrap().len()), (3, 2));
        assert_eq!(contact_text(copy.path(), done, "cause"), "normal-clearing");
        let log = Connection::open(path_in(copy.path())).unwrap();
        let lines: i64 = log
            .query_row("SELECT sum(length(body) - length(replace(body, char(10), ''))) FROM event", [], |row| {
                row.get(0)
            })
            .unwrap();
        assert_eq!(lines as u64, said);
        std::fs::write(copy.path().join("store.db.spool"), &spool).unwrap();
    }
    other.execute_batch("ROLLBACK").unwrap();
    desk.stop();
}

#[test]
fn a_stop_waits_for_a_store_that_is_busy() {
    let folder = tempdir().unwrap();
    let clock = TestClock::default();
    let mut desk = Desk::open(folder.path(), &clock);
    desk.settle();
    let path = path_in(folder.path());
    let (locked, is_locked) = std::sync::mpsc::channel();
    let backup = std::thread::spawn(move || {
        let other = Connection::open(path).unwrap();
        other.execute_batch("BEGIN EXCLUSIVE").unwrap();
        locked.send(()).unwrap();
        std::thread::sleep(Duration::from_millis(1500));
        other.execute_batch("ROLLBACK").unwrap();
    });
    is_locked.recv().unwrap();
    desk.serve("+861", 0);
    desk.stop();
    backup.join().unwrap();
    let reader = Reader::open(&url_in(folder.path())).unwrap();
    assert_eq!(reader.outcomes(from(), to()).unwrap()["served"], 1);
}

#[test]
fn a_report_can_be_made_while_the_server_writes_and_sees_one_instant() {
    let folder = tempdir().unwrap();
    let clock = TestClock::default();
    let mut desk = Desk::open(folder.path(), &clock);
    desk.serve("+860", 0);
    desk.settle();
    let reader = desk.reader();
    let before = (visits(&reader).len(), reader.outcomes(from(), to()).unwrap());
    for n in 0..100 {
        desk.serve(&format!("+86{n}"), 0);
    }
    desk.settle();
    assert!(desk.journal.published().healthy.load(Ordering::Relaxed), "a reader holds up nobody");
    assert_eq!((visits(&reader).len(), reader.outcomes(from(), to()).unwrap()), before);
    assert_eq!(visits(&desk.reader()).len(), 101);
    desk.stop();
}

#[test]
fn attack_a18_hostile_strings_are_stored_octet_for_octet() {
    let folder = tempdir().unwrap();
    let clock = TestClock::default();
    let mut desk = Desk::open(folder.path(), &clock);
    let emoji = "😀".repeat(1024);
    let hostile = [
        "\"><img src=x onerror=alert(1)>",
        "'; DROP TABLE calls;--",
        "=HYPERLINK(\"http://x\")",
        "@SUM(A1:A9)",
        &emoji,
        "\u{202e}right to left",
        "a\0b",
        "%0d%0a",
        "line\r\nInjected: yes",
        "{\"seq\":1}\n{\"contact\":\"0000000000000000\"}",
        "\\\"",
        "",
    ];
    let contacts: Vec<ContactId> = hostile
        .iter()
        .map(|text| {
            let (contact, leg) = desk.arrive(text, text);
            desk.queued(contact);
            desk.abandon(contact, leg, secs(1));
            contact
        })
        .collect();
    desk.settle();
    let listed = desk.reader().abandoned(from(), to()).unwrap();
    for ((contact, text), listed) in contacts.iter().zip(hostile).zip(&listed) {
        assert_eq!((listed.caller.as_str(), listed.dialled.as_str()), (text, text));
        let attached: serde_json::Value =
            serde_json::from_str(&contact_text(folder.path(), *contact, "attached")).unwrap();
        assert_eq!(attached["who"], text);
        let steps: serde_json::Value = serde_json::from_str(&contact_text(folder.path(), *contact, "steps")).unwrap();
        assert!(steps[0][2].as_str().unwrap().starts_with("trunk=carrier dialled="));
        assert!(!steps[0][2].as_str().unwrap().contains(['\r', '\n', '\0', '\u{202e}']));
    }
    // Every line of the log is one fact still.
    assert_eq!(events(&desk), desk.journal.published().sequence.load(Ordering::Relaxed));
    desk.stop();
}

#[test]
fn new_names_are_known_before_the_first_fact_that_uses_them() {
    let folder = tempdir().unwrap();
    let clock = TestClock::default();
    let mut desk = Desk::open(folder.path(), &clock);
    for round in 4..40 {
        let mut grown = names();
        grown.agents.extend((4..=round).map(|n| model::plain::agent(n, &[0])));
        grown.phones.extend((4..=round).map(model::plain::desk));
        desk.journal.rename(Arc::new(grown));
        desk.agent(round, AgentState::Ready);
    }
    desk.settle();
    desk.stop();
    let reader = Reader::open(&url_in(folder.path())).unwrap();
    assert!(spans(&reader, from(), to()).iter().any(|(agent, ..)| agent == "1039"));
}

#[test]
fn when_nobody_calls_the_journal_sleeps() {
    let folder = tempdir().unwrap();
    let clock = TestClock::default();
    let mut desk = Desk::open(folder.path(), &clock);
    desk.fact(Fact::PhoneReachable { phone: model::PhoneId(3) });
    desk.settle();
    let writes = desk.journal.published().writes.load(Ordering::Relaxed);
    std::thread::sleep(Duration::from_millis(400));
    assert_eq!(desk.journal.published().writes.load(Ordering::Relaxed), writes);
    desk.stop();
}

#[test]
fn an_agent_who_answered_and_is_forced_off_is_told_whole() {
    let folder = tempdir().unwrap();
    let clock = TestClock::default();
    let mut desk = Desk::open(folder.path(), &clock);
    let (contact, leg) = desk.arrive("+861", "400");
    desk.queued(contact);
    let second = desk.connect(contact, 0, secs(1));
    let by = model::Actor::Operator("eve".into());
    let action = model::ForcedAction::HangUp { contact };
    desk.fact(Fact::Forced { by, action });
    desk.hang_up(contact, [leg, second], 0, secs(9));
    desk.agent(0, AgentState::SignedOff);
    desk.settle();
    let log: String =
        desk.look(|c| c.query_row("SELECT group_concat(body, '') FROM event", [], |row| row.get(0)).unwrap());
    assert!(log.contains("\"what\":\"forced\",\"detail\":\"contact="), "{log}");
    assert!(log.contains("by=operator:eve"));
    assert_eq!(desk.reader().talks(from(), to()).unwrap()[0].agent, "1000");
    desk.stop();
}

/// The promise is of the store's own table; what is read back, the report's two sides and the next start agree on it.
#[test]
fn who_is_called_back_is_read_as_such_and_arrived_once() {
    let folder = tempdir().unwrap();
    let clock = TestClock::default();
    let mut desk = Desk::open(folder.path(), &clock);
    let (contact, leg) = desk.arrive("+86100", "4008");
    desk.queued(contact);
    let (queue, waited) = (model::QueueId(0), secs(9));
    desk.fact(Fact::FlowedOut { contact, queue, waited, why: FlowReason::BreakoutKey, to: None });
    let promise = model::Promise { arranged: clock.now().utc, ..model::Promise::anonymous(contact, queue) };
    let (step, promise) = (model::CallbackStep::Arranged, Arc::new(promise));
    desk.fact(Fact::Callback { contact, step, attempts: 0, promise });
    clock.put_forward(secs(600));
    desk.queued(contact);
    desk.settle();
    assert_eq!(desk.reader().waiting(from(), to()).unwrap(), [], "he waits at home");
    let agent = desk.connect(contact, 0, secs(600));
    desk.hang_up(contact, [leg, agent], 0, secs(60));
    desk.settle();
    let reader = desk.reader();
    let mut seen = Vec::new();
    reader.each_visit(from(), to(), |v| seen.push((v.stay.called_back, v.stay.waited.as_secs(), v.stay.end))).unwrap();
    assert_eq!(seen.iter().map(|(back, waited, _)| (*back, *waited)).collect::<Vec<_>>(), [(false, 9), (true, 600)]);
    assert!(matches!(seen[1].2, VisitEnd::Answered { .. }), "{seen:?}");
    assert_eq!(reader.arrivals(from(), to()).unwrap().by_queue["support"], 1);
    desk.stop();
}
