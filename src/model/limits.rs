//! Limits that more than one room keeps to, with their reasons.

/// Phones that ring for one contact in one round of offers: a large team rings as a whole, and a directory with a mistake
/// in it does not send a thousand INVITEs for one caller. Whoever is ready beyond these stays ready for the next caller,
/// and for the next round.
pub const RINGS_MAX: usize = 32;

/// How often a contact may move from queue to queue: a ring of rules ends here. Where nobody is signed on it is told so
/// then, elsewhere it stays.
pub const FLOWS_MAX: u8 = 8;

/// So many of those who would have come next are kept with a decision: it is written down without asking for memory, and
/// who comes after eight others tells nobody anything.
pub const HEADS_MAX: usize = 8;

/// Rules by which others join one queue; as many as fit an octet of the board.
pub const RESERVES_MAX: usize = 8;
