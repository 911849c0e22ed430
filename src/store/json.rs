//! The little JSON this room writes, straight into octets: a record is written for every call.

use std::fmt::Display;
use std::io::Write as _;

/// Where JSON goes; always whole UTF-8.
pub(crate) type Out = Vec<u8>;

/// An object or array that is being written; separators come by themselves.
pub(crate) struct Json<'a> {
    out: &'a mut Out,
    fresh: bool,
    close: u8,
}

impl<'a> Json<'a> {
    pub(crate) fn object(out: &'a mut Out) -> Self {
        out.push(b'{');
        Json { out, fresh: true, close: b'}' }
    }

    pub(crate) fn array(out: &'a mut Out) -> Self {
        out.push(b'[');
        Json { out, fresh: true, close: b']' }
    }

    pub(crate) fn end(self) {
        self.out.push(self.close);
    }

    /// The next element of an array, to be written by the caller.
    pub(crate) fn next(&mut self) -> &mut Out {
        if !core::mem::replace(&mut self.fresh, false) {
            self.out.push(b',');
        }
        self.out
    }

    /// The next key of an object; its value is to be written by the caller.
    pub(crate) fn key(&mut self, key: &str) -> &mut Out {
        self.next();
        text(self.out, key);
        self.out.push(b':');
        self.out
    }

    pub(crate) fn int(&mut self, key: &str, value: i64) -> &mut Self {
        int(self.key(key), value);
        self
    }

    pub(crate) fn count(&mut self, key: &str, value: u64) -> &mut Self {
        count(self.key(key), value);
        self
    }

    pub(crate) fn text(&mut self, key: &str, value: &str) -> &mut Self {
        text(self.key(key), value);
        self
    }

    /// Left out when there is none.
    pub(crate) fn some_int(&mut self, key: &str, value: Option<i64>) -> &mut Self {
        if let Some(value) = value {
            self.int(key, value);
        }
        self
    }

    pub(crate) fn some_text(&mut self, key: &str, value: Option<&str>) -> &mut Self {
        if let Some(value) = value {
            self.text(key, value);
        }
        self
    }

    pub(crate) fn some_float(&mut self, key: &str, value: Option<f32>) -> &mut Self {
        if let Some(value) = value {
            self.float(key, value);
        }
        self
    }

    /// JSON has no word for what is not a number.
    pub(crate) fn float(&mut self, key: &str, value: f32) -> &mut Self {
        if value.is_finite() {
            display(self.key(key), value);
        }
        self
    }
}

pub(crate) fn display(out: &mut Out, value: impl Display) {
    // Writing to a vector cannot fail.
    let _ = write!(out, "{value}");
}

pub(crate) fn int(out: &mut Out, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    count(out, value.unsigned_abs());
}

/// A whole number; several times faster than by `Display`, and a call has a hundred of them.
pub(crate) fn count(out: &mut Out, value: u64) {
    let mut digits = [0; 20];
    let (mut left, mut at) = (value, digits.len());
    loop {
        at -= 1;
        digits[at] = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Sixteen digits, as contact ids are shown.
pub(crate) fn hex(out: &mut Out, value: u64) {
    let digit = |place: u32| b"0123456789abcdef"[(value >> (4 * place)) as usize & 0xf];
    out.extend((0..16).rev().map(digit));
}

pub(crate) fn text(out: &mut Out, value: &str) {
    out.push(b'"');
    inner_text(out, value);
    out.push(b'"');
}

/// A text without its quotation marks. RFC 8259 §7: quotation mark, reverse solidus and control characters are
/// escaped, everything else stands for itself.
pub(crate) fn inner_text(out: &mut Out, value: &str) {
    let mut rest = value.as_bytes();
    while let Some(at) = rest.iter().position(|b| *b < 0x20 || *b == b'"' || *b == b'\\') {
        out.extend_from_slice(&rest[..at]);
        match rest[at] {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            control => display(out, format_args!("\\u{control:04x}")),
        }
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn what_is_written_is_read_back_by_another_reader() {
        let mut out = Out::new();
        let mut object = Json::object(&mut out);
        object.int("n", -7).text("t", "a\"\\\n\u{1}\u{202e}客😀").some_text("none", None).float("f", 4.25);
        object.float("nan", f32::NAN);
        let list = object.key("list");
        let mut array = Json::array(list);
        text(array.next(), "one");
        text(array.next(), "");
        array.end();
        object.end();
        let read: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(read, json!({"n": -7, "t": "a\"\\\n\u{1}\u{202e}客😀", "f": 4.25, "list": ["one", ""]}));
    }

    #[test]
    fn whole_numbers_are_written_whole() {
        for value in [0, 9, 10, -1, i64::MAX, i64::MIN] {
            let mut out = Out::new();
            int(&mut out, value);
            assert_eq!(String::from_utf8(out).unwrap(), value.to_string());
        }
        let mut out = Out::new();
        count(&mut out, u64::MAX);
        assert_eq!(String::from_utf8(out).unwrap(), u64::MAX.to_string());
        let mut out = Out::new();
        hex(&mut out, 0x0123_4567_89ab_cdef);
        assert_eq!(out, b"0123456789abcdef");
    }

    #[test]
    fn every_character_survives() {
        let all: String = (0..0x3000).filter_map(char::from_u32).collect();
        let mut out = Out::new();
        text(&mut out, &all);
        assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), all);
    }
}
