//! What stands beside the keys and logs of a store, and entering it.
//!
//! | row | value |
//! | --- | --- |
//! | `0` `last` | the head: the version of the last commit, eight bytes; none before the first |
//! | `0` `chain` | the last link of the chain; none before the first |
//! | `0` `format` | the format of the store, four bytes |
//! | `0` `loading` | there while a dump is loaded |
//! | `0` `loaded` | which call finished a load |
//! | `3` `writers` | how often the store was opened, eight bytes |
//! | `3` `applied`, number | the last transaction of the writer with that number, eight bytes |
//! | `3` `lease`, name | there while somebody holds the lease |

use etcd_client::{Compare, CompareOp, GetResponse, Txn, TxnOp, TxnOpResponse, TxnResponse};
use etcd_client::{DeleteOptions, KeyValue};

use super::cluster::Cluster;
use crate::chain::Link;
use crate::layout::{BESIDE, FORMAT_ROW, LAST_ROW};
use crate::{Error, Version};

/// The format of what this program writes, and the newest that it reads.
const FORMAT: u32 = 1;
/// How many writers are remembered. One that so many came after may have to answer that it does not
/// know whether a commit happened.
const WRITERS_KEPT: u64 = 1024;

/// The row with the last link of the chain.
pub(super) const CHAIN_ROW: &[u8] = b"\0chain";
pub(super) const LOADING_ROW: &[u8] = b"\0loading";
pub(super) const LOADED_ROW: &[u8] = b"\0loaded";
const WRITERS_ROW: &[u8] = &[BESIDE, b'w', b'r', b'i', b't', b'e', b'r', b's'];

/// The row with the last transaction of a writer.
pub(super) fn applied_row(writer: u64) -> Vec<u8> {
    [&[BESIDE], b"applied".as_slice(), &writer.to_be_bytes()].concat()
}

/// The row that is there while the lease is held.
pub(super) fn lease_row(name: &str) -> Vec<u8> {
    [&[BESIDE], b"lease".as_slice(), name.as_bytes()].concat()
}

/// Holds when the head is this.
pub(super) fn head_is(cluster: &Cluster, head: Version) -> Compare {
    let key = cluster.key(LAST_ROW);
    if head == Version::ZERO {
        absent(key)
    } else {
        Compare::value(key, CompareOp::Equal, head.get().to_be_bytes())
    }
}

/// Holds when the key is not there.
pub(super) fn absent(key: Vec<u8>) -> Compare {
    Compare::create_revision(key, CompareOp::Equal, 0)
}

/// The number in a row that holds one.
pub(super) fn number(cluster: &Cluster, row: &KeyValue) -> Result<u64, Error> {
    let bytes = row.value().try_into();
    bytes
        .map(u64::from_be_bytes)
        .map_err(|_| Error::corrupt(cluster.row(row.key()), "it is no number"))
}

/// The version of the last commit, as read.
pub(super) fn head(cluster: &Cluster, read: &GetResponse) -> Result<Version, Error> {
    let row = read.kvs().first();
    let head = row.map(|row| number(cluster, row)).transpose()?;
    Ok(head.map_or(Version::ZERO, Version::new))
}

/// The last link of the chain, as read.
pub(super) fn link(cluster: &Cluster, read: &GetResponse) -> Result<Link, Error> {
    let Some(row) = read.kvs().first() else {
        return Ok(Link::START);
    };
    let link = Link::from_bytes(row.value());
    link.ok_or_else(|| Error::corrupt(cluster.row(row.key()), "it is no link"))
}

/// What the reads of a transaction found, in their order.
pub(super) fn reads(answer: &TxnResponse) -> Vec<GetResponse> {
    let responses = answer.op_responses().into_iter();
    let reads = responses.filter_map(|response| match response {
        TxnOpResponse::Get(read) => Some(read),
        TxnOpResponse::Put(_) | TxnOpResponse::Delete(_) | TxnOpResponse::Txn(_) => None,
    });
    reads.collect()
}

/// Opens the store as a writer that nobody was before: its number, and the head.
pub(super) async fn enter(cluster: &Cluster) -> Result<(u64, Version), Error> {
    let doing = "opening the store";
    let deadline = cluster.deadline();
    let facts = [FORMAT_ROW, LOADING_ROW, WRITERS_ROW, LAST_ROW];
    let reading = facts.map(|row| TxnOp::get(cluster.key(row), None));
    let reading = Txn::new().and_then(reading.to_vec());
    loop {
        let answer = cluster.txn(doing, deadline, &reading).await?;
        let found = reads(&answer);
        let [format, loading, writers, head_read] = found.as_slice() else {
            return Err(Error::corrupt(FORMAT_ROW, "not all facts were answered"));
        };
        check(cluster, format, loading)?;
        let before = writers.kvs().first();
        let before = before.map(|row| number(cluster, row)).transpose()?;
        let writer = before.unwrap_or_default().saturating_add(1);
        let writers = cluster.key(WRITERS_ROW);
        let unchanged = match before {
            None => absent(writers.clone()),
            Some(before) => Compare::value(writers.clone(), CompareOp::Equal, before.to_be_bytes()),
        };
        let forgotten = cluster.key(&applied_row(writer.saturating_sub(WRITERS_KEPT)));
        let forgetting = DeleteOptions::new().with_range(forgotten);
        let entering = Txn::new().when([unchanged]).and_then([
            TxnOp::put(writers, writer.to_be_bytes(), None),
            TxnOp::put(cluster.key(FORMAT_ROW), FORMAT.to_be_bytes(), None),
            TxnOp::put(cluster.key(&applied_row(writer)), 0_u64.to_be_bytes(), None),
            TxnOp::delete(cluster.key(&applied_row(0)), Some(forgetting)),
        ]);
        // One that was overtaken, or does not know it, takes the next number.
        if cluster.txn(doing, deadline, &entering).await?.succeeded() {
            return Ok((writer, head(cluster, head_read)?));
        }
    }
}

/// Refuses a store of a newer program, and one that was left half loaded.
fn check(cluster: &Cluster, format: &GetResponse, loading: &GetResponse) -> Result<(), Error> {
    let path = cluster.place().into();
    if let Some(row) = format.kvs().first() {
        let bytes = row.value().try_into();
        let found = bytes
            .map(u32::from_be_bytes)
            .map_err(|_| Error::corrupt(FORMAT_ROW, "it is no format"))?;
        if found > FORMAT {
            return Err(Error::NewerFormat {
                path,
                found,
                supported: FORMAT,
            });
        }
    }
    if !loading.kvs().is_empty() {
        let problem =
            "a dump was loaded only in part; delete all keys of the prefix and load it again";
        let problem = problem.to_owned();
        return Err(Error::Unusable { path, problem });
    }
    Ok(())
}
