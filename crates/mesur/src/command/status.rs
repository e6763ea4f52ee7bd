//! `mesur status`: how far the collection of an edition has come.

mod watch;

use std::process::ExitCode;

use mesur_proto::catalogue::v1 as catalogue;
use mesur_proto::validation::v1 as validation;
use mesur_proto::validation::v1::collection_progress::AuthorityProgress;
use mesur_proto::validation::v1::collection_progress::authority_progress::State;
use mesur_wording::{Args, Language};

use crate::connection::{Options, Session, run};
use crate::names::EditionArgument;
use crate::output::table::{Cell, Table, Tone, cell, count, plain};
use crate::output::{json, say, width};
use crate::words;

/// The columns of the authorities; one that begins with `#` is of numbers.
const COLUMNS: [&str; 9] = [
    "col-code",
    "col-authority",
    "col-state",
    "col-late",
    "#col-errors",
    "#col-warnings",
    "#col-open",
    "#col-queries",
    "#col-cells",
];
/// The place of the code among them.
const CODE: usize = 0;
/// The place of the name among them.
const NAME: usize = 1;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The edition, such as pif/2022-23.
    #[arg(long, value_name = "EDITION")]
    edition: EditionArgument,
    /// Also how complete each metric is.
    #[arg(long)]
    metrics: bool,
    /// Go on, and show it again whenever something has happened, until Ctrl-C.
    #[arg(long)]
    watch: bool,
    #[command(flatten)]
    options: Options,
}

pub(crate) fn run_command(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    run(&arguments.options, async |session| {
        let edition = session.edition(arguments.edition.resource("")).await?;
        let board = Board {
            session,
            edition,
            name: arguments.edition.resource("progress"),
            metrics: arguments.metrics,
        };
        if arguments.watch {
            watch::watch(&board).await?;
        } else {
            say!("{}", board.text().await?);
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// What is shown.
struct Board {
    session: Session,
    edition: catalogue::Edition,
    name: String,
    metrics: bool,
}

impl Board {
    /// How far it has come now, as it is printed.
    async fn text(&self) -> anyhow::Result<String> {
        let request = validation::GetCollectionProgressRequest {
            name: self.name.clone(),
        };
        let mut client = self.session.clients.validation.clone();
        let answer = client.get_collection_progress(request).await;
        let progress = answer.map_err(self.session.told())?.into_inner();
        if self.session.json {
            let value = json::value("mesur.validation.v1.CollectionProgress", &progress)?;
            // A line of its own for each state makes a stream that machines can read.
            return Ok(value.to_string());
        }
        let mut text = self.authorities(&progress);
        if self.metrics {
            text = format!("{text}\n\n{}", self.completeness(&progress));
        }
        Ok(text)
    }

    fn authorities(&self, progress: &validation::CollectionProgress) -> String {
        let wording = &self.session.wording;
        let rows: Vec<[Cell; 9]> = progress
            .authorities
            .iter()
            .map(|authority| self.authority(authority, progress.cell_count))
            .collect();
        let table = self.table(&rows, &totals(progress));
        let states = [
            State::SignedOff,
            State::Submitted,
            State::Queried,
            State::Reopened,
            State::NotSent,
        ];
        let counts = states.into_iter().filter_map(|state| {
            let of_state = |authority: &&AuthorityProgress| authority.state() == state;
            let count = progress.authorities.iter().filter(of_state).count();
            let word = words::value(wording, "state", state.as_str_name());
            (count > 0).then(|| format!("{count} {word}"))
        });
        let args = Args::new()
            .text("authorities", &progress.authorities.len().to_string())
            .text("states", &counts.collect::<Vec<_>>().join(", "));
        let line = words::text(wording, "status-summary", &args);
        format!("{}\n\n{line}", table.render())
    }

    /// The table with codes and names, or where the terminal is too narrow with one of them.
    fn table(&self, rows: &[[Cell; 9]], totals: &[Cell; 9]) -> Table {
        let left_out: [&[usize]; 3] = [&[], &[CODE], &[NAME]];
        let mut tables = left_out.into_iter().map(|left_out| {
            let shown = |(at, _): &(usize, _)| !left_out.contains(at);
            let columns = COLUMNS.into_iter().enumerate().filter(shown);
            let columns: Vec<&str> = columns.map(|(_, column)| column).collect();
            let mut table = Table::new(&self.session.wording, &columns);
            // Whatever stands first says what the last line is.
            let mut totals = totals.clone();
            if let Some(first) = totals.get_mut(usize::from(left_out.contains(&CODE))) {
                *first = plain(self.session.label("total"));
            }
            for row in rows.iter().chain([&totals]) {
                let cells = row.iter().cloned().enumerate();
                let cells = cells.filter(|(at, _)| !left_out.contains(at));
                table.row(cells.map(|(_, cell)| cell));
            }
            table
        });
        let narrowest = tables.next_back().unwrap_or_default();
        tables
            .find(|table| table.natural_width() <= width())
            .unwrap_or(narrowest)
    }

    fn authority(&self, authority: &AuthorityProgress, cell_count: i32) -> [Cell; 9] {
        let wording = &self.session.wording;
        let state = authority.state();
        let sent = state != State::NotSent;
        let late = if authority.late {
            self.session.label("late")
        } else {
            String::new()
        };
        let open = authority
            .open_error_count
            .saturating_add(authority.open_warning_count);
        let errors = if authority.open_error_count > 0 {
            Tone::Bad
        } else {
            Tone::Plain
        };
        // Of a return that was not sent nothing is known, which is not the same as nothing found.
        let known = |cell: Cell| if sent { cell } else { plain("") };
        let number = |number, tone| known(count(number, tone));
        let cells = known(plain(format!("{}/{cell_count}", authority.value_count)));
        [
            cell(&authority.authority, Tone::Faint),
            plain(self.name_of(&authority.authority)),
            cell(
                words::value(wording, "state", state.as_str_name()),
                tone(state),
            ),
            cell(late, Tone::Doubt),
            number(authority.error_count, errors),
            number(authority.warning_count, Tone::Plain),
            number(open, Tone::Doubt),
            number(authority.open_query_count, Tone::Doubt),
            cells,
        ]
    }

    fn completeness(&self, progress: &validation::CollectionProgress) -> String {
        let columns = [
            "col-metric",
            "#col-provided",
            "#col-part",
            "#col-missing",
            "#col-not-applicable",
        ];
        let mut table = Table::new(&self.session.wording, &columns);
        for metric in &progress.metrics {
            table.row([
                plain(&metric.metric),
                count(metric.provided_count, Tone::Plain),
                count(metric.part_count, Tone::Doubt),
                count(metric.missing_count, Tone::Bad),
                count(metric.not_applicable_count, Tone::Plain),
            ]);
        }
        table.render()
    }

    fn name_of(&self, code: &str) -> &str {
        let authority = self
            .edition
            .authorities
            .iter()
            .find(|authority| authority.code == code);
        authority.map_or("", |authority| match self.session.wording.language() {
            Language::Cy => &authority.display_name_cy,
            Language::En => &authority.display_name_en,
        })
    }
}

fn tone(state: State) -> Tone {
    match state {
        State::SignedOff => Tone::Good,
        State::Queried | State::Reopened => Tone::Doubt,
        State::NotSent | State::Unspecified => Tone::Faint,
        State::Submitted => Tone::Plain,
    }
}

/// The sums of all authorities; what stands first is left to whoever shows them.
fn totals(progress: &validation::CollectionProgress) -> [Cell; 9] {
    let all = &progress.authorities;
    let sum = |of: fn(&AuthorityProgress) -> i32| -> Cell {
        let sum: i64 = all.iter().map(|authority| i64::from(of(authority))).sum();
        plain(sum.to_string())
    };
    let signed = all
        .iter()
        .filter(|authority| authority.state() == State::SignedOff);
    let late = all.iter().filter(|authority| authority.late);
    let sent = all
        .iter()
        .filter(|authority| authority.state() != State::NotSent);
    let asked = i64::from(progress.cell_count)
        .saturating_mul(i64::try_from(sent.count()).unwrap_or(i64::MAX));
    let values: i64 = all
        .iter()
        .map(|authority| i64::from(authority.value_count))
        .sum();
    [
        plain(""),
        plain(""),
        plain(format!("{}/{}", signed.count(), all.len())),
        plain(late.count().to_string()),
        sum(|authority| authority.error_count),
        sum(|authority| authority.warning_count),
        sum(|authority| {
            authority
                .open_error_count
                .saturating_add(authority.open_warning_count)
        }),
        sum(|authority| authority.open_query_count),
        plain(format!("{values}/{asked}")),
    ]
}
