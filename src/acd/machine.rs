use crate::board::Board;
use crate::calendar::Calendars;
use crate::contacts::Contacts;
use crate::input::{Input, Output, Seating};
use crate::lines::Lines;
use crate::message::{AcdMessage, ToAgent, ToContact, ToQueue};
use crate::reserve::Helps;
use crate::staff::Staff;
use base::{Instant, Now, TimerWheel};
use model::{AgentId, Directory, Fact, QueueEvent, QueueId, ShardId};
use std::collections::VecDeque;
use std::sync::Arc;

/// The distributor of one shard: home of some queues, some agents and of the contacts that live here.
///
/// The three parts speak in [`AcdMessage`]s even when they are on one shard, so that one shard and many run the same
/// code: `contacts` (what the call room sees), `lines` (waiting and ready orders, the matching), `staff` (agents).
#[derive(Debug)]
pub struct Acd {
    pub(crate) seating: Seating,
    pub(crate) board: Arc<Board>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) calendars: Calendars,
    pub(crate) timers: TimerWheel<Timer>,
    pub(crate) contacts: Contacts,
    pub(crate) lines: Lines,
    pub(crate) staff: Staff,
    pub(crate) draining: bool,
    /// Offers are made without what they were decided by.
    pub(crate) unrecorded: bool,
    /// Which agents may join which queues.
    pub(crate) helps: Helps,
    /// Queues whose reserves are looked at when the input is done.
    pub(crate) watched: Vec<QueueId>,
    out: VecDeque<Output>,
    /// Messages to ourselves, handled before the input is done.
    local: VecDeque<AcdMessage>,
    /// Messages about queues of a directory that other shards have already and we have not. They wait for our reload.
    early: Vec<AcdMessage>,
}

/// Everything that can run out here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Timer {
    /// The agent's open offer: the lease, then the time to settle.
    Offer(AgentId),
    /// He comes back by himself after a missed offer.
    Comeback(AgentId),
    /// His failing or busy phone is tried again.
    DeviceRetry(AgentId),
    WrapUp(AgentId),
    /// His nailed-up leg is called again.
    Line(AgentId),
    MaxWait(u32),
    Announce(u32),
    /// A contact looks for an agent again: a refusal is forgotten, or the call side did not withdraw it.
    Ask(u32),
    /// A step of the queue's demands is over.
    Step(u32),
    /// A contact was kept for an agent long enough.
    Keep(u32),
    /// One more phone rings.
    RingMore(u32),
    /// Who waits in the queue is measured by its rules again.
    Review(QueueId),
    /// A queue's reserves are looked at.
    Figures(QueueId),
    /// Callbacks that stand aside may be made again, or others may not any more.
    Aside,
}

impl Acd {
    /// Agents with a default phone are signed on as configured; the facts of that come out at once.
    pub fn new(now: Now, directory: Arc<Directory>, board: Arc<Board>, seating: Seating) -> Self {
        assert!(board.fits(&directory), "the board is made for the first directory and holds every one it fits");
        let mut acd = Acd {
            seating,
            calendars: Calendars::new(&directory),
            timers: TimerWheel::new(now.mono),
            contacts: Contacts::new(board.slots_of(seating.shard)),
            lines: Lines::new(&board, &directory, seating),
            staff: Staff::default(),
            draining: false,
            unrecorded: false,
            helps: Helps::new(&directory),
            watched: Vec::new(),
            out: VecDeque::new(),
            local: VecDeque::new(),
            early: Vec::new(),
            board,
            directory,
        };
        acd.show_fixed_phones();
        acd.employ(now);
        acd.run(now);
        acd
    }

    /// For the bench that asks what keeping decisions costs: from now on offers are made without them.
    #[doc(hidden)]
    pub fn keep_no_decisions(&mut self) {
        self.unrecorded = true;
    }

    pub fn handle_input(&mut self, now: Now, input: Input) {
        match input {
            Input::Call(command) => self.on_call(now, command),
            Input::People { ticket, agent, action, by } => {
                let from = self.seating.shard;
                self.send(self.agent_home(agent), ToAgent::People { ticket, from, agent, action, by });
            }
            Input::Queue { ticket, queue, action, by } => {
                if let Err(error) = self.may_force(queue, action) {
                    self.out.push_back(Output::Reply { ticket, result: Err(error) });
                } else {
                    let from = self.seating.shard;
                    self.send(self.queue_home(queue), ToQueue::Force { ticket, from, queue, action, by });
                }
            }
            Input::Shut(queue) => {
                if self.queue_home(queue) == self.seating.shard && queue.index() < self.directory.queues.len() {
                    self.board.shut_queue(queue, true);
                    self.close_down(now, queue);
                }
            }
            Input::Device { phone, reachable } => {
                if let Some(agent) = self.board.set_reachable(phone, reachable) {
                    self.send(self.agent_home(agent), ToAgent::Device { agent, phone });
                }
            }
            Input::Shard(message) => self.local.push_back(message),
            Input::Reload(directory) => {
                self.reload(now, directory);
                self.local.extend(self.early.drain(..));
            }
            Input::Drain => self.drain(now),
            Input::ClockJump => {
                self.calendars.forget();
                self.look_at_callbacks(now);
            }
        }
        self.run(now);
    }

    pub fn handle_timeout(&mut self, now: Now) {
        while let Some(timer) = self.timers.pop_due(now.mono) {
            match timer {
                Timer::Offer(agent) => self.offer_timer(now, agent),
                Timer::Comeback(agent) => self.come_back(now, agent),
                Timer::DeviceRetry(agent) => self.device_retry(now, agent),
                Timer::WrapUp(agent) => self.wrap_up_ran_out(now, agent),
                Timer::Line(agent) => self.line_due(now, agent),
                Timer::MaxWait(slot) => self.max_wait_over(now, slot),
                Timer::Announce(slot) => self.announce(now, slot),
                Timer::Ask(slot) => self.ask_again(now, slot),
                Timer::Step(slot) => self.step_over(now, slot),
                Timer::Keep(slot) => self.keep_over(now, slot),
                Timer::RingMore(slot) => self.ring_more(now, slot),
                Timer::Review(queue) => self.review_due(now, queue),
                Timer::Aside => self.look_is_due(now),
                Timer::Figures(queue) => self.look_again_at_figures(queue),
            }
            self.run(now);
        }
    }

    pub fn poll_output(&mut self) -> Option<Output> {
        if self.out.is_empty() {
            // From the front of its memory again, which is in the cache: a ring would walk through all of it.
            self.out.clear();
        }
        self.out.pop_front()
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next_deadline()
    }

    pub fn board(&self) -> &Arc<Board> {
        &self.board
    }

    pub fn seating(&self) -> Seating {
        self.seating
    }

    pub fn queue_home(&self, queue: QueueId) -> ShardId {
        self.seating.home_of(queue.0)
    }

    pub fn agent_home(&self, agent: AgentId) -> ShardId {
        self.seating.home_of(agent.0)
    }

    /// Handles what the parts say to each other until nothing is left. Ends: every message is an answer to one that
    /// came in, and none of them answers itself.
    fn run(&mut self, now: Now) {
        self.deliver(now);
        while let Some(queue) = self.watched.pop() {
            self.look_at_figures(now, queue);
            self.deliver(now);
        }
    }

    fn deliver(&mut self, now: Now) {
        while let Some(next) = self.local.front() {
            let is_early = next.queue().is_some_and(|queue| queue.index() >= self.directory.queues.len());
            match self.local.pop_front() {
                None => {}
                Some(message) if is_early => self.early.push(message),
                Some(AcdMessage::ToQueue(message)) => self.on_queue_message(now, message),
                Some(AcdMessage::ToContact(message)) => self.on_contact_message(now, message),
                Some(AcdMessage::ToAgent(message)) => self.on_agent_message(now, message),
            }
        }
        // As with the outputs: the next message lies where the first one did.
        self.local.clear();
    }

    pub(crate) fn send(&mut self, to: ShardId, message: impl Into<AcdMessage>) {
        let message = message.into();
        if to == self.seating.shard {
            self.local.push_back(message);
        } else {
            self.out.push_back(Output::Send { to, message });
        }
    }

    pub(crate) fn fact(&mut self, fact: Fact) {
        self.out.push_back(Output::Fact(fact));
    }

    pub(crate) fn tell(&mut self, event: QueueEvent) {
        self.out.push_back(Output::Call(event));
    }

    pub(crate) fn say(&mut self, output: Output) {
        self.out.push_back(output);
    }
}

impl From<ToQueue> for AcdMessage {
    fn from(message: ToQueue) -> Self {
        AcdMessage::ToQueue(message)
    }
}

impl From<ToContact> for AcdMessage {
    fn from(message: ToContact) -> Self {
        AcdMessage::ToContact(message)
    }
}

impl From<ToAgent> for AcdMessage {
    fn from(message: ToAgent) -> Self {
        AcdMessage::ToAgent(message)
    }
}

#[cfg(all(test, not(loom)))]
impl Acd {
    /// Nothing is kept of contacts and offers that are over.
    pub(crate) fn assert_empty(&mut self) {
        assert!(self.contacts.is_empty(), "contacts left: {:?}", self.contacts);
        assert!(self.lines.is_empty(), "entries left: {:?}", self.lines.entries);
        for agent in &self.staff.agents {
            assert!(agent.is_free() && agent.phone.is_none(), "an agent is kept: {agent:?}");
        }
    }
}
