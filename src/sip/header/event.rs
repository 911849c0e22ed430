//! Event and Subscription-State (RFC 6665).

use super::{Header, HeaderName};
use crate::octets::{push_number, push_value};
use crate::params::Params;
use crate::scan::Cursor;

#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// `refer`, `message-summary`, …
    pub package: &'a str,
    pub params: Params<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubscriptionState<'a> {
    pub state: Substate<'a>,
    /// Why it ended: `noresource`, `timeout`, …
    pub reason: Option<&'a str>,
    /// Seconds left.
    pub expires: Option<u32>,
    pub retry_after: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Substate<'a> {
    Active,
    Pending,
    Terminated,
    Other(&'a str),
}

impl<'a> Event<'a> {
    pub fn new(package: &'a str) -> Self {
        Event { package, params: Params::EMPTY }
    }

    /// Tells several subscriptions in one dialog apart.
    pub fn id(&self) -> Option<&'a str> {
        self.params.token("id")
    }
}

impl<'a> Header<'a> for Event<'a> {
    const NAME: HeaderName = HeaderName::Event;

    fn parse(value: &'a [u8]) -> Option<Self> {
        let (package, params) = token_and_params(value)?;
        Some(Event { package, params })
    }

    fn print(&self, out: &mut Vec<u8>) {
        push_value(out, self.package.as_bytes());
        self.params.print(out);
    }
}

impl<'a> Header<'a> for SubscriptionState<'a> {
    const NAME: HeaderName = HeaderName::SubscriptionState;

    fn parse(value: &'a [u8]) -> Option<Self> {
        let (state, params) = token_and_params(value)?;
        let is = |name: &str| state.eq_ignore_ascii_case(name);
        Some(SubscriptionState {
            state: match state {
                _ if is("active") => Substate::Active,
                _ if is("pending") => Substate::Pending,
                _ if is("terminated") => Substate::Terminated,
                other => Substate::Other(other),
            },
            reason: params.token("reason"),
            expires: params.number("expires"),
            retry_after: params.number("retry-after"),
        })
    }

    fn print(&self, out: &mut Vec<u8>) {
        let state = match self.state {
            Substate::Active => "active",
            Substate::Pending => "pending",
            Substate::Terminated => "terminated",
            Substate::Other(other) => other,
        };
        push_value(out, state.as_bytes());
        if let Some(reason) = self.reason {
            out.extend_from_slice(b";reason=");
            push_value(out, reason.as_bytes());
        }
        for (name, value) in [(";expires=", self.expires), (";retry-after=", self.retry_after)] {
            if let Some(value) = value {
                out.extend_from_slice(name.as_bytes());
                push_number(out, value);
            }
        }
    }
}

fn token_and_params(value: &[u8]) -> Option<(&str, Params<'_>)> {
    let mut cursor = Cursor::new(value);
    let token = cursor.lws().token()?;
    let params = Params::take(&mut cursor)?;
    cursor.done().then_some((token, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_and_id_are_read() {
        let got = Event::parse(b"refer;id=93809824").expect("good");
        assert_eq!((got.package, got.id()), ("refer", Some("93809824")));
        assert!(Event::parse(b"a b").is_none() && Event::parse(b";id=1").is_none());
    }

    #[test]
    fn subscription_states_are_read_and_printed() {
        for text in ["active;expires=60", "terminated;reason=noresource", "pending;retry-after=5", "x-odd"] {
            let got = SubscriptionState::parse(text.as_bytes()).expect(text);
            let mut out = Vec::new();
            got.print(&mut out);
            assert_eq!(String::from_utf8_lossy(&out), text);
        }
    }
}
