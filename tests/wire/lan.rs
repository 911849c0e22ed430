//! The addresses of one test: three of the loopback network that no test beside it has.
//!
//! nextest gives every test a process of its own, so the process number tells tests apart. Ports are found free and then
//! used; with an address to itself nobody takes one in between.

use std::sync::LazyLock;

/// Where the house listens.
pub(crate) static HOUSE: LazyLock<String> = LazyLock::new(|| address(1));
/// Where agents' phones stand.
pub(crate) static AGENTS: LazyLock<String> = LazyLock::new(|| address(2));
/// Where callers stand: the trunk `load` of every house.
pub(crate) static CALLERS: LazyLock<String> = LazyLock::new(|| address(3));
/// Where a phone stands that knows no house.
pub(crate) static ELSEWHERE: LazyLock<String> = LazyLock::new(|| address(4));

/// 127.0.x.y is left to programs that know no better.
fn address(host: u32) -> String {
    let process = std::process::id();
    format!("127.{}.{}.{host}", 1 + (process >> 8) % 254, process % 256)
}
