//! The dense stored form of the cells of a return or a draft, which submission and aggregation
//! both keep.

use mesur_catalogue::{AuthorityCode, CellId, Edition};
use mesur_proto::storage::v1::{CellText, ReturnContent};
use mesur_returns::{Cells, CellsBuilder, DataReturn, Date, Draft, Observed, Status};

/// A stored content that does not fit its edition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the content does not fit the edition: {problem}")]
pub struct ContentError {
    problem: String,
}

/// The states of a cell as they are stored; never given another meaning.
const MISSING: u8 = 0;
const PROVIDED: u8 = 1;
const PART_PERIOD: u8 = 2;
const NOT_PROVIDED: u8 = 3;
const NOT_APPLICABLE: u8 = 4;

/// The stored form of the cells of a return or of a draft. A cell that is erroneous, which neither
/// has, would be stored as missing.
pub fn content_of(cells: &Cells) -> ReturnContent {
    let state = |status: &Status| match status {
        Status::Missing | Status::Erroneous => MISSING,
        Status::Provided => PROVIDED,
        Status::PartPeriod => PART_PERIOD,
        Status::NotProvided => NOT_PROVIDED,
        Status::NotApplicable => NOT_APPLICABLE,
    };
    let texts = cells.annotated().filter_map(|cell| {
        let observation = cells.observation(cell)?;
        let end_date = match observation.value {
            Observed::PartPeriod { end: Some(end), .. } => end.to_string(),
            _ => String::new(),
        };
        Some(CellText {
            cell: cell.0,
            comment: observation.comment.to_owned(),
            reference: observation.reference.to_owned(),
            end_date,
            reason: observation.reason.to_owned(),
        })
    });
    ReturnContent {
        states: cells.statuses().iter().map(state).collect(),
        values: cells.values().to_vec(),
        texts: texts.collect(),
    }
}

/// The return that a stored content is of. The edition must be the one, by digest, that it was
/// stored in the order of.
pub fn return_from_content(
    edition: &Edition,
    authority: &AuthorityCode,
    content: ReturnContent,
) -> Result<DataReturn, ContentError> {
    DataReturn::new(edition, authority.clone(), cells_of(edition, content)?)
        .ok_or_else(|| error("a cell is missing"))
}

/// The draft that a stored content is of, under the same condition.
pub fn draft_from_content(
    edition: &Edition,
    authority: &AuthorityCode,
    content: ReturnContent,
) -> Result<Draft, ContentError> {
    Draft::new(edition, authority.clone(), cells_of(edition, content)?)
        .ok_or_else(|| error("an erroneous cell"))
}

fn error(problem: &str) -> ContentError {
    ContentError {
        problem: problem.to_owned(),
    }
}

fn cells_of(edition: &Edition, content: ReturnContent) -> Result<Cells, ContentError> {
    let status = |state: u8| match state {
        MISSING => Ok(Status::Missing),
        PROVIDED => Ok(Status::Provided),
        PART_PERIOD => Ok(Status::PartPeriod),
        NOT_PROVIDED => Ok(Status::NotProvided),
        NOT_APPLICABLE => Ok(Status::NotApplicable),
        _ => Err(error("an unknown state")),
    };
    if content.states.len() != edition.cells().len() {
        return Err(error("another number of cells"));
    }
    let statuses = content.states.into_iter().map(status);
    let statuses: Vec<Status> = statuses.collect::<Result<_, _>>()?;
    let mut cells = CellsBuilder::from_columns(statuses, content.values)
        .ok_or_else(|| error("another number of values than of cells"))?;
    for text in content.texts {
        let cell = CellId(text.cell);
        if cell.index() >= edition.cells().len() {
            return Err(error("a text of no cell"));
        }
        let end = if text.end_date.is_empty() {
            None
        } else if cells.status(cell) == Status::PartPeriod {
            let date = Date::parse(&text.end_date);
            Some(date.ok_or_else(|| error("an end date that is no date"))?)
        } else {
            let problem = "an end date of a value that is not of part of the period";
            return Err(error(problem));
        };
        cells.annotate(cell, end, [&text.reason, &text.comment, &text.reference]);
    }
    Ok(cells.finish())
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, LazyLock};

    use mesur_catalogue::{Catalogue, EditionName};
    use mesur_returns::Observation;
    use proptest::prelude::*;

    use super::*;

    static EDITION: LazyLock<Arc<Edition>> = LazyLock::new(|| {
        let catalogue = Catalogue::bundled().expect("bundled");
        let name = EditionName::parse("pif/2020-21").expect("a name");
        Arc::clone(catalogue.get(&name).expect("bundled"))
    });

    fn authority() -> AuthorityCode {
        AuthorityCode::parse("W06000003").expect("a code")
    }

    fn read(content: ReturnContent) -> Result<DataReturn, ContentError> {
        return_from_content(&EDITION, &authority(), content)
    }

    /// What was observed, with reason, comment and reference; `None` for a missing cell.
    type Drawn = Option<(Observed, [String; 3])>;

    fn drawn() -> impl Strategy<Value = Drawn> {
        let date = (1_u16..=9_999, 1_u8..=12, 1_u8..=28)
            .prop_map(|(year, month, day)| Date::parse(&format!("{year:04}-{month:02}-{day:02}")));
        let date = date.prop_filter("a date", Option::is_some);
        let value = prop_oneof![
            any::<i64>().prop_map(Observed::Provided),
            (any::<i64>(), prop_oneof![Just(None), date])
                .prop_map(|(value, end)| Observed::PartPeriod { value, end }),
            Just(Observed::NotProvided),
            Just(Observed::NotApplicable),
        ];
        let texts =
            [".{0,2}", ".{0,8}", ".{0,4}"].map(|pattern| prop_oneof![Just(String::new()), pattern]);
        prop_oneof![1 => Just(None), 9 => (value, texts).prop_map(Some)]
    }

    /// Cells set in the order of `places`, as far as they are observed.
    fn set(drawn: &[Drawn], places: &[usize]) -> Cells {
        let mut cells = CellsBuilder::new(drawn.len());
        for place in places {
            let Some((value, [reason, comment, reference])) = &drawn[*place] else {
                continue;
            };
            let observation = Observation {
                value: *value,
                reason,
                comment,
                reference,
            };
            cells.set(CellId(u32::try_from(*place).expect("few")), observation);
        }
        cells.finish()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn cells_are_read_back_as_they_were_stored_in_whatever_order_they_were_set(
            drawn in prop::collection::vec(drawn(), EDITION.cells().len()),
            places in Just((0..EDITION.cells().len()).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let in_order: Vec<usize> = (0..drawn.len()).collect();
            let cells = set(&drawn, &in_order);
            prop_assert_eq!(&set(&drawn, &places), &cells);
            let draft = draft_from_content(&EDITION, &authority(), content_of(&cells));
            let draft = draft.expect("a draft");
            prop_assert_eq!(draft.cells(), &cells);
            let is_whole = drawn.iter().all(Option::is_some);
            prop_assert_eq!(read(content_of(&cells)).is_ok(), is_whole);

            let other = CellsBuilder::from_columns(
                vec![Status::NotProvided; drawn.len()],
                vec![0; drawn.len()],
            );
            let whole = other.expect("columns").finish().with(&cells);
            for (number, drawn) in (0..).zip(&drawn) {
                let observed = whole.observation(CellId(number)).expect("observed");
                let (value, texts) = drawn.clone().unwrap_or_else(|| (Observed::NotProvided, Default::default()));
                prop_assert_eq!(observed.value, value);
                prop_assert_eq!([observed.reason, observed.comment, observed.reference], texts);
            }
            let data_return = DataReturn::new(&EDITION, authority(), whole.clone());
            prop_assert_eq!(read(content_of(&whole)).ok(), data_return);
        }
    }

    #[test]
    fn a_content_that_does_not_fit_is_refused_with_its_reason() {
        let cells = EDITION.cells().len();
        let problem = |states: Vec<u8>, values: usize, texts: &[(u32, &str)]| {
            let texts = texts.iter().map(|(cell, end_date)| CellText {
                cell: *cell,
                end_date: (*end_date).to_owned(),
                ..CellText::default()
            });
            let content = ReturnContent {
                states,
                values: vec![7; values],
                texts: texts.collect(),
            };
            read(content).err().map(|error| error.problem)
        };
        let all = |state: u8| vec![state; cells];
        assert_eq!(problem(all(PROVIDED), cells, &[]), None);
        let end = [(0, "2020-11-23")];
        assert_eq!(problem(all(PART_PERIOD), cells, &end), None);
        for (found, said) in [
            (problem(vec![PROVIDED], cells, &[]), "number of cells"),
            (problem(all(PROVIDED), cells + 1, &[]), "number of values"),
            (problem(all(MISSING), cells, &[]), "is missing"),
            (problem(all(5), cells, &[]), "unknown state"),
            (problem(all(PROVIDED), cells, &[(u32::MAX, "")]), "no cell"),
            (problem(all(PROVIDED), cells, &end), "not of part"),
            (problem(all(PART_PERIOD), cells, &[(0, "soon")]), "no date"),
        ] {
            let found = found.expect(said);
            assert!(found.contains(said), "{found}");
        }
    }
}
