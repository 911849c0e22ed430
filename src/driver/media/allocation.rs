//! Counts allocations, to hold the promise that packets cost none.
#![allow(unsafe_code)] // an allocator cannot be written without

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call is passed on unchanged to the system's allocator; counting touches a plain cell of this thread.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ended = COUNT.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations of this thread while `work` runs.
fn allocations(work: impl FnOnce()) -> u64 {
    let before = COUNT.get();
    work();
    COUNT.get() - before
}

mod tests {
    use super::*;
    use base::{Instant, Now, Utc};
    use media::{Channel, Config, Datagram, Output, PacketBatch, Sound, SoundLibrary, Worker};
    use model::{
        Codec, ContactId, Direction, Family, LegId, MediaCommand, MediaEvent, MediaPort, Role, ShardId, SoundId,
        SourcePolicy, StreamSetup, WorkerId,
    };
    use std::sync::Arc;
    use std::time::Duration;

    struct Call {
        worker: Worker,
        out: PacketBatch,
        ports: Vec<MediaPort>,
        millis: u64,
    }

    impl Call {
        /// Two legs in one conversation, each with its codec.
        fn new(codecs: [Codec; 2]) -> Self {
            let mut sounds = SoundLibrary::new();
            sounds.add(Sound::new(vec![0x55; 1600]));
            let started = Instant::from_millis(1000);
            let config = Config { worker: WorkerId(0), silence: Duration::from_secs(30), seed: 1, started };
            let worker = Worker::new(config, Arc::new(sounds));
            let mut call = Call { worker, out: PacketBatch::new(), ports: Vec::new(), millis: 1000 };
            call.command(MediaCommand::Supply { family: Family::V4, count: 2 });
            for (n, codec) in codecs.into_iter().enumerate() {
                let (leg, group, port) = (LegId(n as u64), ContactId(1), call.ports[n]);
                let role = if n == 0 { Role::Caller } else { Role::Agent };
                let setup = StreamSetup {
                    remote: "192.0.2.1:4000".parse().unwrap(),
                    remote_rtcp: None,
                    codec,
                    payload_type_out: codec.payload_type(),
                    payload_type_in: codec.payload_type(),
                    dtmf_out: None,
                    dtmf_in: None,
                    ptime_ms: 20,
                    direction: Direction::SendRecv,
                    source: SourcePolicy::Signalled,
                };
                call.command(MediaCommand::Open { leg, group, port, role });
                call.command(MediaCommand::Negotiate { leg, setup });
                call.command(MediaCommand::Join { leg });
            }
            call
        }

        fn command(&mut self, command: MediaCommand) {
            self.worker.handle_command(self.now(), ShardId(0), command, &mut self.out);
            while let Some(output) = self.worker.poll_output() {
                match output {
                    Output::Bind { slot, .. } => self.worker.handle_bound(slot, Some("127.0.0.1:9".parse().unwrap())),
                    Output::Event { event: MediaEvent::Ports { ports }, .. } => self.ports.extend(ports),
                    _ => {}
                }
            }
        }

        fn now(&self) -> Now {
            Now::new(Instant::from_millis(self.millis), Utc::EPOCH)
        }

        /// Both sides speak for so many frames; datagrams we sent.
        fn speak(&mut self, frames: u64, codecs: [Codec; 2]) -> usize {
            let mut sent = 0;
            for _ in 0..frames {
                for (n, codec) in codecs.iter().enumerate() {
                    let mut octets = [0x55; 172];
                    octets[..2].copy_from_slice(&[0x80, codec.payload_type()]);
                    octets[2..4].copy_from_slice(&((self.millis / 20) as u16).to_be_bytes());
                    octets[4..8].copy_from_slice(&((self.millis * 8) as u32).to_be_bytes());
                    octets[8..12].copy_from_slice(&[1, 2, 3, n as u8]);
                    let source = "192.0.2.1:4000".parse().unwrap();
                    let datagram =
                        Datagram { slot: self.ports[n].slot, channel: Channel::Rtp, source, octets: &octets };
                    self.worker.handle_packet(self.now(), datagram, &mut self.out);
                }
                for _ in 0..20 {
                    self.millis += 1;
                    self.worker.handle_timeout(self.now(), &mut self.out);
                }
                sent += self.out.len();
                self.out.clear();
                while self.worker.poll_output().is_some() {}
            }
            sent
        }
    }

    fn check(codecs: [Codec; 2], prepare: impl FnOnce(&mut Call)) {
        let mut call = Call::new(codecs);
        prepare(&mut call);
        call.speak(200, codecs);
        let mut sent = 0;
        // A report every five seconds may: it is not a packet of sound. So the quietest of many windows counts.
        let windows = (0..10).map(|_| allocations(|| sent += call.speak(20, codecs)));
        assert_eq!(windows.min(), Some(0), "{codecs:?}");
        assert!(sent >= 400, "{sent} datagrams");
    }

    #[test]
    fn a_relayed_packet_allocates_nothing() {
        check([Codec::Pcmu; 2], |_| {});
    }

    #[test]
    fn a_mixed_packet_allocates_nothing() {
        check([Codec::Pcmu, Codec::G722], |_| {});
    }

    #[test]
    fn music_allocates_nothing() {
        check([Codec::Pcmu; 2], |call| {
            for leg in [LegId(0), LegId(1)] {
                call.command(MediaCommand::Leave { leg });
                call.command(MediaCommand::Play {
                    leg,
                    play: model::PlayId(0),
                    sounds: vec![SoundId(0)],
                    repeat: true,
                });
            }
        });
    }
}
