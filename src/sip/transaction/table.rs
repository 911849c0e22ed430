//! The transition tables, printed: a reader compares them with the figures of the RFC, a test with yesterday's.

use super::{
    Action, ClientInvite, ClientInviteEvent, ClientNonInvite, ClientNonInviteEvent, ServerInvite, ServerInviteEvent,
    ServerNonInvite, ServerNonInviteEvent, Timer,
};
use core::fmt::{Debug, Write};

/// Every transition of all four machines, one a line: `state event -> state: actions`.
pub fn transition_tables() -> String {
    let mut out = String::new();
    client_invite(&mut out);
    client(&mut out);
    server_invite(&mut out);
    server(&mut out);
    out
}

const TIMERS: [Timer; 13] = [
    Timer::A,
    Timer::B,
    Timer::C,
    Timer::D,
    Timer::E,
    Timer::F,
    Timer::G,
    Timer::H,
    Timer::I,
    Timer::J,
    Timer::K,
    Timer::L,
    Timer::M,
];

fn client_invite(out: &mut String) {
    use ClientInvite as S;
    use ClientInviteEvent as E;
    out.push_str("INVITE client\n");
    let events = [E::Request, E::Provisional, E::Success, E::Refusal, E::TransportError];
    for state in [S::Calling, S::Proceeding, S::Completed, S::Accepted, S::Terminated] {
        for event in events.into_iter().chain(TIMERS.map(E::Fired)) {
            line(out, state, event, state.on(event));
        }
    }
}

fn client(out: &mut String) {
    use ClientNonInvite as S;
    use ClientNonInviteEvent as E;
    out.push_str("non-INVITE client\n");
    let events = [E::Request, E::Provisional, E::Final, E::TransportError];
    for state in [S::Trying, S::Proceeding, S::Completed, S::Terminated] {
        for event in events.into_iter().chain(TIMERS.map(E::Fired)) {
            line(out, state, event, state.on(event));
        }
    }
}

fn server_invite(out: &mut String) {
    use ServerInvite as S;
    use ServerInviteEvent as E;
    out.push_str("INVITE server\n");
    let events = [E::Request, E::Ack, E::Provisional, E::Success, E::Refusal, E::TransportError];
    for state in [S::Proceeding, S::Completed, S::Confirmed, S::Accepted, S::Terminated] {
        for event in events.into_iter().chain(TIMERS.map(E::Fired)) {
            line(out, state, event, state.on(event));
        }
    }
}

fn server(out: &mut String) {
    use ServerNonInvite as S;
    use ServerNonInviteEvent as E;
    out.push_str("non-INVITE server\n");
    let events = [E::Request, E::Provisional, E::Final, E::TransportError];
    for state in [S::Trying, S::Proceeding, S::Completed, S::Terminated] {
        for event in events.into_iter().chain(TIMERS.map(E::Fired)) {
            line(out, state, event, state.on(event));
        }
    }
}

/// What changes nothing and does nothing is left out.
fn line<S: Debug + PartialEq>(out: &mut String, from: S, event: impl Debug, (to, actions): (S, &[Action])) {
    if from == to && actions.is_empty() {
        return;
    }
    write!(out, "  {from:?} {event:?} -> {to:?}:").expect("a String takes every octet");
    for action in actions {
        write!(out, " {action:?}").expect("a String takes every octet");
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_those_of_the_rfc() {
        assert_eq!(transition_tables(), include_str!("tables.txt"));
    }
}
