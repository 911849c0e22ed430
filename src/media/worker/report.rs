use super::{Timer, Worker};
use crate::batch::{Channel, PacketBatch};
use crate::input::Output;
use crate::leg::Leg;
use crate::limits::RTCP_OCTETS_MAX;
use base::{Instant, Key, Now};
use core::net::SocketAddr;
use model::MediaEvent;

impl Worker {
    /// The periodic RTCP report of a leg.
    pub(super) fn send_report(&mut self, now: Now, key: Key, out: &mut PacketBatch) {
        let Some(leg) = self.legs.get_mut(key) else { return };
        leg.timers.report = None;
        let Some(route) = self.rtcp_route(key) else {
            self.arm_report(now.mono, key);
            return;
        };
        let (slot, channel, to) = route;
        if channel == Channel::Rtcp && self.ports.want_rtcp(slot) {
            self.outputs.push_back(Output::OpenRtcp { slot });
        }
        let stream = self.leg_mut(key).stream.as_deref_mut().expect("a leg with a route has a stream");
        let (rtcp, sender, receiver) = (&mut stream.rtcp, &stream.sender, &mut stream.receiver);
        let mut sent = false;
        out.push_with(slot, channel, to, RTCP_OCTETS_MAX, |octets| {
            let len = rtcp.poll_report(now, sender, receiver, octets).ok().flatten();
            sent = len.is_some();
            len
        });
        stream.goodbye_owed |= sent;
        self.arm_report(now.mono, key);
    }

    /// Tells the far side that our stream ends, if it was ever told that there is one.
    pub(super) fn say_goodbye(&mut self, now: Now, key: Key, out: &mut PacketBatch) {
        let Some((slot, channel, to)) = self.rtcp_route(key) else { return };
        let stream = self.leg_mut(key).stream.as_deref_mut().expect("a leg with a route has a stream");
        if !stream.goodbye_owed {
            return;
        }
        let (rtcp, sender, receiver) = (&mut stream.rtcp, &stream.sender, &mut stream.receiver);
        out.push_with(slot, channel, to, RTCP_OCTETS_MAX, |octets| {
            rtcp.write_goodbye(now, sender, receiver, octets).ok()
        });
    }

    /// Where a leg's RTCP goes; `None` before anything was sent or heard, for then there is nothing to report.
    fn rtcp_route(&self, key: Key) -> Option<(u32, Channel, SocketAddr)> {
        let leg = self.legs.get(key)?;
        let stream = leg.stream.as_ref()?;
        if stream.sender.packets() == 0 && stream.last_heard.is_none() {
            return None;
        }
        let (channel, to) = match stream.setup.remote_rtcp {
            Some(_) => (Channel::Rtcp, stream.rtcp_destination()?),
            None => (Channel::Rtp, stream.latch.destination()?),
        };
        Some((leg.slot?, channel, to))
    }

    fn arm_report(&mut self, now: Instant, key: Key) {
        let leg = self.legs.get_mut(key).expect("its caller looked it up");
        let Some(stream) = &leg.stream else { return };
        let due = stream.rtcp.poll_timeout();
        // Nothing to say yet: ask again later, the session's own time having passed.
        let at = if due > now { due } else { now + crate::limits::RTCP_INTERVAL };
        leg.timers.report = Some(self.timers.insert(at, Timer::Report(key)));
    }

    pub(super) fn arm_silence(&mut self, now: Instant, key: Key) {
        let at = now + self.config.silence;
        let timer = self.timers.insert(at, Timer::Silence(key));
        self.leg_mut(key).timers.silence = Some(timer);
    }

    /// The watch is set once and looks, when it rings, how long ago the last packet was: packets only store a time.
    pub(super) fn check_silence(&mut self, now: Instant, key: Key) {
        let Some(leg) = self.legs.get_mut(key) else { return };
        leg.timers.silence = None;
        if !leg.awaits_silence() {
            return;
        }
        let heard = leg.stream.as_ref().and_then(|s| s.last_heard).unwrap_or_default();
        let since = heard.max(leg.listening_since);
        let id = leg.id;
        if since + self.config.silence <= now {
            // Told once; the next packet sets the watch again.
            self.tell(id.home(), MediaEvent::Silent { leg: id });
        } else {
            self.arm_silence(since, key);
        }
    }
}

impl Leg {
    /// Whether silence would mean something and nobody watches for it yet.
    pub(super) fn awaits_silence(&self) -> bool {
        let hears = self.stream.as_ref().is_some_and(|s| s.may_receive());
        self.timers.silence.is_none() && self.joined && self.started && hears
    }
}
