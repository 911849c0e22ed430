//! What a server knows of the time before its start.

use crate::error::StoreError;
use crate::limits::{CALLERS_REMEMBERED, PLACES_REMEMBERED};
use crate::rows::micros;
use crate::schema::Store;
use base::Utc;
use model::{CallbackStep, ContactId, Directory, Language, Memory, OpenPromise, PastPlace, Pii, Promise, QueueId};
use rusqlite::{Connection, Row, params};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

impl Store {
    /// Promises to call back that nobody can keep, since their queue is gone from the configuration: they end here as
    /// failed, and the caller says so. Each with the name of its queue.
    pub fn forsake(&self, names: &Directory, now: Utc) -> Result<Vec<(ContactId, Box<str>)>, StoreError> {
        let mut statement = self.connection.prepare(&format!("SELECT first, queue FROM callback WHERE {OPEN}"))?;
        let read = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?));
        let all = statement.query_map([], read)?.collect::<rusqlite::Result<Vec<_>>>()?;
        let gone: Vec<_> = all.into_iter().filter(|(_, queue)| names.queue_named(queue).is_none()).collect();
        for (first, _) in &gone {
            let end = "UPDATE callback SET step = ?2, at = ?3 WHERE first = ?1";
            self.connection.execute(end, params![first, CallbackStep::Failed.word(), now.as_micros()])?;
        }
        Ok(gone.into_iter().map(|(first, queue)| (ContactId(first.cast_unsigned()), queue.into())).collect())
    }

    /// Of people and queues that are gone from the configuration nothing is remembered.
    pub fn memory(&self, names: &Directory, now: Utc) -> Result<Memory, StoreError> {
        Ok(Memory {
            shut: shut(&self.connection, names)?,
            promises: promises(&self.connection, names)?,
            served: served(&self.connection, names, now)?,
            places: places(&self.connection, names, now)?,
        })
    }
}

/// Neither kept nor given up.
const OPEN: &str = "step IN ('arranged', 'resumed', 'dialled')";

fn shut(connection: &Connection, names: &Directory) -> rusqlite::Result<Vec<QueueId>> {
    let mut statement = connection.prepare("SELECT queue FROM shut_queue WHERE shut = 1")?;
    let all = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(all.iter().filter_map(|name| names.queue_named(name)).collect())
}

/// Those that are neither kept nor given up, the longest waiting first.
fn promises(connection: &Connection, names: &Directory) -> rusqlite::Result<Vec<OpenPromise>> {
    let open = format!(
        "SELECT first, queue, arranged, entered, number, name, dialled, language, priority, attached, attempts, step, at
            FROM callback WHERE {OPEN} ORDER BY entered, first"
    );
    let mut statement = connection.prepare(&open)?;
    let read = |row: &Row<'_>| {
        let queue: String = row.get(1)?;
        let Some(queue) = names.queue_named(&queue) else { return Ok(None) };
        let (language, attached): (String, String) = (row.get(7)?, row.get(9)?);
        let (attempts, step): (u8, String) = (row.get(10)?, row.get(11)?);
        let text = |column| row.get::<_, String>(column).map(Box::<str>::from);
        let promise = Promise {
            first: ContactId(row.get::<_, i64>(0)?.cast_unsigned()),
            queue,
            number: Pii::new(text(4)?),
            name: Pii::new(text(5)?),
            dialled: text(6)?,
            language: Language::from_tag(&language).unwrap_or(names.site.language),
            priority: row.get(8)?,
            attached: attached_from(&attached),
            entered: Utc::from_micros(row.get(3)?),
            arranged: Utc::from_micros(row.get(2)?),
        };
        // A promise taken up again and not dialled since was let rest by whoever took it up.
        let dialled = CallbackStep::of_word(&step) == Some(CallbackStep::Dialled);
        let at = Utc::from_micros(row.get(12)?);
        Ok(Some(OpenPromise { promise: Arc::new(promise), attempts, dialled: dialled.then_some(at) }))
    };
    let all = statement.query_map([], read)?.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(all.into_iter().flatten().collect())
}

fn attached_from(text: &str) -> Vec<(Box<str>, Box<str>)> {
    let read: BTreeMap<String, String> = serde_json::from_str(text).unwrap_or_default();
    read.into_iter().map(|(key, value)| (key.into(), value.into())).collect()
}

/// A caller's number, who spoke with him, and when.
type Served = (Pii<Box<str>>, model::AgentId, Utc);

/// Who served a caller last, for queues that want to know; the oldest first.
fn served(connection: &Connection, names: &Directory, now: Utc) -> rusqlite::Result<Vec<Served>> {
    let sticky = names.queues.iter().filter(|queue| !queue.removed);
    let sticky: Vec<_> = sticky.filter_map(|queue| Some((queue, queue.routing.sticky?.remember))).collect();
    let mut found = Vec::new();
    for (queue, remember) in sticky {
        let talks = "SELECT c.caller, t.agent, t.began FROM talk AS t JOIN contact AS c ON c.id = t.contact
            WHERE t.began >= ?1 AND t.queue = ?2 AND c.caller <> '' ORDER BY t.began DESC LIMIT ?3";
        let mut statement = connection.prepare(talks)?;
        let since = before(now, remember);
        let read = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?));
        for row in statement.query_map(params![since, queue.name, CALLERS_REMEMBERED], read)? {
            let (caller, agent, began) = row?;
            let agent = names.agent_named(&agent);
            found.extend(agent.map(|agent| (Pii::new(Box::from(caller)), agent, Utc::from_micros(began))));
        }
    }
    found.sort_by_key(|(_, _, at)| *at);
    Ok(found)
}

/// The places of callers who hung up while they waited, and of those whom the end of a server cut off: the oldest first.
fn places(connection: &Connection, names: &Directory, now: Utc) -> rusqlite::Result<Vec<PastPlace>> {
    let live = names.queues.iter().filter(|queue| !queue.removed);
    let resume: Vec<_> = live.filter_map(|queue| Some((queue, queue.care.resume?))).collect();
    let mut found = Vec::new();
    for (queue, within) in resume {
        // A visit that was left since then was entered a day earlier at most.
        let left = "SELECT c.caller, v.entered, v.left_at FROM visit AS v JOIN contact AS c ON c.id = v.contact
            WHERE v.entered >= ?1 AND v.left_at >= ?2 AND v.queue = ?3 AND c.caller <> ''
                AND (v.outcome IN ('abandoned', 'callback-abandoned') OR v.why IN ('shutdown', 'failed'))
            ORDER BY v.left_at DESC LIMIT ?4";
        let since = before(now, within);
        let earliest = since.saturating_sub(micros(crate::limits::VISIT_TIME_MAX));
        let mut statement = connection.prepare(left)?;
        let read = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?));
        for row in statement.query_map(params![earliest, since, queue.name, PLACES_REMEMBERED], read)? {
            let (caller, entered, left) = row?;
            let Some(queue) = names.queue_named(&queue.name) else { continue };
            let (entered, left) = (Utc::from_micros(entered), Utc::from_micros(left));
            found.push(PastPlace { queue, number: Pii::new(caller.into()), entered, left });
        }
    }
    found.sort_by_key(|place| place.left);
    Ok(found)
}

fn before(now: Utc, time: Duration) -> i64 {
    now.as_micros().saturating_sub(micros(time))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Desk, TestClock, names, secs, url_in};
    use model::{Actor, AgentId, Fact, ForcedAction, QueueAction};

    fn promise(first: ContactId, entered: Utc) -> Arc<Promise> {
        Arc::new(Promise {
            first,
            queue: QueueId(0),
            number: "+8613800138000".into(),
            name: "Lee".into(),
            dialled: "4008".into(),
            language: Language::Mandarin,
            priority: 3,
            attached: vec![("tier".into(), "gold".into())],
            entered,
            arranged: entered,
        })
    }

    #[test]
    fn open_promises_and_shut_queues_are_known_to_the_next_start_and_the_report() {
        let folder = tempfile::tempdir().unwrap();
        let clock = TestClock::default();
        let mut desk = Desk::open(folder.path(), &clock);
        let at = clock.now().utc;
        let contact = |n| ContactId::new(model::ShardId(0), 1, n);
        let mut tell = |n: u32, step, attempts| {
            let promise = promise(contact(n), at);
            desk.fact(Fact::Callback { contact: contact(n), step, attempts, promise });
        };
        for n in 101..=104 {
            tell(n, CallbackStep::Arranged, 0);
        }
        tell(102, CallbackStep::Dialled, 1);
        tell(103, CallbackStep::Dialled, 1);
        tell(103, CallbackStep::Reached, 1);
        tell(104, CallbackStep::Dialled, 3);
        tell(104, CallbackStep::Failed, 3);
        for action in [QueueAction::Close, QueueAction::Open, QueueAction::Close] {
            let action = ForcedAction::Queue { queue: QueueId(0), action };
            desk.fact(Fact::Forced { by: Actor::System, action });
        }
        desk.settle();
        let figures = desk.reader().callbacks(Utc::from_secs(at.as_secs() - 9), Utc::from_secs(at.as_secs() + 9));
        let figures = figures.unwrap();
        assert_eq!(figures.len(), 1);
        let f = &figures[0];
        assert_eq!((f.accepted, f.dialled, f.reached, f.failed, f.withdrawn), (4, 5, 1, 1, 0));
        desk.stop();
        let memory = Store::open(&url_in(folder.path())).unwrap().memory(&names(), clock.now().utc).unwrap();
        assert_eq!(memory.shut, [QueueId(0)]);
        let open: Vec<_> = memory.promises.iter().map(|o| (o.promise.first, o.attempts, o.dialled.is_some())).collect();
        assert_eq!(open, [(contact(101), 0, false), (contact(102), 1, true)]);
        assert_eq!(memory.promises[0].promise, promise(contact(101), at));
        let mut desk = Desk::open(folder.path(), &clock);
        let action = ForcedAction::Queue { queue: QueueId(0), action: QueueAction::Open };
        desk.fact(Fact::Forced { by: Actor::System, action });
        desk.settle();
        desk.stop();
        let memory = Store::open(&url_in(folder.path())).unwrap().memory(&names(), clock.now().utc).unwrap();
        assert_eq!((memory.shut.len(), memory.promises.len()), (0, 2), "opened again; still owed");
    }

    #[test]
    fn a_promise_of_a_queue_that_is_gone_ends_as_failed_and_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let clock = TestClock::default();
        let mut desk = Desk::open(folder.path(), &clock);
        let (at, first) = (clock.now().utc, ContactId::new(model::ShardId(0), 1, 101));
        let promise = promise(first, at);
        desk.fact(Fact::Callback { contact: first, step: CallbackStep::Arranged, attempts: 0, promise });
        desk.settle();
        desk.stop();
        let store = Store::open(&url_in(folder.path())).unwrap();
        let mut other = names();
        assert_eq!(store.forsake(&other, at).unwrap(), [], "its queue is there");
        other.queues[0].name = "renamed".into();
        assert_eq!(store.forsake(&other, at).unwrap(), [(first, "support".into())]);
        assert_eq!(store.forsake(&other, at).unwrap(), [], "told once");
        assert_eq!(store.memory(&names(), at).unwrap().promises, [], "and nobody is called should the name come back");
        drop(store);
        let desk = Desk::open(folder.path(), &clock);
        let day = |secs: i64| Utc::from_secs(at.as_secs() + secs);
        let figures = desk.reader().callbacks(day(-9), day(9)).unwrap();
        assert_eq!((figures[0].accepted, figures[0].failed), (1, 1), "no longer open");
        desk.stop();
    }

    #[test]
    fn who_served_whom_and_who_hung_up_is_read_from_the_records() {
        let folder = tempfile::tempdir().unwrap();
        let clock = TestClock::default();
        let mut desk = Desk::open(folder.path(), &clock);
        desk.serve("+8613800138000", 1);
        let (gone, leg) = desk.arrive("+8613900139000", "4008001234");
        desk.queued(gone);
        desk.abandon(gone, leg, secs(31));
        desk.settle();
        desk.stop();
        let store = Store::open(&url_in(folder.path())).unwrap();
        let mut names = names();
        let now = Utc::from_micros(clock.now().utc.as_micros() + 60_000_000);
        assert_eq!(store.memory(&names, now).unwrap(), Memory::default(), "no queue wants to know");
        names.queues[0].routing.sticky = Some(model::Sticky { wait: secs(20), remember: secs(3600) });
        names.queues[0].care.resume = Some(secs(300));
        let memory = store.memory(&names, now).unwrap();
        let served: Vec<_> = memory.served.iter().map(|(number, agent, _)| (number.as_str(), *agent)).collect();
        assert_eq!(served, [("+8613800138000", AgentId(1))]);
        let places: Vec<_> = memory.places.iter().map(|place| place.number.as_str()).collect();
        assert_eq!(places, ["+8613900139000"]);
    }
}
