use crate::letter::{Letter, LetterBox};
use acd::Board;
use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, bounded};
use engine::{Answer, Ask, CallStatus, ShardStatus, Ticket, TrunkStatus};
use model::{Command, CommandError, Directory, Fact, ShardId};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A shard answers within a turn; one that takes longer is stuck, and saying so is better than waiting.
const ANSWER_TIME: Duration = Duration::from_secs(2);

/// How other threads ask the shards and look at the floor.
#[derive(Clone, Debug)]
pub struct Line {
    boxes: Vec<LetterBox>,
    board: Arc<Board>,
    waiting: Arc<Mutex<HashMap<u64, Sender<Answer>>>>,
    next: Arc<AtomicU64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LineError {
    #[error("the signalling loop does not answer")]
    NoAnswer,
    #[error(transparent)]
    Refused(#[from] CommandError),
}

impl Line {
    pub(crate) fn new(boxes: Vec<LetterBox>, board: Arc<Board>, answers: Receiver<(Ticket, Answer)>) -> Self {
        let waiting: Arc<Mutex<HashMap<u64, Sender<Answer>>>> = Arc::default();
        let sorted = Arc::clone(&waiting);
        // Ends when the last shard is gone. Without this thread every asker would hold up the others' answers.
        let sorter = std::thread::Builder::new().name("answers".into()).spawn(move || {
            for (ticket, answer) in answers {
                let asker = sorted.lock().unwrap_or_else(PoisonError::into_inner).remove(&ticket.0);
                if let Some(asker) = asker {
                    let _gone = asker.send(answer);
                }
            }
        });
        if let Err(error) = sorter {
            tracing::error!(%error, "no thread for answers; questions to the shards will time out");
        }
        Line { boxes, board, waiting, next: Arc::new(AtomicU64::new(1)) }
    }

    /// Agents and queues are asked for at shard 0, which knows their homes; a call belongs to its own.
    pub fn command(&self, command: Command) -> Result<(), LineError> {
        let shard = match &command {
            Command::Agent { .. } | Command::Queue { .. } => ShardId(0),
            Command::HangUp { contact, .. } => contact.home(),
        };
        if usize::from(shard.0) >= self.boxes.len() {
            return Err(LineError::Refused(CommandError::NoSuchContact));
        }
        match self.ask(shard, Ask::Do(command))? {
            Answer::Done(result) => Ok(result?),
            Answer::Calls(_) | Answer::Trunks(_) | Answer::Status(_) => Err(LineError::NoAnswer),
        }
    }

    pub fn calls(&self) -> Result<Vec<CallStatus>, LineError> {
        let mut all = Vec::new();
        for answer in self.ask_all(&Ask::Calls)? {
            if let Answer::Calls(calls) = answer {
                all.extend(calls);
            }
        }
        all.sort_by_key(|call| call.since);
        Ok(all)
    }

    /// From shard 0, which registers and probes; live calls are summed over all.
    pub fn trunks(&self) -> Result<Vec<TrunkStatus>, LineError> {
        let mut all: Vec<TrunkStatus> = Vec::new();
        for answer in self.ask_all(&Ask::Trunks)? {
            let Answer::Trunks(trunks) = answer else { continue };
            for trunk in trunks {
                match all.iter_mut().find(|known| known.trunk == trunk.trunk) {
                    Some(known) => known.calls += trunk.calls,
                    None => all.push(trunk),
                }
            }
        }
        Ok(all)
    }

    pub fn shards(&self) -> Result<Vec<ShardStatus>, LineError> {
        let answers = self.ask_all(&Ask::Status)?;
        Ok(answers
            .into_iter()
            .filter_map(|a| if let Answer::Status(status) = a { Some(status) } else { None })
            .collect())
    }

    /// Queues and agents as they are now, for any thread: no shard is asked, none is held up.
    pub fn board(&self) -> &Arc<Board> {
        &self.board
    }

    pub fn reload(&self, directory: &Arc<Directory>) {
        for shard in &self.boxes {
            shard.put(Letter::Reload { directory: Arc::clone(directory) });
        }
    }

    pub fn drain(&self) {
        for shard in &self.boxes {
            shard.put(Letter::Drain);
        }
    }

    /// Keeps something that was done to the house as a whole; shard 0 gives it its time.
    pub fn tell(&self, fact: Fact) {
        self.boxes[0].put(Letter::Fact(fact));
    }

    fn ask_all(&self, ask: &Ask) -> Result<Vec<Answer>, LineError> {
        (0..self.boxes.len()).map(|shard| self.ask(ShardId(shard as u8), ask.clone())).collect()
    }

    fn ask(&self, shard: ShardId, ask: Ask) -> Result<Answer, LineError> {
        let ticket = Ticket(self.next.fetch_add(1, Ordering::Relaxed));
        let (sender, receiver) = bounded(1);
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(ticket.0, sender);
        self.boxes[usize::from(shard.0)].put(Letter::Ask { ticket, ask });
        match receiver.recv_timeout(ANSWER_TIME) {
            Ok(answer) => Ok(answer),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&ticket.0);
                Err(LineError::NoAnswer)
            }
        }
    }
}
