/// The nearest of the known words, when it is near enough to be what was meant.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    // A quarter of the word wrong is still a slip; more is another word. Of two letters every change makes another.
    let reach = match word.chars().count() {
        0..=2 => 0,
        count => (count / 4).clamp(1, 3),
    };
    known
        .into_iter()
        .filter(|k| k.chars().count().abs_diff(lower.chars().count()) <= reach)
        .map(|k| (distance(&lower, &k.to_lowercase()), k))
        .filter(|(d, _)| *d <= reach)
        .min()
        .map(|(_, k)| k)
}

/// "did you mean `x`?", or else the list of what there is.
pub(crate) fn advice<'a>(word: &str, what: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let mut all: Vec<&str> = known.into_iter().collect();
    if let Some(near) = nearest(word, all.iter().copied()) {
        return format!("did you mean `{near}`?");
    }
    all.sort_unstable();
    all.dedup();
    match all.len() {
        0 => format!("there is no {what} at all"),
        1..=12 => format!("there is: {}", all.join(", ")),
        n => format!("there are {n}, such as {}", all[..8].join(", ")),
    }
}

/// Optimal string alignment: insert, delete, replace, or swap two neighbours.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().take(64).collect();
    let b: Vec<char> = b.chars().take(64).collect();
    let mut before = vec![0; b.len() + 1];
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let differs = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (above[j] + 1).min(row[j - 1] + 1).min(above[j - 1] + differs);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = core::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_other_words_are_not() {
        let keys = ["ring_timeout", "record", "record_notice", "wrap_up"];
        assert_eq!(nearest("ring_timout", keys), Some("ring_timeout"));
        assert_eq!(nearest("warp_up", keys), Some("wrap_up"));
        assert_eq!(nearest("Record", keys), Some("record"));
        assert_eq!(nearest("colour", keys), None);
    }

    #[test]
    fn a_swap_counts_once() {
        assert_eq!(distance("udp", "upd"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("same", "same"), 0);
    }
}
