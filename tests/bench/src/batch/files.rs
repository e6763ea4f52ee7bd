//! The two files of the batch task, taken apart: each authority's rows of this year with those of last
//! year, each a return file of its own. The authorities stand in both in the same order.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, ensure};

/// Bytes that are read at a time.
const BUFFER_BYTES: usize = 256 * 1024;

/// The returns of one authority.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// This year's.
    pub(super) this: Vec<u8>,
    /// Last year's.
    pub(super) last: Vec<u8>,
}

/// The returns that are still to be taken.
pub(super) struct Returns {
    this: Rows,
    last: Rows,
}

impl Returns {
    /// The files of a folder.
    pub(super) fn open(folder: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            this: Rows::open(&folder.join("this.csv"))?,
            last: Rows::open(&folder.join("last.csv"))?,
        })
    }

    /// The returns of the next authority; false when there are no more.
    pub(super) fn next(&mut self, block: &mut Block) -> anyhow::Result<bool> {
        ensure!(
            self.this.authority() == self.last.authority(),
            "the two years are not of the same authorities"
        );
        Ok(self.this.next(&mut block.this)? && self.last.next(&mut block.last)?)
    }
}

/// A file with the rows of one authority behind those of another.
struct Rows {
    reader: BufReader<File>,
    header: Vec<u8>,
    /// The row behind those that were taken; empty at the end.
    ahead: Vec<u8>,
}

impl Rows {
    fn open(file: &Path) -> anyhow::Result<Self> {
        let opened = File::open(file).with_context(|| format!("opening {}", file.display()))?;
        let mut reader = BufReader::with_capacity(BUFFER_BYTES, opened);
        let (mut header, mut ahead) = (Vec::new(), Vec::new());
        reader.read_until(b'\n', &mut header)?;
        reader.read_until(b'\n', &mut ahead)?;
        Ok(Self {
            reader,
            header,
            ahead,
        })
    }

    /// The code before the first comma of the row ahead, with the comma; empty at the end.
    fn authority(&self) -> &[u8] {
        let end = memchr::memchr(b',', &self.ahead);
        end.and_then(|end| self.ahead.get(..=end))
            .unwrap_or_default()
    }

    fn next(&mut self, block: &mut Vec<u8>) -> anyhow::Result<bool> {
        block.clear();
        let own = self.authority().to_vec();
        if own.is_empty() {
            return Ok(false);
        }
        block.extend_from_slice(&self.header);
        block.extend_from_slice(&self.ahead);
        loop {
            let start = block.len();
            let length = self.reader.read_until(b'\n', block)?;
            let row = block.get(start..).unwrap_or_default();
            if length > 0 && row.starts_with(&own) {
                continue;
            }
            self.ahead.clear();
            self.ahead.extend_from_slice(row);
            block.truncate(start);
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_authority_comes_with_its_rows_of_both_years_and_nobody_elses() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name, text| std::fs::write(folder.path().join(name), text).expect("a file");
        write("this.csv", "authority,value\nA1,1\nA1,2\nA10,3\nB,4\n");
        write("last.csv", "authority,value\nA1,5\nA10,6\nA10,7\nB,8");
        let mut returns = Returns::open(folder.path()).expect("the files");
        let mut block = Block::default();
        let mut taken = Vec::new();
        while returns.next(&mut block).expect("a return") {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace('\n', " ");
            taken.push([text(&block.this), text(&block.last)]);
        }
        let expected = [
            ["authority,value A1,1 A1,2 ", "authority,value A1,5 "],
            ["authority,value A10,3 ", "authority,value A10,6 A10,7 "],
            ["authority,value B,4 ", "authority,value B,8"],
        ];
        assert_eq!(taken, expected.map(|pair| pair.map(str::to_owned)));
    }

    #[test]
    fn two_years_of_other_authorities_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name, text| std::fs::write(folder.path().join(name), text).expect("a file");
        write("this.csv", "authority,value\nA,1\nB,2\n");
        write("last.csv", "authority,value\nA,1\nC,2\n");
        let mut returns = Returns::open(folder.path()).expect("the files");
        let mut block = Block::default();
        assert!(returns.next(&mut block).expect("a return"));
        assert!(returns.next(&mut block).is_err());
    }
}
