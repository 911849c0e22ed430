//! What agents do for so long and no longer: wrap-up, and the pauses that end by themselves.

use super::Course;
use base::Instant;
use core::time::Duration;
use model::{
    AgentAction, AgentId, AgentState, ContactId, Fact, ForcedAction, NotReadyReason, OfferOutcome, QueueId, Stamped,
    WrapUpMode,
};
use std::collections::{HashMap, HashSet};

/// A phone that said that it is busy is left alone for so long, one that failed or said nothing for so long.
const BUSY_PHONE: Duration = Duration::from_secs(10);
const FAILED_PHONE: Duration = Duration::from_secs(30);

/// Wrap-up that goes on.
#[derive(Clone, Copy)]
struct Paper {
    contact: ContactId,
    queue: QueueId,
    since: Instant,
    /// Since when he may have asked for more.
    asked_since: Instant,
    /// A call of his own came between: its time may have run out meanwhile.
    broken_into: bool,
}

/// A fixed one lasts its time, a capped one no longer, and what ends before its time ends by somebody's word.
pub(super) fn wrap_ups(course: &Course, facts: &[Stamped]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut served: HashMap<(AgentId, ContactId), QueueId> = HashMap::new();
    let mut papers: HashMap<AgentId, Paper> = HashMap::new();
    let mut ended: HashMap<AgentId, Instant> = HashMap::new();
    let mut sent_home: HashSet<(AgentId, Instant)> = HashSet::new();
    for Stamped { at, fact } in facts {
        let at = at.mono;
        match *fact {
            Fact::Connected { contact, queue, agent, .. } => {
                served.insert((agent, contact), queue);
            }
            Fact::Forced { action: ForcedAction::Agent { agent, action: AgentAction::SignOff { .. } }, .. } => {
                sent_home.insert((agent, at));
            }
            Fact::AgentChanged { agent, state, .. } => match state {
                AgentState::WrapUp { contact } => {
                    let Some(queue) = served.get(&(agent, contact)).copied() else {
                        wrong.push(format!("{at:?}: {agent:?} wraps up {contact}, which he did not serve"));
                        continue;
                    };
                    let asked_since = ended.get(&agent).copied().unwrap_or(Instant::ZERO);
                    let new = Paper { contact, queue, since: at, asked_since, broken_into: false };
                    let paper = papers.entry(agent).or_insert(new);
                    if paper.contact != contact {
                        *paper = new;
                    }
                }
                AgentState::Busy { .. } => {
                    if let Some(paper) = papers.get_mut(&agent) {
                        paper.broken_into = true;
                    }
                }
                AgentState::SignedOff | AgentState::NotReady { .. } | AgentState::Ready => {
                    ended.insert(agent, at);
                    // Whom a supervisor signs off is gone at once.
                    if let Some(paper) = papers.remove(&agent)
                        && !(state == AgentState::SignedOff && sent_home.contains(&(agent, at)))
                        && !is_in_time(course, agent, paper, at, state)
                    {
                        let lasted = at.since(paper.since);
                        let contact = paper.contact;
                        wrong.push(format!("{at:?}: {agent:?} wrapped {contact} up for {lasted:?}, then {state:?}"));
                    }
                }
                AgentState::Reserved { .. } => {}
            },
            _ => {}
        }
    }
    wrong
}

fn is_in_time(course: &Course, agent: AgentId, paper: Paper, at: Instant, then: AgentState) -> bool {
    let (lasted, late) = (at.since(paper.since), course.late(paper.since, at));
    let more = course.more(agent, paper.asked_since, at);
    let ran_out = then == AgentState::NotReady { reason: NotReadyReason::WrapUpOver };
    course.rules(paper.since, late).any(|rules| {
        let queue = rules.queue(paper.queue);
        let in_full = lasted + late >= queue.wrap_up;
        let not_over = lasted <= queue.wrap_up + more + late || paper.broken_into;
        let spoke = course.spoke(agent, at, at, late);
        match queue.wrap_up_mode {
            WrapUpMode::Fixed => in_full && not_over && !ran_out,
            WrapUpMode::Capped => not_over && (in_full || spoke || paper.broken_into) && !ran_out,
            // What he has asked for meanwhile, a break or to go, he has.
            WrapUpMode::CappedNotReady => not_over && (in_full || (spoke || paper.broken_into) && !ran_out),
            WrapUpMode::AgentEnded => (spoke || paper.broken_into) && !ran_out,
        }
    })
}

/// A pause that ends by itself.
#[derive(Clone, Copy)]
struct Pause {
    since: Instant,
    reason: NotReadyReason,
    /// The queue whose call he missed last.
    queue: Option<QueueId>,
    /// A call came between: the pause may have been over in it.
    broken_into: bool,
    /// It was shown when another was over, and may have begun before.
    behind: bool,
}

/// Who is made not ready for a while, and for whom nobody says anything, is ready again just after it.
pub(super) fn pauses(course: &Course, facts: &[Stamped]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut missed: HashMap<AgentId, QueueId> = HashMap::new();
    let mut began: HashMap<AgentId, Pause> = HashMap::new();
    for Stamped { at, fact } in facts {
        let at = at.mono;
        match *fact {
            Fact::OfferEnded { queue, agent, outcome: OfferOutcome::Missed, .. } => {
                missed.insert(agent, queue);
            }
            Fact::AgentChanged { agent, state: AgentState::NotReady { reason }, .. } => {
                let queue = missed.get(&agent).copied();
                let new = Pause { since: at, reason, queue, broken_into: false, behind: false };
                let pause = began.entry(agent).or_insert(new);
                if pause.reason != reason {
                    *pause = Pause { behind: true, ..new };
                }
            }
            Fact::AgentChanged { agent, state: AgentState::Ready, .. } => {
                if let Some(pause) = began.remove(&agent)
                    && !ends_in_time(course, agent, pause, at)
                {
                    let (reason, lasted) = (pause.reason.word(), at.since(pause.since));
                    wrong.push(format!("{at:?}: {agent:?} was not ready for {lasted:?}: {reason}"));
                }
            }
            Fact::AgentChanged { agent, state: AgentState::Reserved { .. } | AgentState::Busy { .. }, .. } => {
                if let Some(pause) = began.get_mut(&agent) {
                    pause.broken_into = true;
                }
            }
            Fact::AgentChanged { agent, state: AgentState::SignedOff | AgentState::WrapUp { .. }, .. } => {
                began.remove(&agent);
            }
            _ => {}
        }
    }
    wrong
}

fn ends_in_time(course: &Course, agent: AgentId, pause: Pause, at: Instant) -> bool {
    let Pause { since, reason, queue, broken_into, behind } = pause;
    let (lasted, late) = (at.since(since), course.late(since, at));
    if course.spoke(agent, since, at, late) {
        return true;
    }
    course.rules(since, late).any(|rules| {
        let time = match (reason, queue) {
            (NotReadyReason::Missed, Some(queue)) => rules.queue(queue).missed.pause,
            (NotReadyReason::ShortBreak, _) => {
                rules.agent(agent).breather.map_or(Duration::MAX, |breather| breather.time)
            }
            (NotReadyReason::DeviceBusy, _) => BUSY_PHONE,
            (NotReadyReason::DeviceFailed | NotReadyReason::DeviceUnreachable, _) => FAILED_PHONE,
            // Only somebody's word, or his line, ends it.
            _ => return reason == NotReadyReason::LineDown,
        };
        (lasted + late >= time || behind) && (lasted <= time + late || broken_into)
    })
}
