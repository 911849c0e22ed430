use base::Key;
use model::{Role, SupervisorMode};

/// A role somebody hears. A silent listener has none, so nothing that takes a `Voice` can carry his sound.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Voice {
    Caller,
    Agent,
    /// A supervisor who prompts the agent.
    Whisper,
    /// A supervisor who takes part.
    Barge,
}

impl Voice {
    /// The voice of a role; the one place where a role becomes something that can be heard.
    pub const fn of(role: Role) -> Option<Voice> {
        match role {
            Role::Caller => Some(Voice::Caller),
            Role::Agent => Some(Voice::Agent),
            Role::Supervisor(SupervisorMode::Whisper) => Some(Voice::Whisper),
            Role::Supervisor(SupervisorMode::Barge) => Some(Voice::Barge),
            Role::Supervisor(SupervisorMode::Listen) => None,
        }
    }

    /// Which channel of a recording a voice belongs to; a whisper is not part of the conversation.
    pub(crate) const fn side(self) -> Option<Side> {
        match self {
            Voice::Caller => Some(Side::Left),
            Voice::Agent | Voice::Barge => Some(Side::Right),
            Voice::Whisper => None,
        }
    }
}

/// A recording's channel: caller left, house right.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    Left,
    Right,
}

/// Who hears whom, other than himself.
pub const fn hears(listener: Role, voice: Voice) -> bool {
    match (listener, voice) {
        (_, Voice::Caller | Voice::Agent | Voice::Barge) | (Role::Agent, Voice::Whisper) => true,
        (Role::Caller | Role::Supervisor(_), Voice::Whisper) => false,
    }
}

/// A member of a conversation as the graph sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    pub(crate) leg: Key,
    pub(crate) role: Role,
}

/// A leg somebody may hear. Only [`sources`] makes one, and only from a role with a [`Voice`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Source {
    leg: Key,
}

impl Source {
    pub(crate) fn leg(self) -> Key {
        self.leg
    }
}

/// Everybody `listener` hears among `members`.
pub(crate) fn sources(listener: Member, members: &[Member]) -> impl Iterator<Item = Source> + '_ {
    members.iter().filter(move |m| m.leg != listener.leg).filter_map(move |m| {
        let voice = Voice::of(m.role)?;
        hears(listener.role, voice).then_some(Source { leg: m.leg })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use SupervisorMode::{Barge, Listen, Whisper};

    const ROLES: [Role; 5] =
        [Role::Caller, Role::Agent, Role::Supervisor(Listen), Role::Supervisor(Whisper), Role::Supervisor(Barge)];

    fn member(index: usize, role: Role) -> Member {
        Member { leg: Key::new(index as u32, 0), role }
    }

    #[test]
    fn the_matrix_is_the_one_in_the_manual() {
        // Rows listen, columns speak, in the order of ROLES.
        let expect = [
            [true, true, false, false, true],
            [true, true, false, true, true],
            [true, true, false, false, true],
            [true, true, false, false, true],
            [true, true, false, false, true],
        ];
        for (row, listener) in expect.iter().zip(ROLES) {
            for (expect, speaker) in row.iter().zip(ROLES) {
                let heard = Voice::of(speaker).is_some_and(|voice| hears(listener, voice));
                assert_eq!(heard, *expect, "{listener:?} hears {speaker:?}");
            }
        }
    }

    /// Complaint 61: every conversation of up to four parties, in every combination of roles.
    #[test]
    fn complaint_61_a_silent_listener_is_a_source_for_nobody() {
        for parties in 1..=4u32 {
            for combination in 0..5usize.pow(parties) {
                let members: Vec<Member> =
                    (0..parties).map(|n| member(n as usize, ROLES[combination / 5usize.pow(n) % 5])).collect();
                for listener in &members {
                    for source in sources(*listener, &members) {
                        let speaker = members[source.leg().index() as usize];
                        assert_ne!(speaker.role, Role::Supervisor(Listen), "{members:?}");
                        assert_ne!(source.leg(), listener.leg, "nobody hears himself");
                        if speaker.role == Role::Supervisor(Whisper) {
                            assert_eq!(listener.role, Role::Agent, "{members:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_whisper_is_not_recorded() {
        assert_eq!(Voice::Whisper.side(), None);
        assert_eq!(Voice::Caller.side(), Some(Side::Left));
        assert_eq!((Voice::Agent.side(), Voice::Barge.side()), (Some(Side::Right), Some(Side::Right)));
    }
}
