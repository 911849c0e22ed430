use crate::session::Slot;
use crate::{Direction, Encoding};
use core::fmt::Write;
use core::net::{IpAddr, SocketAddr};

/// Our audio line.
pub(crate) struct Line {
    pub(crate) address: SocketAddr,
    pub(crate) encodings: Vec<(Encoding, u8)>,
    pub(crate) event: Option<u8>,
    pub(crate) event_range: &'static str,
    pub(crate) ptime_ms: u8,
    pub(crate) direction: Direction,
    pub(crate) rtcp_mux: bool,
}

pub(crate) fn write(id: u64, version: u64, lines: &[Slot], audio: &Line) -> Box<[u8]> {
    let address = audio.address.ip();
    let kind = match address {
        IpAddr::V4(_) => "IP4",
        IpAddr::V6(_) => "IP6",
    };
    let mut text = String::with_capacity(320);
    let written: core::fmt::Result = (|| {
        // RFC 3264 §5: s= is a single dash, t= is 0 0.
        write!(text, "v=0\r\no=- {id} {version} IN {kind} {address}\r\ns=-\r\nc=IN {kind} {address}\r\nt=0 0\r\n")?;
        for line in lines {
            match line {
                Slot::Audio { protocol } => audio_line(&mut text, protocol, audio)?,
                Slot::Refused { kind, protocol, format } => write!(text, "m={kind} 0 {protocol} {format}\r\n")?,
            }
        }
        Ok(())
    })();
    written.expect("writing to a String cannot fail");
    text.into_bytes().into_boxed_slice()
}

fn audio_line(text: &mut String, protocol: &str, audio: &Line) -> core::fmt::Result {
    write!(text, "m=audio {} {protocol}", audio.address.port())?;
    for (_, payload_type) in &audio.encodings {
        write!(text, " {payload_type}")?;
    }
    if let Some(event) = audio.event {
        write!(text, " {event}")?;
    }
    text.push_str("\r\n");
    for (encoding, payload_type) in &audio.encodings {
        write!(text, "a=rtpmap:{payload_type} {}/{}\r\n", encoding.name(), encoding.clock_rate())?;
    }
    if let Some(event) = audio.event {
        write!(text, "a=rtpmap:{event} telephone-event/8000\r\na=fmtp:{event} {}\r\n", audio.event_range)?;
    }
    write!(text, "a=ptime:{}\r\na={}\r\n", audio.ptime_ms, audio.direction.word())?;
    if audio.rtcp_mux {
        text.push_str("a=rtcp-mux\r\n");
    }
    Ok(())
}
