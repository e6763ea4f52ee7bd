//! The files of a release: fetch them, look at them early, and check a signed bundle.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use mesur_outputs::bundle;
use mesur_proto::publication::v1 as publication;
use mesur_wording::Args;

use super::get;
use crate::connection::{Options, Print, Session, run};
use crate::names::ReleaseArgument;
use crate::output::{printable, say};
use crate::refusal::WRONG;
use crate::words;

/// How many problems of a bundle are printed.
const PROBLEMS_SHOWN: usize = 20;

#[derive(Debug, clap::Args)]
pub(crate) struct Fetch {
    /// The release, such as pif-2022-23, or a revision of it, such as pif-2022-23/2.
    #[arg(value_name = "RELEASE")]
    name: ReleaseArgument,
    /// The file, such as data.csv; `mesur release show --json` lists them.
    #[arg(value_name = "FILE", required_unless_present = "all")]
    file: Option<String>,
    /// Every file.
    #[arg(long, conflicts_with = "file")]
    all: bool,
    /// Where to write: a file, or with --all a folder [default: the file's own name here].
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    /// The bundle, such as bundle.zip.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The file with the publisher's public key, as they give it out; without it the bundle's own is
    /// used, which proves only that nothing was changed since it was signed.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    #[command(flatten)]
    print: Print,
}

/// Fetches from a published release, or with `early` from one that is not.
pub(super) fn fetch(arguments: &Fetch, early: bool) -> anyhow::Result<ExitCode> {
    run(&arguments.options, async |session| {
        if let Some(file) = &arguments.file {
            let target = arguments.out.clone().unwrap_or_else(|| PathBuf::from(file));
            save(&session, &arguments.name, file, &target, early).await?;
            return Ok(ExitCode::SUCCESS);
        }
        let folder = arguments.out.clone().unwrap_or_else(|| PathBuf::from("."));
        fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        for file in get(&session, &arguments.name).await?.files {
            let Some(name) = Path::new(&file.file_name).file_name() else {
                bail!("{:?} is not a file's name", file.file_name);
            };
            let target = folder.join(name);
            save(&session, &arguments.name, &file.file_name, &target, early).await?;
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn save(
    session: &Session,
    release: &ReleaseArgument,
    file: &str,
    target: &Path,
    early: bool,
) -> anyhow::Result<()> {
    let bytes = if early {
        preview(session, release, file).await
    } else {
        download(session, release, file).await
    };
    let bytes = bytes.map_err(session.told())?;
    let context = || format!("writing {}", target.display());
    let mut output = File::create(target).with_context(context)?;
    output.write_all(&bytes).with_context(context)?;
    output.flush().with_context(context)?;
    let args = Args::new().text("file", &target.display().to_string());
    say!("{}", words::text(&session.wording, "written", &args));
    Ok(())
}

async fn download(
    session: &Session,
    release: &ReleaseArgument,
    file: &str,
) -> Result<Vec<u8>, tonic::Status> {
    let request = publication::DownloadFileRequest {
        name: release.0.clone(),
        file_name: file.to_owned(),
    };
    let mut publication = session.clients.publication.clone();
    let mut pieces = publication.download_file(request).await?.into_inner();
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.message().await? {
        bytes.extend(piece.content);
    }
    Ok(bytes)
}

async fn preview(
    session: &Session,
    release: &ReleaseArgument,
    file: &str,
) -> Result<Vec<u8>, tonic::Status> {
    let request = publication::PreviewFileRequest {
        name: release.0.clone(),
        file_name: file.to_owned(),
    };
    let mut publication = session.clients.publication.clone();
    let mut pieces = publication.preview_file(request).await?.into_inner();
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.message().await? {
        bytes.extend(piece.content);
    }
    Ok(bytes)
}

/// Checks a bundle. Exit code 1 when anything in it is not as it was signed.
pub(super) fn verify(arguments: &Verify) -> anyhow::Result<ExitCode> {
    let wording = words::named(&arguments.print.language)?;
    let trusted = arguments.key.as_deref().map(public_key).transpose()?;
    let name = arguments.file.display().to_string();
    let context = || format!("reading {name}");
    let bundle = File::open(&arguments.file).with_context(context)?;
    let report = bundle::verify(bundle, trusted.as_ref()).with_context(context)?;
    for problem in report.problems.iter().take(PROBLEMS_SHOWN) {
        say!("{}", printable(&problem.to_string()));
    }
    if let Some(more @ 1..) = report.problems.len().checked_sub(PROBLEMS_SHOWN) {
        say!("… {more}");
    }
    if !report.is_sound() {
        say!(
            "{}",
            words::text(&wording, "bundle-unsound", &Args::new().text("file", &name))
        );
        return Ok(ExitCode::from(WRONG));
    }
    let key = report.key.as_ref().map(bundle::PublicKey::fingerprint);
    let args = Args::new()
        .text("file", &name)
        .text("files", &report.files.len().to_string())
        .text("key", &key.unwrap_or_default());
    say!("{}", words::text(&wording, "bundle-verified", &args));
    if let Some(manifest) = &report.manifest {
        let facts = &manifest.release;
        say!(
            "{}, {}: {}",
            facts.release,
            facts.revision,
            printable(&facts.title)
        );
    }
    if trusted.is_none() {
        say!("{}", words::label(&wording, "bundle-own-key"));
    }
    Ok(ExitCode::SUCCESS)
}

fn public_key(path: &Path) -> anyhow::Result<bundle::PublicKey> {
    let context = || format!("reading the key in {}", path.display());
    let pem = fs::read_to_string(path).with_context(context)?;
    bundle::PublicKey::from_pem(&pem).with_context(context)
}
