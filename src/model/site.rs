use crate::{Language, Network};
use core::net::IpAddr;
use core::time::Duration;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Site {
    pub time_zone: Box<str>,
    /// ISO 3166 region for numbers written without a country code.
    pub region: Box<str>,
    pub language: Language,
    /// Registrar domain and digest realm.
    pub domain: Box<str>,
    /// Shown to peers outside `local_networks` instead of the bound address.
    pub public_address: Option<IpAddr>,
    pub local_networks: Vec<Network>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MediaSettings {
    /// One a family.
    pub address: Vec<IpAddr>,
    pub public_address: Option<IpAddr>,
    pub ports: core::ops::RangeInclusive<u16>,
    /// In order of preference.
    pub codecs: Vec<crate::Codec>,
    /// No packet for so long on a bridged leg that is not on hold ends the call.
    pub timeout: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    pub max_calls: u32,
    pub shards: u8,
    pub drain: Duration,
}

/// Codes dialled from an agent's phone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FeatureCodes {
    pub sign_on: Box<str>,
    pub sign_off: Box<str>,
    pub ready: Box<str>,
    pub not_ready: Box<str>,
    pub extend: Box<str>,
    pub listen: Box<str>,
    pub whisper: Box<str>,
    pub barge: Box<str>,
    pub take_over: Box<str>,
}
