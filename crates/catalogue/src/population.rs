//! How many people live in the area of an authority, for comparing authorities with each other.

use crate::fault::Faults;
use crate::folder::Folder;
use crate::ids::AuthorityCode;
use crate::table::Table;

const FILE: &str = "population.csv";
const COLUMNS: [&str; 3] = ["authority", "mid_year", "population"];

/// The population of an authority in the middle of a year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Population {
    /// Whose it is.
    pub(crate) authority: AuthorityCode,
    /// The year.
    pub(crate) mid_year: u16,
    /// How many people; above zero.
    pub(crate) people: u64,
}

/// Reads the table; an edition without one has none. It may hold more years and authorities than
/// the edition needs.
pub(crate) fn load(folder: &Folder, faults: &mut Faults) -> Vec<Population> {
    let mut populations: Vec<Population> = Vec::new();
    for row in Table::read_optional(folder, FILE, &COLUMNS, faults) {
        let authority = row.parse(faults, "authority", AuthorityCode::parse);
        let mid_year = row.parse(faults, "mid_year", str::parse::<u16>);
        let population = row.parse(faults, "population", |text| match text.parse::<u64>() {
            Ok(number @ 1..) => Ok(number),
            _ => Err(format!("{text:?} is not a whole number above zero")),
        });
        let (Some(authority), Some(mid_year), Some(population)) = (authority, mid_year, population)
        else {
            continue;
        };
        let again = |known: &Population| known.authority == authority && known.mid_year == mid_year;
        if populations.iter().any(again) {
            row.fault(faults, "mid_year", "the same year stands twice");
        } else {
            populations.push(Population {
                authority,
                mid_year,
                people: population,
            });
        }
    }
    populations
}

/// The population to compare with in a period that begins in `year`: the latest one up to then, or
/// the earliest one held.
pub(crate) fn of(populations: &[Population], authority: &AuthorityCode, year: u16) -> Option<u64> {
    let own = populations.iter().filter(|one| &one.authority == authority);
    let until = own.clone().filter(|one| one.mid_year <= year);
    let latest = until.max_by_key(|one| one.mid_year);
    let one = latest.or_else(|| own.min_by_key(|one| one.mid_year))?;
    Some(one.people)
}
