#![allow(unsafe_code)] // memory shared with the kernel

use io_uring::types::BufRingEntry;
use io_uring::{IoUring, cqueue, squeue};
use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::io;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU16, Ordering};

/// Buffers lent to the kernel, which picks one for each datagram it receives.
///
/// A buffer belongs to the kernel from [`BufferRing::lend`] until a completion names it, and to us from then until it
/// is lent again.
#[derive(Debug)]
pub(super) struct BufferRing {
    entries: NonNull<BufRingEntry>,
    buffers: Box<[u8]>,
    /// Entries lent since the beginning, modulo 2¹⁶.
    tail: u16,
}

/// A power of two, as the interface wants it: three milliseconds at 300,000 packets a second, or ten of a stall.
const COUNT: u16 = 1024;

/// The kernel's header, a source address and the longest datagram read whole.
pub(super) const BUFFER: usize = 2048;

const PAGE: usize = 4096;

/// There is one group of buffers a ring.
pub(super) const GROUP: u16 = 0;

impl BufferRing {
    /// Makes the buffers and registers them; the ring must be dropped before them.
    pub(super) fn new<S: squeue::EntryMarker, C: cqueue::EntryMarker>(ring: &IoUring<S, C>) -> io::Result<Self> {
        // SAFETY: the layout is not empty.
        let memory = unsafe { alloc_zeroed(Self::layout()) };
        let Some(entries) = NonNull::new(memory.cast::<BufRingEntry>()) else { handle_alloc_error(Self::layout()) };
        let buffers = vec![0; usize::from(COUNT) * BUFFER].into_boxed_slice();
        let mut made = BufferRing { entries, buffers, tail: 0 };
        // SAFETY: the entries are page-aligned, COUNT long, zeroed, and live as long as `made`, which its owner keeps
        // longer than the ring.
        unsafe { ring.submitter().register_buf_ring_with_flags(entries.as_ptr() as u64, COUNT, GROUP, 0)? };
        for id in 0..COUNT {
            made.lend(id);
        }
        made.publish();
        Ok(made)
    }

    /// What the kernel wrote into a buffer that a completion has named.
    pub(super) fn buffer(&self, id: u16, len: usize) -> &[u8] {
        let start = usize::from(id % COUNT) * BUFFER;
        &self.buffers[start..start + len.min(BUFFER)]
    }

    /// Gives a buffer back to the kernel; it sees it after [`BufferRing::publish`].
    pub(super) fn lend(&mut self, id: u16) {
        let id = id % COUNT;
        let address = &raw mut self.buffers[usize::from(id) * BUFFER];
        let place = usize::from(self.tail % COUNT);
        // SAFETY: `place` is below COUNT. The kernel reads only entries before the published tail, and this one lies
        // behind it, so nobody else looks at it now.
        let entry = unsafe { &mut *self.entries.as_ptr().add(place) };
        entry.set_addr(address as u64);
        entry.set_len(BUFFER as u32);
        entry.set_bid(id);
        self.tail = self.tail.wrapping_add(1);
    }

    pub(super) fn publish(&mut self) {
        // SAFETY: `entries` points to the first of the registered entries, whose last field is the tail, 16 bits and
        // aligned; only this thread writes it, and the kernel reads it atomically.
        let tail = unsafe { AtomicU16::from_ptr(BufRingEntry::tail(self.entries.as_ptr()).cast_mut()) };
        // Release: the entries are written before the kernel sees that there are more.
        tail.store(self.tail, Ordering::Release);
    }

    fn layout() -> Layout {
        Layout::from_size_align(usize::from(COUNT) * size_of::<BufRingEntry>(), PAGE)
            .expect("a power of two, far below the address space")
    }
}

impl Drop for BufferRing {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout in `new`; the owner has dropped the ring, so the kernel has let go.
        unsafe { dealloc(self.entries.as_ptr().cast(), Self::layout()) };
    }
}

// SAFETY: the entries belong to this value alone; it moves to its thread before the first packet.
unsafe impl Send for BufferRing {}
