//! Invented editions and returns of any size, the same for the same seed.
//!
//! Metrics come in pairs. The first of a pair is a single-answer metric whose categories add up to
//! its total; the second is a multiple-answer one, within the first. An edition of rules has the
//! kinds that the bundled ones have, about as many for each cell, and a return breaks none of
//! them: rules cost the same whether or not they hold, findings do not.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context;

use crate::content::Cell;

/// The period of every invented edition.
pub(crate) const PERIOD: &str = "2030-31";
/// Its collection.
pub(crate) const COLLECTION: &str = "invented";
/// The period that its rules compare with.
pub(crate) const PERIOD_BEFORE: &str = "2029-30";

/// How large an invented edition is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// Metrics; each has a total.
    pub(crate) metrics: u32,
    /// Categories of each metric.
    pub(crate) categories: u32,
    /// Authorities that report.
    pub(crate) authorities: u32,
    /// Whether there are rules beyond those about every value.
    pub(crate) rules: bool,
}

impl Shape {
    /// 120 metrics with ten cells each, for so many authorities.
    pub(crate) const fn ordinary(authorities: u32) -> Self {
        Self {
            metrics: 120,
            categories: 9,
            authorities,
            rules: true,
        }
    }

    /// Ten times as many metrics.
    pub(crate) const fn large(authorities: u32) -> Self {
        Self {
            metrics: 1_200,
            ..Self::ordinary(authorities)
        }
    }

    /// Cells of a return.
    pub(crate) fn cells(self) -> u32 {
        self.metrics * (self.categories + 1)
    }

    /// Writes the edition into a folder.
    pub(crate) fn write_edition(self, folder: &Path) -> anyhow::Result<()> {
        let settings = format!(
            "collection = \"{COLLECTION}\"\nperiod = \"{PERIOD}\"\n\
             period_start = \"2030-04-01\"\nperiod_end = \"2031-03-31\"\n"
        );
        std::fs::write(folder.join("edition.toml"), settings)?;
        write_authorities(folder, self.authorities)?;
        self.write_metrics(&mut table(folder, "metrics.csv")?)?;
        self.write_categories(&mut table(folder, "categories.csv")?)?;
        self.write_rules(&mut table(folder, "rules.csv")?)
    }

    fn write_metrics(self, out: &mut impl Write) -> anyhow::Result<()> {
        writeln!(
            out,
            "edition,code,code_status,family,population,title_en,title_status,title_source,\
             title_cy,period,period_status,unit,answer,has_total,based_on,based_on_status,\
             in_release,in_release_status,published,published_status,note"
        )?;
        for metric in 0..self.metrics {
            let answer = if metric % 2 == 0 {
                "single"
            } else {
                "multiple"
            };
            let code = metric_code(metric);
            writeln!(
                out,
                "{PERIOD},{code},,BM,adults,Metric {metric},,,,during_year,,cases,{answer},yes,\
                 ,,,,yes,,"
            )?;
        }
        Ok(out.flush()?)
    }

    fn write_categories(self, out: &mut impl Write) -> anyhow::Result<()> {
        writeln!(
            out,
            "edition,code,category,dimension,answer,label_en,label_cy,label_status,\
             is_unknown_remainder,note"
        )?;
        for metric in 0..self.metrics {
            let code = metric_code(metric);
            for category in 0..self.categories {
                writeln!(
                    out,
                    "{PERIOD},{code},{},part,,,,,no,",
                    category_code(category)
                )?;
            }
        }
        Ok(out.flush()?)
    }

    fn write_rules(self, out: &mut impl Write) -> anyhow::Result<()> {
        writeln!(
            out,
            "edition,rule_id,kind,left,operator,right,threshold,severity,basis,basis_status,note"
        )?;
        writeln!(out, "{PERIOD},ALL-count,count,*,>=,0,,error,,,")?;
        writeln!(out, "{PERIOD},ALL-size,value_range,*,<=,10000000,,error,,,")?;
        let metrics = if self.rules { self.metrics } else { 0 };
        for metric in 0..metrics {
            let code = metric_code(metric);
            let categories: Vec<String> = (0..self.categories)
                .map(|category| format!("{code}[{}]", category_code(category)))
                .collect();
            let sum = categories.join(" + ");
            if metric % 2 == 0 {
                writeln!(out, "{PERIOD},{code}-sum,sum,{code},=,{sum},,error,,,")?;
            } else {
                let base = metric_code(metric - 1);
                for cell in &categories {
                    writeln!(
                        out,
                        "{PERIOD},{cell}-in,category,{cell},<=,{code},,error,,,"
                    )?;
                }
                writeln!(
                    out,
                    "{PERIOD},{code}-cover,cover,{code},<=,{sum},,warning,,,"
                )?;
                writeln!(
                    out,
                    "{PERIOD},{code}-based,subset,{code},<=,{base},,error,,,"
                )?;
                writeln!(
                    out,
                    "{PERIOD},{code}-rate,rate,{code} / {base},in,0-100,,error,,,"
                )?;
                writeln!(
                    out,
                    "{PERIOD},{code}-usual,rate,{code} / {base},in,1-99,,warning,,,"
                )?;
            }
            for cell in categories.iter().take(3).chain([&code]) {
                writeln!(
                    out,
                    "{PERIOD},{cell}-year,year_on_year,{cell},~,prev:{cell},\"50%,50\",warning,,,"
                )?;
            }
        }
        Ok(out.flush()?)
    }

    /// The cells of one return, in catalogue order.
    pub(crate) fn cells_of(self, seed: u64) -> impl Iterator<Item = Cell> {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut total_before = 0;
        (0..self.metrics).flat_map(move |metric| {
            let values = if metric % 2 == 0 {
                let categories: Vec<i64> = (0..self.categories)
                    .map(|_| random.i64(1_000..2_000))
                    .collect();
                let total = categories.iter().sum();
                std::iter::once(total).chain(categories).collect::<Vec<_>>()
            } else {
                let total = total_before / 2;
                let categories = (0..self.categories).map(|_| random.i64(total / 4..total));
                std::iter::once(total).chain(categories).collect()
            };
            total_before = values.first().copied().unwrap_or_default();
            values
                .into_iter()
                .zip(0..)
                .map(move |(value, place): (i64, u32)| Cell {
                    metric: metric_code(metric),
                    category: place.checked_sub(1).map_or_else(String::new, category_code),
                    value: Some(value),
                    status: "provided".to_owned(),
                    comment: String::new(),
                })
        })
    }
}

/// The code of an authority by its number.
pub(crate) fn authority_code(number: u32) -> String {
    format!("W06{number:06}")
}

/// Writes so many authorities and their nation.
pub(crate) fn write_authorities(folder: &Path, authorities: u32) -> anyhow::Result<()> {
    let mut out = table(folder, "authorities.csv")?;
    writeln!(out, "code,name_en,name_cy,kind")?;
    for number in 0..authorities {
        writeln!(
            out,
            "{},Authority {number},,authority",
            authority_code(number)
        )?;
    }
    writeln!(out, "W92000004,Wales,Cymru,nation")?;
    Ok(out.flush()?)
}

fn metric_code(metric: u32) -> String {
    format!("BM/{metric:05}")
}

fn category_code(category: u32) -> String {
    format!("c{category:04}")
}

fn table(folder: &Path, name: &str) -> anyhow::Result<BufWriter<File>> {
    let file = File::create(folder.join(name)).with_context(|| format!("making {name}"))?;
    Ok(BufWriter::new(file))
}
