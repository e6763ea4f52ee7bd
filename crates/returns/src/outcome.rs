//! What the rows of a return came to.

use mesur_catalogue::{AuthorityCode, CellId, Edition};

use crate::cells::Cells;
use crate::check::check;
use crate::data_return::{DataReturn, Draft};
use crate::finding::{self, Finding};
use crate::kind::FindingKind;
use crate::previous::Previous;

/// The cells of a return and what was found in putting them together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assembly {
    /// The cells of the edition, by cell number.
    pub cells: Cells,
    /// Structural findings in their order.
    pub findings: Vec<Finding>,
    pub(crate) places: Places,
}

impl Assembly {
    /// Everything that is to be said about the rows: what keeps them from being a whole return, and
    /// what the edition's rules say, in the order of findings. A file, a rehearsal and a report all
    /// have their findings from here. `previous` is the same authority's values of an earlier
    /// period.
    pub fn check(&self, edition: &Edition, previous: Option<&Previous>) -> Vec<Finding> {
        let mut findings = self.findings.clone();
        let earlier = previous.filter(|previous| previous.is_before(edition));
        for finding in &mut findings {
            finding.note_previous(earlier);
        }
        let mut of_rules = check(edition, &self.cells, previous);
        for finding in &mut of_rules {
            let place = finding.cells.first().and_then(|cell| edition.cell_id(cell));
            if let Some(cell) = place {
                finding.line = self.line(cell);
                self.sheet(cell).clone_into(&mut finding.sheet);
            }
        }
        findings.append(&mut of_rules);
        finding::sort(edition, &mut findings);
        findings
    }

    /// The line of a file, or the row of a sheet, on which a cell was sent.
    pub fn line(&self, cell: CellId) -> Option<u64> {
        let (line, _) = self.places.of(cell)?;
        Some(line)
    }

    /// The sheet on which a cell was sent; empty when it came on none.
    pub fn sheet(&self, cell: CellId) -> &str {
        self.places.of(cell).map_or("", |(_, sheet)| sheet)
    }

    /// The return, if the rows are one: every cell observed, and no error. Otherwise the errors
    /// that keep them from being one; a cell without an observation has its own.
    pub fn into_return(
        self,
        edition: &Edition,
        authority: &AuthorityCode,
    ) -> Result<DataReturn, Vec<Finding>> {
        let mut errors = self.findings;
        errors.retain(Finding::is_error);
        if !errors.is_empty() {
            return Err(errors);
        }
        DataReturn::new(edition, authority.clone(), self.cells).ok_or(errors)
    }

    /// A draft, if what was sent can be taken, whatever is missing. Otherwise the errors that keep
    /// it from being taken.
    pub fn into_draft(
        self,
        edition: &Edition,
        authority: &AuthorityCode,
    ) -> Result<Draft, Vec<Finding>> {
        let mut errors = self.findings;
        errors.retain(|finding| finding.is_error() && finding.kind != FindingKind::MissingRow);
        if !errors.is_empty() {
            return Err(errors);
        }
        Draft::new(edition, authority.clone(), self.cells).ok_or(errors)
    }
}

/// Where in a file the cells stand. Empty, and without memory, for rows of a message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Places {
    /// By cell number; 0 is no line.
    lines: Vec<(u32, u16)>,
    /// Sheets by number; the first is none.
    sheets: Vec<String>,
}

impl Places {
    /// Notes where a cell stands; `cells` is how many there are.
    pub(crate) fn set(&mut self, cells: usize, cell: CellId, line: u64, sheet: &str) {
        if self.lines.is_empty() {
            self.lines = vec![(0, 0); cells];
            self.sheets.push(String::new());
        }
        let sheet = self.sheet_number(sheet);
        if let Some(place) = self.lines.get_mut(cell.index()) {
            *place = (u32::try_from(line).unwrap_or(u32::MAX), sheet);
        }
    }

    /// The number of a sheet; that of none where there are more than can be counted.
    fn sheet_number(&mut self, sheet: &str) -> u16 {
        if sheet.is_empty() {
            return 0;
        }
        let known = self.sheets.iter().rposition(|known| known == sheet);
        let place = known.unwrap_or_else(|| {
            self.sheets.push(sheet.to_owned());
            self.sheets.len().saturating_sub(1)
        });
        u16::try_from(place).unwrap_or(0)
    }

    fn of(&self, cell: CellId) -> Option<(u64, &str)> {
        let (line, sheet) = *self.lines.get(cell.index())?;
        let sheet = self.sheets.get(usize::from(sheet));
        (line > 0).then(|| (line.into(), sheet.map_or("", String::as_str)))
    }
}
