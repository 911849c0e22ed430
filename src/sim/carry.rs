//! What the driver does in a real house: packets, mail, media commands, look-ups.

use crate::world::{HOUSE, INWARD, OUTWARD, Parcel, World};
use engine::{Input, Output};
use model::ShardId;
use sip::{Destination, ResolveError, home_of};

impl World {
    /// Hands one input to a shard; a shard that stands still gets it later.
    pub(crate) fn input(&mut self, shard: usize, input: Input<'_>) {
        assert!(self.stalled[shard] <= self.now.mono, "only packets, mail and media events wait for a stalled shard");
        if let Some(referee) = &mut self.referee {
            referee.next_input();
            if let Input::Reload(directory) = &input {
                referee.configure(self.now.mono, ShardId(shard as u8), directory);
            }
        }
        self.shards[shard].handle_input(self.now, input);
        self.carry_out();
    }

    /// What the phones want to send.
    pub(crate) fn send_from_phones(&mut self) -> bool {
        let mut any = false;
        for at in 0..self.phones.len() {
            while let Some(sent) = self.phones[at].poll_transmit() {
                any = true;
                let ways = &mut self.ways[at];
                let link = if sent.sound { &mut ways.sounds[INWARD] } else { &mut ways.signals[INWARD] };
                let parcel = Parcel { from: sent.from, to: sent.to, bytes: sent.bytes };
                self.network.send(self.now.mono, link, parcel);
            }
        }
        any
    }

    pub(crate) fn deliver(&mut self, parcel: &Parcel) {
        if parcel.to == HOUSE {
            let home = usize::from(home_of(&parcel.bytes, self.shards.len() as u8).0);
            if self.stalled[home] > self.now.mono {
                // It lies in the socket's buffer until the loop turns again.
                return self.network.postpone(self.stalled[home], parcel.clone());
            }
            if let Some(no) = self.places.get(&parcel.from.ip()) {
                self.transcript.note(self.now.mono, &self.phones[no.0].name, false, &parcel.bytes);
            }
            let datagram = sip::Input::Datagram { local: HOUSE, remote: parcel.from, bytes: &parcel.bytes };
            self.input(home, Input::Sip(datagram));
        } else if parcel.to.ip() == HOUSE.ip() {
            self.floor.handle_packet(self.now, parcel.from, parcel.to, &parcel.bytes);
            self.carry_out();
        } else if let Some(no) = self.places.get(&parcel.to.ip()) {
            self.phones[no.0].handle_datagram(self.now.mono, parcel.to, &parcel.bytes);
        }
    }

    /// One letter from a shard to another; between two shards they stay in order, among pairs chance decides.
    pub(crate) fn deliver_mail(&mut self) -> bool {
        let now = self.now.mono;
        let awake = |to: &ShardId| self.stalled[usize::from(to.0)] <= now;
        let pairs: Vec<_> =
            self.mail.iter().filter(|((_, to), box_)| awake(to) && !box_.is_empty()).map(|(k, _)| *k).collect();
        let Some(pair) = self.rng.pick(&pairs).copied() else { return false };
        let mail = self.mail.get_mut(&pair).and_then(std::collections::VecDeque::pop_front).expect("it is not empty");
        self.input(usize::from(pair.1.0), Input::Mail(mail));
        true
    }

    pub(crate) fn answer_look_up(&mut self) -> bool {
        let Some(at) = self.looked_up.iter().position(|(due, ..)| *due <= self.now.mono) else { return false };
        let (_, shard, query) = self.looked_up.swap_remove(at);
        let result = self.names.get(&*query.host).cloned().ok_or(ResolveError::NotFound);
        self.input(shard, Input::Sip(sip::Input::Resolved { query: query.id, result }));
        true
    }

    /// What the shards and the media workers want done.
    pub(crate) fn carry_out(&mut self) {
        for shard in 0..self.shards.len() {
            while let Some(output) = self.shards[shard].poll_output() {
                self.carry_out_one(shard, output);
            }
            self.transmit(shard);
        }
        for departing in self.floor.departures() {
            let Some(no) = self.places.get(&departing.to.ip()) else { continue };
            let link = &mut self.ways[no.0].sounds[OUTWARD];
            let parcel = Parcel { from: departing.from, to: departing.to, bytes: departing.octets };
            self.network.send(self.now.mono, link, parcel);
        }
    }

    fn carry_out_one(&mut self, shard: usize, output: Output) {
        match output {
            Output::Leg(command) => unreachable!("the legs are SIP: {command:?}"),
            Output::Media { worker, command } => {
                self.floor.handle_command(self.now, ShardId(shard as u8), worker, command);
            }
            Output::Mail { to, mail } => {
                self.mail.entry((ShardId(shard as u8), to)).or_default().push_back(mail);
            }
            Output::Fact(fact) => {
                self.check_offer(&fact.fact);
                if let Some(referee) = &mut self.referee {
                    referee.handle_fact(fact.at.mono, &fact.fact);
                }
                self.books.handle_fact(fact);
            }
            // The world has no streams yet: the far side refuses the connection.
            Output::Connect { connection, .. } => {
                self.shards[shard].handle_input(self.now, Input::Sip(sip::Input::StreamClosed { connection }));
            }
            Output::Close { .. } => {}
            Output::Resolve(query) => self.looked_up.push((self.now.mono + self.names_take, shard, query)),
            Output::Answer { ticket, answer } => self.replies.push((ticket, answer)),
            Output::Note(note) => self.notes.push(note),
        }
    }

    fn transmit(&mut self, shard: usize) {
        let mut bytes = Vec::new();
        while let Some(destination) = self.shards[shard].poll_transmit(&mut bytes) {
            let Destination::Datagram { local, remote } = destination else { continue };
            let Some(no) = self.places.get(&remote.ip()) else { continue };
            if !bytes.trim_ascii().is_empty() {
                self.transcript.note(self.now.mono, &self.phones[no.0].name, true, &bytes);
            }
            let link = &mut self.ways[no.0].signals[OUTWARD];
            let parcel = Parcel { from: local, to: remote, bytes: bytes.clone() };
            self.network.send(self.now.mono, link, parcel);
        }
    }
}
