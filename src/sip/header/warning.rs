//! Warning: more about a refusal than its status says (RFC 3261 §20.43).

use super::{Header, HeaderName};
use crate::octets::{push_number, push_quoted, push_value};
use crate::scan::{Cursor, is_lws, text};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Warning<'a> {
    /// 300–399, such as 304 "media type not available", 305 "incompatible media format".
    pub code: u16,
    /// Host or name of who warns.
    pub agent: &'a str,
    /// Escapes still in it when read; escaped when printed from plain text.
    pub text: &'a [u8],
}

impl<'a> Header<'a> for Warning<'a> {
    const NAME: HeaderName = HeaderName::Warning;

    fn parse(value: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(value);
        let digits = cursor.lws().run(|b| b.is_ascii_digit()).filter(|d| d.len() == 3)?;
        let code = crate::scan::number(digits).and_then(|n| u16::try_from(n).ok())?;
        let agent = cursor.lws().run(|b| !is_lws(b) && b != b'"').and_then(text)?;
        let text = cursor.lws().quoted()?;
        cursor.done().then_some(Warning { code, agent, text })
    }

    fn print(&self, out: &mut Vec<u8>) {
        push_number(out, u32::from(self.code));
        out.push(b' ');
        push_value(out, self.agent.as_bytes());
        out.push(b' ');
        push_quoted(out, self.text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_parts_are_read() {
        let got = Warning::parse(br#"370 devnull "Choose a bigger pipe""#).expect("good");
        assert_eq!((got.code, got.agent, got.text), (370, "devnull", &b"Choose a bigger pipe"[..]));
        for bad in [r#"1812 o "x""#, "399 a", r#"399 "x""#, "", r#"399 a "x" y"#] {
            assert_eq!(Warning::parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
