//! `strowger voicemail`: messages callers have left.

use crate::cli::{ConfigArg, VoicemailList, VoicemailName, VoicemailVerb};
use crate::commands::check::load_or_report;
use crate::voicemail::{Message, messages};
use serde_json::json;
// Writing to a String cannot fail: the results of `write!` here are dropped.
use std::fmt::Write as _;
use std::path::PathBuf;
use store::Reader;

/// Shown under `strowger voicemail list --help`; these names are an interface and do not change.
pub(crate) const HELP: &str = "\
Keys of --json, a list, the oldest first: name, at (RFC 3339), queue, seconds, heard, contact, caller (null when it is
not known any more), path

A message is a WAV file of its own, beside the recordings: `aplay \"$(strowger voicemail path NAME)\"` plays it.";

pub(crate) fn run(verb: &VoicemailVerb) -> Result<String, String> {
    match verb {
        VoicemailVerb::List(list) => self::list(list),
        VoicemailVerb::Path(name) => Ok(format!("{}\n", one(name)?.path().display())),
        VoicemailVerb::Heard(name) => {
            let message = one(name)?;
            message.mark_heard().map_err(|error| refused("mark", &message, &error))?;
            Ok(format!("{} is marked as heard\n", message.name))
        }
        VoicemailVerb::Delete(name) => {
            let message = one(name)?;
            message.delete().map_err(|error| refused("delete", &message, &error))?;
            Ok(format!("{} is deleted\n", message.name))
        }
    }
}

fn refused(what: &str, message: &Message, error: &std::io::Error) -> String {
    format!("cannot {what} {}: {error}; run this as the user who runs the server", message.path().display())
}

/// All messages, and where the store lies.
fn all(config: &ConfigArg) -> Result<(Vec<Message>, PathBuf, String), String> {
    let (config, _) = load_or_report(config)?;
    let folder = config.recording.folder;
    let found = messages(&folder).map_err(|error| {
        format!("recording.folder {}: {error}; run this as the user who runs the server", folder.display())
    })?;
    Ok((found, folder, config.store.to_string()))
}

fn one(name: &VoicemailName) -> Result<Message, String> {
    let (found, folder, _) = all(&name.config)?;
    let wanted = name.name.trim_end_matches(".wav");
    found.into_iter().find(|message| message.name == wanted).ok_or_else(|| {
        format!("there is no message {wanted} below {}; `strowger voicemail list` names them", folder.display())
    })
}

fn list(args: &VoicemailList) -> Result<String, String> {
    let (found, _, store) = all(&args.config)?;
    let wanted = |message: &&Message| {
        args.queue.as_ref().is_none_or(|queue| *queue == message.queue) && !(args.new && message.heard)
    };
    // Who called is in the store; without it the messages can be listened to all the same.
    let reader = Reader::open(&store);
    let caller =
        |message: &Message| reader.as_ref().ok().and_then(|reader| reader.caller(message.contact).ok().flatten());
    let shown = found.iter().filter(wanted);
    if args.json {
        let entries: Vec<_> = shown
            .map(|m| {
                json!({
                    "name": m.name, "at": m.at, "queue": m.queue, "seconds": m.seconds, "heard": m.heard,
                    "contact": m.contact.to_string(), "caller": caller(m), "path": m.path().display().to_string(),
                })
            })
            .collect();
        return Ok(format!("{:#}\n", serde_json::Value::from(entries)));
    }
    let mut out = String::new();
    for m in shown {
        let state = if m.heard { "heard" } else { "new" };
        let caller = caller(m).filter(|caller| !caller.is_empty()).unwrap_or_else(|| "-".into());
        let _ = writeln!(out, "{}  {state:<5} {:>5.0} s  {:<12} {caller:<16} {}", m.at, m.seconds, m.queue, m.name);
    }
    match reader {
        _ if out.is_empty() => out.push_str("no messages\n"),
        Ok(_) => {}
        Err(error) => out.push_str(&format!("who called is not known: {error}\n")),
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// A configuration with a folder of messages, each of so many seconds at 8 kHz.
    fn house(folder: &Path, files: &[(&str, usize)]) -> ConfigArg {
        let file = folder.join("strowger.toml");
        let text = "[recording]\nfolder = \"rec\"\n[store]\nurl = \"sqlite:none.db\"\n[[queue]]\nname = \"support\"\n";
        std::fs::write(&file, text).unwrap();
        let below = folder.join("rec/voicemail");
        std::fs::create_dir_all(&below).unwrap();
        for (name, seconds) in files {
            let mut wav = vec![0_u8; 44 + seconds * 32_000];
            wav[24..28].copy_from_slice(&8000_u32.to_le_bytes());
            std::fs::write(below.join(format!("{name}.wav")), wav).unwrap();
        }
        ConfigArg { config: Some(file) }
    }

    const FIRST: &str = "20261122T142024123Z-000000010000002a-support";
    const SECOND: &str = "20261122T150000000Z-000000010000002b-e+2du";

    fn listed(config: &ConfigArg, new: bool) -> Vec<serde_json::Value> {
        let list = VoicemailList { config: config.clone(), queue: None, new, json: true };
        serde_json::from_str(&run(&VoicemailVerb::List(list)).unwrap()).unwrap()
    }

    #[test]
    fn messages_are_listed_heard_and_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let files = [(SECOND, 3), (FIRST, 7), ("20261122T160000000Z-000000010000002c-support", 0)];
        let growing = format!("{FIRST}.part");
        let files = [&files[..], &[(&*growing, 9), ("strange", 9)]].concat();
        let config = house(folder.path(), &files);
        let all = listed(&config, false);
        let short = |m: &serde_json::Value| (m["at"].clone(), m["queue"].clone(), m["seconds"].clone());
        assert_eq!(
            all.iter().map(short).collect::<Vec<_>>(),
            [
                ("2026-11-22T14:20:24.123Z".into(), "support".into(), 7.0.into()),
                ("2026-11-22T15:00:00.000Z".into(), "e-u".into(), 3.0.into()),
            ]
        );
        assert_eq!(all[0]["contact"], "000000010000002a");
        let list = VoicemailList { config: config.clone(), queue: None, new: false, json: false };
        let text = run(&VoicemailVerb::List(list)).unwrap();
        assert!(text.contains(FIRST) && text.contains("who called is not known: "), "there is no store: {text}");
        let name = |name: &str| VoicemailName { name: name.into(), config: config.clone() };
        run(&VoicemailVerb::Heard(name(FIRST))).unwrap();
        assert_eq!(listed(&config, true).len(), 1, "one is new");
        let path = run(&VoicemailVerb::Path(name(FIRST))).unwrap();
        assert!(Path::new(path.trim_end()).is_file());
        run(&VoicemailVerb::Delete(name(FIRST))).unwrap();
        assert_eq!(listed(&config, false).len(), 1);
        assert!(!folder.path().join(format!("rec/voicemail/{FIRST}.heard")).exists());
    }

    #[test]
    fn a_message_that_is_not_there_is_refused_by_name_and_no_name_leads_out_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let config = house(folder.path(), &[(FIRST, 2)]);
        for wrong in ["nothing", "../../strowger.toml", ""] {
            let name = VoicemailName { name: wrong.into(), config: config.clone() };
            let said = run(&VoicemailVerb::Delete(name)).unwrap_err();
            assert!(said.contains("strowger voicemail list"), "{said}");
        }
        let list = VoicemailList { config, queue: Some("other".into()), new: false, json: false };
        assert_eq!(run(&VoicemailVerb::List(list)).unwrap(), "no messages\n");
    }
}
