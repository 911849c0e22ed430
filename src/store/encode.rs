//! Rows as octets: made once, kept in the spool, appended to its file and bound to the statement from there.

use crate::json;
use rusqlite::types::ValueRef;

/// Where a row goes. The leading columns name it: writing it twice leaves one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Table {
    OpenContact,
    Contact,
    Visit,
    Talk,
    AgentSpan,
    OpenSpan,
    Callback,
    ShutQueue,
}

impl Table {
    /// What a spool file of an earlier version holds keeps its number.
    pub(crate) const ALL: [Table; 8] = [
        Table::OpenContact,
        Table::Contact,
        Table::Visit,
        Table::Talk,
        Table::AgentSpan,
        Table::OpenSpan,
        Table::Callback,
        Table::ShutQueue,
    ];

    pub(crate) fn index(self) -> usize {
        match self {
            Table::OpenContact => 0,
            Table::Contact => 1,
            Table::Visit => 2,
            Table::Talk => 3,
            Table::AgentSpan => 4,
            Table::OpenSpan => 5,
            Table::Callback => 6,
            Table::ShutQueue => 7,
        }
    }

    pub(crate) fn statement(self) -> &'static str {
        match self {
            Table::OpenContact => "INSERT OR REPLACE INTO open_contact VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)",
            Table::Contact => {
                "INSERT OR REPLACE INTO contact VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16)"
            }
            Table::Visit => "INSERT OR REPLACE INTO visit VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)",
            Table::Talk => "INSERT OR REPLACE INTO talk VALUES (?1,?2,?3,?4,?5,?6)",
            Table::AgentSpan => "INSERT OR REPLACE INTO agent_span VALUES (?1,?2,?3,?4,?5,?6)",
            Table::OpenSpan => "INSERT OR REPLACE INTO open_span VALUES (?1,?2,?3,?4,?5)",
            Table::Callback => {
                "INSERT OR REPLACE INTO callback VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)"
            }
            Table::ShutQueue => "INSERT OR REPLACE INTO shut_queue VALUES (?1,?2,?3)",
        }
    }

    /// `(columns, columns of the key)`
    fn shape(self) -> (usize, usize) {
        match self {
            Table::OpenContact => (10, 1),
            Table::Contact => (16, 1),
            Table::Visit => (13, 3),
            Table::Talk => (6, 3),
            Table::AgentSpan => (6, 2),
            Table::OpenSpan => (5, 1),
            Table::Callback => (14, 1),
            Table::ShutQueue => (3, 1),
        }
    }
}

/// Rows one after another: a table's number, then its columns, each a tag and a value.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Rows {
    pub(crate) octets: Vec<u8>,
    pub(crate) count: usize,
}

const NULL: u8 = 0;
const INT: u8 = 1;
const TEXT: u8 = 2;

impl Rows {
    /// Begins a row; its columns follow in the order of the schema.
    pub(crate) fn row(&mut self, table: Table) -> &mut Self {
        self.octets.push(table.index() as u8);
        self.count += 1;
        self
    }

    pub(crate) fn int(&mut self, value: i64) -> &mut Self {
        self.octets.push(INT);
        self.octets.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub(crate) fn text(&mut self, value: &str) -> &mut Self {
        self.octets.push(TEXT);
        self.octets.extend_from_slice(&(value.len() as u32).to_le_bytes());
        self.octets.extend_from_slice(value.as_bytes());
        self
    }

    /// A text in two parts, such as `trunk:carrier`.
    pub(crate) fn text_of(&mut self, kind: &str, name: &str) -> &mut Self {
        self.octets.push(TEXT);
        self.octets.extend_from_slice(&((kind.len() + name.len()) as u32).to_le_bytes());
        self.octets.extend_from_slice(kind.as_bytes());
        self.octets.extend_from_slice(name.as_bytes());
        self
    }

    pub(crate) fn null(&mut self) -> &mut Self {
        self.octets.push(NULL);
        self
    }

    pub(crate) fn some_int(&mut self, value: Option<i64>) -> &mut Self {
        match value {
            Some(value) => self.int(value),
            None => self.null(),
        }
    }

    pub(crate) fn some_text(&mut self, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.text(value),
            None => self.null(),
        }
    }

    /// A text column of JSON, written in place.
    pub(crate) fn json(&mut self, write: impl FnOnce(&mut json::Out)) -> &mut Self {
        self.octets.extend_from_slice(&[TEXT, 0, 0, 0, 0]);
        let start = self.octets.len();
        write(&mut self.octets);
        let len = (self.octets.len() - start) as u32;
        self.octets[start - 4..start].copy_from_slice(&len.to_le_bytes());
        self
    }
}

/// One row, read where it lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowRef<'a> {
    pub(crate) table: Table,
    /// The octets of the leading columns that name it.
    pub(crate) key: &'a [u8],
    columns: &'a [u8],
}

impl<'a> RowRef<'a> {
    pub(crate) fn values(self) -> impl Iterator<Item = ValueRef<'a>> {
        let mut rest = self.columns;
        std::iter::from_fn(move || value(&mut rest))
    }
}

/// Reads rows until the end, or until something is none: what was cut short ends there.
pub(crate) fn rows(octets: &[u8]) -> impl Iterator<Item = RowRef<'_>> {
    let mut rest = octets;
    std::iter::from_fn(move || {
        let (first, columns) = rest.split_first()?;
        let table = *Table::ALL.get(usize::from(*first))?;
        let (all, named) = table.shape();
        let mut left = columns;
        let mut key = columns;
        for column in 1..=all {
            value(&mut left)?;
            if column == named {
                key = &columns[..columns.len() - left.len()];
            }
        }
        rest = left;
        Some(RowRef { table, key, columns: &columns[..columns.len() - left.len()] })
    })
}

fn value<'a>(rest: &mut &'a [u8]) -> Option<ValueRef<'a>> {
    let (tag, after) = rest.split_first()?;
    match *tag {
        NULL => {
            *rest = after;
            Some(ValueRef::Null)
        }
        INT => {
            let (value, after) = after.split_first_chunk::<8>()?;
            *rest = after;
            Some(ValueRef::Integer(i64::from_le_bytes(*value)))
        }
        TEXT => {
            let (len, after) = after.split_first_chunk::<4>()?;
            let (text, after) = after.split_at_checked(u32::from_le_bytes(*len) as usize)?;
            *rest = after;
            Some(ValueRef::Text(text))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Rows {
        let mut rows = Rows::default();
        rows.row(Table::AgentSpan).int(7).text("1001").text("ready").null().some_int(Some(-1)).int(i64::MAX);
        rows.row(Table::OpenSpan).text("客服").text_of("a:", "b").some_text(None).null().int(i64::MIN);
        rows
    }

    #[test]
    fn rows_come_back_as_they_were_made() {
        let made = two();
        let read: Vec<_> = rows(&made.octets).map(|r| (r.table, r.values().collect::<Vec<_>>())).collect();
        assert_eq!(read.len(), made.count);
        assert_eq!(read[0].0, Table::AgentSpan);
        assert_eq!(read[0].1[0], ValueRef::Integer(7));
        assert_eq!(read[0].1[3], ValueRef::Null);
        assert_eq!(read[1].1[0], ValueRef::Text("客服".as_bytes()));
        assert_eq!(read[1].1[1], ValueRef::Text(b"a:b"));
        assert_eq!(read[1].1[4], ValueRef::Integer(i64::MIN));
    }

    #[test]
    fn rows_of_one_key_are_known_by_it() {
        let mut made = Rows::default();
        for lasted in [1, 2] {
            made.row(Table::AgentSpan).int(7).text("1001").text("busy").null().null().int(lasted);
        }
        let keys: Vec<_> = rows(&made.octets).map(|r| r.key).collect();
        assert_eq!(keys[0], keys[1]);
        let other = two();
        assert_ne!(rows(&other.octets).next().map(|r| r.values().count()), Some(0));
    }

    #[test]
    fn what_is_cut_short_anywhere_ends_without_a_row_too_many() {
        let made = two();
        let first = rows(&made.octets).next().unwrap();
        let end_of_first = 1 + first.columns.len();
        for cut in 0..made.octets.len() {
            let whole = rows(&made.octets[..cut]).count();
            assert_eq!(whole, usize::from(cut >= end_of_first));
        }
        assert_eq!(rows(&[200, 1, 2]).count(), 0);
        assert_eq!(rows(&[0, TEXT, 255, 255, 255, 255]).count(), 0);
    }
}
