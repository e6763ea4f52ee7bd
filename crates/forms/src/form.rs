//! What a form says, whatever it is written as.

use mesur_catalogue::{Cell, CellId, Edition};
use mesur_figures::format_quantity;
use mesur_returns::{Observation, Observed};
use mesur_wording::{Args, Language};

use crate::Contents;
use crate::error::Error;
use crate::guidance;
use crate::words::Words;

/// The most characters of a sheet's name.
const SHEET_NAME_CHARS_MAX: usize = 31;

/// The columns of a sheet with the messages that name them, and how wide they are, in characters.
pub(crate) const COLUMNS: [(&str, u8); 12] = [
    ("form-column-metric", 9),
    ("form-column-category", 10),
    ("form-column-metric-wording", 48),
    ("form-column-category-wording", 32),
    ("form-column-unit", 14),
    ("form-column-previous-value", 14),
    ("form-column-value", 12),
    ("form-column-status", 15),
    ("form-column-reason", 26),
    ("form-column-comment", 44),
    ("form-column-end-date", 14),
    ("form-column-reference", 16),
];

/// The widths of the columns of cover and guidance, in characters.
pub(crate) const TEXT_WIDTHS: [u8; 2] = [34, 110];

/// The columns before the first that is filled in.
pub(crate) const LOCKED_COLUMNS: usize = 6;

/// The place of the columns that have lists to choose from.
pub(crate) const STATUS_COLUMN: usize = 7;
pub(crate) const REASON_COLUMN: usize = 8;

/// The place of the column whose cells are days.
pub(crate) const END_DATE_COLUMN: usize = 10;

/// What a form says.
pub(crate) struct Form {
    pub(crate) authority: String,
    pub(crate) period: String,
    pub(crate) edition_digest: String,
    /// The heading of the cover, and its lines: a word and what it stands for.
    pub(crate) title: String,
    pub(crate) cover: Vec<[String; 2]>,
    /// How the form is filled in.
    pub(crate) steps_heading: String,
    pub(crate) steps: Vec<String>,
    pub(crate) cover_name: String,
    pub(crate) guidance_name: String,
    pub(crate) guidance: guidance::Guidance,
    /// The words above the columns.
    pub(crate) header: Vec<String>,
    pub(crate) sheets: Vec<Sheet>,
    /// The reasons that may be chosen, by id.
    pub(crate) reasons: Vec<String>,
}

/// The cells of one family.
pub(crate) struct Sheet {
    pub(crate) name: String,
    pub(crate) rows: Vec<Row>,
}

/// A cell to fill in. Numbers are decimal text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) metric: String,
    pub(crate) category: String,
    pub(crate) metric_wording: String,
    pub(crate) category_wording: String,
    pub(crate) unit: String,
    pub(crate) previous: String,
    pub(crate) value: String,
    pub(crate) status: String,
    pub(crate) reason: String,
    pub(crate) comment: String,
    pub(crate) end_date: String,
    pub(crate) reference: String,
}

impl Row {
    /// The texts by column, and whether they are numbers.
    pub(crate) fn texts(&self) -> [(&str, bool); COLUMNS.len()] {
        [
            (&self.metric, false),
            (&self.category, false),
            (&self.metric_wording, false),
            (&self.category_wording, false),
            (&self.unit, false),
            (&self.previous, true),
            (&self.value, true),
            (&self.status, false),
            (&self.reason, false),
            (&self.comment, false),
            (&self.end_date, false),
            (&self.reference, false),
        ]
    }
}

impl Form {
    pub(crate) fn new(contents: &Contents<'_>, language: Language) -> Result<Self, Error> {
        let edition = contents.edition;
        let words = Words::new(edition, language)?;
        let (cover_name, guidance_name) = (
            words.plain("form-sheet-cover")?,
            words.plain("form-sheet-guidance")?,
        );
        let header = COLUMNS.iter().map(|(id, _)| words.plain(id));
        let name = Args::new()
            .text("collection", edition.name().collection.as_str())
            .text("period", edition.name().period.as_str());
        Ok(Self {
            authority: contents.authority.to_string(),
            period: edition.name().period.to_string(),
            edition_digest: edition.digest().to_owned(),
            title: words.with("form-title", &name)?,
            cover: cover(contents, &words)?,
            steps_heading: words.plain("form-steps-heading")?,
            steps: steps(contents, &words)?,
            guidance: guidance::write(edition, &words)?,
            header: header.collect::<Result<_, _>>()?,
            sheets: sheets(contents, &words, &[&cover_name, &guidance_name])?,
            reasons: edition
                .reasons()
                .iter()
                .map(|reason| reason.id.clone())
                .collect(),
            cover_name,
            guidance_name,
        })
    }
}

fn cover(contents: &Contents<'_>, words: &Words) -> Result<Vec<[String; 2]>, Error> {
    let Contents {
        edition, authority, ..
    } = *contents;
    let asked = edition.authority(authority);
    let asked = asked.ok_or_else(|| Error::UnknownAuthority {
        authority: authority.clone(),
    })?;
    let settings = edition.settings();
    let period = match (settings.period_start.as_str(), settings.period_end.as_str()) {
        ("", _) | (_, "") => edition.name().period.to_string(),
        (start, end) => {
            let args = Args::new()
                .text("period", edition.name().period.as_str())
                .text("start", start)
                .text("end", end);
            words.with("form-period", &args)?
        }
    };
    let mut lines = vec![
        ("form-cover-edition", edition.name().to_string()),
        ("form-cover-edition-digest", edition.digest().to_owned()),
        ("form-cover-authority", authority.to_string()),
        (
            "form-cover-authority-name",
            words.name(&asked.name_en, &asked.name_cy).to_owned(),
        ),
        (
            "form-cover-collection",
            edition.name().collection.to_string(),
        ),
        ("form-cover-period", period),
    ];
    if let Some(contact) = &edition.release().contact
        && let Some(contact) = words.of_edition(contact)?
    {
        lines.push(("form-cover-contact", contact));
    }
    let line = |(id, text)| Ok([words.plain(id)?, text]);
    lines.into_iter().map(line).collect()
}

fn steps(contents: &Contents<'_>, words: &Words) -> Result<Vec<String>, Error> {
    let mut steps = Vec::new();
    for id in [
        "form-step-value",
        "form-step-missing",
        "form-step-part-period",
        "form-step-other-columns",
        "form-step-locked",
        "form-step-send",
    ] {
        steps.push(words.plain(id)?);
    }
    if let Some(previous) = contents.previous {
        let args = Args::new().text("period", previous.period.as_str());
        steps.push(words.with("form-step-previous", &args)?);
    }
    Ok(steps)
}

/// One sheet for each family, in the order in which the catalogue has them first.
fn sheets(contents: &Contents<'_>, words: &Words, taken: &[&str]) -> Result<Vec<Sheet>, Error> {
    let mut families: Vec<(&str, Sheet)> = Vec::new();
    for (cell, id) in contents.edition.cells().iter().zip((0..).map(CellId)) {
        let metric = contents.edition.metrics().get(cell.metric);
        let family = metric.map_or("", |metric| metric.family.as_str());
        let row = row(contents, cell, id, words)?;
        if let Some((_, sheet)) = families.iter_mut().find(|(known, _)| *known == family) {
            sheet.rows.push(row);
            continue;
        }
        let names = families.iter().map(|(_, sheet)| sheet.name.as_str());
        let taken: Vec<&str> = names.chain(taken.iter().copied()).collect();
        let name = sheet_name(family, &taken, words)?;
        let rows = vec![row];
        families.push((family, Sheet { name, rows }));
    }
    Ok(families.into_iter().map(|(_, sheet)| sheet).collect())
}

/// A name that sheets may have, told apart from those that are taken by a number.
fn sheet_name(family: &str, taken: &[&str], words: &Words) -> Result<String, Error> {
    let allowed = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.');
    let name: String = family.chars().filter(allowed).collect();
    let mut name = name.trim().to_owned();
    if name.is_empty() {
        name = words.plain("form-sheet-metrics")?;
    }
    let is_free = |name: &str| {
        !taken
            .iter()
            .any(|taken| taken.to_lowercase() == name.to_lowercase())
    };
    let cut = |end: &str| {
        let room = SHEET_NAME_CHARS_MAX.saturating_sub(end.len());
        let begin: String = name.chars().take(room).collect();
        format!("{begin}{end}")
    };
    let numbered = (2_u64..).map(|number| cut(&format!(" {number}")));
    let mut names = std::iter::once(cut("")).chain(numbered);
    Ok(names.find(|name| is_free(name)).unwrap_or_default())
}

fn row(contents: &Contents<'_>, cell: &Cell, id: CellId, words: &Words) -> Result<Row, Error> {
    let edition: &Edition = contents.edition;
    let mut row = Row {
        metric: cell.reference.metric.to_string(),
        category: cell.reference.category_str().to_owned(),
        ..Row::default()
    };
    if let Some(metric) = edition.metrics().get(cell.metric) {
        row.metric_wording = words.metric(metric)?;
        row.unit.clone_from(&metric.unit);
    }
    if let Some(category) = edition.category_of(cell) {
        row.category_wording = words.category(category)?;
    }
    let earlier = contents.previous;
    if let Some(value) = earlier.and_then(|earlier| earlier.values.get(&cell.reference)) {
        row.previous = format_quantity(value.value, value.decimals);
    }
    if let Some(observation) = contents.current.and_then(|cells| cells.observation(id)) {
        fill(&mut row, cell, &observation);
    }
    Ok(row)
}

fn fill(row: &mut Row, cell: &Cell, observation: &Observation<'_>) {
    observation.value.word().clone_into(&mut row.status);
    if let Some(value) = observation.value.value() {
        row.value = format_quantity(value, cell.decimals);
    }
    if let Observed::PartPeriod { end: Some(end), .. } = observation.value {
        row.end_date = end.to_string();
    }
    observation.reason.clone_into(&mut row.reason);
    observation.comment.clone_into(&mut row.comment);
    observation.reference.clone_into(&mut row.reference);
}
