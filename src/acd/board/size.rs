use crate::limits::{BOARD_GROWTH, BOARD_MIN};
use model::Directory;

/// How many words a board has; fixed for the life of the process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BoardSize {
    pub shards: u8,
    pub agents: usize,
    pub phones: usize,
    pub queues: usize,
    pub contacts_per_shard: usize,
}

impl BoardSize {
    /// Room for four times what is configured, so that reloads can add people and queues.
    pub fn of(directory: &Directory) -> Self {
        let roomy = |n: usize| (n * BOARD_GROWTH).max(BOARD_MIN);
        BoardSize {
            shards: directory.limits.shards.max(1),
            agents: roomy(directory.agents.len()),
            phones: roomy(directory.phones.len()),
            queues: roomy(directory.queues.len()),
            // Every call may wait at once, on one shard.
            contacts_per_shard: roomy(directory.limits.max_calls as usize),
        }
    }

    pub fn fits(&self, directory: &Directory) -> bool {
        directory.agents.len() <= self.agents
            && directory.phones.len() <= self.phones
            && directory.queues.len() <= self.queues
            && directory.limits.max_calls as usize <= self.contacts_per_shard
    }
}
