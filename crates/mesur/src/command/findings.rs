//! `mesur findings`, `finding` and `remarks`: the conversation about what was found.

use std::process::ExitCode;

use anyhow::bail;
use mesur_proto::types::v1 as types;
use mesur_proto::types::v1::finding::{Severity, Standing};
use mesur_proto::validation::v1 as validation;
use mesur_wire::EditionResource;
use mesur_wording::Args;
use serde_json::json;

use crate::connection::{Options, PAGE_SIZE, Session, pages, request_id, run};
use crate::findings::{report_table, summary, to_json};
use crate::names::ReturnArgument;
use crate::output::table::{Table, Tone, cell, plain};
use crate::output::{json, printable, say};
use crate::{times, words};

#[derive(Debug, clap::Args)]
pub(crate) struct Findings {
    /// The return, such as W06000003/pif-2022-23, or one revision of it: W06000003/pif-2022-23/2.
    #[arg(value_name = "RETURN")]
    name: ReturnArgument,
    /// Only of this severity, whatever was said about them; may be given again.
    #[arg(long, value_name = "error|warning|info", value_parser = severity)]
    severity: Vec<Severity>,
    /// Only of this rule; may be given again.
    #[arg(long, value_name = "ID")]
    rule: Vec<String>,
    /// Also notes, and what is explained, accepted or overridden already.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    options: Options,
}

fn severity(text: &str) -> Result<Severity, String> {
    let severity = Severity::from_str_name(&text.to_uppercase());
    severity
        .filter(|severity| *severity != Severity::Unspecified)
        .ok_or_else(|| "error, warning or info".to_owned())
}

/// What is said about a finding.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Finding {
    /// Explain a warning, for the authority.
    Explain(Said),
    /// Accept an explanation, for the statistician.
    Accept(Said),
    /// Reject an explanation, for the statistician: the authority is asked again.
    Reject(Said),
    /// Let an error pass, for the statistician.
    Override(Said),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Said {
    /// The return, such as W06000003/pif-2022-23.
    #[arg(value_name = "RETURN")]
    name: ReturnArgument,
    /// The finding's id, such as AD/005-sum:AD/005.
    #[arg(value_name = "FINDING_ID")]
    finding_id: String,
    /// The explanation or the reason, at most 1,000 characters.
    #[arg(long, value_name = "TEXT")]
    text: String,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Remarks {
    /// The return, such as W06000003/pif-2022-23.
    #[arg(value_name = "RETURN")]
    name: ReturnArgument,
    #[command(flatten)]
    options: Options,
}

/// Exits with 0 whatever was found: whether a return can be signed off is for sign-off to say.
pub(crate) fn findings(arguments: &Findings) -> anyhow::Result<ExitCode> {
    let standing_against = arguments.severity.is_empty() && !arguments.all;
    let standings = [Standing::Open, Standing::Rejected];
    let standings = standings.into_iter().filter(|_| standing_against);
    let filter = validation::FindingFilter {
        severities: arguments
            .severity
            .iter()
            .map(|severity| (*severity).into())
            .collect(),
        rules: arguments.rule.clone(),
        metrics: Vec::new(),
        standings: standings.map(Into::into).collect(),
    };
    run(&arguments.options, async |session| {
        let mut client = session.clients.validation.clone();
        let request = validation::GetReportRequest {
            name: arguments.name.report(),
        };
        let report = client
            .get_report(request)
            .await
            .map_err(session.told())?
            .into_inner();
        require_rules(&session, arguments).await?;
        let request = validation::StreamFindingsRequest {
            parent: report.name.clone(),
            filter: Some(filter),
            language_code: session.language_code(),
        };
        let stream = client.stream_findings(request).await;
        let mut stream = stream.map_err(session.told())?.into_inner();
        let mut findings = Vec::new();
        while let Some(finding) = stream.message().await.map_err(session.told())? {
            findings.push(finding);
        }
        tell(&session, &report, &findings)?;
        Ok(ExitCode::SUCCESS)
    })
}

/// A filter by a rule that the edition does not have would find nothing, and look as if all were well.
async fn require_rules(session: &Session, arguments: &Findings) -> anyhow::Result<()> {
    if arguments.rule.is_empty() {
        return Ok(());
    }
    let edition = EditionResource(arguments.name.name.edition.clone());
    let edition = session.edition(edition.to_string()).await?;
    let is_known = |id: &&String| edition.rules.iter().any(|rule| &rule.id == *id);
    match arguments.rule.iter().find(|id| !is_known(id)) {
        Some(id) => bail!("{} has no rule {id}", arguments.name.name.edition),
        None => Ok(()),
    }
}

fn tell(
    session: &Session,
    report: &validation::Report,
    findings: &[types::Finding],
) -> anyhow::Result<()> {
    if session.json {
        let all = json!({
            "report": json::value("mesur.validation.v1.Report", report)?,
            "findings": to_json(findings.iter())?,
        });
        say!("{}", serde_json::to_string_pretty(&all)?);
        return Ok(());
    }
    if !findings.is_empty() {
        say!("{}", report_table(findings, &session.wording));
    }
    let args = Args::new()
        .text(
            "report",
            &crate::names::short(report.name.trim_end_matches("/report")),
        )
        .text("shown", &summary(findings.iter(), &session.wording))
        .text("errors", &report.error_count.to_string())
        .text("open_errors", &report.open_error_count.to_string())
        .text("warnings", &report.warning_count.to_string())
        .text("open_warnings", &report.open_warning_count.to_string())
        .text("queries", &report.open_query_count.to_string());
    say!("{}", words::text(&session.wording, "report-summary", &args));
    Ok(())
}

pub(crate) fn finding(command: &Finding) -> anyhow::Result<ExitCode> {
    let (Finding::Explain(said)
    | Finding::Accept(said)
    | Finding::Reject(said)
    | Finding::Override(said)) = command;
    run(&said.options, async |session| {
        let mut client = session.clients.validation.clone();
        let request = validation::GetReportRequest {
            name: said.name.report(),
        };
        let report = client.get_report(request).await.map_err(session.told())?;
        let name = report.into_inner().name;
        let (finding_id, language_code) = (said.finding_id.clone(), session.language_code());
        let (text, request_id) = (said.text.clone(), request_id());
        let answer = match command {
            Finding::Explain(_) => {
                let request = validation::ExplainFindingRequest {
                    name,
                    finding_id,
                    explanation: text,
                    request_id,
                    language_code,
                };
                client.explain_finding(request).await
            }
            Finding::Accept(_) | Finding::Reject(_) => {
                let request = validation::ReviewExplanationRequest {
                    name,
                    finding_id,
                    accepted: matches!(command, Finding::Accept(_)),
                    reason: text,
                    request_id,
                    language_code,
                };
                client.review_explanation(request).await
            }
            Finding::Override(_) => {
                let request = validation::OverrideFindingRequest {
                    name,
                    finding_id,
                    reason: text,
                    request_id,
                    language_code,
                };
                client.override_finding(request).await
            }
        };
        let finding = answer.map_err(session.told())?.into_inner();
        if session.json {
            json::print("mesur.types.v1.Finding", &finding)?;
        } else {
            say!("{}", report_table(&[finding], &session.wording));
            // An explanation stands in the finding itself.
            if let Some(kind) = kind_of_reason(command) {
                say!("{}: {}", session.label(kind), printable(&said.text));
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// What is decided, where the reason is not part of the finding.
fn kind_of_reason(command: &Finding) -> Option<&'static str> {
    match command {
        Finding::Explain(_) => None,
        Finding::Accept(_) => Some("remark-acceptance"),
        Finding::Reject(_) => Some("remark-rejection"),
        Finding::Override(_) => Some("remark-override"),
    }
}

pub(crate) fn remarks(arguments: &Remarks) -> anyhow::Result<ExitCode> {
    run(&arguments.options, async |session| {
        let parent = arguments.name.name.to_string();
        let remarks = pages(async |page_token| {
            let request = validation::ListRemarksRequest {
                parent: parent.clone(),
                page_size: PAGE_SIZE,
                page_token,
            };
            let page = session
                .clients
                .validation
                .clone()
                .list_remarks(request)
                .await?;
            let page = page.into_inner();
            Ok((page.remarks, page.next_page_token))
        });
        let all = validation::ListRemarksResponse {
            remarks: remarks.await.map_err(session.told())?,
            next_page_token: String::new(),
        };
        if session.json {
            json::print("mesur.validation.v1.ListRemarksResponse", &all)?;
            return Ok(ExitCode::SUCCESS);
        }
        let columns = ["col-time", "col-identity", "col-remark", "col-text"];
        let mut table = Table::new(&session.wording, &columns);
        for remark in &all.remarks {
            let kind = words::value(&session.wording, "remark", remark.kind().as_str_name());
            let tone = if remark.lapsed {
                Tone::Faint
            } else {
                Tone::Plain
            };
            let subject = crate::names::short(&remark.subject);
            let lapsed = if remark.lapsed {
                session.label("lapsed")
            } else {
                String::new()
            };
            table.row([
                plain(times::shown(remark.time.as_ref())),
                plain(&remark.identity),
                plain(kind),
                cell(format!("{subject} {lapsed}\n{}", remark.text), tone),
            ]);
        }
        say!("{}", table.render());
        Ok(ExitCode::SUCCESS)
    })
}
