use core::fmt;

/// Who calls, as the rest of the house sees it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Identity {
    /// The number or user part; empty when none was given.
    pub number: Pii<Box<str>>,
    /// The display name; empty when none was given.
    pub name: Pii<Box<str>>,
    /// The caller asked that number and name be withheld (RFC 3323, 3325): they never leave the house.
    pub withheld: bool,
}

/// A value about a person: shows itself only to those who ask by name ([`Pii::reveal`]).
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Pii<T>(T);

impl<T> Pii<T> {
    pub const fn new(value: T) -> Self {
        Pii(value)
    }

    /// For the wire, the record and DEBUG logs; never for a log line above DEBUG.
    pub const fn reveal(&self) -> &T {
        &self.0
    }

    pub fn into_inner(self) -> T {
        self.0
    }
}

impl From<&str> for Pii<Box<str>> {
    fn from(value: &str) -> Self {
        Pii(value.into())
    }
}

impl<T: AsRef<str>> Pii<T> {
    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }
}

impl<T: AsRef<str>> fmt::Debug for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<T: AsRef<str>> fmt::Display for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} characters>", self.0.as_ref().chars().count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_does_not_show_itself() {
        let caller = Identity { number: "+8613800138000".into(), ..Identity::default() };
        assert!(!format!("{caller:?}").contains("138"));
        assert_eq!(caller.number.as_str(), "+8613800138000");
    }
}
