//! The small languages inside strings: durations, names, dial strings, percentages, words.

use crate::limits::MAX_NAME_CHARS;
use crate::suggest::nearest;
use crate::table::Wrong;
use core::time::Duration;
use model::Pattern;

/// What a duration may be.
#[derive(Clone, Copy)]
pub(crate) struct DurationRange {
    pub(crate) least: Duration,
    pub(crate) most: Duration,
}

impl DurationRange {
    pub(crate) const fn seconds(least: u64, most: u64) -> Self {
        DurationRange { least: Duration::from_secs(least), most: Duration::from_secs(most) }
    }

    pub(crate) fn check(self, key: &str, found: Result<Duration, Wrong>) -> Result<Duration, Wrong> {
        let found = found?;
        if found < self.least || found > self.most {
            return Err(Wrong::new(
                format!("`{key}` cannot be {}", spell_duration(found)),
                format!("from {} to {}", spell_duration(self.least), spell_duration(self.most)),
            ));
        }
        Ok(found)
    }
}

const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// `"1m30s"`: whole numbers with units, the larger unit first.
pub(crate) fn duration(text: &str) -> Result<Duration, Wrong> {
    let wrong = || Wrong::new(format!("`{text}` is not a duration"), "write \"20s\", \"1m30s\", \"10m\" or \"250ms\"");
    let mut rest = text;
    let mut total_ms: u64 = 0;
    let mut units = UNITS.iter();
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let letters = rest[digits..].bytes().take_while(u8::is_ascii_alphabetic).count();
        let number: u64 = rest[..digits].parse().map_err(|_| wrong())?;
        let unit = &rest[digits..digits + letters];
        // Each unit once and in falling order, because the search goes on where the last one was found.
        let (_, ms) = units.find(|(name, _)| *name == unit).ok_or_else(wrong)?;
        total_ms = number.checked_mul(*ms).and_then(|n| total_ms.checked_add(n)).ok_or_else(wrong)?;
        rest = &rest[digits + letters..];
    }
    if text.is_empty() { Err(wrong()) } else { Ok(Duration::from_millis(total_ms)) }
}

/// The shortest way to write a duration.
pub(crate) fn spell_duration(duration: Duration) -> String {
    let mut rest = duration.as_millis() as u64;
    let mut text = String::new();
    for (unit, ms) in UNITS {
        if rest >= ms {
            text.push_str(&format!("{}{unit}", rest / ms));
            rest %= ms;
        }
    }
    if text.is_empty() { "0s".into() } else { text }
}

/// One of a closed list; `later` are words with what they need.
pub(crate) fn word<T: Copy>(key: &str, text: &str, words: &[(&str, T)], later: &[(&str, &str)]) -> Result<T, Wrong> {
    if let Some((_, found)) = words.iter().find(|(word, _)| *word == text) {
        return Ok(*found);
    }
    if let Some((word, needs)) = later.iter().find(|(word, _)| *word == text) {
        return Err(Wrong::new(format!("{key} \"{word}\" needs {needs}"), one_of(words)));
    }
    let help = match nearest(text, words.iter().map(|(word, _)| *word)) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => one_of(words),
    };
    Err(Wrong::new(format!("`{key}` cannot be \"{text}\""), help))
}

fn one_of<T>(words: &[(&str, T)]) -> String {
    let all: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
    match all.len() {
        1 => format!("today there is {}", all[0]),
        _ => format!("one of {}", all.join(", ")),
    }
}

/// A name of something: letters of any script, digits, `-`, `_`, `.`; no blanks, because names stand in targets,
/// commands and metrics.
pub(crate) fn name(text: &str) -> Result<&str, Wrong> {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if text.is_empty() {
        return Err(Wrong::new("a name cannot be empty", "write a word"));
    }
    if text.chars().count() > MAX_NAME_CHARS {
        return Err(Wrong::new(format!("a name has at most {MAX_NAME_CHARS} characters"), "shorten it"));
    }
    match text.chars().find(|c| !fits(*c)) {
        Some(c) => Err(Wrong::new(format!("a name cannot contain `{c}`"), "use letters, digits, `-`, `_` and `.`")),
        None => Ok(text),
    }
}

/// The user part of a SIP address that people dial and devices register with.
pub(crate) fn dialled_id(text: &str) -> Result<&str, Wrong> {
    name(text)?;
    match text.chars().find(|c| !c.is_ascii()) {
        Some(c) => {
            Err(Wrong::new(format!("an id cannot contain `{c}`"), "an id is dialled: use Latin letters and digits"))
        }
        None => Ok(text),
    }
}

/// `*` only as the last character.
pub(crate) fn pattern(text: &str) -> Result<Pattern, Wrong> {
    if text.is_empty() {
        return Err(Wrong::new("an empty `match` matches nothing", "write a number, or \"*\" for any"));
    }
    let (stem, open_ended) = match text.strip_suffix('*') {
        Some(stem) => (stem, true),
        None => (text, false),
    };
    if stem.contains('*') {
        return Err(Wrong::new("`*` stands for any rest and can only be the last character", "write e.g. \"4008*\""));
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '#');
    let plain = stem.strip_prefix('+').unwrap_or(stem);
    if let Some(c) = plain.chars().find(|c| !fits(*c)) {
        return Err(Wrong::new(
            format!("a number to match cannot contain `{c}`"),
            "write digits without blanks, with `+` only in front and `*` only at the end",
        ));
    }
    if stem.len() > MAX_NAME_CHARS {
        return Err(Wrong::new(format!("a number has at most {MAX_NAME_CHARS} characters"), "shorten it"));
    }
    Ok(Pattern { stem: stem.into(), open_ended })
}

/// A number that can be dialled outward: E.164 with `+`, or digits as the trunk wants them.
pub(crate) fn number(text: &str) -> Result<&str, Wrong> {
    // E.164: at most 15 digits with the country code, which never starts with 0.
    if let Some(digits) = text.strip_prefix('+') {
        let e164 =
            (3..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
        return if e164 {
            Ok(text)
        } else {
            Err(Wrong::new(
                format!("`{text}` is not an E.164 number"),
                "write `+`, the country code and up to 15 digits in all, without blanks",
            ))
        };
    }
    if !text.is_empty() && text.len() <= 32 && text.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(text);
    }
    Err(Wrong::new(format!("`{text}` is not a number"), "write digits without blanks, or `+` and an E.164 number"))
}

/// `"20%"`, 1 to 99.
pub(crate) fn percent(text: &str) -> Option<u8> {
    let number: u8 = text.strip_suffix('%')?.parse().ok()?;
    (1..=99).contains(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_spell_alike() {
        for (text, ms) in [("20s", 20_000), ("1m30s", 90_000), ("10m", 600_000), ("2h", 7_200_000), ("250ms", 250)] {
            assert_eq!(duration(text), Ok(Duration::from_millis(ms)));
            assert_eq!(spell_duration(Duration::from_millis(ms)), text);
        }
        assert_eq!(duration("0s"), Ok(Duration::ZERO));
        assert_eq!(spell_duration(Duration::ZERO), "0s");
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in
            ["", "20", "s", "1s1m", "1m1m", "-5s", "1.5s", "20 s", "99999999999999999999s", "9999999999999999d", "5 秒"]
        {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_star_is_only_allowed_at_the_end() {
        assert_eq!(pattern("+86*"), Ok(Pattern { stem: "+86".into(), open_ended: true }));
        assert_eq!(pattern("*"), Ok(Pattern { stem: "".into(), open_ended: true }));
        assert_eq!(pattern("queue0"), Ok(Pattern { stem: "queue0".into(), open_ended: false }));
        for text in ["", "4*8", "**", "40 08", "8+6", "+8+6"] {
            assert!(pattern(text).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_follow_e164() {
        for text in ["+8613800138000", "110", "13800138000"] {
            assert!(number(text).is_ok(), "{text}");
        }
        for text in ["", "+", "+0123", "+1234567890123456", "+49 30", "sales", "1".repeat(33).as_str()] {
            assert!(number(text).is_err(), "{text}");
        }
    }

    #[test]
    fn percents_go_from_1_to_99() {
        assert_eq!(percent("20%"), Some(20));
        for text in ["0%", "100%", "20", "%", "2.5%", "300%"] {
            assert_eq!(percent(text), None, "{text}");
        }
    }

    #[test]
    fn names_are_words() {
        assert_eq!(name("客服-1"), Ok("客服-1"));
        for text in ["", "a b", "a:b", "a/b", &"x".repeat(65)] {
            assert!(name(text).is_err(), "{text}");
        }
        assert!(dialled_id("客服").is_err());
    }
}
