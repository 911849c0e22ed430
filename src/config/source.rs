use crate::limits::{MAX_EXCERPT_CHARS, MAX_FILE_BYTES};
use core::cell::OnceCell;
use std::path::{Path, PathBuf};

/// A stretch of one source file, in octets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Span {
    pub(crate) file: u32,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    pub(crate) fn new(file: u32, range: core::ops::Range<usize>) -> Self {
        Span { file, start: range.start as u32, end: range.end as u32 }
    }
}

/// A value and where it was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
}

/// One configuration text.
#[derive(Debug)]
pub(crate) struct Source {
    /// As messages show it.
    pub(crate) name: PathBuf,
    /// Where relative file names in it start.
    pub(crate) folder: PathBuf,
    pub(crate) text: String,
    /// Where the first octet stands that is not UTF-8.
    pub(crate) foreign: Option<usize>,
    pub(crate) world_readable: bool,
    /// As against a text that came from elsewhere.
    pub(crate) is_file: bool,
    /// Where each line starts; made when the first place is looked up.
    line_starts: OnceCell<Vec<usize>>,
}

impl Source {
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let metadata = std::fs::metadata(path).map_err(|e| spoken(&e))?;
        if metadata.is_dir() {
            return Err("this is a folder, not a file".into());
        }
        if metadata.len() > MAX_FILE_BYTES {
            return Err(format!("the file is larger than {} MiB", MAX_FILE_BYTES >> 20));
        }
        let mut octets = std::fs::read(path).map_err(|e| spoken(&e))?;
        // Spreadsheets and some editors begin a file with a byte order mark; it is none of its text.
        if octets.starts_with("\u{feff}".as_bytes()) {
            octets.drain(.."\u{feff}".len());
        }
        // Other octets are shown as U+FFFD, and the first of them is an error of its own.
        let (text, foreign) = match String::from_utf8(octets) {
            Ok(text) => (text, None),
            Err(e) => (String::from_utf8_lossy(e.as_bytes()).into_owned(), Some(e.utf8_error().valid_up_to())),
        };
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        Ok(Source {
            name: path.to_path_buf(),
            folder,
            text,
            foreign,
            world_readable: world_readable(&metadata),
            is_file: true,
            line_starts: OnceCell::new(),
        })
    }

    pub(crate) fn embedded(name: &str, text: &str) -> Self {
        Source {
            name: name.into(),
            folder: PathBuf::new(),
            text: text.into(),
            foreign: None,
            world_readable: false,
            is_file: false,
            line_starts: OnceCell::new(),
        }
    }

    /// Line and column, both from 1, the column in characters.
    pub(crate) fn position(&self, at: usize) -> (u32, u32) {
        let at = self.boundary(at);
        let line = self.line_of(at);
        (line as u32 + 1, self.text[self.line_starts()[line]..at].chars().count() as u32 + 1)
    }

    /// The line a span starts in, as shown, with the place and width of the mark below it.
    pub(crate) fn excerpt(&self, span: Span) -> Excerpt {
        let at = self.boundary(span.start as usize);
        let start = self.line_starts()[self.line_of(at)];
        let end = self.text[start..].find(['\n', '\r']).map_or(self.text.len(), |n| start + n);
        let shown = mask_secrets(&self.text[start..end]);
        // Masking keeps the number of characters, so marks are counted in characters.
        let before = self.text[start..at.min(end)].chars().count();
        let stop = self.boundary(span.end as usize).clamp(at.min(end), end);
        let marked = self.text[at.min(end)..stop].chars().count().max(1);
        Excerpt::cut(&shown, before, marked)
    }

    /// From 0.
    fn line_of(&self, at: usize) -> usize {
        self.line_starts().partition_point(|start| *start <= at) - 1
    }

    fn line_starts(&self) -> &[usize] {
        self.line_starts.get_or_init(|| {
            let ends = self.text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
            core::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect()
        })
    }

    /// The nearest place at or before `at` where a character starts.
    fn boundary(&self, at: usize) -> usize {
        let mut at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}

/// A line of a file with a mark.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Excerpt {
    pub(crate) line: String,
    /// In columns of a terminal.
    pub(crate) indent: usize,
    pub(crate) width: usize,
}

impl Excerpt {
    /// A very long line is shown around the mark only.
    fn cut(line: &str, before: usize, marked: usize) -> Self {
        let skip = if before + marked.min(20) > MAX_EXCERPT_CHARS { before - 20.min(before) } else { 0 };
        let shown: String =
            line.chars().skip(skip).take(MAX_EXCERPT_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect();
        let indent = shown.chars().take(before - skip).map(columns).sum();
        let width = shown.chars().skip(before - skip).take(marked).map(columns).sum::<usize>().max(1);
        Excerpt { line: shown, indent, width }
    }
}

/// East Asian wide characters take two columns of a terminal, so that the mark stands below what it means.
fn columns(c: char) -> usize {
    match c as u32 {
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 => 2,
        0x1f300..=0x1faff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// A message may end up in a log or a ticket: the value of `password` and `pin` is never part of it.
pub(crate) fn mask_secrets(line: &str) -> String {
    let mut shown: Vec<char> = line.chars().collect();
    for key in ["password", "pin"] {
        let key: Vec<char> = key.chars().collect();
        let mut at = 0;
        while let Some(found) = find(&shown, &key, at) {
            at = found + key.len();
            let part_of_word = found > 0 && (shown[found - 1].is_alphanumeric() || shown[found - 1] == '_');
            let mut value = at;
            while shown.get(value).is_some_and(|c| matches!(c, ' ' | '\t' | '"' | '\'')) {
                value += 1;
            }
            if part_of_word || shown.get(value) != Some(&'=') {
                continue;
            }
            for c in shown.iter_mut().skip(value + 1).take_while(|c| !matches!(**c, ',' | '}' | '#')) {
                if !matches!(*c, ' ' | '"' | '\'') {
                    *c = '•';
                }
            }
        }
    }
    shown.into_iter().collect()
}

fn find(text: &[char], word: &[char], from: usize) -> Option<usize> {
    text.get(from..)?.windows(word.len()).position(|w| w == word).map(|n| from + n)
}

/// The operating system's reason without its number.
pub(crate) fn spoken(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".into(),
        std::io::ErrorKind::PermissionDenied => "reading it is not permitted".into(),
        _ => error.to_string(),
    }
}

#[cfg(unix)]
pub(crate) fn world_readable(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o004 != 0
}

#[cfg(not(unix))]
pub(crate) fn world_readable(_: &std::fs::Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excerpt(text: &str, mark: &str) -> (u32, u32, Excerpt) {
        let source = Source::embedded("t", text);
        let start = text.find(mark).unwrap();
        let (line, column) = source.position(start);
        (line, column, source.excerpt(Span::new(0, start..start + mark.len())))
    }

    #[test]
    fn a_mark_stands_below_wide_characters() {
        let (line, column, shown) = excerpt("a = 1\nname = \"安娜\", x = 3\n", "x");
        assert_eq!((line, column), (2, 14));
        assert_eq!((shown.indent, shown.width), (15, 1));
    }

    #[test]
    fn a_mark_over_several_lines_ends_with_the_first() {
        let (_, _, shown) = excerpt("a = [\n 1,\n]\n", "[\n 1,\n]");
        assert_eq!((shown.line.as_str(), shown.indent, shown.width), ("a = [", 4, 1));
    }

    #[test]
    fn a_long_line_is_cut_around_its_mark() {
        let text = format!("a = \"{}\", bad = 1 {}", "x".repeat(500), "y".repeat(500));
        let (_, column, shown) = excerpt(&text, "bad");
        assert_eq!(column, 509);
        assert!(shown.line.chars().count() <= MAX_EXCERPT_CHARS);
        assert_eq!(&shown.line[shown.indent..shown.indent + shown.width], "bad");
    }

    #[test]
    fn secrets_are_never_shown() {
        for line in ["password = \"swordfish\"", "a = { pin=\"swordfish\", b = 1 }", "\"password\" = 'sword\"fish' # x"]
        {
            assert!(!mask_secrets(line).contains("fish"), "{}", mask_secrets(line));
            assert_eq!(mask_secrets(line).chars().count(), line.chars().count());
        }
        assert_eq!(mask_secrets("password_file = \"a\""), "password_file = \"a\"");
    }
}
