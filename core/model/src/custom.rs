//! Custom fields: what an implementer lays over the model.

use std::sync::Arc;

use crate::{Field, Kind, Model, ObjectType, Place, Role};

/// A field that one deployment adds to a type. It may always be null, because records were there before it.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomField {
    /// GraphQL name, camelCase.
    pub name: String,
    pub kind: Kind,
    pub doc: String,
    /// The weakest role that may read it.
    pub readable_by: Role,
    /// Why it should no longer be used, if so.
    pub deprecated: Option<String>,
}

/// Why a custom field cannot be added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CustomFieldError {
    #[error("the model has no type `{0}`")]
    UnknownType(String),
    #[error("`{0}` is no name of a field; it begins with a small letter and has at most 48 ASCII letters and digits")]
    BadName(String),
    #[error("`{0}` already has something called `{1}`")]
    Taken(String, String),
    #[error("`{0}.{1}`: a custom field is a text, a number, money, a truth value, a date or a time")]
    BadKind(String, String),
    #[error("`{0}.{1}` is money, but records of that type have no currency")]
    NoCurrency(String, String),
}

const NAME_LIMIT: usize = 48;

impl Model {
    /// The model with a custom field on one of its types.
    pub fn with_custom_field(self, object: &str, custom: CustomField) -> Result<Self, CustomFieldError> {
        let known = self.object(object).ok_or_else(|| CustomFieldError::UnknownType(object.to_owned()))?;
        let field = checked(known, custom)?;
        let mut changed = ObjectType::clone(known);
        changed.fields.push(Arc::new(field));
        Ok(self.replace(changed))
    }
}

fn checked(object: &ObjectType, custom: CustomField) -> Result<Field, CustomFieldError> {
    let CustomField { name, kind, doc, readable_by, deprecated } = custom;
    let fits = name.len() <= NAME_LIMIT
        && name.starts_with(|letter: char| letter.is_ascii_lowercase())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric());
    if !fits {
        return Err(CustomFieldError::BadName(name.chars().take(2 * NAME_LIMIT).collect()));
    }
    let column = crate::object::snake_case(&name);
    let is_taken = object.fields.iter().any(|field| field.name == name || field.column == column)
        || object.relations.iter().any(|relation| name.starts_with(&relation.name));
    if is_taken {
        return Err(CustomFieldError::Taken(object.name.clone(), name));
    }
    match kind {
        Kind::Id | Kind::Json | Kind::Enum(_) => return Err(CustomFieldError::BadKind(object.name.clone(), name)),
        Kind::Money if object.get("currency").is_none() => {
            return Err(CustomFieldError::NoCurrency(object.name.clone(), name));
        }
        _ => {}
    }
    let readable_by = readable_by.max(object.readable_by);
    let computed = Field::computed(&name, &column, kind, true);
    Ok(Field { doc, readable_by, deprecated, place: Place::Custom, ..computed })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, kind: Kind) -> CustomField {
        CustomField {
            name: name.to_owned(),
            kind,
            doc: "Ours.".to_owned(),
            readable_by: Role::Reader,
            deprecated: None,
        }
    }

    #[track_caller]
    fn check(object: &str, name: &str, kind: Kind, expected: Result<(), &str>) {
        let made = Model::core().with_custom_field(object, field(name, kind));
        assert_eq!(made.map(drop).map_err(|error| error.to_string()), expected.map_err(str::to_owned));
    }

    #[test]
    fn a_custom_field_is_a_field_of_its_type() {
        let model = Model::core().with_custom_field("Customer", field("loyaltyTier", Kind::Text)).unwrap();
        let added = model.object("Customer").unwrap().get("loyaltyTier").unwrap();
        assert_eq!((added.column.as_str(), added.nullable, added.place), ("loyalty_tier", true, Place::Custom));
        assert_eq!(model.objects().len(), Model::core().objects().len());
    }

    #[test]
    fn names_are_plain_and_free() {
        check("Client", "tier", Kind::Text, Err("the model has no type `Client`"));
        check("Customer", "name", Kind::Text, Err("`Customer` already has something called `name`"));
        check("Customer", "orders", Kind::Text, Err("`Customer` already has something called `orders`"));
        check(
            "Customer",
            "ordersAggregate",
            Kind::Int,
            Err("`Customer` already has something called `ordersAggregate`"),
        );
        for name in ["", "Tier", "a_b", "a\"b", "$.a", "a' OR 1=1", "ü", "__x"] {
            let refused = Model::core().with_custom_field("Customer", field(name, Kind::Text));
            assert_eq!(refused.map(drop), Err(CustomFieldError::BadName(name.to_owned())));
        }
    }

    #[test]
    fn kinds_are_those_of_single_values() {
        check("Product", "margin", Kind::Money, Ok(()));
        check(
            "Contact",
            "bonus",
            Kind::Money,
            Err("`Contact.bonus` is money, but records of that type have no currency"),
        );
        let refusal = "`Customer.other`: a custom field is a text, a number, money, a truth value, a date or a time";
        check("Customer", "other", Kind::Json, Err(refusal));
        check("Customer", "other", Kind::Id, Err(refusal));
    }

    #[test]
    fn a_custom_field_is_no_more_open_than_its_type() {
        let model = Model::core().with_custom_field("CreditAccount", field("rating", Kind::Int)).unwrap();
        let account = model.object("CreditAccount").unwrap();
        assert_eq!(account.get("rating").unwrap().readable_by, account.readable_by);
    }
}
