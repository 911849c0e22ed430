//! What waits for its transaction, in memory and in a file beside the store: a process that is killed loses at most the
//! last turn, and the store is written seldom enough to be cheap.

use crate::encode::Rows;
use crate::limits::{SPOOL_EVENT_OCTETS, SPOOL_FILE_OCTETS, SPOOL_ROW_OCTETS};
use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::hash::Hasher;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What one turn of the journal made.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Turn {
    pub(crate) rows: Rows,
    pub(crate) events: Events,
}

/// Numbered facts as lines of JSON.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Events {
    /// The start of the server that numbered them.
    pub(crate) boot: u32,
    /// Zero: none.
    pub(crate) first: u64,
    pub(crate) last: u64,
    /// When they were numbered, microseconds since 1970 UTC.
    pub(crate) at: i64,
    pub(crate) body: Vec<u8>,
}

impl Events {
    pub(crate) fn count(&self) -> u64 {
        if self.first == 0 { 0 } else { self.last - self.first + 1 }
    }
}

impl Turn {
    /// Room for so many octets of rows and of events.
    pub(crate) fn with_room((rows, events): (usize, usize)) -> Self {
        let rows = Rows { octets: Vec::with_capacity(rows), count: 0 };
        Turn { rows, events: Events { body: Vec::with_capacity(events), ..Events::default() } }
    }

    pub(crate) fn octets(&self) -> (usize, usize) {
        (self.rows.octets.len(), self.events.body.len())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.count == 0 && self.events.first == 0
    }
}

/// How much was given up, because there is no room for everything.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Lost {
    pub(crate) rows: u64,
    pub(crate) events: u64,
}

#[derive(Debug)]
pub(crate) struct Spool {
    turns: VecDeque<Turn>,
    rows: usize,
    row_octets: usize,
    event_octets: usize,
    file: Option<SpoolFile>,
    frame: Vec<u8>,
}

impl Spool {
    /// Without a file for a store in memory.
    pub(crate) fn new(file: Option<SpoolFile>) -> Self {
        Spool { turns: VecDeque::new(), rows: 0, row_octets: 0, event_octets: 0, file, frame: Vec::new() }
    }

    /// Takes a turn; when there is no room the oldest events go first, then the oldest rows.
    pub(crate) fn keep(&mut self, turn: Turn) -> Lost {
        if turn.is_empty() {
            return Lost::default();
        }
        if let Some(file) = &mut self.file {
            self.frame.clear();
            write_frame(&mut self.frame, &turn);
            file.append(&self.frame);
        }
        self.rows += turn.rows.count;
        self.row_octets += turn.rows.octets.len();
        self.event_octets += turn.events.body.len();
        self.turns.push_back(turn);
        self.make_room()
    }

    pub(crate) fn turns(&self) -> impl Iterator<Item = &Turn> + Clone {
        self.turns.iter()
    }

    pub(crate) fn rows_waiting(&self) -> usize {
        self.rows
    }

    /// Everything is in the store.
    pub(crate) fn clear(&mut self) {
        self.turns.clear();
        (self.rows, self.row_octets, self.event_octets) = (0, 0, 0);
        if let Some(file) = &mut self.file {
            file.clear();
        }
    }

    fn make_room(&mut self) -> Lost {
        let mut lost = Lost::default();
        let mut turns = self.turns.iter_mut();
        while self.event_octets > SPOOL_EVENT_OCTETS
            && let Some(oldest) = turns.next()
        {
            let gone = core::mem::take(&mut oldest.events);
            self.event_octets -= gone.body.len();
            lost.events += gone.count();
        }
        while self.row_octets > SPOOL_ROW_OCTETS
            && let Some(oldest) = self.turns.pop_front()
        {
            self.rows -= oldest.rows.count;
            self.row_octets -= oldest.rows.octets.len();
            self.event_octets -= oldest.events.body.len();
            lost.rows += oldest.rows.count as u64;
            lost.events += oldest.events.count();
        }
        lost
    }
}

/// The file beside the store. It holds what the store does not have yet and is emptied after every transaction.
#[derive(Debug)]
pub(crate) struct SpoolFile {
    file: File,
    path: PathBuf,
    len: u64,
    /// A write failed: said once, tried again with every turn.
    failing: bool,
}

impl SpoolFile {
    /// Opens the file, and what a killed server left in it.
    pub(crate) fn open(path: &Path) -> io::Result<(Self, Vec<Turn>)> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        let mut octets = Vec::new();
        file.read_to_end(&mut octets)?;
        let len = octets.len() as u64;
        Ok((SpoolFile { file, path: path.to_owned(), len, failing: false }, read_frames(&octets)))
    }

    /// The rows are in memory whatever happens here; the file is for a process that is killed.
    fn append(&mut self, frame: &[u8]) {
        if self.len + frame.len() as u64 > SPOOL_FILE_OCTETS {
            return;
        }
        match self.file.write_all(frame) {
            Ok(()) => {
                self.len += frame.len() as u64;
                self.failing = false;
            }
            Err(error) => {
                self.complain(&error);
                // A part of a frame would hide the whole ones after it.
                if let Err(error) = self.file.set_len(self.len).and_then(|()| self.file.seek(SeekFrom::End(0))) {
                    self.complain(&error);
                }
            }
        }
    }

    pub(crate) fn clear(&mut self) {
        let cleared = self.file.set_len(0).and_then(|()| self.file.seek(SeekFrom::Start(0)));
        match cleared {
            Ok(_) => self.len = 0,
            // What stays is written once more after a crash, which changes nothing.
            Err(error) => self.complain(&error),
        }
    }

    fn complain(&mut self, error: &io::Error) {
        if !core::mem::replace(&mut self.failing, true) {
            tracing::error!(%error, file = %self.path.display(), "records that wait for the store are kept in memory alone");
        }
    }
}

/// Length and checksum of what follows; then the rows' length, the rows, and the events.
fn write_frame(out: &mut Vec<u8>, turn: &Turn) {
    let start = out.len();
    out.extend_from_slice(&[0; 12]);
    out.extend_from_slice(&(turn.rows.octets.len() as u32).to_le_bytes());
    out.extend_from_slice(&(turn.rows.count as u32).to_le_bytes());
    out.extend_from_slice(&turn.rows.octets);
    out.extend_from_slice(&turn.events.boot.to_le_bytes());
    out.extend_from_slice(&turn.events.first.to_le_bytes());
    out.extend_from_slice(&turn.events.last.to_le_bytes());
    out.extend_from_slice(&turn.events.at.to_le_bytes());
    out.extend_from_slice(&turn.events.body);
    let payload = start + 12;
    let (len, sum) = ((out.len() - payload) as u32, checksum(&out[payload..]));
    out[start..start + 4].copy_from_slice(&len.to_le_bytes());
    out[start + 4..payload].copy_from_slice(&sum.to_le_bytes());
}

/// Whole frames up to the first that is not: the last write of a machine that lost its power.
fn read_frames(octets: &[u8]) -> Vec<Turn> {
    let mut rest = octets;
    std::iter::from_fn(|| read_frame(&mut rest)).collect()
}

fn read_frame(rest: &mut &[u8]) -> Option<Turn> {
    let (len, after) = rest.split_first_chunk::<4>()?;
    let (sum, after) = after.split_first_chunk::<8>()?;
    let (payload, after) = after.split_at_checked(u32::from_le_bytes(*len) as usize)?;
    if checksum(payload) != u64::from_le_bytes(*sum) {
        return None;
    }
    *rest = after;
    let (len, payload) = payload.split_first_chunk::<4>()?;
    let (count, payload) = payload.split_first_chunk::<4>()?;
    let (rows, payload) = payload.split_at_checked(u32::from_le_bytes(*len) as usize)?;
    let (boot, payload) = payload.split_first_chunk::<4>()?;
    let (first, payload) = payload.split_first_chunk::<8>()?;
    let (last, payload) = payload.split_first_chunk::<8>()?;
    let (at, body) = payload.split_first_chunk::<8>()?;
    Some(Turn {
        rows: Rows { octets: rows.to_vec(), count: u32::from_le_bytes(*count) as usize },
        events: Events {
            boot: u32::from_le_bytes(*boot),
            first: u64::from_le_bytes(*first),
            last: u64::from_le_bytes(*last),
            at: i64::from_le_bytes(*at),
            body: body.to_vec(),
        },
    })
}

/// Finds what was cut short, not what was forged: whoever can write the file can write the store.
fn checksum(octets: &[u8]) -> u64 {
    let mut sum = Sum::default();
    sum.write(octets);
    sum.finish()
}

/// Eight octets a step. For keys we make ourselves, so that nobody can choose them to collide.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sum(u64);

impl Hasher for Sum {
    fn write(&mut self, octets: &[u8]) {
        const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
        let mix = |sum: u64, word: u64| (sum ^ word).wrapping_mul(FACTOR).rotate_left(29);
        let (words, tail) = octets.as_chunks::<8>();
        let mut last = [0; 8];
        last[..tail.len()].copy_from_slice(tail);
        let sum = words.iter().fold(mix(self.0, octets.len() as u64), |sum, word| mix(sum, u64::from_le_bytes(*word)));
        self.0 = mix(sum, u64::from_le_bytes(last));
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::Table;
    use std::os::unix::fs::PermissionsExt;

    fn turn(n: u64, size: usize) -> Turn {
        let mut rows = Rows::default();
        rows.row(Table::OpenSpan).text(&"a".repeat(size)).text("ready").null().null().int(n as i64);
        let events = Events { boot: 2, first: n, last: n, at: 7, body: "e".repeat(size).into_bytes() };
        Turn { rows, events }
    }

    #[test]
    fn what_was_kept_comes_back_after_a_kill_and_nothing_after_a_transaction() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spool");
        let (file, left) = SpoolFile::open(&path).unwrap();
        assert!(left.is_empty());
        let mut spool = Spool::new(Some(file));
        for n in 1..=3 {
            assert_eq!(spool.keep(turn(n, 100)), Lost::default());
        }
        spool.keep(Turn::default());
        let (_, left) = SpoolFile::open(&path).unwrap();
        assert_eq!(left, [turn(1, 100), turn(2, 100), turn(3, 100)]);
        spool.clear();
        assert_eq!((spool.rows_waiting(), SpoolFile::open(&path).unwrap().1.len()), (0, 0));
        spool.keep(turn(4, 9));
        assert_eq!(SpoolFile::open(&path).unwrap().1, [turn(4, 9)]);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_frame_that_is_cut_short_or_spoiled_ends_the_reading() {
        let mut octets = Vec::new();
        write_frame(&mut octets, &turn(1, 20));
        let one = octets.len();
        write_frame(&mut octets, &turn(2, 20));
        for cut in 0..octets.len() {
            assert_eq!(read_frames(&octets[..cut]).len(), usize::from(cut >= one));
        }
        for at in one..octets.len() {
            let mut spoiled = octets.clone();
            spoiled[at] ^= 0x40;
            assert_eq!(read_frames(&spoiled).len(), 1, "octet {at}");
        }
        assert_eq!(read_frames(&octets).len(), 2);
    }

    #[test]
    fn without_room_the_oldest_events_go_first_and_records_last() {
        let mut spool = Spool::new(None);
        let mut lost = Lost::default();
        let size = 1024 * 1024;
        let events = SPOOL_EVENT_OCTETS / size;
        let rows = SPOOL_ROW_OCTETS / size;
        for n in 0..rows as u64 + 10 {
            let now = spool.keep(turn(n + 1, size));
            lost.rows += now.rows;
            lost.events += now.events;
        }
        assert!((10..20).contains(&lost.rows), "{lost:?}");
        assert!(lost.events as usize >= rows - events, "{lost:?}");
        let first = spool.turns().next().unwrap();
        assert_eq!((first.events.count(), first.rows.count), (0, 1));
        assert_eq!(spool.turns().last().unwrap().events.count(), 1);
    }
}
