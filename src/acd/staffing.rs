//! Who is at work for the contacts of a queue, by what they ask: what an expected wait is made of.
//!
//! An agent who serves k queues with somebody waiting counts 1/k. Of those who stand before a contact and ask for
//! something else, the part counts that will take agents it needs: the share, of all who may serve them, of those who may
//! serve it too.

use crate::limits::{STAFF_COUNT_EACH, STAFF_COUNT_LEAST, STAFF_COUNT_MOST};
use crate::line::Needs;
use crate::machine::Acd;
use crate::staff::is_at_work;
use base::{Instant, Now};
use model::QueueId;

/// Counted anew when it is old, or when somebody went; in the memory it has.
#[derive(Debug, Default)]
pub(crate) struct Staffing {
    /// The first `counted` are of now, the others are room.
    views: Vec<View>,
    counted: usize,
    at: Option<Instant>,
}

/// The queue as contacts see it that ask this.
#[derive(Debug, Default)]
struct View {
    needs: Needs,
    /// At work and able.
    agents: f64,
    /// By class of the line: the part of each of its contacts that stands in the way.
    weights: Vec<f64>,
    /// By class: all who serve it, for the parts.
    all: Vec<f64>,
}

impl Staffing {
    pub(crate) fn recount(&mut self) {
        self.at = None;
    }

    pub(crate) fn of(&self, view: usize) -> (f64, &[f64]) {
        (self.views[view].agents, &self.views[view].weights)
    }
}

impl Acd {
    pub(crate) fn view(&mut self, now: Now, queue: QueueId, needs: Needs) -> usize {
        let size = self.lines.look(queue).crew.staff().len() as u32;
        let every = (STAFF_COUNT_EACH * size).clamp(STAFF_COUNT_LEAST, STAFF_COUNT_MOST);
        let staffing = &mut self.lines.line(queue).measures.staffing;
        if staffing.at.is_none_or(|at| now.mono.since(at) >= every) {
            staffing.counted = 0;
            staffing.at = Some(now.mono);
        }
        let known = staffing.counted;
        if let Some(found) = staffing.views[..known].iter().position(|view| view.needs == needs) {
            return found;
        }
        if known == staffing.views.len() {
            staffing.views.push(View::default());
        }
        let mut view = core::mem::take(&mut staffing.views[known]);
        self.count_view(queue, needs, &mut view);
        let staffing = &mut self.lines.line(queue).measures.staffing;
        staffing.views[known] = view;
        staffing.counted += 1;
        known
    }

    fn count_view(&self, queue: QueueId, needs: Needs, view: &mut View) {
        let (line, directory) = (self.lines.look(queue), &self.directory);
        let asked = needs.map(|needs| directory.requirements.get(needs?.index()));
        let View { needs: of, agents, weights: both, all } = view;
        *of = needs;
        *agents = 0.0;
        for sums in [&mut *both, &mut *all] {
            sums.clear();
            sums.resize(line.classes.len(), 0.0);
        }
        for (id, at) in line.crew.staff().iter().zip(0u32..) {
            if line.rank(*id).is_none() || !is_at_work(self.board.agent_state(*id)) {
                continue;
            }
            let agent = directory.agent(*id);
            let wanted = agent.queues.iter().filter(|q| **q == queue || self.board.queue_waiting(**q) > 0).count();
            let share = 1.0 / wanted.max(1) as f64;
            let able = asked.iter().flatten().all(|asked| asked.fits(&agent.skills));
            *agents += if able { share } else { 0.0 };
            for (class, (both, all)) in line.classes.iter().zip(both.iter_mut().zip(all.iter_mut())) {
                if class.able.fits(at) {
                    *all += share;
                    *both += if able { share } else { 0.0 };
                }
            }
        }
        // Contacts nobody at work can serve take no agent from anybody.
        for (both, all) in both.iter_mut().zip(all) {
            *both = if *all > 0.0 { *both / *all } else { 0.0 };
        }
    }
}
