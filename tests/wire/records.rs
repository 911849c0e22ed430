//! What the store holds, read by SQL and not by our own code.

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// Contacts in the order they came in, and the agents' times.
#[derive(Debug)]
pub(crate) struct Records {
    pub(crate) contacts: Vec<Contact>,
    pub(crate) visits: Vec<Visit>,
}

#[derive(Debug, Clone)]
pub(crate) struct Contact {
    pub(crate) id: i64,
    pub(crate) caller: String,
    pub(crate) outcome: String,
    pub(crate) cause: String,
    pub(crate) steps: Vec<Step>,
    pub(crate) legs: Vec<Value>,
    pub(crate) recordings: Vec<String>,
}

/// One thing that happened in a contact.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// Microseconds since 1970.
    pub(crate) at: i64,
    pub(crate) what: String,
    pub(crate) detail: String,
}

/// A stay in a queue.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    pub(crate) contact: i64,
    pub(crate) outcome: String,
    pub(crate) agent: Option<String>,
    pub(crate) waited: Duration,
    /// Nothing until the agent is through with the call.
    pub(crate) talked: Duration,
}

impl Records {
    pub(crate) fn open(file: &Path) -> Records {
        let store = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("the store opens");
        store.busy_timeout(Duration::from_secs(10)).expect("a positive time");
        Records { contacts: contacts(&store).expect("contacts"), visits: visits(&store).expect("visits") }
    }

    /// The one contact of this caller.
    pub(crate) fn of(&self, caller: &str) -> &Contact {
        let found: Vec<&Contact> = self.contacts.iter().filter(|c| c.caller == caller).collect();
        assert_eq!(found.len(), 1, "contacts of {caller}: {found:#?}");
        found[0]
    }

    pub(crate) fn visit_of(&self, contact: &Contact) -> &Visit {
        let found: Vec<&Visit> = self.visits.iter().filter(|v| v.contact == contact.id).collect();
        assert_eq!(found.len(), 1, "visits of {contact:#?}: {found:#?}");
        found[0]
    }
}

impl Contact {
    /// All steps of one kind.
    pub(crate) fn all(&self, what: &str) -> Vec<&Step> {
        self.steps.iter().filter(|step| step.what == what).collect()
    }

    /// The one step of this kind.
    pub(crate) fn step(&self, what: &str) -> &Step {
        let found = self.all(what);
        assert_eq!(found.len(), 1, "`{what}` in {self:#?}");
        found[0]
    }

    /// The words of its steps, in order.
    pub(crate) fn words(&self) -> Vec<&str> {
        self.steps.iter().map(|step| &*step.what).collect()
    }
}

impl Step {
    /// The value of `name=value` in the detail.
    pub(crate) fn value(&self, name: &str) -> &str {
        let mut words = self.detail.split(' ').filter_map(|word| word.split_once('='));
        let found = words.find(|(key, _)| *key == name).map(|(_, value)| value);
        found.unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }
}

/// The event log, one line a fact.
pub(crate) fn events(file: &Path) -> Vec<String> {
    let store = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("the store opens");
    let mut select = store.prepare("SELECT body FROM event ORDER BY boot, first").expect("the table is there");
    let bodies = select.query_map([], |row| row.get::<_, String>(0)).expect("readable");
    bodies.flat_map(|body| body.expect("text").lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn contacts(store: &Connection) -> rusqlite::Result<Vec<Contact>> {
    let mut select = store.prepare(
        "SELECT id, caller, outcome, cause, legs, recordings, steps, started FROM contact ORDER BY started, id",
    )?;
    let json = |text: String| -> Value { serde_json::from_str(&text).expect("stored JSON") };
    let rows = select.query_map([], |row| {
        let steps = json(row.get(6)?);
        let started: i64 = row.get(7)?;
        let steps = steps.as_array().expect("a list").iter().map(|step| Step {
            at: started + step[0].as_i64().expect("a time"),
            what: step[1].as_str().expect("a word").to_owned(),
            detail: step[2].as_str().expect("a text").to_owned(),
        });
        let recordings = json(row.get(5)?);
        let recordings = recordings.as_array().expect("a list").iter().map(|n| n.as_str().expect("a name").to_owned());
        Ok(Contact {
            id: row.get(0)?,
            caller: row.get(1)?,
            outcome: row.get(2)?,
            cause: row.get(3)?,
            legs: json(row.get(4)?).as_array().expect("a list").clone(),
            recordings: recordings.collect(),
            steps: steps.collect(),
        })
    })?;
    rows.collect()
}

fn visits(store: &Connection) -> rusqlite::Result<Vec<Visit>> {
    let mut select = store.prepare("SELECT contact, outcome, agent, waited, talked FROM visit ORDER BY entered")?;
    let micros = |value: i64| Duration::from_micros(value.try_into().expect("no negative length"));
    let rows = select.query_map([], |row| {
        Ok(Visit {
            contact: row.get(0)?,
            outcome: row.get(1)?,
            agent: row.get(2)?,
            waited: micros(row.get(3)?),
            talked: micros(row.get::<_, Option<i64>>(4)?.unwrap_or(0)),
        })
    })?;
    rows.collect()
}
