//! Findings as the user reads them: a table in the terminal, JSON, and CSV.

use std::io::Write;

use mesur_proto::types::v1 as pb;
use mesur_returns::Finding;
use mesur_wire::{message_of, place_of};
use mesur_wording::{Args, Wording};
use serde::Serialize;
use tabled::builder::Builder;
use tabled::settings::Style;

use crate::output::{printable, wrapped};

/// The widest message column of a table, in characters.
const MESSAGE_WIDTH: usize = 72;

/// One finding, with the names that its kind and fields have everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Row {
    /// The file, where several are checked.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) file: String,
    /// The authority's code, where it is known.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) authority: String,
    /// The kind, stable for ever.
    pub(crate) kind: String,
    /// `error`, `warning` or `info`.
    pub(crate) severity: &'static str,
    /// The physical line on which the row starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<u64>,
    /// The metric's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) metric: Option<String>,
    /// The category's code; empty for the metric itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) category: Option<String>,
    /// The column of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) column: Option<String>,
    /// The rule's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rule: Option<String>,
    /// Every cell that it is about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) cells: Vec<String>,
    /// The text or figure as it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<String>,
    /// What is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expected: Option<String>,
    /// What was worked out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) found: Option<String>,
    /// What the sender may have meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) advice: Option<String>,
    /// The explanation that was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) explanation: Option<String>,
    /// What is wrong and what to do.
    pub(crate) message: String,
}

impl Row {
    /// A finding of a file that was checked here.
    pub(crate) fn of_file(file: &str, finding: &Finding, wording: &Wording) -> Self {
        let placed = !finding.metric.is_empty();
        Self {
            file: file.to_owned(),
            authority: String::new(),
            kind: finding.kind.as_str().to_owned(),
            severity: finding.severity.as_str(),
            line: finding.line,
            metric: placed.then(|| finding.metric.clone()),
            category: placed.then(|| finding.category.clone()),
            column: finding.column.clone(),
            rule: finding.rule.clone(),
            cells: finding.cells.iter().map(ToString::to_string).collect(),
            value: finding.value.clone(),
            expected: finding.expected.clone(),
            found: finding.found.clone(),
            advice: finding.advice.clone(),
            explanation: None,
            message: message_of(finding, wording),
        }
    }

    /// A finding of a report. The reference that was sent with each row is its line.
    pub(crate) fn of_report(file: &str, authority: &str, finding: &pb::Finding) -> Self {
        let some = |text: &String| (!text.is_empty()).then(|| text.clone());
        Self {
            file: file.to_owned(),
            authority: authority.to_owned(),
            kind: finding.kind.clone(),
            severity: match finding.severity() {
                pb::finding::Severity::Error => "error",
                pb::finding::Severity::Warning => "warning",
                pb::finding::Severity::Info | pb::finding::Severity::Unspecified => "info",
            },
            line: finding.reference.parse().ok(),
            metric: some(&finding.metric),
            category: some(&finding.metric).map(|_| finding.category.clone()),
            column: None,
            rule: some(&finding.rule),
            cells: finding.cells.clone(),
            value: None,
            expected: some(&finding.expected),
            found: some(&finding.found),
            advice: None,
            explanation: some(&finding.explanation),
            message: finding.message.clone(),
        }
    }

    /// An error of a folder of files as a whole, shown on one of them.
    pub(crate) fn of_folder(file: &str, authority: &str, kind: &str, message: String) -> Self {
        Self {
            file: file.to_owned(),
            authority: authority.to_owned(),
            kind: kind.to_owned(),
            severity: "error",
            line: None,
            metric: None,
            category: None,
            column: None,
            rule: None,
            cells: Vec::new(),
            value: None,
            expected: None,
            found: None,
            advice: None,
            explanation: None,
            message,
        }
    }

    /// Whether it blocks sign-off.
    pub(crate) fn is_error(&self) -> bool {
        self.severity == "error"
    }

    /// Whether the other row says the same of the same cell of the same file.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        self.file == other.file
            && self.kind == other.kind
            && self.rule == other.rule
            && self.metric == other.metric
            && self.category == other.category
            && self.line == other.line
    }

    fn place(&self) -> String {
        let (metric, category) = (self.metric.as_deref(), self.category.as_deref());
        match (metric, &self.column) {
            (Some(metric), _) => place_of(metric, category.unwrap_or_default()),
            (None, Some(column)) => format!("column {column}"),
            (None, None) => String::new(),
        }
    }
}

/// The findings as a table in the language of `wording`; the first column names the file where
/// several are checked.
pub(crate) fn table(rows: &[Row], wording: &Wording) -> anyhow::Result<String> {
    let label = |id: &str| wording.text(id, &Args::new());
    let with_file = rows.iter().any(|row| !row.file.is_empty());
    let mut builder = Builder::default();
    let columns = [
        "findings-line",
        "findings-severity",
        "findings-place",
        "findings-finding",
    ];
    let mut header = columns
        .into_iter()
        .map(label)
        .collect::<Result<Vec<_>, _>>()?;
    if with_file {
        header.insert(0, label("findings-file")?);
    }
    builder.push_record(header);
    for row in rows {
        let line = row.line.map(|line| line.to_string()).unwrap_or_default();
        let severity = label(&format!("severity-{}", row.severity))?;
        let message = wrapped(&printable(&row.message), MESSAGE_WIDTH).join("\n");
        let mut record = vec![line, severity, printable(&row.place()), message];
        if with_file {
            record.insert(0, printable(&row.file));
        }
        builder.push_record(record);
    }
    let mut table = builder.build();
    table.with(Style::sharp());
    Ok(table.to_string())
}

/// How many there are, in words for a last line.
pub(crate) fn summary(rows: &[Row], wording: &Wording) -> anyhow::Result<String> {
    let count = |severity| {
        let count = rows.iter().filter(|row| row.severity == severity).count();
        i64::try_from(count).unwrap_or(i64::MAX)
    };
    let args = Args::new()
        .number("errors", count("error"))
        .number("warnings", count("warning"))
        .number("notes", count("info"));
    Ok(wording.text("findings-summary", &args)?)
}

/// The findings as CSV.
pub(crate) fn write_csv(rows: &[Row], to: impl Write) -> anyhow::Result<()> {
    let mut writer = csv::Writer::from_writer(to);
    writer.write_record([
        "file",
        "authority",
        "line",
        "severity",
        "kind",
        "rule",
        "metric",
        "category",
        "column",
        "expected",
        "found",
        "explanation",
        "message",
    ])?;
    for row in rows {
        let line = row.line.map(|line| line.to_string()).unwrap_or_default();
        let text = |value: &Option<String>| value.as_deref().map(neutral).unwrap_or_default();
        writer.write_record([
            neutral(&row.file),
            row.authority.clone(),
            line,
            row.severity.to_owned(),
            row.kind.clone(),
            text(&row.rule),
            text(&row.metric),
            text(&row.category),
            text(&row.column),
            text(&row.expected),
            text(&row.found.clone().or_else(|| row.value.clone())),
            text(&row.explanation),
            neutral(&row.message),
        ])?;
    }
    Ok(writer.flush()?)
}

/// A text that a spreadsheet would run as a formula gets an apostrophe before it. Figures, which
/// may begin with a minus sign, stay as they are; `-1+1` is no figure.
fn neutral(text: &str) -> String {
    const STARTS: [char; 11] = [
        '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ];
    if text.starts_with(STARTS) && !is_negative_figure(text) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

fn is_negative_figure(text: &str) -> bool {
    text.strip_prefix('-').is_some_and(|figure| {
        let digits = |c: char| c.is_ascii_digit() || c == '.';
        figure.starts_with(|c: char| c.is_ascii_digit()) && figure.chars().all(digits)
    })
}

#[cfg(test)]
mod tests {
    use mesur_wording::Language;

    use super::*;

    fn row(metric: &str, message: &str) -> Row {
        Row {
            metric: Some(metric.to_owned()),
            category: Some(String::new()),
            ..Row::of_folder("=1.csv", "W06000003", "unknown_metric", message.to_owned())
        }
    }

    #[test]
    fn a_spreadsheet_runs_nothing_of_the_findings() {
        for text in [
            "=1+1",
            "+1",
            "@SUM(A1)",
            "-1+cmd|' /C calc'!A0",
            "-A1",
            "-",
            "\t=1",
            "\r=1",
            "\n=1",
            "\u{ff1d}1",
        ] {
            assert_eq!(neutral(text), format!("'{text}"));
        }
        for text in ["", "AD/012", "-5798", "-0.5", "7", "a=b", "'=1"] {
            assert_eq!(neutral(text), text);
        }
        let mut csv = Vec::new();
        let hostile = Row {
            value: Some("-2+3".to_owned()),
            explanation: Some("@me".to_owned()),
            ..row("=A1", "+1 is wrong")
        };
        write_csv(&[hostile], &mut csv).expect("written");
        let text = String::from_utf8(csv).expect("UTF-8");
        assert_eq!(
            text.lines().nth(1),
            Some("'=1.csv,W06000003,,error,unknown_metric,,'=A1,,,,'-2+3,'@me,'+1 is wrong")
        );
    }

    #[test]
    fn a_senders_text_does_not_drive_the_terminal() {
        let wording = Wording::new(Language::En, None).expect("the house wording");
        let rows = [row("AD\u{1b}[2J", "not\u{7} a \u{202e}metric\nnor a line")];
        let table = table(&rows, &wording).expect("a table");
        assert!(table.contains("AD\u{fffd}[2J") && table.contains("not\u{fffd} a"));
        let allowed = |c: char| c == '\n' || !(c.is_control() || c == '\u{202e}');
        assert!(table.chars().all(allowed), "{table}");
        let lines = |text: &str| text.lines().count();
        let one = super::table(&[row("AD/001", "one line")], &wording).expect("a table");
        assert_eq!(lines(&table), lines(&one));
    }
}
