/// Hands freed memory back to the system. The allocator keeps what a rush of calls took in its heaps for the next one;
/// it is walked through and locked for some milliseconds, so call it in a lull.
pub fn give_back_memory() {
    // SAFETY: takes no pointer and may be called at any time from any thread.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    unsafe {
        libc::malloc_trim(0);
    }
}
