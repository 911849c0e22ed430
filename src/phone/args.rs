//! The command line of `strowger phone`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::options::{
    CallAudio, Codec, DtmfMode, OptionError, PhoneConfig, PhoneOptions, Server, Source, Transport, parse_digits,
    parse_duration,
};

/// A test softphone: registers, calls, answers, plays, records and sends digits, and says what it saw and heard.
///
/// Exit status: 0 as asked, 1 not as asked, 2 no answer, 64 wrong usage.
#[derive(Args, Clone, Debug)]
pub(crate) struct PhoneArgs {
    /// Registrar and outbound proxy, e.g. sip:127.0.0.1:5060
    #[arg(long, value_name = "URI")]
    server: Server,
    /// udp or tcp
    #[arg(long)]
    transport: Option<Transport>,
    /// Own address; port 0 takes any free one
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// User part of the own address, and digest user
    #[arg(long)]
    user: Option<String>,
    /// Name shown to the other side
    #[arg(long, default_value = "")]
    name: String,
    /// File that holds the password on its first line
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Register while running
    #[arg(long)]
    register: bool,
    /// Lifetime to ask for when registering
    #[arg(long, value_name = "TIME", default_value = "300s", value_parser = parse_duration)]
    expires: Duration,
    /// Call this URI or number
    #[arg(long, value_name = "URI")]
    dial: Option<String>,
    /// Answer calls
    #[arg(long)]
    answer: bool,
    /// Refuse calls with this status
    #[arg(long, value_name = "STATUS", value_parser = clap::value_parser!(u16).range(400..700))]
    reject: Option<u16>,
    /// Speak this WAV file
    #[arg(long, value_name = "WAV", conflicts_with = "tone")]
    play: Option<PathBuf>,
    /// Play the file once and then stay silent, instead of repeating it
    #[arg(long, requires = "play")]
    play_once: bool,
    /// Speak a tone
    #[arg(long, value_name = "HZ")]
    tone: Option<f64>,
    /// Write what is heard into this WAV file
    #[arg(long, value_name = "WAV")]
    record: Option<PathBuf>,
    /// Digits to send after the answer; a comma is a pause of half a second
    #[arg(long, default_value = "", value_parser = parse_digits)]
    digits: String,
    /// rfc4733, inband or info
    #[arg(long, default_value = "rfc4733")]
    dtmf: DtmfMode,
    /// pcmu, pcma or g722; repeat it for several, in order of preference
    #[arg(long)]
    codec: Vec<Codec>,
    /// Hang up this long after the answer; without a call, how long to stay registered
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    duration: Option<Duration>,
    /// How long to wait for an answer or for a call
    #[arg(long, value_name = "TIME", default_value = "300s", value_parser = parse_duration)]
    wait: Duration,
    /// Ring this long before answering
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_duration)]
    ring: Duration,
    /// Calls to answer before leaving; 0 = until stopped
    #[arg(long, value_name = "N", default_value_t = 1)]
    calls: u32,
    /// Calls held at once; one more is refused with 486
    #[arg(long, value_name = "N", default_value_t = 1)]
    lines: usize,
    /// Put the call on hold this long after its answer, for as long
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    hold: Option<Duration>,
    /// Transfer the call blindly to this URI or number
    #[arg(long, value_name = "URI")]
    refer: Option<String>,
    /// Hold the call, call this URI or number, and then connect the two (attended transfer)
    #[arg(long, value_name = "URI", conflicts_with = "refer")]
    consult: Option<String>,
    /// Transfer this long after the answer
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = parse_duration)]
    refer_after: Duration,
    /// Fail unless a tone of this frequency was heard
    #[arg(long, value_name = "HZ")]
    expect_tone: Option<f64>,
    /// Fail unless these digits arrived
    #[arg(long, value_name = "DIGITS", value_parser = parse_digits)]
    expect_digits: Option<String>,
    /// Extra header in every INVITE, "Name: value"
    #[arg(long, value_name = "HEADER", value_parser = parse_header)]
    header: Vec<(String, String)>,
    /// Report events as JSON, one a line
    #[arg(long)]
    json: bool,
}

impl PhoneArgs {
    /// The checked options, or what is wrong with them.
    pub(crate) fn options(self) -> Result<PhoneOptions, OptionError> {
        if self.dial.is_some() && self.answer {
            return Err(OptionError::DialAndAnswer);
        }
        if !self.register && self.dial.is_none() && !self.answer && self.reject.is_none() {
            return Err(OptionError::Nothing);
        }
        if self.user.is_none() && self.register {
            return Err(OptionError::NoUser);
        }
        let password = self.password_file.as_deref().map(read_password).transpose()?;
        let mut phone = PhoneConfig::new(self.server, self.user.as_deref().unwrap_or("phone"));
        phone.transport = self.transport.unwrap_or(phone.transport);
        phone.listen = self.listen.unwrap_or(phone.listen);
        phone.display_name = self.name;
        phone.password = password;
        phone.expires = self.expires;
        if !self.codec.is_empty() {
            phone.codecs = self.codec;
        }
        phone.dtmf = self.dtmf;
        // A consultation is a second call.
        phone.lines = self.lines.max(1 + usize::from(self.consult.is_some()));
        phone.headers = self.header;
        let source = match (self.play, self.tone) {
            (Some(path), _) => Source::Wav { path, repeat: !self.play_once },
            (None, Some(hz)) => Source::Tone { hz },
            (None, None) => Source::Silence,
        };
        phone.audio = CallAudio { source, record: self.record };
        Ok(PhoneOptions {
            phone,
            register: self.register,
            dial: self.dial,
            answer: self.answer,
            reject: self.reject,
            digits: self.digits,
            duration: self.duration,
            wait: self.wait,
            ring: self.ring,
            calls: self.calls,
            hold: self.hold,
            refer: self.refer,
            consult: self.consult,
            refer_after: self.refer_after,
            expect_tone: self.expect_tone,
            expect_digits: self.expect_digits,
            json: self.json,
        })
    }
}

fn read_password(path: &std::path::Path) -> Result<String, OptionError> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| OptionError::PasswordFile(format!("{} cannot be read: {e}", path.display())))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn parse_header(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((name, value)) if !name.trim().is_empty() && !value.contains(['\r', '\n']) => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("a header is written \"Name: value\"".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        phone: PhoneArgs,
    }

    fn options(words: &str) -> Result<PhoneOptions, OptionError> {
        let words = std::iter::once("phone").chain(words.split_whitespace());
        Line::try_parse_from(words).expect("clap accepts the words").phone.options()
    }

    #[test]
    fn the_fixed_interface_is_understood() {
        let options = options(
            "--server sip:127.0.0.1:5060 --transport tcp --listen 127.0.0.1:0 --user 1001 --register --dial sip:4008@127.0.0.1 \
             --play a.wav --record b.wav --digits 12# --dtmf info --codec pcma --duration 10 --json",
        )
        .expect("usable");
        assert_eq!(options.phone.transport, Transport::Tcp);
        assert_eq!(options.phone.codecs, [Codec::Pcma]);
        assert_eq!(options.phone.dtmf, DtmfMode::Info);
        assert_eq!(options.duration, Some(Duration::from_secs(10)));
        assert_eq!(options.digits, "12#");
        assert!(options.json && options.register && options.dial.is_some());
    }

    #[test]
    fn contradictions_and_idleness_are_refused() {
        assert_eq!(options("--server a").err(), Some(OptionError::Nothing));
        assert_eq!(options("--server a --dial 1 --answer").err(), Some(OptionError::DialAndAnswer));
        assert_eq!(options("--server a --register").err(), Some(OptionError::NoUser));
        let missing = options("--server a --answer --password-file /nowhere/at/all").err();
        assert!(matches!(missing, Some(OptionError::PasswordFile(_))));
    }
}
