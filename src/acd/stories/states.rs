//! Every short life of an agent, compared with a small model of his states (complaint 38).

use crate::testing::{House, hotline, secs};
use model::{AgentAction, AgentState, ContactId, Fact, NotReadyReason, OfferId, OfferOutcome, QueueEvent};
use std::collections::BTreeSet;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    SignOn,
    SignOff,
    Ready,
    Break,
    Accept,
    Miss,
    HangUp,
    Release,
    Wait,
}

const STEPS: [Step; 9] = [
    Step::SignOn,
    Step::SignOff,
    Step::Ready,
    Step::Break,
    Step::Accept,
    Step::Miss,
    Step::HangUp,
    Step::Release,
    Step::Wait,
];

/// Enough for break, accept, change of mind, release and the end of wrap-up.
const DEPTH: u32 = 5;

/// What the state should be: a table in the words of the rules.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Model {
    on: bool,
    /// The last request: what he wants to be when nothing keeps him; `None` is ready.
    on_break: Option<NotReadyReason>,
    leaving: bool,
    keeps: Keeps,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Keeps {
    Nothing,
    Ring,
    Talk,
    WrapUp,
}

impl Model {
    fn step(mut self, step: Step) -> Self {
        match (step, self.keeps) {
            (Step::SignOn, _) if !self.on => {
                let on_break = Some(NotReadyReason::SignedOn);
                return Model { on: true, on_break, leaving: false, keeps: Keeps::Nothing };
            }
            // Signing on again says only: I do not leave.
            (Step::SignOn, _) => self.leaving = false,
            _ if !self.on => {}
            (Step::SignOff, Keeps::Ring) => (self.leaving, self.keeps) = (true, Keeps::Nothing),
            (Step::SignOff, _) => self.leaving = true,
            (Step::Ready, _) => (self.leaving, self.on_break) = (false, None),
            (Step::Break, _) => (self.leaving, self.on_break) = (false, Some(NotReadyReason::Code(1))),
            (Step::Accept, Keeps::Ring) => self.keeps = Keeps::Talk,
            (Step::Miss, Keeps::Ring) => {
                self.keeps = Keeps::Nothing;
                self.on_break = self.on_break.or(Some(NotReadyReason::Missed));
            }
            (Step::HangUp, Keeps::Ring) => self.keeps = Keeps::Nothing,
            (Step::Release, Keeps::Talk) => self.keeps = Keeps::WrapUp,
            (Step::Wait, Keeps::WrapUp) => self.keeps = Keeps::Nothing,
            _ => {}
        }
        if self.keeps == Keeps::Nothing && self.leaving {
            self.on = false;
        }
        // Somebody always waits: who is ready is rung at once.
        if self.on && self.keeps == Keeps::Nothing && self.on_break.is_none() {
            self.keeps = Keeps::Ring;
        }
        self
    }

    fn agrees(self, state: AgentState) -> bool {
        match (state, self.keeps) {
            (AgentState::SignedOff, _) => !self.on,
            (AgentState::Reserved { .. }, Keeps::Ring) => self.on,
            (AgentState::Busy { .. }, Keeps::Talk) => self.on,
            (AgentState::WrapUp { .. }, Keeps::WrapUp) => self.on,
            (AgentState::NotReady { reason }, Keeps::Nothing) => self.on && self.on_break == Some(reason),
            _ => false,
        }
    }
}

struct Life {
    house: House,
    offer: Option<OfferId>,
    talk: Option<ContactId>,
}

impl Life {
    fn new() -> Self {
        let mut directory = hotline(1);
        directory.queues[0].wrap_up = secs(5);
        directory.queues[0].missed.limit = 1;
        let mut life = Life { house: House::new(directory), offer: None, talk: None };
        (0..10).for_each(|_| {
            life.house.arrive(0, 0);
        });
        life.events();
        life
    }

    fn step(&mut self, step: Step) {
        let ask = |house: &mut House, action| {
            let _ = house.ask(0, action);
        };
        match step {
            Step::SignOn => ask(&mut self.house, AgentAction::SignOn { phone: None }),
            Step::SignOff => ask(&mut self.house, AgentAction::SignOff { code: 0 }),
            Step::Ready => ask(&mut self.house, AgentAction::Ready),
            Step::Break => ask(&mut self.house, AgentAction::NotReady { code: 1 }),
            Step::Accept | Step::Miss => {
                let Some(offer) = self.offer.take() else { return };
                if step == Step::Accept {
                    self.talk = Some(offer.contact);
                    self.house.settle(offer, OfferOutcome::Accepted);
                } else {
                    self.house.settle(offer, OfferOutcome::Missed);
                }
            }
            Step::HangUp => {
                let Some(offer) = self.offer.take() else { return };
                self.house.hang_up(offer.contact, 0);
                self.house.settle(offer, OfferOutcome::Withdrawn);
            }
            Step::Release => {
                let Some(contact) = self.talk.take() else { return };
                self.house.release(0, contact, Some(0));
            }
            Step::Wait => self.house.pass(secs(6)),
        }
        self.events();
    }

    fn events(&mut self) {
        while let Some(event) = self.house.event() {
            match event {
                QueueEvent::Offer(offer) => assert_eq!(self.offer.replace(offer.id), None),
                QueueEvent::Revoke { offer } => {
                    assert_eq!(self.offer.take(), Some(offer));
                    self.house.settle(offer, OfferOutcome::Withdrawn);
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn complaint_38_every_short_life_of_an_agent_follows_the_rules() {
    for number in 0..STEPS.len().pow(DEPTH) {
        let steps: Vec<_> = (0..DEPTH).map(|at| STEPS[number / STEPS.len().pow(at) % STEPS.len()]).collect();
        let mut life = Life::new();
        let mut model = Model { on: true, on_break: None, leaving: false, keeps: Keeps::Ring };
        for step in &steps {
            life.step(*step);
            model = model.step(*step);
            let state = life.house.state(0);
            assert!(model.agrees(state), "{steps:?}: after {step:?} he is {state:?}, not {model:?}");
        }
    }
}

/// The states an agent goes through, as they were seen: to be read beside the figure in ECMA-269.
const TABLE: &str = "\
busy → wrap-up : Release
not-ready → not-ready : Break
not-ready → ready : Ready
not-ready → signed-off : SignOff
ready → reserved : HangUp
ready → reserved : Ready
ready → reserved : Wait
reserved → busy : Accept
reserved → not-ready : HangUp
reserved → not-ready : Miss
reserved → ready : HangUp
reserved → signed-off : SignOff
signed-off → not-ready : SignOn
wrap-up → not-ready : Wait
wrap-up → ready : Wait
wrap-up → signed-off : Wait
";

#[test]
fn the_transition_table_of_an_agent() {
    let mut seen = BTreeSet::new();
    for number in 0..STEPS.len().pow(4) {
        let mut life = Life::new();
        life.house.take_facts();
        for at in 0..4 {
            let step = STEPS[number / STEPS.len().pow(at) % STEPS.len()];
            let mut from = life.house.state(0).word();
            life.step(step);
            for fact in life.house.take_facts() {
                if let Fact::AgentChanged { state, .. } = fact {
                    seen.insert(format!("{from} → {} : {step:?}", state.word()));
                    from = state.word();
                }
            }
        }
    }
    let table: Vec<_> = seen.into_iter().collect();
    assert_eq!(table.join("\n"), TABLE.trim_end());
}
