use core::time::Duration;
use model::{AgentAction, AgentId, Shift};

/// One wish of an agent and when he has it, since the beginning of the first day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wish {
    pub at: Duration,
    pub agent: AgentId,
    pub action: AgentAction,
}

/// All wishes of these days in order of time: sign on and ready, breaks, sign off. Somebody with two shifts a day
/// goes home in between.
pub fn wishes(shifts: &[Shift], midnights: &[Duration]) -> Vec<Wish> {
    let mut wishes = Vec::new();
    for midnight in midnights.iter().copied() {
        for shift in shifts {
            let mut wish = |at: Duration, action| wishes.push(Wish { at: midnight + at, agent: shift.agent, action });
            wish(shift.from, AgentAction::SignOn { phone: None });
            wish(shift.from, AgentAction::Ready);
            for pause in &shift.breaks {
                wish(pause.at, AgentAction::NotReady { code: pause.code });
                wish(pause.at + pause.lasts, AgentAction::Ready);
            }
            wish(shift.to, AgentAction::SignOff { code: 0 });
        }
    }
    // Stable: what one agent wishes at one instant stays in order.
    wishes.sort_by_key(|wish| wish.at);
    wishes
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Break;

    #[test]
    fn a_day_is_sign_on_breaks_and_sign_off_in_order() {
        let hours = |h: u64| Duration::from_secs(h * 3600);
        let pause = Break { at: hours(12), lasts: hours(1), code: 1 };
        let shift = Shift { agent: AgentId(3), from: hours(8), to: hours(16), breaks: vec![pause] };
        let all = wishes(&[shift], &[hours(0), hours(24)]);
        let said: Vec<_> = all.iter().map(|wish| (wish.at.as_secs() / 3600, wish.action)).collect();
        let day = [
            (8, AgentAction::SignOn { phone: None }),
            (8, AgentAction::Ready),
            (12, AgentAction::NotReady { code: 1 }),
            (13, AgentAction::Ready),
            (16, AgentAction::SignOff { code: 0 }),
        ];
        let next = day.map(|(hour, action)| (hour + 24, action));
        assert_eq!(said, day.into_iter().chain(next).collect::<Vec<_>>());
    }
}
