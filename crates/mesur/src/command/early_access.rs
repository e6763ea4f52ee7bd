//! `mesur early-access`: who may see a release before it is published, and who looked.

use std::process::ExitCode;

use mesur_proto::publication::v1 as publication;

use crate::connection::{Options, PAGE_SIZE, Session, pages, request_id, run};
use crate::names::ReleaseArgument;
use crate::output::table::{Table, Tone, cell, plain};
use crate::output::{json, say};
use crate::times;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Name a person who may see a release before it is published.
    Grant(Grant),
    /// Take early access back.
    Revoke(Revoke),
    /// List who has or had early access, and every look: to be printed.
    List(List),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Grant {
    /// The release, such as pif-2022-23.
    #[arg(value_name = "RELEASE")]
    name: ReleaseArgument,
    /// The person: the subject of their token.
    #[arg(long, value_name = "IDENTITY")]
    reader: String,
    /// Their role or post.
    #[arg(long, value_name = "TEXT")]
    post: String,
    /// Why they need it.
    #[arg(long, value_name = "TEXT")]
    justification: String,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Revoke {
    /// The release, such as pif-2022-23.
    #[arg(value_name = "RELEASE")]
    name: ReleaseArgument,
    /// The person.
    #[arg(long, value_name = "IDENTITY")]
    reader: String,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// The release, such as pif-2022-23, or a revision of it, such as pif-2022-23/2.
    #[arg(value_name = "RELEASE")]
    name: ReleaseArgument,
    #[command(flatten)]
    options: Options,
}

pub(crate) fn run_command(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Grant(arguments) => grant(arguments),
        Command::Revoke(arguments) => revoke(arguments),
        Command::List(arguments) => list(arguments),
    }
}

fn grant(arguments: &Grant) -> anyhow::Result<ExitCode> {
    run(&arguments.options, async |session| {
        let request = publication::GrantEarlyAccessRequest {
            name: arguments.name.0.clone(),
            reader: arguments.reader.clone(),
            post: arguments.post.clone(),
            justification: arguments.justification.clone(),
            request_id: request_id(),
        };
        let mut publication = session.clients.publication.clone();
        let answer = publication.grant_early_access(request).await;
        let reader = answer.map_err(session.told())?.into_inner();
        tell(&session, vec![reader], Vec::new())
    })
}

fn revoke(arguments: &Revoke) -> anyhow::Result<ExitCode> {
    run(&arguments.options, async |session| {
        let request = publication::RevokeEarlyAccessRequest {
            name: arguments.name.0.clone(),
            reader: arguments.reader.clone(),
            reason: arguments.reason.clone(),
            request_id: request_id(),
        };
        let mut publication = session.clients.publication.clone();
        let answer = publication.revoke_early_access(request).await;
        let reader = answer.map_err(session.told())?.into_inner();
        tell(&session, vec![reader], Vec::new())
    })
}

fn list(arguments: &List) -> anyhow::Result<ExitCode> {
    run(&arguments.options, async |session| {
        let listed = pages(async |page_token| {
            let request = publication::ListEarlyAccessRequest {
                name: arguments.name.0.clone(),
                page_size: PAGE_SIZE,
                page_token,
            };
            let mut publication = session.clients.publication.clone();
            let page = publication.list_early_access(request).await?.into_inner();
            let next = page.next_page_token.clone();
            Ok((vec![page], next))
        });
        let (readers, staff_looks) = whole(listed.await.map_err(session.told())?);
        tell(&session, readers, staff_looks)
    })
}

/// The whole list: everybody stands on each page in the same place, each time with further looks.
fn whole(
    pages: Vec<publication::ListEarlyAccessResponse>,
) -> (Vec<publication::EarlyAccess>, Vec<publication::Look>) {
    let (mut readers, mut staff_looks) = (Vec::new(), Vec::new());
    for mut page in pages {
        staff_looks.append(&mut page.staff_looks);
        for (reader, known) in page.readers.iter_mut().zip(readers) {
            let known: publication::EarlyAccess = known;
            reader.looks.splice(..0, known.looks);
        }
        readers = page.readers;
    }
    (readers, staff_looks)
}

fn tell(
    session: &Session,
    readers: Vec<publication::EarlyAccess>,
    staff_looks: Vec<publication::Look>,
) -> anyhow::Result<ExitCode> {
    if session.json {
        let all = publication::ListEarlyAccessResponse {
            readers,
            staff_looks,
            next_page_token: String::new(),
        };
        json::print("mesur.publication.v1.ListEarlyAccessResponse", &all)?;
        return Ok(ExitCode::SUCCESS);
    }
    let columns = [
        "col-reader",
        "col-post",
        "col-justification",
        "col-opens",
        "col-ends",
        "#col-looks",
    ];
    let mut table = Table::new(&session.wording, &columns);
    for reader in &readers {
        let tone = if reader.revoked {
            Tone::Faint
        } else {
            Tone::Plain
        };
        table.row([
            cell(&reader.reader, tone),
            cell(&reader.post, tone),
            cell(&reader.justification, tone),
            cell(times::shown(reader.open_time.as_ref()), tone),
            cell(times::shown(reader.close_time.as_ref()), tone),
            cell(reader.looks.len().to_string(), tone),
        ]);
    }
    if table.is_empty() {
        say!("{}", session.label("no-early-access"));
    } else {
        say!("{}\n", table.render());
    }
    let looks = readers.iter().flat_map(|reader| &reader.looks);
    let columns = ["col-time", "col-reader", "col-file"];
    let mut table = Table::new(&session.wording, &columns);
    for look in looks.chain(&staff_looks) {
        table.row([
            plain(times::shown(look.time.as_ref())),
            plain(&look.reader),
            plain(&look.file_name),
        ]);
    }
    if !table.is_empty() {
        say!("{}", table.render());
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_look_of_every_page_stands_with_who_looked_in_order() {
        let look = |file_name: &str| publication::Look {
            file_name: file_name.to_owned(),
            ..publication::Look::default()
        };
        let page = |readers: &[&[&str]], staff: &[&str]| publication::ListEarlyAccessResponse {
            readers: readers
                .iter()
                .map(|looks| publication::EarlyAccess {
                    looks: looks.iter().map(|name| look(name)).collect(),
                    ..publication::EarlyAccess::default()
                })
                .collect(),
            staff_looks: staff.iter().map(|name| look(name)).collect(),
            next_page_token: String::new(),
        };
        // Somebody is named while the list is read.
        let read = [
            page(&[&["a"], &["b"]], &["c"]),
            page(&[&["d", "e"], &[]], &["f"]),
            page(&[&["g"], &["h"], &["i"]], &[]),
        ];
        let (readers, staff_looks) = whole(read.into());
        let expected = page(&[&["a", "d", "e", "g"], &["b", "h"], &["i"]], &["c", "f"]);
        assert_eq!(
            (readers, staff_looks),
            (expected.readers, expected.staff_looks)
        );
        assert_eq!(whole(Vec::new()), (Vec::new(), Vec::new()));
    }
}
