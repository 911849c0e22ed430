//! What random steps once found, each as short as it became. They fail in [`Run`], where every decision is compared.

use crate::steps::{Line, Run, Step, house};
use crate::testing::secs;
use core::time::Duration;
use model::{
    Ageing, AgentAction, Cause, CauseKind, IdleClock, OfferOutcome, PhoneId, RINGS_MAX, Routing, Strategy, WrapUpMode,
};

fn line(strategy: Strategy, per_minute: u32, cap: u32) -> Line {
    Line {
        strategy: Strategy::ALL.iter().position(|s| *s == strategy).expect("it is one of all"),
        routing: Routing { ageing: Ageing { per_minute, cap }, ring_step: secs(1), ..Routing::default() },
        idle_clock: IdleClock::Release,
        wrap_up_mode: WrapUpMode::Fixed,
        wrap_up: 1,
        missed: (0, 0),
        max_wait: None,
        max_length: None,
        none_available: false,
        empty: None,
    }
}

/// Agents by the queues they serve, none with a skill.
fn live(lines: &[Line], staff: &[&[u32]], steps: &[Step]) {
    let staff: Vec<_> = staff.iter().map(|queues| (queues.iter().copied().collect(), [0, 0])).collect();
    let mut run = Run::new(&house(lines, &staff));
    steps.iter().for_each(|step| run.step(step));
    run.finish();
    run.explained();
}

fn arrive(queue: u32, priority: i32) -> Step {
    Step::Arrive { queue, priority, needs: None, agent: None }
}

fn pass(ms: u64) -> Step {
    Step::Pass(Duration::from_millis(ms))
}

fn sign_on(agent: u32, phone: Option<u32>) -> Step {
    Step::Ask { agent, action: AgentAction::SignOn { phone: phone.map(PhoneId) }, forced: false }
}

/// His offer is taken back when he goes to another phone, and its contact is in the line again before he is ready: it is
/// the first of its queue there, and less pressing than the first of another, at the cap of its ageing.
#[test]
fn a_contact_taken_back_from_one_who_moves_is_in_the_line_again_before_he_is_ready() {
    let idle = Strategy::LongestIdle;
    let lines = [line(idle, 3, 1), line(idle, 2, 2), line(idle, 2, 1)];
    let steps = [
        arrive(1, 0),
        arrive(1, 0),
        Step::Settle(0, OfferOutcome::Failed(Cause::new(CauseKind::Unreachable))),
        arrive(0, 0),
        arrive(1, 0),
        Step::Settle(0, OfferOutcome::Accepted),
        pass(22_899),
        Step::Release(0),
        pass(4_453),
        arrive(0, 1),
        pass(2_649),
        sign_on(1, Some(4)),
    ];
    live(&lines, &[&[2], &[0, 1], &[2], &[1, 2]], &steps);
}

/// Of phones that ring together one gives up and another joins: who gave up is ready, and was not passed over.
#[test]
fn who_let_it_ring_in_this_round_is_not_passed_over_by_who_joins_it() {
    let lines = [line(Strategy::RingAll, 0, 0)];
    let steps = [
        Step::Seize(1),
        arrive(0, 0),
        Step::Settle(1, OfferOutcome::Withdrawn),
        Step::Settle(0, OfferOutcome::Withdrawn),
    ];
    live(&lines, &[&[0], &[0], &[0], &[0]], &steps);
}

/// More are ready than are rung in one round: the others are for the next caller, and for the next round.
#[test]
fn whoever_is_ready_beyond_a_full_round_is_not_passed_over() {
    let lines = [line(Strategy::RingAll, 0, 0)];
    let declined = Step::Settle(0, OfferOutcome::Rejected(Cause::new(CauseKind::Declined)));
    let mut steps = vec![arrive(0, 0), declined, pass(10), arrive(0, 0)];
    steps.extend((1..RINGS_MAX).map(|_| Step::Settle(0, OfferOutcome::Missed)));
    steps.extend([pass(6_000), Step::Settle(0, OfferOutcome::Accepted), pass(1_000)]);
    live(&lines, &[&[0][..]; RINGS_MAX + 3], &steps);
}

/// Where somebody sits is no change of state: his share of work is not taken anew between two of its instants.
#[test]
fn who_moves_to_another_phone_while_ready_is_as_occupied_as_before() {
    let lines = [line(Strategy::LeastOccupied, 0, 0), line(Strategy::LongestIdle, 0, 0)];
    let accepted = || Step::Settle(0, OfferOutcome::Accepted);
    let steps = [
        sign_on(1, Some(3)),
        arrive(0, 0),
        arrive(0, 0),
        accepted(),
        accepted(),
        pass(1),
        Step::Release(0),
        Step::Release(0),
        pass(2_001),
        sign_on(1, None),
        arrive(0, 0),
        accepted(),
    ];
    live(&lines, &[&[0], &[0], &[1]], &steps);
}
