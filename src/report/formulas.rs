use core::time::Duration;
use model::Treatment;

/// What a set of queue visits adds up to. `T` is the service-level target, `S` the short-abandon limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// O: callers who entered the queue. Who is called back was offered when he called.
    pub offered: u64,
    /// A
    pub answered: u64,
    /// A≤T
    pub answered_in_target: u64,
    /// Answered or called back, and the agent is through with it, wrap-up included.
    pub handled: u64,
    /// B
    pub abandoned: u64,
    /// B≤T
    pub abandoned_in_target: u64,
    /// B≤S
    pub abandoned_short: u64,
    /// F
    pub flowed_out: u64,
    /// C: called back, and an agent talked with him.
    pub called_back: u64,
    /// Called back and reached, and he hung up before an agent was there.
    pub called_back_lost: u64,
    /// Still waiting at the end of the interval.
    pub waiting: u64,
    /// E: visits of which something happened: the answer, the hang-up, a phone that rang out or the target's passing.
    pub events: u64,
    /// E_A: the answer was the first of these.
    pub events_answered: u64,
}

/// `part ÷ whole`, `None` when there is nothing to divide by.
pub fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// `total ÷ count`, `None` without a count.
pub fn average(total: Duration, count: u64) -> Option<Duration> {
    (count > 0).then(|| Duration::from_nanos(u64::try_from(total.as_nanos() / u128::from(count)).unwrap_or(u64::MAX)))
}

/// The share of contacts served in time, by the named treatment of abandoned ones.
pub fn service_level(counts: &Counts, treatment: Treatment) -> Option<f64> {
    let Counts { offered, answered, answered_in_target, abandoned, abandoned_in_target, abandoned_short, .. } = *counts;
    match treatment {
        Treatment::Handled => ratio(answered_in_target, answered),
        Treatment::Ignore => ratio(answered_in_target, offered - abandoned_in_target),
        Treatment::Negative => ratio(answered_in_target, offered),
        Treatment::Positive => ratio(answered_in_target + abandoned_in_target, offered),
        Treatment::Short => ratio(answered_in_target, offered - abandoned_short),
        Treatment::Late => ratio(answered_in_target, answered + abandoned - abandoned_in_target),
        Treatment::Genesys => ratio(answered_in_target, answered + abandoned),
        Treatment::Event => ratio(counts.events_answered, counts.events),
    }
}

/// Share of the time a person could take contacts in which he worked on one.
pub fn occupancy(worked: Duration, ready: Duration) -> Option<f64> {
    share(worked, worked + ready)
}

/// `part ÷ whole` of times.
pub fn share(part: Duration, whole: Duration) -> Option<f64> {
    (!whole.is_zero()).then(|| part.as_secs_f64() / whole.as_secs_f64())
}

/// Name and formula, printed beside every figure.
pub const FORMULAS: &[(&str, &str)] = &[
    (
        "offered",
        "O = callers that entered the queue in the interval; who is called back has been offered and flowed out, and is not again",
    ),
    ("conservation", "O = answered A + abandoned B + flowed out F (a callback accepted too) + still waiting"),
    ("service level (handled)", "A≤T ÷ A"),
    ("service level (ignore)", "A≤T ÷ (O − B≤T)"),
    ("service level (negative)", "A≤T ÷ O"),
    ("service level (positive)", "(A≤T + B≤T) ÷ O"),
    ("service level (short)", "A≤T ÷ (O − B≤S)"),
    ("service level (late)", "A≤T ÷ (A + B>T)"),
    ("service level (genesys)", "(A − A>T) ÷ (A + B)"),
    (
        "service level (event)",
        "E_A ÷ E; E = visits with an event: the first of answer, hang-up, a phone that rang out, T passed; E_A = it was the answer",
    ),
    ("ASA", "Σ wait of answered ÷ A, from queue entry to connect, ring time included; callbacks in neither"),
    ("ATA", "Σ wait of abandoned ÷ B"),
    (
        "handled",
        "H = answered or called back (C) and the agent is through with it, wrap-up included; H ≤ A + C while calls go on",
    ),
    ("ATT", "Σ talk ÷ H, hold excluded; of callbacks both"),
    ("AHT", "Σ (talk + hold + wrap-up) ÷ H; of callbacks both"),
    ("abandonment", "B ÷ O; net (B − B≤S) ÷ (O − B≤S)"),
    (
        "callbacks",
        "reached, failed, withdrawn, open of those accepted; C = talked with, lost = reached, but gone before an agent came",
    ),
    ("time to callback", "Σ (customer's answer − promise) ÷ reached"),
    ("time to talk", "Σ (connect − promise) ÷ C, what he waited on the line after his answer included"),
    ("occupancy", "(busy + ringing + wrap-up) ÷ (busy + ringing + wrap-up + ready)"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn percent(counts: &Counts, treatment: Treatment) -> f64 {
        (service_level(counts, treatment).unwrap() * 1000.0).round() / 10.0
    }

    #[test]
    fn the_golden_values_of_the_published_guides_come_out() {
        let guide = Counts {
            offered: 100,
            answered: 90,
            answered_in_target: 70,
            abandoned: 10,
            abandoned_in_target: 10,
            ..Counts::default()
        };
        assert_eq!(percent(&guide, Treatment::Ignore), 77.8);
        assert_eq!(percent(&guide, Treatment::Negative), 70.0);
        assert_eq!(percent(&guide, Treatment::Positive), 80.0);
        assert_eq!(percent(&guide, Treatment::Genesys), 70.0);
        let late = Counts { offered: 130, answered: 130, answered_in_target: 50, ..Counts::default() };
        assert_eq!((service_level(&late, Treatment::Ignore).unwrap() * 100.0).round(), 38.0);
    }

    #[test]
    fn nothing_offered_is_no_figure_instead_of_a_hundred_percent() {
        assert_eq!(service_level(&Counts::default(), Treatment::Negative), None);
        assert_eq!(average(Duration::from_secs(1), 0), None);
        assert_eq!(occupancy(Duration::ZERO, Duration::ZERO), None);
    }
}
