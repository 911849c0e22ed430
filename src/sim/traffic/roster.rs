use core::time::Duration;
use model::{AgentAction, AgentId, Shift, Weekday};

/// One wish of an agent and when he has it, since the beginning of the first day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wish {
    pub at: Duration,
    pub agent: AgentId,
    pub action: AgentAction,
}

/// All wishes of these days in order of time: sign on and ready, breaks, sign off. Somebody with two shifts a day
/// goes home in between. `first`: which day of the week the first of them is.
pub fn wishes(shifts: &[Shift], first: Weekday, midnights: &[Duration]) -> Vec<Wish> {
    // However they are written: of two shifts or breaks that touch, the earlier ends before the later begins.
    let mut in_time: Vec<&Shift> = shifts.iter().collect();
    in_time.sort_by_key(|shift| shift.from);
    let mut wishes = Vec::new();
    for (nth, midnight) in midnights.iter().enumerate() {
        // In a night in which the clocks go forward 24:00 would come an hour after the next day has begun.
        let next = midnights.get(nth + 1).copied().unwrap_or(Duration::MAX);
        for shift in in_time.iter().filter(|shift| shift.days.has(first, nth)) {
            let mut wish = |at: Duration, action| {
                wishes.push(Wish { at: (*midnight + at).min(next), agent: shift.agent, action });
            };
            wish(shift.from, AgentAction::SignOn { phone: None });
            wish(shift.from, AgentAction::Ready);
            let mut breaks = shift.breaks.clone();
            breaks.sort_by_key(|pause| (pause.at, pause.lasts));
            for pause in breaks {
                wish(pause.at, AgentAction::NotReady { code: pause.code });
                wish(pause.at + pause.lasts, AgentAction::Ready);
            }
            wish(shift.to, AgentAction::SignOff { code: 0 });
        }
    }
    // Stable: what one agent wishes at one instant stays in order.
    wishes.sort_by_key(|wish| wish.at);
    without_moments(&wishes)
}

/// Nobody says that he is ready and in the same instant that he is not, as between two breaks that touch: a caller who
/// waits would be his at once.
fn without_moments(wishes: &[Wish]) -> Vec<Wish> {
    let is_a_moment = |nth: usize| {
        let wish = &wishes[nth];
        let meanwhile = wishes[nth + 1..].iter().take_while(|later| later.at == wish.at);
        let next = meanwhile.filter(|later| later.agent == wish.agent).map(|later| later.action).next();
        let leaves = matches!(next, Some(AgentAction::NotReady { .. } | AgentAction::SignOff { .. }));
        wish.action == AgentAction::Ready && leaves
    };
    (0..wishes.len()).filter(|nth| !is_a_moment(*nth)).map(|nth| wishes[nth]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Break, Weekdays};

    #[test]
    fn a_day_is_sign_on_breaks_and_sign_off_in_order() {
        let all = wishes(&[shift(8, 16, &[(12, 1)])], Weekday::Monday, &[hours(0), hours(24)]);
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

    fn hours(h: u64) -> Duration {
        Duration::from_secs(h * 3600)
    }

    fn shift(from: u64, to: u64, breaks: &[(u64, u64)]) -> Shift {
        let pause = |(at, code): &(u64, u64)| Break { at: hours(*at), lasts: hours(1), code: *code as u8 };
        let breaks = breaks.iter().map(pause).collect();
        Shift { agent: AgentId(3), days: Weekdays::ALL, from: hours(from), to: hours(to), breaks }
    }

    #[test]
    fn shifts_that_touch_are_kept_in_whatever_order_they_are_written() {
        let (morning, evening) = (shift(8, 12, &[]), shift(12, 18, &[]));
        let written = wishes(&[morning.clone(), evening.clone()], Weekday::Monday, &[hours(0)]);
        assert_eq!(wishes(&[evening, morning], Weekday::Monday, &[hours(0)]), written);
        let noon: Vec<_> = written.iter().filter(|wish| wish.at == hours(12)).map(|wish| wish.action).collect();
        assert_eq!(noon, [AgentAction::SignOff { code: 0 }, AgentAction::SignOn { phone: None }, AgentAction::Ready]);
    }

    #[test]
    fn breaks_that_touch_are_kept_in_whatever_order_they_are_written() {
        let written = wishes(&[shift(8, 18, &[(12, 1), (13, 2)])], Weekday::Monday, &[hours(0)]);
        assert_eq!(wishes(&[shift(8, 18, &[(13, 2), (12, 1)])], Weekday::Monday, &[hours(0)]), written);
        let one: Vec<_> = written.iter().filter(|wish| wish.at == hours(13)).map(|wish| wish.action).collect();
        assert_eq!(one, [AgentAction::NotReady { code: 2 }], "one break, of which the reason changes");
    }

    #[test]
    fn a_break_at_the_end_or_the_beginning_of_a_shift_has_no_moment_of_readiness() {
        let at = |all: &[Wish], hour| -> Vec<_> {
            all.iter().filter(|wish| wish.at == hours(hour)).map(|wish| wish.action).collect()
        };
        let (on, off) = (AgentAction::SignOn { phone: None }, AgentAction::SignOff { code: 0 });
        let (ready, pause) = (AgentAction::Ready, AgentAction::NotReady { code: 1 });
        let end = wishes(&[shift(8, 12, &[(11, 1)]), shift(12, 16, &[])], Weekday::Monday, &[hours(0)]);
        assert_eq!((at(&end, 11), at(&end, 12)), (vec![pause], vec![off, on, ready]));
        let beginning = wishes(&[shift(8, 12, &[]), shift(12, 16, &[(12, 1)])], Weekday::Monday, &[hours(0)]);
        assert_eq!((at(&beginning, 12), at(&beginning, 13)), (vec![off, on, pause], vec![ready]));
    }

    #[test]
    fn whoever_works_round_the_clock_is_there_after_a_night_that_is_an_hour_short() {
        let all = wishes(&[shift(0, 24, &[])], Weekday::Monday, &[hours(0), hours(23)]);
        let said: Vec<_> = all.iter().skip(2).map(|wish| (wish.at, wish.action)).collect();
        let second = [AgentAction::SignOff { code: 0 }, AgentAction::SignOn { phone: None }, AgentAction::Ready];
        assert_eq!(said[..3], second.map(|action| (hours(23), action)));
        assert_eq!(said[3..], [(hours(47), AgentAction::SignOff { code: 0 })]);
    }

    #[test]
    fn nobody_comes_on_a_day_that_is_not_of_his_shift() {
        let days = Weekdays([true, true, true, true, true, false, false]);
        let week: Vec<_> = (0..7).map(|day| hours(24 * day)).collect();
        let all = wishes(&[Shift { days, ..shift(8, 16, &[]) }], Weekday::Thursday, &week);
        let on = all.iter().filter(|wish| wish.action == AgentAction::Ready);
        assert_eq!(on.map(|wish| wish.at.as_secs() / 86_400).collect::<Vec<_>>(), [0, 1, 4, 5, 6]);
    }
}
