use core::time::Duration;

/// How long a record waits for what comes after the contact's end (voice quality, the recording's last second).
/// Media workers report within milliseconds; a recording closes within two seconds even on a slow disk.
pub const CLOSING_TIME: Duration = Duration::from_secs(5);

/// Steps kept in one record. A caller who waits two hours with an announcement each 30 s makes about 300.
pub(crate) const STEPS_MAX: usize = 1000;
