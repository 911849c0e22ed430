//! The local control socket: how `strowger status`, `agent`, `drain`, … speak with the running server.
//!
//! One request a line of JSON, one answer a line. The socket lies beside the store with mode 0600, so whoever may read
//! the records may also ask; the kernel says who asks, and forced actions keep that name.

mod client;
mod protocol;
mod server;

pub(crate) use client::watch;
pub(crate) use protocol::{AgentVerb, Request};
pub(crate) use server::{Floor, serve};

use crate::cli::ConfigArg;
use std::path::{Path, PathBuf};

/// The socket of the server that runs with this configuration.
pub(crate) fn socket_of(config: &ConfigArg) -> Result<PathBuf, String> {
    Ok(socket_path(&crate::commands::check::load_or_report(config)?.store.to_string()))
}

/// Beside the store's file; for a store elsewhere in the working folder.
pub(crate) fn socket_path(store_url: &str) -> PathBuf {
    let file = store_url.strip_prefix("sqlite:").filter(|path| *path != ":memory:").unwrap_or("data/strowger.db");
    Path::new(file).with_extension("sock")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_socket_lies_beside_the_store() {
        assert_eq!(socket_path("sqlite:data/strowger.db"), Path::new("data/strowger.sock"));
        assert_eq!(socket_path("sqlite:/var/lib/strowger/calls.db"), Path::new("/var/lib/strowger/calls.sock"));
    }
}
