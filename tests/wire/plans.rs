//! Tables that many stories share.

use std::fmt::Write as _;
use std::net::SocketAddr;

/// What callers dial: the queue `support`.
pub(crate) const QUEUE: &str = "4000";

/// The queue `support` with these keys, reached by [`QUEUE`].
pub(crate) fn queue(keys: &str) -> String {
    format!("[[number]]\nmatch = \"{QUEUE}\"\nto = \"queue:support\"\n[[queue]]\nname = \"support\"\n{keys}\n")
}

/// Agents `a0`, `a1`, … of the queue `support`, ready, each at a phone at a fixed place: the user part is the port of
/// its ear.
pub(crate) fn fixed_agents(phones: SocketAddr, ears: &[u16]) -> String {
    let mut text = String::new();
    for (n, port) in ears.iter().enumerate() {
        fixed_agent(&mut text, &format!("a{n}"), &format!("sip:{port}@{phones}"));
    }
    text
}

/// One more of them, anywhere.
pub(crate) fn fixed_agent(text: &mut String, id: &str, contact: &str) {
    phone_and_agent(text, id, contact, "ready");
}

/// One who takes no calls until somebody makes him ready.
pub(crate) fn idle_agent(text: &mut String, id: &str, contact: &str) {
    phone_and_agent(text, id, contact, "not-ready");
}

fn phone_and_agent(text: &mut String, id: &str, contact: &str, state: &str) {
    let _ = writeln!(
        text,
        "[[phone]]\nid = \"{id}\"\ncontact = \"{contact}\"\n[[agent]]\nid = \"{id}\"\nphone = \"{id}\"\nqueues = [\"support\"]\ninitial_state = \"{state}\""
    );
}

/// An agent whose phone registers with the password in `<id>.pass` beside the configuration.
pub(crate) fn registered_agent(text: &mut String, id: &str, more: &str) {
    let _ = writeln!(
        text,
        "[[phone]]\nid = \"{id}\"\npassword = \"secret-{id}\"\n[[agent]]\nid = \"{id}\"\nname = \"Agent {id}\"\nphone = \"{id}\"\nqueues = [\"support\"]\n{more}"
    );
}
