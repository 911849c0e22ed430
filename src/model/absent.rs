use crate::{AgentState, NotReadyReason, Target};

/// What to do when nobody can serve.
#[derive(Clone, PartialEq, Debug)]
pub struct EmptyRule {
    /// Who does not count as there for a contact that comes.
    pub join: Absent,
    /// Who does not for one that waits already.
    pub leave: Absent,
    /// `None`: wait all the same.
    pub to: Option<Target>,
}

impl EmptyRule {
    /// The same for who comes and who waits.
    pub const fn new(absent: Absent, to: Option<Target>) -> Self {
        EmptyRule { join: absent, leave: absent, to }
    }

    /// Ready, reserved, busy and in wrap-up are not all the same to it.
    pub const fn tells_work_apart(&self) -> bool {
        (self.join.kinds | self.leave.kinds) & Absent::AT_WORK.kinds != 0
    }
}

/// In which states an agent of the queue counts as not there; signed off he never is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Absent {
    /// A bit for each [`Kind`].
    kinds: u16,
    /// A bit for each reason of the house by itself: the codes 1 to 99.
    codes: u128,
}

#[derive(Clone, Copy)]
enum Kind {
    SignedOn,
    ServerStart,
    Code,
    Missed,
    DeviceUnreachable,
    DeviceFailed,
    DeviceBusy,
    WrapUpOver,
    LineDown,
    ShortBreak,
    Forced,
    Reserved,
    Busy,
    WrapUp,
}

const fn only(kind: Kind) -> Absent {
    Absent { kinds: 1 << kind as u16, codes: 0 }
}

impl Absent {
    /// Whoever is signed on is there, whatever he does.
    pub const SIGNED_OFF: Absent = Absent { kinds: 0, codes: 0 };
    /// Not ready, for whatever reason.
    pub const NOT_READY: Absent = Absent { kinds: (1 << Kind::Reserved as u16) - 1, codes: 0 };

    const AT_WORK: Absent = only(Kind::Reserved).and(only(Kind::Busy)).and(only(Kind::WrapUp));

    /// The words of the configuration: an agent's states, and the reasons the system gives.
    pub const WORDS: [(&str, Absent); 14] = [
        ("not-ready", Absent::NOT_READY),
        ("signed-on", only(Kind::SignedOn)),
        ("server-start", only(Kind::ServerStart)),
        ("missed", only(Kind::Missed)),
        ("device-unreachable", only(Kind::DeviceUnreachable)),
        ("device-failed", only(Kind::DeviceFailed)),
        ("device-busy", only(Kind::DeviceBusy)),
        ("wrap-up-over", only(Kind::WrapUpOver)),
        ("line-down", only(Kind::LineDown)),
        ("short-break", only(Kind::ShortBreak)),
        ("forced", only(Kind::Forced)),
        ("reserved", only(Kind::Reserved)),
        ("busy", only(Kind::Busy)),
        ("wrap-up", only(Kind::WrapUp)),
    ];

    /// Not ready for this reason of the house.
    pub const fn code(code: u8) -> Absent {
        Absent { kinds: 0, codes: if code < 128 { 1 << code } else { 0 } }
    }

    pub const fn and(self, other: Absent) -> Absent {
        Absent { kinds: self.kinds | other.kinds, codes: self.codes | other.codes }
    }

    pub const fn covers(self, state: AgentState) -> bool {
        let kind = match state {
            AgentState::SignedOff => return true,
            AgentState::Ready => return false,
            AgentState::Reserved { .. } => Kind::Reserved,
            AgentState::Busy { .. } => Kind::Busy,
            AgentState::WrapUp { .. } => Kind::WrapUp,
            AgentState::NotReady { reason } => match reason {
                NotReadyReason::SignedOn => Kind::SignedOn,
                NotReadyReason::ServerStart => Kind::ServerStart,
                NotReadyReason::Code(code) if self.codes & Absent::code(code).codes != 0 => return true,
                NotReadyReason::Code(_) => Kind::Code,
                NotReadyReason::Missed => Kind::Missed,
                NotReadyReason::DeviceUnreachable => Kind::DeviceUnreachable,
                NotReadyReason::DeviceFailed => Kind::DeviceFailed,
                NotReadyReason::DeviceBusy => Kind::DeviceBusy,
                NotReadyReason::WrapUpOver => Kind::WrapUpOver,
                NotReadyReason::LineDown => Kind::LineDown,
                NotReadyReason::ShortBreak => Kind::ShortBreak,
                NotReadyReason::Forced => Kind::Forced,
            },
        };
        self.kinds & only(kind).kinds != 0
    }

    /// The words it is written with; `name_of` knows the reasons of the house.
    pub fn words(self, name_of: impl Fn(u8) -> String) -> Vec<String> {
        let all_not_ready = self.kinds & Absent::NOT_READY.kinds == Absent::NOT_READY.kinds;
        let part = |(word, one): &&(&str, Absent)| {
            let single = *one != Absent::NOT_READY && !(all_not_ready && one.kinds & Absent::NOT_READY.kinds != 0);
            let whole = *word == "not-ready" && all_not_ready;
            whole || (single && one.kinds & self.kinds != 0)
        };
        let kinds = Absent::WORDS.iter().filter(part).map(|(word, _)| (*word).to_owned());
        kinds.chain((0..128).filter(|code| self.codes & (1 << code) != 0).map(name_of)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ContactId;

    const SEVEN: AgentState = AgentState::NotReady { reason: NotReadyReason::Code(7) };

    #[test]
    fn each_word_covers_its_state_and_no_other() {
        let contact = ContactId(1);
        let reason = |reason| AgentState::NotReady { reason };
        let states = [
            ("signed-on", reason(NotReadyReason::SignedOn)),
            ("server-start", reason(NotReadyReason::ServerStart)),
            ("missed", reason(NotReadyReason::Missed)),
            ("device-unreachable", reason(NotReadyReason::DeviceUnreachable)),
            ("device-failed", reason(NotReadyReason::DeviceFailed)),
            ("device-busy", reason(NotReadyReason::DeviceBusy)),
            ("wrap-up-over", reason(NotReadyReason::WrapUpOver)),
            ("line-down", reason(NotReadyReason::LineDown)),
            ("short-break", reason(NotReadyReason::ShortBreak)),
            ("forced", reason(NotReadyReason::Forced)),
            ("reserved", AgentState::Reserved { contact }),
            ("busy", AgentState::Busy { contact }),
            ("wrap-up", AgentState::WrapUp { contact }),
        ];
        for (word, absent) in &Absent::WORDS[1..] {
            for (other, state) in states {
                assert_eq!(absent.covers(state), *word == other, "{word} of {state:?}");
            }
            assert!(absent.covers(AgentState::SignedOff) && !absent.covers(AgentState::Ready));
            assert_eq!(absent.words(|code| code.to_string()), [*word]);
        }
        for (word, absent) in &Absent::WORDS {
            let apart = EmptyRule::new(*absent, None).tells_work_apart();
            assert_eq!(apart, ["reserved", "busy", "wrap-up"].contains(word), "{word}");
        }
        for (_, state) in states {
            assert_eq!(Absent::NOT_READY.covers(state), matches!(state, AgentState::NotReady { .. }), "{state:?}");
        }
        assert!(Absent::NOT_READY.covers(SEVEN));
    }

    #[test]
    fn a_reason_of_the_house_stands_for_itself() {
        let lunch = Absent::code(7);
        assert!(lunch.covers(SEVEN) && !lunch.covers(AgentState::NotReady { reason: NotReadyReason::Code(8) }));
        assert_eq!(lunch.and(only(Kind::WrapUp)).words(|code| format!("code-{code}")), ["wrap-up", "code-7"]);
        assert_eq!(Absent::NOT_READY.words(|code| format!("code-{code}")), ["not-ready"]);
    }
}
