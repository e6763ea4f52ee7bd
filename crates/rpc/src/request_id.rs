//! The identifier a client gives a mutation so that sending it twice makes it happen once.
//!
//! This reads the identifier; remembering the first response belongs to the store of the service.

use uuid::Uuid;

use crate::status::Violation;

/// Length of the only accepted form, `6ba7b810-9dad-41d1-80b4-00c04fd430c8`.
const HYPHENATED_BYTES: usize = 36;

/// Reads the `request_id` of a request: empty means the client wants no idempotency.
///
/// The nil UUID is refused: it is what an unset variable holds, and would make strangers' requests
/// repeats of each other.
pub fn parse(text: &str) -> Result<Option<Uuid>, Violation> {
    if text.is_empty() {
        return Ok(None);
    }
    let id = Uuid::try_parse(text).ok();
    match id.filter(|id| text.len() == HYPHENATED_BYTES && !id.is_nil()) {
        Some(id) => Ok(Some(id)),
        None => Err(Violation {
            field: "request_id".to_owned(),
            reason: "REQUEST_ID_INVALID",
            description: "must be empty or a UUID such as 6ba7b810-9dad-41d1-80b4-00c04fd430c8"
                .to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_means_no_idempotency_and_a_uuid_is_itself() {
        assert_eq!(parse(""), Ok(None));
        let id = parse("6BA7B810-9dad-41d1-80b4-00c04fd430c8")
            .unwrap()
            .unwrap();
        assert_eq!(id.to_string(), "6ba7b810-9dad-41d1-80b4-00c04fd430c8");
    }

    #[test]
    fn anything_else_violates_the_field() {
        let nil = Uuid::nil().to_string();
        for text in ["1", " ", "6ba7b8109dad41d180b400c04fd430c8", nil.as_str()] {
            assert_eq!(parse(text).unwrap_err().field, "request_id", "{text:?}");
        }
    }
}
