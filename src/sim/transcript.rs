use base::Instant;
use std::collections::HashMap;
use std::fmt::Write;

/// Every SIP message that crossed the house's door.
#[derive(Debug, Default)]
pub struct Transcript {
    messages: Vec<Line>,
}

/// One message.
#[derive(Debug)]
pub struct Line {
    /// When the house got it, or said it.
    pub at: Instant,
    /// The phone at the other end.
    pub peer: String,
    pub from_house: bool,
    pub text: String,
}

impl Line {
    /// Request line or status line.
    pub fn start(&self) -> &str {
        self.text.lines().next().unwrap_or_default()
    }

    /// The method of a request, the status of a response with the method it answers: `INVITE`, `200 INVITE`.
    pub fn kind(&self) -> String {
        let start = self.start();
        match start.strip_prefix("SIP/2.0 ") {
            Some(status) => format!("{} {}", &status[..3.min(status.len())], self.method()),
            None => start.split(' ').next().unwrap_or_default().to_owned(),
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let head = self.text.split("\r\n\r\n").next()?;
        head.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(": "))
    }

    fn method(&self) -> &str {
        self.header("CSeq").and_then(|v| v.split(' ').nth(1)).unwrap_or_default()
    }
}

impl Transcript {
    pub(crate) fn note(&mut self, at: Instant, peer: &str, from_house: bool, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes).into_owned();
        self.messages.push(Line { at, peer: peer.into(), from_house, text });
    }

    pub fn lines(&self) -> &[Line] {
        &self.messages
    }

    /// Forgets what was said so far, so that a flow begins with its first message.
    pub fn clear(&mut self) {
        self.messages.clear();
    }

    /// What the house said to a peer: kinds with their times.
    pub fn said_to(&self, peer: &str, kind: &str) -> Vec<Instant> {
        self.messages.iter().filter(|l| l.from_house && l.peer == peer && l.kind() == kind).map(|l| l.at).collect()
    }

    /// What a peer said to the house.
    pub fn said_by(&self, peer: &str, kind: &str) -> Vec<Instant> {
        self.messages.iter().filter(|l| !l.from_house && l.peer == peer && l.kind() == kind).map(|l| l.at).collect()
    }

    /// One line a message: who to whom, and its kind.
    pub fn ladder(&self) -> String {
        let mut out = String::new();
        for line in &self.messages {
            let arrow = if line.from_house { "<-" } else { "->" };
            writeln!(out, "{} {arrow} house  {}", line.peer, line.kind()).expect("writing to a String cannot fail");
        }
        out
    }

    /// Messages in full but for what says nothing about the flow: names made by chance get short ones, lines every
    /// message has are left out.
    pub fn text(&self) -> String {
        let mut names = Names::default();
        let mut out = String::new();
        for (n, line) in self.messages.iter().enumerate() {
            let arrow = if line.from_house { "house -> " } else { "" };
            let target = if line.from_house { line.peer.clone() } else { format!("{} -> house", line.peer) };
            writeln!(out, "F{} {arrow}{target}", n + 1).expect("writing to a String cannot fail");
            let (head, body) = line.text.split_once("\r\n\r\n").unwrap_or((&line.text, ""));
            for (n, header) in head.lines().enumerate() {
                let name = header.split(':').next().unwrap_or_default();
                if n > 0 && LEFT_OUT.contains(&name) {
                    continue;
                }
                writeln!(out, "    {}", names.plain(header)).expect("writing to a String cannot fail");
            }
            for described in body.lines().filter(|l| l.starts_with("m=") || l.starts_with("SIP/") || is_direction(l)) {
                writeln!(out, "        {}", names.plain_port(described)).expect("writing to a String cannot fail");
            }
            out.push('\n');
        }
        out
    }
}

const LEFT_OUT: [&str; 9] =
    ["Via", "Max-Forwards", "Content-Length", "User-Agent", "Server", "Allow", "Supported", "Content-Type", "Accept"];

fn is_direction(line: &str) -> bool {
    matches!(line, "a=sendonly" | "a=recvonly" | "a=inactive")
}

/// Short names for what was made by chance, the same one each time.
#[derive(Debug, Default)]
struct Names {
    known: HashMap<String, String>,
    counts: HashMap<&'static str, usize>,
}

impl Names {
    fn plain(&mut self, header: &str) -> String {
        let mut text = header.to_owned();
        if let Some(value) = header.strip_prefix("Call-ID: ") {
            return format!("Call-ID: {}", self.name("call", value));
        }
        for (mark, kind, ends) in MARKS {
            let mut from = 0;
            while let Some(at) = text[from..].find(mark).map(|at| at + from + mark.len()) {
                let length = text[at..].find(|c: char| ends.contains(c)).unwrap_or(text.len() - at);
                let name = self.name(kind, &text[at..at + length]);
                text.replace_range(at..at + length, &name);
                from = at + name.len();
            }
        }
        text
    }

    /// Which port of the house's stock a call gets says nothing; that two descriptions name the same one does.
    fn plain_port(&mut self, line: &str) -> String {
        let port = line.strip_prefix("m=audio ").and_then(|rest| rest.split_once(' ')).filter(|(port, _)| *port != "0");
        match port {
            Some((port, rest)) => format!("m=audio {} {rest}", self.name("port", &format!("port {port}"))),
            None => line.to_owned(),
        }
    }

    fn name(&mut self, kind: &'static str, value: &str) -> String {
        if let Some(name) = self.known.get(value) {
            return name.clone();
        }
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        let name = format!("{kind}-{count}");
        self.known.insert(value.into(), name.clone());
        name
    }
}

/// What stands before a name made by chance, its kind, and what ends it.
const MARKS: [(&str, &str, &str); 10] = [
    ("Replaces=", "call", "%;>"),
    ("Replaces: ", "call", ";"),
    ("to-tag%3D", "tag", "%>"),
    ("from-tag%3D", "tag", "%>"),
    (";to-tag=", "tag", ";>"),
    (";from-tag=", "tag", ";>"),
    (";tag=", "tag", ";> "),
    ("cnonce=\"", "cnonce", "\""),
    (" nonce=\"", "nonce", "\""),
    ("response=\"", "response", "\""),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_made_by_chance_become_short_and_stay_the_same() {
        let mut names = Names::default();
        assert_eq!(names.plain("From: <sip:a@b>;tag=81x"), "From: <sip:a@b>;tag=tag-1");
        assert_eq!(names.plain("To: <sip:a@b>;tag=9"), "To: <sip:a@b>;tag=tag-2");
        assert_eq!(names.plain("Call-ID: 7@h"), "Call-ID: call-1");
        assert_eq!(names.plain_port("m=audio 10252 RTP/AVP 0"), "m=audio port-1 RTP/AVP 0");
        assert_eq!(names.plain_port("m=audio 0 RTP/AVP 0"), "m=audio 0 RTP/AVP 0");
        assert_eq!(
            names.plain("Refer-To: <sip:c@d?Replaces=7@h%3Bto-tag%3D81x%3Bfrom-tag%3D9>"),
            "Refer-To: <sip:c@d?Replaces=call-1%3Bto-tag%3Dtag-1%3Bfrom-tag%3Dtag-2>"
        );
    }
}
