//! The release of an edition: what it names must be there.

use std::fs;
use std::path::Path;

use crate::{Slip, places, write, write_edition};

/// A release of the invented collection, with a figure of every kind of source.
pub(crate) fn write_release(folder: &Path) {
    let figures = "figure,kind,numerator,denominator,of,rank,threshold,source_id,note\n\
                   used,count,WA/001,,,,,,\n\
                   share,percent,WA/002[a+b],WA/001,,,,,\n\
                   least,authority_percent,,,share,lowest,,,\n\
                   per-head,rate,WA/001,,,,,,\ngrowth,change,WA/001,,,,,,\n\
                   x,outside,,,,,,,\n";
    write(folder, "figures.csv", figures);
    let outside = "figure,value,decimals,unit,source_title_en,source_title_cy,source_url,note\n\
                   x,5,0,percent,A source,,,\n";
    write(folder, "outside.csv", outside);
    let population = "authority,mid_year,population\nX02,2030,1000\n";
    write(folder, "population.csv", population);
    let plan = "release_date = \"2032-03-01\"\ncontact = \"who\"\n\
                [[population]]\nid = \"homes\"\npopulations = [\n  \"households\",\n]\n\
                [[section]]\nid = \"water\"\n[[section.group]]\nid = \"year\"\n\
                statements = [\n  \"s1\",\n  \"s2\",\n]\n\
                [[section.group]]\nid = \"year\"\nstatements = [\"s4\"]\n";
    write(folder, "release.toml", plan);
    let english = "who = Someone\npopulation-homes = homes\nsection-water = Water\n\
                   group-year = The year\nstatement-s1 = { $used } and { $x }\n\
                   statement-s2 = { $share }, least { $least } in { $least-area }\n\
                   statement-s4 = { $per-head } a head, { $growth-direction ->\n  \
                     [rise] more by { $growth }\n  [fall] less by { $growth }\n  \
                    *[none] as much\n  }\n";
    write(folder, "release.en.ftl", english);
}

/// A slip in what a release names.
const SLIPS_IN_THE_RELEASE: [Slip; 19] = [
    (
        "release.toml",
        "2032-03-01",
        "1 March",
        "release.toml:1:release_date",
    ),
    (
        "release.toml",
        "\"who\"",
        "\"whom\"",
        "release.toml:2:contact",
    ),
    (
        "release.toml",
        "\"homes\"",
        "\"farms\"",
        "release.toml:4:population.id",
    ),
    (
        "release.toml",
        "\"water\"",
        "\"fire\"",
        "release.toml:9:section.id",
    ),
    (
        "release.toml",
        "\"year\"",
        "\"day\"",
        "release.toml:11:section.group.id",
    ),
    (
        "release.toml",
        "\"s2\"",
        "\"s3\"",
        "release.toml:14:section.group.statements",
    ),
    (
        "release.toml",
        "households\",",
        "households\", \"firms\"",
        "release.toml:6:population.populations",
    ),
    (
        "release.toml",
        "households\",",
        "households\", \"households\"",
        "release.toml:6:population.populations",
    ),
    (
        "release.toml",
        "  \"households\",\n",
        "",
        "release.toml:4:population",
    ),
    ("release.toml", "contact =", "contacts =", "release.toml:2:"),
    (
        "release.en.ftl",
        "$used",
        "$unused",
        "release.en.ftl:5:statement-s1",
    ),
    (
        "release.en.ftl",
        "$least-area",
        "$share-area",
        "release.en.ftl:6:statement-s2",
    ),
    (
        "outside.csv",
        "A source,,,\n",
        "A source,,,\ny,1,0,percent,A source,,,\n",
        "outside.csv:3:figure",
    ),
    (
        "outside.csv",
        "A source,,,\n",
        "A source,,,\nx,1,0,percent,A source,,,\n",
        "outside.csv:3:figure",
    ),
    (
        "figures.csv",
        "x,outside,,,,,,,\n",
        "x,outside,,,,,,,\nz,outside,,,,,,,\n",
        "figures.csv:8:figure",
    ),
    ("population.csv", "X02", "X03", "figures.csv:5:kind"),
    (
        "figures.csv",
        "per-head,rate,WA/001",
        "per-head,rate,prev:WA/001",
        "figures.csv:5:numerator",
    ),
    (
        "release.en.ftl",
        "$per-head }",
        "$per-head-direction }",
        "release.en.ftl:7:statement-s4",
    ),
    (
        "release.en.ftl",
        "$growth-direction",
        "$growth-n",
        "release.en.ftl:7:statement-s4",
    ),
];

#[test]
fn what_the_release_names_must_be_there_and_the_fault_is_where_it_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    write_edition(folder.path());
    write_release(folder.path());
    assert_eq!(places(folder.path()), Vec::<String>::new());
    let at = |file: &str| fs::read_to_string(folder.path().join(file)).expect("a file");
    for (file, from, to, place) in SLIPS_IN_THE_RELEASE {
        let sound = at(file);
        assert!(sound.contains(from), "{file}: {from}");
        write(folder.path(), file, &sound.replacen(from, to, 1));
        assert_eq!(places(folder.path()), [place], "{from} → {to}");
        write(folder.path(), file, &sound);
    }
    write(
        folder.path(),
        "release.cy.ftl",
        "who = Rhywun\nnobody = Neb\n",
    );
    assert_eq!(places(folder.path()), ["release.cy.ftl:2:nobody"]);
}
