//! Custom fields: what an implementer lays over the model.

use std::sync::Arc;

use crate::object::{INDEXED_LENGTH, snake_case};
use crate::{Field, Kind, Model, ObjectType, Role, Rule};

/// A field that one deployment adds to a type. It may always be null, because records were there before it.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomField {
    /// GraphQL name, camelCase.
    pub name: String,
    pub kind: Kind,
    pub doc: String,
    /// The weakest role that may read it.
    pub readable_by: Role,
    /// Whether lists are ordered or filtered by it so often that it has an index.
    pub indexed: bool,
    /// Why it should no longer be used, if so.
    pub deprecated: Option<String>,
}

/// Why a custom field cannot be added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CustomFieldError {
    #[error("the model has no type `{0}`")]
    UnknownType(String),
    #[error("records of `{0}` are made by Guildhall alone; they get no fields of your own")]
    Kept(String),
    #[error(
        "`{0}` is no name of a field; it begins with a small letter and has at most {NAME_LIMIT} ASCII letters and digits, capitals counted twice"
    )]
    BadName(String),
    #[error("`{0}` already has something called `{1}`")]
    Taken(String, String),
    #[error("`{0}.{1}`: a custom field is a text, a number, money, a truth value, a date or a time")]
    BadKind(String, String),
    #[error("`{0}.{1}`: a decimal has at most {SCALE_LIMIT} places")]
    BadScale(String, String),
    #[error("`{0}.{1}` is money, but records of that type have no currency")]
    NoCurrency(String, String),
}

/// The longest column, with the mark of its kind, and the name of its index still fit PostgreSQL's 63 bytes.
const NAME_LIMIT: usize = 40;
const SCALE_LIMIT: u32 = 8;

/// Names that mean something beside the fields of a type.
const RESERVED: [&str; 4] = ["and", "or", "not", "count"];

/// What follows the name of a relation in the names of what is counted over it.
const OVER: [&str; 3] = ["", "Aggregate", "Groups"];

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
    let CustomField { name, kind, doc, readable_by, indexed, deprecated } = custom;
    if object.is_kept() {
        return Err(CustomFieldError::Kept(object.name.clone()));
    }
    let stem = snake_case(&name);
    let fits = stem.len() <= NAME_LIMIT
        && name.starts_with(|letter: char| letter.is_ascii_lowercase())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric());
    if !fits {
        return Err(CustomFieldError::BadName(name.chars().take(2 * NAME_LIMIT).collect()));
    }
    let is_over = |relation: &str| OVER.iter().any(|over| name.strip_prefix(relation) == Some(over));
    // The names of orders are made of the stem, so no two fields may have the same.
    let is_taken = RESERVED.contains(&name.as_str())
        || object.fields.iter().any(|field| field.name == name || snake_case(&field.name) == stem)
        || object.relations.iter().any(|relation| is_over(&relation.name));
    if is_taken {
        return Err(CustomFieldError::Taken(object.name.clone(), name));
    }
    let mark = match &kind {
        Kind::Id | Kind::Json | Kind::Enum(_) => return Err(CustomFieldError::BadKind(object.name.clone(), name)),
        Kind::Money if object.get("currency").is_none() => {
            return Err(CustomFieldError::NoCurrency(object.name.clone(), name));
        }
        Kind::Decimal { scale } if *scale > SCALE_LIMIT => {
            return Err(CustomFieldError::BadScale(object.name.clone(), name));
        }
        Kind::Decimal { scale } => format!("decimal{scale}"),
        Kind::Text => "text".to_owned(),
        Kind::Int => "int".to_owned(),
        Kind::Bool => "bool".to_owned(),
        Kind::Money => "money".to_owned(),
        Kind::Date => "date".to_owned(),
        Kind::DateTime => "time".to_owned(),
    };
    let rules = if kind == Kind::Text { vec![Rule::AtMost(INDEXED_LENGTH)] } else { Vec::new() };
    let readable_by = readable_by.max(object.readable_by);
    let computed = Field::computed(&name, &format!("{CUSTOM_MARK}{mark}_{stem}"), kind, true);
    Ok(Field { doc, readable_by, indexed, deprecated, rules, ..computed })
}

/// How the columns of custom fields begin, so that no field a later version of the model declares has the column of one. The
/// kind follows: a field of another kind is another column.
pub const CUSTOM_MARK: &str = "own_";

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, kind: Kind) -> CustomField {
        CustomField {
            name: name.to_owned(),
            kind,
            doc: "Ours.".to_owned(),
            readable_by: Role::Reader,
            indexed: false,
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
        assert_eq!((added.column.as_str(), added.nullable, added.writable), ("own_text_loyalty_tier", true, true));
        assert_eq!(added.rules, [Rule::AtMost(500)]);
        assert_eq!(model.objects().len(), Model::core().objects().len());
    }

    #[test]
    fn a_field_of_another_kind_is_another_column() {
        let column = |kind| {
            let model = Model::core().with_custom_field("Customer", field("score", kind)).unwrap();
            model.object("Customer").unwrap().get("score").unwrap().column.clone()
        };
        assert_eq!(column(Kind::Decimal { scale: 2 }), "own_decimal2_score");
        assert_eq!(column(Kind::Decimal { scale: 4 }), "own_decimal4_score");
    }

    #[test]
    fn names_are_plain_and_free() {
        check("Client", "tier", Kind::Text, Err("the model has no type `Client`"));
        for name in ["name", "orders", "ordersAggregate", "ordersGroups", "and", "count"] {
            let refusal = format!("`Customer` already has something called `{name}`");
            check("Customer", name, Kind::Text, Err(&refusal));
        }
        // Only what is made of a relation's name is taken, not all that begins with it.
        check("Customer", "ordersWanted", Kind::Int, Ok(()));
        let longest = "a".repeat(NAME_LIMIT);
        check("Customer", &longest, Kind::Text, Ok(()));
        for name in ["", "Tier", "a_b", "a\"b", "$.a", "a' OR 1=1", "ü", "__x", &"a".repeat(NAME_LIMIT + 1)] {
            let refused = Model::core().with_custom_field("Customer", field(name, Kind::Text));
            assert_eq!(refused.map(drop), Err(CustomFieldError::BadName(name.to_owned())));
        }
    }

    #[test]
    fn every_column_fits_postgresql() {
        let name = "aB".repeat(NAME_LIMIT / 3);
        let model = Model::core().with_custom_field("Customer", field(&name, Kind::Decimal { scale: 8 })).unwrap();
        let column = &model.object("Customer").unwrap().get(&name).unwrap().column;
        assert!(column.len() > NAME_LIMIT && column.len() <= 63, "{column}");
        let refused = Model::core().with_custom_field("Customer", field(&format!("{name}C"), Kind::Int));
        assert!(matches!(refused, Err(CustomFieldError::BadName(_))), "{refused:?}");
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
        check("Customer", "other", Kind::Decimal { scale: 9 }, Err("`Customer.other`: a decimal has at most 8 places"));
        let refusal = "`Customer.other`: a custom field is a text, a number, money, a truth value, a date or a time";
        check("Customer", "other", Kind::Json, Err(refusal));
        check("Customer", "other", Kind::Id, Err(refusal));
        let refusal = "records of `Plugin` are made by Guildhall alone; they get no fields of your own";
        check("Plugin", "other", Kind::Int, Err(refusal));
    }

    #[test]
    fn a_custom_field_is_no_more_open_than_its_type() {
        let model = Model::core().with_custom_field("CreditAccount", field("rating", Kind::Int)).unwrap();
        let account = model.object("CreditAccount").unwrap();
        assert_eq!(account.get("rating").unwrap().readable_by, account.readable_by);
    }
}
