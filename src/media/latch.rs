use crate::limits::LATCH_PACKETS;
use core::net::{IpAddr, SocketAddr};
use model::SourcePolicy;

/// Which source a leg listens to and is answered at.
///
/// The peer's real address may differ from the signalled one behind a NAT, so the first packets decide. Afterwards it
/// stands fast: a guessed port must neither be heard nor draw our sound to itself (AST-2017-005, ES2025-01).
#[derive(Clone, Debug)]
pub(crate) struct Latch {
    policy: SourcePolicy,
    signalled: SocketAddr,
    source: Option<SocketAddr>,
    /// Packets taken since the latch was set, up to [`LATCH_PACKETS`].
    taken: u8,
}

/// What to do with a packet from a source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    Peer,
    /// Refused and counted.
    Stranger,
}

impl Latch {
    pub(crate) fn new(policy: SourcePolicy, signalled: SocketAddr) -> Self {
        Latch { policy, signalled: canonical(signalled), source: None, taken: 0 }
    }

    /// A new description of the peer: only a changed address or policy opens the latch again, so that a hold or a
    /// session refresh is no invitation to strangers.
    pub(crate) fn renegotiate(&mut self, policy: SourcePolicy, signalled: SocketAddr) {
        if canonical(signalled) != self.signalled || policy != self.policy {
            *self = Latch::new(policy, signalled);
        }
    }

    pub(crate) fn handle_source(&mut self, source: SocketAddr) -> Verdict {
        let source = canonical(source);
        if self.source == Some(source) {
            self.taken = self.taken.saturating_add(1).min(LATCH_PACKETS);
            return Verdict::Peer;
        }
        let open = self.source.is_none() || self.taken < LATCH_PACKETS;
        if !open || !self.allows(source.ip()) {
            return Verdict::Stranger;
        }
        self.source = Some(source);
        // A peer that sends from where it said stands behind no NAT: nobody else can be it.
        self.taken = if source == self.signalled { LATCH_PACKETS } else { self.taken + 1 };
        Verdict::Peer
    }

    /// Where our packets go; `None` when the peer named no address (RFC 3264 §8.4's old form of hold) and sent nothing.
    pub(crate) fn destination(&self) -> Option<SocketAddr> {
        let to = self.source.unwrap_or(self.signalled);
        (!to.ip().is_unspecified() && to.port() != 0).then_some(to)
    }

    fn allows(&self, ip: IpAddr) -> bool {
        match self.policy {
            SourcePolicy::Signalled => ip == self.signalled.ip(),
            SourcePolicy::AnySource => true,
        }
    }
}

/// An IPv4 address inside an IPv6 one is that IPv4 address.
pub(crate) fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Peer, Stranger};

    fn at(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    fn check(policy: SourcePolicy, story: &[(&str, Verdict)], destination: &str) {
        let mut latch = Latch::new(policy, at("192.0.2.1:4000"));
        for (n, (source, expect)) in story.iter().enumerate() {
            assert_eq!(latch.handle_source(at(source)), *expect, "packet {n} from {source}");
        }
        assert_eq!(latch.destination(), Some(at(destination)));
    }

    #[test]
    fn only_the_signalled_address_may_send_from_any_port() {
        check(
            SourcePolicy::Signalled,
            &[("198.51.100.9:4000", Stranger), ("192.0.2.1:4711", Peer), ("198.51.100.9:4000", Stranger)],
            "192.0.2.1:4711",
        );
    }

    #[test]
    fn behind_a_nat_the_first_packets_decide_and_then_nobody_else() {
        let late = [("203.0.113.5:9", Peer), ("203.0.113.5:10", Peer), ("203.0.113.5:10", Peer)];
        check(SourcePolicy::AnySource, &late, "203.0.113.5:10");
        let fixed = [
            ("203.0.113.5:9", Peer),
            ("203.0.113.5:9", Peer),
            ("203.0.113.5:9", Peer),
            ("203.0.113.5:9", Peer),
            ("203.0.113.5:9", Peer),
            ("203.0.113.6:9", Stranger),
            ("203.0.113.5:10", Stranger),
        ];
        check(SourcePolicy::AnySource, &fixed, "203.0.113.5:9");
    }

    #[test]
    fn flapping_sources_use_the_five_packets_up() {
        let mut latch = Latch::new(SourcePolicy::AnySource, at("192.0.2.1:4000"));
        let verdicts: Vec<Verdict> =
            (0..9).map(|n| latch.handle_source(at(&format!("203.0.113.5:{}", n % 2)))).collect();
        assert_eq!(verdicts, [Peer, Peer, Peer, Peer, Peer, Stranger, Peer, Stranger, Peer]);
    }

    #[test]
    fn a_peer_at_its_signalled_address_is_latched_by_one_packet() {
        check(SourcePolicy::AnySource, &[("192.0.2.1:4000", Peer), ("203.0.113.5:9", Stranger)], "192.0.2.1:4000");
    }

    #[test]
    fn only_a_changed_description_opens_the_latch_again() {
        let mut latch = Latch::new(SourcePolicy::Signalled, at("192.0.2.1:4000"));
        for _ in 0..5 {
            assert_eq!(latch.handle_source(at("192.0.2.1:4711")), Peer);
        }
        latch.renegotiate(SourcePolicy::Signalled, at("192.0.2.1:4000"));
        assert_eq!(latch.handle_source(at("192.0.2.1:4000")), Stranger);
        assert_eq!(latch.destination(), Some(at("192.0.2.1:4711")));
        latch.renegotiate(SourcePolicy::Signalled, at("192.0.2.7:5000"));
        assert_eq!(latch.destination(), Some(at("192.0.2.7:5000")));
        assert_eq!(latch.handle_source(at("192.0.2.1:4711")), Stranger);
        assert_eq!(latch.handle_source(at("192.0.2.7:5000")), Peer);
    }

    #[test]
    fn mapped_addresses_are_the_addresses_they_carry_and_nowhere_is_no_destination() {
        let mut latch = Latch::new(SourcePolicy::Signalled, at("192.0.2.1:4000"));
        assert_eq!(latch.handle_source(at("[::ffff:192.0.2.1]:4000")), Peer);
        assert_eq!(Latch::new(SourcePolicy::Signalled, at("0.0.0.0:4000")).destination(), None);
        assert_eq!(Latch::new(SourcePolicy::Signalled, at("192.0.2.1:0")).destination(), None);
    }
}
