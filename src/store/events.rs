//! The event log line by line, for whoever follows again what the distributor did.

use crate::error::StoreError;
use crate::read::Reader;
use base::Utc;
use core::ops::ControlFlow;
use model::ContactId;
use rusqlite::params;
use serde::Deserialize;
use std::borrow::Cow;

/// One fact in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredEvent<'a> {
    pub sequence: u64,
    pub at: Utc,
    pub contact: Option<ContactId>,
    pub what: Cow<'a, str>,
    pub detail: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Line<'a> {
    seq: u64,
    at: i64,
    #[serde(borrow)]
    contact: Option<Cow<'a, str>>,
    #[serde(borrow)]
    what: Cow<'a, str>,
    #[serde(borrow)]
    detail: Cow<'a, str>,
}

impl Reader {
    /// The start of the server after this one of which facts are kept.
    pub fn boot_after(&self, boot: u32) -> Result<Option<u32>, StoreError> {
        let row = "SELECT min(id) FROM event WHERE id >= ?1";
        let first: Option<i64> =
            self.connection.query_row(row, params![(i64::from(boot) + 1) << 40], |row| row.get(0))?;
        Ok(first.and_then(|id| u32::try_from(id >> 40).ok()))
    }

    /// The facts of one start of the server, in order, until `each` has seen enough. Tells how many of those before
    /// are missing: they were given up while the store could not be written.
    pub fn each_event(
        &self,
        boot: u32,
        each: impl FnMut(&StoredEvent<'_>) -> ControlFlow<()>,
    ) -> Result<u64, StoreError> {
        self.each_event_of(boot, |_, _| true, each)
    }

    /// The same for those whose word and contact are wanted: the others are not read, which is most of the work.
    pub fn each_event_of(
        &self,
        boot: u32,
        wanted: impl Fn(&str, Option<ContactId>) -> bool,
        mut each: impl FnMut(&StoredEvent<'_>) -> ControlFlow<()>,
    ) -> Result<u64, StoreError> {
        let rows = "SELECT first, last, body FROM event WHERE id >= ?1 AND id < ?2 ORDER BY id";
        let mut statement = self.connection.prepare(rows)?;
        let boot = i64::from(boot);
        let mut rows = statement.query(params![boot << 40, (boot + 1) << 40])?;
        // A start counts its facts from 1.
        let (mut next, mut missing) = (1, 0_u64);
        while let Some(row) = rows.next()? {
            let (first, last): (i64, i64) = (row.get(0)?, row.get(1)?);
            missing += (first - next).max(0).unsigned_abs();
            next = last + 1;
            let body = row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?;
            for line in body.lines().filter(|line| head(line).is_none_or(|(word, contact)| wanted(word, contact))) {
                // A line a power cut left half is no fact.
                let Ok(line) = serde_json::from_str::<Line<'_>>(line) else { continue };
                let contact = line.contact.and_then(|id| u64::from_str_radix(&id, 16).ok()).map(ContactId);
                let Line { seq, at, what, detail, .. } = line;
                let event = StoredEvent { sequence: seq, at: Utc::from_micros(at), contact, what, detail };
                if each(&event).is_break() {
                    return Ok(missing);
                }
            }
        }
        Ok(missing)
    }
}

/// Word and contact as they stand in the line; what stands before the word is numbers and the contact's id.
fn head(line: &str) -> Option<(&str, Option<ContactId>)> {
    const WHAT: &[u8; 8] = b"\"what\":\"";
    // Eight octets compare as one number; a search made for any text takes longer than all else here.
    let at = line.as_bytes().windows(WHAT.len()).position(|eight| eight == WHAT)?;
    let (before, rest) = (line.get(..at)?, line.get(at + WHAT.len()..)?);
    let (word, _) = rest.split_once('"')?;
    let id = before.split_once("\"contact\":\"").and_then(|(_, id)| id.split_once('"'));
    Some((word, id.and_then(|(id, _)| u64::from_str_radix(id, 16).ok()).map(ContactId)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Store;
    use crate::testing::{Desk, TestClock, path_in, url_in};
    use rusqlite::Connection;
    use tempfile::tempdir;

    fn words(reader: &Reader, boot: u32) -> (Vec<(u64, String)>, u64) {
        let mut all = Vec::new();
        let missing = reader.each_event(boot, |event| {
            all.push((event.sequence, event.what.to_string()));
            ControlFlow::Continue(())
        });
        (all, missing.unwrap())
    }

    #[test]
    fn facts_of_one_start_come_in_order_and_those_of_another_do_not() {
        let folder = tempdir().unwrap();
        let mut desk = Desk::open(folder.path(), &TestClock::default());
        let first = desk.serve("+86100", 0);
        desk.stop();
        let mut desk =
            Desk::with_store(folder.path(), &TestClock::default(), Store::open(&url_in(folder.path())).unwrap());
        desk.serve("+86100", 0);
        desk.serve("+86100", 0);
        desk.stop();
        let reader = Reader::open(&url_in(folder.path())).unwrap();
        let (one, two) = (words(&reader, 1).0, words(&reader, 2).0);
        assert_eq!((one[0].1.as_str(), one[one.len() - 1].1.as_str()), ("arrived", "agent"));
        assert_eq!(two.len(), 2 * one.len());
        assert!(one.windows(2).chain(two.windows(2)).all(|pair| pair[0].0 + 1 == pair[1].0), "in order, none left out");
        let mut of_first = 0;
        let until_queued = |event: &StoredEvent<'_>| {
            of_first += usize::from(event.contact == Some(first));
            if event.what == "queued" { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        reader.each_event(1, until_queued).unwrap();
        assert!(of_first < one.len(), "it stopped in the middle");
        assert_eq!(words(&reader, 3), (Vec::new(), 0));
        let mut queued = Vec::new();
        let note = |event: &StoredEvent<'_>| {
            queued.push(event.what.to_string());
            ControlFlow::Continue(())
        };
        reader.each_event_of(1, |word, of| word == "queued" && of == Some(first), note).unwrap();
        assert_eq!(queued, ["queued"]);
    }

    #[test]
    fn facts_that_were_given_up_are_counted() {
        let folder = tempdir().unwrap();
        let mut desk = Desk::open(folder.path(), &TestClock::default());
        for _ in 0..3 {
            desk.serve("+86100", 0);
            desk.settle();
        }
        desk.stop();
        let connection = Connection::open(path_in(folder.path())).unwrap();
        let mut missing = 0;
        // In the middle, then at the beginning.
        for offset in [1, 0] {
            let gone = "DELETE FROM event WHERE id = (SELECT id FROM event ORDER BY id LIMIT 1 OFFSET ?1)
                RETURNING last - first + 1";
            missing += connection.query_row(gone, [offset], |row| row.get::<_, i64>(0)).unwrap().unsigned_abs();
            let reader = Reader::open(&url_in(folder.path())).unwrap();
            assert_eq!(words(&reader, 1).1, missing);
        }
    }
}
