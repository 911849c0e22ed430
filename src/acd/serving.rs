//! The queue's home: which agents serve the queues of this shard, and who of them is ready.

use crate::line::Line;
use crate::lines::Lines;
use crate::strategy::{self, Candidate, IdleStamps, agent_key};
use crate::tour::ShardSet;
use base::Now;
use core::ops::Deref;
use model::{AgentId, Directory, Queue, QueueId};

/// An agent's part in a queue of this shard.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Service {
    pub(crate) queue: QueueId,
    /// His place in the line's crew.
    pub(crate) at: u32,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadyAgent {
    pub(crate) epoch: u32,
    pub(crate) idle: IdleStamps,
}

/// So many lie in two lines of the cache together with what else is asked of him; few agents have more.
const SERVICES_IN_PLACE: usize = 13;

#[derive(Debug)]
enum Services {
    Few([Service; SERVICES_IN_PLACE], u8),
    Many(Box<[Service]>),
}

impl Default for Services {
    fn default() -> Self {
        Services::Many(Box::default())
    }
}

impl From<Vec<Service>> for Services {
    fn from(all: Vec<Service>) -> Self {
        if all.len() > SERVICES_IN_PLACE {
            return Services::Many(all.into_boxed_slice());
        }
        let mut few = [Service { queue: QueueId(0), at: 0 }; SERVICES_IN_PLACE];
        few[..all.len()].copy_from_slice(&all);
        Services::Few(few, all.len() as u8)
    }
}

impl Deref for Services {
    type Target = [Service];

    fn deref(&self) -> &[Service] {
        match self {
            Services::Few(few, len) => &few[..usize::from(*len)],
            Services::Many(all) => all,
        }
    }
}

/// An agent as the queues of this shard know him. What is asked each time he becomes ready comes first.
#[derive(Debug, Default)]
#[repr(C, align(64))]
pub(crate) struct Server {
    /// The shards whose queues he serves.
    homes: ShardSet,
    /// The queues he serves, then those he helps: these only while his reserve has joined.
    services: Services,
    own: u32,
    /// This shard believes that he is ready; the board decides.
    ready: Option<ReadyAgent>,
}

impl Lines {
    /// Everybody into the crews of the queues he serves or may join here.
    pub(crate) fn hire_all(&mut self, directory: &Directory) {
        let seating = self.seating;
        let calls = |queue: &Queue| !queue.removed && !queue.routing.reserves.is_empty();
        let calling = directory.queues.iter().zip(0..).filter(|(queue, _)| calls(queue));
        let calling: Vec<QueueId> = calling.map(|(_, id)| QueueId(id)).collect();
        let known = self.servers.len().max(directory.agents.len());
        self.servers.resize_with(known, Server::default);
        for (server, id) in self.servers.iter_mut().zip((0..).map(AgentId)) {
            let Some(configured) = directory.agents.get(id.index()) else {
                // Known from a newer directory than this one.
                (server.services, server.own) = (Services::default(), 0);
                continue;
            };
            let serves = |queue: &&QueueId| !configured.removed && !directory.queue(**queue).removed;
            let own = configured.queues.iter().filter(serves).map(|queue| (*queue, None));
            let helped =
                calling.iter().filter_map(|queue| Some((*queue, Some(directory.reserve_place(*queue, id)? as u8))));
            let homes = configured.queues.iter().copied().chain(helped.clone().map(|(queue, _)| queue));
            server.homes = ShardSet::default();
            homes.for_each(|queue| server.homes.insert(seating.home_of(queue.0)));
            let here = own.chain(helped).filter(|(queue, _)| seating.home_of(queue.0) == seating.shard);
            let services = here.map(|(queue, reserve)| {
                let place = seating.place_of(queue.0);
                let line = &mut self.lines[place];
                if let Some((watch, reserve)) = line.watch.as_mut().zip(reserve) {
                    watch.hire(id, reserve);
                }
                (Service { queue, at: line.crew.hire(id) }, reserve)
            });
            let services: Vec<_> = services.collect();
            server.own = services.iter().filter(|(_, reserve)| reserve.is_none()).count() as u32;
            server.services = services.into_iter().map(|(service, _)| service).collect::<Vec<_>>().into();
        }
    }

    fn server(&self, agent: AgentId) -> Option<&Server> {
        self.servers.get(agent.index())
    }

    pub(crate) fn ready(&self, agent: AgentId) -> Option<ReadyAgent> {
        self.server(agent)?.ready
    }

    pub(crate) fn homes(&self, agent: AgentId) -> ShardSet {
        self.server(agent).map_or_else(ShardSet::default, |server| server.homes)
    }

    /// Those of reserves that have not joined among them.
    pub(crate) fn services(&self, agent: AgentId) -> &[Service] {
        self.server(agent).map_or(&[], |server| &server.services)
    }

    /// Without those: one he may join at times is none of his queues until then.
    pub(crate) fn services_now(&self, agent: AgentId) -> impl Iterator<Item = &Service> + Clone {
        let (own, helped) =
            self.server(agent).map_or((&[][..], &[][..]), |server| server.services.split_at(server.own as usize));
        let joined = move |service: &&Service| self.look(service.queue).rank(agent).is_some();
        own.iter().chain(helped.iter().filter(joined))
    }

    pub(crate) fn service(&self, agent: AgentId, queue: QueueId) -> Option<Service> {
        self.services(agent).iter().find(|s| s.queue == queue).copied()
    }

    /// Now: of a reserve, while it has joined.
    pub(crate) fn serves(&self, agent: AgentId, queue: QueueId) -> bool {
        // The first class asks nothing, of anybody.
        self.service(agent, queue).is_some_and(|service| self.look(queue).classes[0].able.fits(service.at))
    }

    /// Remembers a ready agent for whom nobody waits here.
    pub(crate) fn remember(&mut self, now: Now, agent: AgentId, ready: ReadyAgent, directory: &Directory) {
        if self.server(agent).is_none() {
            // Configured by a reload that is still on its way to us; then he is sorted in.
            self.servers.resize_with(agent.index() + 1, Server::default);
        }
        self.sort_out(agent);
        for at in 0..self.services(agent).len() {
            self.rebase(now, self.services(agent)[at].queue, directory);
        }
        self.servers[agent.index()].ready = Some(ready);
        self.sort_in(agent, &ready, directory);
    }

    pub(crate) fn sort_in(&mut self, id: AgentId, ready: &ReadyAgent, directory: &Directory) {
        let server = &self.servers[id.index()];
        for (service, place) in server.services.iter().zip(0..) {
            let line = &mut self.lines[self.seating.place_of(service.queue.0)];
            let Some(rank) = (if place < server.own { Some(0) } else { line.rank(id) }) else { continue };
            come(line, *service, id, ready, rank, directory);
        }
    }

    /// A helper, when he is ready here: his reserve has joined the queue or left it.
    pub(crate) fn come_or_go(&mut self, queue: QueueId, id: AgentId, joined: bool, directory: &Directory) {
        let (Some(ready), Some(service)) = (self.ready(id), self.service(id, queue)) else { return };
        let line = self.line(queue);
        match line.rank(id).filter(|_| joined) {
            Some(rank) => come(line, service, id, &ready, rank, directory),
            None => line.crew.go(service.at),
        }
    }

    pub(crate) fn sort_out(&mut self, agent: AgentId) {
        let Some(server) = self.servers.get_mut(agent.index()).filter(|server| server.ready.is_some()) else { return };
        server.ready = None;
        for service in server.services.iter() {
            self.lines[self.seating.place_of(service.queue.0)].crew.go(service.at);
        }
    }

    /// He is being given a contact of this queue; he is not sorted in anywhere now.
    pub(crate) fn note_turn(&mut self, queue: QueueId, agent: AgentId) {
        let service = self.service(agent, queue);
        let line = self.line(queue);
        line.turns += 1;
        if let Some(Service { at, .. }) = service {
            line.crew.note_turn(at, line.turns);
        }
    }

    /// Keys that drift are taken anew when their time has come: before anybody looks at them or is sorted in.
    pub(crate) fn rebase(&mut self, now: Now, id: QueueId, directory: &Directory) {
        let (based, queue) = (strategy::based_at(now.mono), directory.queue(id));
        let line = &mut self.lines[self.seating.place_of(id.0)];
        if !strategy::rule(queue.strategy).drifts || line.based == based {
            return;
        }
        line.based = based;
        let (servers, watch) = (&self.servers, line.watch.as_deref());
        line.crew.rekey(|agent, turn| {
            let idle = &servers[agent.index()].ready.as_ref()?.idle;
            let configured = directory.agent(agent);
            let rank = watch.and_then(|watch| watch.helper(agent)).map_or(0, |(place, _)| place + 1);
            Some(agent_key(queue, &Candidate { id: agent, agent: configured, idle, turn, rank, based }))
        });
    }
}

fn come(line: &mut Line, service: Service, id: AgentId, ready: &ReadyAgent, rank: u8, directory: &Directory) {
    let (agent, idle, turn) = (directory.agent(id), &ready.idle, line.crew.turn(service.at));
    let candidate = Candidate { id, agent, idle, turn, rank, based: line.based };
    line.crew.come(service.at, agent_key(directory.queue(service.queue), &candidate));
}
