//! `[media]`.

use crate::address;
use crate::scalar::{self, DurationRange};
use crate::sip::{concrete, optional_ip, plain};
use crate::table::Table;
use model::{Codec, Limits, MediaSettings};
use std::path::PathBuf;

const CODECS: [(&str, Codec); 3] = [("pcmu", Codec::Pcmu), ("pcma", Codec::Pcma), ("g722", Codec::G722)];
const LATER: [(&str, &str); 1] = [("opus", "calls from browsers (a later version)")];

/// Two legs with a port for RTP and one for RTCP each.
const PORTS_A_CALL: u32 = 4;

/// The folder of sounds to be laid over the built-in ones.
pub(crate) fn sounds(table: &Table<'_>) -> Option<PathBuf> {
    let base = table.reader.folder(table.span);
    table
        .convert("sounds", |value| Ok(Some(value.text()?).filter(|text| !text.is_empty()).map(|text| base.join(text))))
        .value
}

pub(crate) fn read(table: &Table<'_>, limits: Limits) -> MediaSettings {
    let reader = table.reader;
    let address = table.list("address", |value| concrete(address::ip(value.text()?)?));
    for (n, one) in address.value.iter().enumerate() {
        let family = if one.value.is_ipv4() { "IPv4" } else { "IPv6" };
        if let Some(first) = address.value[..n].iter().find(|other| other.value.is_ipv4() == one.value.is_ipv4()) {
            let message = format!("there are two {family} addresses for media");
            reader.clash(one.span, message, "one a family", ("the first stands", first.span));
        }
    }
    if table.is_empty_list("address") {
        reader.error(address.span, "media needs at least one address", "write [\"127.0.0.1\"]");
    }
    let codecs = table.list("codecs", |value| scalar::word("media.codecs", value.text()?, &CODECS, &LATER));
    for (n, one) in codecs.value.iter().enumerate() {
        if let Some(first) = codecs.value[..n].iter().find(|other| other.value == one.value) {
            let message = format!("\"{}\" stands twice", one.value.word());
            reader.clash(one.span, message, "take one out", ("the first stands", first.span));
        }
    }
    if table.is_empty_list("codecs") {
        reader.error(codecs.span, "media needs at least one codec", "write [\"pcmu\", \"pcma\"]");
    }
    let ports = table.convert("ports", |value| address::ports(value.text()?));
    let room = (u32::from(*ports.value.end()) - u32::from(*ports.value.start()) + 1) / PORTS_A_CALL;
    if room < limits.max_calls {
        let message = format!("these ports are enough for {room} calls, limits.max_calls is {}", limits.max_calls);
        reader.warn(ports.span, message, "widen the range or lower max_calls");
    }
    MediaSettings {
        address: plain(address.value),
        public_address: optional_ip(table, "public_address"),
        ports: ports.value,
        codecs: plain(codecs.value),
        timeout: table.duration("timeout", DurationRange::seconds(1, 24 * 3600)),
    }
}
