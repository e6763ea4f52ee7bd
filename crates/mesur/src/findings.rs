//! Findings as the user reads them: a table in the terminal, JSON, and CSV. A file that was
//! checked here and a report of the service come to the same message of the contract, so whatever
//! is printed of the one is printed of the other.

use std::io::Write;

use anyhow::Context;
use mesur_proto::types::v1 as pb;
use mesur_proto::types::v1::finding::{Severity, Standing};
use mesur_returns::Finding;
use mesur_wire::{finding_to_wire, place_of};
use mesur_wording::{Args, Wording};
use serde_json::Value;

use crate::output::json;
use crate::output::table::{Cell, Table, Tone, cell, plain};
use crate::words::{text, value};

/// One finding, and whose it is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// The file, where several are checked.
    pub(crate) file: String,
    /// The authority's code, where it is known.
    pub(crate) authority: String,
    /// The finding.
    pub(crate) finding: pb::Finding,
}

impl Row {
    /// A finding of a file that was checked here.
    pub(crate) fn of_file(file: &str, finding: &Finding, wording: &Wording) -> Self {
        Self {
            file: file.to_owned(),
            authority: String::new(),
            finding: finding_to_wire(finding, wording),
        }
    }

    /// An error of a folder of files as a whole, shown on one of them.
    pub(crate) fn of_folder(file: &str, authority: &str, kind: &str, message: String) -> Self {
        Self {
            file: file.to_owned(),
            authority: authority.to_owned(),
            finding: pb::Finding {
                kind: kind.to_owned(),
                severity: Severity::Error.into(),
                message,
                ..pb::Finding::default()
            },
        }
    }

    /// Whether it blocks sign-off.
    pub(crate) fn is_error(&self) -> bool {
        self.finding.severity() == Severity::Error
    }

    /// Whether the other row is the same finding of the same file.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        let (one, two) = (&self.finding, &other.finding);
        self.file == other.file && one.kind == two.kind && one.id == two.id
    }
}

/// The findings as the contract's JSON.
pub(crate) fn to_json<'a>(
    findings: impl Iterator<Item = &'a pb::Finding>,
) -> anyhow::Result<Value> {
    let values = findings.map(|finding| json::value("mesur.types.v1.Finding", finding));
    values.collect()
}

/// The findings of files as a table; the first column names the file where several are checked.
pub(crate) fn table(rows: &[Row], wording: &Wording) -> String {
    let with_file = rows.iter().any(|row| !row.file.is_empty());
    let columns = [
        "col-file",
        "col-place",
        "col-severity",
        "col-cell",
        "col-finding",
    ];
    let skipped = usize::from(!with_file);
    let mut table = Table::new(wording, columns.get(skipped..).unwrap_or_default());
    for Row { file, finding, .. } in rows {
        let cells = [
            plain(file),
            plain(&finding.place),
            severity(wording, finding),
            plain(place_of(&finding.metric, &finding.category)),
            plain(&finding.message),
        ];
        table.row(cells.into_iter().skip(skipped));
    }
    table.render()
}

/// The findings of a report as a table, with the ids to speak about them.
pub(crate) fn report_table(findings: &[pb::Finding], wording: &Wording) -> String {
    let columns = ["col-severity", "col-standing", "col-id", "col-finding"];
    let mut table = Table::new(wording, &columns);
    for finding in findings {
        let mut message = finding.message.clone();
        if !finding.explanation.is_empty() {
            let args = Args::new().text("explanation", &finding.explanation);
            message = format!("{message}\n{}", text(wording, "finding-explained", &args));
        }
        table.row([
            severity(wording, finding),
            standing(wording, finding),
            plain(&finding.id),
            plain(message),
        ]);
    }
    table.render()
}

fn severity(wording: &Wording, finding: &pb::Finding) -> Cell {
    let severity = finding.severity();
    let tone = match severity {
        Severity::Error => Tone::Bad,
        Severity::Warning => Tone::Doubt,
        Severity::Info | Severity::Unspecified => Tone::Faint,
    };
    cell(value(wording, "severity", severity.as_str_name()), tone)
}

fn standing(wording: &Wording, finding: &pb::Finding) -> Cell {
    let standing = finding.standing();
    let tone = match standing {
        Standing::Open | Standing::Rejected => Tone::Bad,
        Standing::Explained => Tone::Doubt,
        Standing::Accepted | Standing::Overridden => Tone::Good,
        Standing::Unspecified => return plain(""),
    };
    cell(value(wording, "standing", standing.as_str_name()), tone)
}

/// How many there are, in words for a last line.
pub(crate) fn summary<'a>(
    findings: impl Iterator<Item = &'a pb::Finding>,
    wording: &Wording,
) -> String {
    let (mut errors, mut warnings, mut notes) = (0_i64, 0_i64, 0_i64);
    for finding in findings {
        let counted = match finding.severity() {
            Severity::Error => &mut errors,
            Severity::Warning => &mut warnings,
            Severity::Info | Severity::Unspecified => &mut notes,
        };
        *counted = counted.saturating_add(1);
    }
    let args = Args::new()
        .number("errors", errors)
        .number("warnings", warnings)
        .number("notes", notes);
    text(wording, "findings-summary", &args)
}

/// The findings of a folder of files as a last line of words.
pub(crate) fn summary_of(rows: &[Row], wording: &Wording) -> String {
    summary(rows.iter().map(|row| &row.finding), wording)
}

/// The severity as files write it.
fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info | Severity::Unspecified => "info",
    }
}

/// The findings as CSV.
pub(crate) fn write_csv(rows: &[Row], to: impl Write) -> anyhow::Result<()> {
    let mut writer = csv::Writer::from_writer(to);
    writer.write_record([
        "file",
        "authority",
        "place",
        "severity",
        "id",
        "kind",
        "rule",
        "metric",
        "category",
        "expected",
        "found",
        "previous",
        "reference",
        "explanation",
        "message",
    ])?;
    for row in rows {
        let finding = &row.finding;
        writer.write_record([
            &neutral(&row.file),
            &row.authority,
            &neutral(&finding.place),
            severity_word(finding.severity()),
            &neutral(&finding.id),
            &finding.kind,
            &neutral(&finding.rule),
            &neutral(&finding.metric),
            &neutral(&finding.category),
            &neutral(&finding.expected),
            &neutral(&finding.found),
            &neutral(&finding.previous),
            &neutral(&finding.reference),
            &neutral(&finding.explanation),
            &neutral(&finding.message),
        ])?;
    }
    writer.flush().context("writing the findings")
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
    use crate::words;

    fn row(metric: &str, message: &str) -> Row {
        let mut row = Row::of_folder("=1.csv", "W06000003", "unknown_metric", message.to_owned());
        metric.clone_into(&mut row.finding.metric);
        row
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
        let mut hostile = row("=A1", "+1 is wrong");
        hostile.finding.found = "-2+3".to_owned();
        hostile.finding.explanation = "@me".to_owned();
        write_csv(&[hostile], &mut csv).expect("written");
        let text = String::from_utf8(csv).expect("UTF-8");
        assert_eq!(
            text.lines().nth(1),
            Some("'=1.csv,W06000003,,error,,unknown_metric,,'=A1,,,'-2+3,,,'@me,'+1 is wrong")
        );
    }

    #[test]
    fn a_senders_text_does_not_drive_the_terminal() {
        let wording = words::of(Language::En).expect("words");
        let rows = [row("AD\u{1b}[2J", "not\u{7} a \u{202e}metric")];
        let table = table(&rows, &wording);
        assert!(table.contains("AD\u{fffd}[2J") && table.contains("not\u{fffd} a"));
        let allowed = |c: char| c == '\n' || !(c.is_control() || c == '\u{202e}');
        assert!(table.chars().all(allowed), "{table}");
    }
}
