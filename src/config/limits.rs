//! `[limits]`, and the named maxima of this room with their reasons.

use crate::scalar::DurationRange;
use crate::table::Table;
use core::time::Duration;
use model::Limits;

/// 100,000 agents written out one by one are 20 MiB; a larger file is a mistake.
pub(crate) const MAX_FILE_BYTES: u64 = 32 << 20;
/// A password or PIN file holds one line; a larger one is the wrong file.
pub(crate) const MAX_SECRET_BYTES: u64 = 4 << 10;
/// Files of one configuration, so that a glob over the wrong folder ends.
pub(crate) const MAX_FILES: usize = 1_000;
/// Files that name files: deeper is a riddle, not a layout.
pub(crate) const MAX_INCLUDE_DEPTH: u8 = 8;
/// Entries looked at while a glob is expanded.
pub(crate) const MAX_GLOB_ENTRIES: usize = 100_000;
/// Texts of one configuration that go into the event log at each start and reload: with ranges, the largest house needs a
/// tenth of it.
pub(crate) const KEPT_TEXT_OCTETS: usize = 4 << 20;
/// Collected in one run; a file in the wrong format would bring one a line.
pub(crate) const MAX_ERRORS: usize = 1_000;
/// As errors; fewer, because nobody has to mend them.
pub(crate) const MAX_WARNINGS: usize = 100;
/// Printed in one report: a person mends the first ones and asks again.
pub(crate) const MAX_PROBLEMS_SHOWN: usize = 40;
/// Of one reload, in one line of the log.
pub(crate) const MAX_DIFFERENCES_SHOWN: usize = 50;
/// A line of a report stays on one line of a wide terminal.
pub(crate) const MAX_EXCERPT_CHARS: usize = 160;
/// Names are shown on telephones and walls, and stand in every record.
pub(crate) const MAX_NAME_CHARS: usize = 64;
/// Any other text.
pub(crate) const MAX_TEXT_CHARS: usize = 1_024;
/// A list within one key.
pub(crate) const MAX_LIST: usize = 10_000;
/// Words attached to a call by its number: each goes into the record.
pub(crate) const MAX_ATTACHED: usize = 32;

/// Ten times the largest site the distributor is measured with.
pub(crate) const MAX_AGENTS: usize = 100_000;
/// As agents: each may have a phone of his own.
pub(crate) const MAX_PHONES: usize = 100_000;
/// Each queue has a board column, metrics and a row on the wallboard.
pub(crate) const MAX_QUEUES: usize = 10_000;
/// Each is probed and may register.
pub(crate) const MAX_TRUNKS: usize = 1_000;
/// Searched in order for every outward call.
pub(crate) const MAX_ROUTES: usize = 1_000;
/// Searched in order for every call that comes in.
pub(crate) const MAX_NUMBERS: usize = 10_000;
/// Evaluated whenever one of them opens or closes.
pub(crate) const MAX_CALENDARS: usize = 1_000;
/// Skills are compared for every pair of agent and contact.
pub(crate) const MAX_SKILLS: usize = 1_000;
/// A skill goes from 0 (not there) to 10.
pub(crate) const MAX_LEVEL: i64 = 10;
/// Steps of one queue: Cisco's precision queues have ten, Genesys' rings six.
pub(crate) const MAX_STEPS: usize = 10;
/// Rules over a contact's data, of one queue: looked at for every contact that comes into it.
pub(crate) const MAX_RULES: usize = 100;
/// Points that waiting adds; priorities of numbers are of the same size.
pub(crate) const MAX_POINTS: u32 = 10_000;
/// A share of the draw: somebody who gets a thousand times as much as another is not meant.
pub(crate) const MAX_WEIGHT: u32 = 1_000;
/// Texts of one agent at a time: Genesys' utilisation ends there too.
pub(crate) const MAX_TEXT_CONTACTS: u32 = 25;
/// Contacts of one agent between two short breaks: more is no guard.
pub(crate) const MAX_CONTACTS_ON: i64 = 1_000;
/// Looked at to find out whether a reserve's conditions can hold: those that would need more are taken for sound, and a
/// missing warning does no harm.
pub(crate) const MAX_SPACES: u32 = 10_000;
/// Different demands on skills; each has an ordered list in every queue that asks it.
pub(crate) const MAX_REQUIREMENTS: usize = 10_000;
/// Signalling loops: a core each, and the shard has eight bits in an id.
pub(crate) const MAX_SHARDS: u32 = 64;
/// Two ports and a leg on each side: what 16 bits of ports on two addresses can carry.
pub(crate) const MAX_CALLS: u32 = 100_000;

/// Past contacts in one file: a day of the largest site, ten times.
pub(crate) const MAX_PAST_CONTACTS: usize = 1_000_000;
/// Told of one such file: who writes it makes one mistake in every line, and more than these nobody reads.
pub(crate) const MAX_PAST_MISTAKES: usize = 100;
/// Expected in one interval of a stream: ten times the largest day the distributor is measured with.
pub(crate) const MAX_STREAM_CALLS: f64 = 1_000_000.0;
/// Who may call in one stream: nine digits of a number tell them apart.
pub(crate) const MAX_STREAM_PEOPLE: u32 = 100_000_000;
/// Pressed by one caller: a key of the queue, and a telephone number with its end.
pub(crate) const MAX_STREAM_KEYS: usize = 32;
/// Digits before the nine of a made-up number, which has fifteen at most (ITU-T E.164 §6.1).
pub(crate) const MAX_STREAM_PREFIX: usize = 6;

const DRAIN: DurationRange = DurationRange { least: Duration::ZERO, most: Duration::from_secs(24 * 3600) };

pub(crate) fn read(table: &Table<'_>) -> Limits {
    Limits {
        max_calls: table.count("max_calls", 1..=MAX_CALLS),
        shards: table.count("shards", 1..=MAX_SHARDS) as u8,
        drain: table.duration("drain", DRAIN),
    }
}
