//! What a person types at a shell: every file we ship is what its header says, and mistakes get a way out.

use crate::house::BINARY;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// One command in an empty folder, with nothing of the tree in reach.
fn strowger(words: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a folder can be made");
    Command::new(BINARY).args(words).current_dir(folder.path()).output().expect("the binary runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn the_printed_defaults_pass_the_check() {
    let printed = strowger(&["config"]);
    assert!(printed.status.success(), "{}", said(&printed));
    let mut check = Command::new(BINARY)
        .args(["check", "--config", "/dev/stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    check.stdin.take().expect("piped").write_all(&printed.stdout).expect("it reads");
    let checked = check.wait_with_output().expect("it ends");
    assert_eq!(checked.status.code(), Some(0), "{}", said(&checked));
}

/// Every file of `deploy/` that is a configuration says in its head how it is checked; that command is run.
#[test]
fn every_deployed_file_passes_the_check_its_header_names() {
    let examples = root().join("deploy/examples");
    let entries = std::fs::read_dir(&examples).expect("the examples").filter_map(Result::ok);
    let examples = entries.map(|e| if e.path().is_dir() { e.path().join("strowger.toml") } else { e.path() });
    let files: Vec<PathBuf> = examples.chain([root().join("deploy/strowger.toml")]).collect();
    assert!(files.len() >= 4, "{files:?}");
    for file in files {
        let text = std::fs::read_to_string(&file).expect("readable");
        let head = text.lines().find(|line| line.starts_with("# Check it with `"));
        let head = head.unwrap_or_else(|| panic!("{} does not say how it is checked", file.display()));
        let line = head.split('`').nth(1).expect("a command").replace("strowger check", "\"$STROWGER\" check");
        let run = Command::new("sh").args(["-c", &line]).current_dir(root()).env("STROWGER", BINARY).output();
        let run = run.expect("sh is there");
        assert_eq!(run.status.code(), Some(0), "{line}\n{}", said(&run));
        let said = said(&run);
        assert!(said.lines().last().is_some_and(|last| last.starts_with("ok:")), "{line}\n{said}");
        assert!(!said.contains("warning") && !said.contains("without end"), "{line} has warnings\n{said}");
    }
}

#[test]
fn wrong_usage_exits_64_and_shows_the_nearest_command() {
    let cases: [(&[&str], &str); 9] = [
        (&["statsu"], "`status`"),
        (&["agnet", "1001", "ready"], "`agent`"),
        (&["xyzzy"], "strowger --help"),
        (&["doctor"], "reserved"),
        (&["serve", "--confg", "x"], "--config"),
        (&["report", "--from", "yesterday"], "yesterday"),
        (&["report", "--store", "foo"], "sqlite:data/strowger.db"),
        (&["serve", "--log", "bogus"], "info,sip=debug"),
        (&["log", "bogus"], "info,sip=debug"),
    ];
    for (words, expected) in cases {
        let output = strowger(words);
        assert_eq!(output.status.code(), Some(64), "{words:?}: {}", said(&output));
        assert!(said(&output).contains(expected), "{words:?}: {}", said(&output));
    }
}

#[test]
fn a_phone_and_a_command_name_what_they_did_not_find() {
    let phone = strowger(&["phone", "--server", "sip:no-such-host.invalid", "--dial", "100"]);
    assert_eq!(phone.status.code(), Some(1), "{}", said(&phone));
    assert!(said(&phone).contains("`no-such-host.invalid`"), "{}", said(&phone));
    let status = strowger(&["status", "--config", "nope.toml"]);
    assert!(said(&status).contains("nope.toml: there is no such file"), "{}", said(&status));
    assert!(said(&strowger(&["phone", "--help"])).contains("2 no answer"));
}

#[test]
fn a_command_without_a_server_says_where_it_looked() {
    let output = strowger(&["status"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("data/strowger.sock") && said(&output).contains("strowger serve"));
}

/// One binary is enough: no sounds, no configuration, no library beside it.
#[test]
fn an_empty_folder_is_enough_for_a_check() {
    let output = strowger(&["check"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

#[test]
fn a_recording_folder_that_cannot_be_written_is_found_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    std::fs::write(folder.path().join("file"), "").expect("writable");
    let text = "[sip]\nlisten = [\"udp:127.0.0.1:0\"]\n[http]\nlisten = \"127.0.0.1:0\"\n[recording]\nfolder = \"file/recordings\"\n\
                [[queue]]\nname = \"support\"\nrecord = \"all\"\n";
    std::fs::write(folder.path().join("house.toml"), text).expect("writable");
    let mut run = Command::new("timeout");
    run.args(["60", BINARY, "serve", "--config", "house.toml"]).current_dir(folder.path());
    let output = run.output().expect("timeout(1) is there");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(output.stdout.is_empty(), "not ready: {}", said(&output));
    for word in ["recording.folder", "file/recordings", "name another folder"] {
        assert!(said(&output).contains(word), "{word}: {}", said(&output));
    }
}

#[test]
fn an_answer_that_cannot_be_written_is_an_error_and_no_crash() {
    for words in [&["config"][..], &["check"], &["--help"], &["report", "--store", "sqlite:/nowhere/s.db"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux has it");
        let mut command = Command::new(BINARY);
        let output = command.args(words).stdout(full.try_clone().expect("a second handle")).output().expect("it runs");
        assert!(matches!(output.status.code(), Some(0 | 1)), "{words:?}: {}", said(&output));
        assert!(!said(&output).contains("panicked"), "{words:?}: {}", said(&output));
        // With nowhere to complain to it ends all the same.
        let mut command = Command::new(BINARY);
        let status =
            command.args(words).stdout(full.try_clone().expect("a third")).stderr(full).status().expect("it runs");
        assert!(matches!(status.code(), Some(0 | 1)), "{words:?}: {status}");
    }
}
