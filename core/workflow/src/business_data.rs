//! Business data: what comes in by an import and goes out by an export. Everything else Guildhall keeps, computes or decides
//! itself.

use std::sync::Arc;

use guildhall_model::{Model, ObjectType, Relation};

/// The source of a record that came from nowhere else: its id there is its global id.
pub(crate) const HERE: &str = "guildhall";

/// What a spreadsheet takes for a formula when a cell begins with it. The last four are the wide forms of the first four.
pub(crate) const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// The types of business data, what is referred to before what refers to it: those whose records Guildhall does not keep itself, and
/// that can be without anything that it does. An override cannot: it is somebody's word against a decision, and decisions
/// are not imported.
pub(crate) fn types(model: &Model) -> impl Iterator<Item = &Arc<ObjectType>> {
    model.objects().iter().filter(|object| is_business_data(model, object))
}

/// Whether records of a type come from outside.
pub(crate) fn is_business_data(model: &Model, object: &ObjectType) -> bool {
    let needs = object.relations.iter().filter(|relation| relation.is_here() && !relation.nullable);
    let mut needed = needs.filter_map(|relation| model.object(&relation.target));
    !object.is_kept() && needed.all(|other| other.name == object.name || is_business_data(model, other))
}

/// Fields every record has and an import sets by other means.
const KEY: [&str; 2] = ["source", "externalId"];

/// Whether a field's values come from outside.
pub(crate) fn is_given(object: &ObjectType, field: &str) -> bool {
    !KEY.contains(&field) && object.get(field).is_none_or(|field| field.writable || field.stamp.is_some())
}

/// Whether a relation is a reference that comes from outside: no strategy and no decision does.
pub(crate) fn is_given_reference(model: &Model, relation: &Relation) -> bool {
    let given = relation.is_here() && (relation.writable || relation.maker);
    given && model.object(&relation.target).is_some_and(|target| is_business_data(model, target))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_guildhall_does_not_keep_is_business_data() {
        let model = Model::core();
        let given: Vec<_> = types(&model).map(|object| object.name.as_str()).collect();
        let others: Vec<_> = model.objects().iter().filter(|object| !object.is_kept()).collect();
        let others: Vec<_> =
            others.iter().map(|object| object.name.as_str()).filter(|name| !given.contains(name)).collect();
        assert_eq!((given.len(), others), (38, vec!["Override"]));
    }

    #[test]
    fn who_made_it_comes_from_outside_with_the_record() {
        let model = Model::core();
        let (hold, note) = (model.object("Hold").unwrap(), model.object("Note").unwrap());
        assert!(is_given(hold, "placedBy") && is_given_reference(&model, note.relation("author").unwrap()));
        assert!(!is_given(hold, "version") && !is_given_reference(&model, hold.relation("decision").unwrap()));
    }
}
