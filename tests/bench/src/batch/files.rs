//! The two files of the batch task, taken apart: each authority's rows of this year with those of last
//! year, each a return file of its own. The authorities stand in both in the same order.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, ensure};
use memchr::{memchr, memrchr};

/// Bytes that are read at a time, about as many as the rows of an authority.
const READ_BYTES: u64 = 64 * 1024;

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
        let this = self.this.next(&mut block.this)?;
        ensure!(
            this == self.last.next(&mut block.last)?,
            "the two years are not of the same authorities"
        );
        Ok(!this.is_empty())
    }
}

/// A file with the rows of one authority behind those of another. The rows of an authority stand
/// together; where they do not, the engine finds those of somebody else in a return.
struct Rows {
    file: File,
    header: Vec<u8>,
    /// What was read beyond the rows that were taken, from the beginning of a row.
    ahead: Vec<u8>,
    at_end: bool,
}

impl Rows {
    fn open(file: &Path) -> anyhow::Result<Self> {
        let opened = File::open(file).with_context(|| format!("opening {}", file.display()))?;
        let mut rows = Self {
            file: opened,
            header: Vec::new(),
            ahead: Vec::new(),
            at_end: false,
        };
        let mut start = Vec::new();
        rows.read_on(&mut start)?;
        let end = memchr(b'\n', &start).context("a header")?;
        rows.ahead = start.split_off(end + 1);
        rows.header = start;
        Ok(rows)
    }

    fn read_on(&mut self, rows: &mut Vec<u8>) -> anyhow::Result<()> {
        let count = (&self.file).take(READ_BYTES).read_to_end(rows)?;
        self.at_end = u64::try_from(count)? < READ_BYTES;
        Ok(())
    }

    /// Puts the rows of the next authority below the header; its code, empty when there are no more.
    fn next<'a>(&mut self, block: &'a mut Vec<u8>) -> anyhow::Result<&'a [u8]> {
        block.clear();
        block.extend_from_slice(&self.header);
        block.append(&mut self.ahead);
        let start = self.header.len();
        let rows = loop {
            let rows = block.get(start..).unwrap_or_default();
            // The last row may have been read in part.
            let read = memrchr(b'\n', rows).map_or(0, |end| end + 1);
            let read = if self.at_end { rows.len() } else { read };
            let end = end_of_first(rows.get(..read).unwrap_or_default());
            if end < read || self.at_end {
                break start..start + end;
            }
            self.read_on(block)?;
        };
        let behind = block.get(rows.end..).unwrap_or_default();
        self.ahead.extend_from_slice(behind);
        block.truncate(rows.end);
        Ok(authority(block.get(rows).unwrap_or_default()))
    }
}

/// The code before the first comma, with the comma; empty where there is none.
fn authority(rows: &[u8]) -> &[u8] {
    let end = memchr(b',', rows);
    end.and_then(|end| rows.get(..=end)).unwrap_or_default()
}

/// Where the rows of the first authority end.
fn end_of_first(rows: &[u8]) -> usize {
    let own = authority(rows);
    let from = |at: usize| rows.get(at..).unwrap_or_default();
    // What is before `low` are rows of the authority, what is behind `high` are rows of others.
    let (mut low, mut high) = (0, rows.len());
    while low < high {
        let middle = low.midpoint(high);
        let before = rows.get(low..middle).unwrap_or_default();
        let row = memrchr(b'\n', before).map_or(low, |end| low + end + 1);
        if from(row).starts_with(own) {
            low = memchr(b'\n', from(row)).map_or(rows.len(), |end| row + end + 1);
        } else {
            high = row;
        }
    }
    low
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
