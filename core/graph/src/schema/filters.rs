//! Filters and orders, which follow from the kinds of fields.

use async_graphql::dynamic::{Enum, EnumItem, InputObject, SchemaBuilder, Type, TypeRef};
use guildhall_model::{Cardinality, Kind, ObjectType};

use super::{Source, argument, register_all};

pub(crate) fn filter_name(object: &str) -> String {
    format!("{object}Filter")
}

pub(super) fn order_name(object: &str) -> String {
    format!("{object}OrderBy")
}

/// The enum value of a column: `ordered_on` -> `ORDERED_ON`.
pub(crate) fn order_field(column: &str) -> String {
    column.to_ascii_uppercase()
}

pub(super) fn register(mut builder: SchemaBuilder, source: &Source<'_>) -> SchemaBuilder {
    builder = register_all(builder, kind_filters());
    for object in source.objects() {
        builder = register_all(
            builder,
            [filter(object, source).into(), Type::from(order(object, source)), order_fields(object, source).into()],
        );
        builder = register_all(builder, list_filters(object, source));
        for declared in source.fields(object) {
            if let Kind::Enum(declared) = &declared.kind {
                builder = builder.register(comparisons(
                    &format!("{}Filter", declared.name),
                    declared.name,
                    &[],
                    "Compares with values of the enum.",
                ));
            }
        }
    }
    builder
}

const RANGE: [(&str, &str); 4] =
    [("lt", "Less than this."), ("lte", "At most this."), ("gt", "More than this."), ("gte", "At least this.")];
const TEXT: [(&str, &str); 7] = [
    ("contains", "Contains this text; case counts."),
    ("startsWith", "Begins with this text; case counts."),
    ("endsWith", "Ends with this text; case counts."),
    ("ieq", "Equal to this text but for the case of letters; at most 200 characters."),
    ("icontains", "Contains this text, whatever the case of letters; at most 200 characters."),
    ("istartsWith", "Begins with this text, whatever the case of letters; at most 200 characters."),
    ("iendsWith", "Ends with this text, whatever the case of letters; at most 200 characters."),
];

fn kind_filters() -> Vec<Type> {
    let text: Vec<_> = RANGE.iter().chain(&TEXT).copied().collect();
    vec![
        comparisons("IDFilter", "ID", &[], "Compares with ids.").into(),
        comparisons("StringFilter", "String", &text, "Compares with texts: by their bytes, or where the name begins with `i` letter by letter whatever the case.").into(),
        comparisons("IntFilter", "Int", &RANGE, "Compares with whole numbers.").into(),
        comparisons("BooleanFilter", "Boolean", &[], "Compares with true and false.").into(),
        comparisons("DecimalFilter", "Decimal", &RANGE, "Compares with exact numbers; for money, with the amount.")
            .into(),
        comparisons("DateFilter", "Date", &RANGE, "Compares with days.").into(),
        comparisons("DateTimeFilter", "DateTime", &RANGE, "Compares with times.").into(),
    ]
}

fn comparisons(name: &str, scalar: &str, more: &[(&str, &str)], doc: &str) -> InputObject {
    let mut built = InputObject::new(name)
        .description(format!("{doc} All that are given must hold."))
        .field(argument("eq", TypeRef::named(scalar), "Equal to this."))
        .field(argument("ne", TypeRef::named(scalar), "Has a value other than this."))
        .field(argument("in", TypeRef::named_nn_list(scalar), "Equal to one of these; at most 100."))
        .field(argument("isNull", TypeRef::named("Boolean"), "Whether there is no value."));
    for (name, doc) in more {
        built = built.field(argument(name, TypeRef::named(scalar), doc));
    }
    built
}

/// The filter of a stored field, or nothing where nothing sensible can be compared.
fn kind_filter(kind: &Kind) -> Option<String> {
    Some(match kind {
        Kind::Id => "IDFilter".to_owned(),
        Kind::Text => "StringFilter".to_owned(),
        Kind::Int => "IntFilter".to_owned(),
        Kind::Bool => "BooleanFilter".to_owned(),
        Kind::Decimal { .. } | Kind::Money => "DecimalFilter".to_owned(),
        Kind::Date => "DateFilter".to_owned(),
        Kind::DateTime => "DateTimeFilter".to_owned(),
        Kind::Enum(declared) => format!("{}Filter", declared.name),
        Kind::Json => return None,
    })
}

fn filter(object: &ObjectType, source: &Source<'_>) -> InputObject {
    let name = filter_name(&object.name);
    let mut built = InputObject::new(&name)
        .description(format!("What records of type {} must fulfil. All that is given must hold.", object.name))
        .field(argument("and", TypeRef::named_nn_list(&name), "All of these hold."))
        .field(argument("or", TypeRef::named_nn_list(&name), "At least one of these holds."))
        .field(argument("not", TypeRef::named(&name), "This does not hold."));
    for declared in source.fields(object) {
        if let Some(filter) = kind_filter(&declared.kind) {
            built = built.field(argument(&declared.name, TypeRef::named(filter), &declared.doc));
        }
    }
    for relation in source.relations(object) {
        let ty = match relation.cardinality {
            Cardinality::One => filter_name(&relation.target),
            Cardinality::Many => format!("{}ListFilter", relation.target),
        };
        built = built.field(argument(&relation.name, TypeRef::named(ty), &relation.doc));
    }
    built
}

fn list_filters(object: &ObjectType, source: &Source<'_>) -> Vec<Type> {
    let mut built = Vec::new();
    for relation in source.relations(object).filter(|relation| relation.cardinality == Cardinality::Many) {
        let filter = filter_name(&relation.target);
        let list = InputObject::new(format!("{}ListFilter", relation.target))
            .description(format!("What related records of type {} must fulfil.", relation.target))
            .field(argument("some", TypeRef::named(&filter), "At least one fulfils this."))
            .field(argument("every", TypeRef::named(&filter), "None fails this."))
            .field(argument("none", TypeRef::named(&filter), "None fulfils this."));
        built.push(list.into());
    }
    built
}

fn order(object: &ObjectType, source: &Source<'_>) -> InputObject {
    let built = InputObject::new(order_name(&object.name))
        .description(format!(
            "One term of an order of records of type {}: a `field`, or a relation to one record and what to order by there.",
            object.name
        ))
        .field(argument("field", TypeRef::named(format!("{}OrderField", object.name)), "What to order by."))
        .field(argument("direction", TypeRef::named("OrderDirection"), "Which way; ASC if not said."))
        .field(argument(
            "nulls",
            TypeRef::named("NullsOrder"),
            "Where records without a value stand; last if not said.",
        ));
    let one = source.relations(object).filter(|relation| relation.cardinality == Cardinality::One);
    one.fold(built, |built, relation| {
        let ty = TypeRef::named(order_name(&relation.target));
        built.field(argument(&relation.name, ty, &format!("By the record it leads to: {}", relation.doc)))
    })
}

fn order_fields(object: &ObjectType, source: &Source<'_>) -> Enum {
    let items = source.fields(object).filter(|field| field.kind != Kind::Json);
    Enum::new(format!("{}OrderField", object.name))
        .description(format!("What records of type {} can be ordered by.", object.name))
        .items(items.map(|field| EnumItem::new(field.capitals()).description(&field.doc)))
}
