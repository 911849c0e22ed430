use crate::{AgentAction, CommandError, NotReadyReason};

/// Why an agent is not ready or goes home, as the house calls it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reason {
    /// What is dialled behind the code, from 1.
    pub code: u8,
    pub name: Box<str>,
}

/// The reasons there are, and when one must be given.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reasons {
    /// Sorted by code; empty: every digit is one, without a name.
    pub all: Vec<Reason>,
    pub for_not_ready: bool,
    pub for_sign_off: bool,
}

impl Reasons {
    pub fn name_of(&self, code: u8) -> Option<&str> {
        let at = self.all.binary_search_by_key(&code, |reason| reason.code).ok()?;
        Some(&self.all[at].name)
    }

    pub fn named(&self, name: &str) -> Option<u8> {
        self.all.iter().find(|reason| &*reason.name == name).map(|reason| reason.code)
    }

    /// The word used in records, facts and reports: the name of the house, or the system's.
    pub fn word(&self, reason: NotReadyReason) -> String {
        match reason {
            NotReadyReason::Code(code) => self.name_of(code).map_or_else(|| reason.word(), str::to_owned),
            NotReadyReason::SignedOn
            | NotReadyReason::ServerStart
            | NotReadyReason::Missed
            | NotReadyReason::DeviceUnreachable
            | NotReadyReason::DeviceFailed
            | NotReadyReason::DeviceBusy
            | NotReadyReason::WrapUpOver
            | NotReadyReason::LineDown
            | NotReadyReason::ShortBreak
            | NotReadyReason::Forced => reason.word(),
        }
    }

    /// The reason whose word this is.
    pub fn of_word(&self, word: &str) -> Option<NotReadyReason> {
        NotReadyReason::of_word(word).or_else(|| self.named(word).map(NotReadyReason::Code))
    }

    /// Whether an agent may ask for this with the reason he gave.
    pub fn check(&self, action: AgentAction) -> Result<(), CommandError> {
        let (code, needed) = match action {
            AgentAction::NotReady { code } => (code, self.for_not_ready),
            AgentAction::SignOff { code } => (code, self.for_sign_off),
            AgentAction::SignOn { .. } | AgentAction::Ready | AgentAction::Extend { .. } => return Ok(()),
        };
        match code {
            0 if needed => Err(CommandError::ReasonMissing),
            0 => Ok(()),
            code if self.all.is_empty() || self.name_of(code).is_some() => Ok(()),
            _ => Err(CommandError::NoSuchReason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_asked_for_only_where_it_must_be_given_and_only_by_its_codes() {
        let mut reasons = Reasons::default();
        let (not_ready, sign_off) = (|code| AgentAction::NotReady { code }, |code| AgentAction::SignOff { code });
        assert_eq!((reasons.check(not_ready(0)), reasons.check(not_ready(7))), (Ok(()), Ok(())));
        reasons.all = vec![Reason { code: 1, name: "break".into() }, Reason { code: 4, name: "training".into() }];
        reasons.for_not_ready = true;
        assert_eq!(reasons.check(not_ready(0)), Err(CommandError::ReasonMissing));
        assert_eq!(reasons.check(not_ready(7)), Err(CommandError::NoSuchReason));
        assert_eq!(reasons.check(not_ready(4)), Ok(()));
        assert_eq!((reasons.check(sign_off(0)), reasons.check(sign_off(9))), (Ok(()), Err(CommandError::NoSuchReason)));
    }

    #[test]
    fn a_named_code_is_told_by_its_name_and_the_systems_reasons_keep_theirs() {
        let all = vec![Reason { code: 1, name: "break".into() }];
        let reasons = Reasons { all, ..Reasons::default() };
        let words = [NotReadyReason::Code(1), NotReadyReason::Code(2), NotReadyReason::Missed].map(|r| reasons.word(r));
        assert_eq!(words, ["break", "code-2", "missed"]);
        assert_eq!((reasons.named("break"), reasons.named("code-2")), (Some(1), None));
    }
}
