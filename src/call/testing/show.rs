use crate::Output;
use core::fmt::Write;
use model::{
    AgentId, CallbackStep, ContactId, DialTarget, Directory, Fact, JudgedBy, LegCommand, LegEvent, LegId, MediaCommand,
    Party, PhoneId, QueueCommand, QueueId, Role, Sdp, SoundId, SoundName, Target, Withdrawal,
};
use std::collections::HashMap;
use std::sync::Arc;

/// Short names for everything a story speaks of: legs `a`, `b`, …, contacts `c1`, `c2`, ….
pub(crate) struct Names {
    directory: Arc<Directory>,
    legs: Vec<LegId>,
    recordings: HashMap<ContactId, Box<str>>,
    pub(crate) last_ticket: Option<crate::Ticket>,
}

impl Names {
    pub(crate) fn new(directory: Arc<Directory>) -> Self {
        Names { directory, legs: Vec::new(), recordings: HashMap::new(), last_ticket: None }
    }

    pub(crate) fn leg(&mut self, leg: LegId) -> char {
        let place = self.legs.iter().position(|l| *l == leg).unwrap_or_else(|| {
            self.legs.push(leg);
            self.legs.len() - 1
        });
        char::from(b'a' + u8::try_from(place % 26).unwrap())
    }

    pub(crate) fn leg_named(&self, name: &str) -> LegId {
        self.legs[usize::from(name.as_bytes()[0] - b'a')]
    }

    pub(crate) fn last_leg(&self) -> LegId {
        *self.legs.last().expect("a leg was shown")
    }

    pub(crate) fn recording(&self, group: ContactId) -> Box<str> {
        self.recordings[&group].clone()
    }

    pub(crate) fn target(&self, text: &str) -> Target {
        let (kind, rest) = text.split_once(':').unwrap();
        match kind {
            "queue" => Target::Queue(self.directory.queue_named(rest).unwrap()),
            "agent" => Target::Agent(self.directory.agent_named(rest).unwrap()),
            "announcement" => Target::Announcement(SoundName(rest.into())),
            "voicemail" => Target::Voicemail(self.directory.queue_named(rest).unwrap()),
            "callback" => Target::Callback(self.directory.queue_named(rest).unwrap()),
            _ => Target::Number(rest.into()),
        }
    }

    fn agent(&self, agent: AgentId) -> &str {
        &self.directory.agent(agent).name
    }

    fn queue(&self, queue: QueueId) -> &str {
        &self.directory.queue(queue).name
    }

    fn maybe_queue(&self, queue: Option<QueueId>) -> String {
        queue.map_or(String::new(), |q| format!(" {}", self.queue(q)))
    }

    fn sounds(&self, sounds: &[SoundId]) -> String {
        let name = |id: &SoundId| {
            let found = self.directory.sounds.iter().find(|(_, sound)| *sound == id);
            found.map_or("?".to_owned(), |((_, name), _)| name.0.to_string())
        };
        sounds.iter().map(name).collect::<Vec<_>>().join("+")
    }

    fn party(&self, party: Party) -> String {
        match party {
            Party::Caller => "caller".into(),
            Party::Agent(a) => self.agent(a).into(),
            Party::Supervisor(a) => format!("supervisor {}", self.agent(a)),
            Party::Outside(t) => format!("trunk {}", self.directory.trunk(t).name),
            Party::Phone(p) => format!("phone {}", self.directory.phone(p).id),
        }
    }

    fn show_target(&self, target: &Target) -> String {
        match target {
            Target::Queue(q) => format!("queue:{}", self.queue(*q)),
            Target::Agent(a) => format!("agent:{}", self.agent(*a)),
            Target::Announcement(s) => format!("announcement:{}", s.0),
            Target::Number(_) => "number".into(),
            Target::Voicemail(q) => format!("voicemail:{}", self.queue(*q)),
            Target::Callback(q) => format!("callback:{}", self.queue(*q)),
        }
    }

    /// `None` for what no story is about: the supply of ports, and quality figures.
    pub(crate) fn show(&mut self, output: &Output) -> Option<String> {
        Some(match output {
            Output::Leg(command) => self.leg_command(command),
            Output::Media { command, .. } => return self.media(command).map(|m| format!("media {m}")),
            Output::Queue(command) => format!("queue {}", self.queue_command(command)),
            Output::Fact(fact) => return self.fact(fact).map(|f| format!("fact {f}")),
            Output::People { ticket, command } => {
                self.last_ticket = Some(*ticket);
                match command {
                    model::Command::Agent { agent, action, .. } => format!("people {} {action:?}", self.agent(*agent)),
                    model::Command::HangUp { .. } | model::Command::Queue { .. } => {
                        panic!("call never asks to hang up")
                    }
                }
            }
            Output::Nailed { agent, command } => {
                let said = self.leg_command(command);
                format!("nailed {} {said}", self.agent(*agent))
            }
            Output::Inner(event) => format!("inner {}", self.inner(event)),
            Output::News(news) => format!("news {}", news.word()),
            Output::Reply { result, .. } => format!("reply {}", if result.is_ok() { "ok" } else { "error" }),
        })
    }

    fn inner(&mut self, event: &LegEvent) -> String {
        let leg = self.leg(event.leg());
        match event {
            LegEvent::Ringing { .. } => format!("{leg} rings"),
            LegEvent::Answered { sdp, .. } => format!("{leg} answers{}", described(sdp.as_ref())),
            LegEvent::Refused { cause, .. } => format!("{leg} refuses {}", cause.kind.word()),
            LegEvent::Ended { cause, .. } => format!("{leg} ends {}", cause.kind.word()),
            LegEvent::Held { on, .. } => format!("{leg} {}", if *on { "holds" } else { "retrieves" }),
            LegEvent::Digit { key, .. } => format!("{leg} info {}", key.0),
            LegEvent::Refer { .. } => format!("{leg} refers"),
            _ => panic!("never said by a nailed-up leg: {event:?}"),
        }
    }

    fn leg_command(&mut self, command: &LegCommand) -> String {
        match command {
            LegCommand::Dial(dial) => {
                let to = match &dial.to {
                    DialTarget::Phone(phone) => phone_name(&self.directory, *phone),
                    DialTarget::Trunk { trunk, number } => format!("{number}@{}", self.directory.trunk(*trunk).name),
                };
                let (number, name) = (dial.caller.number.as_str(), dial.caller.name.as_str());
                format!("dial {} {to} as \"{name}\" <{number}>{}", self.leg(dial.leg), described(dial.offer.as_ref()))
            }
            LegCommand::Progress { leg, progress, sdp } => {
                let word = if matches!(progress, model::Progress::Ringing) { "180" } else { "183" };
                format!("{word} {}{}", self.leg(*leg), described(sdp.as_ref()))
            }
            LegCommand::Answer { leg, sdp } => format!("answer {}{}", self.leg(*leg), described(sdp.as_ref())),
            LegCommand::Reject { leg, cause, retry_after } => {
                let retry = retry_after.map_or(String::new(), |r| format!(" retry {}s", r.as_secs()));
                format!("reject {} {}{retry}", self.leg(*leg), cause.kind.word())
            }
            LegCommand::Hangup { leg, cause } => format!("hangup {} {}", self.leg(*leg), cause.kind.word()),
            LegCommand::Offer { leg, sdp } => format!("re-offer {}{}", self.leg(*leg), described(Some(sdp))),
            LegCommand::AnswerOffer { leg, sdp } => format!("re-answer {}{}", self.leg(*leg), described(Some(sdp))),
            LegCommand::RefuseOffer { leg, cause } => format!("re-refuse {} {}", self.leg(*leg), cause.kind.word()),
            LegCommand::ReferReply { leg, accepted } => {
                let word = accepted.map_or_else(|c| c.kind.word(), |()| "accepted");
                format!("refer-reply {} {word}", self.leg(*leg))
            }
            LegCommand::ReferProgress { leg, status } => format!("refer-progress {} {status}", self.leg(*leg)),
        }
    }

    fn media(&mut self, command: &MediaCommand) -> Option<String> {
        Some(match command {
            MediaCommand::Supply { .. } | MediaCommand::Return { .. } => return None,
            MediaCommand::Open { leg, role: role @ Role::Supervisor(_), group, .. } => {
                format!("open {} {} in {}", self.leg(*leg), role_word(*role), contact(*group))
            }
            MediaCommand::Open { leg, role, .. } => format!("open {} {}", self.leg(*leg), role_word(*role)),
            MediaCommand::Negotiate { leg, setup } => {
                format!("negotiate {} {} {:?}", self.leg(*leg), setup.codec.word(), setup.direction)
            }
            MediaCommand::Play { leg, sounds, repeat, .. } => {
                let repeat = if *repeat { " repeat" } else { "" };
                format!("play {} {}{repeat}", self.leg(*leg), self.sounds(sounds))
            }
            MediaCommand::StopPlay { leg } => format!("stop-play {}", self.leg(*leg)),
            MediaCommand::Join { leg } => format!("join {}", self.leg(*leg)),
            MediaCommand::Press { leg, key, .. } => format!("press {} {}", self.leg(*leg), key.0),
            MediaCommand::Leave { leg } => format!("leave {}", self.leg(*leg)),
            MediaCommand::SetRole { leg, role } => format!("role {} {}", self.leg(*leg), role_word(*role)),
            MediaCommand::Move { leg, group } => format!("move {} {}", self.leg(*leg), contact(*group)),
            MediaCommand::Record { group, name } => {
                self.recordings.insert(*group, name.clone());
                format!("record {} {name}", contact(*group))
            }
            MediaCommand::StopRecording { group } => format!("stop-recording {}", contact(*group)),
            MediaCommand::Close { leg } => format!("close {}", self.leg(*leg)),
        })
    }

    fn queue_command(&self, command: &QueueCommand) -> String {
        match command {
            QueueCommand::Enqueue { contact: c, queue, priority, wish, .. } => {
                let priority = if *priority == 0 { String::new() } else { format!(" priority {priority}") };
                let agent = wish.agent.map_or(String::new(), |a| format!(" for {}", self.agent(a.agent)));
                format!("enqueue {} {}{priority}{agent}", contact(*c), self.queue(*queue))
            }
            QueueCommand::Withdraw { contact: c, queue, why } => {
                let why = match why {
                    Withdrawal::FlowedOut { to: Some(to) } => format!("FlowedOut {}", self.show_target(to)),
                    Withdrawal::FlowedOut { to: None } => "FlowedOut".to_owned(),
                    other => format!("{other:?}"),
                };
                format!("withdraw {} {} {why}", contact(*c), self.queue(*queue))
            }
            QueueCommand::Settle { offer, outcome } => format!("settle {} {}", self.agent(offer.agent), outcome.word()),
            QueueCommand::Release { agent, contact: c, queue } => {
                format!("release {} {}{}", self.agent(*agent), contact(*c), self.maybe_queue(*queue))
            }
            QueueCommand::LineUp { agent } => format!("line-up {}", self.agent(*agent)),
            QueueCommand::LineDown { agent, cause } => {
                format!("line-down {} {}", self.agent(*agent), cause.kind.word())
            }
            QueueCommand::Rest { contact: c, .. } => format!("rest {}", contact(*c)),
            QueueCommand::Wake { contact: c } => format!("wake {}", contact(*c)),
            QueueCommand::OnTheLine { contact: c } => format!("on-the-line {}", contact(*c)),
            QueueCommand::Attend { offer } => format!("attend {}", self.agent(offer.agent)),
            QueueCommand::Seize { contact: c, agent } => format!("seize {} {}", contact(*c), self.agent(*agent)),
            QueueCommand::Occupy { contact: c, agent } => format!("occupy {} {}", contact(*c), self.agent(*agent)),
        }
    }

    fn fact(&mut self, fact: &Fact) -> Option<String> {
        let mut text = String::new();
        let written = match fact {
            Fact::ContactArrived { contact: c, .. } => write!(text, "arrived {}", contact(*c)),
            Fact::LegStarted { leg, party, .. } => {
                let party = self.party(*party);
                write!(text, "leg {} started {party}", self.leg(*leg))
            }
            Fact::LegRinging { leg, .. } => write!(text, "leg {} rings", self.leg(*leg)),
            Fact::LegAnswered { leg, codec, .. } => {
                write!(text, "leg {} answered {}", self.leg(*leg), codec.map_or("-", |c| c.word()))
            }
            Fact::LegEnded { leg, cause, .. } => write!(text, "leg {} ended {}", self.leg(*leg), cause.kind.word()),
            Fact::LegQuality { .. } => return None,
            Fact::TalkStarted { contact: c, agent, queue } => {
                write!(text, "talk {} {}{}", contact(*c), self.agent(*agent), self.maybe_queue(*queue))
            }
            Fact::TalkEnded { contact: c, agent, talked, held } => {
                let agent = self.agent(*agent);
                write!(text, "talked {} {agent} {}s held {}s", contact(*c), talked.as_secs(), held.as_secs())
            }
            Fact::Held { by, .. } => write!(text, "held by {}", self.party(*by)),
            Fact::Retrieved { by, .. } => write!(text, "retrieved by {}", self.party(*by)),
            Fact::Transferred { contact: c, from, to, kind } => {
                let to = self.show_target(to);
                write!(text, "transferred {} from {} to {to} {kind:?}", contact(*c), self.agent(*from))
            }
            Fact::TransferFailed { from, cause, .. } => {
                write!(text, "transfer by {} failed {}", self.agent(*from), cause.kind.word())
            }
            Fact::Merged { contact: c, consultation } => {
                write!(text, "merged {} into {}", contact(*consultation), contact(*c))
            }
            Fact::SupervisorJoined { contact: c, supervisor, agent, mode } => {
                let (supervisor, agent) = (self.agent(*supervisor), self.agent(*agent));
                write!(text, "supervisor {supervisor} {} {} on {agent}", mode.word(), contact(*c))
            }
            Fact::SupervisorLeft { contact: c, supervisor } => {
                write!(text, "supervisor {} left {}", self.agent(*supervisor), contact(*c))
            }
            Fact::RecordingStarted { name, .. } => write!(text, "recording {name}"),
            Fact::RecordingStopped { name, complete, .. } => {
                write!(text, "recorded {name}{}", if *complete { "" } else { " incomplete" })
            }
            Fact::MessageLeft { queue, name, .. } => write!(text, "message {} {name}", self.queue(*queue)),
            Fact::ContactEnded { contact: c, end, cause } => {
                write!(text, "ended {} {} {}", contact(*c), end.word(), cause.kind.word())
            }
            Fact::Callback { contact: c, step: CallbackStep::Arranged, promise, .. } => {
                write!(text, "callback {} {}", contact(*c), self.queue(promise.queue))
            }
            Fact::Judged { contact: c, judgement, .. } => {
                let by = |by| match by {
                    JudgedBy::Rule(place) => format!("rule {}", place + 1),
                    JudgedBy::Sticky => "sticky".to_owned(),
                };
                let priority = judgement.priority.map(|j| format!(" priority {} by {}", j.value, by(j.by)));
                let agent = judgement.agent.map(|j| format!(" {} by {}", self.agent(j.value.agent), by(j.by)));
                let what = [priority, agent].into_iter().flatten().collect::<String>();
                write!(text, "judged {}{what}", contact(*c))
            }
            Fact::Callback { step, attempts, .. } => write!(text, "callback {} {attempts}", step.word()),
            Fact::Refused { cause, .. } => write!(text, "refused {}", cause.kind.word()),
            Fact::Forced { .. } => write!(text, "forced"),
            Fact::Line { agent, step: model::LineStep::Down { cause, by }, .. } => {
                write!(text, "line-down {} {} by {}", self.agent(*agent), cause.kind.word(), by.word())
            }
            Fact::Line { agent, step, .. } => write!(text, "{} {}", step.word(), self.agent(*agent)),
            Fact::Queued { .. }
            | Fact::Offered { .. }
            | Fact::OfferEnded { .. }
            | Fact::Connected { .. }
            | Fact::Abandoned { .. }
            | Fact::FlowedOut { .. }
            | Fact::Warned { .. }
            | Fact::Aside { .. }
            | Fact::WaitForetold { .. }
            | Fact::Reserve { .. }
            | Fact::AgentChanged { .. }
            | Fact::SignOffReason { .. }
            | Fact::PhoneReachable { .. }
            | Fact::PhoneUnreachable { .. }
            | Fact::TrunkUp { .. }
            | Fact::TrunkDown { .. }
            | Fact::ReservationExpired { .. }
            | Fact::DrainStarted { .. }
            | Fact::Configured { .. }
            | Fact::Reloaded { .. } => panic!("not a fact of this room: {fact:?}"),
        };
        written.unwrap();
        Some(text)
    }
}

fn phone_name(directory: &Directory, phone: PhoneId) -> String {
    directory.phone(phone).id.to_string()
}

fn contact(id: ContactId) -> String {
    format!("c{}", id.0 as u32)
}

fn role_word(role: Role) -> String {
    match role {
        Role::Caller => "caller".into(),
        Role::Agent => "agent".into(),
        Role::Supervisor(mode) => format!("supervisor-{}", mode.word()),
    }
}

/// The codecs of a description of ours, and its direction when it is not both ways.
fn described(sdp: Option<&Sdp>) -> String {
    let Some(sdp) = sdp else { return String::new() };
    let offer = sdp::Offer::parse(&sdp.0).expect("we write what we can read");
    let text = String::from_utf8_lossy(&sdp.0);
    let codecs: Vec<_> = offer.encodings().map(|e| e.name()).collect();
    let direction = ["sendonly", "recvonly", "inactive"].into_iter().find(|d| text.contains(&format!("a={d}")));
    format!(" ({}{})", codecs.join("/"), direction.map_or(String::new(), |d| format!(" {d}")))
}
