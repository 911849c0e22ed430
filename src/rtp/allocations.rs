//! Holds the room to its promise that nothing on a packet's way allocates.

use crate::*;
use base::{Instant, Now, Rng, Utc};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Counts the allocations of each thread, so that tests beside this one do not disturb it.
struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

#[expect(unsafe_code, reason = "an allocator is unsafe by nature; this one only counts and passes on")]
// SAFETY: every call is handed to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|c| c.set(c.get() + 1));
        // SAFETY: the caller's contract is the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(work: impl FnOnce()) -> u64 {
    let before = COUNT.with(Cell::get);
    work();
    COUNT.with(Cell::get) - before
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(7)))), 1);
}

#[test]
fn a_call_in_progress_allocates_nothing() {
    let mut rng = Rng::new(1);
    let mut sender = Sender::new(8000, &mut rng);
    let mut receiver = Receiver::new(8000);
    let mut rtcp = RtcpSession::new(Instant::ZERO, 8000, "leg", rng.fork());
    let mut jitter = JitterBuffer::new(JitterConfig::default());
    let mut reading = KeyReceiver::new(8000);
    let mut typing = KeySender::new(8000);
    let star = Key::from_char('*').expect("a key");
    let mut keys = 0;
    let mut minute = |from_ms: u64| {
        typing.press(star, std::time::Duration::from_millis(100)).expect("room");
        for ms in (from_ms..from_ms + 60_000).step_by(20) {
            let now = Now::new(Instant::from_millis(ms), Utc::from_secs(1));
            let mut out = [0; 256];
            let event = typing.handle_tick(sender.timestamp(), 160);
            let len = match &event {
                Some(e) => {
                    sender.skip(160);
                    let pt = PayloadType::COMFORT_NOISE;
                    sender.write_event(now.mono, pt, e.marker, e.timestamp, &e.payload, &mut out)
                }
                None => sender.write_audio(now.mono, PayloadType::PCMU, &[0xff; 160], 160, &mut out),
            };
            let packet = Packet::parse(&out[..len.expect("fits")]).expect("own packet");
            receiver.handle_packet(now.mono, &packet);
            match event {
                Some(_) => {
                    let taken = reading.handle_packet(now.mono, packet.timestamp(), packet.marker(), packet.payload());
                    assert_eq!(taken, Ok(()));
                }
                None => assert_eq!(jitter.handle_packet(now.mono, &packet), Queued::Stored),
            }
            jitter.pull(now.mono, &mut [0; 160]);
            keys += core::iter::from_fn(|| reading.poll_change()).count();
            let mut report = [0; 256];
            if let Ok(Some(len)) = rtcp.poll_report(now, &sender, &mut receiver, &mut report) {
                let heard = rtcp.handle_compound(now.mono, &report[..len], sender.ssrc(), receiver.ssrc());
                assert!(heard.is_ok_and(|h| h.about_us));
            }
        }
    };
    // Queues take their memory the first time they are used.
    minute(0);
    assert_eq!(allocations(|| minute(60_000)), 0);
    assert_eq!(keys, 4);
}
