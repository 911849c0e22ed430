use core::time::Duration;

/// Inputs the world carries out at one virtual instant. A burst of a hundred calls makes some thousands; more means that
/// somebody answers somebody for ever without time passing.
pub const STEPS_AT_ONCE: usize = 200_000;

/// How long everything is given to come to rest before it is looked at: transaction timers run 32 s after the last
/// message (RFC 3261 table 4, timer H and J), closed ports rest 2 s, spare sockets go after 20 s.
pub const REST: Duration = Duration::from_secs(70);

/// Distinct voices a world can tell apart by ear: 50 Hz apart, because a 20 ms frame then holds whole waves.
pub const VOICES: u16 = 30;

/// Lowest voice; people's voices lie from here to [`SOUND_LOWEST`].
pub const VOICE_LOWEST: u16 = 400;

/// Sounds of the house lie above all voices.
pub const SOUND_LOWEST: u16 = 2000;

/// Distinct sounds; the others share the last frequency.
pub const SOUNDS: u16 = 28;

/// Facts shown before the first law that was broken: a contact's life has some ten, and a few go on at a time.
pub const LATELY: usize = 60;

/// How far the clock of a house that was started again reaches into the past: longer than a story is.
pub(crate) const REMEMBERED: Duration = Duration::from_secs(100 * 24 * 3600);

/// So long after the last caller came and the last agent went nobody is served any more. Who waits for ever keeps the
/// house awake for ever: it looks at its figures while somebody waits.
pub(crate) const OVER_AFTER: Duration = Duration::from_secs(24 * 3600);
