//! Why an offer was made to this agent and not to another: what the distributor saw when it decided.
//!
//! Everything has a fixed size, so that a decision is written down without asking for memory.

use crate::limits::HEADS_MAX;
use crate::{AgentId, ContactId, IdleClock, Strategy};

/// Part of [`crate::Fact::Offered`]. Its counts and the winner together are the queue's staff.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Decision {
    /// The rule as it stood then; a reload may have changed it since.
    pub strategy: Strategy,
    pub idle_clock: IdleClock,
    /// The step of the queue the contact had come to, counted from 0.
    pub step: u8,
    pub next: Next,
    pub excluded: Excluded,
}

/// Who would have come next: the side there was more of was chosen from (features: A1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// Agents were ready for the contact: those who come after the winner, in the strategy's order.
    Agents(Heads<AgentId>),
    /// Contacts waited for the agent: the first of each of his queues after the winner, the most pressing first,
    /// whether he could have been given it or not.
    Contacts(Heads<ContactId>),
}

/// Up to [`HEADS_MAX`] of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heads<T> {
    len: u8,
    items: [T; HEADS_MAX],
}

impl<T: Copy> Heads<T> {
    pub fn as_slice(&self) -> &[T] {
        &self.items[..usize::from(self.len)]
    }

    /// False when there is no room any more.
    pub fn push(&mut self, item: T) -> bool {
        let room = self.items.get_mut(usize::from(self.len));
        let has_room = room.is_some();
        if let Some(room) = room {
            *room = item;
            self.len += 1;
        }
        has_room
    }
}

impl<T: Copy + Default> FromIterator<T> for Heads<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut heads = Heads::default();
        for item in items.into_iter().take(HEADS_MAX) {
            heads.push(item);
        }
        heads
    }
}

impl<T: Copy + PartialEq> PartialEq for Heads<T> {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl<T: Copy + Eq> Eq for Heads<T> {}

/// Why an agent of the queue was not chosen. Adding one touches this list and whoever counts it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exclusion {
    SignedOff,
    NotReady,
    /// Reserved, busy or in wrap-up.
    Engaged,
    /// He lacks what the contact asks at this step.
    LacksSkill,
    /// He said no to this contact a moment ago, or his phone has rung for it in this round.
    Refused,
    /// The contact is kept for somebody who knows the customer.
    KeptForAnother,
    /// He could have got it, and others come first.
    Behind,
}

impl Exclusion {
    pub const ALL: [Exclusion; 7] = [
        Exclusion::SignedOff,
        Exclusion::NotReady,
        Exclusion::Engaged,
        Exclusion::LacksSkill,
        Exclusion::Refused,
        Exclusion::KeptForAnother,
        Exclusion::Behind,
    ];

    /// The word in the event log and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Exclusion::SignedOff => "signed-off",
            Exclusion::NotReady => "not-ready",
            Exclusion::Engaged => "engaged",
            Exclusion::LacksSkill => "lacks-skill",
            Exclusion::Refused => "refused",
            Exclusion::KeptForAnother => "kept-for-another",
            Exclusion::Behind => "behind",
        }
    }
}

/// How many agents of the queue each reason kept from it. Of several reasons the first in the list counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Excluded([u32; Exclusion::ALL.len()]);

impl Excluded {
    pub fn count(&self, why: Exclusion) -> u32 {
        self.0[why as usize]
    }

    pub fn add(&mut self, why: Exclusion, agents: u32) {
        self.0[why as usize] += agents;
    }

    /// Those that kept anybody from it.
    pub fn iter(&self) -> impl Iterator<Item = (Exclusion, u32)> + use<> {
        let counts = *self;
        Exclusion::ALL.into_iter().map(move |why| (why, counts.count(why))).filter(|(_, agents)| *agents > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_beyond_the_room_are_left_out() {
        let heads: Heads<AgentId> = (0..20).map(AgentId).collect();
        assert_eq!(heads.as_slice(), (0..8).map(AgentId).collect::<Vec<_>>());
        assert_eq!(Heads::<AgentId>::default().as_slice(), []);
    }

    #[test]
    fn each_reason_is_counted_on_its_own() {
        let mut excluded = Excluded::default();
        for (why, n) in Exclusion::ALL.into_iter().zip(0..) {
            excluded.add(why, n);
        }
        let told: Vec<_> = excluded.iter().collect();
        assert_eq!(told[0], (Exclusion::NotReady, 1), "nobody is not told");
        assert_eq!(told.len(), Exclusion::ALL.len() - 1);
    }
}
