use crate::handover::Handovers;
use crate::input::{Answer, Ask, Config, Input, Mail, Output, Ticket};
use crate::legs::{LegPort, Seat};
use crate::status::{CallStatus, ShardStatus, TrunkStatus};
use acd::{Acd, Board, Seating};
use base::{Instant, Now};
use model::{AgentId, Command, Directory, Fact, Party, ShardId, Stamped};
use sip::{Counters, Destination};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// One signalling loop: a user agent, its calls, its part of the distributor.
pub struct Shard {
    pub(crate) id: ShardId,
    pub(crate) shards: u8,
    pub(crate) directory: Arc<Directory>,
    pub(crate) board: Arc<Board>,
    pub(crate) legs: LegPort,
    pub(crate) call: call::Machine,
    pub(crate) acd: Acd,
    pub(crate) outputs: VecDeque<Output>,
    /// Questions that wait for a machine's answer: whose they are.
    pub(crate) asked: HashMap<u64, Asker>,
    pub(crate) next_ticket: u64,
    pub(crate) handovers: Handovers,
    draining: bool,
}

/// Who waits for the answer to a command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Asker {
    /// Somebody outside.
    Person(Ticket),
    /// A feature code dialled in a call.
    Call(call::Ticket),
}

impl Shard {
    pub fn new(now: Now, config: Config) -> Self {
        let Config { directory, board, shard, shards, boot, seed, legs, workers } = config;
        let seat = Seat { directory: Arc::clone(&directory), shard, shards, boot, seed };
        let legs = LegPort::new(now, legs, seat);
        let call = call::Machine::new(
            call::Config { directory: Arc::clone(&directory), shard, shards, boot, seed: seed ^ 0xca11, workers },
            now,
        );
        let seating = Seating { shard, shards, seed: seed ^ 0xacd };
        let acd = Acd::new(now, Arc::clone(&directory), Arc::clone(&board), seating);
        let mut this = Shard {
            id: shard,
            shards,
            directory,
            board,
            legs,
            call,
            acd,
            outputs: VecDeque::new(),
            asked: HashMap::new(),
            next_ticket: 0,
            handovers: Handovers::default(),
            draining: false,
        };
        this.handovers.learn(&this.directory, shards);
        this.drain(now);
        this
    }

    pub fn handle_input(&mut self, now: Now, input: Input<'_>) {
        match input {
            Input::Sip(input) => self.signal(now, input),
            Input::Leg(event) => {
                let event = self.seated(event);
                self.call.handle_input(now, call::Input::Leg(event));
            }
            Input::Device { phone, reachable } => {
                self.acd.handle_input(now, acd::Input::Device { phone, reachable });
            }
            Input::Media(event) => self.call.handle_input(now, call::Input::Media(event)),
            Input::Mail(Mail::Acd(message)) => self.acd.handle_input(now, acd::Input::Shard(message)),
            Input::Mail(Mail::Location(update)) => {
                self.tell_place(now, &update);
                self.legs.handle_input(now, sip::Input::Location(update));
            }
            Input::Mail(Mail::Datagram { local, remote, bytes }) => {
                self.legs.handle_input(now, sip::Input::Datagram { local, remote, bytes: &bytes });
            }
            Input::Mail(Mail::StreamMessage { connection, local, remote, bytes }) => {
                self.legs.handle_input(now, sip::Input::StreamMessage { connection, local, remote, bytes: &bytes });
            }
            Input::Mail(Mail::TrunkUp(trunk)) => self.call.handle_input(now, call::Input::TrunkUp(trunk)),
            Input::Mail(Mail::TrunkDown(trunk)) => self.call.handle_input(now, call::Input::TrunkDown(trunk)),
            Input::Mail(Mail::Nailed { agent, command }) => {
                self.call.handle_input(now, call::Input::Nailed { agent, command });
            }
            Input::Mail(Mail::Inner(event)) => self.call.handle_input(now, call::Input::Leg(event)),
            Input::Mail(Mail::News(news)) => self.call.handle_input(now, call::Input::News(news)),
            Input::Memory(memory) => {
                for queue in &memory.shut {
                    self.acd.handle_input(now, acd::Input::Shut(*queue));
                }
                self.call.handle_input(now, call::Input::Memory(memory));
            }
            Input::Ask { ticket, ask } => self.ask(now, ticket, ask),
            Input::Reload(directory) => self.reload(now, directory),
            Input::Drain => self.start_drain(now),
            Input::Pressure(on) => {
                let on = on || self.draining;
                self.call.handle_input(now, call::Input::Drain { on });
            }
            Input::Shutdown => {
                self.call.handle_input(now, call::Input::Shutdown);
                self.legs.handle_input(now, sip::Input::Shutdown);
            }
            Input::ClockJump => self.acd.handle_input(now, acd::Input::ClockJump),
        }
        self.drain(now);
    }

    pub fn handle_timeout(&mut self, now: Now) {
        let due = |at: Option<Instant>| at.is_some_and(|at| at <= now.mono);
        if due(self.legs.poll_timeout()) {
            self.legs.handle_timeout(now);
            self.drain(now);
        }
        if due(self.call.poll_timeout()) {
            self.call.handle_timeout(now);
            self.drain(now);
        }
        if due(self.acd.poll_timeout()) {
            self.acd.handle_timeout(now);
            self.drain(now);
        }
    }

    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Writes the next message to send into `buffer` (emptied first).
    pub fn poll_transmit(&mut self, buffer: &mut Vec<u8>) -> Option<Destination> {
        self.legs.poll_transmit(buffer)
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.legs.poll_timeout(), self.call.poll_timeout(), self.acd.poll_timeout()].into_iter().flatten().min()
    }

    pub fn id(&self) -> ShardId {
        self.id
    }

    pub fn board(&self) -> &Arc<Board> {
        &self.board
    }

    /// What a simulation holds against its laws.
    pub fn distributor(&self) -> &Acd {
        &self.acd
    }

    pub fn counters(&self) -> &Counters {
        self.legs.counters()
    }

    pub fn status(&self) -> ShardStatus {
        ShardStatus {
            contacts: self.call.load().contacts,
            legs: self.call.load().legs,
            ports: self.call.load().ports_in_hand,
            nailed_up: self.call.load().nailed_up,
            sip: self.legs.population(),
            draining: self.draining,
        }
    }

    /// Nothing is left to end.
    pub fn is_quiet(&self) -> bool {
        let status = self.status();
        status.contacts == 0 && status.legs == 0 && status.sip.sessions == 0 && status.sip.leaving == 0
    }

    /// Our own user agent's, unless the call lives elsewhere.
    fn signal(&mut self, now: Now, input: sip::Input<'_>) {
        let mail = match &input {
            sip::Input::Datagram { local, remote, bytes } => self
                .handed_to(now.mono, bytes)
                .map(|to| (to, Mail::Datagram { local: *local, remote: *remote, bytes: (*bytes).into() })),
            sip::Input::StreamMessage { connection, local, remote, bytes } => {
                self.handed_to(now.mono, bytes).map(|to| {
                    let (connection, local, remote) = (*connection, *local, *remote);
                    (to, Mail::StreamMessage { connection, local, remote, bytes: (*bytes).into() })
                })
            }
            _ => None,
        };
        match mail {
            Some((to, mail)) => self.outputs.push_back(Output::Mail { to, mail }),
            None => self.legs.handle_input(now, input),
        }
    }

    fn ask(&mut self, now: Now, ticket: Ticket, ask: Ask) {
        let answer = match ask {
            Ask::Do(Command::Agent { agent, action, by }) => {
                let ticket = self.take_ticket(Asker::Person(ticket));
                let ticket = acd::Ticket(ticket);
                return self.acd.handle_input(now, acd::Input::People { ticket, agent, action, by });
            }
            Ask::Do(Command::Queue { queue, action, by }) => {
                let ticket = acd::Ticket(self.take_ticket(Asker::Person(ticket)));
                return self.acd.handle_input(now, acd::Input::Queue { ticket, queue, action, by });
            }
            Ask::Do(Command::HangUp { contact, by }) => {
                let ticket = call::Ticket(self.take_ticket(Asker::Person(ticket)));
                return self.call.handle_input(now, call::Input::HangUp { ticket, contact, by });
            }
            Ask::Calls => Answer::Calls(self.calls()),
            Ask::Trunks => Answer::Trunks(self.trunks()),
            Ask::Status => Answer::Status(self.status()),
        };
        self.outputs.push_back(Output::Answer { ticket, answer });
    }

    pub(crate) fn take_ticket(&mut self, asker: Asker) -> u64 {
        self.next_ticket += 1;
        self.asked.insert(self.next_ticket, asker);
        self.next_ticket
    }

    fn calls(&self) -> Vec<CallStatus> {
        self.call
            .contacts()
            .map(|contact| CallStatus {
                contact: contact.contact,
                state: contact.state,
                since: contact.since.utc,
                source: contact.source,
                caller: contact.caller,
                dialled: contact.dialled,
                queue: contact.queue,
                agents: contact.parties.iter().filter_map(|party| agent_of(party.party)).collect(),
                legs: contact.parties.len(),
            })
            .collect()
    }

    fn trunks(&self) -> Vec<TrunkStatus> {
        let status = |state: sip::TrunkState| TrunkStatus {
            trunk: state.trunk,
            up: state.up != Some(false),
            registered: self.directory.trunk(state.trunk).register.then_some(state.registered),
            calls: state.calls,
        };
        self.legs.trunk_states().map(status).collect()
    }

    fn reload(&mut self, now: Now, directory: Arc<Directory>) {
        self.directory = Arc::clone(&directory);
        self.handovers.learn(&directory, self.shards);
        self.legs.handle_input(now, sip::Input::Directory(Arc::clone(&directory)));
        self.call.handle_input(now, call::Input::Reload(Arc::clone(&directory)));
        self.acd.handle_input(now, acd::Input::Reload(directory));
    }

    fn start_drain(&mut self, now: Now) {
        self.draining = true;
        self.call.handle_input(now, call::Input::Drain { on: true });
        self.acd.handle_input(now, acd::Input::Drain);
    }

    pub(crate) fn fact(&mut self, now: Now, fact: Fact) {
        self.outputs.push_back(Output::Fact(Stamped { at: now, fact }));
    }
}

fn agent_of(party: Party) -> Option<AgentId> {
    match party {
        Party::Agent(agent) => Some(agent),
        Party::Caller | Party::Supervisor(_) | Party::Outside(_) | Party::Phone(_) => None,
    }
}
