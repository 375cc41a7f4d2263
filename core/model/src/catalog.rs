//! The catalog of all types.

use std::collections::HashMap;
use std::sync::Arc;

use crate::{Cardinality, ObjectType, RelationKey};

/// All object types.
#[derive(Clone, Debug)]
pub struct Model {
    objects: Vec<Arc<ObjectType>>,
    by_name: HashMap<String, usize>,
}

impl Model {
    /// The model every deployment starts from.
    pub fn core() -> Self {
        let objects: Vec<_> = [
            crate::segment::declare(),
            crate::strategy::declare(),
            crate::user::declare(),
            crate::territory::declare(),
            crate::territory_assignment::declare(),
            crate::team::declare(),
            crate::team_member::declare(),
            crate::topic::declare(),
            crate::campaign::declare(),
            crate::product::declare(),
            crate::supply::declare(),
            crate::credit_group::declare(),
            crate::customer::declare(),
            crate::contact::declare(),
            crate::contact_point::declare(),
            crate::address::declare(),
            crate::consent::declare(),
            crate::topic_subscription::declare(),
            crate::opportunity::declare(),
            crate::decision::declare(),
            crate::order::declare(),
            crate::invoice::declare(),
            crate::credit_note::declare(),
            crate::order_line::declare(),
            crate::credit_note_line::declare(),
            crate::quote::declare(),
            crate::quote_line::declare(),
            crate::quote_discount::declare(),
            crate::shipment::declare(),
            crate::payment::declare(),
            crate::payment_allocation::declare(),
            crate::credit_account::declare(),
            crate::exposure_entry::declare(),
            crate::customer_day::declare(),
            crate::membership::declare(),
            crate::campaign_member::declare(),
            crate::offer::declare(),
            crate::interaction::declare(),
            crate::case::declare(),
            crate::milestone::declare(),
            crate::dispute::declare(),
            crate::task::declare(),
            crate::note::declare(),
            crate::plugin::declare(),
            crate::import_run::declare(),
            crate::hold::declare(),
            crate::r#override::declare(),
            crate::publisher::declare(),
            crate::role_document::declare(),
            crate::field_document::declare(),
            crate::event::declare(),
            crate::deleted_record::declare(),
        ]
        .into_iter()
        .map(Arc::new)
        .collect();
        let by_name = objects.iter().enumerate().map(|(index, object)| (object.name.clone(), index)).collect();
        Model { objects, by_name }
    }

    /// The same model with another declaration of one of its types.
    pub(crate) fn replace(mut self, object: ObjectType) -> Self {
        let place = self.by_name.get(&object.name).and_then(|index| self.objects.get_mut(*index));
        if let Some(place) = place {
            *place = Arc::new(object);
        }
        self
    }

    /// Every type, in the order in which tables can be created.
    pub fn objects(&self) -> &[Arc<ObjectType>] {
        &self.objects
    }

    pub fn object(&self, name: &str) -> Option<&Arc<ObjectType>> {
        self.by_name.get(name).and_then(|index| self.objects.get(*index))
    }

    /// Version of the model's schema, which plugins state a range for. A removed or narrowed field raises the major.
    pub fn version(&self) -> (u64, u64, u64) {
        (0, 1, 0)
    }

    pub(crate) fn is_unique(&self, object: &str, column: &str) -> bool {
        self.objects.iter().flat_map(|other| &other.relations).any(|relation| {
            relation.target == object
                && relation.cardinality == Cardinality::One
                && relation.key == RelationKey::There { column: column.to_owned() }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_relation_ends_at_a_type_and_a_column() {
        let model = Model::core();
        for object in model.objects() {
            for relation in &object.relations {
                let target =
                    model.object(&relation.target).unwrap_or_else(|| panic!("{}.{}", object.name, relation.name));
                if let RelationKey::There { column } = &relation.key {
                    let found = target
                        .references(&model)
                        .iter()
                        .any(|reference| reference.column == column && reference.target == object.name);
                    assert!(
                        found,
                        "{}.{} needs a relation from {} by `{column}`",
                        object.name, relation.name, target.name
                    );
                }
            }
        }
    }

    #[test]
    fn a_table_comes_after_those_it_refers_to() {
        let model = Model::core();
        let place = |name: &str| model.objects().iter().position(|object| object.name == name);
        for object in model.objects() {
            for reference in object.references(&model) {
                assert!(place(reference.target) <= place(&object.name), "{}.{}", object.name, reference.column);
            }
        }
    }

    #[test]
    fn what_guildhall_keeps_is_not_written_by_the_api() {
        let model = Model::core();
        let kept: Vec<_> = model.objects().iter().filter(|o| o.is_kept()).map(|o| o.name.as_str()).collect();
        let expected = [
            "Segment",
            "Strategy",
            "Decision",
            "ExposureEntry",
            "CustomerDay",
            "Membership",
            "Plugin",
            "ImportRun",
            "Publisher",
            "RoleDocument",
            "FieldDocument",
            "Event",
            "DeletedRecord",
        ];
        assert_eq!(kept, expected);
        for object in model.objects() {
            for name in ["id", "version", "createdAt", "updatedAt"] {
                assert!(!object.get(name).unwrap().writable, "{}.{name}", object.name);
            }
            let many = object.relations.iter().filter(|r| r.writable && !matches!(r.key, RelationKey::Here { .. }));
            assert_eq!(many.count(), 0, "{}", object.name);
        }
        let customer = model.object("Customer").unwrap();
        let left: Vec<_> = customer.fields.iter().filter(|f| !f.writable).map(|f| f.name.as_str()).collect();
        let facts = [
            "id",
            "version",
            "createdAt",
            "updatedAt",
            "revenue12m",
            "margin12m",
            "orders12m",
            "lastOrderOn",
            "openAmount",
            "overdueAmount",
            "overdue1To30",
            "overdue31To60",
            "overdue61To90",
            "overdueOver90",
            "averageDaysLate",
            "lastTouchAt",
            "factsAsOf",
        ];
        assert_eq!(left, facts);
        assert!(!customer.relation("segment").unwrap().writable && customer.relation("parent").unwrap().writable);
        for name in ["exposure", "exposureDynamic"] {
            assert!(!model.object("CreditAccount").unwrap().get(name).unwrap().writable, "{name}");
        }
    }

    #[test]
    fn prefixes_are_three_letters() {
        for object in Model::core().objects() {
            assert_eq!(object.prefix.len(), 3, "{}", object.name);
        }
    }

    #[test]
    fn names_prefixes_and_tables_are_unique() {
        let model = Model::core();
        let mut seen = HashSet::new();
        for object in model.objects() {
            for name in [&object.name, &object.plural, &object.prefix] {
                assert!(seen.insert(name.clone()), "{name} occurs twice");
            }
            let mut names = HashSet::new();
            for name in object.fields.iter().map(|f| &f.name).chain(object.relations.iter().map(|r| &r.name)) {
                assert!(names.insert(name), "{}.{name} occurs twice", object.name);
            }
        }
    }

    #[test]
    fn a_type_with_money_has_a_currency() {
        for object in Model::core().objects() {
            assert!(!object.has_money() || object.get("currency").is_some(), "{}", object.name);
        }
    }

    #[test]
    fn everything_is_described() {
        for object in Model::core().objects() {
            assert!(object.doc.ends_with('.'), "{}", object.name);
            for (name, doc) in object
                .fields
                .iter()
                .map(|f| (&f.name, &f.doc))
                .chain(object.relations.iter().map(|r| (&r.name, &r.doc)))
            {
                assert!(doc.ends_with('.'), "{}.{name}", object.name);
            }
        }
    }
}
