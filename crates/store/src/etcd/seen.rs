//! What a group of commits relies on, as etcd has it.

use std::collections::{BTreeMap, HashMap};

use etcd_client::{Compare, CompareOp, GetResponse, TxnOp};

use super::cluster::Cluster;
use super::committer::Request;
use super::facts::{self, CHAIN_ROW, applied_row, lease_row};
use super::reader;
use crate::chain::Link;
use crate::layout::LAST_ROW;
use crate::lease::Claim;
use crate::{Error, Expect, Version};

/// The rows and leases that a group of commits relies on.
pub(super) struct Relied {
    /// Each row, and whether all who rely on it expect that it is absent.
    rows: BTreeMap<Vec<u8>, bool>,
    /// The rows of leases, with the holding that is claimed.
    leases: BTreeMap<Vec<u8>, i64>,
    /// Whether anything is added to the chain.
    is_chained: bool,
}

/// A state of the cluster, as far as a group of commits relies on it.
pub(super) struct Seen {
    /// The version of the last commit.
    pub(super) head: Version,
    /// The last link of the chain.
    pub(super) link: Link,
    /// The last transaction of this writer; none when it has been forgotten.
    pub(super) applied: Option<u64>,
    /// The version of each row that is relied on.
    pub(super) rows: HashMap<Vec<u8>, Option<Version>>,
    /// The holding of each lease that is relied on; none when nobody holds it.
    pub(super) leases: HashMap<Vec<u8>, Option<i64>>,
}

impl Relied {
    /// What the requests rely on.
    pub(super) fn by(requests: &[Request]) -> Self {
        let (mut rows, mut leases) = (BTreeMap::new(), BTreeMap::new());
        for request in requests {
            for (row, expect) in request.draft.expectations() {
                let is_absent = expect == Expect::Absent;
                rows.entry(row.to_vec())
                    .and_modify(|all| *all &= is_absent)
                    .or_insert(is_absent);
            }
            if let Some(claim) = request.draft.claim() {
                let fence = leases.entry(lease_row(claim.name())).or_insert(0);
                *fence = claim.fence().max(*fence);
            }
        }
        let is_chained = requests.iter().any(|request| request.draft.is_chained());
        Self {
            rows,
            leases,
            is_chained,
        }
    }

    /// Whether a commit of the group claims a later holding of the lease: then this one is lost.
    pub(super) fn is_overtaken(&self, claim: &Claim) -> bool {
        let latest = self.leases.get(&lease_row(claim.name()));
        latest.is_some_and(|latest| *latest > claim.fence())
    }

    /// Whether the commits can be put together by what is `known` of rows and of the chain's last link,
    /// with rows that are expected to be absent taken to be so until the transaction compares them.
    pub(super) fn may_be_assumed(
        &self,
        known: &HashMap<Vec<u8>, Option<Version>>,
        link: Option<Link>,
    ) -> bool {
        let mut rows = self.rows.iter();
        let is_linked = link.is_some() || !self.is_chained;
        is_linked && rows.all(|(row, all_absent)| *all_absent || known.contains_key(row))
    }

    /// What a transaction has to compare for the rows that are not `known` and were taken to be
    /// absent, and for the leases.
    pub(super) fn compared(
        &self,
        cluster: &Cluster,
        known: &HashMap<Vec<u8>, Option<Version>>,
    ) -> Vec<Compare> {
        let assumed = self.rows.keys().filter(|row| !known.contains_key(*row));
        let assumed = assumed.map(|row| facts::absent(cluster.key(row)));
        let held = self.leases.iter().map(|(row, fence)| {
            Compare::create_revision(cluster.key(row), CompareOp::Equal, *fence)
        });
        assumed.chain(held).collect()
    }

    /// The reads that find out what is relied on.
    pub(super) fn reads(&self, cluster: &Cluster, writer: u64) -> Vec<TxnOp> {
        let read = |row: &[u8]| TxnOp::get(cluster.key(row), None);
        let facts = [read(LAST_ROW), read(CHAIN_ROW), read(&applied_row(writer))];
        let relied = self.rows.keys().chain(self.leases.keys());
        facts
            .into_iter()
            .chain(relied.map(|row| read(row)))
            .collect()
    }

    /// What the answers to those reads say.
    pub(super) fn seen(&self, cluster: &Cluster, answers: &[GetResponse]) -> Result<Seen, Error> {
        let [head, link, applied, relied @ ..] = answers else {
            return Err(Error::corrupt(LAST_ROW, "not all reads were answered"));
        };
        let (rows, leases) = relied
            .split_at_checked(self.rows.len())
            .ok_or_else(|| Error::corrupt(LAST_ROW, "not all reads were answered"))?;
        let applied = applied.kvs().first();
        let mut seen = Seen {
            head: facts::head(cluster, head)?,
            link: facts::link(cluster, link)?,
            applied: applied.map(|row| facts::number(cluster, row)).transpose()?,
            rows: HashMap::new(),
            leases: HashMap::new(),
        };
        for (row, read) in self.rows.keys().zip(rows) {
            let found = read.kvs().first();
            let found = found.map(|found| reader::entry(row, found.value()));
            let version = found.transpose()?.map(|entry| entry.version);
            seen.rows.insert(row.clone(), version);
        }
        for (row, read) in self.leases.keys().zip(leases) {
            let holding = read.kvs().first();
            let holding = holding.map(etcd_client::KeyValue::create_revision);
            seen.leases.insert(row.clone(), holding);
        }
        Ok(seen)
    }
}
