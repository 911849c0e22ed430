use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// The recorder behind the `metrics` macros, and what it has recorded as Prometheus text.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
}

/// Seconds; the target most often agreed on is 20.
const WAIT_BUCKETS: &[f64] = &[1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0];

/// Seconds too short (below zero the wait was shorter than expected).
const ERROR_BUCKETS: &[f64] = &[-300.0, -120.0, -60.0, -30.0, -10.0, 0.0, 10.0, 30.0, 60.0, 120.0, 300.0];

impl Metrics {
    /// Takes the place of the process's recorder; `None` when another one is there already.
    pub fn install() -> Option<Self> {
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_wait_seconds".into()), WAIT_BUCKETS)
            .ok()?
            .set_buckets_for_metric(Matcher::Suffix("_wait_error_seconds".into()), ERROR_BUCKETS)
            .ok()?;
        Some(Metrics { handle: builder.install_recorder().ok()? })
    }

    pub fn render(&self) -> String {
        self.handle.render()
    }

    /// Folds recent samples into their buckets; to be called now and then when nobody scrapes.
    pub fn tidy(&self) {
        self.handle.run_upkeep();
    }
}
