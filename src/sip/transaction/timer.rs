//! The timers of RFC 3261 table 4 and RFC 6026, as data.

use core::time::Duration;

/// RFC 3261 §17.1.1.1: estimate of the round trip.
pub const T1: Duration = Duration::from_millis(500);
/// The longest gap between retransmissions of anything but an INVITE request.
pub const T2: Duration = Duration::from_secs(4);
/// How long a message may stay in the network.
pub const T4: Duration = Duration::from_secs(5);
/// Timer C: more than three minutes.
pub const PATIENCE: Duration = Duration::from_secs(181);
/// 64*T1, when a transaction gives up.
pub const GIVE_UP: Duration = Duration::from_secs(32);

/// Named as in the RFC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// INVITE request retransmission, UDP only.
    A,
    /// INVITE transaction time-out.
    B,
    /// RFC 3261 §16.6 step 11: how long an INVITE may go without another provisional response. Meant for proxies; here
    /// it keeps a callee that rings for ever from holding a transaction for ever.
    C,
    /// Wait for retransmitted refusals of our INVITE.
    D,
    /// Other request retransmission, UDP only.
    E,
    /// Other transaction time-out.
    F,
    /// INVITE refusal retransmission, UDP only.
    G,
    /// Wait for the ACK of a refusal.
    H,
    /// Wait for retransmitted ACKs.
    I,
    /// Wait for retransmissions of a request other than INVITE.
    J,
    /// Wait for retransmitted responses.
    K,
    /// RFC 6026: wait for retransmitted INVITEs after a 2xx.
    L,
    /// RFC 6026: wait for retransmitted or forked 2xx.
    M,
}

impl Timer {
    /// Time to the first firing; `None`: does not run over this transport.
    pub const fn first(self, reliable: bool) -> Option<Duration> {
        match (self, reliable) {
            (Timer::A | Timer::E | Timer::G, true) => None,
            (Timer::A | Timer::E | Timer::G, false) => Some(T1),
            (Timer::B | Timer::F | Timer::H | Timer::L | Timer::M, _) => Some(GIVE_UP),
            (Timer::C, _) => Some(PATIENCE),
            (Timer::D | Timer::I | Timer::J | Timer::K, true) => Some(Duration::ZERO),
            // RFC 3261 §17.1.1.2: at least 32 s.
            (Timer::D | Timer::J, false) => Some(GIVE_UP),
            (Timer::I | Timer::K, false) => Some(T4),
        }
    }

    /// Time to the next firing after one of `interval`; only A, E and G fire more than once.
    pub fn next(self, interval: Duration) -> Duration {
        match self {
            Timer::A => interval * 2,
            Timer::E | Timer::G => T2.min(interval * 2),
            Timer::B
            | Timer::C
            | Timer::D
            | Timer::F
            | Timer::H
            | Timer::I
            | Timer::J
            | Timer::K
            | Timer::L
            | Timer::M => interval,
        }
    }

    /// Retransmission timers stand beside the one that ends the state.
    pub const fn retransmits(self) -> bool {
        matches!(self, Timer::A | Timer::E | Timer::G)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn firings(timer: Timer, until: Duration) -> Vec<u128> {
        let mut interval = timer.first(false).expect("runs over UDP");
        let (mut at, mut all) = (interval, Vec::new());
        while at < until {
            all.push(at.as_millis());
            interval = timer.next(interval);
            at += interval;
        }
        all
    }

    #[test]
    fn an_invite_is_sent_seven_times_in_all() {
        assert_eq!(firings(Timer::A, GIVE_UP), [500, 1500, 3500, 7500, 15500, 31500]);
    }

    #[test]
    fn other_requests_are_sent_eleven_times_in_all() {
        assert_eq!(firings(Timer::E, GIVE_UP), [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]);
    }

    #[test]
    fn nothing_is_retransmitted_over_a_stream() {
        assert_eq!(Timer::A.first(true), None);
        assert_eq!(Timer::E.first(true), None);
        assert_eq!(Timer::G.first(true), None);
        assert_eq!(Timer::J.first(true), Some(Duration::ZERO));
    }
}
