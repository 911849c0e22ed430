//! Header field names: the ones we know, their compact forms, and a table to find them.

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

const SLOTS: usize = 1024;
const EMPTY: u8 = u8::MAX;

/// Length and letters, folded to lower case, of a name of at most 24 octets, as words that can be compared at once: its
/// first eight octets, its last eight, and the eight after the first. Shorter names fill the front with zeros. Up to 16
/// octets the first two words hold every letter, up to 24 all three do.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Words {
    length: usize,
    head: u64,
    tail: u64,
    middle: u64,
}

/// [`SPELLINGS`] as words.
static WORDS: [Words; SPELLINGS.len()] = words();

/// Open-addressed table of places in [`SPELLINGS`]; large, so that nearly every name is found at once.
static TABLE: [u8; SLOTS] = table();

const fn words() -> [Words; SPELLINGS.len()] {
    let mut words = [Words { length: 0, head: 0, tail: 0, middle: 0 }; SPELLINGS.len()];
    let mut i = 0;
    while i < words.len() {
        words[i] = Words::of(SPELLINGS[i].0.as_bytes()).expect("no known name is longer than 24 octets");
        i += 1;
    }
    words
}

const fn table() -> [u8; SLOTS] {
    assert!(SPELLINGS.len() < EMPTY as usize, "a place in SPELLINGS is an octet");
    let words = words();
    let mut table = [EMPTY; SLOTS];
    let mut i = 0;
    while i < words.len() {
        let mut slot = words[i].slot();
        while table[slot] != EMPTY {
            slot = (slot + 1) % SLOTS;
        }
        table[slot] = i as u8;
        i += 1;
    }
    table
}

impl Words {
    #[inline]
    const fn of(name: &[u8]) -> Option<Words> {
        // Sets bit 5: letters become lower case, `-` and digits stay, and no other octet of a header line becomes one.
        const FOLD: u64 = 0x2020_2020_2020_2020;
        let length = name.len();
        let (head, tail, middle) = match name {
            [] => return None,
            [.., _, _, _, _, _, _, _, _] => {
                let head = first_eight(name);
                let tail = first_eight(name.split_at(length - 8).1);
                let middle = if length > 16 { first_eight(name.split_at(8).1) } else { 0 };
                (head | FOLD, tail | FOLD, middle | FOLD)
            }
            _ => {
                let mut head = 0;
                let mut i = 0;
                while i < length {
                    head = head << 8 | name[i] as u64;
                    i += 1;
                }
                (head | FOLD, 0, 0)
            }
        };
        if length > 24 { None } else { Some(Words { length, head, tail, middle }) }
    }

    /// Where to look first; the tests hold the longest probe short.
    #[inline]
    const fn slot(&self) -> usize {
        let mixed = (self.head ^ self.tail.rotate_left(23)).wrapping_add(self.length as u64);
        (mixed.wrapping_mul(MIXER) >> 54) as usize
    }
}

/// Any odd number spreads; this one, found by trying, lets no two of today's names meet.
const MIXER: u64 = 0x687c_966c_377b_9aa3;

#[inline]
const fn first_eight(octets: &[u8]) -> u64 {
    match octets.first_chunk::<8>() {
        Some(chunk) => u64::from_be_bytes(*chunk),
        None => 0,
    }
}

impl HeaderName {
    /// How many there are, [`HeaderName::Other`] included.
    pub(crate) const COUNT: usize = HeaderName::Other as usize + 1;

    /// Any letter case, long or compact form.
    #[inline]
    pub fn of(name: &[u8]) -> HeaderName {
        let Some(words) = Words::of(name) else { return HeaderName::Other };
        let mut at = words.slot();
        while TABLE[at] != EMPTY {
            let place = TABLE[at] as usize;
            if WORDS[place] == words {
                return SPELLINGS[place].1;
            }
            at = (at + 1) % SLOTS;
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
        for name in
            [&b""[..], b"To\x01", b"Tom", b"z", b"Content_Length", b"P-Asserted-Identit", b"P-Asserted-xdentity"]
        {
            assert_eq!(HeaderName::of(name), HeaderName::Other, "{name:?}");
        }
    }

    #[test]
    fn a_name_is_found_within_a_few_probes() {
        let probes = |spelling: &str| {
            let words = Words::of(spelling.as_bytes()).expect("short");
            let found = |place: &u8| WORDS.get(usize::from(*place)).is_some_and(|w| *w == words);
            let at = TABLE.iter().position(found).expect("in the table");
            (at + SLOTS - words.slot()) % SLOTS + 1
        };
        let worst = SPELLINGS.iter().map(|(s, _)| probes(s)).max();
        assert!(worst <= Some(3), "{worst:?}");
    }
}
