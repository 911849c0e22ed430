//! Requests of a trunk's caller.

pub(crate) const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.3\r\ns=-\r\nc=IN IP4 127.0.0.3\r\nt=0 0\r\n\
    m=audio 20000 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\n";

/// A request of call `n` inside or at the start of its dialog; `to_tag` with its leading `;tag=`.
pub(crate) fn request(method: &str, n: u64, cseq: u32, uri: &str, to_tag: &str, body: &str) -> Vec<u8> {
    let content = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    format!(
        "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.3:6000;branch=z9hG4bK-{n}-{cseq}-{method};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:3{n:09}@127.0.0.3:6000>;tag=c{n}\r\nTo: <sip:queue@127.0.0.1:5060>{to_tag}\r\n\
         Call-ID: call-{n}@127.0.0.3\r\nCSeq: {cseq} {method}\r\nContact: <sip:3{n:09}@127.0.0.3:6000>\r\n\
         Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\n{content}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
