use crate::digits::DigitSource;
use crate::hear::{Hearing, Then};
use base::{Instant, Now, TimerId};
use core::time::Duration;
use model::{AgentId, ContactId, Identity, MediaPort, Party, PlayId, QueueId, Role, Sdp, Source};

/// One leg, as far as the call cares.
#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) contact: ContactId,
    /// The conversation its sound is in: another contact's while it listens there.
    pub(crate) group: ContactId,
    pub(crate) party: Party,
    /// Who is at its far end, for those who are called on its behalf.
    pub(crate) identity: Identity,
    pub(crate) role: Role,
    pub(crate) state: LegState,
    pub(crate) media: Option<LegMedia>,
    pub(crate) hearing: Hearing,
    /// A prompt over the talk is playing; what follows it.
    pub(crate) overlay: Option<Then>,
    /// What the media worker was told last to play; the end of anything before it means nothing.
    pub(crate) play: PlayId,
    /// Ends a prompt whose end is never reported.
    pub(crate) prompt_timer: Option<TimerId>,
    /// The agent's talk, while he is in the conversation.
    pub(crate) talk: Option<Talk>,
    /// The peer put us on hold.
    pub(crate) holding: bool,
    /// The distributor knows the agent to be in this contact.
    pub(crate) engaged: Option<Engaged>,
    pub(crate) digits_from: Option<DigitSource>,
    pub(crate) since: Now,
}

/// What is known of the far end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LegState {
    /// Inward, nothing said but 100.
    Arrived,
    /// Inward, 180 or 183 sent.
    Early,
    /// Outward, no sign yet.
    Dialling,
    /// Outward, 180 or 183 came.
    Ringing,
    Up,
}

/// The media side of a leg: its port and what was agreed about it.
#[derive(Debug)]
pub(crate) struct LegMedia {
    pub(crate) port: MediaPort,
    pub(crate) session: sdp::Session,
    /// Our answer to the offer in the INVITE; the 200 repeats what a 183 said.
    pub(crate) answer: Option<Sdp>,
    /// The media worker knows the leg.
    pub(crate) open: bool,
    /// It also knows what was agreed.
    pub(crate) described: bool,
    pub(crate) route: MediaRoute,
}

/// Where the peer stands, for the address it is shown and the sources it may send from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct MediaRoute {
    /// A carrier of which we know the name and no address.
    pub(crate) named: bool,
    /// Where its signalling comes from, when known.
    pub(crate) peer: Option<core::net::IpAddr>,
    /// A registered phone may stand behind a NAT.
    pub(crate) registered: bool,
}

impl MediaRoute {
    /// From one port of ours to another: no address is translated on the way.
    pub(crate) const INSIDE: MediaRoute = MediaRoute { named: false, peer: None, registered: false };
}

/// What the distributor was told, to be taken back with the same words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Engaged {
    pub(crate) agent: AgentId,
    pub(crate) contact: ContactId,
    pub(crate) queue: Option<QueueId>,
}

/// One agent's part in a conversation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Talk {
    pub(crate) agent: AgentId,
    pub(crate) since: Instant,
    pub(crate) held: Duration,
    pub(crate) held_since: Option<Instant>,
}

impl Leg {
    pub(crate) fn new(
        contact: ContactId,
        party: Party,
        identity: Identity,
        role: Role,
        state: LegState,
        now: Now,
    ) -> Self {
        Leg {
            contact,
            group: contact,
            party,
            identity,
            role,
            state,
            media: None,
            hearing: Hearing::Nothing,
            overlay: None,
            play: PlayId::default(),
            prompt_timer: None,
            talk: None,
            holding: false,
            engaged: None,
            digits_from: None,
            since: now,
        }
    }

    /// Its media can be heard: described from both sides and known to the worker.
    pub(crate) fn is_audible(&self) -> bool {
        self.media.as_ref().is_some_and(|m| m.described)
    }

    /// It is answered and nothing of its media is still to be agreed.
    pub(crate) fn is_ready(&self) -> bool {
        self.state == LegState::Up && self.media.as_ref().is_none_or(|m| m.session.agreed().is_some())
    }

    pub(crate) fn agent(&self) -> Option<AgentId> {
        match self.party {
            Party::Agent(agent) | Party::Supervisor(agent) => Some(agent),
            Party::Caller | Party::Outside(_) | Party::Phone(_) => None,
        }
    }
}

impl Talk {
    pub(crate) fn hold(&mut self, now: Instant) {
        self.held_since.get_or_insert(now);
    }

    pub(crate) fn retrieve(&mut self, now: Instant) {
        if let Some(since) = self.held_since.take() {
            self.held += now - since;
        }
    }

    /// `(talked, held)`: the time in conversation, hold excluded, and the hold.
    pub(crate) fn times(mut self, now: Instant) -> (Duration, Duration) {
        self.retrieve(now);
        ((now - self.since).saturating_sub(self.held), self.held)
    }
}

/// The party a new inward leg is.
pub(crate) fn inward_party(source: Source, agent: Option<AgentId>) -> Party {
    match (source, agent) {
        (Source::Trunk(_), _) => Party::Caller,
        (Source::Phone(_), Some(agent)) => Party::Agent(agent),
        (Source::Phone(phone), None) => Party::Phone(phone),
    }
}
