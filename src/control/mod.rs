//! The local control socket: how `strowger status`, `agent`, `drain`, … speak with the running server.
//!
//! One request a line of JSON, one answer a line. The socket lies beside the store with mode 0600, so whoever may read
//! the records may also ask; the kernel says who asks, and forced actions keep that name.

mod client;
mod protocol;
mod server;

pub(crate) use client::watch;
pub(crate) use protocol::{AgentVerb, QueueVerb, Request};
pub(crate) use server::{Floor, serve};

use crate::cli::ServerArg;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// The socket of the server that runs with this configuration; a mistake in the file does not lock the operator out.
/// After `store.url` was changed the file leads to where the next server will be: the running one is named.
pub(crate) fn socket_of(server: &ServerArg) -> Result<PathBuf, String> {
    match &server.socket {
        Some(named) => Ok(named.clone()),
        None => Ok(socket_path(&crate::commands::check::glimpse(&server.config)?.store.to_string())),
    }
}

/// The kernel's limit for a socket's path is 108 bytes with the final zero (`man 7 unix`).
const PATH_BYTES_MAX: usize = 107;

/// Beside the store's file; for a store elsewhere in the working folder. A path too long for a socket is replaced by a
/// short one in the folder for temporary files that both sides compute alike.
pub(crate) fn socket_path(store_url: &str) -> PathBuf {
    let file = store_url.strip_prefix("sqlite:").filter(|path| *path != ":memory:").unwrap_or("data/strowger.db");
    let path = Path::new(file).with_extension("sock");
    let absolute = std::path::absolute(&path).unwrap_or_else(|_| path.clone());
    if absolute.as_os_str().len() <= PATH_BYTES_MAX {
        return path;
    }
    let digest = Sha256::digest(absolute.as_os_str().as_encoded_bytes());
    let name: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    std::env::temp_dir().join(format!("strowger-{name}.sock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_socket_lies_beside_the_store() {
        assert_eq!(socket_path("sqlite:data/strowger.db"), Path::new("data/strowger.sock"));
        let deep = format!("sqlite:/{}/calls.db", "deep/".repeat(40));
        assert!(socket_path(&deep).as_os_str().len() <= PATH_BYTES_MAX);
        assert_ne!(socket_path(&deep), socket_path(&deep.replace("calls", "other")));
        assert_eq!(socket_path("sqlite:/var/lib/strowger/calls.db"), Path::new("/var/lib/strowger/calls.sock"));
    }
}
