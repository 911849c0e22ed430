use std::io;

/// Fills the buffer, 256 bytes at most, with the operating system's best random numbers.
pub(crate) fn random(bytes: &mut [u8]) -> io::Result<()> {
    // SAFETY: the buffer is valid for its whole length; short reads cannot happen for 256 bytes or fewer.
    let got = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), 0) };
    if usize::try_from(got) == Ok(bytes.len()) { Ok(()) } else { Err(io::Error::last_os_error()) }
}
