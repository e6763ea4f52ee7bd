//! Who reports: the authorities of an edition, and the nation they add up to.

use std::collections::HashMap;

use crate::fault::Faults;
use crate::folder::Folder;
use crate::ids::AuthorityCode;
use crate::table::Table;

const COLUMNS: [&str; 4] = ["code", "name_en", "name_cy", "kind"];

/// Whether a row is a reporting authority or the nation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AuthorityKind {
    Authority,
    Nation,
}

/// A reporting authority, or the nation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// The ONS code.
    pub code: AuthorityCode,
    /// The English name.
    pub name_en: String,
    /// The Welsh name.
    pub name_cy: String,
}

/// The reporting authorities: there may be thousands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Authorities {
    /// In the order of the table.
    pub(crate) table: Vec<Authority>,
    by_code: HashMap<AuthorityCode, usize>,
}

impl Authorities {
    fn add(&mut self, authority: Authority) {
        let place = self.table.len();
        self.by_code.insert(authority.code.clone(), place);
        self.table.push(authority);
    }

    pub(crate) fn find(&self, code: &AuthorityCode) -> Option<&Authority> {
        self.table.get(*self.by_code.get(code)?)
    }
}

/// The authorities and the nation.
pub(crate) fn load(folder: &Folder, faults: &mut Faults) -> (Authorities, Option<Authority>) {
    const FILE: &str = "authorities.csv";
    let kinds = [
        ("authority", AuthorityKind::Authority),
        ("nation", AuthorityKind::Nation),
    ];
    let mut authorities = Authorities::default();
    let mut nation: Option<Authority> = None;
    let rows = Table::read_required(folder, FILE, &COLUMNS, faults).unwrap_or_default();
    for row in rows {
        let code = row.parse(faults, "code", AuthorityCode::parse);
        let kind = row.one_of(faults, "kind", &kinds);
        if row.get("name_en").is_empty() {
            row.fault(faults, "name_en", "an authority needs an English name");
        }
        let (Some(code), Some(kind)) = (code, kind) else {
            continue;
        };
        let authority = Authority {
            code,
            name_en: row.get("name_en").to_owned(),
            name_cy: row.get("name_cy").to_owned(),
        };
        let known = authorities.find(&authority.code).or(nation.as_ref());
        if known.is_some_and(|known| known.code == authority.code) {
            row.fault(faults, "code", format!("{} stands twice", authority.code));
        } else if kind == AuthorityKind::Authority {
            authorities.add(authority);
        } else if nation.replace(authority).is_some() {
            row.fault(faults, "kind", "there is one nation at most");
        }
    }
    // A row with a fault may be the one that is missed.
    if !faults.has_any_in(FILE) && (authorities.table.is_empty() || nation.is_none()) {
        faults.file(FILE, "at least one authority and one nation are needed");
    }
    (authorities, nation)
}
