//! What the ledger hands out, as rows with names in place of indices: they can wait in the spool through a reload.

use crate::encode::{Rows, Table};
use crate::json::{self, Json, Out};
use base::Utc;
use model::{AgentState, CallbackStep, ContactId, Directory, Party, Promise, QueueId, Source};
use report::{AgentSpan, Arrival, ContactRecord, LegRecord, OpenContact, QueueVisit, Step, Talk, VisitEnd};
use std::time::Duration;

/// Before the outcome of a stay whose customer was called back.
pub(crate) const CALLED_BACK: &str = "callback-";

pub(crate) fn open_contact(rows: &mut Rows, open: OpenContact<'_>, names: &Directory) {
    let Arrival { contact, source, caller, dialled, call_id, attached, started } = open.arrival;
    rows.row(Table::OpenContact).int(contact.0.cast_signed()).int(started.as_micros());
    write_source(rows, *source, names);
    rows.text(caller.as_str()).text(dialled).text(call_id).json(|out| write_attached(out, attached));
    rows.some_text(open.waiting.map(|w| &*names.queue(w.queue).name))
        .some_int(open.waiting.map(|w| i64::from(w.nth)))
        .some_int(open.waiting.map(|w| w.since.utc.as_micros()));
}

pub(crate) fn contact(rows: &mut Rows, record: &ContactRecord, names: &Directory) {
    let Arrival { contact, source, caller, dialled, call_id, attached, started } = &record.arrival;
    rows.row(Table::Contact)
        .int(contact.0.cast_signed())
        .int(started.as_micros())
        .int(record.ended.as_micros())
        .int(micros(record.lasted));
    write_source(rows, *source, names);
    rows.text(caller.as_str())
        .text(dialled)
        .text(call_id)
        .text(record.end.word())
        .text(record.cause.kind.word())
        .some_int(record.cause.sip.map(i64::from))
        .json(|out| write_attached(out, attached))
        .json(|out| write_legs(out, &record.legs, names))
        .json(|out| write_texts(out, record.recordings.iter().map(|name| &**name)))
        .json(|out| write_steps(out, &record.steps))
        .int(i64::from(record.truncated));
}

pub(crate) fn visit(rows: &mut Rows, visit: &QueueVisit, names: &Directory) {
    let (outcome, why, work) = match visit.end {
        VisitEnd::Answered { work } => ("answered", None, work),
        VisitEnd::Abandoned => ("abandoned", None, None),
        VisitEnd::FlowedOut { why } => ("flowed-out", Some(why.word()), None),
    };
    let prefix = if visit.called_back { CALLED_BACK } else { "" };
    rows.row(Table::Visit)
        .int(visit.entered.as_micros())
        .int(visit.contact.0.cast_signed())
        .int(i64::from(visit.nth))
        .text(&names.queue(visit.queue).name)
        .int(visit.left.as_micros())
        .int(micros(visit.waited))
        .text_of(prefix, outcome)
        .some_text(why)
        .some_text(visit.agent.map(|agent| &*names.agent(agent).id))
        .some_int(work.map(|w| micros(w.talked)))
        .some_int(work.map(|w| micros(w.held)))
        .some_int(work.map(|w| micros(w.wrapped)))
        .some_int(visit.rang_out.map(micros));
}

pub(crate) fn talk(rows: &mut Rows, talk: &Talk, names: &Directory) {
    rows.row(Table::Talk)
        .int(talk.began.as_micros())
        .int(talk.contact.0.cast_signed())
        .text(&names.agent(talk.agent).id)
        .some_text(talk.queue.map(|queue| &*names.queue(queue).name))
        .int(micros(talk.talked))
        .int(micros(talk.held));
}

pub(crate) fn callback(
    rows: &mut Rows,
    at: Utc,
    (contact, step, attempts): (ContactId, CallbackStep, u8),
    promise: &Promise,
    names: &Directory,
) {
    rows.row(Table::Callback)
        .int(promise.first.0.cast_signed())
        .int(contact.0.cast_signed())
        .text(&names.queue(promise.queue).name)
        .int(promise.arranged.as_micros())
        .int(promise.entered.as_micros())
        .text(promise.number.as_str())
        .text(promise.name.as_str())
        .text(&promise.dialled)
        .text(promise.language.tag())
        .int(i64::from(promise.priority))
        .json(|out| write_attached(out, &promise.attached))
        .int(i64::from(attempts))
        .text(step.word())
        .int(at.as_micros());
}

pub(crate) fn shut_queue(rows: &mut Rows, at: Utc, queue: QueueId, shut: bool, names: &Directory) {
    rows.row(Table::ShutQueue).text(&names.queue(queue).name).int(i64::from(shut)).int(at.as_micros());
}

pub(crate) fn agent_span(rows: &mut Rows, span: &AgentSpan, names: &Directory) {
    rows.row(Table::AgentSpan).int(span.from.as_micros()).text(&names.agent(span.agent).id);
    write_state(rows, span, names);
    rows.int(micros(span.lasted));
}

/// Where an agent is now.
pub(crate) fn open_span(rows: &mut Rows, span: &AgentSpan, names: &Directory) {
    rows.row(Table::OpenSpan).text(&names.agent(span.agent).id);
    write_state(rows, span, names);
    rows.int(span.from.as_micros());
}

/// state, reason, contact
fn write_state(rows: &mut Rows, span: &AgentSpan, names: &Directory) {
    rows.text(span.state.word());
    match span.state {
        AgentState::NotReady { reason } => rows.text(&names.reasons.word(reason)),
        AgentState::SignedOff
        | AgentState::Ready
        | AgentState::Reserved { .. }
        | AgentState::Busy { .. }
        | AgentState::WrapUp { .. } => rows.null(),
    };
    rows.some_int(span.contact().map(|contact| contact.0.cast_signed()));
}

fn write_source(rows: &mut Rows, source: Source, names: &Directory) {
    match source {
        Source::Trunk(id) => rows.text_of("trunk:", &names.trunk(id).name),
        Source::Phone(id) => rows.text_of("phone:", &names.phone(id).id),
    };
}

fn write_attached(out: &mut Out, attached: &[(Box<str>, Box<str>)]) {
    let mut object = Json::object(out);
    for (key, value) in attached {
        object.text(key, value);
    }
    object.end();
}

pub(crate) fn write_texts<'a>(out: &mut Out, texts: impl Iterator<Item = &'a str>) {
    let mut array = Json::array(out);
    for text in texts {
        json::text(array.next(), text);
    }
    array.end();
}

/// `[{"party":"caller","started":…,"answered":…,"ended":…,"codec":"pcmu","cause":"normal-clearing","quality":{…}}]`
fn write_legs(out: &mut Out, legs: &[LegRecord], names: &Directory) {
    let mut array = Json::array(out);
    for leg in legs {
        let mut object = Json::object(array.next());
        write_party(object.key("party"), leg.party, names);
        object
            .int("started", leg.started.as_micros())
            .some_int("answered", leg.answered.map(|t| t.as_micros()))
            .some_int("ended", leg.ended.map(|t| t.as_micros()))
            .some_text("codec", leg.codec.map(|codec| codec.word()))
            .some_text("cause", leg.cause.map(|cause| cause.kind.word()))
            .some_int("sip", leg.cause.and_then(|cause| cause.sip).map(i64::from));
        if let Some(contact) = leg.moved_to {
            object.text("moved_to", &contact.to_string());
        }
        if let Some(q) = &leg.quality {
            let mut quality = Json::object(object.key("quality"));
            quality
                .count("packets_sent", q.packets_sent)
                .count("packets_received", q.packets_received)
                .count("packets_lost", q.packets_lost)
                .float("jitter_ms", q.jitter_ms)
                .some_float("round_trip_ms", q.round_trip_ms)
                .some_float("mos", q.mos)
                .count("strangers", q.strangers);
            quality.end();
        }
        object.end();
    }
    array.end();
}

fn write_party(out: &mut Out, party: Party, names: &Directory) {
    let (kind, name) = match party {
        Party::Caller => ("caller", ""),
        Party::Agent(id) => ("agent:", &*names.agent(id).id),
        Party::Supervisor(id) => ("supervisor:", &*names.agent(id).id),
        Party::Outside(id) => ("trunk:", &*names.trunk(id).name),
        Party::Phone(id) => ("phone:", &*names.phone(id).id),
    };
    out.push(b'"');
    out.extend_from_slice(kind.as_bytes());
    json::inner_text(out, name);
    out.push(b'"');
}

fn write_steps(out: &mut Out, steps: &[Step]) {
    let mut array = Json::array(out);
    for step in steps {
        write_step(array.next(), micros(step.after), step.what, &step.detail);
    }
    array.end();
}

/// `[after, "queued", "queue=support priority=0 position=1"]`: microseconds since the contact began.
pub(crate) fn write_step(out: &mut Out, after: i64, what: &str, detail: &str) {
    out.push(b'[');
    json::int(out, after);
    out.push(b',');
    json::text(out, what);
    out.push(b',');
    json::text(out, detail);
    out.push(b']');
}

pub(crate) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
