//! How a call came to us by way of others: Diversion (RFC 5806) and History-Info (RFC 7044).

use super::{Diversion, Header, HistoryInfo, Privacy, Reason, ReferTo, Replaces};

impl<'a> Diversion<'a> {
    /// `user-busy`, `no-answer`, `unconditional`, …, without its quotes where a sender put some.
    pub fn reason(&self) -> Option<&'a str> {
        self.0.params.value("reason").and_then(crate::scan::text)
    }

    /// How many diversions this entry stands for; one where nothing is written.
    pub fn counter(&self) -> u32 {
        self.0.params.number("counter").unwrap_or(1)
    }

    /// Whether the diverting party asked not to be shown (`privacy` other than `off`).
    pub fn is_private(&self) -> bool {
        self.0.params.value("privacy").is_some_and(|p| !p.eq_ignore_ascii_case(b"off"))
    }
}

impl<'a> HistoryInfo<'a> {
    /// `1`, `1.1`, …: the place of this entry among the others.
    pub fn index(&self) -> Option<&'a str> {
        self.0.params.token("index")
    }

    /// Why the request left this target: the SIP cause of the URI's escaped Reason header (RFC 7044 §5), or the URI's
    /// `cause` parameter (RFC 4458 §2).
    pub fn cause(&self) -> Option<u16> {
        let sip = self.0.uri.sip()?;
        let reason = sip.header("Reason");
        let escaped = reason.as_deref().and_then(Reason::parse).and_then(|r| r.sip_cause());
        escaped.or_else(|| sip.params.number("cause").and_then(|n| u16::try_from(n).ok()))
    }

    /// Whether the entry must not be shown: its URI carries an escaped `Privacy: history` or stronger.
    pub fn is_private(&self) -> bool {
        let value = self.0.uri.sip().and_then(|sip| sip.header("Privacy"));
        let privacy = value.as_deref().and_then(Privacy::parse).unwrap_or_default();
        privacy.contains(Privacy::HISTORY) || privacy.hides_identity()
    }
}

impl ReferTo<'_> {
    /// Asks `read` about the escaped Replaces header of an attended transfer (RFC 5589 §7), when there is a good one.
    pub fn with_replaces<T>(&self, read: impl FnOnce(Replaces<'_>) -> T) -> Option<T> {
        let value = self.0.uri.sip()?.header("Replaces")?;
        Replaces::parse(&value).map(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diversion_tells_reason_counter_and_privacy() {
        let got =
            Diversion::parse(b"<sip:+4912@h;user=phone>;reason=\"no-answer\";counter=2;privacy=full").expect("good");
        assert_eq!((got.reason(), got.counter(), got.is_private()), (Some("no-answer"), 2, true));
        let got = Diversion::parse(b"<tel:+4912>;reason=user-busy;privacy=off").expect("good");
        assert_eq!((got.reason(), got.counter(), got.is_private()), (Some("user-busy"), 1, false));
    }

    #[test]
    fn a_history_entry_tells_index_and_cause() {
        let value = b"<sip:bob@example.com?Reason=SIP%3Bcause%3D302>;index=1.1;rc=1";
        let got = HistoryInfo::parse(value).expect("good");
        assert_eq!((got.index(), got.cause(), got.is_private()), (Some("1.1"), Some(302), false));
        let got = HistoryInfo::parse(b"<sip:bob@example.com;cause=486?Privacy=history>;index=1").expect("good");
        assert_eq!((got.cause(), got.is_private()), (Some(486), true));
    }

    #[test]
    fn an_attended_transfer_names_the_call_it_replaces() {
        let value = b"<sip:dave@example.com?Replaces=425928%40b.example.org%3Bto-tag%3D7743%3Bfrom-tag%3D6472>";
        let got = ReferTo::parse(value).expect("good");
        assert_eq!(got.with_replaces(|r| r.call_id.to_owned()).as_deref(), Some("425928@b.example.org"));
        assert_eq!(ReferTo::parse(b"<sip:a@b>").expect("good").with_replaces(|_| ()), None);
    }
}
