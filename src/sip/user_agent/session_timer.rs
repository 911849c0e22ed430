//! Session timers (RFC 4028): a call whose other end has vanished does not last for ever.

use super::core::{Due, SessionTimer};
use super::machine::UserAgent;
use super::requests::{ALLOW, SUPPORTED_LINE};
use super::session::{Asked, Phase, Session, SessionTimers};
use crate::header::{HeaderName, MinSe, Refresher, SessionExpires};
use crate::limits::{SESSION_EXPIRES_SECONDS, SESSION_EXPIRES_SECONDS_MIN};
use crate::{Message, MessageWriter, StatusCode};
use base::Key;
use core::time::Duration;
use model::CauseKind;

/// What a 2xx of ours says about the session's life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Agreed {
    /// Seconds; zero: nothing.
    interval: u32,
    we_refresh: bool,
    /// The peer knows session timers.
    peer_knows: bool,
}

impl Agreed {
    /// RFC 4028 §9, as user agent server. Without a wish of the peer's we ask for a timer and refresh it ourselves.
    pub(crate) fn of(request: &Message<'_>) -> Self {
        let peer_knows = knows_timer(request);
        let wish = request.one::<SessionExpires>().ok().flatten();
        match wish {
            Some(wish) => {
                let interval = wish.seconds.max(SESSION_EXPIRES_SECONDS_MIN);
                let we_refresh = !peer_knows || wish.refresher == Some(Refresher::Uas);
                Agreed { interval, we_refresh, peer_knows }
            }
            None if peer_knows => Agreed { interval: SESSION_EXPIRES_SECONDS, we_refresh: true, peer_knows },
            None => Agreed::default(),
        }
    }

    pub(crate) fn write(&self, writer: &mut MessageWriter<'_>) {
        if self.interval == 0 {
            return;
        }
        let refresher = if self.we_refresh { Refresher::Uas } else { Refresher::Uac };
        writer.header(&SessionExpires { seconds: self.interval, refresher: Some(refresher) });
        if self.peer_knows && !self.we_refresh {
            writer.text(HeaderName::Require, "timer");
        }
    }
}

impl SessionTimers {
    /// RFC 4028 §7.1 and §7.4: a refresh keeps the roles.
    pub(crate) fn write_request(&self, writer: &mut MessageWriter<'_>) {
        if self.interval == 0 {
            return;
        }
        let refresher = if self.we_refresh { Refresher::Uac } else { Refresher::Uas };
        writer.header(&SessionExpires { seconds: self.interval, refresher: Some(refresher) });
        writer.header(&MinSe(SESSION_EXPIRES_SECONDS_MIN));
    }
}

/// What our first INVITE says.
pub(crate) fn write_first(interval: u32, writer: &mut MessageWriter<'_>) {
    writer.header(&SessionExpires { seconds: interval, refresher: None });
    // Above our own wish it comes from a 422 (RFC 4028 §7.4).
    let least = if interval > SESSION_EXPIRES_SECONDS { interval } else { SESSION_EXPIRES_SECONDS_MIN };
    writer.header(&MinSe(least));
}

pub(crate) fn knows_timer(message: &Message<'_>) -> bool {
    [HeaderName::Supported, HeaderName::Require]
        .into_iter()
        .flat_map(|name| message.elements(name))
        .any(|tag| tag.eq_ignore_ascii_case(b"timer"))
}

impl UserAgent {
    /// RFC 4028 §6: an interval below our minimum is refused, when the sender would understand the refusal.
    pub(crate) fn session_interval(&self, request: &Message<'_>) -> Result<(), StatusCode> {
        match request.one::<SessionExpires>() {
            Err(_) => Err(StatusCode::BAD_REQUEST),
            Ok(Some(wish)) if wish.seconds < SESSION_EXPIRES_SECONDS_MIN && knows_timer(request) => {
                Err(StatusCode::SESSION_INTERVAL_TOO_SMALL)
            }
            Ok(_) => Ok(()),
        }
    }

    /// Takes up what a request of the peer asks for, and tells what our 2xx must say.
    pub(crate) fn agree_interval(&mut self, key: Key, request: &Message<'_>) -> Agreed {
        let agreed = Agreed::of(request);
        self.run_session_timers(key, agreed.interval, agreed.we_refresh);
        agreed
    }

    /// A 2xx to a request of ours that opened or refreshed the session (RFC 4028 §7.2).
    pub(crate) fn session_refreshed(&mut self, key: Key, response: &Message<'_>) {
        match response.one::<SessionExpires>() {
            Ok(Some(agreed)) => {
                let we_refresh = agreed.refresher != Some(Refresher::Uas);
                self.run_session_timers(key, agreed.seconds, we_refresh);
            }
            Ok(None) | Err(_) => self.run_session_timers(key, 0, false),
        }
    }

    /// An UPDATE without a description: only a sign of life.
    pub(crate) fn accept_refresh(&mut self, server: Key, message: &Message<'_>, key: Key) {
        let Some(source) = self.servers.source(server) else { return };
        let agreed = self.agree_interval(key, message);
        let Some(Session { phase: Phase::Up(up), .. }) = self.calls.get(key) else { return };
        let mut bytes = self.core.buffer();
        let mut writer = MessageWriter::response(&mut bytes, message, StatusCode::OK, None, source);
        if let Some(contact) = self.core.contact(&up.dialog.place) {
            writer.address(HeaderName::Contact, None, &contact.uri(), &[]);
        }
        writer.text(HeaderName::Allow, ALLOW).text(HeaderName::Supported, SUPPORTED_LINE);
        agreed.write(&mut writer);
        writer.end();
        self.servers.reply_with(&mut self.core, server, StatusCode::OK, bytes);
    }

    pub(crate) fn start_session_timers(&mut self, key: Key, agreed: Agreed) {
        self.run_session_timers(key, agreed.interval, agreed.we_refresh);
    }

    fn run_session_timers(&mut self, key: Key, interval: u32, we_refresh: bool) {
        let Some(Session { phase: Phase::Up(up), .. }) = self.calls.get_mut(key) else { return };
        let timer = &mut up.timer;
        self.core.stop(&mut timer.refresh);
        self.core.stop(&mut timer.expiry);
        timer.interval = interval;
        timer.we_refresh = we_refresh;
        if interval == 0 {
            return;
        }
        let whole = Duration::from_secs(u64::from(interval));
        if we_refresh {
            // RFC 4028 §7.2: at half the interval, so that a lost refresh can be repeated.
            timer.refresh = Some(self.core.after(whole / 2, Due::Session(key, SessionTimer::Refresh)));
            timer.expiry = Some(self.core.after(whole, Due::Session(key, SessionTimer::Expired)));
        } else {
            // RFC 4028 §10: the smaller of 32 s and a third before the end.
            let early = Duration::from_secs(32).min(whole / 3);
            timer.expiry = Some(self.core.after(whole - early, Due::Session(key, SessionTimer::Expired)));
        }
    }

    /// Time to refresh; when something else is under way, a little later.
    pub(crate) fn refresh_session(&mut self, key: Key) {
        let Some(Session { phase: Phase::Up(up), .. }) = self.calls.get_mut(key) else { return };
        up.timer.refresh = None;
        // Asked again at a sixth of the interval should this one be refused; an answer starts all timers anew.
        let again = Duration::from_secs(u64::from(up.timer.interval)) / 6;
        up.timer.refresh = Some(self.core.after(again, Due::Session(key, SessionTimer::Refresh)));
        if up.is_stable() {
            self.ask(key, Asked::Refresh, false);
        }
    }

    pub(crate) fn expire_session(&mut self, key: Key) {
        if let Some(Session { phase: Phase::Up(up), .. }) = self.calls.get_mut(key) {
            up.timer.expiry = None;
            self.end_with_bye(key, CauseKind::SessionExpired.into());
        }
    }
}
