//! Words to whoever started us. He may have gone away, or his disk may be full: no reason to fall over.

use std::io::{ErrorKind, Write as _, stderr, stdout};

/// The answer of a command. A reader who has seen enough (`| head`) is no fault.
pub(crate) fn out(text: &str) -> Result<(), String> {
    let mut out = stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(format!("the answer cannot be written: {error}")),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// A remark beside it. When it cannot be written there is nobody to be told.
pub(crate) fn err(text: &str) {
    let _unheard = writeln!(stderr().lock(), "{text}");
}
