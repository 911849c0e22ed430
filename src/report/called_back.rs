//! Which stays in a queue are of customers who are being called back, told from the facts.

use base::Utc;
use model::{CallbackStep, ContactId, Fact};
use std::collections::HashMap;

/// A callback accepted is a flow-out of the wait on the line; what waits then in its stead is not offered once more. A
/// stay is one of these when it begins while the promise is owed, and it stays one to its end: also when its customer,
/// reached before an agent was free, waits on the line for the rest of it. What he comes into after that is a caller's
/// stay like any other.
#[derive(Debug, Default)]
pub struct CalledBack {
    /// When it was promised; neither reached nor given up.
    owed: HashMap<ContactId, Utc>,
    stays: HashMap<ContactId, Utc>,
}

impl CalledBack {
    /// Every fact, in order. When it was promised, if this one is about such a stay.
    pub fn handle_fact(&mut self, fact: &Fact) -> Option<Utc> {
        match fact {
            Fact::Callback { contact, step, promise, .. } => {
                match step {
                    CallbackStep::Arranged | CallbackStep::Resumed => {
                        self.owed.insert(*contact, promise.arranged);
                    }
                    CallbackStep::Dialled => {}
                    CallbackStep::Reached | CallbackStep::Failed | CallbackStep::Withdrawn => {
                        self.owed.remove(contact);
                    }
                }
                None
            }
            Fact::Queued { contact, .. } => {
                let promised = *self.owed.get(contact)?;
                self.stays.insert(*contact, promised);
                Some(promised)
            }
            Fact::Connected { contact, .. } | Fact::Abandoned { contact, .. } | Fact::FlowedOut { contact, .. } => {
                self.stays.remove(contact)
            }
            Fact::ContactEnded { contact, .. } => {
                self.owed.remove(contact);
                None
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::VisitEnd;
    use crate::testing::{Caller, SECOND, SUPPORT, Story, secs};
    use model::{AgentState, CallbackStep, ContactId, Fact, FlowReason, Promise, QueueId, Target};
    use std::sync::Arc;

    fn step(story: &mut Story, contact: ContactId, step: CallbackStep, promise: &Arc<Promise>) {
        story.fact(Fact::Callback { contact, step, attempts: 1, promise: Arc::clone(promise) });
    }

    /// Ten seconds on the line, then a promise, and its place in the queue again.
    fn promised(story: &mut Story) -> (ContactId, Arc<Promise>) {
        let Caller { contact, .. } = story.arrive();
        story.queued(contact, SUPPORT);
        story.pass(secs(10));
        let (why, to) = (FlowReason::BreakoutKey, Some(Target::Callback(SUPPORT)));
        story.fact(Fact::FlowedOut { contact, queue: SUPPORT, waited: secs(10), why, to });
        let promise = Promise { arranged: story.now.utc, ..Promise::anonymous(contact, SUPPORT) };
        let promise = Arc::new(promise);
        step(story, contact, CallbackStep::Arranged, &promise);
        story.pass(secs(5));
        story.queued(contact, SUPPORT);
        (contact, promise)
    }

    fn counts(story: &Story, queue: QueueId) -> (u64, u64, u64, u64, u64) {
        let today = story.wallboard.queue(queue, story.now.mono, &story.names).today;
        assert_eq!(today.counts.offered, today.accounted());
        let c = today.counts;
        (c.offered, c.answered, c.abandoned, c.flowed_out, c.waiting)
    }

    #[test]
    fn who_is_called_back_is_offered_once_and_his_wait_at_home_is_no_wait() {
        let mut story = Story::new();
        story.agent(0, AgentState::Ready);
        let (contact, promise) = promised(&mut story);
        story.pass(secs(3595));
        assert_eq!(counts(&story, SUPPORT), (1, 0, 0, 1, 0));
        assert_eq!(story.ledger.waiting().count(), 0);
        let leg = story.offered(contact, SUPPORT, 0);
        step(&mut story, contact, CallbackStep::Reached, &promise);
        story.connected(contact, SUPPORT, 0, leg, secs(3595));
        assert_eq!(counts(&story, SUPPORT), (1, 0, 0, 1, 0));
        let today = story.wallboard.queue(SUPPORT, story.now.mono, &story.names).today;
        assert_eq!((today.asa(), today.wait_longest), (None, secs(10)));
        assert_eq!((today.counts.called_back, today.time_to_talk()), (1, Some(secs(3600))));
        let (voice, back) = (story.visit(contact, 0), story.visit(contact, 1));
        assert_eq!((voice.called_back, voice.waited), (false, secs(10)));
        assert_eq!((back.called_back, back.waited), (true, secs(3600)), "since the promise");
    }

    #[test]
    fn who_is_reached_and_sent_on_or_back_is_a_caller_there() {
        let mut story = Story::new();
        let (contact, promise) = promised(&mut story);
        step(&mut story, contact, CallbackStep::Dialled, &promise);
        step(&mut story, contact, CallbackStep::Reached, &promise);
        let (why, to) = (FlowReason::MaxWait, Some(Target::Queue(SECOND)));
        story.fact(Fact::FlowedOut { contact, queue: SUPPORT, waited: secs(60), why, to });
        story.queued(contact, SECOND);
        story.pass(secs(7));
        assert_eq!(counts(&story, SECOND), (1, 0, 0, 0, 1));
        story.fact(Fact::Abandoned { contact, queue: SECOND, waited: secs(7) });
        assert_eq!((counts(&story, SUPPORT), counts(&story, SECOND)), ((1, 0, 0, 1, 0), (1, 0, 1, 0, 0)));
        assert_eq!(story.visit(contact, 2).end, VisitEnd::Abandoned);
    }

    #[test]
    fn who_is_reached_and_hangs_up_before_an_agent_is_there_is_lost_and_not_offered_again() {
        let mut story = Story::new();
        let (contact, promise) = promised(&mut story);
        step(&mut story, contact, CallbackStep::Reached, &promise);
        story.pass(secs(30));
        story.fact(Fact::Abandoned { contact, queue: SUPPORT, waited: secs(30) });
        assert_eq!(counts(&story, SUPPORT), (1, 0, 0, 1, 0));
        let today = story.wallboard.queue(SUPPORT, story.now.mono, &story.names).today;
        assert_eq!((today.counts.called_back, today.counts.called_back_lost), (0, 1));
    }
}
