//! What the scraper is told: the catalogue of metrics, and those that are counted at the facts themselves.
//!
//! Gauges and totals that are kept elsewhere are read when somebody scrapes (`view.rs`).

use core::time::Duration;
use metrics::{
    Counter, Gauge, Histogram, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use model::{CauseKind, ContactEnd, Directory, Fact, OfferOutcome, QueueId};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

use Kind::{Counter as C, Gauge as G, Histogram as H};

/// Every metric there is. The names are an interface: dashboards and rules outside this tree use them.
const CATALOGUE: &[(Kind, &str, &str)] = &[
    (G, "strowger_agents", "Agents by state"),
    (C, "strowger_callbacks_total", "Promises to call back, by what became of them, and attempts begun"),
    (G, "strowger_calls", "Contacts that live now"),
    (C, "strowger_contacts_ended_total", "Contacts that ended, by how"),
    (C, "strowger_events_lost_total", "Facts not kept in the event log, as the store had no room"),
    (C, "strowger_facts_total", "Facts numbered since the start"),
    (G, "strowger_legs", "Legs that live now"),
    (G, "strowger_media_legs", "Legs with an open media port"),
    (G, "strowger_media_ports", "Open media ports, spare ones included"),
    (G, "strowger_nailed_legs", "Nailed-up legs of agents that are on the line"),
    (C, "strowger_offers_total", "Offers to agents that ended, by outcome"),
    (C, "strowger_queue_abandoned_total", "Callers who hung up while they waited"),
    (G, "strowger_queue_agents", "Agents of a queue by state"),
    (C, "strowger_queue_answered_total", "Callers answered by an agent"),
    (C, "strowger_queue_flowed_out_total", "Contacts that left the queue by a rule or by force"),
    (G, "strowger_queue_longest_wait_seconds", "How long the first in line waits"),
    (C, "strowger_queue_offered_total", "Callers who entered the queue"),
    (G, "strowger_queue_reserves_joined", "Reserves of the queue that have joined it"),
    (G, "strowger_queue_open", "1 when the queue takes contacts: neither its calendar nor a person has closed it"),
    (G, "strowger_queue_service_level_goal_ratio", "The goal the service level is compared with"),
    (G, "strowger_queue_service_level_ratio", "Service level since midnight in the queue's own treatment"),
    (G, "strowger_queue_today", "Contacts of the queue since midnight in the site's time zone, by what became of them"),
    (
        G,
        "strowger_queue_wait_coverage_ratio",
        "Share of waits that keep the bound foretold since the start, who gave up before it counted honestly; nine of ten",
    ),
    (C, "strowger_queue_wait_bound_total", "Waits by whether they kept the bound foretold, which nine of ten should"),
    (
        G,
        "strowger_queue_wait_error_mean_seconds",
        "Time waited less the time expected when the wait began, mean since the start, who gave up counted honestly",
    ),
    (
        H,
        "strowger_queue_wait_error_seconds",
        "Time waited until answer less the time expected when the wait began, of the answered",
    ),
    (H, "strowger_queue_wait_seconds", "Time in the queue until answer, abandonment or flow-out"),
    (G, "strowger_queue_waiting", "Callers who wait now"),
    (C, "strowger_queue_warned_total", "Callers who were told when they came that they will wait long"),
    (G, "strowger_ready", "1 when new calls are taken"),
    (C, "strowger_record_rows_lost_total", "Rows of records given up, as the store had no room"),
    (G, "strowger_record_rows_waiting", "Rows of records that wait for the store"),
    (C, "strowger_recordings_failed_total", "Recordings for which no file could be made"),
    (C, "strowger_recordings_incomplete_total", "Recordings that miss a part"),
    (G, "strowger_recordings_open", "Recordings that are being written"),
    (C, "strowger_recordings_total", "Recordings that were begun"),
    (C, "strowger_refused_total", "Calls refused before they became contacts, by cause"),
    (G, "strowger_registrations", "Phones that are registered"),
    (C, "strowger_rtp_packets_from_strangers_total", "Media packets from addresses that have no right to send"),
    (C, "strowger_rtp_packets_malformed_total", "Media packets that could not be read"),
    (C, "strowger_rtp_packets_overflowed_total", "Media packets the kernel dropped before they were read"),
    (C, "strowger_rtp_packets_received_total", "Media packets received"),
    (C, "strowger_rtp_packets_relayed_total", "Media packets relayed without transcoding"),
    (C, "strowger_rtp_packets_sent_total", "Media packets sent"),
    (C, "strowger_sip_datagrams_received_total", "SIP datagrams received"),
    (C, "strowger_sip_datagrams_unsent_total", "SIP datagrams the kernel did not take"),
    (C, "strowger_sip_messages_sent_total", "SIP messages sent"),
    (G, "strowger_sip_sessions", "SIP sessions that live now"),
    (G, "strowger_sip_transactions", "SIP transactions that live now, by side"),
    (G, "strowger_store_healthy", "1 when the store takes writes"),
    (C, "strowger_store_write_errors_total", "Transactions of the store that failed"),
    (
        G,
        "strowger_store_write_seconds",
        "Seconds spent in transactions of the store since the start; its rate is the share of the time",
    ),
    (C, "strowger_store_writes_total", "Transactions of the store that were written"),
    (G, "strowger_tcp_connections", "SIP connections over TCP"),
    (G, "strowger_trunk_calls", "Calls over a trunk"),
    (G, "strowger_trunk_up", "1 when the trunk answers"),
    (G, "strowger_up_seconds", "Time since the start"),
    (C, "strowger_voicemail_messages_total", "Messages left for a queue"),
    (G, "strowger_voicemail_waiting", "Messages for a queue that nobody has heard"),
];

/// Why a call is refused before it is a contact, each there from the start. Any other cause would appear when it comes.
const REFUSALS: [CauseKind; 5] =
    [CauseKind::NotFound, CauseKind::Forbidden, CauseKind::Overload, CauseKind::NoMedia, CauseKind::Shutdown];

/// What is counted as it happens. The handles are made once: a fact costs an addition and no look-up.
pub(crate) struct Meters {
    queues: Vec<QueueMeters>,
    called_back: report::CalledBack,
    served: Counter,
    abandoned: Counter,
    flowed_out: Counter,
    rejected: Counter,
    failed: Counter,
    forced: Counter,
    shutdown: Counter,
    feature_code: Counter,
}

struct QueueMeters {
    offered: Counter,
    answered: Left,
    abandoned: Left,
    flowed_out: Left,
    wait_error: Histogram,
    wait_kept: Counter,
    wait_exceeded: Counter,
    foretold: report::Foretold,
    wait_coverage: Gauge,
    wait_error_mean: Gauge,
    warned: Counter,
    messages: Counter,
    accepted: Counter,
    rejected: Counter,
    missed: Counter,
    offer_failed: Counter,
    withdrawn: Counter,
}

/// One way out of a queue.
struct Left {
    contacts: Counter,
    waits: Histogram,
}

impl Left {
    fn after(&self, waited: Duration) {
        self.contacts.increment(1);
        self.waits.record(waited);
    }
}

impl Meters {
    /// Call it when the recorder is in place; what is made before counts nothing.
    pub(crate) fn new(names: &Directory) -> Self {
        for (kind, name, help) in CATALOGUE.iter().copied() {
            match kind {
                Kind::Counter => describe_counter!(name, help),
                Kind::Gauge => describe_gauge!(name, help),
                Kind::Histogram => describe_histogram!(name, help),
            }
        }
        // A counter that appears with its first increment hides that one from `increase()`.
        for cause in REFUSALS {
            counter!("strowger_refused_total", "cause" => cause.word()).increment(0);
        }
        let ended = |end: ContactEnd| counter!("strowger_contacts_ended_total", "end" => end.word());
        let mut meters = Meters {
            queues: Vec::new(),
            called_back: report::CalledBack::default(),
            served: ended(ContactEnd::Served),
            abandoned: ended(ContactEnd::Abandoned),
            flowed_out: ended(ContactEnd::FlowedOut),
            rejected: ended(ContactEnd::Rejected),
            failed: ended(ContactEnd::Failed),
            forced: ended(ContactEnd::Forced),
            shutdown: ended(ContactEnd::Shutdown),
            feature_code: ended(ContactEnd::FeatureCode),
        };
        meters.know_queues(names);
        meters
    }

    pub(crate) fn see(&mut self, fact: &Fact, names: &Directory) {
        let called_back = self.called_back.handle_fact(fact).is_some();
        match fact {
            // Who is called back is counted by what becomes of the promise.
            Fact::Queued { .. } | Fact::Connected { .. } | Fact::Abandoned { .. } | Fact::FlowedOut { .. }
                if called_back => {}
            Fact::Queued { queue, .. } => self.queue(*queue, names).offered.increment(1),
            Fact::Connected { queue, waited, .. } => self.queue(*queue, names).answered.after(*waited),
            Fact::Abandoned { queue, waited, .. } => self.queue(*queue, names).abandoned.after(*waited),
            Fact::FlowedOut { queue, waited, .. } => self.queue(*queue, names).flowed_out.after(*waited),
            Fact::OfferEnded { queue, outcome, .. } => {
                let queue = self.queue(*queue, names);
                let counter = match outcome {
                    OfferOutcome::Accepted => &queue.accepted,
                    OfferOutcome::Rejected(_) => &queue.rejected,
                    OfferOutcome::Missed => &queue.missed,
                    OfferOutcome::Failed(_) => &queue.offer_failed,
                    OfferOutcome::Withdrawn => &queue.withdrawn,
                };
                counter.increment(1);
            }
            Fact::WaitForetold { queue, expected, bound, waited, served } => {
                let queue = self.queue_mut(*queue, names);
                if *waited > *bound {
                    queue.wait_exceeded.increment(1);
                } else if *served {
                    queue.wait_kept.increment(1);
                }
                queue.foretold.add(*expected, *bound, *waited, *served);
                if let Some(share) = queue.foretold.coverage() {
                    queue.wait_coverage.set(share);
                }
                if let Some(error) = queue.foretold.mean_error() {
                    queue.wait_error_mean.set(error);
                }
                if *served {
                    queue.wait_error.record(waited.as_secs_f64() - expected.as_secs_f64());
                }
            }
            Fact::ContactEnded { end, .. } => self.ended(*end).increment(1),
            Fact::Callback { step, promise, .. } => {
                let queue = names.queue(promise.queue).name.to_string();
                counter!("strowger_callbacks_total", "queue" => queue, "step" => step.word()).increment(1);
            }
            // Rare, and of many kinds.
            Fact::Refused { cause, .. } => {
                counter!("strowger_refused_total", "cause" => cause.kind.word()).increment(1)
            }
            Fact::Warned { queue, .. } => self.queue(*queue, names).warned.increment(1),
            Fact::MessageLeft { queue, .. } => self.queue(*queue, names).messages.increment(1),
            Fact::Reserve { .. }
            | Fact::Aside { .. }
            | Fact::ContactArrived { .. }
            | Fact::LegStarted { .. }
            | Fact::LegRinging { .. }
            | Fact::LegAnswered { .. }
            | Fact::LegEnded { .. }
            | Fact::LegQuality { .. }
            | Fact::Judged { .. }
            | Fact::Offered { .. }
            | Fact::TalkStarted { .. }
            | Fact::TalkEnded { .. }
            | Fact::Held { .. }
            | Fact::Retrieved { .. }
            | Fact::Transferred { .. }
            | Fact::TransferFailed { .. }
            | Fact::Merged { .. }
            | Fact::SupervisorJoined { .. }
            | Fact::SupervisorLeft { .. }
            | Fact::RecordingStarted { .. }
            | Fact::RecordingStopped { .. }
            | Fact::AgentChanged { .. }
            | Fact::Line { .. }
            | Fact::SignOffReason { .. }
            | Fact::Forced { .. }
            | Fact::PhoneReachable { .. }
            | Fact::PhoneUnreachable { .. }
            | Fact::TrunkUp { .. }
            | Fact::TrunkDown { .. }
            | Fact::ReservationExpired { .. }
            | Fact::DrainStarted { .. }
            | Fact::Configured { .. }
            | Fact::Reloaded { .. } => {}
        }
    }

    /// Queues keep their index as long as the process lives; a reload adds some at the end.
    fn queue(&mut self, id: QueueId, names: &Directory) -> &QueueMeters {
        self.queue_mut(id, names)
    }

    fn queue_mut(&mut self, id: QueueId, names: &Directory) -> &mut QueueMeters {
        if self.queues.len() <= id.index() {
            self.know_queues(names);
        }
        &mut self.queues[id.index()]
    }

    fn know_queues(&mut self, names: &Directory) {
        self.queues.extend(names.queues.iter().skip(self.queues.len()).map(|queue| QueueMeters::new(&queue.name)));
    }

    fn ended(&self, end: ContactEnd) -> &Counter {
        match end {
            ContactEnd::Served => &self.served,
            ContactEnd::Abandoned => &self.abandoned,
            ContactEnd::FlowedOut => &self.flowed_out,
            ContactEnd::Rejected => &self.rejected,
            ContactEnd::Failed => &self.failed,
            ContactEnd::Forced => &self.forced,
            ContactEnd::Shutdown => &self.shutdown,
            ContactEnd::FeatureCode => &self.feature_code,
        }
    }
}

impl QueueMeters {
    fn new(queue: &str) -> Self {
        let total = |name: &'static str| counter!(name, "queue" => queue.to_owned());
        let left = |name: &'static str, end: &'static str| Left {
            contacts: total(name),
            waits: histogram!("strowger_queue_wait_seconds", "queue" => queue.to_owned(), "outcome" => end),
        };
        let offers =
            |end: &'static str| counter!("strowger_offers_total", "queue" => queue.to_owned(), "outcome" => end);
        let foretold = |end: &'static str| counter!("strowger_queue_wait_bound_total", "queue" => queue.to_owned(), "bound" => end);
        QueueMeters {
            offered: total("strowger_queue_offered_total"),
            answered: left("strowger_queue_answered_total", "answered"),
            abandoned: left("strowger_queue_abandoned_total", "abandoned"),
            flowed_out: left("strowger_queue_flowed_out_total", "flowed-out"),
            wait_error: histogram!("strowger_queue_wait_error_seconds", "queue" => queue.to_owned()),
            wait_kept: foretold("kept"),
            wait_exceeded: foretold("exceeded"),
            foretold: report::Foretold::default(),
            wait_coverage: gauge!("strowger_queue_wait_coverage_ratio", "queue" => queue.to_owned()),
            wait_error_mean: gauge!("strowger_queue_wait_error_mean_seconds", "queue" => queue.to_owned()),
            warned: total("strowger_queue_warned_total"),
            messages: total("strowger_voicemail_messages_total"),
            accepted: offers("accepted"),
            rejected: offers("rejected"),
            missed: offers("missed"),
            offer_failed: offers("failed"),
            withdrawn: offers("withdrawn"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Every `strowger_…` in a text.
    fn named(text: &str) -> BTreeSet<&str> {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        words.filter(|word| word.starts_with("strowger_")).collect()
    }

    fn catalogue() -> BTreeSet<&'static str> {
        CATALOGUE.iter().map(|(_, name, _)| *name).collect()
    }

    #[test]
    fn every_metric_of_the_dashboard_and_of_the_rules_is_in_the_catalogue() {
        let dashboard = include_str!("../deploy/grafana/dashboards/strowger.json");
        let rules = include_str!("../deploy/prometheus-rules.yml");
        for name in named(dashboard).union(&named(rules)) {
            let histogram = ["_bucket", "_sum", "_count"].iter().find_map(|part| name.strip_suffix(part));
            let known = match histogram {
                Some(name) => CATALOGUE.iter().any(|known| (known.0, known.1) == (Kind::Histogram, name)),
                None => catalogue().contains(name),
            };
            assert!(known, "{name} is not exported");
        }
        assert!(named(dashboard).len() > 20, "the dashboard was read");
    }

    #[test]
    fn the_catalogue_is_what_the_code_makes() {
        let view = include_str!("view.rs");
        let here = include_str!("meters.rs").split("pub(crate) struct Meters").nth(1).expect("the code below");
        let here = here.split("#[cfg(test)]").next().expect("the code above the tests");
        let made: BTreeSet<&str> = named(view).union(&named(here)).copied().collect();
        assert_eq!(made, catalogue());
        assert_eq!(catalogue().len(), CATALOGUE.len(), "no name twice");
    }

    #[test]
    fn totals_end_as_prometheus_names_them() {
        for (kind, name, help) in CATALOGUE {
            assert_eq!(*kind == Kind::Counter, name.ends_with("_total"), "{name}");
            assert!(!help.ends_with('.') && !help.is_empty());
        }
    }
}
