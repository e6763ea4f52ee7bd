//! What the rows of a return came to.

use mesur_catalogue::{AuthorityCode, CellId, Edition};

use crate::cells::Cells;
use crate::check::check_in_any_order;
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
        let mut of_rules = check_in_any_order(edition, &self.cells, previous);
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
///
/// As long as the rows stand in the order of the cells, as in most files, they are kept as runs, so
/// that a file of millions of rows takes no more memory than one of a few; after that by cell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Places {
    lines: Lines,
    /// Sheets by number; the first is none.
    sheets: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Lines {
    /// In the order of the cells, none over another.
    Runs(Vec<Run>),
    /// By cell number.
    ByCell(Box<ByCell>),
}

impl Default for Lines {
    fn default() -> Self {
        Self::Runs(Vec::new())
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct ByCell {
    /// 0 is no line.
    lines: Vec<u32>,
    /// Empty while every cell stands on none.
    sheets: Vec<u16>,
}

impl ByCell {
    fn of(cells: usize, runs: &[Run]) -> Self {
        let mut by_cell = Self {
            lines: vec![0; cells],
            sheets: Vec::new(),
        };
        for run in runs {
            for (cell, line) in (run.cell..run.end()).zip(run.line..) {
                by_cell.set(CellId(cell), line, run.sheet);
            }
        }
        by_cell
    }

    fn set(&mut self, cell: CellId, line: u32, sheet: u16) {
        if let Some(place) = self.lines.get_mut(cell.index()) {
            *place = line;
        }
        if sheet != 0 && self.sheets.is_empty() {
            self.sheets = vec![0; self.lines.len()];
        }
        if let Some(place) = self.sheets.get_mut(cell.index()) {
            *place = sheet;
        }
    }
}

/// Cells one behind the other that stand on lines one behind the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    cell: u32,
    line: u32,
    count: u32,
    sheet: u16,
}

impl Run {
    /// The cell behind the last one.
    fn end(&self) -> u32 {
        self.cell.saturating_add(self.count)
    }

    /// How far behind the first a cell is; `None` for one that is not of the run.
    fn offset(&self, cell: u32) -> Option<u32> {
        let offset = cell.checked_sub(self.cell)?;
        (offset < self.count).then_some(offset)
    }
}

impl Places {
    /// Notes where a cell stands; `cells` is how many there are.
    pub(crate) fn set(&mut self, cells: usize, cell: CellId, line: u64, sheet: &str) {
        let sheet = self.sheet_number(sheet);
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        if let Lines::Runs(runs) = &mut self.lines {
            let last = runs.last_mut();
            let behind = last.as_ref().is_none_or(|last| cell.0 >= last.end());
            if let Some(last) = last
                && (cell.0, line, sheet)
                    == (last.end(), last.line.saturating_add(last.count), last.sheet)
            {
                last.count = last.count.saturating_add(1);
                return;
            }
            // Many more runs would take more than the cells do one by one.
            if behind && runs.len() < cells.div_ceil(8) {
                runs.push(Run {
                    cell: cell.0,
                    line,
                    count: 1,
                    sheet,
                });
                return;
            }
            self.lines = Lines::ByCell(Box::new(ByCell::of(cells, runs)));
        }
        if let Lines::ByCell(by_cell) = &mut self.lines {
            by_cell.set(cell, line, sheet);
        }
    }

    /// Notes where so many cells from `first` on stand: on a line each from `line` on, on no sheet.
    pub(crate) fn set_all(&mut self, cells: usize, first: CellId, line: u64, count: usize) {
        let places = (first.0..).map(CellId).zip(line..).take(count);
        for (at, (cell, line)) in (0..).zip(places) {
            self.set(cells, cell, line, "");
            // The others go on where the first one ended.
            if at == 0
                && let Lines::Runs(runs) = &mut self.lines
                && let Some(last) = runs.last_mut()
            {
                let others = u32::try_from(count).unwrap_or(u32::MAX).saturating_sub(1);
                last.count = last.count.saturating_add(others);
                return;
            }
        }
    }

    /// The number of a sheet; that of none where there are more than can be counted.
    fn sheet_number(&mut self, sheet: &str) -> u16 {
        if sheet.is_empty() {
            return 0;
        }
        if self.sheets.is_empty() {
            self.sheets.push(String::new());
        }
        let known = self.sheets.iter().rposition(|known| known == sheet);
        let place = known.unwrap_or_else(|| {
            self.sheets.push(sheet.to_owned());
            self.sheets.len().saturating_sub(1)
        });
        u16::try_from(place).unwrap_or(0)
    }

    /// The line and the sheet of a cell.
    pub(crate) fn of(&self, cell: CellId) -> Option<(u64, &str)> {
        let (line, sheet) = match &self.lines {
            Lines::Runs(runs) => {
                let before = runs.partition_point(|run| run.cell <= cell.0);
                let run = runs.get(before.checked_sub(1)?)?;
                (run.line.saturating_add(run.offset(cell.0)?), run.sheet)
            }
            Lines::ByCell(by_cell) => {
                let sheet = by_cell.sheets.get(cell.index());
                let line = by_cell.lines.get(cell.index())?;
                (*line, sheet.copied().unwrap_or_default())
            }
        };
        let sheet = self.sheets.get(usize::from(sheet));
        (line > 0).then(|| (line.into(), sheet.map_or("", String::as_str)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CELLS: usize = 40;

    proptest! {
        #[test]
        fn a_cell_has_the_place_that_was_noted_last_whatever_the_order(
            in_order in any::<bool>(),
            mut noted in prop::collection::vec((0_u32..40, 0_u64..50, 0_usize..3), 0..60),
        ) {
            if in_order {
                noted.sort_unstable();
            }
            let names = ["", "AD", "CH"];
            let mut places = Places::default();
            let mut expected = vec![None; CELLS];
            for (cell, line, sheet) in noted {
                let cell = CellId(cell);
                places.set(CELLS, cell, line, names[sheet]);
                expected[cell.index()] = (line > 0).then_some((line, names[sheet]));
            }
            for (cell, expected) in (0..).zip(expected) {
                prop_assert_eq!(places.of(CellId(cell)), expected);
            }
        }

        #[test]
        fn rows_in_order_take_no_memory_of_their_own(first in 2_u64..9) {
            let mut places = Places::default();
            for (cell, line) in (0_u32..40).zip(first..) {
                places.set(CELLS, CellId(cell), line, "");
            }
            let is_one_run = matches!(&places.lines, Lines::Runs(runs) if runs.len() == 1);
            prop_assert!(is_one_run);
            prop_assert_eq!(places.of(CellId(39)), Some((first.saturating_add(39), "")));
        }
    }
}
