//! How many people live in the area of an authority, for comparing authorities with each other.

use std::collections::BTreeMap;

use crate::fault::Faults;
use crate::folder::Folder;
use crate::ids::AuthorityCode;
use crate::table::Table;

const FILE: &str = "population.csv";
const COLUMNS: [&str; 3] = ["authority", "mid_year", "population"];

/// The people of each authority in the middle of each year; above zero.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Populations(BTreeMap<AuthorityCode, BTreeMap<u16, u64>>);

impl Populations {
    /// Whether any year of an authority is held.
    pub(crate) fn has(&self, authority: &AuthorityCode) -> bool {
        self.0.contains_key(authority)
    }

    /// The population to compare with in a period that begins in `year`: the latest one up to then,
    /// or the earliest one held.
    pub(crate) fn of(&self, authority: &AuthorityCode, year: u16) -> Option<u64> {
        let own = self.0.get(authority)?;
        let latest = own.range(..=year).next_back();
        let (_, people) = latest.or_else(|| own.first_key_value())?;
        Some(*people)
    }
}

/// Reads the table; an edition without one has none. It may hold more years and authorities than
/// the edition needs.
pub(crate) fn load(folder: &Folder, faults: &mut Faults) -> Populations {
    let mut populations = Populations::default();
    for row in Table::read_optional(folder, FILE, &COLUMNS, faults) {
        let authority = row.parse(faults, "authority", AuthorityCode::parse);
        let mid_year = row.parse(faults, "mid_year", str::parse::<u16>);
        let people = row.parse(faults, "population", |text| match text.parse::<u64>() {
            Ok(number @ 1..) => Ok(number),
            _ => Err(format!("{text:?} is not a whole number above zero")),
        });
        let (Some(authority), Some(mid_year), Some(people)) = (authority, mid_year, people) else {
            continue;
        };
        let years = populations.0.entry(authority).or_default();
        // The edition is refused then, so which of the two is kept does not matter.
        if years.insert(mid_year, people).is_some() {
            row.fault(faults, "mid_year", "the same year stands twice");
        }
    }
    populations
}
