//! `[http]`.

use crate::address;
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
