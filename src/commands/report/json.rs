use super::{AgentReport, INTERVAL_MINUTES, QueueReport, Report};
use crate::times::utc_seconds;
use base::Utc;
use model::{ServiceLevel, Treatment};
use report::{FORMULAS, QueueFigures};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

impl Report {
    pub(super) fn json(&self) -> Value {
        let queues: Vec<Value> = self.queues.iter().map(|(name, queue)| self.queue_json(name, queue)).collect();
        let agents: Vec<Value> = self.agents.iter().map(|(id, agent)| agent_json(id, agent)).collect();
        let abandoned = self.abandoned.iter().map(|visit| {
            json!({
                "contact": visit.contact.to_string(), "queue": visit.queue, "entered": utc_seconds(visit.entered),
                "waited_seconds": visit.waited.as_secs_f64(), "caller": visit.caller, "dialled": visit.dialled,
            })
        });
        let abandoned: Vec<Value> = abandoned.collect();
        let formulas = FORMULAS.iter().map(|(name, formula)| json!({"name": name, "formula": formula}));
        json!({
            "from": utc_seconds(self.from), "to": utc_seconds(self.to), "as_of": utc_seconds(self.as_of),
            "interval_minutes": INTERVAL_MINUTES, "attributed_by": "time of queue entry",
            "queues": queues, "agents": agents, "abandoned": abandoned, "contacts": self.contacts,
            "conservation": self.conservation_json(),
            "formulas": formulas.collect::<Vec<_>>(),
        })
    }

    fn conservation_json(&self) -> Value {
        let (counts, broken) = (self.counts(), self.imbalances());
        let named = broken
            .iter()
            .map(|b| json!({"queue": b.queue, "arrivals": b.arrivals, "accounted": b.accounted}))
            .collect::<Vec<_>>();
        json!({
            "law": "offered = answered + abandoned + flowed out + waiting", "holds": broken.is_empty(),
            "arrivals": self.arrived(), "answered": counts.answered, "abandoned": counts.abandoned,
            "flowed_out": counts.flowed_out, "waiting": counts.waiting, "broken": named,
            "facts_lost": self.arrivals.facts_lost,
        })
    }

    fn queue_json(&self, name: &str, queue: &QueueReport) -> Value {
        let intervals = queue.intervals.iter().map(|(start, figures)| {
            let mut value = figures_json(figures, &queue.level);
            value["from"] = json!(utc_seconds(Utc::from_secs(*start)));
            value
        });
        let by_end = queue.by_end.iter().map(|(start, figures)| {
            let c = &figures.counts;
            json!({
                "from": utc_seconds(Utc::from_secs(*start)),
                "answered": c.answered, "abandoned": c.abandoned, "flowed_out": c.flowed_out,
            })
        });
        let mut value = figures_json(&queue.total, &queue.level);
        value["queue"] = json!(name);
        value["intervals"] = intervals.collect();
        value["intervals_by_end"] = by_end.collect();
        value["warned"] = self.arrivals.warned.get(name).copied().unwrap_or(0).into();
        value["messages"] = self.arrivals.messages.get(name).copied().unwrap_or(0).into();
        let c = &queue.callbacks;
        value["callbacks"] = json!({
            "accepted": c.accepted, "dialled": c.dialled, "reached": c.reached, "failed": c.failed,
            "withdrawn": c.withdrawn, "open": c.open(),
            "time_to_callback_seconds": c.mean_time().map(|time| time.as_secs_f64()),
            "talked": queue.total.counts.called_back, "lost": queue.total.counts.called_back_lost,
            "time_to_talk_seconds": queue.total.time_to_talk().map(|time| time.as_secs_f64()),
        });
        value
    }
}

fn agent_json(id: &str, agent: &AgentReport) -> Value {
    let seconds = |times: &BTreeMap<String, Duration>| -> Map<String, Value> {
        times.iter().map(|(word, time)| (word.clone(), json!(time.as_secs_f64()))).collect()
    };
    json!({
        "agent": id, "answered": agent.answered, "talks": agent.talks,
        "talk_seconds": agent.talked.as_secs_f64(), "hold_seconds": agent.held.as_secs_f64(),
        "state_seconds": seconds(&agent.states), "not_ready_seconds_by_reason": seconds(&agent.reasons),
        "signed_on_seconds": agent.signed_on().as_secs_f64(), "occupancy": agent.occupancy(),
    })
}

fn figures_json(figures: &QueueFigures, level: &ServiceLevel) -> Value {
    let c = &figures.counts;
    let seconds = |d: Option<Duration>| d.map(|d| d.as_secs_f64());
    let levels: Map<String, Value> =
        Treatment::ALL.iter().map(|t| (t.word().to_owned(), json!(figures.service_level(*t)))).collect();
    json!({
        "offered": c.offered, "answered": c.answered, "abandoned": c.abandoned, "flowed_out": c.flowed_out,
        "waiting": c.waiting, "handled": c.handled, "answered_in_target": c.answered_in_target,
        "abandoned_short": c.abandoned_short,
        "abandonment": figures.abandonment(), "abandonment_net": figures.abandonment_net(),
        "asa_seconds": seconds(figures.asa()), "ata_seconds": seconds(figures.ata()),
        "att_seconds": seconds(figures.att()), "aht_seconds": seconds(figures.aht()),
        "longest_wait_seconds": figures.wait_longest.as_secs_f64(),
        "talk_seconds": figures.work.talked.as_secs_f64(), "hold_seconds": figures.work.held.as_secs_f64(),
        "wrap_up_seconds": figures.work.wrapped.as_secs_f64(),
        "service_level": {
            "target_seconds": level.target.as_secs_f64(), "goal_percent": level.percent,
            "treatment": level.treatment.word(), "value": figures.service_level(level.treatment), "all": levels,
        },
    })
}
