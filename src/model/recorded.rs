//! The names of recordings.

use crate::ContactId;
use base::Utc;
use core::fmt::Write as _;

/// Messages lie in a folder of their own inside that of recordings: [`message_name`] begins with it.
pub const VOICEMAIL_FOLDER: &str = "voicemail";

/// `voicemail/20261122T142024123Z-000000010000002a-support`: sorts by time. A name needs no store to be read again, and
/// whatever a queue is called, its octets outside letters, digits, `.` and `_` are written as `+2d`.
pub fn message_name(at: Utc, contact: ContactId, queue: &str) -> String {
    let mut name = format!("{VOICEMAIL_FOLDER}/{}-{contact}-", stamp(at));
    for octet in queue.bytes() {
        match octet {
            b'.' | b'_' => name.push(char::from(octet)),
            _ if octet.is_ascii_alphanumeric() => name.push(char::from(octet)),
            // Writing to a String cannot fail.
            _ => _ = write!(name, "+{octet:02x}"),
        }
    }
    name
}

/// Time, contact and queue of a message.
pub fn read_message_name(name: &str) -> Option<(&str, ContactId, String)> {
    let mut parts = name.strip_prefix(VOICEMAIL_FOLDER)?.strip_prefix('/')?.splitn(3, '-');
    let (at, contact, queue) = (parts.next()?, parts.next()?, parts.next()?);
    let contact = ContactId(u64::from_str_radix(contact, 16).ok()?);
    let mut octets = Vec::new();
    let mut rest = queue.bytes();
    while let Some(octet) = rest.next() {
        octets.push(match octet {
            b'+' => {
                let pair = [rest.next()?, rest.next()?];
                u8::from_str_radix(core::str::from_utf8(&pair).ok()?, 16).ok()?
            }
            octet => octet,
        });
    }
    Some((at, contact, String::from_utf8(octets).ok()?))
}

/// `20261122T142024123Z`: sorts by time and is no file system's trouble. Civil date from days by Howard Hinnant's
/// algorithm (public domain).
pub fn stamp(at: Utc) -> String {
    let micros = at.as_micros();
    let (days, in_day) = (micros.div_euclid(86_400_000_000), micros.rem_euclid(86_400_000_000));
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    let millis = in_day / 1_000;
    let (hour, minute) = (millis / 3_600_000, millis / 60_000 % 60);
    let (second, milli) = (millis / 1_000 % 60, millis % 1_000);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}{milli:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_tells_its_time_contact_and_queue() {
        for queue in ["support", "客服 二", "a-b+c"] {
            let name = message_name(Utc::from_secs(0), ContactId(7), queue);
            assert!(name.is_ascii() && !name.contains(' '), "{name}");
            assert_eq!(read_message_name(&name), Some(("19700101T000000000Z", ContactId(7), queue.into())));
        }
        for strange in ["", "voicemail/x", "19700101T000000000Z-0000000000000007-support", "voicemail/a-x-c"] {
            assert_eq!(read_message_name(strange), None, "{strange}");
        }
    }

    #[test]
    fn the_stamp_is_the_civil_time() {
        for (secs, expected) in [
            (0, "19700101T000000000Z"),
            (951_782_400, "20000229T000000000Z"),
            (1_700_000_000, "20231114T221320000Z"),
            (-1, "19691231T235959000Z"),
        ] {
            assert_eq!(stamp(Utc::from_secs(secs)), expected);
        }
    }
}
