//! Transfers the peer asks for: REFER (RFC 3515), Replaces (RFC 3891), and the NOTIFYs that say how it goes.

use super::accounts::authorize;
use super::causes::status_of;
use super::core::{Due, SessionTimer};
use super::identity::number_of;
use super::machine::{Owner, UserAgent};
use super::session::{Phase, Session, Transfer};
use crate::header::{HeaderName, ReferTo, Replaces};
use crate::limits::REFER_SUBSCRIPTION_SECONDS;
use crate::uri::{Uri, UriKind};
use crate::{Header, Message, MessageWriter, Method, StatusCode, unescape};
use base::Key;
use core::time::Duration;
use model::{Cause, LegEvent, LegId, ReferTarget, ShardId};

impl UserAgent {
    pub(crate) fn handle_refer(&mut self, message: &Message<'_>, bytes: &[u8], server: Key, key: Key) {
        // RFC 3515 §2.4.2: exactly one Refer-To.
        let mut all = message.all::<ReferTo<'_>>();
        let (Some(Ok(target)), None) = (all.next(), all.next()) else {
            return self.refuse_in(server, message, StatusCode::BAD_REQUEST);
        };
        let to = match self.refer_target(&target.uri) {
            Ok(to) => to,
            Err(status) => return self.refuse_in(server, message, status),
        };
        let mut request = self.core.buffer();
        request.extend_from_slice(bytes);
        let Some(Session { phase: Phase::Up(up), leg, .. }) = self.calls.get_mut(key) else {
            // Nobody can be transferred out of a call that is not answered.
            self.core.recycle(request);
            return self.retry_later(server, message);
        };
        if up.transfer.is_some() {
            self.core.recycle(request);
            return self.retry_later(server, message);
        }
        let leg = *leg;
        up.transfer = Some(Transfer::Asked { server, request });
        self.core.emit(LegEvent::Refer { leg, to });
    }

    fn refer_target(&self, uri: &Uri<'_>) -> Result<ReferTarget, StatusCode> {
        let sip = match uri.kind() {
            UriKind::Tel(_) => return Ok(ReferTarget::Dialled(number_of(uri))),
            // As for an INVITE: there is no TLS to keep the promise of `sips` with.
            UriKind::Sip(sip) if sip.secure => return Err(StatusCode::UNSUPPORTED_URI_SCHEME),
            UriKind::Sip(sip) => sip,
            UriKind::Other => return Err(StatusCode::UNSUPPORTED_URI_SCHEME),
        };
        if sip.params.token("method").is_some_and(|m| m != "INVITE") {
            return Err(StatusCode::BAD_REQUEST);
        }
        let replaces = sip
            .headers
            .split('&')
            .filter_map(|h| h.split_once('='))
            .find(|(name, _)| HeaderName::of(name.as_bytes()) == HeaderName::Replaces);
        match replaces {
            // Who lives elsewhere is not called here under the same name, as with an INVITE (RFC 3261 §8.2.2.1).
            None if !self.leads_to(&sip.host) => Err(StatusCode::NOT_FOUND),
            None => Ok(ReferTarget::Dialled(number_of(uri))),
            Some((_, value)) => {
                let value = unescape(value);
                let replaces = Replaces::parse(&value).ok_or(StatusCode::BAD_REQUEST)?;
                Ok(self.leg_to_replace(&replaces).map_or(ReferTarget::Unknown, |leg| ReferTarget::Replace { leg }))
            }
        }
    }

    /// The leg whose dialog a Replaces names, seen from our side: its to-tag is ours. One that lives on another shard is
    /// known by its tag alone; its own shard will look.
    pub(crate) fn leg_to_replace(&self, replaces: &Replaces<'_>) -> Option<LegId> {
        let leg = self.core.leg_of_tag(replaces.to_tag)?;
        if leg.home() != self.core.config.shard {
            return Some(leg);
        }
        let session = self.calls.get(self.calls.key_of(leg)?)?;
        let dialog = session.dialog()?;
        (*dialog.call_id == *replaces.call_id && *dialog.remote_tag == *replaces.from_tag).then_some(leg)
    }

    /// Which shard holds the dialog an INVITE wants to take the place of; only a tag of ours says so.
    pub fn home_of_replaced(&self, invite: &Message<'_>) -> Option<ShardId> {
        let replaces = invite.one::<Replaces<'_>>().ok().flatten()?;
        self.core.leg_of_tag(replaces.to_tag).map(LegId::home)
    }

    /// 202 or a refusal, as the call decided.
    pub(crate) fn refer_reply(&mut self, key: Key, accepted: Result<(), Cause>) {
        let Some(Session { phase: Phase::Up(up), .. }) = self.calls.get_mut(key) else { return };
        let Some(Transfer::Asked { server, request }) = up.transfer.take_if(|t| matches!(t, Transfer::Asked { .. }))
        else {
            return;
        };
        let message = Message::parse(&request).expect("it was read when it came");
        match accepted {
            Err(cause) => self.refuse_in(server, &message, status_of(cause)),
            Ok(()) => self.accept_refer(key, server, &message),
        }
        self.core.recycle(request);
    }

    fn accept_refer(&mut self, key: Key, server: Key, message: &Message<'_>) {
        let Some(source) = self.servers.source(server) else { return };
        let Some(Session { phase: Phase::Up(up), .. }) = self.calls.get_mut(key) else { return };
        // RFC 4488 §4.
        let unwatched = message.raw(HeaderName::ReferSub).is_some_and(|v| v.eq_ignore_ascii_case(b"false"));
        let mut bytes = self.core.buffer();
        let mut writer = MessageWriter::response(&mut bytes, message, StatusCode::ACCEPTED, None, source);
        if let Some(contact) = self.core.contact(&up.dialog.place) {
            writer.address(HeaderName::Contact, None, &contact.uri(), &[]);
        }
        if unwatched {
            writer.text(HeaderName::ReferSub, "false");
        }
        writer.end();
        self.servers.reply_with(&mut self.core, server, StatusCode::ACCEPTED, bytes);
        if unwatched {
            up.transfer = Some(Transfer::Unwatched);
            return;
        }
        let wait = Duration::from_secs(u64::from(REFER_SUBSCRIPTION_SECONDS));
        let timer = self.core.after(wait, Due::Session(key, SessionTimer::Refer));
        up.transfer = Some(Transfer::Accepted { id: message.cseq().number, timer });
        // RFC 3515 §2.4.4: the first NOTIFY goes out at once.
        self.notify(key, StatusCode::TRYING, None);
    }

    /// How the transfer goes; a final status ends the subscription.
    pub(crate) fn refer_progress(&mut self, key: Key, status: u16) {
        let Some(status) = StatusCode::new(status) else { return };
        let reason = status.is_final().then_some("noresource");
        self.notify(key, status, reason);
        if status.is_final() {
            self.end_transfer(key);
        }
    }

    pub(crate) fn handle_refer_timeout(&mut self, key: Key) {
        self.notify(key, StatusCode::REQUEST_TIMEOUT, Some("timeout"));
        self.end_transfer(key);
    }

    /// No more is said about a transfer: it ended, or the peer does not listen.
    pub(crate) fn end_transfer(&mut self, key: Key) {
        let Some(Session { phase: Phase::Up(up), .. }) = self.calls.get_mut(key) else { return };
        if let Some(transfer) = up.transfer.take() {
            self.drop_transfer(transfer);
        }
    }

    pub(crate) fn drop_transfer(&mut self, transfer: Transfer) {
        match transfer {
            Transfer::Asked { server, request } => {
                if let Ok(message) = Message::parse(&request) {
                    self.refuse_in(server, &message, StatusCode::REQUEST_TERMINATED);
                }
                self.core.recycle(request);
            }
            Transfer::Accepted { timer, .. } => _ = self.core.timers.cancel(timer),
            Transfer::Unwatched => {}
        }
    }

    fn notify(&mut self, key: Key, status: StatusCode, ends: Option<&str>) {
        let Self { core, clients, calls, .. } = self;
        let Some(Session { phase: Phase::Up(up), credentials, .. }) = calls.get_mut(key) else { return };
        let Some(Transfer::Accepted { id, .. }) = up.transfer else { return };
        let cseq = up.dialog.next_cseq();
        let dialog = &up.dialog;
        clients.start(core, dialog.place, Owner::Notify { session: key }, |core, branch, out| {
            let mut writer = dialog.request(core, out, Method::Notify, cseq, branch);
            writer.text(HeaderName::Event, &format!("refer;id={id}"));
            match ends {
                Some(reason) => writer.text(HeaderName::SubscriptionState, &format!("terminated;reason={reason}")),
                None => {
                    let left = format!("active;expires={REFER_SUBSCRIPTION_SECONDS}");
                    writer.text(HeaderName::SubscriptionState, &left)
                }
            };
            authorize(credentials, &dialog.place, Method::Notify, dialog.target.as_str(), &mut writer);
            let fragment = format!("SIP/2.0 {status} {}\r\n", status.reason());
            writer.body("message/sipfrag;version=2.0", fragment.as_bytes());
        });
    }
}
