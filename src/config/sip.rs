//! `[sip]`.

use crate::address;
use crate::scalar;
use crate::table::{Table, Wrong};
use core::fmt;
use core::net::{IpAddr, SocketAddr};
use model::Network;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Transport {
    Udp,
    Tcp,
}

/// Where SIP is listened for; port 0 takes a free one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Listener {
    pub transport: Transport,
    pub address: SocketAddr,
}

/// `[sip]`, but for what [`model::Site`] holds of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SipSettings {
    pub listen: Vec<Listener>,
}

/// How the outside reaches us.
pub(crate) struct Reach {
    pub(crate) public_address: Option<IpAddr>,
    pub(crate) local_networks: Vec<Network>,
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let transport = match self.transport {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
        };
        write!(f, "{transport}:{}", self.address)
    }
}

const TRANSPORTS: [(&str, Transport); 2] = [("udp", Transport::Udp), ("tcp", Transport::Tcp)];
const LATER: [(&str, &str); 3] = [
    ("tls", "SIP over TLS (a later version)"),
    ("ws", "SIP over WebSocket (a later version)"),
    ("wss", "SIP over WebSocket (a later version)"),
];

pub(crate) fn read(table: &Table<'_>) -> (SipSettings, Reach) {
    let listen = table.list("listen", |value| listener(value.text()?));
    if table.is_empty_list("listen") {
        table.reader.error(listen.span, "nobody can call without a listener", "write [\"udp:127.0.0.1:5060\"]");
    }
    for (n, one) in listen.value.iter().enumerate() {
        // Port 0 is a new port each time.
        let again = listen.value[..n].iter().find(|other| other.value == one.value && one.value.address.port() != 0);
        if let Some(first) = again {
            let message = format!("{} is listened at twice", one.value);
            table.reader.clash(one.span, message, "take one out", ("the first stands", first.span));
        }
    }
    let reach = Reach {
        public_address: optional_ip(table, "public_address"),
        local_networks: plain(table.list("local_networks", |value| address::network(value.text()?)).value),
    };
    (SipSettings { listen: plain(listen.value) }, reach)
}

/// Addresses that are each right but do not fit together: phones beyond this machine would register nowhere, or hear
/// nothing.
pub(crate) fn check_reach(
    sip: &Table<'_>,
    site: &Table<'_>,
    media: &Table<'_>,
    settings: &SipSettings,
    heard: &[IpAddr],
) {
    let beyond = |listener: &&Listener| !listener.address.ip().is_loopback();
    let Some(listener) = settings.listen.iter().find(beyond) else { return };
    let span = sip.value("listen").span;
    if !site.is_given("domain") {
        let message = format!("{listener} is reached from outside, and site.domain is still 127.0.0.1");
        sip.reader.warn(span, message, "set site.domain to the name or address phones register with");
    }
    if heard.iter().all(IpAddr::is_loopback) {
        let span = if media.is_given("address") { media.value("address").span } else { span };
        let message = format!("{listener} is reached from outside, and media.address is on this machine alone");
        sip.reader.warn(span, message, "set media.address, or callers hear nothing");
    }
}

fn listener(text: &str) -> Result<Listener, Wrong> {
    let Some((transport, rest)) = text.split_once(':') else {
        return Err(Wrong::new(format!("`{text}` is not a listener"), "write \"udp:127.0.0.1:5060\""));
    };
    let known = TRANSPORTS.iter().map(|(word, _)| *word).chain(LATER.iter().map(|(word, _)| *word));
    if !known.clone().any(|word| word == transport) && address::socket(text).is_ok() {
        return Err(Wrong::new(
            format!("`{text}` says no transport"),
            format!("write \"udp:{text}\" or \"tcp:{text}\""),
        ));
    }
    let transport = scalar::word("sip.listen", transport, &TRANSPORTS, &LATER)?;
    Ok(Listener { transport, address: address::socket(rest)? })
}

/// An address to show to others; it cannot be "any".
pub(crate) fn optional_ip(table: &Table<'_>, key: &str) -> Option<IpAddr> {
    let read = |text: &str| match text {
        "" => Ok(None),
        text => concrete(address::ip(text)?).map(Some),
    };
    table.convert(key, |value| read(value.text()?)).value
}

/// An address that can be written into a message.
pub(crate) fn concrete(address: IpAddr) -> Result<IpAddr, Wrong> {
    if address.is_unspecified() {
        return Err(Wrong::new(
            format!("{address} means any address and cannot be told to a peer"),
            "name one address",
        ));
    }
    if address.is_multicast() {
        return Err(Wrong::new(format!("{address} is a multicast address"), "name an address of this machine"));
    }
    Ok(address)
}

pub(crate) fn plain<T>(located: Vec<crate::source::At<T>>) -> Vec<T> {
    located.into_iter().map(|at| at.value).collect()
}
