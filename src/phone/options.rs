//! What a phone is told before it starts: where its server is, who it is, what it says and hears.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::Serialize;
use thiserror::Error;

/// A value on the command line that cannot be used.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum OptionError {
    #[error("`{0}` is not a SIP URI like sip:host:port or sip:user@host")]
    Uri(String),
    #[error("`{0}` is not a transport: udp or tcp")]
    Transport(String),
    #[error("`{0}` is not a way to send digits: rfc4733, inband or info")]
    Dtmf(String),
    #[error("`{0}` is not a codec: pcmu, pcma or g722")]
    Codec(String),
    #[error("`{0}` is not a duration: 10, 10s, 1.5s, 250ms or 2m")]
    Duration(String),
    #[error("`{0}` is not a digit: 0-9 * # A-D, or a comma for a pause")]
    Digit(char),
    #[error("more than {0} digits")]
    TooManyDigits(usize),
    #[error("nothing to do: give --register, --dial or --answer")]
    Nothing,
    #[error("--dial and --answer exclude each other")]
    DialAndAnswer,
    #[error("--user is needed to register or to be called")]
    NoUser,
    #[error("--password-file {0}")]
    PasswordFile(String),
    #[error("--play {0}")]
    Play(String),
    #[error("--record {0}")]
    Record(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Transport {
    Udp,
    Tcp,
}

impl FromStr for Transport {
    type Err = OptionError;

    fn from_str(text: &str) -> Result<Self, OptionError> {
        match text.to_ascii_lowercase().as_str() {
            "udp" => Ok(Self::Udp),
            "tcp" => Ok(Self::Tcp),
            _ => Err(OptionError::Transport(text.to_owned())),
        }
    }
}

/// How a digit travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DtmfMode {
    /// RFC 4733 telephone-event packets.
    Rfc4733,
    /// Two tones in the voice.
    Inband,
    /// SIP INFO with application/dtmf-relay.
    Info,
}

impl FromStr for DtmfMode {
    type Err = OptionError;

    fn from_str(text: &str) -> Result<Self, OptionError> {
        match text.to_ascii_lowercase().as_str() {
            "rfc4733" | "rfc2833" => Ok(Self::Rfc4733),
            "inband" => Ok(Self::Inband),
            "info" => Ok(Self::Info),
            _ => Err(OptionError::Dtmf(text.to_owned())),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Codec {
    Pcmu,
    Pcma,
    G722,
}

impl Codec {
    /// Samples a second of the sound itself.
    pub(crate) fn sample_rate(self) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma => 8_000,
            Self::G722 => 16_000,
        }
    }
}

impl FromStr for Codec {
    type Err = OptionError;

    fn from_str(text: &str) -> Result<Self, OptionError> {
        match text.to_ascii_lowercase().as_str() {
            "pcmu" | "ulaw" => Ok(Self::Pcmu),
            "pcma" | "alaw" => Ok(Self::Pcma),
            "g722" => Ok(Self::G722),
            _ => Err(OptionError::Codec(text.to_owned())),
        }
    }
}

/// The server a phone sends everything through: registrar and outbound proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    /// Host as written: the domain of our own address of record.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// `;transport=` of the URI.
    pub(crate) transport: Option<Transport>,
}

impl FromStr for Server {
    type Err = OptionError;

    /// `sip:host`, `sip:host:port;transport=tcp`, or the same without `sip:`. IPv6 addresses stand in brackets.
    fn from_str(text: &str) -> Result<Self, OptionError> {
        let bad = || OptionError::Uri(text.to_owned());
        let rest = text.strip_prefix("sip:").unwrap_or(text);
        let (host_port, parameters) = rest.split_once(';').unwrap_or((rest, ""));
        let host_port = host_port.rsplit_once('@').map_or(host_port, |(_, host)| host);
        let (host, port) = match host_port.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port.parse().map_err(|_| bad())?),
            _ => (host_port, 5060),
        };
        let usable = |c: char| c.is_ascii_alphanumeric() || "-.:[]".contains(c);
        if host.is_empty() || !host.chars().all(usable) {
            return Err(bad());
        }
        let transport = parameters
            .split(';')
            .find_map(|p| p.strip_prefix("transport="))
            .map(Transport::from_str)
            .transpose()
            .map_err(|_| bad())?;
        Ok(Self { host: host.to_owned(), port, transport })
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.port == 5060 { f.write_str(&self.host) } else { write!(f, "{}:{}", self.host, self.port) }
    }
}

/// What a call says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Source {
    Silence,
    /// One steady tone, −16 dBFS.
    Tone {
        hz: f64,
    },
    /// A WAV file of any rate and channel count, mixed to one channel.
    Wav {
        path: PathBuf,
        repeat: bool,
    },
}

/// What a call says and where what it hears is written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CallAudio {
    pub(crate) source: Source,
    pub(crate) record: Option<PathBuf>,
}

impl Default for CallAudio {
    fn default() -> Self {
        Self { source: Source::Silence, record: None }
    }
}

/// One phone. [`Phone::start`](super::Phone::start) makes it real; any number can live in one process.
#[derive(Clone, Debug)]
pub(crate) struct PhoneConfig {
    pub(crate) server: Server,
    pub(crate) transport: Transport,
    /// Where to listen; port 0 and an unspecified address are filled in by the operating system.
    pub(crate) listen: SocketAddr,
    pub(crate) user: String,
    pub(crate) display_name: String,
    pub(crate) password: Option<String>,
    /// Lifetime asked for in REGISTER.
    pub(crate) expires: Duration,
    /// In order of preference.
    pub(crate) codecs: Vec<Codec>,
    pub(crate) dtmf: DtmfMode,
    /// Calls at once; one more is answered 486.
    pub(crate) lines: usize,
    /// Extra headers in every INVITE.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) audio: CallAudio,
}

impl PhoneConfig {
    pub(crate) fn new(server: Server, user: &str) -> Self {
        let transport = server.transport.unwrap_or(Transport::Udp);
        Self {
            server,
            transport,
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0),
            user: user.to_owned(),
            display_name: String::new(),
            password: None,
            expires: Duration::from_secs(300),
            codecs: vec![Codec::Pcmu, Codec::Pcma],
            dtmf: DtmfMode::Rfc4733,
            lines: 1,
            headers: Vec::new(),
            audio: CallAudio::default(),
        }
    }
}

/// What one run of `strowger phone` is asked to do.
#[derive(Clone, Debug)]
pub(crate) struct PhoneOptions {
    pub(crate) phone: PhoneConfig,
    pub(crate) register: bool,
    pub(crate) dial: Option<String>,
    pub(crate) answer: bool,
    /// Refuse incoming calls with this status instead.
    pub(crate) reject: Option<u16>,
    pub(crate) digits: String,
    /// Length of a call from its answer; without a call, of the registration.
    pub(crate) duration: Option<Duration>,
    /// How long to wait for an answer, or for a call.
    pub(crate) wait: Duration,
    /// Ring this long before answering.
    pub(crate) ring: Duration,
    /// Calls to answer before the phone goes; 0 = until it is stopped.
    pub(crate) calls: u32,
    /// Put the call on hold this long after its answer, for as long.
    pub(crate) hold: Option<Duration>,
    /// Transfer the call blindly to this URI …
    pub(crate) refer: Option<String>,
    /// … or call this URI first and then join the two …
    pub(crate) consult: Option<String>,
    /// … this long after the answer.
    pub(crate) refer_after: Duration,
    /// Fail unless a tone of this frequency was heard for half a second or more.
    pub(crate) expect_tone: Option<f64>,
    /// Fail unless these digits arrived, in this order.
    pub(crate) expect_digits: Option<String>,
    pub(crate) json: bool,
}

impl PhoneOptions {
    /// What is to be played can be read and what is heard can be written: found before a call, not in the middle of one.
    pub(crate) fn check_files(&self) -> Result<(), OptionError> {
        let CallAudio { source, record } = &self.phone.audio;
        if let Source::Wav { path, .. } = source {
            let found = super::wav::check(path);
            found.map_err(|error| OptionError::Play(format!("{} cannot be played: {error}", path.display())))?;
        }
        if let Some(path) = record {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let made = std::fs::OpenOptions::new().append(true).create(true).open(path);
            made.map_err(|error| {
                let hint = match folder {
                    Some(folder) if !folder.is_dir() => "; its folder is not there",
                    _ => "",
                };
                OptionError::Record(format!("{} cannot be written: {error}{hint}", path.display()))
            })?;
        }
        Ok(())
    }
}

/// `10`, `10s`, `1.5s`, `250ms` or `2m`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, OptionError> {
    let bad = || OptionError::Duration(text.to_owned());
    let digits = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: f64 = number.parse().map_err(|_| bad())?;
    let seconds = match unit {
        "" | "s" => number,
        "ms" => number / 1_000.0,
        "m" => number * 60.0,
        "h" => number * 3_600.0,
        _ => return Err(bad()),
    };
    Duration::try_from_secs_f64(seconds).map_err(|_| bad())
}

/// A string of digits and pauses, checked.
pub(crate) fn parse_digits(text: &str) -> Result<String, OptionError> {
    if text.len() > super::limits::DIGITS_MAX {
        return Err(OptionError::TooManyDigits(super::limits::DIGITS_MAX));
    }
    text.chars()
        .map(|c| match c.to_ascii_uppercase() {
            c @ ('0'..='9' | '*' | '#' | 'A'..='D' | ',') => Ok(c),
            _ => Err(OptionError::Digit(c)),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_takes_host_port_and_transport_with_or_without_scheme() {
        let check = |text: &str, host: &str, port: u16, transport: Option<Transport>| {
            let expected = Server { host: host.to_owned(), port, transport };
            assert_eq!(text.parse::<Server>(), Ok(expected), "{text}");
        };
        check("sip:127.0.0.1:5070", "127.0.0.1", 5070, None);
        check("pbx.example.net", "pbx.example.net", 5060, None);
        check("sip:pbx.example.net;transport=tcp", "pbx.example.net", 5060, Some(Transport::Tcp));
        check("sip:[::1]:5080", "[::1]", 5080, None);
        check("sip:[::1]", "[::1]", 5060, None);
    }

    #[test]
    fn server_refuses_what_is_no_host() {
        for text in ["", "sip:", "sip:a b", "sip:host:port", "sip:host;transport=x"] {
            assert!(text.parse::<Server>().is_err(), "{text}");
        }
    }

    #[test]
    fn durations_have_units_and_default_to_seconds() {
        assert_eq!(parse_duration("10"), Ok(Duration::from_secs(10)));
        assert_eq!(parse_duration("1.5s"), Ok(Duration::from_millis(1_500)));
        assert_eq!(parse_duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse_duration("2m"), Ok(Duration::from_secs(120)));
        for text in ["", "s", "-1", "1d", "nan"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn digits_are_checked_and_raised_to_capitals() {
        assert_eq!(parse_digits("12,*#a"), Ok("12,*#A".to_owned()));
        assert_eq!(parse_digits("12x"), Err(OptionError::Digit('x')));
        assert!(parse_digits(&"1".repeat(200)).is_err());
    }
}
