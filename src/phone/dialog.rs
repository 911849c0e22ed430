//! A dialog (RFC 3261 §12): who talks to whom, by which route, and under which numbers.

use rsip::prelude::UntypedHeader;
use rsip::{Header, Headers, Method, Request, Response, Version};

use super::message::{self, Essentials, header, headers, parameter, uri_text};

#[derive(Clone, Debug)]
pub(crate) struct Dialog {
    pub(crate) call_id: String,
    pub(crate) local_tag: String,
    pub(crate) remote_tag: String,
    /// Header values with their tags, as they stand in our requests.
    local: String,
    remote: String,
    pub(crate) sequence: u32,
    remote_sequence: u32,
    /// The other side's Contact.
    pub(crate) target: String,
    routes: Vec<String>,
}

impl Dialog {
    /// As the caller, from a response to our INVITE that carries a To tag.
    pub(crate) fn from_response(invite: &Request, response: &Response) -> Option<Self> {
        let ours = Essentials::read(invite)?;
        let remote = header(response, "To")?;
        // RFC 3261 §12.1.2: the route set is the Record-Route of the response in reverse order.
        let routes = split_values(&headers(response, "Record-Route")).into_iter().rev().collect();
        Some(Self {
            call_id: ours.call_id,
            local_tag: ours.from_tag,
            remote_tag: parameter(&remote, "tag")?,
            local: header(invite, "From")?,
            remote,
            sequence: ours.sequence,
            remote_sequence: 0,
            target: header(response, "Contact").map_or_else(|| invite.uri.to_string(), |c| uri_text(&c).to_owned()),
            routes,
        })
    }

    /// As the called side, from an INVITE and the tag we give it.
    pub(crate) fn from_invite(invite: &Request, local_tag: &str, first_sequence: u32) -> Option<Self> {
        let theirs = Essentials::read(invite)?;
        Some(Self {
            call_id: theirs.call_id,
            local_tag: local_tag.to_owned(),
            remote_tag: theirs.from_tag,
            local: format!("{};tag={local_tag}", header(invite, "To")?),
            remote: header(invite, "From")?,
            sequence: first_sequence,
            remote_sequence: theirs.sequence,
            target: uri_text(&header(invite, "Contact")?).to_owned(),
            routes: split_values(&headers(invite, "Record-Route")),
        })
    }

    /// Whether a request of the other side belongs here.
    pub(crate) fn owns(&self, request: &Essentials) -> bool {
        request.call_id == self.call_id && request.to_tag == self.local_tag && request.from_tag == self.remote_tag
    }

    /// RFC 3261 §12.2.2: the numbers of a dialog rise; a lower one is a stray.
    pub(crate) fn accepts(&mut self, sequence: u32) -> bool {
        let fresh = sequence > self.remote_sequence;
        self.remote_sequence = self.remote_sequence.max(sequence);
        fresh
    }

    /// RFC 3261 §12.2.1.1: a target refresh moves the dialog to a new Contact.
    pub(crate) fn refresh_target(&mut self, contact: Option<String>) {
        if let Some(contact) = contact {
            self.target = uri_text(&contact).to_owned();
        }
    }

    /// A request inside the dialog, without Via and Contact. ACK repeats the number of the INVITE it acknowledges.
    pub(crate) fn request(&mut self, method: Method, acknowledged: Option<u32>) -> Request {
        let sequence = acknowledged.unwrap_or_else(|| {
            self.sequence += 1;
            self.sequence
        });
        let mut headers = Headers::default();
        for route in &self.routes {
            headers.push(rsip::headers::Route::new(route.clone()).into());
        }
        headers.push(rsip::headers::From::new(self.local.clone()).into());
        headers.push(rsip::headers::To::new(self.remote.clone()).into());
        headers.push(rsip::headers::CallId::new(self.call_id.clone()).into());
        headers.push(Header::CSeq(rsip::headers::CSeq::new(format!("{sequence} {method}"))));
        Request { method, uri: message::uri(&self.target), headers, version: Version::V2, body: Vec::new() }
    }
}

/// Comma-separated values of headers that may hold several, one by one. Commas inside `<>` and quotes do not separate.
fn split_values(values: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for value in values {
        let (mut quoted, mut bracketed, mut start) = (false, false, 0);
        for (at, c) in value.char_indices() {
            match c {
                '"' => quoted = !quoted,
                '<' if !quoted => bracketed = true,
                '>' if !quoted => bracketed = false,
                ',' if !quoted && !bracketed => {
                    found.push(value[start..at].trim().to_owned());
                    start = at + 1;
                }
                _ => {}
            }
        }
        found.push(value[start..].trim().to_owned());
    }
    found.retain(|value| !value.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn route_set_is_reversed_for_the_caller_and_kept_for_the_called() {
        let invite = "INVITE sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\n\
            Call-ID: c\r\nCSeq: 5 INVITE\r\nContact: <sip:a@127.0.0.1:1>\r\nRecord-Route: <sip:p1;lr>, <sip:p2;lr>\r\n\r\n";
        let response = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>;tag=2\r\n\
            Call-ID: c\r\nCSeq: 5 INVITE\r\nContact: <sip:b@127.0.0.1:2>\r\nRecord-Route: <sip:p1;lr>\r\nRecord-Route: <sip:p2;lr>\r\n\r\n";
        let (Ok(rsip::SipMessage::Request(invite)), Ok(rsip::SipMessage::Response(response))) =
            (message::parse(invite.as_bytes()), message::parse(response.as_bytes()))
        else {
            panic!("both parse")
        };
        let mut caller = Dialog::from_response(&invite, &response).expect("a dialog");
        assert_eq!(caller.target, "sip:b@127.0.0.1:2");
        let bye = caller.request(Method::Bye, None).to_string();
        assert!(
            bye.starts_with("BYE sip:b@127.0.0.1:2 SIP/2.0\r\nRoute: <sip:p2;lr>\r\nRoute: <sip:p1;lr>\r\n"),
            "{bye}"
        );
        assert!(bye.contains("CSeq: 6 BYE\r\n"));
        let mut called = Dialog::from_invite(&invite, "2", 1).expect("a dialog");
        assert!(called.accepts(6) && !called.accepts(6) && !called.accepts(4));
        assert!(
            called.request(Method::Bye, None).to_string().contains(
                "Route: <sip:p1;lr>\r\nRoute: <sip:p2;lr>\r\nFrom: <sip:b@h>;tag=2\r\nTo: <sip:a@h>;tag=1\r\n"
            )
        );
    }
}
