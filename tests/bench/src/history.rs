//! Services with years of releases behind them: the two of the demonstration, or times as many.

use std::path::PathBuf;

use anyhow::Context;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::production::{BUNDLED, Production, demo, samples, write_year};
use crate::suite::Suite;

/// As many years as the demonstration has, and ten times as many.
pub(crate) const TIMES: [u32; 2] = [1, LARGER];
/// How much larger the second size is than the first.
pub(crate) const LARGER: u32 = 10;
/// Years of the demonstration.
const DEMO_YEARS: u32 = 2;
/// The first year of those that are added.
const FIRST: u16 = 2024;

/// `mesur up` with its releases.
pub(crate) struct History {
    suite: Suite,
    times: u32,
    /// The release of the bundled year, whatever came before and after it.
    pub(crate) release: String,
    editions: Vec<PathBuf>,
    folder: TempDir,
}

impl History {
    /// Makes so many times as many years as the demonstration has, each with its returns and its release.
    pub(crate) fn make(runtime: &Runtime, times: u32) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("a folder")?;
        let years = u16::try_from(DEMO_YEARS * times.saturating_sub(1))?;
        let (mut editions, mut periods) = (Vec::new(), Vec::new());
        for year in FIRST..FIRST + years {
            let edition = folder.path().join(year.to_string());
            periods.push(write_year(&edition, year)?);
            editions.push(edition);
        }
        let suite = Suite::start(&folder.path().join("data"), &editions)?;
        let releases = runtime.block_on(demo(&suite))?;
        let contents = samples(BUNDLED)?;
        for period in periods {
            runtime.block_on(async {
                Production::new(&suite, &period)?.whole(&contents).await?;
                anyhow::Ok(())
            })?;
        }
        Ok(Self {
            suite,
            times,
            release: releases.into_iter().next_back().context("a release")?,
            editions,
            folder,
        })
    }

    /// The services.
    pub(crate) fn suite(&self) -> &Suite {
        &self.suite
    }

    /// How many releases there are, where it is more than the demonstration has.
    pub(crate) fn among(&self) -> String {
        let releases = DEMO_YEARS * self.times;
        if self.times == 1 {
            String::new()
        } else {
            format!(" among {releases} releases")
        }
    }

    /// Stops the services and starts them again.
    pub(crate) fn started_again(self, runtime: &Runtime) -> anyhow::Result<Self> {
        drop(self.suite);
        let suite = Suite::start(&self.folder.path().join("data"), &self.editions)?;
        runtime.block_on(suite.healthy())?;
        Ok(Self { suite, ..self })
    }
}
