//! What the RFCs say, through the shipped engine: call flows as readable transcripts, and the torture messages.
//!
//! A flow's transcript lies in `flows/`. What names are made by chance is written short, lines every message has are
//! left out. `torture/answers.txt` says what becomes of each torture message; README.md where each RFC is shown. After
//! a wanted change `STROWGER_BLESS=1 cargo test --test conformance` writes them anew, to be read in the
//! difference.

mod calls;
mod registrations;
mod torture;
mod transfers;

use sim::World;
use std::path::Path;

/// Two telephones of the house, and one outside that rings when a route leads there.
pub(crate) const PHONES: &str = r#"
[[phone]]
id = "2001"
contact = "sip:2001@10.1.0.1:5060"
[[phone]]
id = "2002"
contact = "sip:2002@10.1.0.2:5060"
[[phone]]
id = "2003"
contact = "sip:2003@10.1.0.3:5060"
"#;

/// Compares what was said with the transcript of this name.
pub(crate) fn check(world: &World, name: &str) {
    compare(&format!("flows/{name}.txt"), &world.transcript.text());
}

/// Compares a text with the file that holds what is wanted.
pub(crate) fn compare(file: &str, said: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance").join(file);
    if std::env::var_os("STROWGER_BLESS").is_some() {
        return std::fs::write(&path, said).expect("the folder is in the tree");
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    if let Some((n, (a, b))) = wanted.lines().zip(said.lines()).enumerate().find(|(_, (a, b))| a != b) {
        panic!("{file}: line {} differs\nwanted: {a}\nsaid:   {b}\n\n{said}", n + 1);
    }
    assert_eq!(wanted.lines().count(), said.lines().count(), "{file}: one of them ends early\n{said}");
}
