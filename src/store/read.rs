use crate::error::StoreError;
use crate::schema::open_read_only;
use base::Utc;
use model::{ServiceLevel, Treatment};
use report::VisitEnd;
use rusqlite::{Connection, params};
use std::collections::BTreeMap;
use std::time::Duration;

/// Reads a store that may be written at the same time by a running server.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
}

/// One queue visit as stored.
#[derive(Clone, PartialEq, Debug)]
pub struct StoredVisit {
    pub contact: model::ContactId,
    pub queue: String,
    pub entered: Utc,
    pub waited: Duration,
    pub agent: Option<String>,
    pub end: VisitEnd,
}

/// An agent's time in one state, cut to the interval asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredSpan {
    pub agent: String,
    pub state: String,
    pub reason: Option<String>,
    pub lasted: Duration,
}

/// A contact as the lists of a report show it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredContact {
    pub contact: model::ContactId,
    pub started: Utc,
    pub caller: String,
    pub dialled: String,
    pub lasted: Duration,
    pub outcome: String,
    pub cause: String,
}

impl Reader {
    pub fn open(url: &str) -> Result<Self, StoreError> {
        Ok(Reader { connection: open_read_only(url)? })
    }

    /// Visits that entered in `[from, to)`, in order of entry.
    pub fn visits(&self, from: Utc, to: Utc) -> Result<Vec<StoredVisit>, StoreError> {
        let mut statement = self.connection.prepare(
            "SELECT contact, queue, entered, waited, outcome, why, agent, talked, held, wrapped FROM visit
             WHERE entered >= ?1 AND entered < ?2 ORDER BY entered, contact",
        )?;
        let rows = statement.query_map(params![from.as_micros(), to.as_micros()], |row| {
            let outcome: String = row.get(4)?;
            let why: Option<String> = row.get(5)?;
            let end = match &*outcome {
                "answered" => VisitEnd::Answered {
                    talked: length(row.get(7)?),
                    held: length(row.get(8)?),
                    wrapped: length(row.get(9)?),
                },
                "abandoned" => VisitEnd::Abandoned,
                _ => VisitEnd::FlowedOut { why: flow_reason(why.as_deref().unwrap_or("")) },
            };
            Ok(StoredVisit {
                contact: model::ContactId(row.get::<_, i64>(0)?.cast_unsigned()),
                queue: row.get(1)?,
                entered: Utc::from_micros(row.get(2)?),
                waited: length(row.get(3)?),
                agent: row.get(6)?,
                end,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Agents' time within `[from, to)`: a span that reaches over an edge counts with its part inside.
    pub fn agent_spans(&self, from: Utc, to: Utc) -> Result<Vec<StoredSpan>, StoreError> {
        let mut statement = self.connection.prepare(
            "SELECT agent, state, reason, began, lasted FROM agent_span
             WHERE began < ?2 AND began + lasted > ?1 ORDER BY agent, began",
        )?;
        let (from, to) = (from.as_micros(), to.as_micros());
        let rows = statement.query_map(params![from, to], |row| {
            let began: i64 = row.get(3)?;
            let lasted: i64 = row.get(4)?;
            let inside = (began + lasted).min(to) - began.max(from);
            Ok(StoredSpan { agent: row.get(0)?, state: row.get(1)?, reason: row.get(2)?, lasted: length(inside) })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Contacts that began in `[from, to)`, in order.
    pub fn contacts(&self, from: Utc, to: Utc) -> Result<Vec<StoredContact>, StoreError> {
        let mut statement = self.connection.prepare(
            "SELECT id, started, caller, dialled, lasted, outcome, cause FROM contact
             WHERE started >= ?1 AND started < ?2 ORDER BY started, id",
        )?;
        let rows = statement.query_map(params![from.as_micros(), to.as_micros()], |row| {
            Ok(StoredContact {
                contact: model::ContactId(row.get::<_, i64>(0)?.cast_unsigned()),
                started: Utc::from_micros(row.get(1)?),
                caller: row.get(2)?,
                dialled: row.get(3)?,
                lasted: length(row.get(4)?),
                outcome: row.get(5)?,
                cause: row.get(6)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The service level each queue was configured with last.
    pub fn service_levels(&self) -> Result<BTreeMap<String, ServiceLevel>, StoreError> {
        let mut statement =
            self.connection.prepare("SELECT queue, target, percent, treatment, short_abandon FROM queue_setting")?;
        let rows = statement.query_map([], |row| {
            let treatment: String = row.get(3)?;
            let level = ServiceLevel {
                target: length(row.get(1)?),
                percent: row.get(2)?,
                treatment: treatment_from(&treatment),
                short_abandon: length(row.get(4)?),
            };
            Ok((row.get(0)?, level))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn length(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

fn treatment_from(word: &str) -> Treatment {
    Treatment::ALL.into_iter().find(|treatment| treatment.word() == word).unwrap_or_default()
}

fn flow_reason(word: &str) -> model::FlowReason {
    use model::FlowReason::{BreakoutKey, Closed, Empty, Failed, MaxLength, MaxWait, QueueRemoved, TriesExhausted};
    [MaxWait, MaxLength, Empty, Closed, BreakoutKey, TriesExhausted, QueueRemoved]
        .into_iter()
        .find(|reason| reason.word() == word)
        .unwrap_or(Failed)
}
