//! One way to write a time, everywhere: people read the site's time with its offset, programs RFC 3339 in UTC.

use base::Utc;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::sync::{Arc, OnceLock};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

/// The site's time zone.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct SiteTime {
    zone: TimeZone,
}

impl SiteTime {
    /// `name`: as `site.time_zone` says it.
    pub(crate) fn of(name: &str) -> Result<Self, String> {
        let zone = TimeZone::get(name).map_err(|error| format!("time zone {name}: {error}"))?;
        Ok(SiteTime { zone })
    }

    pub(crate) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// `2026-05-04T17:00:00+08:00`
    pub(crate) fn seconds(&self, at: Utc) -> String {
        self.written(Timestamp::from_second(at.as_secs()), 0)
    }

    /// `2026-05-04T17:00:00.250+08:00`
    pub(crate) fn millis(&self, at: Utc) -> String {
        self.written(Timestamp::from_microsecond(at.as_micros()), 3)
    }

    /// `17:00:00`
    pub(crate) fn clock(&self, at: Utc) -> String {
        let at = Timestamp::from_microsecond(at.as_micros()).unwrap_or_default();
        at.to_zoned(self.zone.clone()).strftime("%T").to_string()
    }

    fn written(&self, at: Result<Timestamp, jiff::Error>, digits: usize) -> String {
        // Beyond the year 9999 nobody reads it.
        let Ok(at) = at else { return "-".into() };
        format!("{:.digits$}", at.display_with_offset(self.zone.to_offset(at)))
    }
}

/// `2026-05-04T09:00:00Z`
pub(crate) fn utc_seconds(at: Utc) -> String {
    Timestamp::from_second(at.as_secs()).map_or_else(|_| "-".into(), |at| at.to_string())
}

/// `2026-05-04T09:00:00.250Z`
pub(crate) fn utc_millis(at: Utc) -> String {
    Timestamp::from_microsecond(at.as_micros()).map_or_else(|_| "-".into(), |at| format!("{at:.3}"))
}

/// The times of the log: in UTC until the configuration says where the site is, and for programs.
#[derive(Clone, Debug, Default)]
pub(crate) struct LogTime {
    site: Arc<OnceLock<SiteTime>>,
}

impl LogTime {
    /// The first word counts: a running log does not change its clock.
    pub(crate) fn is_at(&self, site: SiteTime) {
        let _already = self.site.set(site);
    }
}

impl FormatTime for LogTime {
    fn format_time(&self, out: &mut Writer<'_>) -> std::fmt::Result {
        let now = Utc::from_micros(Timestamp::now().as_microsecond());
        match self.site.get() {
            Some(site) => out.write_str(&site.millis(now)),
            None => out.write_str(&utc_millis(now)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_the_sites_time_with_its_offset_and_programs_utc() {
        let at = Utc::from_micros(1_777_885_200_250_000);
        let (china, utc) = (SiteTime::of("Asia/Shanghai").unwrap(), SiteTime::of("UTC").unwrap());
        assert_eq!(china.seconds(at), "2026-05-04T17:00:00+08:00");
        assert_eq!(china.millis(at), "2026-05-04T17:00:00.250+08:00");
        assert_eq!(china.clock(at), "17:00:00");
        assert_eq!(utc.seconds(at), "2026-05-04T09:00:00+00:00");
        assert_eq!(utc_seconds(at), "2026-05-04T09:00:00Z");
        assert_eq!(utc_millis(at), "2026-05-04T09:00:00.250Z");
    }

    #[test]
    fn the_offset_is_that_of_the_day() {
        let berlin = SiteTime::of("Europe/Berlin").unwrap();
        // Either side of 29 March 2026, 01:00 UTC.
        assert_eq!(berlin.seconds(Utc::from_secs(1_774_745_999)), "2026-03-29T01:59:59+01:00");
        assert_eq!(berlin.seconds(Utc::from_secs(1_774_746_000)), "2026-03-29T03:00:00+02:00");
    }

    #[test]
    fn a_zone_that_is_none_is_named() {
        assert!(SiteTime::of("Mars/Base").unwrap_err().starts_with("time zone Mars/Base: "));
    }
}
