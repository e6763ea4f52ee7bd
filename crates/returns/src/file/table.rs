//! A file of any format as rows, and what it says of whose return it is.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use mesur_catalogue::{AuthorityCode, Edition};

use crate::file::columns::{Column, Layout};
use crate::file::container::{self, Container, damaged};
use crate::file::format::{self, Format};
use crate::file::long::{Long, unclosed_quotation};
use crate::file::one_return::OneReturn;
use crate::file::records::Records;
use crate::file::sheet::{Book, Slip};
use crate::file::survey::Survey;
use crate::file::{ods, text, wide, xlsx};
use crate::finding::Finding;
use crate::kind::FindingKind;
use crate::limits::{file_bytes_max, rows_max, unpacked_bytes_max};
use crate::row::RawObservation;

const MEBIBYTE: usize = 1024 * 1024;

/// The rows of a file, and what is worth a note about it.
pub(crate) struct Table<'a> {
    pub(crate) notes: Vec<Finding>,
    pub(crate) slips: Vec<Slip>,
    survey: Survey,
    /// What a cover states of edition, digest and authority.
    stated: [Option<String>; 3],
    body: Body<'a>,
}

enum Body<'a> {
    Long(Long<'a>),
    Wide(Vec<RawObservation<'a>>),
    Sheets(Vec<RawObservation<'a>>),
}

/// A file that was opened; of one that is CSV in the long form, no row was looked at yet.
pub(crate) struct Opened<'a> {
    table: Table<'a>,
    rows_max: usize,
}

impl<'a> Opened<'a> {
    /// Opens a file within the limits of `edition`. `Err` has what keeps the file from being read,
    /// after its notes: what cannot be read for certain is not read at all.
    pub(crate) fn read(bytes: &'a [u8], edition: &Edition) -> Result<Self, Vec<Finding>> {
        let bytes_max = file_bytes_max(edition);
        if bytes.len() > bytes_max {
            let mebibytes = |count: usize| format!("{} MiB", count.div_ceil(MEBIBYTE));
            return Err(vec![
                Finding::new(FindingKind::FileTooLarge)
                    .expecting(mebibytes(bytes_max))
                    .having_found(mebibytes(bytes.len())),
            ]);
        }
        let table = match format::of(bytes).map_err(|fault| vec![*fault])? {
            Format::Text => open_text(bytes, edition)?,
            Format::Packed => read_packed(bytes, edition)?,
        };
        Ok(Self {
            table,
            rows_max: rows_max(edition),
        })
    }

    /// The rows of a file that may be gone through once.
    pub(crate) fn one_return<'e>(&self, edition: &'e Edition) -> Option<OneReturn<'a, 'e>> {
        match &self.table.body {
            Body::Long(long) => OneReturn::of(long, edition, self.rows_max),
            Body::Wide(_) | Body::Sheets(_) => None,
        }
    }

    /// What is worth a note about the file.
    pub(crate) fn into_notes(self) -> Vec<Finding> {
        self.table.notes
    }

    /// The table, after all of its rows were looked at.
    pub(crate) fn survey(self) -> Result<Table<'a>, Vec<Finding>> {
        let mut table = self.table;
        if let Body::Long(long) = &table.body {
            match long.survey(self.rows_max) {
                Ok(survey) => table.survey = survey,
                Err(faults) => return Err(table.notes.into_iter().chain(faults).collect()),
            }
        }
        Ok(table)
    }
}

impl Table<'_> {
    /// Whether rows may be there before anything is filled in.
    pub(crate) fn is_form(&self) -> bool {
        match &self.body {
            Body::Long(long) => long.is_form(),
            Body::Sheets(_) => true,
            Body::Wide(_) => false,
        }
    }

    /// The rows, filled in or not.
    pub(crate) fn rows(&self) -> Box<dyn Iterator<Item = RawObservation<'_>> + '_> {
        match &self.body {
            Body::Long(long) => Box::new(long.rows()),
            Body::Wide(rows) | Body::Sheets(rows) => Box::new(rows.iter().cloned()),
        }
    }

    /// Whether a cell has a column of its own.
    pub(crate) fn is_wide(&self) -> bool {
        matches!(self.body, Body::Wide(_))
    }

    /// The authority that the cover or most rows name, if the edition has it; otherwise the text
    /// that stands in its place, empty where there is none.
    pub(crate) fn authority(&mut self, edition: &Edition) -> Result<AuthorityCode, String> {
        let known = |text: &str| {
            let code = AuthorityCode::parse(text).ok()?;
            edition.authority(&code).map(|known| known.code.clone())
        };
        let [_, _, stated] = &self.stated;
        if let Some(stated) = stated {
            return known(stated).ok_or_else(|| stated.clone());
        }
        let named = &mut self.survey.authorities;
        let own = named.most_frequent(|text| known(text).is_some());
        if let Some(code) = own.and_then(known) {
            return Ok(code);
        }
        Err(named.most_frequent(|_| true).unwrap_or_default().to_owned())
    }

    /// What the whole file says of the edition that it is not of.
    pub(crate) fn other_edition(&mut self, edition: &Edition) -> Option<Finding> {
        let [name, digest, _] = &self.stated;
        let period = edition.name().period.as_str();
        let other = match name {
            Some(name) => Some(name.as_str()).filter(|name| *name != edition.name().to_string()),
            None => self.survey.editions.the_only(),
        };
        if let Some(other) = other.filter(|other| *other != period) {
            let finding = Finding::new(FindingKind::WrongEdition).in_column("edition");
            return Some(finding.with_value(other).expecting(period));
        }
        let is_other = |digest: &str| !digest.is_empty() && digest != edition.digest();
        let other = match digest {
            Some(digest) => Some(digest.as_str()).filter(|digest| is_other(digest)),
            None => self.survey.digests.most_frequent(is_other),
        };
        let finding = Finding::new(FindingKind::WrongDigest).in_column("edition_digest");
        Some(finding.with_value(other?).expecting(edition.digest()))
    }

    /// The period and authority that the file states for all of its rows, as texts.
    pub(crate) fn stated(&self) -> (Option<&str>, Option<&str>) {
        let [edition, _, authority] = &self.stated;
        let edition = edition.as_deref();
        let edition = edition.map(|name| name.rsplit_once('/').map_or(name, |(_, period)| period));
        (edition, authority.as_deref())
    }
}

fn open_text<'a>(bytes: &'a [u8], edition: &Edition) -> Result<Table<'a>, Vec<Finding>> {
    let rows_max = rows_max(edition);
    let (text, marked) = text::decode(bytes, rows_max)?;
    let mut notes = Vec::new();
    if marked {
        notes.push(Finding::new(FindingKind::ByteOrderMark).on_line(1));
    }
    match open_csv(text, edition, rows_max, &mut notes) {
        Ok((survey, body)) => {
            // The form has the mark from us, so that spreadsheets show its letters.
            if let Body::Long(long) = &body
                && long.is_form()
            {
                notes.retain(|note| note.kind != FindingKind::ByteOrderMark);
            }
            Ok(Table {
                notes,
                slips: Vec::new(),
                survey,
                stated: [None, None, None],
                body,
            })
        }
        Err(faults) => Err(notes.into_iter().chain(faults).collect()),
    }
}

/// The survey of the long form is still to be made.
fn open_csv<'a>(
    text: &'a str,
    edition: &Edition,
    rows_max: usize,
    notes: &mut Vec<Finding>,
) -> Result<(Survey, Body<'a>), Vec<Finding>> {
    let mut records = Records::new(text).of_fields(rows_max);
    let mut header: Vec<Cow<'a, str>> = Vec::new();
    let line = match records.next(&mut header) {
        Some(Ok(line)) => line,
        Some(Err(unclosed)) => return Err(vec![unclosed_quotation(unclosed)]),
        None => return Err(vec![Finding::new(FindingKind::EmptyFile)]),
    };
    if wide::is_header(&header) {
        let (survey, rows) = wide::read(records, (line, &header), edition, rows_max)?;
        return Ok((survey, Body::Wide(rows)));
    }
    let layout = Layout::of_csv(line, &header, notes)?;
    Ok((Survey::default(), Body::Long(Long { records, layout })))
}

fn read_packed<'a>(bytes: &'a [u8], edition: &Edition) -> Result<Table<'a>, Vec<Finding>> {
    let mut book = Book::new(rows_max(edition));
    let read = match container::inspect(bytes, unpacked_bytes_max(edition)) {
        Ok(Container::Ods(content)) => ods::read(&content, &mut book),
        // The one library that reads a file of others without promising not to panic.
        Ok(Container::Xlsx) => {
            let read = catch_unwind(AssertUnwindSafe(|| xlsx::read(bytes, &mut book)));
            read.unwrap_or_else(|_| Err(damaged("XLSX")))
        }
        Err(fault) => Err(fault),
    };
    let mut faults = Vec::from_iter(read.err().map(|fault| *fault));
    if faults.is_empty() {
        faults = book.faults();
    }
    if !faults.is_empty() {
        return Err(book.notes.into_iter().chain(faults).collect());
    }
    let stated = [Column::Edition, Column::EditionDigest, Column::Authority];
    Ok(Table {
        stated: stated.map(|column| book.stated(column).map(str::to_owned)),
        notes: book.notes,
        slips: book.slips,
        survey: book.survey,
        body: Body::Sheets(book.rows),
    })
}
