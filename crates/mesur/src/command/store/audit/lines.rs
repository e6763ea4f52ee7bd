//! The log as lines: one entry each, with what is needed to verify it.
//!
//! ```json
//! {"commit":17,"index":1,"link":"64 hexadecimal digits","entry":{…}}
//! ```
//!
//! What stands behind `"entry":`, without the last brace, is the entry byte for byte.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use anyhow::{Context, bail, ensure};
use mesur_store::Position;
use mesur_store::chain::{CHAINED_BYTES_MAX, Link, Linked};

/// The longest line: an entry, and what stands around it.
const LINE_BYTES_MAX: usize = CHAINED_BYTES_MAX + 1024;
/// Bytes of the number of a commit in the stored form of a position.
const COMMIT_BYTES: usize = 8;

/// The line of an entry, without its end.
pub(super) fn line(linked: &Linked) -> anyhow::Result<String> {
    let position = linked.position.to_bytes();
    let (_, index) = position.split_at(COMMIT_BYTES);
    let index = u16::from_be_bytes(index.try_into()?);
    let commit = linked.position.version().get();
    let entry = str::from_utf8(&linked.entry).ok();
    let entry = entry.filter(|entry| !entry.contains(['\n', '\r']));
    let entry = entry.with_context(|| format!("the entry of commit {commit} is no line"))?;
    let link = linked.link;
    Ok(format!(
        r#"{{"commit":{commit},"index":{index},"link":"{link}","entry":{entry}}}"#
    ))
}

/// Reads a line back.
fn parse(text: &str) -> Option<Linked> {
    let rest = text.strip_prefix(r#"{"commit":"#)?;
    let (commit, rest) = rest.split_once(r#","index":"#)?;
    let (index, rest) = rest.split_once(r#","link":""#)?;
    let (link, rest) = rest.split_once(r#"","entry":"#)?;
    let entry = rest.strip_suffix('}')?;
    let commit: u64 = commit.parse().ok()?;
    let index: u16 = index.parse().ok()?;
    let position = [&commit.to_be_bytes()[..], &index.to_be_bytes()].concat();
    Some(Linked {
        position: Position::from_bytes(&position)?,
        link: Link::parse(link)?,
        entry: entry.as_bytes().to_vec(),
    })
}

/// The entries of a file.
pub(super) fn read(
    path: &Path,
) -> anyhow::Result<impl Iterator<Item = anyhow::Result<Linked>> + use<'_>> {
    let name = path.display();
    let file = File::open(path).with_context(|| format!("reading {name}"))?;
    let mut file = BufReader::new(file);
    let mut number = 0_u64;
    let next = move || {
        number = number.saturating_add(1);
        let mut line = Vec::new();
        let longest = u64::try_from(LINE_BYTES_MAX)?;
        let read = file.by_ref().take(longest).read_until(b'\n', &mut line);
        read.with_context(|| format!("reading {name}"))?;
        if line.is_empty() {
            return Ok(None);
        }
        ensure!(
            line.pop() == Some(b'\n'),
            "line {number} of {name} is cut short or too long"
        );
        match str::from_utf8(&line).ok().and_then(parse) {
            Some(linked) => Ok(Some(linked)),
            None => bail!("line {number} of {name} is no line of an audit"),
        }
    };
    let mut next = Some(next);
    Ok(std::iter::from_fn(move || {
        let read = next.as_mut()?().transpose();
        if !matches!(read, Some(Ok(_))) {
            next = None;
        }
        read
    }))
}

#[cfg(test)]
mod tests {
    use mesur_store::Version;
    use mesur_store::chain::Verifier;

    use super::*;

    fn linked() -> Linked {
        let position = [17_u64.to_be_bytes().as_slice(), &[0, 1]].concat();
        let position = Position::from_bytes(&position).unwrap();
        let entry = br#"{"identity":"}\",\"entry\":{","address":""}"#.to_vec();
        Linked {
            link: Link::START.next(position, &entry),
            position,
            entry,
        }
    }

    #[test]
    fn a_line_is_json_and_is_read_back_whatever_the_entry_says() {
        let linked = linked();
        let line = line(&linked).unwrap();
        let json: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&json["commit"], &json["index"]), (&17.into(), &1.into()));
        assert_eq!(json["entry"]["identity"], r#"}","entry":{"#);
        assert_eq!(parse(&line), Some(linked));
    }

    #[test]
    fn no_byte_of_a_line_can_be_another_unnoticed() {
        let line = line(&linked()).unwrap();
        for byte in 0..line.len() {
            let mut changed = line.clone().into_bytes();
            changed[byte] ^= 1;
            let Some(read) = str::from_utf8(&changed).ok().and_then(parse) else {
                continue;
            };
            let mut verifier = Verifier::default();
            assert!(verifier.take(&read).is_err(), "byte {byte}");
        }
    }

    #[test]
    fn a_file_that_is_cut_in_a_line_or_has_something_else_is_refused_with_the_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        let line = line(&linked()).unwrap();
        let endings = [
            (String::new(), None),
            (line.clone(), Some("line 2")),
            ("{}\n".to_owned(), Some("line 2")),
            // The longest line is read, and one a byte longer is not.
            (
                "x".repeat(LINE_BYTES_MAX - 1) + "\n",
                Some("is no line of an audit"),
            ),
            (
                "x".repeat(LINE_BYTES_MAX) + "\n",
                Some("cut short or too long"),
            ),
        ];
        for (ending, refusal) in endings {
            std::fs::write(&path, format!("{line}\n{ending}")).unwrap();
            let all: Vec<_> = read(&path).unwrap().collect();
            let version = all[0].as_ref().unwrap().position.version();
            assert_eq!(version, Version::new(17));
            let told = all
                .get(1)
                .map(|read| read.as_ref().unwrap_err().to_string());
            assert_eq!(told.is_some(), refusal.is_some(), "{told:?}");
            assert!(
                told.unwrap_or_default()
                    .contains(refusal.unwrap_or_default())
            );
            assert!(all.len() <= 2);
        }
    }
}
