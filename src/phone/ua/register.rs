//! Registration (RFC 3261 §10): kept alive until it is taken back.

use std::time::{Duration, Instant};

use rsip::prelude::UntypedHeader;
use rsip::{Header, Headers, Method, Request, Response, Version};

use super::{Aim, Purpose, Refusal, Ticket, Ua};
use crate::phone::event::PhoneEvent;
use crate::phone::message::{self, header, parameter, plain};

/// Pause before a registration that failed is tried again.
const RETRY: Duration = Duration::from_secs(10);

pub(super) struct Registration {
    call_id: String,
    pub(super) sequence: u32,
    tag: Option<String>,
    /// When to register again; None while not registered.
    refresh_at: Option<Instant>,
    /// The lifetime asked for; a registrar's Min-Expires raises it.
    expires: Option<Duration>,
}

impl Registration {
    pub(super) fn new(call_id: String) -> Self {
        Self { call_id, sequence: 0, tag: None, refresh_at: None, expires: None }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.refresh_at
    }
}

impl Ua {
    pub(crate) fn register(&mut self, now: Instant, ticket: Ticket) {
        self.send_register(now, Some(ticket), false);
    }

    pub(crate) fn unregister(&mut self, now: Instant, ticket: Ticket) {
        self.registration.refresh_at = None;
        self.send_register(now, Some(ticket), true);
    }

    pub(super) fn registration_timeout(&mut self, now: Instant) {
        if self.registration.refresh_at.is_some_and(|at| at <= now) {
            self.registration.refresh_at = None;
            self.send_register(now, None, false);
        }
    }

    fn send_register(&mut self, now: Instant, ticket: Option<Ticket>, remove: bool) {
        if self.registration.tag.is_none() {
            self.registration.tag = Some(self.tag());
        }
        let tag = self.registration.tag.clone().unwrap_or_default();
        self.registration.sequence += 1;
        let lifetime = self.registration.expires.unwrap_or(self.settings.phone.expires);
        let expires = if remove { 0 } else { lifetime.as_secs() };
        let own = self.own_address();
        let mut headers = Headers::default();
        headers.push(rsip::headers::From::new(format!("{own};tag={tag}")).into());
        headers.push(rsip::headers::To::new(own).into());
        headers.push(rsip::headers::CallId::new(self.registration.call_id.clone()).into());
        headers.push(Header::CSeq(rsip::headers::CSeq::new(format!("{} REGISTER", self.registration.sequence))));
        headers.push(plain("Expires", expires.to_string()));
        headers.push(rsip::headers::Allow::new(super::ALLOW).into());
        let server = &self.settings.phone.server;
        let uri = message::uri(&format!("sip:{server}"));
        let request = Request { method: Method::Register, uri, headers, version: Version::V2, body: Vec::new() };
        self.start(now, request, Aim { purpose: Purpose::Register { ticket, remove }, tries: 0 });
    }

    pub(super) fn register_answered(
        &mut self,
        now: Instant,
        ticket: Option<Ticket>,
        remove: bool,
        response: &Response,
    ) {
        let code = response.status_code.code();
        match code {
            100..=199 => return,
            200..=299 if remove => self.event(PhoneEvent::Unregistered),
            200..=299 => {
                let granted = self.granted(response);
                // Early enough for a lost request and its repeats, late enough not to be a burden.
                self.registration.refresh_at = Some(now + granted.mul_f64(0.8));
                self.event(PhoneEvent::Registered { expires: granted.as_secs() });
            }
            423 if !remove => {
                let least =
                    header(response, "Min-Expires").and_then(|value| value.parse().ok()).map(Duration::from_secs);
                let asked = self.registration.expires.unwrap_or(self.settings.phone.expires);
                if let Some(least) = least.filter(|least| *least > asked) {
                    self.registration.expires = Some(least);
                    return self.send_register(now, ticket, false);
                }
                self.register_failed(now, ticket.is_none(), Some(code));
            }
            _ => self.register_failed(now, ticket.is_none() && !remove, Some(code)),
        }
        if let Some(ticket) = ticket {
            self.done(ticket, code);
        }
    }

    pub(super) fn register_unanswered(&mut self, now: Instant, ticket: Option<Ticket>) {
        self.register_failed(now, ticket.is_none(), None);
        if let Some(ticket) = ticket {
            self.refuse(ticket, Refusal::NoAnswer);
        }
    }

    /// A refresh that failed is tried again; a first registration is its owner's business.
    fn register_failed(&mut self, now: Instant, again: bool, status: Option<u16>) {
        if again {
            self.registration.refresh_at = Some(now + RETRY);
        }
        let reason = if status.is_some() { "refused" } else { "no answer" };
        self.event(PhoneEvent::RegistrationFailed { status, reason: reason.to_owned() });
    }

    /// RFC 3261 §10.2.4: the lifetime stands in our Contact, or for all of them in Expires.
    fn granted(&self, response: &Response) -> Duration {
        let ours = self.settings.contact.to_string();
        let in_contact = message::headers(response, "Contact")
            .iter()
            .flat_map(|value| value.split(','))
            .filter(|contact| contact.contains(&ours))
            .find_map(|contact| parameter(contact, "expires")?.parse().ok());
        let in_header = header(response, "Expires").and_then(|value| value.parse().ok());
        in_contact.or(in_header).map_or(self.settings.phone.expires, Duration::from_secs)
    }
}
