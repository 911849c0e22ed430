//! The only place where one machine's output becomes another's input. Every match is exhaustive: a new variant stops
//! the compiler exactly here.

use crate::input::{Answer, Mail, Output, Ticket};
use crate::limits::DRAIN_ROUNDS;
use crate::shard::{Asker, Shard};
use base::Now;
use model::{Command, Fact, LegEvent, ShardId, Source};

impl Shard {
    /// Carries outputs to where they belong until all machines are quiet.
    pub(crate) fn drain(&mut self, now: Now) {
        for _ in 0..DRAIN_ROUNDS {
            // The distributor first: what follows from a command of a call, such as that a caller has abandoned his
            // queue, is said before the call says that the contact is over.
            if let Some(output) = self.acd.poll_output() {
                self.acd_says(now, output);
            } else if let Some(output) = self.call.poll_output() {
                self.call_says(now, output);
            } else if let Some(output) = self.legs.poll_output() {
                self.sip_says(now, output);
            } else {
                return;
            }
        }
        panic!("two machines answer each other without end: a bug that must stop here instead of freezing every call");
    }

    fn sip_says(&mut self, now: Now, output: sip::Output) {
        match output {
            sip::Output::Leg(event) => {
                let event = self.seated(event);
                self.call.handle_input(now, call::Input::Leg(event));
            }
            sip::Output::Device { phone, reachable } => {
                self.acd.handle_input(now, acd::Input::Device { phone, reachable });
            }
            sip::Output::Fact(fact) => {
                self.tell_trunk(now, &fact);
                self.fact(now, fact);
            }
            sip::Output::Location(update) => {
                self.tell_place(now, &update);
                self.tell_others(&Mail::Location(update));
            }
            sip::Output::Connect { connection, remote } => {
                self.outputs.push_back(Output::Connect { connection, remote });
            }
            sip::Output::Close { connection } => self.outputs.push_back(Output::Close { connection }),
            sip::Output::Resolve(query) => self.outputs.push_back(Output::Resolve(query)),
            sip::Output::Note(note) => self.outputs.push_back(Output::Note(note)),
        }
    }

    fn call_says(&mut self, now: Now, output: call::Output) {
        match output {
            call::Output::Leg(command) => {
                let outward = self.legs.command(now, command);
                self.outputs.extend(outward.map(Output::Leg));
            }
            call::Output::Nailed { agent, command } => {
                let home = self.acd.agent_home(agent);
                if home == self.id {
                    self.call.handle_input(now, call::Input::Nailed { agent, command });
                } else {
                    self.outputs.push_back(Output::Mail { to: home, mail: Mail::Nailed { agent, command } });
                }
            }
            call::Output::Inner(event) => {
                let home = event.leg().home();
                if home == self.id {
                    self.call.handle_input(now, call::Input::Leg(event));
                } else {
                    self.outputs.push_back(Output::Mail { to: home, mail: Mail::Inner(event) });
                }
            }
            call::Output::Media { worker, command } => self.outputs.push_back(Output::Media { worker, command }),
            call::Output::Queue(command) => self.acd.handle_input(now, acd::Input::Call(command)),
            call::Output::People { ticket, command } => self.feature_code(now, ticket, command),
            call::Output::Reply { ticket, result } => self.reply(now, ticket.0, result),
            call::Output::Fact(fact) => self.fact(now, fact),
            call::Output::News(news) => self.tell_others(&Mail::News(news)),
        }
    }

    fn acd_says(&mut self, now: Now, output: acd::Output) {
        match output {
            acd::Output::Call(event) => self.call.handle_input(now, call::Input::Queue(event)),
            acd::Output::Send { to, message } => self.outputs.push_back(Output::Mail { to, mail: Mail::Acd(message) }),
            acd::Output::Fact(fact) => self.fact(now, fact),
            acd::Output::Reply { ticket, result } => self.reply(now, ticket.0, result),
        }
    }

    /// A call from a phone gets the name of who sits at it.
    pub(crate) fn seated(&self, event: LegEvent) -> LegEvent {
        match event {
            LegEvent::Incoming(mut incoming) => {
                if let Source::Phone(phone) = incoming.source {
                    incoming.agent = self.board.phone_agent(phone);
                }
                LegEvent::Incoming(incoming)
            }
            LegEvent::Ringing { .. }
            | LegEvent::Answered { .. }
            | LegEvent::Confirmed { .. }
            | LegEvent::Refused { .. }
            | LegEvent::Ended { .. }
            | LegEvent::Offered { .. }
            | LegEvent::OfferAnswered { .. }
            | LegEvent::OfferRefused { .. }
            | LegEvent::Digit { .. }
            | LegEvent::Held { .. }
            | LegEvent::Refer { .. } => event,
        }
    }

    fn feature_code(&mut self, now: Now, ticket: call::Ticket, command: Command) {
        match command {
            Command::Agent { agent, action, by } => {
                let ticket = acd::Ticket(self.take_ticket(Asker::Call(ticket)));
                self.acd.handle_input(now, acd::Input::People { ticket, agent, action, by });
            }
            Command::Queue { queue, action, by } => {
                let ticket = acd::Ticket(self.take_ticket(Asker::Call(ticket)));
                self.acd.handle_input(now, acd::Input::Queue { ticket, queue, action, by });
            }
            Command::HangUp { contact, by } => {
                let ticket = call::Ticket(self.take_ticket(Asker::Call(ticket)));
                self.call.handle_input(now, call::Input::HangUp { ticket, contact, by });
            }
        }
    }

    fn reply(&mut self, now: Now, ticket: u64, result: Result<(), model::CommandError>) {
        match self.asked.remove(&ticket) {
            Some(Asker::Person(ticket)) => self.answer(ticket, Answer::Done(result)),
            Some(Asker::Call(ticket)) => self.call.handle_input(now, call::Input::Done { ticket, result }),
            None => {}
        }
    }

    fn answer(&mut self, ticket: Ticket, answer: Answer) {
        self.outputs.push_back(Output::Answer { ticket, answer });
    }

    /// What a phone is rung with depends on where it is.
    pub(crate) fn tell_place(&mut self, now: Now, update: &sip::LocationUpdate) {
        if let Some(binding) = update.bindings.first() {
            let (phone, address) = (update.phone, binding.at.remote().ip());
            self.call.handle_input(now, call::Input::PhoneAt { phone, address });
        }
    }

    /// The shard that probes the trunks tells every call room, its own included.
    fn tell_trunk(&mut self, now: Now, fact: &Fact) {
        match *fact {
            Fact::TrunkUp { trunk } => {
                self.call.handle_input(now, call::Input::TrunkUp(trunk));
                self.tell_others(&Mail::TrunkUp(trunk));
            }
            Fact::TrunkDown { trunk } => {
                self.call.handle_input(now, call::Input::TrunkDown(trunk));
                self.tell_others(&Mail::TrunkDown(trunk));
            }
            _ => {}
        }
    }

    fn tell_others(&mut self, mail: &Mail) {
        for other in (0..self.shards).map(ShardId).filter(|other| *other != self.id) {
            self.outputs.push_back(Output::Mail { to: other, mail: mail.clone() });
        }
    }
}
