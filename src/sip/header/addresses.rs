//! Fields whose value is one address and nothing more of its own.

use super::{Header, HeaderName, NameAddr};
use core::ops::Deref;

macro_rules! address_headers {
    ($($(#[$doc:meta])* $name:ident,)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name<'a>(pub NameAddr<'a>);

        impl<'a> Header<'a> for $name<'a> {
            const NAME: HeaderName = HeaderName::$name;

            fn parse(value: &'a [u8]) -> Option<Self> {
                NameAddr::parse(value).map($name)
            }

            fn print(&self, out: &mut Vec<u8>) {
                self.0.print(out);
            }
        }

        impl<'a> Deref for $name<'a> {
            type Target = NameAddr<'a>;

            fn deref(&self) -> &NameAddr<'a> {
                &self.0
            }
        }
    )+};
}

address_headers! {
    Route,
    RecordRoute,
    Path,
    ServiceRoute,
    /// RFC 3515.
    ReferTo,
    /// RFC 3892.
    ReferredBy,
    /// RFC 3325; a fact only when it comes from a trusted peer.
    PAssertedIdentity,
    /// RFC 3325.
    PPreferredIdentity,
    /// RFC 7315.
    PCalledPartyId,
    /// RFC 5806: who diverted the call, with `reason`, `counter`, `privacy`.
    Diversion,
    /// RFC 7044, with `index` and `rc`, `mp` or `np`.
    HistoryInfo,
    /// draft-ietf-sip-privacy-04, still sent by older trunks.
    RemotePartyId,
}
