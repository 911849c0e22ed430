//! Arrivals in queues as the event log has them: the other side of the conservation law. They are written by other code
//! than the visits and into another table, so that a visit that is missing, or is there twice, shows.

use crate::error::StoreError;
use crate::limits::CLOCK_STEP_MAX;
use crate::read::Reader;
use base::Utc;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeMap;

/// Who came into which queue, by the facts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct StoredArrivals {
    pub by_queue: BTreeMap<String, u64>,
    /// Who was told on coming that the wait is long, and who left a message.
    pub warned: BTreeMap<String, u64>,
    pub messages: BTreeMap<String, u64>,
    /// Facts of about this time that were given up while the store could not be written.
    pub facts_lost: u64,
}

impl Reader {
    /// Arrivals in queues in `[from, to)`.
    pub fn arrivals(&self, from: Utc, to: Utc) -> Result<StoredArrivals, StoreError> {
        let first = first_since(&self.connection, (from - CLOCK_STEP_MAX).as_micros())?;
        // This row begins before the time it bears.
        let last = first_since(&self.connection, (to + CLOCK_STEP_MAX).as_micros())?;
        let mut arrivals = StoredArrivals::default();
        let rows = "SELECT boot, first, last, body FROM event WHERE id BETWEEN ?1 AND ?2 ORDER BY id";
        let mut statement = self.connection.prepare(rows)?;
        let mut rows = statement.query(params![first, last])?;
        let mut before: Option<(i64, i64)> = None;
        while let Some(row) = rows.next()? {
            let (boot, first, last): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            if let Some((_, until)) = before.filter(|(of, _)| *of == boot) {
                arrivals.facts_lost += (first - until - 1).max(0).unsigned_abs();
            }
            before = Some((boot, last));
            let body = row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?;
            for line in body.lines() {
                let Some((word, _, queue)) = told(line).filter(|(_, at, _)| (from..to).contains(at)) else { continue };
                let counts = match word {
                    QUEUED => &mut arrivals.by_queue,
                    WARNED => &mut arrivals.warned,
                    _ => &mut arrivals.messages,
                };
                *counts.entry(queue).or_default() += 1;
            }
        }
        Ok(arrivals)
    }
}

const QUEUED: &str = "queued";
const WARNED: &str = "warned";
const MESSAGE: &str = "message-left";

/// When which of these happened to somebody in which queue, if the line tells one of them.
fn told(line: &str) -> Option<(&'static str, Utc, String)> {
    // Most lines tell something else: they are not parsed.
    let (_, rest) = line.split_once(r#","what":""#)?;
    let is_it = |word: &&str| rest.strip_prefix(*word).is_some_and(|rest| rest.starts_with('"'));
    let word = [QUEUED, WARNED, MESSAGE].into_iter().find(is_it)?;
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    let detail = line["detail"].as_str()?.strip_prefix("queue=")?;
    // What may follow the queue.
    let follows: &[&str] = match word {
        QUEUED => &[" priority="],
        WARNED => &[" expected_ms=", " length="],
        _ => &[" name="],
    };
    let (queue, rest) = follows.iter().find_map(|name| detail.rsplit_once(name))?;
    // Who is called back came before.
    if word == QUEUED && rest.ends_with(report::CALLED_BACK) {
        return None;
    }
    // A name that could be taken for more than one value is quoted.
    let name = serde_json::from_str(queue).unwrap_or_else(|_| queue.to_owned());
    Some((word, Utc::from_micros(line["at"].as_i64()?), name))
}

/// The first row with a time from `at` on, found by halving: rows are in order of time, and there is no index.
fn first_since(connection: &Connection, at: i64) -> rusqlite::Result<i64> {
    let mut next = connection.prepare("SELECT id, at FROM event WHERE id >= ?1 ORDER BY id LIMIT 1")?;
    let newest: Option<i64> = connection.query_row("SELECT max(id) FROM event", [], |row| row.get(0))?;
    let (mut low, mut high) = (0, newest.map_or(0, |newest| newest + 1));
    while low < high {
        let middle = low + (high - low) / 2;
        let row: Option<(i64, i64)> = next.query_row([middle], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        match row {
            Some((id, then)) if then < at => low = id + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Desk, NOON, TestClock, path_in, secs};
    use tempfile::tempdir;

    fn count(arrivals: &StoredArrivals) -> u64 {
        arrivals.by_queue.values().sum()
    }

    #[test]
    fn every_arrival_is_found_in_its_own_time_and_in_no_other() {
        let folder = tempdir().unwrap();
        let clock = TestClock::default();
        let mut desk = Desk::open(folder.path(), &clock);
        // Five hours, and in each more calls than in the one before.
        for hour in 1..=5 {
            for _ in 0..hour {
                desk.serve("+86100", 0);
            }
            desk.settle();
            clock.put_forward(secs(3600));
        }
        let reader = desk.reader();
        let noon = Utc::from_secs(NOON);
        for hour in 0..5 {
            let from = noon + secs(3600 * hour);
            assert_eq!(count(&reader.arrivals(from, from + secs(3000)).unwrap()), hour + 1, "hour {hour}");
        }
        let all = reader.arrivals(noon - secs(86_400), noon + secs(86_400)).unwrap();
        assert_eq!((all.by_queue["support"], all.facts_lost), (15, 0));
        assert_eq!(count(&reader.arrivals(noon + secs(36_000), noon + secs(72_000)).unwrap()), 0);
        assert_eq!(count(&reader.arrivals(noon - secs(72_000), noon).unwrap()), 0);
        desk.stop();
    }

    #[test]
    fn facts_that_were_given_up_are_said() {
        let folder = tempdir().unwrap();
        let mut desk = Desk::open(folder.path(), &TestClock::default());
        for _ in 0..3 {
            desk.serve("+86100", 0);
            desk.settle();
        }
        desk.stop();
        let connection = Connection::open(path_in(folder.path())).unwrap();
        let gone = "DELETE FROM event WHERE id = (SELECT id FROM event ORDER BY id LIMIT 1 OFFSET 1)
            RETURNING last - first + 1";
        let gone: i64 = connection.query_row(gone, [], |row| row.get(0)).unwrap();
        let reader = Reader::open(&crate::testing::url_in(folder.path())).unwrap();
        let left = reader.arrivals(Utc::from_secs(NOON - 60), Utc::from_secs(NOON + 60)).unwrap();
        assert_eq!(left.facts_lost, gone.unsigned_abs());
        assert!(count(&left) < 3);
    }

    #[test]
    fn a_name_with_a_blank_is_read_as_it_was_given() {
        let journal = |what: &str, detail: &str| {
            let detail = serde_json::json!(detail);
            format!(r#"{{"seq":1,"at":7,"contact":"0000000000000001","what":"{what}","detail":{detail}}}"#)
        };
        let read = |what: &str, detail: &str| {
            told(&journal(what, detail)).map(|(word, at, queue)| {
                assert_eq!((word, at), (what, Utc::from_micros(7)));
                queue
            })
        };
        let came = |queue: &str| read("queued", &format!("queue={queue} priority=0 position=1 kept_us=0"));
        assert_eq!(came("客服"), Some("客服".into()));
        assert_eq!(read("queued", "queue=a priority=0 position=1 kept_us=9 called_back=true"), None, "came before");
        assert_eq!(came("\"front priority=desk\""), Some("front priority=desk".into()));
        assert_eq!(read("warned", "queue=a expected_ms=9000 length=3"), Some("a".into()));
        assert_eq!(read("warned", "queue=\"a length=1\" length=3"), Some("a length=1".into()));
        assert_eq!(read("message-left", "queue=a name=voicemail/x length_ms=7"), Some("a".into()));
        assert_eq!(read("offered", "queue=a agent=1"), None);
        assert_eq!(read("queued-up", "queue=a priority=1"), None);
    }
}
