//! The room table of `src/ARCHITECTURE.md` as a test: which room may use which, and which outside crates a pure room
//! may stand on. A new line here is a reviewed decision.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

struct Room {
    name: &'static str,
    layer: u8,
    kind: Kind,
    /// Rooms it may depend on.
    rooms: &'static [&'static str],
    /// Outside crates it may depend on.
    crates: &'static [&'static str],
}

#[derive(PartialEq, Clone, Copy)]
enum Kind {
    /// No I/O, clock, thread, task or global.
    Pure,
    /// Files, sockets, threads.
    Rim,
}

const fn pure(name: &'static str, layer: u8, rooms: &'static [&'static str], crates: &'static [&'static str]) -> Room {
    Room { name, layer, kind: Kind::Pure, rooms, crates }
}

const fn rim(name: &'static str, layer: u8, rooms: &'static [&'static str], crates: &'static [&'static str]) -> Room {
    Room { name, layer, kind: Kind::Rim, rooms, crates }
}

const ROOMS: &[Room] = &[
    pure("base", 0, &[], &[]),
    pure("expr", 0, &[], &["thiserror"]),
    pure("netem", 0, &["base"], &[]),
    pure("model", 1, &["base", "expr"], &["serde", "thiserror"]),
    pure("sip", 1, &["base", "model"], &["thiserror", "md-5", "sha2", "hmac"]),
    pure("sdp", 1, &["base"], &["thiserror"]),
    pure("rtp", 1, &["base"], &["thiserror"]),
    pure("audio", 1, &["base"], &["thiserror", "hound", "rustfft"]),
    pure("media", 2, &["base", "model", "rtp", "audio"], &["thiserror"]),
    pure("call", 2, &["base", "expr", "model", "sdp"], &["thiserror"]),
    pure("acd", 2, &["base", "model"], &["thiserror", "jiff", "loom"]),
    pure("report", 2, &["base", "model"], &["serde"]),
    pure(
        "engine",
        3,
        &["base", "model", "sip", "sdp", "rtp", "audio", "media", "call", "acd", "report"],
        &["thiserror", "tracing"],
    ),
    rim(
        "config",
        3,
        &["base", "expr", "model", "sip", "sdp", "media", "call", "acd", "engine"],
        &["serde", "toml", "jiff", "thiserror"],
    ),
    rim(
        "driver",
        4,
        &["base", "model", "engine", "media", "rtp", "audio", "sip", "acd"],
        &[
            "crossbeam",
            "libc",
            "io-uring",
            "socket2",
            "tokio",
            "tracing",
            "metrics",
            "arc-swap",
            "thiserror",
            "signal-hook",
            "hickory-resolver",
        ],
    ),
    rim(
        "web",
        4,
        &["base", "model", "report"],
        &[
            "axum",
            "tokio",
            "tokio-stream",
            "serde",
            "serde_json",
            "metrics",
            "metrics-exporter-prometheus",
            "tracing",
            "thiserror",
        ],
    ),
    rim(
        "store",
        4,
        &["base", "model", "report"],
        &["crossbeam", "rusqlite", "serde", "serde_json", "thiserror", "tracing"],
    ),
    pure(
        "sim",
        5,
        &["base", "netem", "model", "sip", "sdp", "rtp", "audio", "media", "call", "acd", "report", "engine", "config"],
        &[],
    ),
];

#[test]
fn workspace_members_stand_in_layer_order() {
    let manifest = fs::read_to_string("Cargo.toml").expect("the root manifest");
    let members = manifest.split_once("members = [").expect("members").1.split_once("]\n").expect("end of members").0;
    let listed: Vec<&str> = members.split('"').filter_map(|part| part.strip_prefix("src/")).collect();
    let expected: Vec<&str> = ROOMS.iter().map(|room| room.name).collect();
    assert_eq!(listed, expected, "the member list and the room table differ");
    assert!(ROOMS.windows(2).all(|pair| pair[0].layer <= pair[1].layer), "the table is not in layer order");
}

#[test]
fn a_room_depends_only_on_what_its_row_lists() {
    let names: BTreeSet<&str> = ROOMS.iter().map(|room| room.name).collect();
    for room in ROOMS {
        for (table, dependency) in dependencies(room.name) {
            if table == "dev-dependencies" {
                assert!(
                    !names.contains(&*dependency) || room.rooms.contains(&&*dependency) || dependency == "netem",
                    "{}'s tests use room {dependency}; stories over several rooms live in the root's tests/",
                    room.name
                );
                continue;
            }
            let allowed = if names.contains(&*dependency) { room.rooms } else { room.crates };
            assert!(allowed.contains(&&*dependency), "room {} may not use {dependency}", room.name);
        }
        for lower in room.rooms {
            let layer = ROOMS.iter().find(|r| r.name == *lower).expect("a room of the table").layer;
            assert!(layer <= room.layer, "{} (layer {}) lists {lower} (layer {layer})", room.name, room.layer);
        }
    }
}

/// What a pure room must not name. `tests` modules may not either: a core room's tests run in virtual time.
const FORBIDDEN: &[&str] = &[
    "std::net::UdpSocket",
    "std::net::Tcp",
    "std::fs",
    "std::thread",
    "std::sync::Mutex",
    "std::sync::RwLock",
    "std::sync::mpsc",
    "thread_local!",
    "Instant::now",
    "SystemTime",
    "tokio::",
    "std::env",
    "println!",
    "eprintln!",
    "unsafe ",
    "static mut",
];

#[test]
fn pure_rooms_know_no_clock_file_socket_thread_or_global() {
    let mut found = Vec::new();
    for room in ROOMS.iter().filter(|room| room.kind == Kind::Pure) {
        each_source(Path::new("src").join(room.name).as_path(), &mut |path, text| {
            // Model checking needs threads of loom's own, a counting allocator is unsafe by nature: both are tests.
            let exempt = ["_loom.rs", "allocations.rs"].iter().any(|end| path.to_string_lossy().ends_with(end));
            if exempt {
                return;
            }
            for (number, line) in text.lines().enumerate() {
                let code = line.split("//").next().unwrap_or("");
                for word in FORBIDDEN {
                    if code.contains(word) {
                        found.push(format!("{}:{}: a pure room names {word}", path.display(), number + 1));
                    }
                }
            }
        });
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_room_says_what_it_is_for() {
    let mut found = Vec::new();
    for room in ROOMS {
        let lib = fs::read_to_string(format!("src/{}/lib.rs", room.name)).expect("lib.rs");
        if !lib.starts_with(&format!("//! Room `{}`:", room.name)) {
            found.push(format!("src/{}/lib.rs has no `//! Room …:` line", room.name));
        }
        if !lib.contains("absent") {
            found.push(format!("src/{}/lib.rs does not say what is deliberately absent", room.name));
        }
        let manifest = fs::read_to_string(format!("src/{}/Cargo.toml", room.name)).expect("manifest");
        if !manifest.contains("[lints]\nworkspace = true") {
            found.push(format!("room {} does not take the workspace lints", room.name));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// `(table, dependency)` of a room's manifest; target-specific tables count like the plain one.
fn dependencies(room: &str) -> Vec<(String, String)> {
    let text = fs::read_to_string(format!("src/{room}/Cargo.toml")).expect("a room's manifest");
    let mut found = BTreeMap::new();
    let mut table = String::new();
    for line in text.lines() {
        if let Some(header) = line.strip_prefix('[') {
            let header = header.trim_end_matches(']');
            table = header.rsplit('.').next().unwrap_or(header).trim_matches(['[', ']']).to_owned();
            continue;
        }
        let name: String = line.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect();
        if table.ends_with("dependencies") && !name.is_empty() && !line.starts_with('#') {
            found.insert((table.clone(), name), ());
        }
    }
    found.into_keys().collect()
}

fn each_source(folder: &Path, see: &mut dyn FnMut(&Path, &str)) {
    for entry in fs::read_dir(folder).expect("a room's folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            each_source(&path, see);
        } else if path.extension().is_some_and(|e| e == "rs") {
            see(&path, &fs::read_to_string(&path).expect("a source file"));
        }
    }
}
