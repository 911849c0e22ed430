//! The matching: an agent for a contact, a contact for an agent, by one rule.
//!
//! Both sides look at what is asked, at who said no a moment ago, at whom a contact is kept for and at the queue's cap on
//! talks. A contact takes the agent its queue's strategy puts first; an agent takes the contact that is most pressing
//! over all queues he serves.

use crate::ageing::ContactKey;
use crate::decision::Came;
use crate::limits::TURNS_MAX;
use crate::lines::Lines;
use crate::machine::Acd;
use crate::message::{ToAgent, ToContact};
use crate::order::Order;
use crate::serving::Service;
use crate::strategy::{self, AgentKey, Pick, Rings};
use base::{Key, Now};
use model::{AgentId, Directory, OfferId, QueueId};

impl Lines {
    /// The contact this agent should get next from this shard: the most pressing of the first ones of the queues he
    /// serves here, leaving out those he refused a moment ago.
    pub(crate) fn best_for(&self, now: Now, agent: AgentId) -> Option<Key> {
        let (mut best, mut misled): (Option<&ContactKey>, bool) = (None, false);
        for service in self.services(agent) {
            let front = self.front(service.queue);
            misled |= front.may_mislead;
            let Some((first, class)) = &front.first else { continue };
            // Of plain queues the contacts of all are in one order, and a queue whose first is behind the best
            // so far has no better one.
            if best.is_some_and(|best| best < first) {
                continue;
            }
            // The first class asks nothing, of anybody.
            if *class == 0 || self.look(service.queue).classes[*class].able.fits(service.at) {
                best = Some(first);
            } else if let Some(head) = self.head_of(service) {
                best = Some(best.map_or(head, |best| best.min(head)));
            }
        }
        if !misled {
            // Only the winner is asked whether he was refused a moment ago, and all when he was.
            let key = best?.entry;
            if !self.entries.get(key)?.refuses(now, agent) {
                return Some(key);
            }
        }
        let heads = self.services(agent).iter().filter_map(|service| {
            let key = self.head_for(now, agent, service)?;
            Some((key.pressing(self.rate(service.queue), now.mono), key.entry))
        });
        Some(heads.min()?.1)
    }

    /// The first contact of one queue whose demand he fits.
    fn head_of(&self, service: &Service) -> Option<&ContactKey> {
        let line = self.look(service.queue);
        let classes = line.classes.iter().filter(|class| !line.is_full() && class.able.fits(service.at));
        classes.filter_map(|class| class.waiting.peek()).min()
    }

    /// The first contact of one queue he may get.
    pub(crate) fn head_for(&self, now: Now, agent: AgentId, service: &Service) -> Option<ContactKey> {
        let line = self.look(service.queue);
        if line.is_full() {
            return None;
        }
        let classes = line.classes.iter().filter(|class| class.waiting.len() > 0 && class.able.fits(service.at));
        let first = classes.filter_map(|class| self.first_willing(now, agent, &class.waiting)).min();
        let own = if line.kept.len() == 0 { None } else { self.first_kept(now, agent, service) };
        [first, own].into_iter().flatten().min()
    }

    fn first_willing(&self, now: Now, agent: AgentId, waiting: &Order<ContactKey>) -> Option<ContactKey> {
        let mut head = waiting.first();
        while let Some(key) = head {
            if !self.entries.get(key.entry)?.refuses(now, agent) {
                return Some(key);
            }
            head = waiting.after(&key);
        }
        None
    }

    fn first_kept(&self, now: Now, agent: AgentId, service: &Service) -> Option<ContactKey> {
        let line = self.look(service.queue);
        let own = line.kept.iter().filter(|(keeper, _)| *keeper == agent).map(|(_, key)| key);
        own.into_iter().find(|key| {
            let entry = self.entries.get(key.entry);
            entry.is_some_and(|e| line.classes[e.class].able.fits(service.at) && !e.refuses(now, agent))
        })
    }

    /// Whom the queue's strategy asks first for this contact; `None` when nobody is ready whom it may ask.
    fn first_for(&mut self, now: Now, key: Key, lost: u32, directory: &Directory) -> Option<AgentId> {
        let queue = self.entries.get(key)?.stay.queue;
        self.rebase(now, queue, directory);
        if self.look(queue).is_full() {
            return None;
        }
        let entry = self.entries.get(key)?;
        let (class, contact, tries) = (entry.class, entry.stay.contact, entry.tries);
        if let Some(keeper) = entry.kept {
            let service = self.service(keeper, queue).filter(|_| self.ready(keeper).is_some())?;
            let fits = self.look(queue).classes[class].able.fits(service.at) && !entry.refuses(now, keeper);
            return fits.then_some(keeper);
        }
        let pick = strategy::rule(directory.queue(queue).strategy).pick;
        let drawn = strategy::draw(self.seating.seed, contact, tries, lost);
        let first = match pick {
            Pick::First => self.line(queue).first_ready(class)?,
            Pick::Drawn => self.line(queue).drawn(class, drawn)?,
        };
        let (entry, line) = (self.entries.get(key)?, self.look(queue));
        if !entry.refuses(now, first.agent) {
            return Some(first.agent);
        }
        // Those who said no a moment ago are passed over; after one who was drawn, from there on and round once.
        let mut willing = line.ready(class).filter(|key| !entry.refuses(now, key.agent));
        let next = match pick {
            Pick::First => willing.min(),
            Pick::Drawn => willing.clone().find(|key| *key > first).or_else(|| willing.next()),
        };
        next.map(|key| key.agent)
    }

    /// The next ready agent whose phone may ring too for a contact that rings already.
    pub(crate) fn next_to_ring(&mut self, now: Now, key: Key) -> Option<AgentId> {
        let entry = self.entries.get(key).filter(|e| e.round.is_some() && e.kept.is_none())?;
        let (queue, class) = (entry.stay.queue, entry.class);
        let first = self.line(queue).first_ready(class);
        let entry = self.entries.get(key)?;
        let free = |key: &AgentKey| !entry.refuses(now, key.agent) && self.may_join(entry, key.agent);
        let next = first.filter(free).or_else(|| self.look(queue).ready(class).filter(free).min());
        next.map(|key| key.agent)
    }

    /// The most pressing of the contacts that ring everywhere and may ring at this agent's phone too.
    pub(crate) fn ringing_for(&self, now: Now, agent: AgentId, directory: &Directory) -> Option<Key> {
        let rings_all = |queue| strategy::rule(directory.queue(queue).strategy).rings == Rings::All;
        let mut best = None;
        for service in self.services(agent).iter().filter(|s| rings_all(s.queue)) {
            let line = self.look(service.queue);
            let may = |key: &ContactKey| {
                self.entries.get(key.entry).is_some_and(|entry| {
                    let free = entry.kept.is_none() && !entry.refuses(now, agent) && self.may_join(entry, agent);
                    free && line.classes[entry.class].able.fits(service.at)
                })
            };
            let first = line.ringing.iter().find(may).map(|key| (key.pressing(line.rate, now.mono), key.entry));
            best = [best, first].into_iter().flatten().min();
        }
        Some(best?.1)
    }
}

impl Acd {
    /// Agent surplus: the ready agent who comes first by the queue's strategy, for the contact that comes first for him
    /// by the same rule as when he becomes free. That is another one than this only when something ended for several at
    /// once; then that one is matched before. True when the contact does not wait any more.
    pub(crate) fn match_contact(&mut self, now: Now, key: Key) -> bool {
        let mut lost = 0;
        while self.is_waiting(key) {
            let Some((chosen, agent)) = self.next_match(now, key, lost) else { return false };
            let Some(epoch) = self.lines.ready(agent).map(|r| r.epoch) else { return false };
            let claimed = self.board.claim_agent(agent, epoch);
            // Ours, or somebody else's who tells everybody when he is free again.
            self.lines.sort_out(agent);
            if !claimed {
                lost += 1;
            } else if !self.claim(now, chosen, agent, epoch, Came::Contact) {
                self.undo(agent, epoch);
            }
        }
        true
    }

    fn next_match(&mut self, now: Now, key: Key, lost: u32) -> Option<(Key, AgentId)> {
        let (mut chosen, mut agent) = (key, self.lines.first_for(now, key, lost, &self.directory)?);
        for _ in 0..TURNS_MAX {
            let best = self.lines.best_for(now, agent)?;
            if best == chosen {
                break;
            }
            chosen = best;
            agent = self.lines.first_for(now, chosen, lost, &self.directory)?;
        }
        Some((chosen, agent))
    }

    /// A talk of a queue with a cap is over: whoever waited for that may be claimed now.
    pub(crate) fn match_line(&mut self, now: Now, queue: QueueId) {
        if self.lines.look(queue).caps_talking() {
            self.match_all(now, queue);
        }
    }

    /// Matches those who wait in the queue with those who are ready, until nobody is ready for anybody.
    pub(crate) fn match_all(&mut self, now: Now, queue: QueueId) {
        self.show_line(queue);
        while let Some(key) = self.lines.first_matchable(now, queue) {
            let ready = self.lines.look(queue).crew.ready();
            // Whoever it could have been given to was claimed by another shard, and is ready here no more: the others are
            // looked at anew.
            if !self.match_contact(now, key) && self.lines.look(queue).crew.ready() == ready {
                return;
            }
        }
    }

    /// Contact surplus: the agent, already claimed, gets the best contact over all his queues here. Was that one gone,
    /// another shard may have a better one than our next: he is given back and looks at all of them again.
    pub(crate) fn give(&mut self, now: Now, best: Key, agent: AgentId, epoch: u32) {
        if !self.claim(now, best, agent, epoch, Came::Agent) {
            self.undo(agent, epoch);
        }
    }

    pub(crate) fn undo(&mut self, agent: AgentId, epoch: u32) {
        self.board.undo_agent(agent, epoch);
        self.send(self.agent_home(agent), ToAgent::Undone { agent });
    }

    /// The second half of a match; the agent is ours. False when the contact is gone: its `Leave` is on the way.
    fn claim(&mut self, now: Now, key: Key, agent: AgentId, agent_epoch: u32, came: Came) -> bool {
        let Some(entry) = self.lines.entries.get(key) else { return false };
        let claimed = self.board.claim_contact(entry.stay.slot, entry.epoch);
        self.stand_aside(now, key);
        if claimed {
            self.offer(now, key, agent, agent_epoch, came);
            self.begin_round(now, key, agent);
        }
        claimed
    }

    /// Agent and contact are claimed for each other: both their homes are told.
    pub(crate) fn offer(&mut self, now: Now, key: Key, agent: AgentId, agent_epoch: u32, came: Came) {
        let Some(entry) = self.lines.entries.get(key) else { return };
        let (stay, contact_epoch) = (entry.stay, entry.epoch);
        let offer = OfferId { contact: stay.contact, contact_epoch, agent, agent_epoch };
        let (queue, slot) = (stay.queue, stay.slot);
        self.lines.note_turn(queue, agent);
        let decision = if self.unrecorded { None } else { self.decision(now, key, agent, came) };
        let ring_timeout = self.lines.look(queue).ring_timeout;
        self.send(self.agent_home(agent), ToAgent::Reserved { offer, queue, slot });
        self.send(stay.contact.home(), ToContact::Offer { stay, offer, ring_timeout, decision });
    }
}

impl Lines {
    /// Of those who wait in the queue, the first whom somebody who is ready may get. Looks at all who are ready: for a
    /// queue whose cap on talks has room again, and for reloads.
    fn first_matchable(&self, now: Now, queue: QueueId) -> Option<Key> {
        let line = self.look(queue);
        let ready = line.ready(0);
        let heads = ready.filter_map(|key| {
            let service = self.service(key.agent, queue)?;
            self.head_for(now, key.agent, &service)
        });
        Some(heads.min()?.entry)
    }
}
