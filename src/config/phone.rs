//! `[[phone]]`.

use crate::address;
use crate::names::Entry;
use crate::secret::{PASSWORD, secret};
use crate::table::Wrong;
use model::Phone;

pub(crate) fn read(entry: &Entry<'_>) -> Option<Phone> {
    let table = &entry.table;
    let contact = table.convert("contact", |value| match &*table.filled(value.text()?)? {
        "" => Ok(None),
        text => Ok(Some(sip_uri(text)?.into())),
    });
    Some(Phone {
        id: entry.name.clone(),
        password: secret(table, PASSWORD).map(|at| at.value),
        contact: contact.value,
        auto_answer: table.flag("auto_answer"),
        answer_tone: table.flag("answer_tone"),
        removed: false,
    })
}

/// A SIP URI that can be called without looking anything up but its host.
fn sip_uri(text: &str) -> Result<&str, Wrong> {
    let help = "write \"sip:1001@192.0.2.7:5060\"";
    let Some(rest) = text.strip_prefix("sip:") else {
        return Err(match text.split_once(':') {
            Some(("sips", _)) => Wrong::new("`sips:` needs SIP over TLS (a later version)", help),
            Some(("tel", _)) => Wrong::new("a phone stands at an address, not at a number", help),
            _ => Wrong::new(format!("`{text}` is not a SIP address"), help),
        });
    };
    let (address, parameters) = rest.split_once(';').unwrap_or((rest, ""));
    let host = match address.split_once('@') {
        Some((user, host)) => {
            let fits = |b: u8| b.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,?/%".contains(&b);
            if user.is_empty() || !user.bytes().all(fits) {
                return Err(Wrong::new(format!("`{user}` is not a user part"), help));
            }
            host
        }
        None => address,
    };
    address::host_and_port(host)?;
    for parameter in parameters.split(';').filter(|p| !p.is_empty()) {
        match parameter.split_once('=') {
            Some(("transport", "udp" | "tcp")) => {}
            Some(("transport", other)) => {
                return Err(Wrong::new(format!("transport `{other}` needs a later version"), "udp or tcp"));
            }
            _ if parameter.bytes().all(|b| b.is_ascii_graphic() && !b"<>\"?".contains(&b)) => {}
            _ => return Err(Wrong::new(format!("`{parameter}` is not a parameter"), help)),
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_a_sip_uri() {
        for text in ["sip:1001@192.0.2.7:5060", "sip:192.0.2.7", "sip:a@[::1]:5060;transport=tcp", "sip:a@pbx;lr"] {
            assert!(sip_uri(text).is_ok(), "{text}");
        }
        for text in
            ["", "1001", "sips:a@b", "tel:1", "sip:", "sip:@b", "sip:a b@c", "sip:a@b;transport=tls", "sip:a@b:0"]
        {
            assert!(sip_uri(text).is_err(), "{text}");
        }
    }
}
