use model::{
    Actor, AgentAction, Cause, ContactId, Directory, Fact, ForcedAction, OfferOutcome, Party, Source, Target,
    TransferKind,
};

/// The contact a fact is about.
pub fn contact_of(fact: &Fact) -> Option<ContactId> {
    match fact {
        Fact::ContactArrived { contact, .. }
        | Fact::LegStarted { contact, .. }
        | Fact::LegRinging { contact, .. }
        | Fact::LegAnswered { contact, .. }
        | Fact::LegEnded { contact, .. }
        | Fact::LegQuality { contact, .. }
        | Fact::Queued { contact, .. }
        | Fact::Offered { contact, .. }
        | Fact::OfferEnded { contact, .. }
        | Fact::Connected { contact, .. }
        | Fact::Abandoned { contact, .. }
        | Fact::FlowedOut { contact, .. }
        | Fact::TalkStarted { contact, .. }
        | Fact::TalkEnded { contact, .. }
        | Fact::Held { contact, .. }
        | Fact::Retrieved { contact, .. }
        | Fact::Transferred { contact, .. }
        | Fact::TransferFailed { contact, .. }
        | Fact::Merged { contact, .. }
        | Fact::SupervisorJoined { contact, .. }
        | Fact::SupervisorLeft { contact, .. }
        | Fact::RecordingStarted { contact, .. }
        | Fact::RecordingStopped { contact, .. }
        | Fact::ContactEnded { contact, .. }
        | Fact::ReservationExpired { contact, .. } => Some(*contact),
        Fact::AgentChanged { .. }
        | Fact::Forced { .. }
        | Fact::PhoneReachable { .. }
        | Fact::PhoneUnreachable { .. }
        | Fact::TrunkUp { .. }
        | Fact::TrunkDown { .. }
        | Fact::Refused { .. }
        | Fact::DrainStarted { .. }
        | Fact::Reloaded { .. } => None,
    }
}

/// A fact as a standard word and `name=value` details, with names in place of indices and no personal data: for the
/// steps of a record, the event log and people who watch.
pub fn words(fact: &Fact, names: &Directory) -> (&'static str, String) {
    let queue = |id: &model::QueueId| &*names.queue(*id).name;
    let agent = |id: &model::AgentId| &*names.agent(*id).id;
    match fact {
        Fact::ContactArrived { source, dialled, .. } => {
            ("arrived", format!("{} dialled={dialled}", source_words(source, names)))
        }
        Fact::LegStarted { party, .. } => ("leg-started", party_words(party, names)),
        Fact::LegRinging { .. } => ("ringing", String::new()),
        Fact::LegAnswered { codec, .. } => {
            ("leg-answered", codec.map_or(String::new(), |c| format!("codec={}", c.word())))
        }
        Fact::LegEnded { cause, .. } => ("leg-ended", cause_words(cause)),
        Fact::LegQuality { quality, .. } => {
            let mos = quality.mos.map_or(String::new(), |mos| format!(" mos={mos:.2}"));
            let (received, lost, jitter) = (quality.packets_received, quality.packets_lost, quality.jitter_ms);
            ("quality", format!("received={received} lost={lost} jitter_ms={jitter:.1}{mos}"))
        }
        Fact::Queued { queue: q, priority, position, .. } => {
            ("queued", format!("queue={} priority={priority} position={position}", queue(q)))
        }
        Fact::Offered { queue: q, agent: a, .. } => ("offered", format!("queue={} agent={}", queue(q), agent(a))),
        Fact::OfferEnded { agent: a, outcome, .. } => {
            let cause = match outcome {
                OfferOutcome::Rejected(cause) | OfferOutcome::Failed(cause) => cause_words(cause),
                OfferOutcome::Accepted | OfferOutcome::Missed | OfferOutcome::Withdrawn => String::new(),
            };
            ("offer-ended", format!("agent={} outcome={} {cause}", agent(a), outcome.word()).trim_end().to_owned())
        }
        Fact::Connected { queue: q, agent: a, waited, .. } => {
            ("connected", format!("queue={} agent={} waited_ms={}", queue(q), agent(a), waited.as_millis()))
        }
        Fact::Abandoned { queue: q, waited, .. } => {
            ("abandoned", format!("queue={} waited_ms={}", queue(q), waited.as_millis()))
        }
        Fact::FlowedOut { queue: q, waited, why, to, .. } => {
            let to = to.as_ref().map_or(String::new(), |t| format!(" to={}", target_words(t, names)));
            ("flowed-out", format!("queue={} why={} waited_ms={}{to}", queue(q), why.word(), waited.as_millis()))
        }
        Fact::TalkStarted { agent: a, .. } => ("talk-started", format!("agent={}", agent(a))),
        Fact::TalkEnded { agent: a, talked, held, .. } => {
            ("talk-ended", format!("agent={} talked_ms={} held_ms={}", agent(a), talked.as_millis(), held.as_millis()))
        }
        Fact::Held { by, .. } => ("held", format!("by {}", party_words(by, names))),
        Fact::Retrieved { by, .. } => ("retrieved", format!("by {}", party_words(by, names))),
        Fact::Transferred { from, to, kind, .. } => {
            let kind = match kind {
                TransferKind::Blind => "blind",
                TransferKind::Attended => "attended",
                TransferKind::TakeOver => "take-over",
            };
            ("transferred", format!("kind={kind} from={} to={}", agent(from), target_words(to, names)))
        }
        Fact::TransferFailed { from, cause, .. } => {
            ("transfer-failed", format!("from={} {}", agent(from), cause_words(cause)))
        }
        Fact::Merged { consultation, .. } => ("merged", format!("consultation={consultation}")),
        Fact::SupervisorJoined { supervisor, agent: a, mode, .. } => {
            ("supervisor-joined", format!("supervisor={} agent={} mode={}", agent(supervisor), agent(a), mode.word()))
        }
        Fact::SupervisorLeft { supervisor, .. } => ("supervisor-left", format!("supervisor={}", agent(supervisor))),
        Fact::RecordingStarted { name, .. } => ("recording-started", format!("name={name}")),
        Fact::RecordingStopped { kept: false, .. } => ("recording-failed", "no file could be made".into()),
        Fact::RecordingStopped { name, duration, complete, .. } => {
            ("recording-stopped", format!("name={name} duration_ms={} complete={complete}", duration.as_millis()))
        }
        Fact::ContactEnded { end, cause, .. } => ("ended", format!("end={} {}", end.word(), cause_words(cause))),
        Fact::ReservationExpired { agent: a, .. } => ("reservation-expired", format!("agent={}", agent(a))),
        Fact::AgentChanged { agent: a, state, phone } => {
            let reason = match state {
                model::AgentState::NotReady { reason } => format!(" reason={}", reason.word()),
                model::AgentState::SignedOff
                | model::AgentState::Ready
                | model::AgentState::Reserved { .. }
                | model::AgentState::Busy { .. }
                | model::AgentState::WrapUp { .. } => String::new(),
            };
            let phone = phone.map_or(String::new(), |p| format!(" phone={}", names.phone(p).id));
            ("agent", format!("agent={} state={}{reason}{phone}", agent(a), state.word()))
        }
        Fact::Forced { by, action } => {
            let action = match action {
                ForcedAction::Agent { agent: a, action } => format!("agent={} {}", agent(a), action_words(action)),
                ForcedAction::HangUp { contact } => format!("contact={contact} hang-up"),
                ForcedAction::LogLevel { level } => format!("log-level={level}"),
            };
            ("forced", format!("{action} {}", actor_words(by, names)))
        }
        Fact::PhoneReachable { phone } => ("phone-reachable", format!("phone={}", names.phone(*phone).id)),
        Fact::PhoneUnreachable { phone } => ("phone-unreachable", format!("phone={}", names.phone(*phone).id)),
        Fact::TrunkUp { trunk } => ("trunk-up", format!("trunk={}", names.trunk(*trunk).name)),
        Fact::TrunkDown { trunk } => ("trunk-down", format!("trunk={}", names.trunk(*trunk).name)),
        Fact::Refused { source, cause } => {
            let source = source.as_ref().map_or("stranger".to_owned(), |s| source_words(s, names));
            ("refused", format!("{source} {}", cause_words(cause)))
        }
        Fact::DrainStarted { by } => ("drain-started", actor_words(by, names)),
        Fact::Reloaded { by, difference } => ("reloaded", format!("{} {difference}", actor_words(by, names))),
    }
}

fn action_words(action: &AgentAction) -> String {
    match action {
        AgentAction::SignOn { .. } => "sign-on".into(),
        AgentAction::SignOff => "sign-off".into(),
        AgentAction::Ready => "ready".into(),
        AgentAction::NotReady { code } => format!("not-ready code={code}"),
    }
}

fn actor_words(actor: &Actor, names: &Directory) -> String {
    match actor {
        Actor::Agent(id) => format!("by=agent:{}", names.agent(*id).id),
        Actor::Operator(name) => format!("by=operator:{name}"),
        Actor::System => "by=system".into(),
    }
}

fn cause_words(cause: &Cause) -> String {
    match cause.sip {
        Some(status) => format!("cause={} sip={status}", cause.kind.word()),
        None => format!("cause={}", cause.kind.word()),
    }
}

fn source_words(source: &Source, names: &Directory) -> String {
    match source {
        Source::Trunk(id) => format!("trunk={}", names.trunk(*id).name),
        Source::Phone(id) => format!("phone={}", names.phone(*id).id),
    }
}

fn party_words(party: &Party, names: &Directory) -> String {
    match party {
        Party::Caller => "caller".into(),
        Party::Agent(id) => format!("agent={}", names.agent(*id).id),
        Party::Supervisor(id) => format!("supervisor={}", names.agent(*id).id),
        Party::Outside(id) => format!("trunk={}", names.trunk(*id).name),
        Party::Phone(id) => format!("phone={}", names.phone(*id).id),
    }
}

fn target_words(target: &Target, names: &Directory) -> String {
    match target {
        Target::Queue(id) => format!("queue:{}", names.queue(*id).name),
        Target::Agent(id) => format!("agent:{}", names.agent(*id).id),
        Target::Announcement(name) => format!("announcement:{}", name.0),
        // A number is personal data: the record says that one was dialled, the leg says by which trunk.
        Target::Number(_) => "number".into(),
    }
}
