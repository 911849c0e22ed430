/// Days of the week, Monday first (ISO 8601).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// Minutes after local midnight, half-open; `24:00` is 1440. One that ends before it begins ends on the day after.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DaySpan {
    pub from_minute: u16,
    pub to_minute: u16,
}

impl DaySpan {
    /// "22:00-06:00".
    pub const fn spans_midnight(&self) -> bool {
        self.to_minute <= self.from_minute
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WeeklyHours {
    pub day: Weekday,
    pub spans: Vec<DaySpan>,
}

/// Local dates `(year, month, day)`, both ends included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClosedDates {
    pub from: (i16, i8, i8),
    pub to: (i16, i8, i8),
}

/// When a queue is open, in the calendar's own time zone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Calendar {
    pub name: Box<str>,
    /// IANA time zone name, checked by `config`.
    pub time_zone: Box<str>,
    pub open: Vec<WeeklyHours>,
    pub closed_on: Vec<ClosedDates>,
    /// Days with hours of their own; they count before `closed_on` and the week.
    pub exceptions: Vec<Exception>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exception {
    /// `(year, month, day)`, both ends included.
    pub from: (i16, i8, i8),
    pub to: (i16, i8, i8),
    pub spans: Vec<DaySpan>,
}
