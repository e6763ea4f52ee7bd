//! What a return, a schedule and a delegation are. Pure: time comes in as an argument.

pub(crate) mod delegation;
pub(crate) mod life_cycle;
pub(crate) mod revision;
pub(crate) mod schedule;

pub(crate) use delegation::Delegation;
pub(crate) use life_cycle::{IllegalMove, State};
pub(crate) use revision::{Family, Move, Revision, families_of};
pub(crate) use schedule::{Change, Schedule, ScheduleChange};
