use core::time::Duration;
use model::{Directory, Language, SoundId};

/// What a waiting caller is told about his place and time, as sounds; empty when a word is missing from the library,
/// because half a sentence is worse than none.
pub(crate) fn waiting(
    directory: &Directory,
    language: Language,
    position: Option<u32>,
    wait: Option<Duration>,
) -> Vec<SoundId> {
    let mut said = Vec::new();
    let sentences = [position.and_then(|p| position_words(language, p)), wait.map(|w| wait_words(language, w))];
    for sentence in sentences.into_iter().flatten() {
        said.extend(all(directory, language, &sentence));
    }
    if !said.is_empty() {
        said.extend(directory.sound(language, "queue/thank-you-for-holding"));
    }
    said
}

/// How long a caller has waited, for his agent: whole minutes, nothing for less than one.
pub(crate) fn waited(directory: &Directory, language: Language, waited: Duration) -> Vec<SoundId> {
    let minutes = u32::try_from(waited.as_secs() / 60).unwrap_or(u32::MAX).min(999);
    let unit = if minutes == 1 { "queue/minute" } else { "queue/minutes" };
    let words = number(language, minutes, Use::Count).map(|count| [count, vec![unit.into()]].concat());
    words.map(|words| all(directory, language, &words)).unwrap_or_default()
}

/// Every word or none.
fn all(directory: &Directory, language: Language, words: &[String]) -> Vec<SoundId> {
    words.iter().map(|w| directory.sound(language, w)).collect::<Option<Vec<_>>>().unwrap_or_default()
}

fn position_words(language: Language, position: u32) -> Option<Vec<String>> {
    match position {
        0 => None,
        1 => Some(vec!["queue/you-are-first".into()]),
        _ => {
            let mut words = vec!["queue/your-position".to_owned()];
            words.extend(number(language, position, Use::Ordinal)?);
            words.push("queue/in-line".into());
            Some(words)
        }
    }
}

/// Rounded up to whole minutes: who is served sooner is glad, who waits longer is not (the published upper bound).
fn wait_words(language: Language, wait: Duration) -> Vec<String> {
    let minutes = u32::try_from(wait.as_secs().div_ceil(60)).unwrap_or(u32::MAX).max(1);
    let Some(count) = number(language, minutes, Use::Count).filter(|_| minutes <= WAIT_MINUTES_MAX) else {
        return vec!["queue/more-than-ten-minutes".into()];
    };
    let unit = if minutes == 1 { "queue/minute" } else { "queue/minutes" };
    [vec!["queue/wait-less-than".into()], count, vec![unit.into()]].concat()
}

/// Beyond this a figure is neither sure nor of comfort.
const WAIT_MINUTES_MAX: u32 = 10;

/// Mandarin has two words for two: 第二位, but 两分钟.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Ordinal,
    Count,
}

/// 1 to 999; nobody is told a longer line.
fn number(language: Language, number: u32, how: Use) -> Option<Vec<String>> {
    if !(1..1000).contains(&number) {
        return None;
    }
    Some(match language {
        Language::English => english(number),
        Language::Mandarin if number == 2 && how == Use::Count => vec!["digits/2-liang".into()],
        Language::Mandarin => mandarin(number),
    })
}

fn digits(number: u32) -> String {
    format!("digits/{number}")
}

/// "two hundred" "forty" "one"
fn english(number: u32) -> Vec<String> {
    let mut words = Vec::new();
    if number >= 100 {
        words.extend([digits(number / 100), "digits/hundred".into()]);
    }
    below_hundred(number % 100, &mut words);
    words
}

/// 二百零五, 一百一十: a skipped ten is spoken as zero, and ten within a hundred as one-ten.
fn mandarin(number: u32) -> Vec<String> {
    let mut words = Vec::new();
    let rest = number % 100;
    if number >= 100 {
        words.extend([digits(number / 100), "digits/hundred".into()]);
        match rest {
            1..=9 => words.push(digits(0)),
            10..=19 => words.push(digits(1)),
            _ => {}
        }
    }
    below_hundred(rest, &mut words);
    words
}

/// 1 to 19 and the tens are one sound each, in both languages.
fn below_hundred(number: u32, words: &mut Vec<String>) {
    match number {
        0 => {}
        1..=20 => words.push(digits(number)),
        _ => {
            words.push(digits(number / 10 * 10));
            if !number.is_multiple_of(10) {
                words.push(digits(number % 10));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(language: Language, value: u32, expected: &str) {
        let said = number(language, value, Use::Ordinal).map(|w| w.join(" ").replace("digits/", ""));
        assert_eq!(said.as_deref().unwrap_or("-"), expected, "{value}");
    }

    #[test]
    fn numbers_are_spoken_as_each_language_does() {
        for (value, english, mandarin) in [
            (0, "-", "-"),
            (2, "2", "2"),
            (10, "10", "10"),
            (17, "17", "17"),
            (20, "20", "20"),
            (42, "40 2", "40 2"),
            (100, "1 hundred", "1 hundred"),
            (105, "1 hundred 5", "1 hundred 0 5"),
            (110, "1 hundred 10", "1 hundred 1 10"),
            (115, "1 hundred 15", "1 hundred 1 15"),
            (999, "9 hundred 90 9", "9 hundred 90 9"),
            (1000, "-", "-"),
        ] {
            check(Language::English, value, english);
            check(Language::Mandarin, value, mandarin);
        }
    }

    #[test]
    fn two_minutes_in_mandarin_have_their_own_two() {
        let words = wait_words(Language::Mandarin, Duration::from_secs(61));
        assert_eq!(words, ["queue/wait-less-than", "digits/2-liang", "queue/minutes"]);
        let words = wait_words(Language::English, Duration::from_secs(61));
        assert_eq!(words, ["queue/wait-less-than", "digits/2", "queue/minutes"]);
    }

    #[test]
    fn waiting_times_are_rounded_up_and_long_ones_not_counted() {
        assert_eq!(wait_words(Language::English, Duration::ZERO)[1..], ["digits/1", "queue/minute"]);
        assert_eq!(wait_words(Language::English, Duration::from_secs(600))[1], "digits/10");
        assert_eq!(wait_words(Language::English, Duration::from_secs(601)), ["queue/more-than-ten-minutes"]);
        assert_eq!(wait_words(Language::English, Duration::MAX), ["queue/more-than-ten-minutes"]);
    }

    #[test]
    fn a_sentence_with_a_missing_word_is_not_spoken() {
        let mut directory = crate::testing::house();
        let whole = waiting(&directory, Language::English, Some(24), Some(Duration::from_secs(90)));
        assert_eq!(whole.len(), 4 + 3 + 1);
        directory.sounds.retain(|(_, name), _| &*name.0 != "digits/4");
        assert_eq!(waiting(&directory, Language::English, Some(24), None), []);
        assert_eq!(waiting(&directory, Language::English, Some(24), Some(Duration::from_secs(90))).len(), 3 + 1);
    }
}
