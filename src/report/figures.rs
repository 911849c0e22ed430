use crate::formulas::{Counts, average, ratio, service_level};
use crate::visit::{Stay, VisitEnd, Work};
use core::time::Duration;
use model::{ServiceLevel, Treatment};

/// The figures of one queue over one interval, attributed by time of entry.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct QueueFigures {
    pub counts: Counts,
    pub wait_answered: Duration,
    pub wait_abandoned: Duration,
    pub wait_longest: Duration,
    /// From the promise to the talk, of those called back.
    pub promise_to_talk: Duration,
    /// Of the handled.
    pub work: Work,
}

impl QueueFigures {
    pub fn add(&mut self, stay: &Stay, level: &ServiceLevel) {
        let Stay { waited, rang_out, called_back, end } = *stay;
        if called_back {
            return self.add_called_back(waited, end);
        }
        let in_target = u64::from(waited <= level.target);
        let rang_out = rang_out.is_some_and(|after| after <= level.target);
        // Who is sent elsewhere in time has met none of them.
        let flowed = matches!(end, VisitEnd::FlowedOut { .. });
        self.counts.events += u64::from(rang_out || waited > level.target || !flowed);
        self.counts.offered += 1;
        self.wait_longest = self.wait_longest.max(waited);
        match end {
            VisitEnd::Answered { work } => {
                self.counts.answered += 1;
                self.counts.answered_in_target += in_target;
                self.counts.events_answered += if rang_out { 0 } else { in_target };
                self.wait_answered += waited;
                work.iter().for_each(|work| self.handled(work));
            }
            VisitEnd::Abandoned => {
                self.counts.abandoned += 1;
                self.counts.abandoned_in_target += in_target;
                self.counts.abandoned_short += u64::from(waited <= level.short_abandon);
                self.wait_abandoned += waited;
            }
            VisitEnd::FlowedOut { .. } => self.counts.flowed_out += 1,
        }
    }

    /// The promise was a flow-out of the wait on the line: this stay is not offered once more, and nobody's ear was on
    /// the line in it. The work on it is work like any other.
    fn add_called_back(&mut self, since_promise: Duration, end: VisitEnd) {
        match end {
            VisitEnd::Answered { work } => {
                self.counts.called_back += 1;
                self.promise_to_talk += since_promise;
                work.iter().for_each(|work| self.handled(work));
            }
            // Only who was reached can hang up.
            VisitEnd::Abandoned => self.counts.called_back_lost += 1,
            VisitEnd::FlowedOut { .. } => {}
        }
    }

    /// The agent is through with an answered contact.
    pub fn handled(&mut self, work: &Work) {
        self.counts.handled += 1;
        self.work.talked += work.talked;
        self.work.held += work.held;
        self.work.wrapped += work.wrapped;
    }

    /// Somebody who entered in the interval and still waits.
    pub fn add_waiting(&mut self, waited: Duration, level: &ServiceLevel) {
        self.counts.offered += 1;
        self.counts.events += u64::from(waited > level.target);
        self.counts.waiting += 1;
        self.wait_longest = self.wait_longest.max(waited);
    }

    /// A + B + F + still waiting: by the law of conservation as many as came into the queue, which whoever knows the
    /// arrivals from elsewhere compares.
    pub fn accounted(&self) -> u64 {
        let c = &self.counts;
        c.answered + c.abandoned + c.flowed_out + c.waiting
    }

    pub fn service_level(&self, treatment: Treatment) -> Option<f64> {
        service_level(&self.counts, treatment)
    }

    /// Average speed of answer.
    pub fn asa(&self) -> Option<Duration> {
        average(self.wait_answered, self.counts.answered)
    }

    /// Average time to abandon.
    pub fn ata(&self) -> Option<Duration> {
        average(self.wait_abandoned, self.counts.abandoned)
    }

    /// Average time from the promise to the talk.
    pub fn time_to_talk(&self) -> Option<Duration> {
        average(self.promise_to_talk, self.counts.called_back)
    }

    /// Average handling time: of those whose handling is over, so that a call in progress does not make it shorter.
    pub fn aht(&self) -> Option<Duration> {
        average(self.work.total(), self.counts.handled)
    }

    /// Average talk time.
    pub fn att(&self) -> Option<Duration> {
        average(self.work.talked, self.counts.handled)
    }

    pub fn abandonment(&self) -> Option<f64> {
        ratio(self.counts.abandoned, self.counts.offered)
    }

    pub fn abandonment_net(&self) -> Option<f64> {
        let c = &self.counts;
        ratio(c.abandoned - c.abandoned_short, c.offered - c.abandoned_short)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::FlowReason;
    use model::plain::LEVEL;

    fn stay(waited: u64, end: VisitEnd) -> Stay {
        Stay { waited: Duration::from_secs(waited), rang_out: None, called_back: false, end }
    }

    #[test]
    fn an_event_is_what_happens_first() {
        let answered = VisitEnd::Answered { work: None };
        let flowed = VisitEnd::FlowedOut { why: FlowReason::MaxWait };
        let rang_out = |after, waited, end| Stay { rang_out: Some(Duration::from_secs(after)), ..stay(waited, end) };
        let counts = |stay: Stay| {
            let mut figures = QueueFigures::default();
            figures.add(&stay, &LEVEL);
            (figures.counts.events, figures.counts.events_answered)
        };
        assert_eq!(counts(stay(20, answered)), (1, 1), "answered in time");
        assert_eq!(counts(stay(21, answered)), (1, 0), "the target passed before the answer");
        assert_eq!(counts(stay(3, VisitEnd::Abandoned)), (1, 0));
        assert_eq!(counts(rang_out(15, 18, answered)), (1, 0), "a phone rang out first");
        assert_eq!(counts(rang_out(30, 40, answered)), (1, 0));
        assert_eq!(counts(stay(10, flowed)), (0, 0), "sent elsewhere before anything happened");
        assert_eq!(counts(stay(21, flowed)), (1, 0));
        assert_eq!(counts(rang_out(15, 18, flowed)), (1, 0));
        let mut waiting = QueueFigures::default();
        waiting.add_waiting(Duration::from_secs(20), &LEVEL);
        waiting.add_waiting(Duration::from_secs(21), &LEVEL);
        assert_eq!(waiting.counts.events, 1, "who waits counts when the target has passed");
    }

    #[test]
    fn a_visit_counts_once_and_the_sum_is_conserved() {
        let answered = |talked| {
            let (talked, wrapped) = (Duration::from_secs(talked), Duration::from_secs(5));
            VisitEnd::Answered { work: Some(Work { talked, held: Duration::ZERO, wrapped }) }
        };
        let mut figures = QueueFigures::default();
        for (waited, end) in [
            (10, answered(55)),
            (30, answered(115)),
            (3, VisitEnd::Abandoned),
            (40, VisitEnd::Abandoned),
            (60, VisitEnd::FlowedOut { why: FlowReason::MaxWait }),
        ] {
            figures.add(&stay(waited, end), &LEVEL);
        }
        figures.add_waiting(Duration::from_secs(90), &LEVEL);
        assert_eq!((figures.counts.offered, figures.accounted()), (6, 6));
        assert_eq!(figures.asa(), Some(Duration::from_secs(20)));
        assert_eq!(figures.aht(), Some(Duration::from_secs(90)));
        assert_eq!(figures.service_level(Treatment::Negative), Some(1.0 / 6.0));
        assert_eq!(figures.abandonment_net(), Some(1.0 / 5.0));
        assert_eq!(figures.att(), Some(Duration::from_secs(85)));
        assert_eq!(figures.wait_longest, Duration::from_secs(90));
    }

    #[test]
    fn a_stay_of_who_is_called_back_counts_in_no_wait_and_its_work_is_work() {
        let work = Work { talked: Duration::from_secs(50), held: Duration::ZERO, wrapped: Duration::from_secs(10) };
        let (answered, flowed) = (VisitEnd::Answered { work: None }, FlowReason::MaxWait);
        let mut figures = QueueFigures::default();
        figures.add(&stay(10, answered), &LEVEL);
        figures.handled(&Work { talked: Duration::from_secs(100), ..Work::default() });
        let before = figures;
        for end in [answered, VisitEnd::Abandoned, VisitEnd::FlowedOut { why: flowed }] {
            let rang_out = Some(Duration::from_secs(3));
            figures.add(&Stay { called_back: true, rang_out, ..stay(4000, end) }, &LEVEL);
        }
        assert_eq!((figures.counts.called_back, figures.counts.called_back_lost), (1, 1));
        assert_eq!(figures.time_to_talk(), Some(Duration::from_secs(4000)));
        for treatment in Treatment::ALL {
            assert_eq!(figures.service_level(treatment), before.service_level(treatment), "{treatment:?}");
        }
        assert_eq!((figures.asa(), figures.ata(), figures.wait_longest), (before.asa(), None, before.wait_longest));
        assert_eq!((figures.counts.offered, figures.accounted()), (1, 1));
        // Both sides of the division: two talks, two handled.
        figures.handled(&work);
        assert_eq!((figures.counts.handled, figures.aht()), (2, Some(Duration::from_secs(80))));
    }

    #[test]
    fn complaint_33_a_call_counts_at_its_answer_and_its_handling_when_it_is_over() {
        let mut figures = QueueFigures::default();
        figures.add(&stay(4, VisitEnd::Answered { work: None }), &LEVEL);
        assert_eq!((figures.counts.answered, figures.counts.handled), (1, 0));
        assert_eq!((figures.service_level(Treatment::Negative), figures.aht()), (Some(1.0), None));
        // An hour of talk does not change the share answered in 20 seconds.
        figures.handled(&Work { talked: Duration::from_secs(3600), ..Work::default() });
        assert_eq!((figures.counts.answered, figures.counts.handled), (1, 1));
        assert_eq!(figures.service_level(Treatment::Negative), Some(1.0));
        assert_eq!(figures.aht(), Some(Duration::from_secs(3600)));
    }
}
