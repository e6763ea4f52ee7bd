//! `mesur dataset`: published values, by metric, category, area and period.

use std::io;
use std::process::ExitCode;

use mesur_proto::publication::v1 as publication;
use mesur_wire::place_of;

use crate::connection::{Options, Session, run};
use crate::output::table::{Table, Tone, cell, plain};
use crate::output::{json, say};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only this collection; may be given again.
    #[arg(long, value_name = "ID")]
    collection: Vec<String>,
    /// Only this period, such as 2022-23; may be given again.
    #[arg(long, value_name = "PERIOD")]
    period: Vec<String>,
    /// Only this metric, such as AD/012; may be given again.
    #[arg(long, value_name = "CODE")]
    metric: Vec<String>,
    /// Only this category; `_` is the metric itself; may be given again.
    #[arg(long, value_name = "CODE")]
    category: Vec<String>,
    /// Only this area, such as W06000003, or W92000004 for Wales; may be given again.
    #[arg(long, value_name = "CODE")]
    area: Vec<String>,
    /// Print CSV.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    #[command(flatten)]
    options: Options,
}

/// Prints what is published.
pub(crate) fn run_command(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    run(&arguments.options, async |session| {
        let filter = publication::DatasetFilter {
            collections: arguments.collection.clone(),
            periods: arguments.period.clone(),
            metrics: arguments.metric.clone(),
            categories: arguments.category.clone(),
            areas: arguments.area.clone(),
        };
        let request = publication::StreamDatasetRequest {
            filter: Some(filter),
        };
        let mut publication = session.clients.publication.clone();
        let answer = publication.stream_dataset(request).await;
        let mut stream = answer.map_err(session.told())?.into_inner();
        let mut rows = Vec::new();
        while let Some(piece) = stream.message().await.map_err(session.told())? {
            rows.extend(piece.rows);
        }
        if arguments.csv {
            write_csv(&rows)?;
        } else {
            tell(&session, rows)?;
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn write_csv(rows: &[publication::DatasetRow]) -> anyhow::Result<()> {
    let mut writer = csv::Writer::from_writer(io::stdout().lock());
    writer.write_record([
        "release",
        "period",
        "area_code",
        "metric",
        "category",
        "value",
        "shorthand",
    ])?;
    for row in rows {
        let shorthand = row.shorthand.join(",");
        writer.write_record([
            &row.release,
            &row.period,
            &row.area,
            &row.metric,
            &row.category,
            &row.value,
            &shorthand,
        ])?;
    }
    writer.flush()?;
    Ok(())
}

fn tell(session: &Session, rows: Vec<publication::DatasetRow>) -> anyhow::Result<()> {
    if session.json {
        let all = publication::StreamDatasetResponse { rows };
        return json::print("mesur.publication.v1.StreamDatasetResponse", &all);
    }
    let columns = [
        "col-period",
        "col-area",
        "col-cell",
        "#col-value",
        "col-shorthand",
    ];
    let mut table = Table::new(&session.wording, &columns);
    for row in &rows {
        table.row([
            plain(&row.period),
            plain(&row.area),
            plain(place_of(&row.metric, &row.category)),
            plain(&row.value),
            cell(row.shorthand.join(","), Tone::Faint),
        ]);
    }
    if table.is_empty() {
        say!("{}", session.label("no-values"));
    } else {
        say!("{}", table.render());
    }
    Ok(())
}
