//! `docs/limits.md` says of every limit what the code says, and names a test that is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A row of the page.
struct Row {
    limit: String,
    value: String,
    constant: (String, String),
    test: (String, String),
}

/// `crates/a/src/b.rs: NAME`.
fn place(text: &str) -> (String, String) {
    let (path, name) = text
        .split_once(": ")
        .unwrap_or_else(|| panic!("{text:?} is no path and name"));
    (path.to_owned(), name.to_owned())
}

fn rows() -> Vec<Row> {
    let page = read("docs/limits.md");
    let rows = page.lines().filter(|line| line.contains(".rs: "));
    let rows = rows.map(|line| {
        let fields: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [limit, value, _, constant, test] = fields.as_slice() else {
            panic!("{line:?} has other columns");
        };
        Row {
            limit: (*limit).to_owned(),
            value: (*value).to_owned(),
            constant: place(constant),
            test: place(test),
        }
    });
    rows.collect()
}

/// A value as the page has it, in its smallest unit: bytes, milliseconds, or pieces.
fn told(text: &str) -> u128 {
    let (number, unit) = text.split_once(' ').unwrap_or((text, ""));
    let number: u128 = number.replace(',', "").parse().expect(text);
    number
        * match unit {
            "" | "bytes" | "characters" | "days" | "ms" => 1,
            "KiB" => 1024,
            "MiB" => 1024 * 1024,
            "GiB" => 1024 * 1024 * 1024,
            "s" => 1_000,
            "min" => 60_000,
            "h" => 3_600_000,
            other => panic!("{other:?} is no unit of this page"),
        }
}

/// The value of an expression of the file: numbers, constants and durations, with `+`, `-`, `*` and `/`.
fn worked_out(path: &str, expression: &str) -> u128 {
    for (start, unit) in [
        ("from_hours(", Duration::from_hours(1)),
        ("from_mins(", Duration::from_mins(1)),
        ("from_secs(", Duration::from_secs(1)),
        ("from_millis(", Duration::from_millis(1)),
    ] {
        if let Some((_, rest)) = expression.split_once(start) {
            return worked_out(path, rest.trim_end_matches(')')) * unit.as_millis();
        }
    }
    let (left, operator, right) = ['-', '+', '/', '*']
        .into_iter()
        .find_map(|operator| {
            let (left, right) = expression.rsplit_once(operator)?;
            Some((left, operator, right))
        })
        .unwrap_or(("", ' ', expression));
    let (left, right) = (left.trim(), right.trim().trim_end_matches(" as usize"));
    match operator {
        '-' => worked_out(path, left) - worked_out(path, right),
        '+' => worked_out(path, left) + worked_out(path, right),
        '/' => worked_out(path, left) / worked_out(path, right),
        '*' => worked_out(path, left) * worked_out(path, right),
        _ => match right.replace('_', "").parse() {
            Ok(number) => number,
            Err(_) => named(path, right.rsplit("::").next().unwrap_or(right)),
        },
    }
}

/// A constant that an expression names: of the same file, or of the one that alone has it, in the same
/// crate or in another.
fn named(path: &str, name: &str) -> u128 {
    let has = |path: &str| read(path).contains(&format!("const {name}: "));
    if has(path) {
        return in_code(path, name);
    }
    let mut found: Vec<String> = sources().into_iter().filter(|path| has(path)).collect();
    let (home, _) = path.split_once("/src/").expect("a path of a crate");
    let is_home = |path: &String| path.split_once("/src/").is_some_and(|(of, _)| of == home);
    if found.iter().any(is_home) {
        found.retain(is_home);
    }
    let [found] = found.as_slice() else {
        panic!("{path}: {name} is one of {found:?}");
    };
    in_code(found, name)
}

/// What a constant, or the default of a field, is in a file.
fn in_code(path: &str, name: &str) -> u128 {
    let text = read(path);
    let missing = || panic!("{path} has no {name}");
    if let Some((field, part)) = name.split_once('.') {
        // A field of a field, `identity_rate: Some(Rate { per_second: …, … })`, or of a constant.
        let starts = [format!("{field}: Some("), format!("const {field}: ")];
        let found = starts.iter().find_map(|start| text.find(start));
        let rest = &text[found.unwrap_or_else(missing)..];
        let found = rest.find(&format!("{part}: "));
        return after(path, &rest[found.unwrap_or_else(missing)..], ": ", ",");
    }
    if name.chars().all(|c| c.is_ascii_uppercase() || c == '_') {
        let found = text.find(&format!("const {name}: "));
        return after(path, &text[found.unwrap_or_else(missing)..], " =", ";");
    }
    let defaults = text.find("fn default()").unwrap_or_else(missing);
    let rest = &text[defaults..];
    let found = rest.find(&format!(" {name}: "));
    after(path, &rest[found.unwrap_or_else(missing)..], ": ", ",")
}

/// The value between two signs.
fn after(path: &str, text: &str, start: &str, end: &str) -> u128 {
    let rest = text.split_once(start).expect(start).1;
    worked_out(path, rest.split_once(end).expect(end).0.trim())
}

/// Every source of the program that is no test, as a path from the root.
fn sources() -> Vec<String> {
    fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_stem().and_then(|name| name.to_str());
            let name = name.expect("a name");
            let is_source = path.extension().is_some_and(|kind| kind == "rs");
            if path.is_dir() && !["tests", "generated"].contains(&name) {
                collect(&path, found);
            } else if is_source && !name.ends_with("tests") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    for folder in ["crates", "services"] {
        collect(&root().join(folder), &mut found);
    }
    let mut paths: Vec<String> = found
        .iter()
        .map(|path| path.strip_prefix(root()).expect("a path below the root"))
        .map(|path| path.to_str().expect("UTF-8").to_owned())
        .collect();
    paths.sort();
    paths
}

/// The words of names that limits have.
const WORDS: [&str; 15] = [
    "ATTEMPTS",
    "BEYOND",
    "BYTES",
    "CACHE",
    "CHARACTERS",
    "CHARS",
    "KEPT",
    "LIFETIME",
    "LIMIT",
    "MAX",
    "MIN",
    "QUEUE",
    "ROOM",
    "SPARE",
    "TIMEOUT",
];

/// The constants of a file that may be limits, by their names and types: numbers, times, and sizes of pages.
fn limits_of(path: &str) -> Vec<String> {
    let text = read(path);
    let code = text.split("#[cfg(test)]\nmod tests {").next();
    let declared = code.unwrap_or_default().lines().filter_map(|line| {
        let line = line.trim_start();
        let (_, rest) = line.split_once("const ").filter(|(before, _)| {
            before.is_empty() || (before.starts_with("pub") && before.ends_with(' '))
        })?;
        let (name, rest) = rest.split_once(": ")?;
        Some((name, rest.split_once(" =")?.0))
    });
    let limits = declared.filter_map(|(name, kind)| {
        let is_number = ["usize", "u8", "u16", "u32", "u64", "i32", "i64"].contains(&kind);
        let is_limit = name.split('_').any(|word| WORDS.contains(&word));
        match kind {
            "SizeLimits" => Some(format!("{name}.max")),
            _ if is_limit && (is_number || kind.ends_with("Duration")) => Some(name.to_owned()),
            _ => None,
        }
    });
    limits.collect()
}

/// Constants with the name of a limit that are none, and why: nothing that is sent or asked for meets them.
const EXCEPTIONS: [(&str, &[&str]); 10] = [
    (
        "lengths that a format has, of Mesur's own or of others",
        &[
            "crates/forms/src/form.rs: SHEET_NAME_CHARS_MAX",
            "crates/mesur/src/command/store/audit/lines.rs: COMMIT_BYTES",
            "crates/outputs/src/archive.rs: CENTRAL_BYTES",
            "crates/outputs/src/archive.rs: LOCAL_BYTES",
            "crates/outputs/src/bundle/key.rs: KEY_BYTES",
            "crates/outputs/src/bundle/key.rs: LINE_CHARS",
            "crates/outputs/src/parquet.rs: DECIMAL_BYTES",
            "crates/outputs/src/workbook.rs: SHEET_NAME_CHARS_MAX",
            "crates/outputs/src/workbook/table.rs: HEADER_CHARS_MAX",
            "crates/outputs/src/xlsx.rs: DECIMALS_MAX",
            "crates/returns/src/file/one_return.rs: DIGITS_MAX",
            "crates/returns/src/file/sheet.rs: EXACT_DIGITS_MAX",
            "crates/rpc/src/etag.rs: TAG_BYTES",
            "crates/rpc/src/page.rs: ARGUMENTS_BYTES",
            "crates/rpc/src/page.rs: HMAC_BLOCK_BYTES",
            "crates/rpc/src/page.rs: MAC_BYTES",
            "crates/rpc/src/request_id.rs: HYPHENATED_BYTES",
            "crates/spreadsheet/src/lib.rs: ROW_POINTS_MAX",
            "crates/store/src/chain.rs: LINK_BYTES",
            "crates/store/src/embedded/frame.rs: HEAD_BYTES",
            "crates/store/src/etcd/reader.rs: VERSION_BYTES",
            "crates/store/src/export.rs: DIGEST_BYTES",
            "crates/store/src/large.rs: CHUNK_TAIL_BYTES",
            "crates/store/src/layout.rs: SPACE_BYTES",
            "crates/store/src/log.rs: POSITION_BYTES",
            "crates/store/src/record.rs: CHECKSUM_BYTES",
            "crates/telemetry/src/trace.rs: TRACEPARENT_BYTES",
            "crates/wire/src/content.rs: LENGTH_BYTES_MAX",
            "crates/wire/src/fields.rs: BYTES",
            "crates/wire/src/fields.rs: EIGHT_BYTES",
            "crates/wire/src/fields.rs: FOUR_BYTES",
            "crates/wire/src/fields.rs: NUMBER_BYTES_MAX",
            "services/publication/src/web/feed.rs: ADDRESSES_MAX",
        ],
    ),
    (
        "estimates, by which room is made or left for what has its own limit",
        &[
            "crates/returns/src/file/sheet.rs: TEXT_CHARS_MAX",
            "crates/rpc/src/server/gathered.rs: ROOM_KEPT",
            "crates/rpc/src/status/bounds.rs: ITEM_BYTES",
            "crates/rpc/src/status/bounds.rs: LIST_BYTES",
            "crates/store/src/embedded/mod.rs: ROW_OVERHEAD_BYTES",
            "crates/store/src/etcd/mod.rs: ROW_REQUEST_BYTES",
            "crates/store/src/layout.rs: ROW_KEY_BYTES_MAX",
            "services/aggregation/src/message/authority.rs: ITEM_BYTES",
            "services/submission/src/api/unary.rs: TAKEN_IN_BYTES",
            "services/aggregation/src/whole.rs: FRAME_BYTES",
            "services/aggregation/src/whole.rs: VALUE_BYTES_MIN",
            "services/publication/src/api/dataset.rs: REST_BYTES",
            "services/submission/src/api/convert.rs: ITEM_HEAD_BYTES",
        ],
    ),
    (
        "pieces in which something is moved that has its own limit",
        &[
            "crates/mesur/src/command/data_return/send.rs: CHUNK_BYTES",
            "crates/mesur/src/command/store/audit/chains.rs: PIECE_BYTES",
            "crates/rpc/src/operations.rs: PIECE_BYTES",
            "crates/store/src/embedded/indexer.rs: MOVES_BYTES",
            "crates/store/src/embedded/indexer.rs: MOVE_BYTES",
            "crates/store/src/embedded/indexer.rs: SYNC_BYTES",
            "crates/store/src/embedded/journal.rs: BUFFERS_MAX",
            "crates/store/src/embedded/journal.rs: ROOM_GROUP_BYTES_MAX",
            "crates/store/src/embedded/mod.rs: LEAF_ROWS_MAX",
            "crates/store/src/embedded/mod.rs: SEGMENT_BYTES",
            "crates/store/src/embedded/row.rs: INLINE_BYTES_MAX",
            "crates/store/src/export.rs: READ_BYTES",
            "crates/store/src/large.rs: CHUNK_BYTES",
            "crates/store/src/large.rs: INLINE_BYTES",
            "services/aggregation/src/reading.rs: PIECE_BYTES",
            "services/publication/src/api.rs: PIECE_BYTES",
            "services/publication/src/store/contents.rs: COMMIT_BYTES",
            "services/publication/src/store/contents.rs: ROW_BYTES",
            "services/submission/src/api/uploads.rs: PIECE_BYTES",
            "services/submission/src/store/contents.rs: INLINE_BYTES",
            "services/validation/src/api/reports.rs: PAGE_BYTES",
            "services/validation/src/store/remarks.rs: READ_MAX",
            "services/validation/src/store/reports.rs: COMMIT_BYTES",
            "services/validation/src/store/reports.rs: PAGE_BYTES",
            "services/validation/src/store/reports.rs: ROW_BYTES",
        ],
    ),
    (
        "what is written at one time, or before the index takes it in: further commits wait, within the limits \
     of the call",
        &[
            "crates/store/src/embedded/committer.rs: GROUP_BYTES",
            "crates/store/src/embedded/committer.rs: GROUP_COMMITS_MAX",
            "crates/store/src/embedded/committer.rs: UNINDEXED_ROWS_MAX",
        ],
    ),
    (
        "what is kept to be quick: what does not fit is read again",
        &[
            "crates/store/src/etcd/committer.rs: KNOWN_ROWS_MAX",
            "services/publication/src/cache.rs: CACHE_BYTES_MAX",
            "services/publication/src/cache.rs: CACHE_FILES",
            "services/submission/src/returns/previous.rs: KEPT_BYTES_MAX",
        ],
    ),
    (
        "how long or often a process tries by itself, or trusts what it made itself",
        &[
            "crates/access/src/dev/folder.rs: FILES_LIFETIME",
            "crates/mesur/src/command/store/backup.rs: ATTEMPTS_MAX",
            "crates/mesur/src/connection.rs: ASKED_MAX",
            "crates/mesur/src/login.rs: LEFT_MIN",
            "crates/mesur/src/login.rs: LIFETIME",
            "crates/mesur/src/login.rs: PAUSE_MIN",
            "crates/mesur/src/production.rs: CATCH_UP_TIMEOUT",
            "crates/oidc/src/device.rs: INTERVAL_MIN",
            "crates/process/src/telemetry/traces.rs: END_TIMEOUT",
            "crates/process/src/telemetry/traces.rs: EXPORT_TIMEOUT",
            "crates/rpc/src/channel.rs: CONNECT_TIMEOUT",
            "crates/rpc/src/channel.rs: KEEPALIVE_TIMEOUT",
            "crates/rpc/src/server.rs: CUT_TIMEOUT",
            "crates/store/src/embedded/folder.rs: LET_GO_POLLS_MAX",
            "crates/store/src/etcd/cluster.rs: PAUSE_MAX",
            "crates/store/src/etcd/facts.rs: WRITERS_KEPT",
            "crates/suite/src/lib.rs: TOKEN_LIFETIME",
            "services/submission/src/returns/signing.rs: CLEARANCE_ATTEMPTS",
        ],
    ),
    (
        "what the largest commit comes to on its way, so that nothing that was let in meets it",
        &[
            "crates/store/src/embedded/frame.rs: ROWS_BYTES_MAX",
            "crates/store/src/etcd/cluster.rs: ANSWER_BYTES_MAX",
            "crates/store/src/etcd/mod.rs: REQUEST_BYTES_MAX",
            "crates/store/src/etcd/mod.rs: TXN_OPERATIONS_MAX",
        ],
    ),
    (
        "how far is searched among an edition's own figures, and when another worker or a chart is worth it",
        &[
            "crates/disclosure/src/interval.rs: MOVABLE_MAX",
            "crates/disclosure/src/repair.rs: MENDS_MAX",
            "crates/disclosure/src/solver.rs: BRANCHES_MAX",
            "crates/disclosure/src/solver.rs: DISTANCE_MAX",
            "crates/mesur/src/output/table.rs: LAST_WIDTH_MIN",
            "services/aggregation/src/domain/search.rs: COUNTERS_MAX",
            "services/aggregation/src/domain/search.rs: KEPT_VALUES_MAX",
            "services/aggregation/src/domain/spread.rs: AUTHORITIES_MIN",
            "services/aggregation/src/recount.rs: WORKER_RETURNS_MIN",
            "services/publication/src/domain/spread.rs: AUTHORITIES_MIN",
            "services/publication/src/render/topic.rs: FEATURED_MAX",
        ],
    ),
    (
        "what an operator alone sets or reads: refused at the start",
        &[
            "crates/mesur/src/command/store/files.rs: MANIFEST_BYTES_MAX",
            "crates/store/src/etcd/mod.rs: PREFIX_BYTES_MAX",
        ],
    ),
    (
        "what a form says to a browser; the server holds readers to its own",
        &["services/publication/src/render/html/shell.rs: FEEDBACK_CHARACTERS_MAX"],
    ),
];

#[test]
fn every_limit_of_the_code_stands_on_the_page_or_is_known_to_be_none() {
    let rows: BTreeSet<(String, String)> = rows().into_iter().map(|row| row.constant).collect();
    let mut excepted: BTreeSet<(String, String)> = BTreeSet::new();
    for (_, places) in EXCEPTIONS {
        for one in places {
            assert!(excepted.insert(place(one)), "{one} stands twice");
        }
    }
    let mut unknown = Vec::new();
    for path in sources() {
        for name in limits_of(&path) {
            let limit = (path.clone(), name);
            let is_excepted = excepted.remove(&limit);
            if rows.contains(&limit) == is_excepted {
                unknown.push(format!("{}: {}", limit.0, limit.1));
            }
        }
    }
    assert!(
        unknown.is_empty(),
        "neither on docs/limits.md nor excepted, or both: {unknown:#?}"
    );
    assert!(excepted.is_empty(), "no such constants: {excepted:#?}");
}

#[test]
fn every_limit_of_the_page_is_that_of_the_code() {
    let rows = rows();
    assert!(rows.len() > 50, "{}", rows.len());
    for Row {
        limit,
        value,
        constant: (path, name),
        ..
    } in rows
    {
        assert_eq!(
            told(&value),
            in_code(&path, &name),
            "{limit}: {path}: {name}"
        );
    }
}

#[test]
fn every_test_that_the_page_names_is_there() {
    for row in rows() {
        let (path, name) = row.test;
        let found = read(&path).contains(&format!("fn {name}("));
        assert!(found, "{}: {path} has no {name}", row.limit);
    }
}

/// A new field of the limits of a server stands on the page.
#[test]
fn every_limit_of_a_server_stands_on_the_page() {
    let page = read("docs/limits.md");
    let text = read("crates/rpc/src/server/limits.rs");
    let fields = text
        .split_once("pub struct Limits {")
        .expect("the limits")
        .1;
    let fields = fields.split_once("\n}").expect("their end").0;
    let names = fields.lines().filter_map(|line| {
        let name = line.trim().strip_prefix("pub ")?;
        Some(name.split_once(':')?.0)
    });
    for name in names.filter(|name| *name != "limit_loopback") {
        assert!(
            page.contains(&format!(": {name}")),
            "{name} is not on the page"
        );
    }
}
