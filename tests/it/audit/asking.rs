//! Calling any method by its name, with JSON.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use mesur_access::Role;
use mesur_catalogue::{AuthorityCode, Catalogue};
use mesur_publication::Timetable;
use mesur_rpc::channel::connect_lazy;
use mesur_rpc::clock::SystemClock;
use mesur_rpc::server::Limits;
use mesur_suite::{Config, Ports, Stores, Suite};
use prost_reflect::prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, MethodDescriptor};
use serde_json::Value;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Code, Request, Status};

use crate::permissions::{endpoint, methods};
use crate::world::{A_DAY, WAIT};

/// How long before a release is published it may be seen early, so that it may be at once.
const EARLY_DAYS: u32 = 100;

/// Who asks: `submitter/W06000003`, `statistician` and so on, who is also the identity.
pub(super) type Who<'a> = &'a str;

/// The services on stores in a folder, and who calls them.
pub(super) struct Asker {
    suite: Suite,
    methods: BTreeMap<String, MethodDescriptor>,
}

impl Asker {
    pub(super) async fn start(folder: &Path) -> Self {
        let bundled = Timetable::bundled().expect("a timetable");
        let config = Config {
            catalogue: Arc::new(Catalogue::bundled().expect("bundled")),
            stores: Stores::Folder(folder.to_owned()),
            ports: Ports::default(),
            clock: Arc::new(SystemClock),
            limits: Limits::default(),
            timetable: Timetable {
                early_access: A_DAY * EARLY_DAYS,
                ..bundled
            },
        };
        let suite = Suite::start(config, CancellationToken::new()).await;
        let pool = DescriptorPool::decode(mesur_proto::FILE_DESCRIPTOR_SET);
        Self {
            suite: suite.expect("the suite starts"),
            methods: methods(&pool.expect("descriptors")),
        }
    }

    pub(super) async fn stop(self) {
        self.suite.stop().await.expect("the suite stops");
    }

    /// Every message of the answer.
    pub(super) async fn all(
        &self,
        who: Who<'_>,
        name: &str,
        requests: Vec<Value>,
    ) -> Result<Vec<Value>, Status> {
        let ending = format!("/{name}");
        let found = self
            .methods
            .iter()
            .find(|(path, _)| path.ends_with(&ending));
        let (path, method) = found.unwrap_or_else(|| panic!("no method {name}"));
        let role = Role::parse(who).expect("a role");
        let bearer = self.suite.bearer(who, &[role]).expect("a token");
        let connection = connect_lazy(endpoint(self.suite.endpoints(), path), bearer);
        let mut client = tonic::client::Grpc::new(connection.expect("an endpoint"))
            .max_decoding_message_size(usize::MAX);
        client.ready().await.expect("a service");
        let request = |request: Value| {
            let message = DynamicMessage::deserialize(method.input(), request);
            message.unwrap_or_else(|error| panic!("{name}: {error}"))
        };
        let requests: Vec<DynamicMessage> = requests.into_iter().map(request).collect();
        let requests = Request::new(tokio_stream::iter(requests));
        let path = PathAndQuery::try_from(path.as_str()).expect("a path");
        let answer = client.streaming(requests, path, Json(method.output()));
        let mut answer = answer.await?.into_inner();
        let mut all = Vec::new();
        while let Some(message) = answer.message().await? {
            all.push(serde_json::to_value(&message).expect("JSON"));
        }
        Ok(all)
    }

    /// The first message of the answer, which there must be.
    pub(super) async fn ask(&self, who: Who<'_>, name: &str, request: Value) -> Value {
        let answer = self.all(who, name, vec![request]).await;
        let answer = answer.unwrap_or_else(|status| panic!("{who} calls {name}: {status}"));
        answer.into_iter().next().unwrap_or_default()
    }

    /// The same, as soon as what it needs has come from another service.
    pub(super) async fn ask_until(&self, who: Who<'_>, name: &str, request: Value) -> Value {
        let asking = async {
            loop {
                match self.all(who, name, vec![request.clone()]).await {
                    Ok(answer) => return answer.into_iter().next().unwrap_or_default(),
                    Err(status) => {
                        let code = status.code();
                        let is_late = matches!(code, Code::NotFound | Code::FailedPrecondition);
                        assert!(is_late, "{who} calls {name}: {status}");
                    }
                }
            }
        };
        timeout(WAIT, asking).await.expect("it catches up")
    }
}

/// Who submits for an authority.
pub(super) fn submitter(authority: &str) -> String {
    let code = AuthorityCode::parse(authority).expect("a code");
    Role::Submitter(code).to_string()
}

/// Who signs for an authority.
pub(super) fn approver(authority: &str) -> String {
    let code = AuthorityCode::parse(authority).expect("a code");
    Role::Approver(code).to_string()
}

/// Messages as their descriptors say, here of the answer.
#[derive(Clone)]
struct Json(MessageDescriptor);

impl Codec for Json {
    type Encode = DynamicMessage;
    type Decode = DynamicMessage;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        self.clone()
    }

    fn decoder(&mut self) -> Self {
        self.clone()
    }
}

impl Encoder for Json {
    type Item = DynamicMessage;
    type Error = Status;

    fn encode(&mut self, item: Self::Item, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        let encoded = item.encode(buffer);
        encoded.map_err(|error| Status::internal(error.to_string()))
    }
}

impl Decoder for Json {
    type Item = DynamicMessage;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Self::Item>, Status> {
        let decoded = DynamicMessage::decode(self.0.clone(), buffer);
        let decoded = decoded.map_err(|error| Status::internal(error.to_string()))?;
        Ok(Some(decoded))
    }
}
