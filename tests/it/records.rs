//! Every record that a store may hold is read for ever. `tests/data/records/` has the bytes of each as
//! they were first written; nothing there is ever changed. A message, or a field of one, that stands in
//! no fixture fails the test; `UPDATE_RECORDS=1` adds a fixture of it, beside those that are there.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use mesur_store::{MemoryStore, export, record};
use prost_reflect::prost::Message as _;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage, Value,
};
use serde_json::json;

const PACKAGE: &str = "mesur.storage.v1";
/// The format of every record so far.
const FORMAT: u8 = 1;
/// Fixtures of one message at most.
const FIXTURES_MAX: usize = 99;
/// How deep messages stand in one another at most.
const DEPTH_MAX: usize = 8;

/// A field of a message that some fixture has.
type Seen = BTreeSet<(String, u32)>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/records")
}

fn records() -> Vec<MessageDescriptor> {
    let pool = DescriptorPool::decode(mesur_proto::FILE_DESCRIPTOR_SET).expect("descriptors");
    let messages = pool.all_messages();
    let own = messages
        .filter(|message| message.package_name() == PACKAGE && message.parent_message().is_none());
    own.collect()
}

/// The fixtures of a message, in their order.
fn fixtures(message: &MessageDescriptor) -> Vec<PathBuf> {
    let path = |number| folder().join(format!("{}.{number}.json", message.name()));
    (1..=FIXTURES_MAX)
        .map(path)
        .take_while(|path| path.exists())
        .collect()
}

/// Reads a fixture, and takes note of the fields that it has.
fn read(message: &MessageDescriptor, path: &Path, seen: &mut Seen) {
    let text = fs::read_to_string(path).expect("a fixture");
    let fixture: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let name = path.display();
    let hex = fixture["sealed"].as_str().expect("bytes");
    let digits = hex.as_bytes().chunks(2);
    let digits = digits.map(|pair| str::from_utf8(pair).expect("digits"));
    let sealed: Vec<u8> = digits
        .map(|pair| u8::from_str_radix(pair, 16).expect("digits"))
        .collect();
    let (format, bytes) = record::unseal(b"a fixture", &sealed).expect("sealed");
    assert_eq!(u64::from(format), fixture["format"], "{name}");
    let found = DynamicMessage::decode(message.clone(), bytes).expect("a message");
    assert_eq!(
        found.unknown_fields().count(),
        0,
        "{name} has fields that nothing reads"
    );
    let json = serde_json::to_value(&found).expect("JSON");
    assert_eq!(json, fixture["reads"], "{name} is read as something else");
    note(&found, seen);
}

fn note(message: &DynamicMessage, seen: &mut Seen) {
    for (field, value) in message.fields() {
        let of = message.descriptor().full_name().to_owned();
        seen.insert((of, field.number()));
        match value {
            Value::Message(inner) => note(inner, seen),
            Value::List(items) => {
                for item in items.iter().filter_map(Value::as_message) {
                    note(item, seen);
                }
            }
            _ => {}
        }
    }
}

/// Fields of a message, and of those that are declared within it, that no fixture has.
fn unseen(message: &MessageDescriptor, seen: &Seen) -> Vec<FieldDescriptor> {
    let own = message.fields();
    let inner = message.child_messages();
    let inner = inner.flat_map(|message| message.fields().collect::<Vec<_>>());
    let is_unseen = |field: &FieldDescriptor| {
        let of = field.parent_message().full_name().to_owned();
        !seen.contains(&(of, field.number()))
    };
    own.chain(inner).filter(is_unseen).collect()
}

/// A message in which every field says something; of those that exclude one another, the first that
/// was not seen.
fn full(message: &MessageDescriptor, seen: &Seen, depth: usize) -> DynamicMessage {
    let mut made = DynamicMessage::new(message.clone());
    for field in message.fields() {
        if let Some(oneof) = field
            .containing_oneof()
            .filter(|oneof| oneof.fields().len() > 1)
        {
            let is_new = |field: &FieldDescriptor| {
                !seen.contains(&(message.full_name().to_owned(), field.number()))
            };
            let choice = oneof
                .fields()
                .find(is_new)
                .or_else(|| oneof.fields().next());
            if choice.as_ref() != Some(&field) {
                continue;
            }
        }
        let value = value(&field, seen, depth);
        let value = if field.is_list() {
            Value::List(vec![value.clone(), value])
        } else {
            value
        };
        made.set_field(&field, value);
    }
    made
}

fn value(field: &FieldDescriptor, seen: &Seen, depth: usize) -> Value {
    assert!(depth < DEPTH_MAX, "{} has no end", field.full_name());
    let number = field.number();
    match field.kind() {
        Kind::Bool => Value::Bool(true),
        Kind::String => Value::String(format!("{} ŵ", field.name())),
        Kind::Bytes => Value::Bytes(vec![0, 255, u8::try_from(number).unwrap_or(7)].into()),
        Kind::Uint32 => Value::U32(number + 1_000),
        Kind::Uint64 => Value::U64(u64::from(number) + (1 << 40)),
        Kind::Int32 => Value::I32(-7),
        Kind::Int64 | Kind::Sint64 => Value::I64(-i64::from(number) - (1 << 40)),
        Kind::Message(message) if message.full_name() == "google.protobuf.Timestamp" => {
            let mut time = DynamicMessage::new(message);
            time.set_field_by_name("seconds", Value::I64(1_693_902_600));
            time.set_field_by_name("nanos", Value::I32(500_000_000));
            Value::Message(time)
        }
        Kind::Message(message) => Value::Message(full(&message, seen, depth + 1)),
        other => panic!("{} has the kind {other:?}", field.full_name()),
    }
}

fn write(message: &MessageDescriptor, seen: &Seen, number: usize) -> PathBuf {
    let made = full(message, seen, 0);
    let sealed = record::seal_bytes(FORMAT, &made.encode_to_vec());
    let hex = sealed.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    let fixture = json!({ "format": FORMAT, "sealed": hex, "reads": made });
    let path = folder().join(format!("{}.{number}.json", message.name()));
    let text = serde_json::to_string_pretty(&fixture).expect("JSON") + "\n";
    fs::create_dir_all(folder()).expect("a folder");
    fs::write(&path, text).expect("written");
    path
}

#[test]
fn every_record_that_was_ever_written_is_read_as_what_it_was() {
    let update = std::env::var_os("UPDATE_RECORDS").is_some();
    let (records, mut seen) = (records(), Seen::new());
    assert!(records.len() > 30, "{} records", records.len());
    let mut held = 0;
    for message in &records {
        for path in fixtures(message) {
            read(message, &path, &mut seen);
            held += 1;
        }
    }
    for message in &records {
        // A field may stand in a fixture of another message; each message has one of its own too.
        let mut number = fixtures(message).len();
        let is_missing =
            |number: usize, seen: &Seen| number == 0 || !unseen(message, seen).is_empty();
        while update && is_missing(number, &seen) {
            number += 1;
            let path = write(message, &seen, number);
            read(message, &path, &mut seen);
            held += 1;
        }
        let names = unseen(message, &seen);
        let names: Vec<&str> = names.iter().map(FieldDescriptor::full_name).collect();
        assert!(
            number > 0 && names.is_empty(),
            "{} has {number} fixtures, and none of them has {names:?}: UPDATE_RECORDS=1 adds one",
            message.full_name()
        );
    }
    let there = fs::read_dir(folder()).expect("a folder").count();
    assert_eq!(there, held, "a fixture is of no record");
}

/// Stores that the first release wrote, of 22 returns that were sent, checked, signed off and added up:
/// not only each record is read, all of them together are what a store must be. Publication's would be
/// files for the most part; its records stand above.
#[tokio::test]
async fn a_store_that_was_ever_written_is_whole() {
    let stores = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/stores");
    for entry in fs::read_dir(stores).expect("stores") {
        let path = entry.expect("an entry").path();
        let mut file = fs::File::open(&path).expect("a store");
        let store = MemoryStore::new();
        let contents = export::load(&mut file, &store).await.expect("loaded");
        let name = contents.header.name;
        let report = match name.as_str() {
            "submission" => mesur_submission::check_store(&store).await,
            "validation" => mesur_validation::check_store(&store).await,
            "aggregation" => mesur_aggregation::check_store(&store).await,
            other => panic!("{other} has no store here"),
        };
        let report = report.expect("looked through");
        assert_eq!(report.problems, [], "{}", path.display());
        let rows: u64 = report.counts.values().map(|count| count.rows).sum();
        assert_eq!(rows, contents.rows, "every row is looked at");
    }
}
