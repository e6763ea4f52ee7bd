//! Where the log of a service is read from: a running service, its store, or its part of a backup.
//! Nothing is held but a page at a time.

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use mesur_proto::operations::v1::store_service_client::StoreServiceClient;
use mesur_proto::operations::v1::{ExportStoreRequest, ExportStoreResponse};
use mesur_rpc::channel::Connection;
use mesur_store::chain::{Linked, Pages};
use mesur_store::export::Reading;
use mesur_store::{DumpRow, Store};
use mesur_wording::Wording;
use tonic::Streaming;

use crate::command::store::service::Service;
use crate::command::store::{Place, Which, files, moving};
use crate::connection::StoreClients;
use crate::refusal::told;

/// How much of a file is read at a time: 64 KiB.
const PIECE_BYTES: usize = 64 * 1024;

/// The log of one service.
pub(super) struct Source {
    service: Service,
    kind: Kind,
}

enum Kind {
    Service(StoreServiceClient<Connection>),
    Store(Arc<dyn Store>),
    File(BufReader<File>),
}

impl Source {
    /// The service that it is of.
    pub(super) fn name(&self) -> &'static str {
        self.service.name()
    }

    /// Those of running services.
    pub(super) fn of_services(clients: &StoreClients, which: &Which) -> anyhow::Result<Vec<Self>> {
        let one = |service: Service| {
            let kind = Kind::Service(clients.of(service.name())?);
            Ok(Self { service, kind })
        };
        which.services().map(one).collect()
    }

    /// Those of the stores of stopped services.
    pub(super) async fn of_stores(place: &Place, which: &Which) -> anyhow::Result<Vec<Self>> {
        let mut found = Vec::new();
        for service in which.services() {
            if let Some(store) = place.open(service).await? {
                let kind = Kind::Store(store);
                found.push(Self { service, kind });
            }
        }
        if found.is_empty() {
            bail!("{}", moving::no_store(place));
        }
        Ok(found)
    }

    /// Those of a backup.
    pub(super) fn of_backup(folder: &Path, which: &Which) -> anyhow::Result<Vec<Self>> {
        let services: Vec<Service> = which.services().collect();
        let mut found = Vec::new();
        for stored in files::read(folder)?.stores {
            let service = stored.service()?;
            if services.contains(&service) {
                let kind = Kind::File(files::open(folder, &stored)?);
                found.push(Self { service, kind });
            }
        }
        Ok(found)
    }
}

/// The entries of a log, as they come.
pub(super) struct Chain {
    service: Service,
    pieces: Pieces,
}

enum Pieces {
    Service(Box<Streaming<ExportStoreResponse>>, Option<Reading>),
    Store(Arc<dyn Store>, Pages),
    File(BufReader<File>, Option<Reading>),
}

impl Chain {
    /// Begins to read a log.
    pub(super) async fn open(source: Source, wording: &Wording) -> anyhow::Result<Self> {
        let service = source.service;
        let pieces = match source.kind {
            Kind::Store(store) => Pieces::Store(store, Pages::default()),
            Kind::File(file) => Pieces::File(file, Some(Reading::default())),
            Kind::Service(mut client) => {
                let stream = client.export_store(ExportStoreRequest {}).await;
                let stream = stream
                    .map_err(told(wording))
                    .with_context(|| format!("asking {}", service.name()))?;
                Pieces::Service(Box::new(stream.into_inner()), Some(Reading::default()))
            }
        };
        Ok(Self { service, pieces })
    }

    /// The next entries, of which there may be none yet; `None` at the end, which is told only when all
    /// of it came as it was sent.
    pub(super) async fn next(&mut self, wording: &Wording) -> anyhow::Result<Option<Vec<Linked>>> {
        let service = self.service.name();
        let context = || format!("reading the log of {service}");
        match &mut self.pieces {
            Pieces::Store(store, pages) => {
                let page = pages.next(&**store).await.with_context(context)?;
                Ok(Some(page).filter(|page| !page.is_empty()))
            }
            Pieces::File(file, reading) => {
                let mut piece = vec![0; PIECE_BYTES];
                let length = file.read(&mut piece).with_context(context)?;
                piece.truncate(length);
                taken(reading, &piece, service).with_context(context)
            }
            Pieces::Service(stream, reading) => {
                let message = stream.message().await.map_err(told(wording));
                let message = message.with_context(context)?;
                let piece = message.map(|message| message.content).unwrap_or_default();
                taken(reading, &piece, service).with_context(context)
            }
        }
    }
}

/// The entries in the next piece of an export; an empty one is its end.
fn taken(
    reading: &mut Option<Reading>,
    piece: &[u8],
    service: &str,
) -> anyhow::Result<Option<Vec<Linked>>> {
    if !piece.is_empty() {
        let rows = reading.as_mut().map(|reading| reading.push(piece));
        let rows: Vec<DumpRow> = rows.transpose()?.unwrap_or_default();
        let linked = rows.into_iter().filter(DumpRow::is_chained);
        let linked = linked.map(|row| Linked::of_row(&row));
        return Ok(Some(linked.collect::<Result<_, _>>()?));
    }
    if let Some(reading) = reading.take() {
        let name = reading.finish()?.header.name;
        if name != service {
            bail!("this is the store of {name}: is the address right?");
        }
    }
    Ok(None)
}
