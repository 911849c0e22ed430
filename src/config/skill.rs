//! `[[skill]]`: a name that agents have a level in.

use crate::names::Entry;

pub(crate) fn read(entry: &Entry<'_>) -> Option<Box<str>> {
    Some(entry.name.clone())
}
