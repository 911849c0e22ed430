//! Holds the room to its promise that nothing on a packet's way allocates.

use crate::*;
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
fn no_frame_allocates() {
    let mut tone = ToneGenerator::new(&Tone::ringback("GB"), SampleRate::Hz16000);
    let mut coders = Codec::ALL.map(|c| (Encoder::new(c), Decoder::new(c), Plc::new(c.sample_rate())));
    let (mut up, mut down) = (Upsampler::new(), Downsampler::new());
    let mut mixer = Mixer::new(320);
    let sound = EncodedSound::from_pcm(&[1000; 16_000], 16_000);
    let count = allocations(|| {
        for n in 0..100 {
            let (mut wide, mut narrow, mut octets) = ([0; 320], [0; 160], [0; 160]);
            tone.fill(&mut wide);
            down.process(&wide, &mut narrow);
            up.process(&narrow, &mut wide);
            for (encoder, decoder, plc) in &mut coders {
                encoder.encode(&wide, &mut octets);
                decoder.decode(sound.frame(Codec::Pcmu, n % 50), &mut wide);
                if n % 7 < 2 { plc.conceal(&mut wide) } else { plc.good(&mut wide) }
            }
            g711::ulaw_to_alaw(&mut octets);
            mixer.clear();
            mixer.add(&wide);
            mixer.without(&[1; 320], &mut wide);
            Gain::from_db(-3.0).apply(&mut wide);
            let copy = wide;
            merge_frames(&copy, &[5; 320], &mut wide);
            interleave(&wide, &narrow, &mut [0; 1280]);
        }
    });
    assert_eq!(count, 0);
}
