use model::{Directory, Party, Source};
use report::{AgentSpan, ContactRecord, QueueVisit, VisitEnd};
use rusqlite::{Transaction, params};
use serde_json::{Value, json};
use std::time::Duration;

/// A finished row, with names in place of indices: it can wait in the spool through a reload.
#[derive(Debug)]
pub(crate) enum Row {
    Contact(Box<ContactRow>),
    Visit(VisitRow),
    Span(SpanRow),
}

#[derive(Debug)]
pub(crate) struct ContactRow {
    record: ContactRecord,
    source: Option<String>,
    legs: String,
    recordings: String,
    steps: String,
    attached: String,
}

#[derive(Debug)]
pub(crate) struct VisitRow {
    visit: QueueVisit,
    queue: Box<str>,
    agent: Option<Box<str>>,
}

#[derive(Debug)]
pub(crate) struct SpanRow {
    span: AgentSpan,
    agent: Box<str>,
}

impl Row {
    pub(crate) fn contact(record: ContactRecord, names: &Directory) -> Row {
        let legs: Vec<Value> = record
            .legs
            .iter()
            .map(|leg| {
                json!({
                    "party": party(&leg.party, names), "started": leg.started.as_micros(),
                    "answered": leg.answered.map(|t| t.as_micros()), "ended": leg.ended.map(|t| t.as_micros()),
                    "codec": leg.codec, "cause": leg.cause.map(|c| c.kind.word()),
                    "sip": leg.cause.and_then(|c| c.sip), "quality": leg.quality,
                })
            })
            .collect();
        let steps: Vec<Value> = record
            .steps
            .iter()
            .map(|step| json!([step.at.as_micros(), micros(step.after), step.what, step.detail]))
            .collect();
        let attached: serde_json::Map<String, Value> =
            record.attached.iter().map(|(key, value)| (key.to_string(), json!(value))).collect();
        Row::Contact(Box::new(ContactRow {
            source: record.source.map(|s| source(&s, names)),
            legs: Value::from(legs).to_string(),
            recordings: json!(record.recordings).to_string(),
            steps: Value::from(steps).to_string(),
            attached: Value::from(attached).to_string(),
            record,
        }))
    }

    pub(crate) fn visit(visit: QueueVisit, names: &Directory) -> Row {
        let agent = visit.agent.map(|agent| names.agent(agent).id.clone());
        Row::Visit(VisitRow { queue: names.queue(visit.queue).name.clone(), agent, visit })
    }

    pub(crate) fn span(span: AgentSpan, names: &Directory) -> Row {
        Row::Span(SpanRow { agent: names.agent(span.agent).id.clone(), span })
    }

    pub(crate) fn insert(&self, transaction: &Transaction<'_>) -> rusqlite::Result<usize> {
        match self {
            Row::Contact(row) => row.insert(transaction),
            Row::Visit(row) => row.insert(transaction),
            Row::Span(row) => row.insert(transaction),
        }
    }
}

impl ContactRow {
    fn insert(&self, transaction: &Transaction<'_>) -> rusqlite::Result<usize> {
        let r = &self.record;
        transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO contact VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16)",
            )?
            .execute(params![
                r.contact.0.cast_signed(),
                r.started.as_micros(),
                r.ended.as_micros(),
                micros(r.lasted),
                self.source,
                r.caller.as_str(),
                r.dialled,
                r.call_id,
                r.end.word(),
                r.cause.kind.word(),
                r.cause.sip,
                self.attached,
                self.legs,
                self.recordings,
                self.steps,
                r.truncated,
            ])
    }
}

impl VisitRow {
    fn insert(&self, transaction: &Transaction<'_>) -> rusqlite::Result<usize> {
        let zero = Duration::ZERO;
        let (outcome, why, (talked, held, wrapped)) = match self.visit.end {
            VisitEnd::Answered { talked, held, wrapped } => ("answered", None, (talked, held, wrapped)),
            VisitEnd::Abandoned => ("abandoned", None, (zero, zero, zero)),
            VisitEnd::FlowedOut { why } => ("flowed-out", Some(why.word()), (zero, zero, zero)),
        };
        transaction.prepare_cached("INSERT INTO visit VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)")?.execute(params![
            self.visit.contact.0.cast_signed(),
            self.queue,
            self.visit.entered.as_micros(),
            self.visit.left.as_micros(),
            micros(self.visit.waited),
            outcome,
            why,
            self.agent,
            micros(talked),
            micros(held),
            micros(wrapped),
        ])
    }
}

impl SpanRow {
    fn insert(&self, transaction: &Transaction<'_>) -> rusqlite::Result<usize> {
        transaction.prepare_cached("INSERT INTO agent_span VALUES (?1,?2,?3,?4,?5,?6)")?.execute(params![
            self.agent,
            self.span.state.word(),
            self.span.reason().map(|reason| reason.word()),
            self.span.contact().map(|contact| contact.0.cast_signed()),
            self.span.from.as_micros(),
            micros(self.span.lasted),
        ])
    }
}

pub(crate) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

fn source(source: &Source, names: &Directory) -> String {
    match source {
        Source::Trunk(id) => format!("trunk:{}", names.trunk(*id).name),
        Source::Phone(id) => format!("phone:{}", names.phone(*id).id),
    }
}

fn party(party: &Party, names: &Directory) -> String {
    match party {
        Party::Caller => "caller".into(),
        Party::Agent(id) => format!("agent:{}", names.agent(*id).id),
        Party::Supervisor(id) => format!("supervisor:{}", names.agent(*id).id),
        Party::Outside(id) => format!("trunk:{}", names.trunk(*id).name),
        Party::Phone(id) => format!("phone:{}", names.phone(*id).id),
    }
}
