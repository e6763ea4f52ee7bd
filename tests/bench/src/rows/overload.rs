//! Durable submits by three times as many clients as the service lets work at one time, beside as many
//! as it does.
//!
//! A client that is refused comes again when it was told to. Goodput is what was taken in, and the
//! refusals cost what they cost. Meanwhile somebody asks for the service's health, on a connection of
//! their own, again and again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use mesur_rpc::server::Limits;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt as _;

use super::submit::Material;
use super::{Effort, WINDOW_MIN};
use crate::load::Client;
use crate::measure::{Better, Measured, Side, alternate};
use crate::report::{Aim, Row};
use crate::server::Server;

pub(crate) const NAME: &str = "overload";

/// How many times what the service can do is asked of it.
const TIMES: usize = 3;

/// The share of the peak that must be left.
const LEFT: f64 = 0.8;

/// How long health may take at the worst but one of a hundred, in milliseconds.
const HEALTH_MILLISECONDS: f64 = 500.0;

/// How much longer than those of others the rounds are: clients that are refused wait for a second.
const WINDOWS: u32 = 4;

pub(crate) fn run(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let folder = tempfile::tempdir().context("a folder")?;
    let edition = folder.path().join("edition");
    std::fs::create_dir(&edition)?;
    let capacity = capacity(effort);
    let authorities = u32::try_from(TIMES * capacity)?;
    let material = Material::bundled_for(&edition, authorities)?;
    let server = Server::submission(&folder.path().join("store"), &edition)?;
    let runtime = Runtime::new().context("the runtime")?;
    let clients = |count: u32| -> anyhow::Result<Vec<Client>> {
        let clients = (0..count).map(|authority| {
            let submissions = material.submissions(authority, false)?;
            let token = server.token(authority)?;
            runtime.block_on(Client::connect(server.address(), token, submissions))
        });
        clients.collect()
    };
    let (mut fitting, mut pressing) = (clients(u32::try_from(capacity)?)?, clients(authorities)?);
    let health = runtime.block_on(health_of(server.address()))?;
    let (times, window) = (Mutex::new(Vec::new()), effort.window * WINDOWS);
    let sides = vec![
        Side::new("Mesur", || {
            let (rate, told) = runtime.block_on(pressed(window, &mut pressing, &health))?;
            let mut times = times.lock().unwrap_or_else(PoisonError::into_inner);
            times.push(told);
            Ok(rate)
        }),
        Side::new("at its limit", || goodput(&runtime, window, &mut fitting)),
    ];
    let measured = alternate(effort.rounds, Better::More, sides)?;
    let times = times.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(rows(capacity, measured, &times))
}

/// How many calls the service lets work at one time; few where it is only to be seen that it runs.
fn capacity(effort: Effort) -> usize {
    if effort.window < WINDOW_MIN {
        8
    } else {
        Limits::default().calls_max
    }
}

fn rows(capacity: usize, measured: Measured, times: &[f64]) -> Vec<Row> {
    let size = format!("{} at once for {capacity}", TIMES * capacity);
    vec![
        Row {
            name: NAME,
            size: size.clone(),
            unit: "returns/s",
            better: Better::More,
            measured: Some(measured),
            aims: vec![Aim::Ratio(LEFT)],
            note: "beside it: as many clients as may work at one time".to_owned(),
        },
        Row {
            name: NAME,
            size,
            unit: "ms for health",
            better: Better::Less,
            measured: Some(Measured::alone(times)),
            aims: vec![Aim::Figure(HEALTH_MILLISECONDS)],
            note: "the slowest but one of a hundred, meanwhile".to_owned(),
        },
    ]
}

async fn health_of(address: &str) -> anyhow::Result<HealthClient<Channel>> {
    let channel = Endpoint::from_shared(address.to_owned())?.connect().await?;
    Ok(HealthClient::new(channel))
}

fn goodput(runtime: &Runtime, window: Duration, clients: &mut Vec<Client>) -> anyhow::Result<f64> {
    runtime.block_on(taken_in(window, clients))
}

/// The goodput of clients, and how long health took meanwhile.
async fn pressed(
    window: Duration,
    clients: &mut Vec<Client>,
    health: &HealthClient<Channel>,
) -> anyhow::Result<(f64, f64)> {
    let over = CancellationToken::new();
    let asked = tokio::spawn(ask(health.clone(), over.clone()));
    let rate = taken_in(window, clients).await;
    over.cancel();
    let mut times = asked.await.context("asking for health panicked")??;
    times.sort_unstable();
    let place = (times.len() * 99 / 100).min(times.len().saturating_sub(1));
    let slow = times.get(place).copied().unwrap_or_default();
    Ok((rate?, slow.as_secs_f64() * 1e3))
}

async fn ask(
    mut health: HealthClient<Channel>,
    over: CancellationToken,
) -> Result<Vec<Duration>, Status> {
    let mut times = Vec::new();
    while !over.is_cancelled() {
        let start = Instant::now();
        health.check(HealthCheckRequest::default()).await?;
        times.push(start.elapsed());
        sleep(Duration::from_millis(10)).await;
    }
    Ok(times)
}

/// How many returns a second were taken in.
async fn taken_in(window: Duration, clients: &mut Vec<Client>) -> anyhow::Result<f64> {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    let over = Arc::new(CancellationToken::new());
    for mut client in clients.drain(..) {
        let over = Arc::clone(&over);
        tasks.spawn(async move {
            let mut count = 0_u32;
            while start.elapsed() < window {
                match client.submit().await {
                    Ok(_) => count += 1,
                    Err(error) => {
                        let wait = told_to_wait(&error).ok_or(error)?;
                        // Whoever is told to wait does so, but not beyond the end.
                        let _ = over.run_until_cancelled(sleep(wait)).await;
                    }
                }
            }
            over.cancel();
            anyhow::Ok((client, count))
        });
    }
    let mut count = 0_u32;
    while let Some(ended) = tasks.join_next().await {
        let (client, done) = ended.context("a client panicked")??;
        clients.push(client);
        count += done;
    }
    Ok(f64::from(count) / start.elapsed().as_secs_f64())
}

/// How long a refusal says to wait; none for any other failure.
fn told_to_wait(error: &anyhow::Error) -> Option<Duration> {
    let status = error.downcast_ref::<Status>()?;
    match status.code() {
        Code::ResourceExhausted => {
            let details = status.get_error_details();
            details.retry_info()?.retry_delay
        }
        _ => None,
    }
}
