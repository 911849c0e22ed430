use crate::error::StoreError;
use crate::limits::{SPAN_TIME_MAX, VISIT_TIME_MAX};
use crate::recover::last_alive;
use crate::rows::CALLED_BACK;
use crate::schema::open_read_only;
use base::Utc;
use model::{ContactId, ServiceLevel, Treatment};
use report::{Stay, VisitEnd, Work};
use rusqlite::{Connection, Row, params};
use std::collections::BTreeMap;
use std::time::Duration;

/// Reads a store that may be written at the same time by a running server. Everything read is of one instant.
#[derive(Debug)]
pub struct Reader {
    pub(crate) connection: Connection,
}

/// One queue visit as stored; lives as long as the look at it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct StoredVisit<'a> {
    pub contact: ContactId,
    pub queue: &'a str,
    pub entered: Utc,
    pub left: Utc,
    pub agent: Option<&'a str>,
    pub stay: Stay,
}

/// A caller who waits, as far as the store knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredWaiting {
    pub contact: ContactId,
    pub queue: String,
    pub entered: Utc,
}

/// An agent's time in one state, cut to the interval asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StoredSpan<'a> {
    pub agent: &'a str,
    pub state: &'a str,
    pub reason: Option<&'a str>,
    pub lasted: Duration,
}

/// An agent's conversations in the interval asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredTalks {
    pub agent: String,
    pub talks: u64,
    pub talked: Duration,
    pub held: Duration,
}

/// How a queue was configured last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StoredLevel {
    pub level: ServiceLevel,
    /// The configuration has no such queue any more.
    pub removed: bool,
}

/// An abandoned visit and who it was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredAbandoned {
    pub contact: ContactId,
    pub queue: String,
    pub entered: Utc,
    pub waited: Duration,
    pub caller: String,
    pub dialled: String,
}

/// What became of the promises to call back given in the interval asked for, of one queue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredCallbacks {
    pub queue: String,
    pub accepted: u64,
    /// Attempts begun, so far.
    pub dialled: u64,
    pub reached: u64,
    pub failed: u64,
    /// The customer called himself, or a person ended it.
    pub withdrawn: u64,
    /// Of those reached, from the promise to the answer, all together.
    pub time_to_callback: Duration,
}

impl Reader {
    pub fn open(url: &str) -> Result<Self, StoreError> {
        let connection = open_read_only(url)?;
        // One transaction for all questions: what the server writes meanwhile is not seen by halves.
        connection.execute_batch("BEGIN")?;
        Ok(Reader { connection })
    }

    /// When the server last wrote: a few seconds ago when one runs and somebody is signed on, a minute when nobody is.
    pub fn alive(&self) -> Result<Utc, StoreError> {
        Ok(Utc::from_micros(last_alive(&self.connection)?))
    }

    /// Visits that entered or left in `[from, to)`, in order of entry.
    pub fn each_visit(&self, from: Utc, to: Utc, mut each: impl FnMut(&StoredVisit<'_>)) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare(VISITS)?;
        let earliest = from - VISIT_TIME_MAX;
        let mut rows = statement.query(params![earliest.as_micros(), to.as_micros(), from.as_micros()])?;
        while let Some(row) = rows.next()? {
            each(&visit(row)?);
        }
        Ok(())
    }

    /// Who waits and entered in `[from, to)`, in order of entry.
    pub fn waiting(&self, from: Utc, to: Utc) -> Result<Vec<StoredWaiting>, StoreError> {
        let mut statement = self.connection.prepare(
            "SELECT id, queue, entered FROM open_contact AS open
             WHERE queue IS NOT NULL AND entered >= ?1 AND entered < ?2 AND NOT EXISTS
                (SELECT 1 FROM visit AS v WHERE v.entered = open.entered AND v.contact = open.id AND v.nth = open.nth)
             ORDER BY entered, id",
        )?;
        let rows = statement.query_map(params![from.as_micros(), to.as_micros()], |row| {
            Ok(StoredWaiting { contact: contact(row, 0)?, queue: row.get(1)?, entered: Utc::from_micros(row.get(2)?) })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Agents' time within `[from, to)`: a span that reaches over an edge counts with its part inside. The state an
    /// agent is in now counts up to when the server last told.
    pub fn each_span(&self, from: Utc, to: Utc, mut each: impl FnMut(&StoredSpan<'_>)) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare(
            "SELECT agent, state, reason, began, lasted FROM agent_span WHERE began >= ?1 AND began < ?2
             UNION ALL
             SELECT agent, state, reason, began, ?3 - began FROM open_span AS open
             WHERE began < ?2 AND began < ?3 AND NOT EXISTS
                (SELECT 1 FROM agent_span AS s WHERE s.began >= open.began AND s.agent = open.agent)",
        )?;
        let earliest = (from - SPAN_TIME_MAX).as_micros();
        let (from, to) = (from.as_micros(), to.as_micros());
        let mut rows = statement.query(params![earliest, to, last_alive(&self.connection)?])?;
        while let Some(row) = rows.next()? {
            let (began, lasted): (i64, i64) = (row.get(3)?, row.get(4)?);
            let inside = (began + lasted).min(to) - began.max(from);
            if inside > 0 {
                let (agent, state) = (text(row, 0)?, text(row, 1)?);
                each(&StoredSpan { agent, state, reason: some_text(row, 2)?, lasted: length(inside) });
            }
        }
        Ok(())
    }

    /// Conversations that began in `[from, to)` and are over, by agent.
    pub fn talks(&self, from: Utc, to: Utc) -> Result<Vec<StoredTalks>, StoreError> {
        let mut statement = self.connection.prepare(
            "SELECT agent, count(*), sum(talked), sum(held) FROM talk WHERE began >= ?1 AND began < ?2 GROUP BY agent",
        )?;
        let rows = statement.query_map(params![from.as_micros(), to.as_micros()], |row| {
            let (talked, held) = (length(row.get(2)?), length(row.get(3)?));
            Ok(StoredTalks { agent: row.get(0)?, talks: count(row, 1)?, talked, held })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Abandoned visits that entered in `[from, to)`, in order, with the caller as far as he showed his number.
    pub fn abandoned(&self, from: Utc, to: Utc) -> Result<Vec<StoredAbandoned>, StoreError> {
        let mut statement = self.connection.prepare(
            "SELECT v.contact, v.queue, v.entered, v.waited, coalesce(c.caller, o.caller, ''),
                    coalesce(c.dialled, o.dialled, '')
             FROM visit AS v LEFT JOIN contact AS c ON c.id = v.contact LEFT JOIN open_contact AS o ON o.id = v.contact
             WHERE v.entered >= ?1 AND v.entered < ?2 AND v.outcome = 'abandoned' ORDER BY v.entered, v.contact",
        )?;
        let rows = statement.query_map(params![from.as_micros(), to.as_micros()], |row| {
            Ok(StoredAbandoned {
                contact: contact(row, 0)?,
                queue: row.get(1)?,
                entered: Utc::from_micros(row.get(2)?),
                waited: length(row.get(3)?),
                caller: row.get(4)?,
                dialled: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Who called, as far as he showed his number; `None` when the contact is not known.
    pub fn caller(&self, contact: ContactId) -> Result<Option<String>, StoreError> {
        let sql = "SELECT caller FROM contact WHERE id = ?1 UNION ALL SELECT caller FROM open_contact WHERE id = ?1";
        let found = self.connection.prepare(sql)?.query_map(params![contact.0 as i64], |row| row.get(0))?.next();
        Ok(found.transpose()?)
    }

    /// By queue; what is neither reached nor failed nor withdrawn is still to be kept.
    pub fn callbacks(&self, from: Utc, to: Utc) -> Result<Vec<StoredCallbacks>, StoreError> {
        // A store no server of this version has opened yet has none.
        let known = "SELECT count(*) FROM sqlite_master WHERE name = 'callback'";
        if self.connection.query_row(known, [], |row| row.get::<_, i64>(0))? == 0 {
            return Ok(Vec::new());
        }
        let mut statement = self.connection.prepare(
            "SELECT queue, count(*), sum(attempts), sum(step = 'reached'), sum(step = 'failed'),
                    sum(step = 'withdrawn'), sum(CASE step WHEN 'reached' THEN at - arranged ELSE 0 END)
             FROM callback WHERE arranged >= ?1 AND arranged < ?2 GROUP BY queue ORDER BY queue",
        )?;
        let rows = statement.query_map(params![from.as_micros(), to.as_micros()], |row| {
            Ok(StoredCallbacks {
                queue: row.get(0)?,
                accepted: count(row, 1)?,
                dialled: count(row, 2)?,
                reached: count(row, 3)?,
                failed: count(row, 4)?,
                withdrawn: count(row, 5)?,
                time_to_callback: length(row.get(6)?),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How the contacts that began in `[from, to)` ended, and how many have not: `open`.
    pub fn outcomes(&self, from: Utc, to: Utc) -> Result<BTreeMap<String, u64>, StoreError> {
        let mut statement = self.connection.prepare(
            "SELECT outcome, count(*) FROM contact WHERE started >= ?1 AND started < ?2 GROUP BY outcome
             UNION ALL
             SELECT 'open', count(*) FROM open_contact WHERE started >= ?1 AND started < ?2 HAVING count(*) > 0",
        )?;
        let rows =
            statement.query_map(params![from.as_micros(), to.as_micros()], |row| Ok((row.get(0)?, count(row, 1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The service level each queue was configured with last, and whether there is such a queue now.
    pub fn service_levels(&self) -> Result<BTreeMap<String, StoredLevel>, StoreError> {
        let mut statement = self
            .connection
            .prepare("SELECT queue, target, percent, treatment, short_abandon, removed FROM queue_setting")?;
        let rows = statement.query_map([], |row| {
            let level = ServiceLevel {
                target: length(row.get(1)?),
                percent: row.get(2)?,
                treatment: treatment_from(text(row, 3)?),
                short_abandon: length(row.get(4)?),
            };
            Ok((row.get(0)?, StoredLevel { level, removed: row.get(5)? }))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

const VISITS: &str = "SELECT contact, queue, entered, left_at, waited, outcome, why, agent, talked, held, wrapped, rang_out
    FROM visit WHERE entered >= ?1 AND entered < ?2 AND (entered >= ?3 OR left_at >= ?3) ORDER BY entered, contact, nth";

/// Visits that left since `from`, for the wallboard of a server that starts in the middle of a day.
pub(crate) fn past_visits(
    connection: &Connection,
    from: Utc,
    mut each: impl FnMut(&str, &Stay),
) -> Result<(), StoreError> {
    let mut statement = connection.prepare(VISITS)?;
    let mut rows = statement.query(params![(from - VISIT_TIME_MAX).as_micros(), i64::MAX, from.as_micros()])?;
    while let Some(row) = rows.next()? {
        let visit = visit(row)?;
        if visit.left >= from {
            each(visit.queue, &visit.stay);
        }
    }
    Ok(())
}

fn visit<'a>(row: &'a Row<'_>) -> rusqlite::Result<StoredVisit<'a>> {
    let outcome = text(row, 5)?;
    let called_back = outcome.strip_prefix(CALLED_BACK);
    let end = match called_back.unwrap_or(outcome) {
        "answered" => VisitEnd::Answered {
            work: row
                .get::<_, Option<i64>>(8)?
                .map(|talked| -> rusqlite::Result<_> {
                    Ok(Work { talked: length(talked), held: length(row.get(9)?), wrapped: length(row.get(10)?) })
                })
                .transpose()?,
        },
        "abandoned" => VisitEnd::Abandoned,
        _ => VisitEnd::FlowedOut { why: flow_reason(some_text(row, 6)?.unwrap_or("")) },
    };
    Ok(StoredVisit {
        contact: contact(row, 0)?,
        queue: text(row, 1)?,
        entered: Utc::from_micros(row.get(2)?),
        left: Utc::from_micros(row.get(3)?),
        agent: some_text(row, 7)?,
        stay: Stay {
            waited: length(row.get(4)?),
            rang_out: row.get::<_, Option<i64>>(11)?.map(length),
            called_back: called_back.is_some(),
            end,
        },
    })
}

fn text<'a>(row: &'a Row<'_>, column: usize) -> rusqlite::Result<&'a str> {
    Ok(row.get_ref(column)?.as_str()?)
}

fn some_text<'a>(row: &'a Row<'_>, column: usize) -> rusqlite::Result<Option<&'a str>> {
    Ok(row.get_ref(column)?.as_str_or_null()?)
}

fn contact(row: &Row<'_>, column: usize) -> rusqlite::Result<ContactId> {
    Ok(ContactId(row.get::<_, i64>(column)?.cast_unsigned()))
}

fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(row.get::<_, i64>(column)?.cast_unsigned())
}

fn length(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

fn treatment_from(word: &str) -> Treatment {
    Treatment::ALL.into_iter().find(|treatment| treatment.word() == word).unwrap_or_default()
}

fn flow_reason(word: &str) -> model::FlowReason {
    model::FlowReason::of_word(word).unwrap_or(model::FlowReason::Failed)
}
