//! `mesur feedback`: what readers sent with the form of the page.

use std::process::ExitCode;

use mesur_proto::publication::v1 as publication;

use crate::connection::{Options, PAGE_SIZE, pages, run};
use crate::output::table::{Table, plain};
use crate::output::{json, say};
use crate::times;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    options: Options,
}

/// Lists it, newest first.
pub(crate) fn run_command(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    run(&arguments.options, async |session| {
        let feedback = pages(async |page_token| {
            let request = publication::ListFeedbackRequest {
                page_size: PAGE_SIZE,
                page_token,
            };
            let mut publication = session.clients.publication.clone();
            let page = publication.list_feedback(request).await?.into_inner();
            Ok((page.feedback, page.next_page_token))
        });
        let feedback = feedback.await.map_err(session.told())?;
        if session.json {
            let all = publication::ListFeedbackResponse {
                feedback,
                next_page_token: String::new(),
            };
            json::print("mesur.publication.v1.ListFeedbackResponse", &all)?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut table = Table::new(&session.wording, &["col-time", "col-page", "col-text"]);
        for one in &feedback {
            table.row([
                plain(times::shown(one.time.as_ref())),
                plain(&one.page),
                plain(&one.text),
            ]);
        }
        if table.is_empty() {
            say!("{}", session.label("no-feedback"));
        } else {
            say!("{}", table.render());
        }
        Ok(ExitCode::SUCCESS)
    })
}
