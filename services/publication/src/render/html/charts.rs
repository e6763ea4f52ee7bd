//! The charts of a metric in words: what they show, what is to be seen, what they lack.

use std::collections::BTreeMap;

use maud::{Markup, html};
use mesur_catalogue::Authority;
use mesur_figures::Shorthand;
use mesur_wording::{Args, thousands};

use super::{Page, Shape};
use crate::domain::{Column, Shown, Table, area_name};
use crate::render::Error;
use crate::render::chart::{Bar, Bars, Names, Reference, YearMark, Years, bars, years};
use crate::render::measure::Measure;
use crate::render::table::{bracketed, marks_of};

impl Page<'_> {
    /// The bars of a metric over the authorities, the largest first; nothing where too few have a value.
    /// The style sheet shows one of the settings.
    pub(super) fn bars(
        &self,
        id: &str,
        table: &Table,
        shape: &Shape,
        settings: &[Names],
    ) -> Result<Option<Markup>, Error> {
        let (Some(measure), Some(column)) = (&shape.measure, table.columns.first()) else {
            return Ok(None);
        };
        let part = self.label("part-period-short")?;
        let authorities = self.edition.authorities().iter();
        let mut rows: Vec<(&Authority, Option<i64>, &Shown)> = authorities
            .zip(&column.values)
            .zip(&measure.values)
            .map(|((authority, shown), value)| (authority, *value, shown))
            .collect();
        // The order of the edition among equals.
        rows.sort_by_key(|(_, value, _)| std::cmp::Reverse(*value));
        let marks: Vec<Bar> = rows
            .iter()
            .map(|(authority, value, shown)| Bar {
                name: area_name(authority, self.language()).to_owned(),
                value: *value,
                printed: self.compared(*value, measure.decimals, shown, &part),
            })
            .collect();
        let with_value: Vec<_> = rows
            .iter()
            .filter(|(_, value, _)| value.is_some())
            .collect();
        let (Some(highest), Some(lowest)) = (with_value.first(), with_value.last()) else {
            return Ok(None);
        };
        let what = self.measure_name(measure)?;
        let print = |value: Option<i64>| self.number(value, measure.decimals);
        let nation = area_name(self.edition.nation(), self.language());
        let whole = print(measure.whole);
        let args = Args::new()
            .text("highest", &print(highest.1))
            .text("highest-area", area_name(highest.0, self.language()))
            .text("lowest", &print(lowest.1))
            .text("lowest-area", area_name(lowest.0, self.language()))
            .text("line", &self.line_label(measure, nation, &whole)?);
        let about = self.speaker.house("chart-about", &args)?;
        let title = Args::new()
            .text("code", table.metric.code.as_str())
            .text("measure", &what);
        let title = self.speaker.house("chart-title", &title)?;
        let reference = measure.whole.map(|value| -> Result<_, Error> {
            let label = self.line_label(measure, nation, &whole)?;
            Ok(Reference { label, value })
        });
        let chart = Bars {
            id,
            title: &title,
            description: &about,
            areas: &marks,
            reference: reference.transpose()?,
        };
        Ok(Some(html! {
            div.chart-box { @for names in settings { (bars(&chart, *names)) } }
        }))
    }

    /// What the line of a chart stands for, with its value.
    fn line_label(&self, measure: &Measure, nation: &str, whole: &str) -> Result<String, Error> {
        let args = Args::new().text("value", whole);
        if measure.per.is_some() {
            return self
                .speaker
                .house("chart-line", &args.text("nation", nation));
        }
        self.speaker.house("chart-mean", &args)
    }

    /// What the bars measure, as a heading.
    pub(super) fn measure_name(&self, measure: &Measure) -> Result<String, Error> {
        let Some(per) = measure.per else {
            return self.label("table-value");
        };
        let people = thousands(per, 0, self.language());
        self.speaker
            .house("measure-rate", &Args::new().text("people", &people))
    }

    /// What the line is worked out over.
    pub(super) fn measure_basis(&self, measure: &Measure) -> Result<String, Error> {
        let count = i64::try_from(measure.authorities).unwrap_or(i64::MAX);
        let args = Args::new().number("n", count);
        let message = if measure.per.is_some() {
            "measure-rate-basis"
        } else {
            "measure-mean-basis"
        };
        self.speaker.house(message, &args)
    }

    /// A compared value with the marks of what it is made from.
    pub(super) fn compared(
        &self,
        value: Option<i64>,
        decimals: u8,
        shown: &Shown,
        part: &str,
    ) -> String {
        let printed = value.map_or_else(String::new, |units| {
            thousands(units, decimals, self.language())
        });
        marks_of(printed, shown, part)
    }

    pub(super) fn number(&self, value: Option<i64>, decimals: u8) -> String {
        value.map_or_else(String::new, |units| {
            thousands(units, decimals, self.language())
        })
    }

    /// The authorities that a column has no whole value of, by what is marked.
    pub(super) fn gaps(&self, column: &Column) -> Result<Markup, Error> {
        let mut gaps: BTreeMap<String, Vec<&Authority>> = BTreeMap::new();
        let part = self.label("part-period-short")?;
        for (authority, shown) in self.edition.authorities().iter().zip(&column.values) {
            if shown.part_period {
                gaps.entry(part.clone()).or_default().push(authority);
            }
            for shorthand in shown.marks.without(Shorthand::Total).iter() {
                gaps.entry(shorthand.code().to_owned())
                    .or_default()
                    .push(authority);
            }
        }
        let meaning = |code: &str| match code {
            _ if code == part => self.label("part-period-mark"),
            _ => self.label(&format!("shorthand-{code}")),
        };
        Ok(html! {
            @for (code, authorities) in &gaps {
                p {
                    (bracketed(code)) " " (meaning(code)?) ": "
                    @for (place, authority) in authorities.iter().enumerate() {
                        @if place > 0 { ", " }
                        (self.area(authority))
                    }
                }
            }
        })
    }

    /// The nation over the periods as a chart; nothing without an earlier release that has the metric.
    pub(super) fn years(
        &self,
        id: &str,
        table: &Table,
        shape: &Shape,
    ) -> Result<Option<Markup>, Error> {
        if shape.points.is_empty() {
            return Ok(None);
        }
        let part = self.label("part-period-short")?;
        let decimals = table.metric.decimals;
        let marks: Vec<YearMark> = shape
            .points
            .iter()
            .map(|point| YearMark {
                period: point.period.clone(),
                value: point.shown.units,
                printed: self.compared(point.shown.units, decimals, &point.shown, &part),
                is_break: point.is_break,
                is_next: point.is_next,
            })
            .collect();
        let nation = area_name(self.edition.nation(), self.language());
        let args = Args::new()
            .text("code", table.metric.code.as_str())
            .text("nation", nation);
        let title = self.speaker.house("years-title", &args)?;
        let about: Vec<String> = marks
            .iter()
            .map(|mark| format!("{}: {}", mark.period, mark.printed))
            .collect();
        let mut about = about.join("; ");
        let break_label = self.label("years-break")?;
        if marks.iter().any(|mark| mark.is_break) {
            about = format!("{about}. {}", self.label("years-break-note")?);
        }
        Ok(Some(years(&Years {
            id,
            title: &title,
            description: &about,
            break_label: &break_label,
            marks: &marks,
        })))
    }
}
