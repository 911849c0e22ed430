//! `[http]`.

use crate::address;
use crate::sip::{Listener, Transport};
use crate::table::Table;
use core::net::SocketAddr;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HttpSettings {
    /// `None`: no HTTP at all.
    pub listen: Option<SocketAddr>,
}

pub(crate) fn read(table: &Table<'_>) -> HttpSettings {
    let listen = table.convert("listen", |value| match value.text()? {
        "" => Ok(None),
        text => address::socket(text).map(Some),
    });
    HttpSettings { listen: listen.value }
}

/// SIP over TCP and HTTP cannot share a port; found here, it is not found at the start.
pub(crate) fn check_port(table: &Table<'_>, http: &HttpSettings, sip: &[Listener]) {
    let Some(listen) = http.listen.filter(|listen| listen.port() != 0) else { return };
    let taken = sip.iter().find(|sip| sip.transport == Transport::Tcp && sip.address == listen);
    if let Some(taken) = taken {
        let message = format!("http.listen and sip.listen both want {taken}");
        table.reader.error(table.value("listen").span, message, "take another port, for instance 8080");
    }
}
