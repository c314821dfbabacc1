//! Points in time. Somebody else reads the clock.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::time::Duration;

use jiff::Zoned;
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch; RFC 3339 in UTC on the wire.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(into = "String", try_from = "String")]
#[schemars(description = "A time as RFC 3339 writes it, in UTC.", extend("format" = "date-time"))]
pub struct Timestamp(pub u64);

/// The text is not an RFC 3339 time at or after 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a time is written as in RFC 3339, such as 2026-01-31T07:30:00Z")]
pub struct InvalidTime;

impl Timestamp {
    /// Returns how long after `earlier` this is; nothing if it is not after.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// Returns the time so long before this.
    #[must_use]
    pub fn before(self, by: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(u64::try_from(by.as_millis()).unwrap_or(u64::MAX)),
        )
    }

    /// Returns where people in `zone` were on the calendar and on the clock, in English.
    pub fn in_words(self, zone: Option<&ZoneName>) -> String {
        self.zoned(zone)
            .strftime("%A, %-d %B %Y, %H:%M (%:Q)")
            .to_string()
    }

    /// Returns the day so many days before this in `zone`, such as 2026-01-31.
    pub fn day(self, zone: Option<&ZoneName>, days_before: i64) -> String {
        let day = self.zoned(zone).date();
        day.checked_sub(jiff::Span::new().days(days_before))
            .unwrap_or(day)
            .to_string()
    }

    /// Returns when it was this in `zone`: a date and a time, or a date alone, which stands for its
    /// noon.
    pub fn local(text: &str, zone: Option<&ZoneName>) -> Result<Self, InvalidTime> {
        let time = text
            .parse::<jiff::civil::DateTime>()
            .map_err(|_| InvalidTime)?;
        let is_date = !text.contains([':', 'T', 't', ' ']);
        let time = if is_date {
            time.date().at(12, 0, 0, 0)
        } else {
            time
        };
        let time = time
            .to_zoned(rules(zone))
            .map_err(|_| InvalidTime)?
            .timestamp();
        u64::try_from(time.as_millisecond())
            .map(Self)
            .map_err(|_| InvalidTime)
    }

    pub(crate) fn zoned(self, zone: Option<&ZoneName>) -> Zoned {
        self.to_jiff().to_zoned(rules(zone))
    }

    fn to_jiff(self) -> jiff::Timestamp {
        i64::try_from(self.0)
            .ok()
            .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
            .unwrap_or(jiff::Timestamp::MAX)
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, by: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(by.as_millis()).unwrap_or(u64::MAX)),
        )
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, by: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(u64::try_from(by.as_millis()).unwrap_or(u64::MAX)),
        )
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.to_jiff())
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        let time: jiff::Timestamp = text.parse().map_err(|_| InvalidTime)?;
        u64::try_from(time.as_millisecond())
            .map(Self)
            .map_err(|_| InvalidTime)
    }
}

impl From<Timestamp> for String {
    fn from(time: Timestamp) -> Self {
        time.to_string()
    }
}

impl TryFrom<String> for Timestamp {
    type Error = InvalidTime;

    fn try_from(text: String) -> Result<Self, InvalidTime> {
        text.parse()
    }
}

/// A time zone: its name in the IANA database, such as `Europe/Berlin`, or an offset from UTC that
/// is the same all year, such as `+05:30`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(into = "String", try_from = "String")]
pub struct ZoneName(String);

/// The text is no time zone: neither a name of the IANA database nor an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a time zone is an IANA name, such as Europe/Berlin, or an offset, such as +05:30")]
pub struct InvalidZone;

impl ZoneName {
    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the zone's rules, from the database that is compiled in.
    pub fn zone(&self) -> Option<TimeZone> {
        fixed(&self.0)
            .map(TimeZone::fixed)
            .or_else(|| TimeZone::get(&self.0).ok())
    }
}

impl FromStr for ZoneName {
    type Err = InvalidZone;

    fn from_str(text: &str) -> Result<Self, InvalidZone> {
        match fixed(text) {
            Some(offset) => Ok(Self(in_minutes(offset))),
            None => TimeZone::get(text)
                .map(|_| Self(text.to_owned()))
                .map_err(|_| InvalidZone),
        }
    }
}

impl From<ZoneName> for String {
    fn from(zone: ZoneName) -> Self {
        zone.0
    }
}

impl TryFrom<String> for ZoneName {
    type Error = InvalidZone;

    fn try_from(text: String) -> Result<Self, InvalidZone> {
        text.parse()
    }
}

/// An offset as ISO 8601 writes it: whole minutes, and less than a day.
fn fixed(text: &str) -> Option<Offset> {
    let offset = text
        .starts_with(['+', '-'])
        .then(|| DateTimeParser::new().parse_time_zone(text))?;
    let offset = offset.ok()?.to_fixed_offset().ok()?;
    let seconds = offset.seconds();
    (seconds % 60 == 0 && seconds.abs() < 24 * 3_600).then_some(offset)
}

fn in_minutes(offset: Offset) -> String {
    let (sign, minutes) = (
        if offset.is_negative() { '-' } else { '+' },
        offset.seconds().abs() / 60,
    );
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

fn rules(zone: Option<&ZoneName>) -> TimeZone {
    zone.and_then(ZoneName::zone).unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_goes_over_the_wire_and_back() {
        let time = Timestamp(1_795_200_000_123);
        assert_eq!(time.to_string(), "2026-11-20T18:40:00.123Z");
        assert_eq!(time.to_string().parse(), Ok(time));
        assert_eq!("2026-11-20T19:40:00.123+01:00".parse(), Ok(time));
        for bad in [
            "",
            "yesterday",
            "2026-11-20",
            "1969-12-31T23:59:59Z",
            "1795200000",
        ] {
            assert_eq!(bad.parse::<Timestamp>(), Err(InvalidTime), "{bad:?}");
        }
    }

    #[test]
    fn local_time_is_told_in_the_zone_of_whoever_asks() {
        let time = Timestamp(1_795_200_000_123);
        assert_eq!(time.in_words(None), "Friday, 20 November 2026, 18:40 (UTC)");
        let zone = "America/New_York".parse().unwrap();
        assert_eq!(
            time.in_words(Some(&zone)),
            "Friday, 20 November 2026, 13:40 (America/New_York)"
        );
        assert_eq!("Mars/Olympus".parse::<ZoneName>(), Err(InvalidZone));
    }

    #[test]
    fn an_offset_is_a_zone_that_is_the_same_all_year() {
        for (told, kept) in [
            ("+05:30", "+05:30"),
            ("+0530", "+05:30"),
            ("-08", "-08:00"),
            ("-08:00", "-08:00"),
            ("+14:00", "+14:00"),
            ("-00:00", "+00:00"),
        ] {
            let zone: ZoneName = told.parse().unwrap();
            assert_eq!(zone.as_str(), kept, "{told}");
            let stored: ZoneName =
                serde_json::from_value(serde_json::to_value(&zone).unwrap()).unwrap();
            assert_eq!(stored, zone, "{told}");
        }
        for bad in [
            "+",
            "-",
            "+5",
            "+5:30",
            "05:30",
            "+05:30:15",
            "+24:00",
            "+99:00",
            "+05:60",
            "+05:30[UTC]",
            "+x",
        ] {
            assert_eq!(bad.parse::<ZoneName>(), Err(InvalidZone), "{bad:?}");
        }
        let zone: ZoneName = "+05:30".parse().unwrap();
        let time: Timestamp = "2026-11-20T18:40:00Z".parse().unwrap();
        assert_eq!(
            time.in_words(Some(&zone)),
            "Saturday, 21 November 2026, 00:10 (+05:30)"
        );
        assert_eq!(time.day(Some(&zone), 1), "2026-11-20");
        let this_morning = Timestamp::local("2026-07-01T07:30", Some(&zone)).unwrap();
        assert_eq!(this_morning.to_string(), "2026-07-01T02:00:00.000Z");
    }

    #[test]
    fn a_day_is_that_of_the_zone() {
        let zone: ZoneName = "America/New_York".parse().unwrap();
        let night: Timestamp = "2026-11-20T02:30:00Z".parse().unwrap();
        assert_eq!(
            (night.day(Some(&zone), 0), night.day(Some(&zone), 1)),
            ("2026-11-19".into(), "2026-11-18".into())
        );
        assert_eq!(
            (night.day(None, 0), night.day(None, 1)),
            ("2026-11-20".into(), "2026-11-19".into())
        );
        assert_eq!(Timestamp(0).day(None, 1), "1969-12-31");
    }

    #[test]
    fn a_local_time_is_read_by_the_rules_of_its_day() {
        let zone: ZoneName = "Europe/Berlin".parse().unwrap();
        for (told, expected) in [
            ("2026-07-01T07:30", "2026-07-01T05:30:00.000Z"),
            ("2026-12-01 07:30:05", "2026-12-01T06:30:05.000Z"),
            ("2026-07-01", "2026-07-01T10:00:00.000Z"),
            // The clocks go forward at two: half past two never was, and is half an hour later.
            ("2026-03-29T02:30", "2026-03-29T01:30:00.000Z"),
        ] {
            assert_eq!(
                Timestamp::local(told, Some(&zone)).unwrap().to_string(),
                expected,
                "{told}"
            );
        }
        assert_eq!(
            Timestamp::local("2026-07-01T07:30", None)
                .unwrap()
                .to_string(),
            "2026-07-01T07:30:00.000Z"
        );
        for bad in [
            "",
            "yesterday",
            "07:30",
            "2026-13-01",
            "1969-12-30",
            "1795200000",
        ] {
            assert_eq!(
                Timestamp::local(bad, Some(&zone)),
                Err(InvalidTime),
                "{bad:?}"
            );
        }
    }
}
