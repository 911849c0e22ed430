//! Spooled turns into SQLite, each row once.

use crate::encode::{RowRef, Table, rows};
use crate::limits::EVENT_ROW_OCTETS;
use crate::spool::{Events, Sum, Turn};
use rusqlite::types::ToSqlOutput;
use rusqlite::{CachedStatement, Transaction, params};
use std::collections::HashMap;
use std::hash::BuildHasherDefault;

/// Writes the turns in order. A row that a later one replaces is left out, and so is the arrival of a contact whose
/// record is there already.
pub(crate) fn write_turns<'a>(
    transaction: &Transaction<'_>,
    turns: impl Iterator<Item = &'a Turn> + Clone,
) -> rusqlite::Result<()> {
    let all = || turns.clone().flat_map(|turn| rows(&turn.rows.octets));
    let mut last: HashMap<_, _, BuildHasherDefault<Sum>> = HashMap::default();
    for (index, row) in all().enumerate() {
        last.insert((row.table, row.key), index);
    }
    let mut into = Statements::new(transaction);
    for (index, row) in all().enumerate() {
        let replaced = last.get(&(row.table, row.key)) != Some(&index);
        let closed = row.table == Table::OpenContact && last.contains_key(&(Table::Contact, row.key));
        if !replaced && !closed {
            into.write(row)?;
        }
    }
    write_events(transaction, turns.map(|turn| &turn.events))
}

/// Statements prepared once a transaction.
struct Statements<'t> {
    transaction: &'t Transaction<'t>,
    insert: [Option<CachedStatement<'t>>; Table::ALL.len()],
    close: Option<CachedStatement<'t>>,
}

impl<'t> Statements<'t> {
    fn new(transaction: &'t Transaction<'_>) -> Self {
        Statements { transaction, insert: Default::default(), close: None }
    }

    fn write(&mut self, row: RowRef<'_>) -> rusqlite::Result<()> {
        let place = &mut self.insert[row.table.index()];
        let insert = match place {
            Some(statement) => statement,
            None => place.insert(self.transaction.prepare_cached(row.table.statement())?),
        };
        for (column, value) in row.values().enumerate() {
            insert.raw_bind_parameter(column + 1, ToSqlOutput::Borrowed(value))?;
        }
        insert.raw_execute()?;
        if row.table == Table::Contact {
            let close = match &mut self.close {
                Some(statement) => statement,
                None => self.close.insert(self.transaction.prepare_cached("DELETE FROM open_contact WHERE id = ?1")?),
            };
            if let Some(id) = row.values().next() {
                close.raw_bind_parameter(1, ToSqlOutput::Borrowed(id))?;
                close.raw_execute()?;
            }
        }
        Ok(())
    }
}

/// Facts that wait for the same transaction share rows.
fn write_events<'a>(transaction: &Transaction<'_>, events: impl Iterator<Item = &'a Events>) -> rusqlite::Result<()> {
    let mut row = Events::default();
    for events in events.filter(|events| events.first != 0) {
        if row.body.len() >= EVENT_ROW_OCTETS || (row.boot, row.last + 1) != (events.boot, events.first) {
            row.write(transaction)?;
            row = Events { boot: events.boot, first: events.first, ..Events::default() };
        }
        (row.last, row.at) = (events.last, events.at);
        row.body.extend_from_slice(&events.body);
    }
    row.write(transaction)
}

impl Events {
    fn write(&self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        if self.first == 0 {
            return Ok(());
        }
        let id = (i64::from(self.boot) << 40) + self.first.cast_signed();
        // The body is made of our own text alone: UTF-8 by construction.
        let body = ToSqlOutput::Borrowed(rusqlite::types::ValueRef::Text(&self.body));
        transaction
            .prepare_cached("INSERT OR REPLACE INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
            .execute(params![id, self.boot, self.first.cast_signed(), self.last.cast_signed(), self.at, body])
            .map(drop)
    }
}
