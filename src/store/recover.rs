//! What a killed server left open is closed at the next start: every call has one record with an end and a cause,
//! every stay in a queue an outcome, every agent's time an end (fault D1).

use crate::json::{Json, Out};
use crate::limits::{RECOVERED_EVENT_OCTETS, VISIT_TIME_MAX};
use crate::rows::{micros, write_step, write_texts};
use model::{CauseKind, ContactEnd, FlowReason};
use rusqlite::{OptionalExtension, Row, Transaction, params};
use std::collections::HashMap;

/// A contact without a record.
struct Leftover {
    id: i64,
    started: i64,
    waiting: Option<(String, u32, i64)>,
    /// From the event log, in order.
    steps: Vec<Told>,
    /// Earlier steps lie further back in the log than is looked.
    truncated: bool,
}

struct Told {
    at: i64,
    leg: Option<String>,
    what: String,
    detail: String,
}

/// A leg as the event log tells of it.
struct Leg<'a> {
    id: &'a str,
    party: &'a str,
    started: i64,
    answered: Option<i64>,
    codec: Option<&'a str>,
    /// When, with its cause and SIP status.
    ended: Option<(i64, Option<&'a str>, Option<i64>)>,
}

pub(crate) fn close_leftovers(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let alive = last_alive(transaction)?;
    close_spans(transaction, alive)?;
    let mut leftovers = leftovers(transaction)?;
    read_steps(transaction, &mut leftovers)?;
    for leftover in leftovers.values() {
        leftover.close_visit(transaction, alive)?;
        leftover.close(transaction, alive)?;
    }
    finish_visits(transaction, alive)?;
    transaction.execute_batch("DELETE FROM open_contact; DELETE FROM open_span")
}

/// When the server that was killed last wrote anything.
pub(crate) fn last_alive(connection: &rusqlite::Connection) -> rusqlite::Result<i64> {
    let alive: i64 = connection.query_row("SELECT value FROM meta WHERE key = 'alive'", [], |row| row.get(0))?;
    let event = "SELECT at FROM event ORDER BY id DESC LIMIT 1";
    let event: Option<i64> = connection.query_row(event, [], |row| row.get(0)).optional()?;
    Ok(alive.max(event.unwrap_or(alive)))
}

/// Where an agent was when the server last told; a span that was stored since has taken its place.
fn close_spans(transaction: &Transaction<'_>, alive: i64) -> rusqlite::Result<()> {
    let close = "INSERT OR REPLACE INTO agent_span
        SELECT began, agent, state, reason, contact, ?1 - began FROM open_span AS open
        WHERE began < ?1 AND NOT EXISTS
            (SELECT 1 FROM agent_span AS s WHERE s.began >= open.began AND s.agent = open.agent)";
    transaction.execute(close, [alive]).map(drop)
}

fn leftovers(transaction: &Transaction<'_>) -> rusqlite::Result<HashMap<i64, Leftover>> {
    let mut statement = transaction.prepare("SELECT id, started, queue, nth, entered FROM open_contact")?;
    let read = |row: &Row<'_>| {
        let waiting = match (row.get(2)?, row.get(3)?, row.get(4)?) {
            (Some(queue), Some(nth), Some(entered)) => Some((queue, nth, entered)),
            _ => None,
        };
        let id = row.get(0)?;
        Ok((id, Leftover { id, started: row.get(1)?, waiting, steps: Vec::new(), truncated: false }))
    };
    statement.query_map([], read)?.collect()
}

/// Walks the event log backwards to the oldest contact's arrival.
fn read_steps(transaction: &Transaction<'_>, leftovers: &mut HashMap<i64, Leftover>) -> rusqlite::Result<()> {
    let Some(oldest) = leftovers.values().map(|l| l.started).min() else { return Ok(()) };
    let mut statement = transaction.prepare("SELECT at, body FROM event ORDER BY id DESC")?;
    let mut rows = statement.query([])?;
    let mut read = 0;
    while let Some(row) = rows.next()? {
        let (at, body): (i64, String) = (row.get(0)?, row.get(1)?);
        if at < oldest {
            break;
        }
        read += body.len();
        if read > RECOVERED_EVENT_OCTETS {
            leftovers.values_mut().filter(|l| l.started < at).for_each(|l| l.truncated = true);
            break;
        }
        for line in body.lines().rev() {
            if let Some((contact, told)) = read_line(line, leftovers) {
                leftovers.entry(contact).and_modify(|l| l.steps.push(told));
            }
        }
    }
    leftovers.values_mut().for_each(|l| l.steps.reverse());
    Ok(())
}

/// A step of one of these contacts, or `None`.
fn read_line(line: &str, wanted: &HashMap<i64, Leftover>) -> Option<(i64, Told)> {
    // Most lines are about others: they are not parsed.
    let id = line.split_once("\"contact\":\"")?.1.get(..16)?;
    let contact = u64::from_str_radix(id, 16).ok()?.cast_signed();
    wanted.get(&contact)?;
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    let word = |key: &str| line[key].as_str().map(str::to_owned);
    let told = Told { at: line["at"].as_i64()?, leg: word("leg"), what: word("what")?, detail: word("detail")? };
    (told.what != "quality").then_some((contact, told))
}

impl Leftover {
    /// A stay in a queue that has no outcome: the caller was cut off.
    fn close_visit(&self, transaction: &Transaction<'_>, alive: i64) -> rusqlite::Result<()> {
        let Some((queue, nth, entered)) = &self.waiting else { return Ok(()) };
        let (left, why) = (alive.max(*entered), FlowReason::Failed.word());
        transaction
            .prepare_cached(
                "INSERT OR IGNORE INTO visit VALUES (?1,?2,?3,?4,?5,?6,'flowed-out',?7,NULL,NULL,NULL,NULL,NULL)",
            )?
            .execute(params![entered, self.id, nth, queue, left, left - entered, why])
            .map(drop)
    }

    fn close(&self, transaction: &Transaction<'_>, alive: i64) -> rusqlite::Result<()> {
        let ended = alive.max(self.started);
        let (end, cause) = (ContactEnd::Failed.word(), CauseKind::ServerFailure.word());
        let (mut legs, mut steps, mut recordings) = (Out::new(), Out::new(), Out::new());
        write_legs(&mut legs, &self.legs(), ended);
        let mut array = Json::array(&mut steps);
        for step in &self.steps {
            write_step(array.next(), (step.at - self.started).max(0), &step.what, &step.detail);
        }
        write_step(array.next(), ended - self.started, "ended", &format!("end={end} cause={cause}"));
        array.end();
        let recorded = self.steps.iter().filter(|step| step.what == "recording-started");
        write_texts(&mut recordings, recorded.filter_map(|step| step.detail.strip_prefix("name=")));
        let text = |out: Out| String::from_utf8_lossy(&out).into_owned();
        let (legs, steps, recordings) = (text(legs), text(steps), text(recordings));
        let close = "INSERT OR IGNORE INTO contact
            SELECT id, started, ?2, ?3, source, caller, dialled, call_id, ?4, ?5, NULL, attached, ?6, ?7, ?8, ?9
            FROM open_contact WHERE id = ?1";
        transaction
            .prepare_cached(close)?
            .execute(params![self.id, ended, ended - self.started, end, cause, legs, recordings, steps, self.truncated])
            .map(drop)
    }

    fn legs(&self) -> Vec<Leg<'_>> {
        let mut legs: Vec<Leg<'_>> = Vec::new();
        for step in &self.steps {
            let Some(id) = step.leg.as_deref() else { continue };
            if let ("leg-started", Some(party)) = (&*step.what, step.detail.strip_prefix("party=")) {
                legs.push(Leg { id, party, started: step.at, answered: None, codec: None, ended: None });
                continue;
            }
            let Some(leg) = legs.iter_mut().rfind(|leg| leg.id == id) else { continue };
            match &*step.what {
                "leg-answered" => (leg.answered, leg.codec) = (Some(step.at), detail(&step.detail, "codec=")),
                "leg-ended" => {
                    let sip = detail(&step.detail, "sip=").and_then(|sip| sip.parse().ok());
                    leg.ended = Some((step.at, detail(&step.detail, "cause="), sip));
                }
                _ => {}
            }
        }
        legs
    }
}

/// A value of `name=value name=value`.
fn detail<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.split(' ').find_map(|pair| pair.strip_prefix(name))
}

/// As [`crate::rows`] writes those of a call that ended; the ones that were up ended with the server.
fn write_legs(out: &mut Out, legs: &[Leg<'_>], ended: i64) {
    let mut array = Json::array(out);
    for leg in legs {
        let mut object = Json::object(array.next());
        let (at, cause, sip) = leg.ended.unwrap_or((ended, Some(CauseKind::ServerFailure.word()), None));
        object
            .text("party", leg.party)
            .int("started", leg.started)
            .some_int("answered", leg.answered)
            .int("ended", at)
            .some_text("codec", leg.codec)
            .some_text("cause", cause)
            .some_int("sip", sip);
        object.end();
    }
    array.end();
}

/// Answered visits whose agent was not through: what is known of his work is added up.
fn finish_visits(transaction: &Transaction<'_>, alive: i64) -> rusqlite::Result<()> {
    let since = alive - micros(VISIT_TIME_MAX);
    let open = "SELECT entered, contact, nth, left_at, agent, queue FROM visit
        WHERE entered >= ?1 AND outcome IN ('answered', 'callback-answered') AND talked IS NULL";
    let mut statement = transaction.prepare(open)?;
    let mut rows = statement.query([since])?;
    let mut unfinished: Vec<(i64, i64, u32, i64, String, String)> = Vec::new();
    while let Some(row) = rows.next()? {
        let agent: Option<String> = row.get(4)?;
        unfinished.push((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, agent.unwrap_or_default(), row.get(5)?));
    }
    for (entered, contact, nth, answered, agent, queue) in unfinished {
        let talked = "SELECT sum(talked), sum(held) FROM talk WHERE began >= ?1 AND contact = ?2 AND agent = ?3";
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let talk: (Option<i64>, Option<i64>) = transaction.query_row(talked, params![entered, contact, agent], read)?;
        let talk = match talk {
            (Some(talked), held) => (talked, held.unwrap_or(0)),
            (None, _) => {
                // They talked when the server died.
                let talked = (alive - answered).max(0);
                let add = "INSERT OR IGNORE INTO talk VALUES (?1,?2,?3,?4,?5,0)";
                transaction.execute(add, params![answered, contact, agent, queue, talked])?;
                (talked, 0)
            }
        };
        let wrapped = "SELECT coalesce(sum(lasted), 0) FROM agent_span
            WHERE began >= ?1 AND agent = ?2 AND contact = ?3 AND state = 'wrap-up'";
        let wrapped: i64 = transaction.query_row(wrapped, params![answered, agent, contact], |row| row.get(0))?;
        let finish = "UPDATE visit SET talked = ?4, held = ?5, wrapped = ?6
            WHERE entered = ?1 AND contact = ?2 AND nth = ?3";
        transaction.execute(finish, params![entered, contact, nth, talk.0, talk.1, wrapped])?;
    }
    Ok(())
}
