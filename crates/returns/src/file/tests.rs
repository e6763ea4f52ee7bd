//! A file that is gone through once is read as it would be after a look at all of its rows.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use mesur_catalogue::{Catalogue, Edition, EditionName};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::RngSeed;

use super::*;

const SAMPLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../mesur/samples/2022-23/W06000015.csv"
);
const CUT_DOWN: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/data/bad/catalogue"
);

static EDITIONS: LazyLock<(Catalogue, [Arc<Edition>; 2])> = LazyLock::new(|| {
    let mut catalogue = Catalogue::bundled().expect("the bundled editions");
    let name = EditionName::parse("pif/2022-23").expect("a name");
    let bundled = Arc::clone(catalogue.get(&name).expect("an edition"));
    let cut_down = catalogue
        .add_folder(Path::new(CUT_DOWN))
        .expect("an edition");
    (catalogue, [bundled, cut_down])
});

static SAMPLE_TEXT: LazyLock<String> =
    LazyLock::new(|| std::fs::read_to_string(SAMPLE).expect("a sample"));

/// A return of an edition in which every cell has a number and nothing else is said.
fn plain(edition: &Edition, header: &str, ending: &str) -> String {
    let period = &edition.name().period;
    let authority = &edition.authorities().first().expect("one").code;
    let mut text = format!("{header}\n");
    for (cell, value) in edition.cells().iter().zip((0..).step_by(37)) {
        let (metric, category) = (&cell.reference.metric, cell.reference.category_str());
        writeln!(
            text,
            "{authority},{period},{metric},{category},{value},provided{ending}"
        )
        .expect("a text");
    }
    text
}

/// What is done to a text.
#[derive(Debug, Clone)]
enum Change {
    Insert(Index, &'static str),
    Remove(Index),
    Swap(Index, Index),
    Repeat(Index, Index),
    Drop(Index),
    Everywhere(&'static str, &'static str),
}

impl Change {
    fn apply(&self, text: &mut String) {
        match self {
            Self::Insert(at, what) => {
                let places = text.char_indices().map(|(at, _)| at);
                let places: Vec<usize> = places.chain([text.len()]).collect();
                text.insert_str(places[at.index(places.len())], what);
            }
            Self::Remove(at) => {
                let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
                if !places.is_empty() {
                    text.remove(places[at.index(places.len())]);
                }
            }
            Self::Everywhere(from, to) => *text = text.replace(from, to),
            Self::Swap(..) | Self::Repeat(..) | Self::Drop(_) => {
                let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
                let place = |at: &Index| at.index(lines.len().max(1));
                match self {
                    _ if lines.is_empty() => {}
                    Self::Swap(one, other) => {
                        let (one, other) = (place(one), place(other));
                        lines.swap(one, other);
                    }
                    Self::Repeat(from, to) => {
                        let (from, to) = (place(from), place(to));
                        lines.insert(to, lines[from]);
                    }
                    Self::Drop(at) => {
                        let at = place(at);
                        lines.remove(at);
                    }
                    _ => {}
                }
                *text = lines.concat();
            }
        }
    }
}

fn change() -> impl Strategy<Value = Change> {
    let pieces = [
        ",",
        "\n",
        "\r",
        "\r\n",
        "\"",
        " ",
        "-",
        ".",
        "0",
        "7",
        "123456789012345",
        "ŵ",
        "x",
        "\n\n",
        ",,,,,,\n",
        "\"\"",
        "\n\"",
        "\"a,b\nc\"",
        "=1",
        "+",
        "e3",
        "\u{feff}",
        "\0",
    ];
    let everywhere = [
        ("\n", "\r\n"),
        ("\n", "\r"),
        ("\n", "\n\n"),
        ("provided", "not_provided"),
        ("provided", "not_applicable"),
        ("provided", "part_period"),
        ("provided", "Provided"),
        (",provided,", ",provided,no reason"),
        ("2022-23", "2021-22"),
        ("2022-23", "\"2022-23\""),
        ("W06", "W07"),
        ("AD/", "XX/"),
        ("authority,edition", "edition,authority"),
        ("comment", "comment,note"),
        ("comment", "edition_digest"),
        ("category,value", "value,category"),
    ];
    let index = any::<Index>;
    prop_oneof![
        4 => (index(), prop::sample::select(pieces.to_vec())).prop_map(|(at, what)| Change::Insert(at, what)),
        3 => index().prop_map(Change::Remove),
        2 => (index(), index()).prop_map(|(one, other)| Change::Swap(one, other)),
        2 => (index(), index()).prop_map(|(from, to)| Change::Repeat(from, to)),
        1 => index().prop_map(Change::Drop),
        1 => prop::sample::select(everywhere.to_vec()).prop_map(|(from, to)| Change::Everywhere(from, to)),
    ]
}

fn material(number: usize) -> (String, &'static Edition) {
    let (_, [bundled, cut_down]) = &*EDITIONS;
    let asked = "authority,edition,metric,category,value,status,comment";
    match number {
        0 => (SAMPLE_TEXT.clone(), bundled),
        1 => (plain(bundled, asked, ","), bundled),
        2 => (plain(cut_down, asked, ","), cut_down),
        _ => {
            let header = format!("{asked},reason,end_date,reference,ours");
            (plain(cut_down, &header, ",,,,,"), cut_down)
        }
    }
}

fn read_both_ways(bytes: &[u8], edition: &Edition, kept: Kept) -> [FileReading; 2] {
    let (catalogue, _) = &*EDITIONS;
    let long_way = match Opened::read(bytes, edition) {
        Ok(opened) => read_table(opened, edition, catalogue, kept),
        Err(findings) => refused(findings),
    };
    [read(bytes, edition, catalogue, kept), long_way]
}

fn earlier_both_ways(bytes: &[u8], edition: &Edition) -> [Option<Previous>; 2] {
    let opened = Opened::read(bytes, edition);
    let long_way = opened
        .and_then(Opened::survey)
        .ok()
        .and_then(|table| Previous::of_table(&table, edition).ok());
    [Previous::read_file(bytes, edition).ok(), long_way]
}

#[test]
fn a_file_in_which_every_cell_has_a_number_is_gone_through_once() {
    let (catalogue, _) = &*EDITIONS;
    for number in 0..4 {
        let (text, edition) = material(number);
        let opened = Opened::read(text.as_bytes(), edition).expect("a file");
        let read = read_one_return(&opened, edition, catalogue, Kept::Places);
        let (_, assembly) = read.expect("a return");
        assert!(assembly.findings.iter().all(|finding| !finding.is_error()));
        let earlier = Previous::read_file(text.as_bytes(), edition).expect("values");
        assert!(!earlier.values.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, rng_seed: RngSeed::Fixed(11), ..ProptestConfig::default() })]

    #[test]
    fn a_file_is_read_as_it_is_after_a_look_at_all_of_its_rows(
        number in 0_usize..4,
        changes in prop::collection::vec(change(), 0..5),
        places in any::<bool>(),
    ) {
        let (mut text, edition) = material(number);
        for change in changes {
            change.apply(&mut text);
        }
        let kept = if places { Kept::Places } else { Kept::CellsAlone };
        let [at_once, long_way] = read_both_ways(text.as_bytes(), edition, kept);
        prop_assert_eq!(at_once, long_way);
        let [at_once, long_way] = earlier_both_ways(text.as_bytes(), edition);
        prop_assert_eq!(at_once, long_way);
    }
}
