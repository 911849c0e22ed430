//! Claim: relaying a packet between two bridged legs takes well under a microsecond of user time; the kernel's share is
//! 4 to 7 µs (W2: at most 0.06 % of a core a call).

use base::{Instant, Now, Utc};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use media::{Channel, Config, Datagram, Output, PacketBatch, SoundLibrary, Worker};
use model::{
    Codec, ContactId, Direction, Family, LegId, MediaCommand, MediaEvent, MediaPort, Role, ShardId, SourcePolicy,
    StreamSetup, WorkerId,
};
use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

const SHARD: ShardId = ShardId(0);

struct Bridge {
    worker: Worker,
    now: Now,
    batch: PacketBatch,
    slots: [u32; 2],
}

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

impl Bridge {
    fn new() -> Self {
        let now = Now::new(Instant::from_millis(1000), Utc::from_secs(1_700_000_000));
        let config = Config { worker: WorkerId(0), silence: Duration::from_secs(30), seed: 1, started: now.mono };
        let worker = Worker::new(config, Arc::new(SoundLibrary::new()));
        let mut bridge = Bridge { worker, now, batch: PacketBatch::new(), slots: [0; 2] };
        let ports = bridge.ports();
        for (n, role) in [Role::Caller, Role::Agent].into_iter().enumerate() {
            let leg = LegId(n as u64);
            bridge.command(MediaCommand::Open { leg, group: ContactId(1), port: ports[n], role });
            let setup = StreamSetup {
                remote: address(20_000 + n as u16 * 2),
                remote_rtcp: None,
                codec: Codec::Pcmu,
                payload_type_out: 0,
                payload_type_in: 0,
                dtmf_out: Some(101),
                dtmf_in: Some(101),
                ptime_ms: 20,
                direction: Direction::SendRecv,
                source: SourcePolicy::Signalled,
            };
            bridge.command(MediaCommand::Negotiate { leg, setup });
            bridge.command(MediaCommand::Join { leg });
            bridge.slots[n] = ports[n].slot;
        }
        bridge
    }

    fn command(&mut self, command: MediaCommand) {
        self.worker.handle_command(self.now, SHARD, command, &mut self.batch);
        self.batch.clear();
    }

    fn ports(&mut self) -> Vec<MediaPort> {
        self.command(MediaCommand::Supply { family: Family::V4, count: 2 });
        let mut found = Vec::new();
        while let Some(output) = self.worker.poll_output() {
            match output {
                Output::Bind { slot, .. } => {
                    self.worker.handle_bound(slot, Some(address(10_000 + slot as u16 * 2)));
                }
                Output::Event { event: MediaEvent::Ports { ports }, .. } => found.extend(ports),
                Output::Event { .. } | Output::OpenRtcp { .. } | Output::Unbind { .. } | Output::Recording(_) => {}
            }
        }
        assert_eq!(found.len(), 2, "the worker has two ports ready");
        found
    }
}

fn packet(sequence: u16) -> Vec<u8> {
    let mut packet = vec![0x80, 0];
    packet.extend(sequence.to_be_bytes());
    packet.extend((u32::from(sequence) * 160).to_be_bytes());
    packet.extend(7u32.to_be_bytes());
    packet.extend([0x55; 160]);
    packet
}

fn relay(c: &mut Criterion) {
    let mut bridge = Bridge::new();
    let mut sequence = 0u16;
    let mut group = c.benchmark_group("rtp_relay");
    group.throughput(Throughput::Elements(2));
    group.bench_function("a packet each way, PCMU", |b| {
        b.iter(|| {
            sequence = sequence.wrapping_add(1);
            let octets = packet(sequence);
            for side in 0..2 {
                let source = address(20_000 + side as u16 * 2);
                let datagram = Datagram { slot: bridge.slots[side], channel: Channel::Rtp, source, octets: &octets };
                bridge.worker.handle_packet(bridge.now, datagram, &mut bridge.batch);
            }
            black_box(bridge.batch.len());
            bridge.batch.clear();
            bridge.now = bridge.now + Duration::from_millis(20);
            if bridge.worker.poll_timeout().is_some_and(|at| at <= bridge.now.mono) {
                bridge.worker.handle_timeout(bridge.now, &mut bridge.batch);
                bridge.batch.clear();
            }
            while bridge.worker.poll_output().is_some() {}
        });
    });
    group.finish();
    assert!(bridge.worker.stats().packets_relayed > 0, "packets were relayed");
}

criterion_group!(benches, relay);
criterion_main!(benches);
