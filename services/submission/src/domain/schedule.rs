//! When the returns of an edition are due, and when the edition closes.

use jiff::Timestamp;
use mesur_catalogue::{AuthorityCode, EditionName};
use mesur_wire::ScheduleName;

/// The most settings of one schedule, before one that closes the edition.
pub(crate) const SETTINGS_MAX: usize = 200;
/// The most extensions in one schedule, of all authorities together.
pub(crate) const EXTENSIONS_MAX: usize = 1_000;

/// The schedule of an edition: every change that was made, the first first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Schedule {
    /// The edition.
    pub(crate) edition: EditionName,
    /// What was changed.
    pub(crate) changes: Vec<ScheduleChange>,
}

/// A change of a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScheduleChange {
    /// What was changed.
    pub(crate) change: Change,
    /// Why.
    pub(crate) reason: String,
    /// Who changed it.
    pub(crate) identity: String,
    /// When.
    pub(crate) time: Timestamp,
}

/// What is changed in a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// Both times, for all.
    Set {
        /// When returns are due; `None` for never.
        due: Option<Timestamp>,
        /// When the edition closes; `None` for never.
        close: Option<Timestamp>,
    },
    /// A later time for one authority.
    Extend {
        /// The authority.
        authority: AuthorityCode,
        /// Until when its return is not late.
        due: Timestamp,
    },
}

impl Schedule {
    /// A schedule in which nothing was set.
    pub(crate) fn never(edition: EditionName) -> Self {
        Self {
            edition,
            changes: Vec::new(),
        }
    }

    /// When returns are due and when the edition closes; `None` for never.
    pub(crate) fn times(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        let set = self
            .changes
            .iter()
            .rev()
            .find_map(|change| match change.change {
                Change::Set { due, close } => Some((due, close)),
                Change::Extend { .. } => None,
            });
        set.unwrap_or_default()
    }

    /// Whether there is room for one more change: always for one that closes the edition now.
    pub(crate) fn takes(&self, change: &Change, now: Timestamp) -> bool {
        let is_extension = |made: &&ScheduleChange| matches!(made.change, Change::Extend { .. });
        let extensions = self.changes.iter().filter(is_extension).count();
        match change {
            Change::Extend { .. } => extensions < EXTENSIONS_MAX,
            Change::Set { close, .. } => {
                let closes = close.is_some_and(|close| now >= close) && !self.is_closed(now);
                closes || self.changes.len().saturating_sub(extensions) < SETTINGS_MAX
            }
        }
    }

    /// What a caller saw; empty while nothing was set.
    pub(crate) fn etag(&self) -> String {
        if self.changes.is_empty() {
            return String::new();
        }
        let name = ScheduleName(self.edition.clone()).to_string();
        let changes = self.changes.len().to_string();
        mesur_rpc::etag::etag([name.as_bytes(), changes.as_bytes()])
    }

    /// Whether what an authority hands in now is late.
    pub(crate) fn is_late(&self, authority: &AuthorityCode, now: Timestamp) -> bool {
        let (due, _) = self.times();
        let extended = self
            .changes
            .iter()
            .rev()
            .find_map(|change| match &change.change {
                Change::Extend { authority: of, due } if of == authority => Some(*due),
                Change::Extend { .. } | Change::Set { .. } => None,
            });
        // An extension never makes a time earlier that was since set for all.
        due.is_some_and(|due| now > extended.map_or(due, |extended| extended.max(due)))
    }

    /// Whether no authority may change its return any more.
    pub(crate) fn is_closed(&self, now: Timestamp) -> bool {
        let (_, close) = self.times();
        close.is_some_and(|close| now >= close)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i64) -> Timestamp {
        Timestamp::from_second(day * 86_400).expect("a time")
    }

    #[test]
    fn a_schedule_takes_so_many_changes_and_then_only_one_that_closes_the_edition() {
        let edition = EditionName::parse("pif/2022-23").expect("a name");
        let mut schedule = Schedule::never(edition);
        let extension = Change::Extend {
            authority: AuthorityCode::parse("W06000003").expect("a code"),
            due: at(15),
        };
        let set = |close| Change::Set {
            due: Some(at(10)),
            close: Some(at(close)),
        };
        for (change, most) in [(extension, EXTENSIONS_MAX), (set(30), SETTINGS_MAX)] {
            for _ in 0..most {
                assert!(schedule.takes(&change, at(20)));
                schedule.changes.push(ScheduleChange {
                    change: change.clone(),
                    reason: String::new(),
                    identity: String::new(),
                    time: at(20),
                });
            }
            assert!(!schedule.takes(&change, at(20)));
        }
        assert!(schedule.takes(&set(20), at(20)));
        assert!(!schedule.takes(&set(21), at(20)));
        // It is closed already.
        assert!(!schedule.takes(&set(20), at(30)));
    }

    #[test]
    fn the_last_setting_and_the_last_extension_hold_to_the_second() {
        let edition = EditionName::parse("pif/2022-23").expect("a name");
        let [conwy, gwynedd] =
            ["W06000003", "W06000002"].map(|code| AuthorityCode::parse(code).expect("a code"));
        let mut schedule = Schedule::never(edition);
        assert!(!schedule.is_late(&conwy, at(1_000)) && !schedule.is_closed(at(1_000)));
        assert_eq!(schedule.etag(), "");
        let mut change = |change| {
            schedule.changes.push(ScheduleChange {
                change,
                reason: String::new(),
                identity: String::new(),
                time: at(0),
            });
            schedule.clone()
        };
        let extend = |day| Change::Extend {
            authority: conwy.clone(),
            due: at(day),
        };
        let set = |due, close| Change::Set {
            due: Some(at(due)),
            close: Some(at(close)),
        };
        let first = change(set(10, 20));
        assert_eq!(
            [10, 11].map(|day| first.is_late(&conwy, at(day))),
            [false, true]
        );
        assert_eq!([19, 20].map(|day| first.is_closed(at(day))), [false, true]);
        change(extend(15));
        let shorter = change(extend(12));
        assert_eq!(
            [12, 13].map(|day| shorter.is_late(&conwy, at(day))),
            [false, true]
        );
        assert!(shorter.is_late(&gwynedd, at(11)));
        let later = change(set(14, 20));
        assert_eq!(
            [14, 15].map(|day| later.is_late(&conwy, at(day))),
            [false, true]
        );
        let never = change(Change::Set {
            due: None,
            close: None,
        });
        assert!(!never.is_late(&conwy, at(99)) && !never.is_closed(at(99)));
        let etags = [first, shorter, later, never].map(|schedule| schedule.etag());
        assert!(
            etags
                .iter()
                .all(|etag| etags.iter().filter(|other| *other == etag).count() == 1)
        );
    }
}
