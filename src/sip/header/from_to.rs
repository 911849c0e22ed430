//! From and To: the ends of a dialog, each with the tag its side gave it.

use super::{Header, HeaderName, NameAddr};
use core::ops::Deref;

macro_rules! tagged_headers {
    ($($name:ident)+) => {$(
        #[derive(Clone, Copy, Debug)]
        pub struct $name<'a>(pub NameAddr<'a>);

        impl<'a> Header<'a> for $name<'a> {
            const NAME: HeaderName = HeaderName::$name;

            fn parse(value: &'a [u8]) -> Option<Self> {
                NameAddr::parse_end(value).map($name)
            }

            fn print(&self, out: &mut Vec<u8>) {
                self.0.print(out);
            }
        }

        impl<'a> Deref for $name<'a> {
            type Target = NameAddr<'a>;

            fn deref(&self) -> &NameAddr<'a> {
                &self.0
            }
        }
    )+};
}

tagged_headers! { From To }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_one_tag_with_a_value_is_taken() {
        assert!(From::parse(b"<sip:a@b>").is_some() && To::parse(b"sip:a@b;x=y;tag=1").is_some());
        for bad in ["<sip:a@b>;tag", "<sip:a@b>;tag=1;TAG=2", "<sip:a@b>;tag=\"q\"", "<sip:a@b>;tag="] {
            assert!(From::parse(bad.as_bytes()).is_none(), "{bad}");
        }
    }
}
