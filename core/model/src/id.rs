//! Global ids: what clients see instead of UUIDs.

use std::fmt;

use uuid::Uuid;

use crate::{Model, ObjectType};

/// Identifies one record of any type: the type's prefix, an underscore and the UUID's 32 lower-case hex digits
/// (`cus_019a0c3e...`). Clients treat it as opaque; people recognise it in a log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GlobalId {
    /// The type's prefix, `cus` for `Customer`.
    pub prefix: String,
    pub uuid: Uuid,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GlobalIdError {
    #[error("`{given}` is not an id; ids look like `{prefix}_` followed by 32 hex digits and come from the API")]
    Malformed { given: String, prefix: String },
    #[error("`{given}` is not the id of a {expected}; those start with `{prefix}_`")]
    OtherType { given: String, expected: String, prefix: String },
}

impl GlobalId {
    pub fn new(object: &ObjectType, uuid: Uuid) -> Self {
        GlobalId { prefix: object.prefix.clone(), uuid }
    }

    /// Reads an id of any type. Only the canonical form is taken: one record has one id.
    pub fn parse(text: &str) -> Result<Self, GlobalIdError> {
        GlobalId::parse_like(text, "cus")
    }

    /// Reads an id of any type. Who gave none is told how one looks that begins with `prefix`.
    fn parse_like(text: &str, prefix: &str) -> Result<Self, GlobalIdError> {
        let malformed =
            || GlobalIdError::Malformed { given: text.chars().take(64).collect(), prefix: prefix.to_owned() };
        let (prefix, digits) = text.split_once('_').ok_or_else(malformed)?;
        let canonical = digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let known_shape = !prefix.is_empty() && prefix.len() <= 8 && prefix.bytes().all(|b| b.is_ascii_lowercase());
        if !canonical || !known_shape {
            return Err(malformed());
        }
        let uuid = Uuid::try_parse(digits).map_err(|_| malformed())?;
        Ok(GlobalId { prefix: prefix.to_owned(), uuid })
    }

    /// Reads an id that must belong to `object`.
    pub fn parse_as(text: &str, object: &ObjectType) -> Result<Uuid, GlobalIdError> {
        let id = GlobalId::parse_like(text, &object.prefix)?;
        if id.prefix == object.prefix {
            return Ok(id.uuid);
        }
        Err(GlobalIdError::OtherType {
            given: text.to_owned(),
            expected: object.name.clone(),
            prefix: object.prefix.clone(),
        })
    }

    /// The type this id belongs to, if the model has it.
    pub fn object<'m>(&self, model: &'m Model) -> Option<&'m std::sync::Arc<ObjectType>> {
        model.objects().iter().find(|object| object.prefix == self.prefix)
    }
}

impl fmt::Display for GlobalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.prefix, self.uuid.simple())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_it_was_written() {
        let model = Model::core();
        let customer = model.object("Customer").unwrap();
        let id = GlobalId::new(customer, Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001));
        assert_eq!(id.to_string(), "cus_01900000000070008000000000000001");
        assert_eq!(GlobalId::parse_as(&id.to_string(), customer), Ok(id.uuid));
    }

    #[test]
    fn other_spellings_of_an_id_are_refused() {
        for text in [
            "",
            "cus",
            "cus_",
            "cus_0190",
            "cus_0190000000007000800000000000000G",
            "CUS_01900000000070008000000000000001",
            "cus_01900000-0000-7000-8000-000000000001",
        ] {
            assert!(matches!(GlobalId::parse(text), Err(GlobalIdError::Malformed { .. })), "{text}");
        }
    }

    #[test]
    fn what_is_no_id_is_told_how_one_of_its_type_looks() {
        let error = GlobalId::parse_as("7", Model::core().object("Order").unwrap()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`7` is not an id; ids look like `ord_` followed by 32 hex digits and come from the API"
        );
    }

    #[test]
    fn an_id_of_another_type_is_refused_with_the_expected_prefix() {
        let model = Model::core();
        let error =
            GlobalId::parse_as("ord_01900000000070008000000000000001", model.object("Customer").unwrap()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`ord_01900000000070008000000000000001` is not the id of a Customer; those start with `cus_`"
        );
    }
}
