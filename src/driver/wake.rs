use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Wakes a thread that sleeps in its event loop: an eventfd that is written to only when the sleeper has not been woken
/// already, so that a burst costs one system call.
#[derive(Clone, Debug)]
pub struct Wake {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    fd: OwnedFd,
    /// Written and not yet cleared.
    pending: AtomicBool,
}

impl Wake {
    pub fn new() -> io::Result<Self> {
        // SAFETY: eventfd takes no pointers; a negative result is checked before it is owned.
        let fd = unsafe { libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: fd was just returned by the kernel and belongs to nobody else.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        Ok(Wake { shared: Arc::new(Shared { fd, pending: AtomicBool::new(false) }) })
    }

    /// To be called after what the sleeper shall find was put where he looks.
    pub fn wake(&self) {
        // Release: who clears the flag sees what was put there before it was set.
        if self.shared.pending.swap(true, Ordering::AcqRel) {
            return;
        }
        let one = 1u64.to_ne_bytes();
        // SAFETY: the buffer is 8 valid bytes. A full counter (EAGAIN) means the sleeper is already woken.
        unsafe { libc::write(self.raw(), one.as_ptr().cast(), one.len()) };
    }

    /// Somebody woke since the last clearing. A wake in between may be missed; it will end the next sleep.
    pub fn is_pending(&self) -> bool {
        self.shared.pending.load(Ordering::Acquire)
    }

    /// Forgets the wakes so far; call before looking at what they announced.
    pub fn clear(&self) {
        let mut count = [0u8; 8];
        // SAFETY: the buffer is 8 valid bytes; EAGAIN means there was nothing to clear.
        unsafe { libc::read(self.raw(), count.as_mut_ptr().cast(), count.len()) };
        // After the read, never before it: a wake between the two would set a flag whose write was just read away, and
        // no later wake would come through. Acquire: what was put before a skipped write is seen after this.
        self.shared.pending.swap(false, Ordering::AcqRel);
    }

    pub(crate) fn raw(&self) -> RawFd {
        self.shared.fd.as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::epoll::Epoll;
    use std::sync::atomic::AtomicU32;
    use std::time::Duration;

    #[test]
    fn no_wake_is_lost_however_often_it_is_cleared() {
        const EACH: u32 = 20_000;
        let wake = Wake::new().unwrap();
        let put = Arc::new(AtomicU32::new(0));
        let wakers: Vec<_> = (0..3)
            .map(|_| {
                let (wake, put) = (wake.clone(), put.clone());
                std::thread::spawn(move || {
                    for _ in 0..EACH {
                        put.fetch_add(1, Ordering::Relaxed);
                        wake.wake();
                    }
                })
            })
            .collect();
        let epoll = Epoll::new().unwrap();
        epoll.add_readable(wake.raw(), 0).unwrap();
        let mut seen = 0;
        while seen < 3 * EACH {
            let mut woken = false;
            epoll.wait(Some(Duration::from_secs(60)), |_| woken = true).unwrap();
            assert!(woken, "slept with {} of {} seen", seen, put.load(Ordering::Relaxed));
            wake.clear();
            seen = put.load(Ordering::Relaxed);
        }
        for waker in wakers {
            waker.join().unwrap();
        }
    }
}
