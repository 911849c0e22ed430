//! The board's words about phones: who sits at which, and whether it can be reached.

use super::Board;
use crate::sync::{AtomicU64, Ordering, fence};
use model::{AgentId, PhoneId};

#[derive(Debug)]
pub(super) struct PhoneWords {
    /// The agent signed on plus one, 0 when none.
    pub(super) agent: AtomicU64,
    pub(super) reachable: AtomicU64,
}

impl PhoneWords {
    pub(super) fn new() -> Self {
        PhoneWords { agent: AtomicU64::new(0), reachable: AtomicU64::new(0) }
    }
}

/// Readable by every shard and every display, without a lock.
impl Board {
    /// Who is signed on at this phone.
    pub fn phone_agent(&self, phone: PhoneId) -> Option<AgentId> {
        let agent = self.phones.get(phone.index())?.agent.load(Ordering::Acquire);
        agent.checked_sub(1).map(|a| AgentId(a as u32))
    }

    pub fn phone_reachable(&self, phone: PhoneId) -> bool {
        self.phones.get(phone.index()).is_some_and(|w| w.reachable.load(Ordering::Acquire) != 0)
    }
}

/// Written by agents' homes, and by the shard that is told of a phone.
impl Board {
    /// One agent a phone: the first wins. The fence comes before the caller's look at [`Self::phone_reachable`].
    pub(crate) fn sit_down(&self, phone: PhoneId, agent: AgentId) -> bool {
        let Some(words) = self.phones.get(phone.index()) else { return false };
        let mine = u64::from(agent.0) + 1;
        let took = words.agent.compare_exchange(0, mine, Ordering::AcqRel, Ordering::Acquire);
        fence(Ordering::SeqCst);
        took.is_ok() || took == Err(mine)
    }

    pub(crate) fn stand_up(&self, phone: PhoneId, agent: AgentId) {
        if let Some(words) = self.phones.get(phone.index()) {
            let mine = u64::from(agent.0) + 1;
            // Release: who sits down next sees what we did there. Not ours: nothing to do.
            let _ = words.agent.compare_exchange(mine, 0, Ordering::AcqRel, Ordering::Relaxed);
        }
    }

    /// Writes what the signalling saw, then the fence, then looks who sits there: of a sign-on and a lost phone at
    /// least one sees the other.
    pub(crate) fn set_reachable(&self, phone: PhoneId, reachable: bool) -> Option<AgentId> {
        let words = self.phones.get(phone.index())?;
        words.reachable.store(u64::from(reachable), Ordering::Release);
        fence(Ordering::SeqCst);
        self.phone_agent(phone)
    }
}
