//! The one task of a store that commits: queued commits together, as one transaction at a time.
//!
//! It knows the head and the versions of rows as of that head, so a group usually costs one
//! transaction and no read. What it takes to be so is compared by the transaction; when that fails,
//! the same answer says what is there instead, and the group is checked against that. A conflict is
//! answered only when it rests on what was read or compared after the commit was queued.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use etcd_client::{Txn, TxnOp};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use super::cluster::Cluster;
use super::facts::{self, CHAIN_ROW, applied_row, lease_row};
use super::reader::VERSION_BYTES;
use super::seen::{Relied, Seen};
use crate::chain::Link;
use crate::layout::{self, Draft, LAST_ROW};
use crate::told;
use crate::watch::Progress;
use crate::{COMMIT_BYTES_MAX, COMMIT_KEYS_MAX, Commit, Error, Version};

const DOING: &str = "committing to etcd";
/// Versions of rows that are kept in memory; some 100 bytes each.
const KNOWN_ROWS_MAX: usize = 64 * 1024;

/// A commit and where its answer goes.
pub(super) struct Request {
    pub(super) draft: Draft<Vec<u8>>,
    keys: usize,
    bytes: usize,
    queued: Instant,
    reply: oneshot::Sender<Result<Version, Error>>,
}

impl Request {
    pub(super) fn new(commit: Commit, reply: oneshot::Sender<Result<Version, Error>>) -> Self {
        Self {
            keys: commit.keys() + usize::from(commit.claim.is_some()),
            bytes: commit.bytes(),
            draft: Draft::new(commit, with_room),
            queued: Instant::now(),
            reply,
        }
    }
}

/// The commits of a group that hold, as rows.
struct Staged {
    /// The version of the last of them; the head's when there is none.
    version: Version,
    /// The last link of the chain after them; none when it is not known and nothing is added.
    link: Option<Link>,
    /// What they write, after one another; `None` is deleted.
    rows: BTreeMap<Vec<u8>, Option<(Version, Vec<u8>)>>,
    answers: Vec<Result<Version, Error>>,
}

/// How a transaction went.
enum Outcome {
    Written,
    /// Something was not as compared; this is how it is.
    Lost(Seen),
}

/// The writing side of a store.
pub(super) struct Committer {
    cluster: Cluster,
    writer: u64,
    /// The number of the last transaction.
    sequence: u64,
    head: Version,
    /// The last link of the chain as of the head; none while it is not known.
    link: Option<Link>,
    /// Versions of rows as of the head.
    known: HashMap<Vec<u8>, Option<Version>>,
    progress: watch::Sender<Progress>,
    /// Whether the cluster could not be reached for the last group.
    is_away: bool,
}

impl Committer {
    pub(super) fn new(
        cluster: Cluster,
        writer: u64,
        head: Version,
        progress: watch::Sender<Progress>,
    ) -> Self {
        Self {
            cluster,
            writer,
            sequence: 0,
            head,
            link: None,
            known: HashMap::new(),
            progress,
            is_away: false,
        }
    }

    /// Serves the queue until it is closed and empty.
    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Request>) {
        let mut next = None;
        loop {
            let first = match next.take() {
                Some(first) => first,
                None => match queue.recv().await {
                    Some(first) => first,
                    None => return,
                },
            };
            let (mut keys, mut bytes) = (first.keys, first.bytes);
            let mut group = vec![first];
            while let Ok(request) = queue.try_recv() {
                keys += request.keys;
                bytes += request.bytes;
                if keys > COMMIT_KEYS_MAX || bytes > COMMIT_BYTES_MAX {
                    next = Some(request);
                    break;
                }
                group.push(request);
            }
            self.serve(group).await;
        }
    }

    /// Commits the group and answers each of its authors.
    async fn serve(&mut self, group: Vec<Request>) {
        let mut deadline = self.cluster.deadline();
        if self.is_away
            && let Some(first) = group.first()
        {
            // They waited for those before them, who waited in vain.
            deadline = deadline.min(first.queued + self.cluster.patience());
        }
        let begun = std::time::Instant::now();
        let settled = self.settle(&group, deadline).await;
        told::group(begun, group.len());
        self.is_away = matches!(settled, Err(Error::Unavailable { .. }));
        match settled {
            Ok(answers) => {
                for (request, answer) in group.into_iter().zip(answers) {
                    // Who no longer listens does not want to know.
                    let _ = request.reply.send(answer);
                }
            }
            Err(error) => {
                let is_away = self.is_away;
                let source = Arc::new(error);
                for request in group {
                    let source = Box::new(Arc::clone(&source));
                    let error = if is_away {
                        Error::Unavailable {
                            doing: DOING,
                            source,
                        }
                    } else {
                        Error::Backend {
                            doing: DOING,
                            source,
                        }
                    };
                    let _ = request.reply.send(Err(error));
                }
            }
        }
    }

    /// The answer to each request, once what they rest on is certain.
    async fn settle(
        &mut self,
        group: &[Request],
        deadline: Instant,
    ) -> Result<Vec<Result<Version, Error>>, Error> {
        let relied = Relied::by(group);
        let mut leases = None;
        if !relied.may_be_assumed(&self.known, self.link) {
            leases = Some(self.look(&relied, deadline).await?);
        }
        loop {
            let staged = self.stage(group, &relied, leases.as_ref());
            if staged.version == self.head {
                if leases.is_some() {
                    return Ok(staged.answers);
                }
                leases = Some(self.look(&relied, deadline).await?);
                continue;
            }
            match self.write(&staged, &relied, deadline).await? {
                Outcome::Written => {
                    self.moved(&staged);
                    return Ok(staged.answers);
                }
                Outcome::Lost(seen) => {
                    let applied = seen.applied;
                    leases = Some(self.take(seen));
                    match applied {
                        // It had happened, and the answer was lost.
                        Some(applied) if applied == self.sequence => {
                            self.progress.send_replace(Progress::Durable);
                            return Ok(staged.answers);
                        }
                        Some(_) => {}
                        None => {
                            let reason = "this writer is forgotten, so many came after it";
                            return Err(Error::Unavailable {
                                doing: DOING,
                                source: reason.into(),
                            });
                        }
                    }
                }
            }
        }
    }

    /// The group as rows, checked against what is known.
    fn stage(
        &self,
        group: &[Request],
        relied: &Relied,
        leases: Option<&HashMap<Vec<u8>, Option<i64>>>,
    ) -> Staged {
        let mut staged = Staged {
            version: self.head,
            link: self.link,
            rows: BTreeMap::new(),
            answers: Vec::with_capacity(group.len()),
        };
        for Request { draft, .. } in group {
            let held = draft.claim().map_or(Ok(()), |claim| {
                let holding = leases.and_then(|leases| leases.get(&lease_row(claim.name())));
                let is_lost = holding.is_some_and(|holding| *holding != Some(claim.fence()));
                if is_lost || relied.is_overtaken(claim) {
                    Err(claim.refused())
                } else {
                    Ok(())
                }
            });
            let answer = held.and_then(|()| {
                draft.verify(|row| {
                    Ok(match staged.rows.get(row) {
                        Some(written) => written.as_ref().map(|(version, _)| *version),
                        None => self.known.get(row).copied().flatten(),
                    })
                })
            });
            let version = staged.version.next();
            let answer = answer.map(|()| version);
            if answer.is_ok() {
                staged.version = version;
                // Known where anything is added: it was looked for before.
                let mut link = staged.link.unwrap_or(Link::START);
                let rows = draft.clone().rows(version, &mut link, with_room);
                staged.rows.extend(rows.into_iter().map(|(row, value)| {
                    (row, value.map(|value| (version, stamped(value, version))))
                }));
                staged.link = staged.link.map(|_| link);
            }
            staged.answers.push(answer);
        }
        staged
    }

    /// Has the rows written, if all that they rest on is as it is known.
    async fn write(
        &mut self,
        staged: &Staged,
        relied: &Relied,
        deadline: Instant,
    ) -> Result<Outcome, Error> {
        self.sequence = self.sequence.saturating_add(1);
        let cluster = &self.cluster;
        let mut compared = relied.compared(cluster, &self.known);
        compared.push(facts::head_is(cluster, self.head));
        let head = staged.version.get().to_be_bytes();
        let applied = cluster.key(&applied_row(self.writer));
        let mut writes = vec![
            TxnOp::put(cluster.key(LAST_ROW), head, None),
            TxnOp::put(applied, self.sequence.to_be_bytes(), None),
        ];
        if let Some(link) = staged.link.filter(|link| Some(*link) != self.link) {
            writes.push(TxnOp::put(cluster.key(CHAIN_ROW), link.to_bytes(), None));
        }
        writes.extend(staged.rows.iter().map(|(row, value)| match value {
            Some((_, value)) => TxnOp::put(cluster.key(row), value.clone(), None),
            None => TxnOp::delete(cluster.key(row), None),
        }));
        let txn = Txn::new()
            .when(compared)
            .and_then(writes)
            .or_else(relied.reads(cluster, self.writer));
        let answer = cluster.txn(DOING, deadline, &txn).await?;
        if answer.succeeded() {
            return Ok(Outcome::Written);
        }
        let seen = relied.seen(cluster, &facts::reads(&answer))?;
        Ok(Outcome::Lost(seen))
    }

    /// Reads what the group relies on, and who holds the leases.
    async fn look(
        &mut self,
        relied: &Relied,
        deadline: Instant,
    ) -> Result<HashMap<Vec<u8>, Option<i64>>, Error> {
        let reading = Txn::new().and_then(relied.reads(&self.cluster, self.writer));
        let answer = self.cluster.txn(DOING, deadline, &reading).await?;
        let seen = relied.seen(&self.cluster, &facts::reads(&answer))?;
        Ok(self.take(seen))
    }

    /// Knows from now on what was seen.
    fn take(&mut self, seen: Seen) -> HashMap<Vec<u8>, Option<i64>> {
        if seen.head != self.head {
            self.head = seen.head;
            self.known.clear();
        }
        self.link = Some(seen.link);
        self.known.extend(seen.rows);
        seen.leases
    }

    /// Knows what was written, and wakes followers.
    fn moved(&mut self, staged: &Staged) {
        self.head = staged.version;
        self.link = staged.link;
        if self.known.len() > KNOWN_ROWS_MAX {
            self.known.clear();
        }
        let keys = staged
            .rows
            .iter()
            .filter(|(row, _)| !layout::is_log_row(row));
        self.known.extend(
            keys.map(|(row, value)| (row.clone(), value.as_ref().map(|(version, _)| *version))),
        );
        self.progress.send_replace(Progress::Durable);
    }
}

/// A value with room for its version, which is known when its turn has come.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that a draft takes"
)]
fn with_room(value: Vec<u8>) -> Vec<u8> {
    [&[0; VERSION_BYTES], &*value].concat()
}

/// A value with its version in the room that was left for it.
fn stamped(mut value: Vec<u8>, version: Version) -> Vec<u8> {
    if let Some(room) = value.first_chunk_mut::<VERSION_BYTES>() {
        *room = version.get().to_be_bytes();
    }
    value
}
