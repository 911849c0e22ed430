//! Several files, and secrets in files and the environment.

use super::{read, refused, sounds};
use crate::include::gather;
use crate::load::build;
use crate::{Config, Report, SecretSlot, Secrets, StoreUrl, load, load_onto};
use model::Secret;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A folder of its own for one test, gone when it ends.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("strowger-config-{}-{test}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn write(&self, name: &str, text: &str) -> &Self {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        self.mode(name, 0o600)
    }

    fn mode(&self, name: &str, mode: u32) -> &Self {
        std::fs::set_permissions(self.0.join(name), std::fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    fn load(&self) -> Result<Config, Report> {
        load(&self.0.join("main.toml"), &sounds())
    }

    /// What is reported, without the folder's name.
    fn report(&self) -> String {
        match self.load() {
            Ok(config) => config.warnings.iter().map(|problem| self.short(&problem.to_string())).collect(),
            Err(report) => self.short(&report.to_string()),
        }
    }

    fn short(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.0.display()), "")
    }

    fn sources(&self, config: &Config) -> Vec<String> {
        config.sources.iter().map(|path| self.short(&path.display().to_string())).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn files_are_read_in_the_order_of_their_names() {
    let folder = Folder::new("order");
    folder
        .write("main.toml", "include = [\"agents/*.toml\", \"queue.toml\"]\n[[agent]]\nid = \"1\"\nqueues = [\"q\"]\n")
        .write("agents/b.toml", "[[agent]]\nid = \"3\"\n")
        .write("agents/a.toml", "include = [\"deeper/?.toml\"]\n[[agent]]\nid = \"2\"\n")
        .write("agents/deeper/x.toml", "[[skill]]\nname = \"s\"\n")
        .write("agents/.hidden.toml", "not toml")
        .write("agents/c.toml.bak", "not toml")
        .write("queue.toml", "[[queue]]\nname = \"q\"\n");
    let config = folder.load().unwrap();
    let ids: Vec<&str> = config.directory.agents.iter().map(|agent| &*agent.id).collect();
    assert_eq!(ids, ["1", "2", "3"]);
    let files = ["main.toml", "agents/a.toml", "agents/deeper/x.toml", "agents/b.toml", "queue.toml"];
    assert_eq!(folder.sources(&config), files);
}

#[test]
fn a_name_in_two_files_is_told_with_both_places() {
    let folder = Folder::new("twice");
    folder
        .write("main.toml", "include = [\"b.toml\"]\n[site]\n[[queue]]\nname = \"q\"\n")
        .write("b.toml", "[site]\n[[queue]]\nname = \"q\"\n");
    assert_eq!(
        folder.report(),
        "\
b.toml:1:2: error: [site] stands in two files
    1 | [site]
      |  ^^^^ keep it in one
      = the first stands at main.toml:2:2

b.toml:3:8: error: there are two queues named \"q\"
    3 | name = \"q\"
      |        ^^^ give one of them another name
      = the first stands at main.toml:4:8

2 errors"
    );
}

#[test]
fn a_file_that_is_not_there_is_told_where_it_is_named() {
    let folder = Folder::new("missing");
    folder.write("main.toml", "include = [\"a.toml\", \"b/*.toml\", \"**/c.toml\", \"\", 7]\n");
    assert_eq!(
        folder.report(),
        "\
main.toml:1:12: error: a.toml: there is no such file
    1 | include = [\"a.toml\", \"b/*.toml\", \"**/c.toml\", \"\", 7]
      |            ^^^^^^^^

main.toml:1:22: warning: no file matches \"b/*.toml\"
    1 | include = [\"a.toml\", \"b/*.toml\", \"**/c.toml\", \"\", 7]
      |                      ^^^^^^^^^^

main.toml:1:34: error: `**` is not understood: `*` stands within one part of a path
    1 | include = [\"a.toml\", \"b/*.toml\", \"**/c.toml\", \"\", 7]
      |                                  ^^^^^^^^^^^ write e.g. \"agents/*.toml\"

main.toml:1:47: error: an empty name names no file
    1 | include = [\"a.toml\", \"b/*.toml\", \"**/c.toml\", \"\", 7]
      |                                               ^^ write e.g. \"agents/*.toml\"

main.toml:1:51: error: the name of a file is expected here
    1 | include = [\"a.toml\", \"b/*.toml\", \"**/c.toml\", \"\", 7]
      |                                                   ^ write e.g. \"agents/*.toml\"

4 errors"
    );
}

#[test]
fn an_include_that_is_no_list_is_told() {
    refused(
        "include = \"agents/*.toml\"",
        r#"
t.toml:1:11: error: `include` is a list
    1 | include = "agents/*.toml"
      |           ^^^^^^^^^^^^^^^ write ["agents/*.toml"]

1 error"#,
    );
}

#[test]
fn files_that_include_each_other_end() {
    let folder = Folder::new("loop");
    folder.write("main.toml", "include = [\"b.toml\"]").write("b.toml", "include = [\"main.toml\"]");
    assert_eq!(
        folder.report(),
        "\
b.toml:1:12: error: main.toml is read twice
    1 | include = [\"main.toml\"]
      |            ^^^^^^^^^^^ name it once
      = it is named first at main.toml:1:1

1 error"
    );
    // A pattern over the own folder means the others.
    folder.write("main.toml", "include = [\"*.toml\"]").write("b.toml", "");
    assert_eq!(folder.sources(&folder.load().unwrap()), ["main.toml", "b.toml"]);
}

#[test]
fn files_include_each_other_only_so_deep() {
    let folder = Folder::new("deep");
    for n in 0..20 {
        folder.write(&format!("{n}.toml"), &format!("include = [\"{}.toml\"]", n + 1));
    }
    folder.write("main.toml", "include = [\"0.toml\"]");
    assert!(folder.report().starts_with("7.toml:1:12: error: files include each other more than 8 deep"));
}

#[test]
fn a_main_file_that_cannot_be_read_is_told_plainly() {
    let folder = Folder::new("main");
    assert_eq!(folder.report(), "main.toml: error: there is no such file\n\n1 error");
    std::fs::write(folder.0.join("main.toml"), b"[site]\n# \xff\n").unwrap();
    assert_eq!(
        folder.report(),
        "main.toml:2:3: error: this is not UTF-8 text\n    2 | # \u{fffd}\n      |   ^ save the file as UTF-8\n\n1 error"
    );
    let report = load(&folder.0, &sounds()).unwrap_err().to_string();
    assert!(report.contains("this is a folder, not a file"), "{report}");
}

#[test]
fn relative_names_start_at_the_file_that_names_them() {
    let folder = Folder::new("relative");
    folder
        .write("main.toml", "include = [\"conf/*.toml\"]\n[recording]\nfolder = \"rec\"\n")
        .write("conf/a.toml", "[store]\nurl = \"sqlite:x.db\"\n[[phone]]\nid = \"1\"\npassword_file = \"secret\"\n")
        .write("conf/secret", "swordfish\n");
    let config = folder.load().unwrap();
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    assert_eq!(config.store, StoreUrl::Sqlite(folder.0.join("conf/x.db")));
    assert_eq!(config.secrets_file, folder.0.join("conf/secrets.toml"));
    assert_eq!(config.recording.folder, folder.0.join("rec"));
    assert_eq!(config.directory.phones[0].password, Some(Secret::new("swordfish")));
    assert_eq!(folder.sources(&config), ["main.toml", "conf/a.toml", "conf/secret"]);
}

#[test]
fn defaults_start_where_the_main_file_lies() {
    let folder = Folder::new("defaults");
    folder.write("main.toml", "");
    let config = folder.load().unwrap();
    assert_eq!(config.store, StoreUrl::Sqlite(folder.0.join("data/strowger.db")));
    assert_eq!(config.recording.folder, folder.0.join("data/recordings"));
}

#[test]
fn secrets_that_everybody_can_read_are_warned_about() {
    let folder = Folder::new("readable");
    folder
        .write(
            "main.toml",
            "[[phone]]\nid = \"1\"\npassword = \"swordfish\"\n[[agent]]\nid = \"1\"\npin_file = \"pin\"\n",
        )
        .mode("main.toml", 0o644)
        .write("pin", "1234")
        .mode("pin", 0o604);
    assert_eq!(
        folder.report(),
        "\
main.toml:3:12: warning: everybody on this machine can read the secrets in main.toml
    3 | password = \"•••••••••\"
      |            ^^^^^^^^^^^ chmod o-r, or use a file of its own or the environment
main.toml:6:12: warning: everybody on this machine can read pin
    6 | pin_file = \"pin\"
      |            ^^^^^ chmod o-r
"
    );
}

#[test]
fn a_secret_file_holds_one_line() {
    let folder = Folder::new("line");
    folder
        .write(
            "main.toml",
            "[[phone]]\nid = \"1\"\npassword_file = \"a\"\n[[phone]]\nid = \"2\"\npassword_file = \"b\"\n",
        )
        .write("a", "\n")
        .write("b", &"x".repeat(5000));
    assert_eq!(
        folder.report(),
        "\
main.toml:3:17: error: a: the file does not hold one line
    3 | password_file = \"a\"
      |                 ^^^ write the name of a file that holds the secret on one line

main.toml:6:17: error: b: more than 4096 octets are no secret
    6 | password_file = \"b\"
      |                 ^^^ write the name of a file that holds the secret on one line

2 errors"
    );
}

#[test]
fn a_secret_may_come_from_the_environment() {
    let config = read("[[phone]]\nid = \"1\"\npassword_env = \"STROWGER_PASSWORD\"\n").unwrap();
    assert_eq!(config.directory.phones[0].password, Some(Secret::new("from the environment")));
}

#[test]
fn a_range_shares_a_file_or_has_one_each() {
    let folder = Folder::new("range");
    folder
        .write("main.toml", "[[phone]]\nrange = \"08-10\"\npassword_file = \"{n}\"\n")
        .write("08", "a")
        .write("09", "b")
        .write("10", "c");
    let config = folder.load().unwrap();
    let phones: Vec<(&str, &str)> =
        config.directory.phones.iter().map(|p| (&*p.id, p.password.as_ref().unwrap().expose())).collect();
    assert_eq!(phones, [("08", "a"), ("09", "b"), ("10", "c")]);
}

#[test]
fn made_secrets_are_taken_from_their_file_and_given_ones_stay() {
    let folder = Folder::new("made");
    folder.write(
        "main.toml",
        "[[phone]]\nid = \"1\"\n[[phone]]\nid = \"2\"\npassword = \"given\"\n[[phone]]\nid = \"3\"\n",
    );
    let mut secrets = Secrets::default();
    for phone in ["1", "2"] {
        secrets.insert(SecretSlot::PhonePassword(phone.into()), Secret::new("made"));
    }
    folder.write("data/secrets.toml", &secrets.render());
    let config = folder.load().unwrap();
    let password = |n: usize| config.directory.phones[n].password.as_ref().map(Secret::expose);
    assert_eq!([password(0), password(1), password(2)], [Some("made"), Some("given"), None]);
    assert_eq!(config.missing_secrets(), [SecretSlot::PhonePassword("3".into())]);
    folder.write("data/secrets.toml", "oh");
    assert!(folder.report().contains("data/secrets.toml: error: not a file of secrets"), "{}", folder.report());
}

#[test]
fn a_running_process_loads_onto_what_it_has() {
    let folder = Folder::new("onto");
    folder.write("main.toml", "[[queue]]\nname = \"a\"\n[[queue]]\nname = \"b\"\n");
    let before = folder.load().unwrap();
    folder.write("main.toml", "[[queue]]\nname = \"b\"\n");
    let after = load_onto(&before.directory, &folder.0.join("main.toml"), &sounds()).unwrap();
    assert_eq!(after.directory.queue_named("b"), before.directory.queue_named("b"));
}

#[test]
fn every_example_loads_without_a_warning() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/examples"));
    let mut read = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let main = if path.is_dir() { path.join("strowger.toml") } else { path };
        if main.extension().is_some_and(|e| e == "toml") {
            let environment = |name: &str| (name == "CARRIER_PASSWORD").then(|| "swordfish".to_owned());
            let config = build(gather(&main), None, &sounds(), &environment)
                .unwrap_or_else(|report| panic!("{}: {report}", main.display()));
            assert!(config.warnings.is_empty(), "{}: {:?}", main.display(), config.warnings);
            assert!(!config.directory.queues.is_empty() && !config.directory.agents.is_empty());
            read += 1;
        }
    }
    assert!(read >= 3, "only {read} examples were found");
}
