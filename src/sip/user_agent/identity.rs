//! Who calls, what he dialled, and what the called side is shown.

use super::core::Core;
use crate::header::{Diversion, Header, HeaderName, HistoryInfo, PAssertedIdentity, PCalledPartyId, Privacy};
use crate::uri::{Host, OwnedUri, Uri, UriKind};
use crate::{Message, MessageWriter, NameAddr, unescape};
use model::{CalledFrom, Dial, DialTarget, Directory, Identity, Pii, Source};
use std::borrow::Cow;

/// The caller of an INVITE. From a phone it is the phone itself, whatever it calls itself.
pub(crate) fn caller(directory: &Directory, source: Source, invite: &Message<'_>) -> Identity {
    let from = invite.from();
    let hidden = invite.one::<Privacy>().ok().flatten().is_some_and(Privacy::hides_identity) || is_anonymous(&from.uri);
    let (number, address) = match source {
        Source::Phone(id) => (directory.phone(id).id.clone(), *from),
        Source::Trunk(id) => {
            let trusted = directory.trunk(id).trust_identity;
            let asserted = trusted.then(|| asserted(invite)).flatten();
            let address = asserted.unwrap_or(*from);
            (number_of(&address.uri), address)
        }
    };
    let name = address.display.map(|d| String::from_utf8_lossy(&d.decoded()).into_owned()).unwrap_or_default();
    Identity { number: Pii::new(number), name: Pii::new(name.into()), withheld: hidden }
}

/// RFC 3325 §9.1: at most one SIP and one telephone URI; the first that names a number will do.
fn asserted<'a>(invite: &Message<'a>) -> Option<NameAddr<'a>> {
    let mut all = invite.all::<PAssertedIdentity<'a>>().filter_map(Result::ok);
    all.find(|a| a.uri.user().is_some()).map(|a| a.0)
}

fn is_anonymous(uri: &Uri<'_>) -> bool {
    let host = uri.sip().map(|sip| sip.host);
    matches!(host, Some(Host::Name(name)) if name.eq_ignore_ascii_case("anonymous.invalid"))
        || uri.user().is_some_and(|user| user.eq_ignore_ascii_case("anonymous"))
}

/// What was dialled.
pub(crate) fn dialled(directory: &Directory, source: Source, invite: &Message<'_>) -> Box<str> {
    let by_uri = || invite.uri().map(number_of).unwrap_or_default();
    match source {
        Source::Phone(_) => by_uri(),
        Source::Trunk(id) => match directory.trunk(id).called_from {
            CalledFrom::RequestUri => by_uri(),
            CalledFrom::To => number_of(&invite.to().uri),
            CalledFrom::PCalledPartyId => match invite.one::<PCalledPartyId<'_>>() {
                Ok(Some(called)) => number_of(&called.uri),
                Ok(None) | Err(_) => by_uri(),
            },
        },
    }
}

/// Where a diverted call was first meant to go: the oldest Diversion is the last (RFC 5806 §5.2), the oldest
/// History-Info the first (RFC 7044 §10.3). Only a trusted trunk may say so.
pub(crate) fn diverted_from(directory: &Directory, source: Source, invite: &Message<'_>) -> Option<Pii<Box<str>>> {
    let Source::Trunk(id) = source else { return None };
    if !directory.trunk(id).trust_identity {
        return None;
    }
    let by_diversion = invite.all::<Diversion<'_>>().filter_map(Result::ok).last().map(|d| number_of(&d.uri));
    let number = by_diversion.or_else(|| {
        let mut entries = invite.all::<HistoryInfo<'_>>().filter_map(Result::ok);
        let first = entries.next()?;
        // One entry alone is where the call is now.
        entries.next().map(|_| number_of(&first.uri))
    })?;
    (!number.is_empty()).then(|| Pii::new(number))
}

/// The number or user part of a URI as people write it.
pub(crate) fn number_of(uri: &Uri<'_>) -> Box<str> {
    match uri.kind() {
        UriKind::Tel(tel) => tel.digits().collect::<String>().into(),
        UriKind::Sip(sip) => {
            let user = sip.user.unwrap_or_default();
            // RFC 3261 §19.1.6: telephone parameters may follow the number inside the user part.
            let user = user.split_once(';').map_or(user, |(number, _)| number);
            let plain = plain(user);
            if !is_separated_number(&plain) {
                return plain;
            }
            plain.chars().filter(|c| !is_separator(*c)).collect::<String>().into()
        }
        UriKind::Other => Box::default(),
    }
}

fn is_separator(c: char) -> bool {
    matches!(c, '-' | '.' | '(' | ')' | ' ')
}

/// `+1 (212) 555-0101` but not `anna-maria`.
fn is_separated_number(user: &str) -> bool {
    user.contains(is_separator)
        && user.starts_with(['+', '('].as_slice())
        && user[1..].chars().all(|c| c.is_ascii_digit() || is_separator(c))
}

/// The user part with its escapes resolved; one that hides a control character stays as it is, so that no line can be
/// broken later.
fn plain(user: &str) -> Box<str> {
    let octets = unescape(user);
    if octets.iter().any(u8::is_ascii_control) {
        return user.into();
    }
    String::from_utf8_lossy(&octets).into()
}

/// From of our INVITE, as it stands behind the colon, tag and all.
pub(crate) fn from_value(core: &Core, dial: &Dial, tag: &str) -> Vec<u8> {
    let caller = &dial.caller;
    let number = caller.number.as_str();
    let hidden = caller.withheld || number.is_empty();
    let uri = if hidden {
        // RFC 3323 §4.1.1.3.
        OwnedUri::sip(Some("anonymous"), Host::Name("anonymous.invalid"), None)
    } else {
        own_uri(core, number)
    };
    let name: Cow<'_, str> = match (&dial.to, caller.name.as_str()) {
        (_, name) if !hidden => name.into(),
        // The call has taken the caller's name out; what is left is the queue's.
        (DialTarget::Phone(_), name) if !name.is_empty() => format!("Anonymous · {name}").into(),
        (DialTarget::Phone(_) | DialTarget::Trunk { .. }, _) => "Anonymous".into(),
    };
    let name = &*name;
    let mut out = Vec::with_capacity(96);
    let display = (!name.is_empty()).then_some(crate::DisplayName::Text(name));
    NameAddr { display, uri: uri.uri(), params: crate::Params::EMPTY }.print(&mut out);
    out.extend_from_slice(b";tag=");
    out.extend_from_slice(tag.as_bytes());
    out
}

/// `sip:number@our-domain`.
pub(crate) fn own_uri(core: &Core, user: &str) -> OwnedUri {
    OwnedUri::sip(Some(user), core.domain(), None)
}

/// Identity towards a trunk that trusts us (RFC 3325 §5), and the wish for privacy.
pub(crate) fn write_identity(core: &Core, dial: &Dial, writer: &mut MessageWriter<'_>) {
    let DialTarget::Trunk { trunk, .. } = &dial.to else { return };
    if dial.caller.withheld {
        writer.text(HeaderName::Privacy, "id");
        return;
    }
    let number = dial.caller.number.as_str();
    if core.directory().trunk(*trunk).trust_identity && !number.is_empty() {
        writer.address(PAssertedIdentity::NAME, None, &own_uri(core, number).uri(), &[]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(uri: &str) -> Box<str> {
        number_of(&OwnedUri::parse(uri).unwrap_or_else(|e| panic!("{uri}: {e}")).uri())
    }

    #[test]
    fn numbers_lose_their_separators_and_users_keep_theirs() {
        assert_eq!(&*number("tel:+1-212-555-0101;ext=5"), "+12125550101");
        assert_eq!(&*number("sip:+1-212-555-0101;isub=1@h"), "+12125550101");
        assert_eq!(&*number("sip:anna-maria@h"), "anna-maria");
        assert_eq!(&*number("sip:%2A31%23@h"), "*31#");
        assert_eq!(&*number("sip:h"), "");
    }

    #[test]
    fn an_escaped_line_break_stays_escaped() {
        assert_eq!(&*number("sip:a%0d%0aX%3A%20y@h"), "a%0d%0aX%3A%20y");
    }
}
