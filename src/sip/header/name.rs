//! Header field names: the ones we know, their compact forms, and a perfect-enough hash to find them.

use core::fmt;

macro_rules! header_names {
    ($($variant:ident $long:literal $($compact:literal)?,)+) => {
        /// A header field we know by name; everything else is [`HeaderName::Other`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum HeaderName {
            $(#[doc = $long] $variant,)+
            /// A name we do not know; the message keeps it as written.
            Other,
        }

        const SPELLINGS: &[(&str, HeaderName)] = &[
            $(($long, HeaderName::$variant), $(($compact, HeaderName::$variant),)?)+
        ];

        impl HeaderName {
            /// The long form; empty for [`HeaderName::Other`].
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(HeaderName::$variant => $long,)+
                    HeaderName::Other => "",
                }
            }
        }
    };
}

header_names! {
    Accept "Accept",
    AcceptContact "Accept-Contact" "a",
    AcceptEncoding "Accept-Encoding",
    AcceptLanguage "Accept-Language",
    AlertInfo "Alert-Info",
    Allow "Allow",
    AllowEvents "Allow-Events" "u",
    AnswerMode "Answer-Mode",
    AuthenticationInfo "Authentication-Info",
    Authorization "Authorization",
    CallId "Call-ID" "i",
    CallInfo "Call-Info",
    Contact "Contact" "m",
    ContentDisposition "Content-Disposition",
    ContentEncoding "Content-Encoding" "e",
    ContentLanguage "Content-Language",
    ContentLength "Content-Length" "l",
    ContentType "Content-Type" "c",
    CSeq "CSeq",
    Date "Date",
    Diversion "Diversion",
    ErrorInfo "Error-Info",
    Event "Event" "o",
    Expires "Expires",
    From "From" "f",
    HistoryInfo "History-Info",
    Identity "Identity" "y",
    InReplyTo "In-Reply-To",
    Join "Join",
    MaxForwards "Max-Forwards",
    MimeVersion "MIME-Version",
    MinExpires "Min-Expires",
    MinSe "Min-SE",
    Organization "Organization",
    PAssertedIdentity "P-Asserted-Identity",
    PCalledPartyId "P-Called-Party-ID",
    PPreferredIdentity "P-Preferred-Identity",
    Path "Path",
    Priority "Priority",
    Privacy "Privacy",
    ProxyAuthenticate "Proxy-Authenticate",
    ProxyAuthorization "Proxy-Authorization",
    ProxyRequire "Proxy-Require",
    RAck "RAck",
    Reason "Reason",
    RecordRoute "Record-Route",
    ReferSub "Refer-Sub",
    ReferTo "Refer-To" "r",
    ReferredBy "Referred-By" "b",
    RejectContact "Reject-Contact" "j",
    RemotePartyId "Remote-Party-ID",
    Replaces "Replaces",
    ReplyTo "Reply-To",
    RequestDisposition "Request-Disposition" "d",
    Require "Require",
    RetryAfter "Retry-After",
    Route "Route",
    RSeq "RSeq",
    Server "Server",
    ServiceRoute "Service-Route",
    SessionExpires "Session-Expires" "x",
    SessionId "Session-ID",
    SipETag "SIP-ETag",
    SipIfMatch "SIP-If-Match",
    Subject "Subject" "s",
    SubscriptionState "Subscription-State",
    Supported "Supported" "k",
    Timestamp "Timestamp",
    To "To" "t",
    Unsupported "Unsupported",
    UserAgent "User-Agent",
    Via "Via" "v",
    Warning "Warning",
    WwwAuthenticate "WWW-Authenticate",
}

const SLOTS: usize = 256;
const EMPTY: u8 = u8::MAX;

/// Open-addressed table over [`SPELLINGS`], built at compile time.
static TABLE: [u8; SLOTS] = table();

const fn table() -> [u8; SLOTS] {
    let mut table = [EMPTY; SLOTS];
    let mut i = 0;
    while i < SPELLINGS.len() {
        let mut slot = hash(SPELLINGS[i].0.as_bytes());
        while table[slot] != EMPTY {
            slot = (slot + 1) % SLOTS;
        }
        table[slot] = i as u8;
        i += 1;
    }
    table
}

/// Length, first, last and middle letter, case folded; the tests hold the longest probe short.
const fn hash(name: &[u8]) -> usize {
    let n = name.len();
    let (a, b, c) = ((name[0] | 0x20) as usize, (name[n - 1] | 0x20) as usize, (name[n / 2] | 0x20) as usize);
    (n * 29 + a * 7 + b * 61 + c * 113) % SLOTS
}

impl HeaderName {
    /// Any letter case, long or compact form.
    #[inline]
    pub fn of(name: &[u8]) -> HeaderName {
        if name.is_empty() {
            return HeaderName::Other;
        }
        let mut slot = hash(name);
        while TABLE[slot] != EMPTY {
            let (spelling, known) = SPELLINGS[TABLE[slot] as usize];
            if spelling.as_bytes().eq_ignore_ascii_case(name) {
                return known;
            }
            slot = (slot + 1) % SLOTS;
        }
        HeaderName::Other
    }

    /// Fields whose values are lists split at commas. Not: fields with one value, and the authentication fields, whose
    /// commas separate parameters (RFC 3261 §7.3.1).
    pub const fn is_list(self) -> bool {
        !self.is_single()
            && !matches!(
                self,
                HeaderName::AuthenticationInfo
                    | HeaderName::Authorization
                    | HeaderName::Organization
                    | HeaderName::Other
                    | HeaderName::Priority
                    | HeaderName::ProxyAuthenticate
                    | HeaderName::ProxyAuthorization
                    | HeaderName::RetryAfter
                    | HeaderName::Server
                    | HeaderName::SessionId
                    | HeaderName::Subject
                    | HeaderName::UserAgent
                    | HeaderName::WwwAuthenticate
            )
    }

    /// Fields that may stand at most once in a message (RFC 3261 §20 and the RFCs that define the later ones).
    pub const fn is_single(self) -> bool {
        matches!(
            self,
            HeaderName::CallId
                | HeaderName::ContentDisposition
                | HeaderName::ContentLength
                | HeaderName::ContentType
                | HeaderName::CSeq
                | HeaderName::Date
                | HeaderName::Event
                | HeaderName::Expires
                | HeaderName::From
                | HeaderName::MaxForwards
                | HeaderName::MinExpires
                | HeaderName::MinSe
                | HeaderName::RAck
                | HeaderName::ReferTo
                | HeaderName::ReferredBy
                | HeaderName::Replaces
                | HeaderName::RSeq
                | HeaderName::SessionExpires
                | HeaderName::SubscriptionState
                | HeaderName::To
        )
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_found_in_every_letter_case() {
        for (spelling, name) in SPELLINGS {
            assert_eq!(HeaderName::of(spelling.as_bytes()), *name);
            assert_eq!(HeaderName::of(spelling.to_ascii_uppercase().as_bytes()), *name);
            assert_eq!(HeaderName::of(spelling.to_ascii_lowercase().as_bytes()), *name);
        }
    }

    #[test]
    fn names_that_only_look_alike_are_other() {
        for name in [&b""[..], b"To\x01", b"Tom", b"z", b"Content_Length", b"P-Asserted-Identit"] {
            assert_eq!(HeaderName::of(name), HeaderName::Other, "{name:?}");
        }
    }

    #[test]
    fn a_name_is_found_within_a_few_probes() {
        let probes = |name: &str| {
            let mut slot = hash(name.as_bytes());
            let mut probes = 1;
            while !SPELLINGS[TABLE[slot] as usize].0.eq_ignore_ascii_case(name) {
                slot = (slot + 1) % SLOTS;
                probes += 1;
            }
            probes
        };
        let worst = SPELLINGS.iter().map(|(s, _)| probes(s)).max();
        assert!(worst <= Some(6), "{worst:?}");
    }
}
