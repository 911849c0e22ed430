//! Stories of a whole call centre in virtual time: what users of other products complain about must not happen here.
//!
//! A story tells telephones what to do and looks at what everybody sees and hears; each ends with [`sim::World::check`],
//! which fails when anything is left over or any book does not add up. Those named after a complaint assert what
//! closes it: the number is that of the collection of complaints the design started from.

mod caller;
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

/// Complaints whose story must be told here.
const TOLD_HERE: [u8; 34] = [
    1, 2, 3, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 17, 18, 19, 20, 22, 23, 24, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38,
    39, 41, 42, 43,
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
    let missing: Vec<u8> = TOLD_HERE.into_iter().filter(|number| !told.contains(number)).collect();
    assert!(missing.is_empty(), "no story is told of {missing:?}");
}
