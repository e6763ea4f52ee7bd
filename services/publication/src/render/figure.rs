//! Figures and footnotes in words and digits.

use mesur_catalogue::FigureKind;
use mesur_figures::Percent;
use mesur_wording::{Args, thousands};

use super::Error;
use super::line::{Line, Run};
use super::speaker::Speaker;
use crate::domain::{FigureFact, Footnote, Note, PartPeriod};

/// A figure as the release prints it.
pub(crate) fn printed(speaker: &Speaker<'_>, figure: &FigureFact) -> Result<String, Error> {
    let Some(units) = figure.units else {
        return speaker.label("not-available");
    };
    match &figure.kind {
        FigureKind::Count { .. } | FigureKind::Rate { .. } => {
            Ok(thousands(units, figure.decimals, speaker.language()))
        }
        // The statement says whether it rose or fell.
        FigureKind::Change { .. } => {
            let value = thousands(units.saturating_abs(), figure.decimals, speaker.language());
            speaker.house("percent", &Args::new().text("value", &value))
        }
        FigureKind::Percent { .. } | FigureKind::AuthorityPercent { .. } => {
            let (decimals, nearly_100) = (figure.decimals, figure.nearly_100);
            percent(
                speaker,
                Percent {
                    units,
                    decimals,
                    nearly_100,
                },
            )
        }
        FigureKind::AuthorityCount { .. } => {
            speaker.house("count-authorities", &Args::new().number("n", units))
        }
        FigureKind::Outside(outside) => {
            let message = format!("unit-{}", outside.unit);
            let value = thousands(units, figure.decimals, speaker.language());
            let args = Args::new().text("value", &value);
            Ok(speaker.holding(&message).text(&message, &args)?)
        }
    }
}

/// A percentage as the release prints it.
pub(crate) fn percent(speaker: &Speaker<'_>, percent: Percent) -> Result<String, Error> {
    if percent.nearly_100 {
        return speaker.label("percent-nearly-100");
    }
    let value = thousands(percent.units, percent.decimals, speaker.language());
    speaker.house("percent", &Args::new().text("value", &value))
}

/// A whole percentage of authorities.
pub(crate) fn whole_percent(speaker: &Speaker<'_>, units: i64) -> Result<String, Error> {
    percent(
        speaker,
        Percent {
            units,
            decimals: 0,
            nearly_100: false,
        },
    )
}

/// The text of a footnote: its notes, one after the other.
pub(crate) fn footnote(speaker: &Speaker<'_>, footnote: &Footnote) -> Result<Line, Error> {
    let mut runs = Vec::new();
    for text in &footnote.notes {
        if !runs.is_empty() {
            runs.push(Run::Text(" ".to_owned()));
        }
        runs.extend(note(speaker, text)?.runs);
    }
    Ok(Line {
        runs,
        english_only: false,
    })
}

fn note(speaker: &Speaker<'_>, note: &Note) -> Result<Line, Error> {
    let PartPeriod {
        end,
        reason,
        authorities,
    } = match note {
        Note::NotProvided(authorities) => {
            let args = Args::new().number("n", i64::from(*authorities));
            return speaker.line("footnote-not-provided", args, &[]);
        }
        Note::PartPeriod(part) => part,
    };
    let mut args = Args::new().number("n", i64::from(*authorities));
    if let Some(end) = end {
        args = args.text("date", &speaker.date(*end)?);
    }
    let reason = reason
        .as_ref()
        .and_then(|reason| speaker.held(&reason.label_en, &reason.label_cy));
    let slots: Vec<(&str, Run)> = reason
        .into_iter()
        .map(|reason| ("reason", reason))
        .collect();
    let message = match (end, slots.is_empty()) {
        (Some(_), false) => "footnote-part-period",
        (Some(_), true) => "footnote-part-period-no-reason",
        (None, false) => "footnote-part-period-no-date",
        (None, true) => "footnote-part-period-only",
    };
    speaker.line(message, args, &slots)
}
