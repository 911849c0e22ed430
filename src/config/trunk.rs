//! `[[trunk]]`.

use crate::address;
use crate::names::Entry;
use crate::reader::Reader;
use crate::scalar::DurationRange;
use crate::secret::{PASSWORD, secret};
use crate::sip::plain;
use crate::source::Span;
use model::{CalledFrom, Network, Trunk};
use std::collections::HashMap;

const CALLED_FROM: [(&str, CalledFrom); 3] = [
    ("request-uri", CalledFrom::RequestUri),
    ("to", CalledFrom::To),
    ("p-called-party-id", CalledFrom::PCalledPartyId),
];

pub(crate) fn read(entry: &Entry<'_>) -> Option<Trunk> {
    let table = &entry.table;
    let host = table.convert("host", |value| match value.text()? {
        "" => Ok(Box::<str>::default()),
        text => Ok(address::host_and_port(text)?.into()),
    });
    let allow_from = table.list("allow_from", |value| address::network(value.text()?));
    let register = table.flag("register");
    let username = table.text("username").value;
    let password = secret(table, PASSWORD);
    let realm = table.text("realm");
    let reader = table.reader;
    if table.value("host").value.as_str() == Some("") && table.is_empty_list("allow_from") {
        let message = format!("trunk \"{}\" can neither call nor be called", entry.name);
        reader.error(entry.name_span, message, "add `host`, `allow_from`, or both");
    }
    if register && host.value.is_empty() {
        reader.error(table.value("register").span, "to register needs `host`", "say where to register");
    }
    if register && username.is_empty() {
        reader.error(table.value("register").span, "to register needs `username`", "the carrier gave you one");
    }
    if !username.is_empty() && password.is_none() && !PASSWORD.iter().any(|key| table.is_given(key)) {
        let span = table.value("username").span;
        reader.error(span, "`username` needs a password", "add `password_file`, `password_env` or `password`");
    }
    if let Some(password) = password.as_ref().filter(|_| username.is_empty()) {
        reader.error(password.span, "a password needs `username`", "add `username`");
    }
    if !realm.value.is_empty() && username.is_empty() {
        reader.error(realm.span, "a realm needs `username` and a password", "add them, or leave `realm` out");
    }
    Some(Trunk {
        name: entry.name.clone(),
        host: host.value,
        allow_from: plain(allow_from.value),
        register,
        username: username.as_ref().into(),
        password: password.map(|at| at.value),
        realm: realm.value.as_ref().into(),
        called_from: table.word("called_from", &CALLED_FROM, &[]),
        trust_identity: table.flag("trust_identity"),
        options_interval: table.duration("options_interval", DurationRange::seconds(0, 3600)),
        max_calls: table.count("max_calls", 1..=crate::limits::MAX_CALLS),
        max_cps: table.count("max_cps", 1..=10_000),
        removed: false,
    })
}

/// The longest prefix owns a request, so two trunks with the same block would be a toss-up.
pub(crate) fn check_blocks(reader: &Reader<'_>, entries: &[Entry<'_>]) {
    let mut owners: HashMap<(core::net::IpAddr, u8), Span> = HashMap::new();
    for entry in entries {
        let table = &entry.table;
        if !table.is_given("allow_from") {
            continue;
        }
        // Elements that are no blocks were noted when the trunk was read.
        let toml::de::DeValue::Array(items) = table.value("allow_from").value else { continue };
        for item in items {
            let Some(Ok(Network { address, prefix })) = item.get_ref().as_str().map(address::network) else { continue };
            let span = Span::new(table.span.file, item.span());
            if prefix == 0 {
                let message = "the whole Internet may call in by this trunk without credentials";
                reader.warn(span, message, "name the carrier's addresses");
            }
            if let Some(first) = owners.insert((address, prefix), span) {
                let message = format!("{address}/{prefix} belongs to two trunks");
                reader.clash(span, message, "a caller's address decides the trunk", ("the first stands", first));
            }
        }
    }
}
