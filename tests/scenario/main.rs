//! Stories of a whole call centre in virtual time: what users of other products complain about must not happen here.
//!
//! A story tells telephones what to do and looks at what everybody sees and hears; each ends with [`sim::World::check`],
//! which fails when anything is left over or any book does not add up. Those named after a complaint assert what
//! closes it: the number is that of the collection of complaints the design started from.

mod callback;
mod caller;
mod choice;
mod devices;
mod floor;
mod races;
mod recording;
mod routing;
mod statistics;
mod together;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The complaints about races, callers and statistics; a later generation closes some.
const COMPLAINTS: core::ops::RangeInclusive<u8> = 1..=43;

/// Told here too, although the collection lists it with scale and configuration.
const ALSO: [u8; 1] = [50];

const LATER: [(u8, &str); 2] = [
    (25, "noise that stops a prompt: recognition of speech, which no generation up to the third has"),
    (40, "clocks of replies in writing: text media, generation 4"),
];

#[test]
fn every_complaint_has_a_story_of_its_number() {
    let mut told = BTreeSet::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenario");
    for file in fs::read_dir(folder).expect("the folder of this file") {
        let text = fs::read_to_string(file.expect("readable").path()).expect("a source file");
        let stories = text.split("#[test]\nfn complaint_").skip(1);
        told.extend(stories.map(|name| name[..2].parse::<u8>().expect("a number of two digits")));
    }
    let later = |number: &u8| LATER.iter().any(|(n, _)| n == number);
    let wanted = COMPLAINTS.filter(|number| !later(number)).chain(ALSO);
    let missing: Vec<u8> = wanted.filter(|number| !told.contains(number)).collect();
    assert!(missing.is_empty(), "no story is told of {missing:?}");
    let early: Vec<u8> = told.into_iter().filter(later).collect();
    assert!(early.is_empty(), "stories of {early:?} are told: they are not for later any more");
}
