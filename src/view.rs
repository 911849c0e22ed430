//! What the web pages and the scraper see of the running house.

use crate::control::Floor;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use metrics::{counter, gauge};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use web::{AgentTile, BoardView, House, QueueTile, Readiness};

impl House for Floor {
    fn readiness(&self) -> Readiness {
        if self.draining.load(Ordering::Relaxed) {
            return Readiness::NotReady("draining".into());
        }
        if !self.published.healthy.load(Ordering::Relaxed) {
            return Readiness::NotReady("the store cannot be written".into());
        }
        match self.line.shards() {
            Ok(_) => Readiness::Ready,
            Err(error) => Readiness::NotReady(error.to_string()),
        }
    }

    fn refresh_metrics(&self) {
        self.process_metrics();
        self.queue_metrics();
        self.agent_metrics();
        self.voicemail_metrics();
    }

    fn board(&self) -> BoardView {
        let names = self.names.load();
        let now = self.clock.now();
        let (lines, calls) = {
            let wallboard = self.published.wallboard.lock().unwrap_or_else(PoisonError::into_inner);
            (wallboard.queues(now.mono, &names), wallboard.contacts())
        };
        let live = names.queues.iter().zip(&lines).filter(|(queue, _)| !queue.removed);
        let zone = TimeZone::get(&names.site.time_zone).unwrap_or(TimeZone::UTC);
        let at = Timestamp::from_second(now.utc.as_secs()).unwrap_or(Timestamp::UNIX_EPOCH);
        let local = at.to_zoned(zone);
        let agents = self.agents().into_iter();
        BoardView {
            now: at.to_string(),
            date: local.date().to_string(),
            time: local.time().to_string(),
            site: names.site.domain.to_string(),
            language: names.site.language.tag(),
            ready: self.is_ready(),
            calls,
            queues: live.map(|(queue, line)| tile(queue, line)).collect(),
            agents: agents
                .map(|a| AgentTile { id: a.agent, name: a.name, state: a.state, reason: a.reason, seconds: a.seconds })
                .collect(),
        }
    }
}

fn tile(queue: &model::Queue, line: &report::QueueNow) -> QueueTile {
    let level = queue.service_level;
    QueueTile {
        name: queue.name.to_string(),
        waiting: line.waiting,
        longest_wait_seconds: line.longest_wait.as_secs_f64(),
        ready: line.ready,
        ringing: line.ringing,
        busy: line.busy,
        wrap_up: line.wrap_up,
        not_ready: line.not_ready,
        offered: line.today.counts.offered,
        answered: line.today.counts.answered,
        abandoned: line.today.counts.abandoned,
        flowed_out: line.today.counts.flowed_out,
        service_level_percent: line.today.service_level(level.treatment).map(|share| share * 100.0),
        goal_percent: level.percent,
        target_seconds: level.target.as_secs_f64(),
        treatment: level.treatment.word(),
        asa_seconds: line.today.asa().map(|asa| asa.as_secs_f64()),
    }
}

impl Floor {
    /// Read from the folder itself: who listens and deletes does so there. It holds what nobody has deleted yet.
    fn voicemail_metrics(&self) {
        let names = self.names.load();
        if !crate::voicemail::is_used(&names) {
            return;
        }
        let messages = crate::voicemail::messages(&self.recordings).unwrap_or_default();
        for queue in names.queues.iter().filter(|queue| !queue.removed) {
            let new = messages.iter().filter(|message| !message.heard && *message.queue == *queue.name).count();
            gauge!("strowger_voicemail_waiting", "queue" => queue.name.to_string()).set(new as f64);
        }
    }

    fn process_metrics(&self) {
        gauge!("strowger_up_seconds").set((self.clock.mono() - self.started).as_secs_f64());
        gauge!("strowger_ready").set(f64::from(u8::from(self.is_ready())));
        counter!("strowger_facts_total").absolute(self.published.sequence.load(Ordering::Relaxed));
        counter!("strowger_record_rows_lost_total").absolute(self.published.rows_lost.load(Ordering::Relaxed));
        counter!("strowger_events_lost_total").absolute(self.published.events_lost.load(Ordering::Relaxed));
        let published = &self.published;
        gauge!("strowger_record_rows_waiting").set(published.rows_waiting.load(Ordering::Relaxed) as f64);
        counter!("strowger_store_writes_total").absolute(published.writes.load(Ordering::Relaxed));
        counter!("strowger_store_write_errors_total").absolute(published.write_errors.load(Ordering::Relaxed));
        let write_micros = published.write_micros.load(Ordering::Relaxed);
        gauge!("strowger_store_write_seconds").set(write_micros as f64 / 1e6);
        gauge!("strowger_store_healthy").set(f64::from(u8::from(self.published.healthy.load(Ordering::Relaxed))));
        let sum = |of: fn(&driver::ShardGauges) -> u64| self.gauges.iter().map(|g| of(g)).sum();
        counter!("strowger_sip_datagrams_received_total").absolute(sum(|g| g.datagrams_in.load(Ordering::Relaxed)));
        counter!("strowger_sip_messages_sent_total").absolute(sum(|g| g.datagrams_out.load(Ordering::Relaxed)));
        counter!("strowger_sip_datagrams_unsent_total").absolute(sum(|g| g.datagrams_lost.load(Ordering::Relaxed)));
        gauge!("strowger_calls").set(sum(|g| g.contacts.load(Ordering::Relaxed) as u64) as f64);
        let media = self.media.stats();
        gauge!("strowger_media_legs").set(media.worker.legs as f64);
        gauge!("strowger_media_ports").set(media.worker.ports as f64);
        gauge!("strowger_recordings_open").set(media.recordings_open as f64);
        counter!("strowger_recordings_total").absolute(media.recordings_written);
        counter!("strowger_recordings_incomplete_total").absolute(media.recordings_incomplete);
        counter!("strowger_recordings_failed_total").absolute(media.recordings_failed);
        counter!("strowger_rtp_packets_received_total").absolute(media.packets_received);
        counter!("strowger_rtp_packets_sent_total").absolute(media.packets_sent);
        counter!("strowger_rtp_packets_relayed_total").absolute(media.worker.packets_relayed);
        counter!("strowger_rtp_packets_from_strangers_total").absolute(media.worker.strangers);
        counter!("strowger_rtp_packets_malformed_total").absolute(media.worker.malformed);
        counter!("strowger_rtp_packets_overflowed_total").absolute(media.packets_overflowed);
        if let Ok(shards) = self.line.shards() {
            let sum = |of: fn(&engine::ShardStatus) -> usize| shards.iter().map(of).sum::<usize>() as f64;
            gauge!("strowger_legs").set(sum(|s| s.legs));
            gauge!("strowger_nailed_legs").set(sum(|s| s.nailed_up));
            // The registrar is shard 0's; the others hold a copy of what it knows.
            let registrations = shards.iter().map(|s| s.sip.registrations).max().unwrap_or(0);
            gauge!("strowger_registrations").set(registrations as f64);
            gauge!("strowger_sip_sessions").set(sum(|s| s.sip.sessions));
            gauge!("strowger_sip_transactions", "side" => "client").set(sum(|s| s.sip.client_transactions));
            gauge!("strowger_sip_transactions", "side" => "server").set(sum(|s| s.sip.server_transactions));
            gauge!("strowger_tcp_connections").set(sum(|s| s.sip.connections));
        }
        if let Ok(trunks) = self.line.trunks() {
            let names = self.names.load();
            for trunk in trunks {
                let name = names.trunk(trunk.trunk).name.to_string();
                gauge!("strowger_trunk_up", "trunk" => name.clone()).set(f64::from(u8::from(trunk.up)));
                gauge!("strowger_trunk_calls", "trunk" => name).set(f64::from(trunk.calls));
            }
        }
    }

    fn queue_metrics(&self) {
        let names = self.names.load();
        for queue in self.queues() {
            let name = queue.queue;
            let goal = names.queue_named(&name).map_or(0, |id| names.queue(id).service_level.percent);
            gauge!("strowger_queue_waiting", "queue" => name.clone()).set(f64::from(queue.waiting));
            gauge!("strowger_queue_longest_wait_seconds", "queue" => name.clone()).set(queue.longest_wait_seconds);
            gauge!("strowger_queue_reserves_joined", "queue" => name.clone()).set(queue.reserves.len() as f64);
            // Gauges: they begin again at midnight. The totals are counted at the facts (`meters.rs`).
            let today = [
                ("offered", queue.offered),
                ("answered", queue.answered),
                ("abandoned", queue.abandoned),
                ("flowed-out", queue.flowed_out),
            ];
            for (what, count) in today {
                gauge!("strowger_queue_today", "queue" => name.clone(), "what" => what).set(count as f64);
            }
            gauge!("strowger_queue_service_level_goal_ratio", "queue" => name.clone()).set(f64::from(goal) / 100.0);
            // Before the first call of the day there is none: a gap on the dashboard, not a hundred per cent.
            gauge!("strowger_queue_service_level_ratio", "queue" => name.clone())
                .set(queue.service_level.unwrap_or(f64::NAN));
            let states = [
                ("ready", queue.ready),
                ("ringing", queue.ringing),
                ("busy", queue.busy),
                ("wrap-up", queue.wrap_up),
                ("not-ready", queue.not_ready),
                ("signed-off", queue.signed_off),
            ];
            for (state, count) in states {
                gauge!("strowger_queue_agents", "queue" => name.clone(), "state" => state).set(f64::from(count));
            }
            let open = if queue.open == "yes" { 1.0 } else { 0.0 };
            gauge!("strowger_queue_open", "queue" => name.clone()).set(open);
        }
    }

    /// By state only: a series for every agent would be personal data in a system that keeps it for ever.
    fn agent_metrics(&self) {
        let agents = self.agents();
        for state in ["signed-off", "not-ready", "ready", "reserved", "busy", "wrap-up"] {
            let count = agents.iter().filter(|agent| agent.state == state).count();
            gauge!("strowger_agents", "state" => state).set(count as f64);
        }
    }
}
