//! What is published of each metric, as the snapshot says it: decisions of people, or else the edition.
//!
//! The first step on the tables. A metric of which nothing is published leaves them. Where only the
//! authorities' values are withheld, or only the nation's, those stay as empty cells with `x`: not
//! available is all that can be said truly, for `c` would say that somebody could be recognised, and
//! `u` marks a value that is shown. `z` stays: that a cell does not apply is no value. The marks `p`,
//! `u` and `e` stand beside values only.
//!
//! A figure about single authorities rests on the authorities' values, every other one on the nation's.

use mesur_catalogue::{AuthorityCode, Edition, FigureKind, MetricCode};
use mesur_figures::{Marks, Shorthand};
use mesur_proto::aggregation::v1 as wire;

use super::figure::FigureFact;
use super::tables::{Shown, Table};
use super::totals::{TotalsError, check_length, malformed};

/// What is published of one metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Whether the national value is.
    pub(crate) national: bool,
    /// Whether the values of the authorities are.
    pub(crate) authorities: bool,
    /// On all values.
    pub(crate) marks: Marks,
    /// On the values of the authorities in these places.
    pub(crate) authority_marks: Vec<(usize, Marks)>,
}

impl Standing {
    /// Whether anything is published of it.
    pub(crate) fn is_published(&self) -> bool {
        self.national || self.authorities
    }
}

/// What is published of every metric, in catalogue order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standings(Vec<Standing>);

impl Standings {
    /// Reads what totals say, one for every metric of the edition.
    pub(super) fn read(edition: &Edition, totals: &wire::Totals) -> Result<Self, TotalsError> {
        check_length("metrics", totals.metrics.len(), edition.metrics().len())?;
        let metrics = edition.metrics().iter().zip(&totals.metrics);
        let standings = metrics.map(|(metric, found)| {
            let code = metric.code.as_str();
            if found.metric != code {
                return Err(malformed(format!(
                    "the standing of {code} is not in its place"
                )));
            }
            let own = found.authority_marks.iter().map(|own| {
                let place = place(edition, code, &own.authority)?;
                Ok((place, marks(code, &own.marks)?))
            });
            Ok(Standing {
                national: found.national_published,
                authorities: found.authorities_published,
                marks: marks(code, &found.marks)?,
                authority_marks: own.collect::<Result<_, TotalsError>>()?,
            })
        });
        Ok(Self(standings.collect::<Result<_, _>>()?))
    }

    /// The standing of the metric in a place of the catalogue.
    pub(crate) fn of(&self, metric: usize) -> Option<&Standing> {
        self.0.get(metric)
    }

    /// Whether everything that a figure rests on is published. A metric that the edition does not know
    /// is not.
    pub(crate) fn allows(&self, edition: &Edition, figure: &FigureFact) -> bool {
        let rests_on_authorities = matches!(
            figure.kind,
            FigureKind::AuthorityPercent { .. } | FigureKind::AuthorityCount { .. }
        );
        figure.metrics.iter().all(|code| {
            let code = MetricCode::parse(code).ok();
            let place = code.and_then(|code| {
                let mut metrics = edition.metrics().iter();
                metrics.position(|metric| metric.code == code)
            });
            let standing = place.and_then(|place| self.of(place));
            standing.is_some_and(|standing| {
                if rests_on_authorities {
                    standing.authorities
                } else {
                    standing.national
                }
            })
        })
    }

    /// Leaves in the tables, which are of all metrics, what is published, and marks it.
    pub(crate) fn apply(&self, tables: Vec<Table>) -> Vec<Table> {
        let pairs = tables.into_iter().zip(&self.0);
        let published = pairs.filter(|(_, standing)| standing.is_published());
        let published = published.map(|(mut table, standing)| {
            for column in &mut table.columns {
                settle(&mut column.shown, standing.national, standing.marks);
                for (place, shown) in column.values.iter_mut().enumerate() {
                    let own = standing.authority_marks.iter();
                    let own = own.filter(|(of, _)| *of == place);
                    let letters = own.flat_map(|(_, marks)| marks.iter());
                    let marks = letters.fold(standing.marks, Marks::with);
                    settle(shown, standing.authorities, marks);
                }
            }
            table
        });
        published.collect()
    }
}

/// Withholds a value, or marks it.
fn settle(shown: &mut Shown, published: bool, marks: Marks) {
    if shown.units.is_some() && published {
        shown.marks = marks.iter().fold(shown.marks, Marks::with);
    } else if !published && !shown.marks.has(Shorthand::NotApplicable) {
        let total = shown.marks.has(Shorthand::Total);
        *shown = Shown::nothing(Shorthand::NotAvailable);
        if total {
            shown.marks = shown.marks.with(Shorthand::Total);
        }
    }
}

fn place(edition: &Edition, metric: &str, code: &str) -> Result<usize, TotalsError> {
    let code = AuthorityCode::parse(code).ok();
    let place = code.and_then(|code| {
        let mut authorities = edition.authorities().iter();
        authorities.position(|authority| authority.code == code)
    });
    place.ok_or_else(|| malformed(format!("a mark on {metric} is on no authority")))
}

fn marks(metric: &str, sent: &[i32]) -> Result<Marks, TotalsError> {
    let letters = sent
        .iter()
        .map(|number| match wire::Mark::try_from(*number) {
            Ok(wire::Mark::Provisional) => Ok(Shorthand::Provisional),
            Ok(wire::Mark::LowReliability) => Ok(Shorthand::LowReliability),
            Ok(wire::Mark::Estimated) => Ok(Shorthand::Estimated),
            Ok(wire::Mark::Unspecified) | Err(_) => {
                Err(malformed(format!("{metric} has a mark that is not known")))
            }
        });
    letters.collect()
}

#[cfg(test)]
mod tests {
    use mesur_proto::types::v1::observation::Status;
    use mesur_wording::{Language, Span};

    use super::super::testing::{compiled, complete, edition, figure_mut, snapshot, totals};
    use super::super::{Compiled, Error, Wordings, compile, statement_args};
    use super::*;

    /// Value and letters of the nation and of each authority, in the first cell of a metric.
    fn shown(release: &Compiled, metric: &str) -> Vec<(Option<i64>, String)> {
        let mut tables = release.tables.iter();
        let table = tables.find(|table| table.metric.code.as_str() == metric);
        let column = &table.expect("a table").columns[0];
        let all = std::iter::once(&column.shown).chain(&column.values);
        all.map(|shown| (shown.units, shown.marks.to_string()))
            .collect()
    }

    fn metric_mut<'a>(totals: &'a mut wire::Totals, code: &str) -> &'a mut wire::MetricStanding {
        let mut metrics = totals.metrics.iter_mut();
        metrics
            .find(|metric| metric.metric == code)
            .expect("a metric")
    }

    #[test]
    fn a_decision_takes_a_metric_out_and_brings_one_in() {
        let edition = edition(&[]);
        let mut totals = complete(&edition);
        metric_mut(&mut totals, "WA/001").national_published = false;
        metric_mut(&mut totals, "WA/001").authorities_published = false;
        metric_mut(&mut totals, "WA/003").national_published = true;
        metric_mut(&mut totals, "WA/003").authorities_published = true;
        let release = compiled(&edition, &totals);
        let codes = release
            .tables
            .iter()
            .map(|table| table.metric.code.as_str());
        assert_eq!(codes.collect::<Vec<_>>(), ["WA/002", "WA/003", "WA/004"]);
        assert_eq!(release.omitted_statements, ["s1", "s2"]);
        assert_eq!(release.quality.unpublished, ["WA/001"]);
        let counts = release.quality.populations.iter();
        let counts: Vec<_> = counts.map(|one| (one.published, one.metrics)).collect();
        assert_eq!(counts, [(1, 2), (2, 2)]);
    }

    #[test]
    fn withheld_values_of_authorities_are_empty_and_only_what_rests_on_them_is_left_out() {
        let edition = edition(&[]);
        let mut totals = totals(&edition, |authority, cell| match (authority, cell) {
            (2, 0) => (Status::NotApplicable, None),
            _ => (Status::Provided, Some(10)),
        });
        metric_mut(&mut totals, "WA/001").authorities_published = false;
        let release = compiled(&edition, &totals);
        let text = |letters: &str| letters.to_owned();
        assert_eq!(
            shown(&release, "WA/001"),
            [
                (Some(20), text("t")),
                (None, text("x")),
                (None, text("x")),
                (None, text("z")),
            ]
        );
        // The best authority and how many others reach a threshold; counts and shares stay.
        assert_eq!(release.omitted_statements, ["s2", "s5"]);

        let standing = metric_mut(&mut totals, "WA/001");
        (standing.national_published, standing.authorities_published) = (false, true);
        let release = compiled(&edition, &totals);
        assert_eq!(
            shown(&release, "WA/001"),
            [
                (None, text("t,x")),
                (Some(10), String::new()),
                (Some(10), String::new()),
                (None, text("z")),
            ]
        );
        assert_eq!(release.omitted_statements, ["s1", "s5"]);
    }

    #[test]
    fn marks_stand_beside_values_of_the_nation_and_of_authorities() {
        let edition = edition(&[]);
        let mut totals = totals(&edition, |authority, cell| match (authority, cell) {
            (1, 0) => (Status::NotProvided, None),
            _ => (Status::Provided, Some(10)),
        });
        let standing = metric_mut(&mut totals, "WA/001");
        standing.marks = vec![wire::Mark::Provisional.into()];
        standing.authority_marks = ["X02", "X03"]
            .map(|authority| wire::AuthorityMarks {
                authority: authority.to_owned(),
                marks: vec![
                    wire::Mark::LowReliability.into(),
                    wire::Mark::Estimated.into(),
                ],
            })
            .to_vec();
        let letters = shown(&compiled(&edition, &totals), "WA/001");
        let letters: Vec<_> = letters
            .iter()
            .map(|(_, letters)| letters.as_str())
            .collect();
        assert_eq!(letters, ["p,t", "p", "x", "e,p,u"]);
    }

    #[test]
    fn standings_that_do_not_fit_the_edition_are_refused() {
        let edition = edition(&[]);
        let good = complete(&edition);
        let mut none = good.clone();
        none.metrics.clear();
        let mut swapped = good.clone();
        swapped.metrics.swap(0, 1);
        let mut unknown = good.clone();
        unknown.metrics[0].marks = vec![0];
        let mut stranger = good.clone();
        stranger.metrics[0].authority_marks = vec![wire::AuthorityMarks {
            authority: "X77".to_owned(),
            marks: Vec::new(),
        }];
        for totals in [none, swapped, unknown, stranger] {
            let refused = compile(&edition, snapshot(), &totals, &[], None);
            assert!(
                matches!(refused, Err(Error::Totals(TotalsError::Malformed { .. }))),
                "{refused:?}"
            );
        }
    }

    #[test]
    fn a_figure_of_kind_change_is_told_by_its_direction() {
        let figures = "figure,kind,numerator,denominator,of,rank,threshold,source_id,note\n\
            growth,change,WA/001,,,,,,\n";
        let plan = "[[section]]\nid = \"homes\"\n[[section.group]]\nid = \"year\"\n\
            statements = [\"s1\"]\n";
        let english = "section-homes = Homes\ngroup-year = In the year\n\
            statement-s1 = { $growth-direction ->\n    [rise] More by { $growth }\n    \
            [fall] Less by { $growth }\n   *[none] As much\n}.\n";
        let edition = edition(&[
            ("figures.csv", figures),
            ("outside.csv", ""),
            ("release.toml", plan),
            ("release.en.ftl", english),
            ("release.cy.ftl", ""),
        ]);
        let wordings = Wordings::load(&edition).expect("words");
        let mut totals = complete(&edition);
        for (value, words) in [(-5, "Less by"), (0, "As much"), (7, "More by")] {
            figure_mut(&mut totals, "growth").value = Some(value);
            let release = compiled(&edition, &totals);
            let figures = &release.sections[0].groups[0].statements[0].figures;
            let args = statement_args(figures, Language::En, "");
            let spans = wordings.of(Language::En).spans("statement-s1", &args);
            let spans = spans.expect("a sentence");
            let begins = matches!(&spans[0], Span::Text(text) if text.starts_with(words));
            assert!(begins, "{value}: {spans:?}");
            assert_eq!(figures[0].plural_number(), value.abs());
        }
    }
}
