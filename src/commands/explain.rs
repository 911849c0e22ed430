//! `strowger explain CONTACT`: why it went to one agent and not to another.

mod json;
mod reserves;
mod text;

use crate::cli::ExplainArgs;
use crate::commands::check;
use acd::{Explainer, Moment};
use base::{Instant, Utc};
use core::ops::ControlFlow;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::{ContactId, Directory, FlowReason, QueueId};
use report::Indices;
use std::path::Path;
use store::Reader;

/// Shown under `strowger explain --help`.
pub(crate) const HELP: &str = "\
The contact's id is what `strowger calls` and `strowger report --json` show. The facts of the start of the server the
contact belongs to are replayed through a second, simpler distributor, and at each moment of decision it says of every
agent of the queue why he was chosen or not. Strategy and idle clock are those the decision was made by, which its fact
keeps; whatever else is configured counts as it is now. The server may run meanwhile.

Keys of --json (times RFC 3339, lengths in seconds):
  contact, missing_facts, unread_facts, reloaded
  moments[]       at, what (judged entered offered passed reserve offer-ended connected abandoned
                  flowed-out callback-arranged), with its details
    candidates[]  agent, name, verdict, why, score, would_change
    rule          of `offered`: strategy, idle_clock, regime, changed_to, and file, line, column of the strategy when it
                  is written
    decision      of `offered`, as it was written down: step, next (agents or contacts, up to 8), excluded (agents by
                  reason); null when the version that made it kept none
    called        of `offered` to one who is not the queue's own: reserve (counted from 1), since, because (figure, value,
                  least, most; null: by hand) and the rule's place; `reserve` says the same with change (joined left
                  called-in sent-away adjusted), percent
    doubts[]      where the facts and the second distributor disagree

Exit codes: 0 explained, 1 no such contact or it was in no queue, 64 wrong usage.";

/// What is known about one contact's way.
struct Story {
    contact: ContactId,
    directory: Directory,
    moments: Vec<Moment>,
    /// Facts that were given up while the store could not be written.
    missing: u64,
    /// Facts of the distributor that could not be read.
    unread: u64,
    /// Anything at all is known of it.
    came: bool,
    /// The configuration was read anew after the contact had come.
    reloaded: bool,
    zone: TimeZone,
}

pub(crate) fn contact_id(text: &str) -> Result<ContactId, String> {
    let digits = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let id = u64::from_str_radix(text, 16).ok().filter(|_| digits);
    id.map(ContactId).ok_or_else(|| "a contact's id has 16 hexadecimal digits, as `strowger calls` shows it".to_owned())
}

pub(crate) fn run(args: &ExplainArgs) -> Result<String, String> {
    let (config, _) = check::load_or_report(&args.config)?;
    let glimpse = check::glimpse(&args.config)?;
    let zone =
        TimeZone::get(&glimpse.time_zone).map_err(|error| format!("time zone {}: {error}", glimpse.time_zone))?;
    let reader = Reader::open(&glimpse.store.to_string()).map_err(|error| error.to_string())?;
    let story = Story::read(&reader, args.contact, config.directory, zone).map_err(|error| error.to_string())?;
    if story.moments.is_empty() {
        let what = if story.came { "was in no queue of" } else { "is not known to" };
        return Err(format!(
            "{} {what} this store ({}); `strowger report --json` lists contacts, `strowger calls` live ones",
            args.contact, glimpse.store
        ));
    }
    let file = args.config.config.as_deref();
    Ok(if args.json { format!("{:#}\n", story.json(file)) } else { story.text(file) })
}

impl Story {
    fn read(
        reader: &Reader,
        contact: ContactId,
        directory: Directory,
        zone: TimeZone,
    ) -> Result<Self, store::StoreError> {
        let indices = Indices::new(&directory);
        let mut explainer = Explainer::new(&directory, contact);
        let (mut came, mut reloaded, mut unread) = (false, false, 0);
        let wanted = |word: &str| Indices::reads(word) || matches!(word, "arrived" | "ended" | "reloaded");
        let missing = reader.each_event_of(contact.boot(), wanted, |event| {
            let ours = event.contact == Some(contact);
            came |= ours;
            // What the replay goes by is the configuration of now.
            reloaded |= came && event.what == "reloaded";
            match indices.fact(&event.what, event.contact, &event.detail) {
                Some(fact) => explainer.handle_fact(instant(event.at), &fact),
                None => unread += u64::from(Indices::reads(&event.what)),
            }
            if ours && event.what == "ended" { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(Story { contact, directory, moments: explainer.into_moments(), missing, unread, came, reloaded, zone })
    }

    fn queue(&self, id: QueueId) -> &model::Queue {
        self.directory.queue(id)
    }

    /// The strategy's line in the configuration.
    fn rule(&self, file: Option<&Path>, queue: QueueId) -> Option<config::Written> {
        config::Written::of(file, "queue", &self.queue(queue).name, "strategy")
    }

    /// The line of the rule by which a contact left the queue.
    fn way_out(&self, file: Option<&Path>, queue: QueueId, why: FlowReason) -> Option<config::Written> {
        let key = match why {
            FlowReason::MaxWait => "max_wait",
            FlowReason::MaxLength => "max_length",
            FlowReason::ExpectedWait => "max_expected_wait",
            FlowReason::Understaffed => "min_staffed",
            FlowReason::Empty => "empty",
            FlowReason::Closed => "hours",
            FlowReason::BreakoutKey => "keys",
            FlowReason::NotReached => "callback",
            FlowReason::TriesExhausted => "tries",
            FlowReason::QueueRemoved | FlowReason::Failed | FlowReason::Forced | FlowReason::Shutdown => return None,
        };
        config::Written::of(file, "queue", &self.queue(queue).name, key)
    }

    /// The data rule's name, or its place counted from 1, and its line.
    fn data_rule(&self, file: Option<&Path>, queue: QueueId, place: u16) -> (String, Option<config::Written>) {
        let queue = self.queue(queue);
        let nth = usize::from(place);
        let name = queue.routing.rules.get(nth).map_or("", |rule| &rule.name);
        let named = if name.is_empty() { format!("rule {}", nth + 1) } else { format!("rule '{name}'") };
        (named, config::Written::nth_of(file, "queue", &queue.name, "rules", nth))
    }

    fn reserve_rule(&self, file: Option<&Path>, queue: QueueId, place: u8) -> Option<config::Written> {
        config::Written::nth_of(file, "queue", &self.queue(queue).name, "reserves", usize::from(place))
    }

    fn time(&self, at: Instant) -> jiff::Zoned {
        let micros = i64::try_from(at.as_nanos() / 1000).unwrap_or(i64::MAX);
        Timestamp::from_microsecond(micros).unwrap_or_default().to_zoned(self.zone.clone())
    }
}

/// The log's times are civil ones; the replay counts them as if no clock had been set meanwhile.
fn instant(at: Utc) -> Instant {
    Instant::from_nanos(at.as_micros().max(0).unsigned_abs().saturating_mul(1000))
}
