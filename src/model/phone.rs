use crate::Secret;

/// A device: it registers with a password, or stands at a fixed place.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Phone {
    /// The user part it registers with and is called by.
    pub id: Box<str>,
    pub password: Option<Secret>,
    /// A SIP URI; when given the phone needs no registration.
    pub contact: Option<Box<str>>,
    pub auto_answer: bool,
    /// Its agent hears a tone when a call opened by itself.
    pub answer_tone: bool,
    /// Deleted by a reload: kept so that its index stays its own.
    pub removed: bool,
}
