use crate::formulas::{Counts, average, ratio, service_level};
use crate::visit::VisitEnd;
use core::time::Duration;
use model::{ServiceLevel, Treatment};

/// The figures of one queue over one interval, attributed by time of entry.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct QueueFigures {
    pub counts: Counts,
    pub wait_answered: Duration,
    pub wait_abandoned: Duration,
    pub wait_longest: Duration,
    pub talked: Duration,
    pub held: Duration,
    pub wrapped: Duration,
}

impl QueueFigures {
    pub fn add(&mut self, waited: Duration, end: &VisitEnd, level: &ServiceLevel) {
        let in_target = u64::from(waited <= level.target);
        self.counts.offered += 1;
        self.wait_longest = self.wait_longest.max(waited);
        match *end {
            VisitEnd::Answered { talked, held, wrapped } => {
                self.counts.answered += 1;
                self.counts.answered_in_target += in_target;
                self.wait_answered += waited;
                self.talked += talked;
                self.held += held;
                self.wrapped += wrapped;
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

    /// Somebody who entered in the interval and still waits.
    pub fn add_waiting(&mut self, waited: Duration) {
        self.counts.offered += 1;
        self.counts.waiting += 1;
        self.wait_longest = self.wait_longest.max(waited);
    }

    /// O = A + B + F + still waiting.
    pub fn conserved(&self) -> bool {
        let c = &self.counts;
        c.offered == c.answered + c.abandoned + c.flowed_out + c.waiting
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

    /// Average handling time.
    pub fn aht(&self) -> Option<Duration> {
        average(self.talked + self.held + self.wrapped, self.counts.answered)
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

    #[test]
    fn a_visit_counts_once_and_the_sum_is_conserved() {
        let level = ServiceLevel {
            target: Duration::from_secs(20),
            percent: 80,
            treatment: Treatment::Negative,
            short_abandon: Duration::from_secs(5),
        };
        let answered = |talked| VisitEnd::Answered {
            talked: Duration::from_secs(talked),
            held: Duration::ZERO,
            wrapped: Duration::from_secs(5),
        };
        let mut figures = QueueFigures::default();
        for (waited, end) in [
            (10, answered(55)),
            (30, answered(115)),
            (3, VisitEnd::Abandoned),
            (40, VisitEnd::Abandoned),
            (60, VisitEnd::FlowedOut { why: FlowReason::MaxWait }),
        ] {
            figures.add(Duration::from_secs(waited), &end, &level);
        }
        figures.add_waiting(Duration::from_secs(90));
        assert!(figures.conserved());
        assert_eq!(figures.counts.offered, 6);
        assert_eq!(figures.asa(), Some(Duration::from_secs(20)));
        assert_eq!(figures.aht(), Some(Duration::from_secs(90)));
        assert_eq!(figures.service_level(Treatment::Negative), Some(1.0 / 6.0));
        assert_eq!(figures.abandonment_net(), Some(1.0 / 5.0));
        assert_eq!(figures.wait_longest, Duration::from_secs(90));
    }
}
