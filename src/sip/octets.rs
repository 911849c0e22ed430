//! The last step to the wire: whatever is pushed here cannot end a line.

use crate::scan::{find, next_control};
use core::fmt::{self, Write};
use std::net::IpAddr;

/// Octets of a value; control characters and line folding come out as one space each.
pub(crate) fn push_value(out: &mut Vec<u8>, value: &[u8]) {
    let mut rest = value;
    loop {
        let end = next_control(rest, 0);
        let end = find(&rest[..end], 0x7f).unwrap_or(end);
        let (plain, tail) = rest.split_at(end);
        out.extend_from_slice(plain);
        rest = match tail {
            [] => return,
            [b'\r', b'\n', fold @ ..] => {
                out.push(b' ');
                fold.trim_ascii_start()
            }
            [first, after @ ..] => {
                out.push(if *first == b'\t' { b'\t' } else { b' ' });
                after
            }
        };
    }
}

/// A quoted string: quotes and backslashes escaped, control characters made spaces.
pub(crate) fn push_quoted(out: &mut Vec<u8>, plain: &[u8]) {
    out.push(b'"');
    for b in plain {
        match *b {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *b]),
            b if is_control(b) => out.push(b' '),
            b => out.push(b),
        }
    }
    out.push(b'"');
}

pub(crate) fn push_number(out: &mut Vec<u8>, number: u32) {
    let mut digits = [0u8; 10];
    let mut at = digits.len();
    let mut rest = number;
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// An address without brackets or port.
pub(crate) fn push_ip(out: &mut Vec<u8>, ip: IpAddr) {
    let IpAddr::V4(v4) = ip else { return push_display(out, &ip) };
    for (i, octet) in v4.octets().into_iter().enumerate() {
        if i > 0 {
            out.push(b'.');
        }
        push_number(out, u32::from(octet));
    }
}

pub(crate) fn push_display(out: &mut Vec<u8>, value: &impl fmt::Display) {
    struct Sink<'b>(&'b mut Vec<u8>);
    impl Write for Sink<'_> {
        fn write_str(&mut self, s: &str) -> fmt::Result {
            self.0.extend_from_slice(s.as_bytes());
            Ok(())
        }
    }
    write!(Sink(out), "{value}").expect("a Vec takes every octet");
}

fn is_control(b: u8) -> bool {
    (b < 0x20 && b != b'\t') || b == 0x7f
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pushed(push: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        push(&mut out);
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn values_lose_what_could_end_a_line_and_nothing_else() {
        let value = "a\r\n \t b\tc\rd\ne\0f\u{7f}gé\r\n";
        assert_eq!(pushed(|out| push_value(out, value.as_bytes())), "a b\tc d e f gé ");
        let long = format!("{}\u{7f}{}\0", "x".repeat(100), "y".repeat(50));
        assert_eq!(pushed(|out| push_value(out, long.as_bytes())), long.replace(['\u{7f}', '\0'], " "));
    }

    #[test]
    fn quoted_strings_escape_what_would_end_them() {
        assert_eq!(pushed(|out| push_quoted(out, b"a\"b\\c\r\n")), "\"a\\\"b\\\\c  \"");
    }

    #[test]
    fn numbers_and_addresses_are_written_as_people_do() {
        for number in [0, 9, 10, 65_535, u32::MAX] {
            assert_eq!(pushed(|out| push_number(out, number)), number.to_string());
        }
        for ip in ["0.0.0.0", "192.0.2.255", "2001:db8::1"] {
            assert_eq!(pushed(|out| push_ip(out, ip.parse().expect(ip))), ip);
        }
    }
}
