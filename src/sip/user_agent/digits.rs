//! Keys that come by INFO, in the two forms phones send.

use core::time::Duration;
use model::Key;

/// What phones that name no duration mean.
const USUAL: Duration = Duration::from_millis(100);

/// `Signal=5`, `Duration=160` (application/dtmf-relay), or the key alone (application/dtmf).
pub(crate) fn read(body: &[u8]) -> Option<(Key, Duration)> {
    let text = core::str::from_utf8(body).ok()?;
    let mut key = None;
    let mut held = USUAL;
    for line in text.lines().map(str::trim).filter(|l| !l.is_empty()) {
        match line.split_once('=') {
            Some((name, value)) if name.trim().eq_ignore_ascii_case("signal") => key = self::key(value.trim()),
            Some((name, value)) if name.trim().eq_ignore_ascii_case("duration") => {
                held = value.trim().parse().map_or(USUAL, Duration::from_millis);
            }
            Some(_) => {}
            None => key = key.or_else(|| self::key(line)),
        }
    }
    key.map(|key| (key, held))
}

/// A key by its face, or by its event number of RFC 4733.
fn key(text: &str) -> Option<Key> {
    let mut chars = text.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        let c = c.to_ascii_uppercase();
        return matches!(c, '0'..='9' | '*' | '#' | 'A'..='D').then_some(Key(c));
    }
    match text.parse::<u8>().ok()? {
        10 => Some(Key('*')),
        11 => Some(Key('#')),
        n @ 12..=15 => Some(Key(char::from(b'A' + n - 12))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let ms = Duration::from_millis;
        let table = [
            ("Signal=5\r\nDuration=160\r\n", Some((Key('5'), ms(160)))),
            ("Signal= 11\r\nDuration= x", Some((Key('#'), USUAL))),
            ("signal=d", Some((Key('D'), USUAL))),
            ("7", Some((Key('7'), USUAL))),
            ("*\r\n", Some((Key('*'), USUAL))),
            ("Signal=16", None),
            ("", None),
            ("hello", None),
        ];
        for (text, want) in table {
            assert_eq!(read(text.as_bytes()), want, "{text:?}");
        }
    }
}
