//! Cutting messages out of a stream (RFC 3261 §18.3) and its keep-alives (RFC 5626 §3.5.1).

use crate::error::ParseError;
use crate::header::HeaderName;
use crate::limits::MESSAGE_BYTES_MAX;
use crate::scan;

/// Collects the octets of one connection and gives back whole messages.
///
/// Octets are looked at once: a message that arrives one octet at a time costs no more than one that comes whole.
#[derive(Debug)]
pub struct Framer {
    opener: Opener,
    buffer: Vec<u8>,
    /// Octets at the front that were given out already.
    taken: usize,
    /// Where the search for the end of the headers goes on.
    searched: usize,
    /// Length of the message at the front, once its headers are complete.
    whole: Option<usize>,
}

/// Who opened the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opener {
    Us,
    Peer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// For [`crate::Message::parse`].
    Message(&'a [u8]),
    /// The peer sent a double CRLF: send one CRLF back.
    Ping,
    /// The peer sent a CRLF: the answer to our ping.
    Pong,
}

/// The stream cannot be followed any further: answer when the message in `rest` allows it, then close.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FramingError {
    #[error("no readable Content-Length on a stream")]
    ContentLength,
    #[error("message too large for a stream buffer")]
    TooLarge,
}

impl FramingError {
    /// What to tell [`crate::Malformed::read`].
    pub const fn parse_error(self) -> ParseError {
        match self {
            FramingError::ContentLength => ParseError::Bad(HeaderName::ContentLength),
            FramingError::TooLarge => ParseError::TooLarge,
        }
    }
}

impl Framer {
    pub fn new(opener: Opener) -> Self {
        Framer { opener, buffer: Vec::new(), taken: 0, searched: 0, whole: None }
    }

    /// How many octets may be pushed before [`Framer::poll_frame`] must be called; 0 only when a message is too large.
    pub fn room(&self) -> usize {
        MESSAGE_BYTES_MAX - (self.buffer.len() - self.taken)
    }

    /// Takes octets from the connection; of more than [`Framer::room`] it takes that many. Returns how many it took.
    pub fn handle_octets(&mut self, octets: &[u8]) -> usize {
        self.buffer.drain(..self.taken);
        self.searched = self.searched.saturating_sub(self.taken);
        self.taken = 0;
        let count = octets.len().min(self.room());
        self.buffer.extend_from_slice(&octets[..count]);
        count
    }

    /// The next whole frame; `Ok(None)` when more octets are needed. After an error only [`Framer::rest`] is of use.
    pub fn poll_frame(&mut self) -> Result<Option<Frame<'_>>, FramingError> {
        if self.whole.is_none() {
            if let Some(frame) = self.keep_alive() {
                return Ok(Some(frame));
            }
            self.whole = self.message_length()?;
        }
        let Some(length) = self.whole else {
            return if self.room() == 0 { Err(FramingError::TooLarge) } else { Ok(None) };
        };
        if self.buffer.len() - self.taken < length {
            return Ok(None);
        }
        let start = self.taken;
        self.taken += length;
        self.whole = None;
        Ok(Some(Frame::Message(&self.buffer[start..start + length])))
    }

    /// What is buffered and not given out, for an answer to a message that broke the stream.
    pub fn rest(&self) -> &[u8] {
        &self.buffer[self.taken..]
    }

    /// RFC 5626 §3.5.1: only the side that opened the connection pings, so a CRLF has one meaning at each end.
    fn keep_alive(&mut self) -> Option<Frame<'static>> {
        loop {
            let (octets, frame) = match (self.opener, self.rest()) {
                (Opener::Us, [b'\r', b'\n', ..]) => (2, Some(Frame::Pong)),
                (Opener::Peer, [b'\r', b'\n', b'\r', b'\n', ..]) => (4, Some(Frame::Ping)),
                // RFC 3261 §7.5: a CRLF before a start line is ignored.
                (Opener::Peer, [b'\r', b'\n', next, ..]) if *next != b'\r' => (2, None),
                _ => return None,
            };
            self.taken += octets;
            if frame.is_some() {
                return frame;
            }
        }
    }

    /// Length of the message at the front, `None` while its headers are incomplete.
    fn message_length(&mut self) -> Result<Option<usize>, FramingError> {
        let from = self.searched.max(self.taken);
        let found = self.buffer[from..].windows(4).position(|w| w == b"\r\n\r\n");
        let Some(found) = found else {
            self.searched = self.buffer.len().saturating_sub(3).max(self.taken);
            return Ok(None);
        };
        let head_end = from + found + 4;
        let head = &self.buffer[self.taken..head_end];
        let body = content_length(head).ok_or(FramingError::ContentLength)?;
        let whole = head.len().saturating_add(body as usize);
        if whole > MESSAGE_BYTES_MAX {
            return Err(FramingError::TooLarge);
        }
        Ok(Some(whole))
    }
}

/// RFC 3261 §20.14: on a stream the field must be there, once.
fn content_length(head: &[u8]) -> Option<u32> {
    let mut fields = crate::fields::Fields::new();
    fields.scan(head).ok()?;
    let mut values = fields.values(HeaderName::ContentLength);
    let value = values.next()?;
    values.all(|other| other == value).then_some(())?;
    scan::number(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "OPTIONS sip:a SIP/2.0\r\nl: 3\r\n\r\nabc";
    const TWO: &str = "BYE sip:a SIP/2.0\r\nContent-Length : 0\r\n\r\n";

    /// Feeds `stream` in pieces of `step` octets and writes down what comes out.
    fn frames(opener: Opener, stream: &[u8], step: usize) -> Vec<String> {
        let mut framer = Framer::new(opener);
        let mut log = Vec::new();
        for piece in stream.chunks(step) {
            let mut piece = piece;
            while !piece.is_empty() {
                let took = framer.handle_octets(piece);
                piece = &piece[took..];
                loop {
                    match framer.poll_frame() {
                        Ok(None) => break,
                        Ok(Some(Frame::Message(m))) => log.push(String::from_utf8_lossy(m).into_owned()),
                        Ok(Some(other)) => log.push(format!("{other:?}")),
                        Err(error) => {
                            log.push(error.to_string());
                            return log;
                        }
                    }
                }
            }
        }
        log
    }

    #[test]
    fn messages_come_out_whole_however_the_stream_is_cut() {
        let stream = format!("\r\n{ONE}{TWO}\r\n\r\n{TWO}");
        for step in 1..=stream.len() {
            let got = frames(Opener::Peer, stream.as_bytes(), step);
            assert_eq!(got, [ONE, TWO, "Ping", TWO], "pieces of {step}");
        }
    }

    #[test]
    fn a_single_crlf_is_a_pong_to_the_side_that_pings() {
        for step in 1..4 {
            assert_eq!(frames(Opener::Us, format!("\r\n{TWO}\r\n").as_bytes(), step), ["Pong", TWO, "Pong"]);
        }
    }

    #[test]
    fn without_a_content_length_the_stream_is_lost() {
        let lost = FramingError::ContentLength.to_string();
        for head in ["A b SIP/2.0\r\n\r\n", "A b SIP/2.0\r\nl: x\r\n\r\n", "A b SIP/2.0\r\nl: 0\r\nl: 4\r\n\r\n"] {
            assert_eq!(frames(Opener::Peer, head.as_bytes(), 7), [lost.as_str()], "{head:?}");
        }
    }

    #[test]
    fn no_more_than_the_limit_is_ever_buffered() {
        let too_large = FramingError::TooLarge.to_string();
        let mut endless = b"INVITE sip:a SIP/2.0\r\nX: ".to_vec();
        endless.resize(1 << 20, b'x');
        assert_eq!(frames(Opener::Peer, &endless, 1_000), [too_large.as_str()]);
        let announced = b"INVITE sip:a SIP/2.0\r\nl: 65535\r\n\r\n";
        assert_eq!(frames(Opener::Peer, announced, 9), [too_large.as_str()]);
    }

    #[test]
    fn a_message_as_large_as_the_limit_passes() {
        let mut stream = b"INVITE sip:a SIP/2.0\r\nl: 65501\r\n\r\n".to_vec();
        assert_eq!(stream.len() + 65_501, MESSAGE_BYTES_MAX);
        stream.resize(MESSAGE_BYTES_MAX, b'x');
        stream.extend_from_slice(TWO.as_bytes());
        let got = frames(Opener::Peer, &stream, 1_400);
        assert_eq!(got.iter().map(String::len).collect::<Vec<_>>(), [MESSAGE_BYTES_MAX, TWO.len()]);
    }
}
