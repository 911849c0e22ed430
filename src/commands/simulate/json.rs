use super::{Case, Simulation};
use serde_json::{Value, json};
use sim::traffic::{At, CONFIDENCE, Estimate, KPIS, Unit};

impl Simulation {
    pub(super) fn json(&self) -> Value {
        let (year, month, day) = self.date;
        let first = self.first();
        let figures = KPIS.iter().map(|kpi| json!({"name": kpi.name, "unit": unit(kpi.unit), "formula": kpi.formula}));
        let mut all = json!({
            "from": format!("{year:04}-{month:02}-{day:02}"),
            "interval_minutes": first.scene.interval.as_secs_f64() / 60.0,
            "days": first.scene.midnights.len(),
            "runs": self.runs,
            "seed": self.seed,
            "confidence": CONFIDENCE,
            "configurations": self.cases.iter().map(case).collect::<Vec<_>>(),
            "figures": figures.collect::<Vec<_>>(),
        });
        if self.cases.len() > 1 {
            let differences = first.queues().filter_map(|queue| self.difference(queue));
            all["differences"] = differences.collect();
        }
        all
    }

    /// The other configuration less the first.
    fn difference(&self, queue: usize) -> Option<Value> {
        let (first, other) = (self.first(), self.cases.get(1)?);
        let other_queue = self.of_other(queue)?;
        let figures = |interval| -> Value {
            let spans = [&first.span(queue, interval), &other.span(other_queue, interval)];
            let value = |kpi| {
                let runs = [&first.runs[..], &other.runs[..]];
                estimate(At { queue, interval }.difference(kpi, other_queue, spans, runs))
            };
            KPIS.iter().map(|kpi| (kpi.name.to_owned(), value(kpi))).collect::<serde_json::Map<_, _>>().into()
        };
        let interval = |n: &usize| json!({"from": first.clock(*n), "figures": figures(Some(*n))});
        Some(json!({
            "queue": first.scene.directory.queues[queue].name,
            "day": figures(None),
            "intervals": first.intervals(queue).iter().map(interval).collect::<Vec<_>>(),
        }))
    }
}

fn case(case: &Case) -> Value {
    let refused = case.runs.iter().flat_map(|run| &run.refused).fold(serde_json::Map::new(), |mut all, (cause, n)| {
        let before = all.get(*cause).and_then(Value::as_f64).unwrap_or(0.0);
        all.insert((*cause).into(), (before + *n as f64 / case.runs.len() as f64).into());
        all
    });
    let left_over = Estimate::of(case.runs.iter().map(|run| run.left_over as f64), CONFIDENCE);
    json!({
        "config": case.name,
        "callers": case.callers(),
        "refused": refused,
        "waiting_at_end": left_over.map(|left| left.mean),
        "queues": case.queues().map(|queue| one_queue(case, queue)).collect::<Vec<_>>(),
    })
}

fn one_queue(case: &Case, queue: usize) -> Value {
    let settings = &case.scene.directory.queues[queue];
    let level = settings.service_level;
    let interval = |n: &usize| json!({"from": case.clock(*n), "figures": figures(case, queue, Some(*n))});
    json!({
        "queue": settings.name,
        "service_level": {
            "target_seconds": level.target.as_secs_f64(),
            "goal_percent": level.percent,
            "treatment": level.treatment.word(),
        },
        "day": figures(case, queue, None),
        "intervals": case.intervals(queue).iter().map(interval).collect::<Vec<_>>(),
    })
}

fn figures(case: &Case, queue: usize, interval: Option<usize>) -> Value {
    let span = case.span(queue, interval);
    let value = |kpi| estimate(At { queue, interval }.estimate(kpi, &span, &case.runs));
    KPIS.iter().map(|kpi| (kpi.name.to_owned(), value(kpi))).collect::<serde_json::Map<_, _>>().into()
}

fn estimate(found: Option<Estimate>) -> Value {
    found.map_or(Value::Null, |e| json!({"mean": e.mean, "half_width": e.half_width, "runs": e.runs}))
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Count => "count",
        Unit::Seconds => "seconds",
        Unit::Share => "share",
    }
}
