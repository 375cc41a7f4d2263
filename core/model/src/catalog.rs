//! What a type, a field and a relation are, and the catalog of all of them.

use std::collections::HashMap;
use std::sync::Arc;

use crate::Role;

/// The kind of a stored field. Filters, ordering, SQL and GraphQL types follow from it.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Reference to a record; only `id` itself. Other references are [`Relation`]s.
    Id,
    Text,
    /// 32 bits, as GraphQL's `Int`.
    Int,
    Bool,
    /// Exact, with this many decimal places.
    Decimal {
        scale: u32,
    },
    /// An exact amount with [`crate::MONEY_SCALE`] places in the currency of the record's `currency` column.
    Money,
    Date,
    /// UTC, to the millisecond.
    DateTime,
    Enum(EnumType),
    Json,
}

/// An enum of the model. Values are stored by name.
#[derive(Clone, Debug, PartialEq)]
pub struct EnumType {
    pub name: &'static str,
    pub doc: &'static str,
    pub values: &'static [EnumValue],
}

#[derive(Clone, Debug, PartialEq)]
pub struct EnumValue {
    pub name: &'static str,
    pub doc: &'static str,
}

/// A stored field of a type.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// GraphQL name, camelCase.
    pub name: String,
    /// Column name, snake_case of `name`.
    pub column: String,
    pub kind: Kind,
    pub nullable: bool,
    pub doc: String,
    /// The weakest role that may read it.
    pub readable_by: Role,
    /// Has an index, because lists are ordered or filtered by it.
    pub indexed: bool,
    /// Records are searched by how it begins.
    pub searchable: bool,
    /// Why it should no longer be used, if so.
    pub deprecated: Option<String>,
    pub place: Place,
}

/// Where a field's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a column of its own.
    Column,
    /// In the record's custom values: the JSON object in the column [`CUSTOM_COLUMN`], by the field's column name. There
    /// decimals and money are whole numbers that count 10^-scale, all else is as in the API.
    Custom,
}

/// The column of custom values.
pub const CUSTOM_COLUMN: &str = "custom";

impl Field {
    /// A field that stands in no table but is made by a statement.
    pub fn computed(name: &str, column: &str, kind: Kind, nullable: bool) -> Self {
        Field {
            name: name.to_owned(),
            column: column.to_owned(),
            kind,
            nullable,
            doc: String::new(),
            readable_by: Role::Reader,
            indexed: false,
            searchable: false,
            deprecated: None,
            place: Place::Column,
        }
    }
}

/// One or many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cardinality {
    One,
    Many,
}

/// How two tables are joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RelationKey {
    /// This type's table has the column that names the target's id.
    Here { column: String },
    /// The target's table has the column that names this type's id.
    There { column: String },
}

/// A relation from one type to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Relation {
    pub name: String,
    pub target: String,
    pub cardinality: Cardinality,
    pub key: RelationKey,
    /// Whether there may be no target ([`Cardinality::One`] only).
    pub nullable: bool,
    pub doc: String,
    pub readable_by: Role,
}

/// An object type: a table, and a GraphQL object with connection, filter and order.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectType {
    /// GraphQL name, `OrderLine`.
    pub name: String,
    /// Name of the list on `Query`, `orderLines`.
    pub plural: String,
    /// Table name, `order_line`.
    pub table: String,
    /// Prefix of its global ids, `orl`.
    pub prefix: String,
    pub doc: String,
    pub readable_by: Role,
    pub fields: Vec<Arc<Field>>,
    pub relations: Vec<Arc<Relation>>,
    /// The relation to the one record with which a record is visible or hidden, if it is not by itself.
    pub visible_with: Option<String>,
}

impl ObjectType {
    /// A type that stands for no table: its records are made by a statement.
    pub fn computed(name: String, relations: Vec<Arc<Relation>>) -> Self {
        ObjectType {
            plural: String::new(),
            table: String::new(),
            prefix: String::new(),
            doc: String::new(),
            readable_by: Role::Reader,
            visible_with: None,
            name,
            fields: Vec::new(),
            relations,
        }
    }

    /// Begins a type. Every type has `id`, `version`, `createdAt`, `updatedAt`, `source` and `externalId`.
    pub(crate) fn declare(name: &str, plural: &str, prefix: &str, doc: &str) -> Self {
        let object = ObjectType {
            name: name.to_owned(),
            plural: plural.to_owned(),
            table: snake_case(name),
            prefix: prefix.to_owned(),
            doc: doc.to_owned(),
            readable_by: Role::Reader,
            fields: Vec::new(),
            relations: Vec::new(),
            visible_with: None,
        };
        object
            .field("id", Kind::Id, "Identifies this record among all records of all types.")
            .field(
                "version",
                Kind::Int,
                "Counts the changes of this record; send it back with a change so that none is lost.",
            )
            .field("createdAt", Kind::DateTime, "When the record came into Guildhall.")
            .indexed()
            .field("updatedAt", Kind::DateTime, "When the record last changed.")
            .optional("source", Kind::Text, "The system the record was imported from.")
            .optional("externalId", Kind::Text, "The record's id in `source`.")
    }

    /// Adds a field that always has a value.
    pub(crate) fn field(self, name: &str, kind: Kind, doc: &str) -> Self {
        self.push(name, kind, false, doc)
    }

    /// Adds a field that may be null.
    pub(crate) fn optional(self, name: &str, kind: Kind, doc: &str) -> Self {
        self.push(name, kind, true, doc)
    }

    /// Says of a field that every type has what it means here.
    pub(crate) fn described(mut self, name: &str, doc: &str) -> Self {
        if let Some(field) = self.fields.iter_mut().find(|field| field.name == name) {
            Arc::make_mut(field).doc = doc.to_owned();
        }
        self
    }

    fn push(mut self, name: &str, kind: Kind, nullable: bool, doc: &str) -> Self {
        let readable_by = self.readable_by;
        let computed = Field::computed(name, &snake_case(name), kind, nullable);
        self.fields.push(Arc::new(Field { doc: doc.to_owned(), readable_by, ..computed }));
        self
    }

    /// Gives the field added last an index.
    pub(crate) fn indexed(mut self) -> Self {
        if let Some(field) = self.fields.last_mut() {
            Arc::make_mut(field).indexed = true;
        }
        self
    }

    /// Lets records be searched by how the field added last begins.
    pub(crate) fn searchable(mut self) -> Self {
        if let Some(field) = self.fields.last_mut() {
            Arc::make_mut(field).searchable = true;
        }
        self
    }

    /// Makes records visible with the one record that the relation added last leads to.
    pub(crate) fn visible_with_it(mut self) -> Self {
        self.visible_with = self.relations.last().map(|relation| relation.name.clone());
        self
    }

    /// Hides the field added last from roles below `role`.
    pub(crate) fn only(mut self, role: Role) -> Self {
        if let Some(field) = self.fields.last_mut() {
            Arc::make_mut(field).readable_by = role;
        }
        self
    }

    /// Hides the whole type from roles below `role`. Stands before the first own field.
    pub(crate) fn only_for(mut self, role: Role) -> Self {
        self.readable_by = role;
        for field in &mut self.fields {
            Arc::make_mut(field).readable_by = role;
        }
        self
    }

    /// Adds a relation to one record that this table's column `<name>_id` names.
    pub(crate) fn one(self, name: &str, target: &str, nullable: bool, doc: &str) -> Self {
        let key = RelationKey::Here { column: format!("{}_id", snake_case(name)) };
        self.relate(name, target, Cardinality::One, key, nullable, doc)
    }

    /// Adds a relation to the one record whose column `<column>` names this one; that column is unique.
    pub(crate) fn one_by(self, name: &str, target: &str, column: &str, doc: &str) -> Self {
        let key = RelationKey::There { column: column.to_owned() };
        self.relate(name, target, Cardinality::One, key, true, doc)
    }

    /// Adds a relation to all records whose column `<column>` names this one.
    pub(crate) fn many(self, name: &str, target: &str, column: &str, doc: &str) -> Self {
        let key = RelationKey::There { column: column.to_owned() };
        self.relate(name, target, Cardinality::Many, key, false, doc)
    }

    fn relate(
        mut self,
        name: &str,
        target: &str,
        cardinality: Cardinality,
        key: RelationKey,
        nullable: bool,
        doc: &str,
    ) -> Self {
        self.relations.push(Arc::new(Relation {
            name: name.to_owned(),
            target: target.to_owned(),
            cardinality,
            key,
            nullable,
            doc: doc.to_owned(),
            readable_by: self.readable_by,
        }));
        self
    }

    pub fn get(&self, name: &str) -> Option<&Arc<Field>> {
        self.fields.iter().find(|field| field.name == name)
    }

    pub fn relation(&self, name: &str) -> Option<&Arc<Relation>> {
        self.relations.iter().find(|relation| relation.name == name)
    }

    /// Columns that name records of other types: (column, target type, nullable, unique).
    pub fn references<'a>(&'a self, model: &'a Model) -> Vec<Reference<'a>> {
        self.relations
            .iter()
            .filter_map(|relation| match &relation.key {
                RelationKey::Here { column } => Some(Reference {
                    column,
                    target: &relation.target,
                    nullable: relation.nullable,
                    unique: model.is_unique(&self.name, column),
                }),
                RelationKey::There { .. } => None,
            })
            .collect()
    }

    /// Whether records carry a `currency` column, because a field is [`Kind::Money`].
    pub fn has_money(&self) -> bool {
        self.fields.iter().any(|field| field.kind == Kind::Money)
    }
}

/// A column of a table that names a record of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference<'a> {
    pub column: &'a str,
    pub target: &'a str,
    pub nullable: bool,
    pub unique: bool,
}

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
            crate::customer::declare(),
            crate::contact::declare(),
            crate::address::declare(),
            crate::order::declare(),
            crate::invoice::declare(),
            crate::credit_note::declare(),
            crate::product::declare(),
            crate::order_line::declare(),
            crate::credit_note_line::declare(),
            crate::shipment::declare(),
            crate::payment::declare(),
            crate::credit_account::declare(),
            crate::membership::declare(),
            crate::campaign::declare(),
            crate::campaign_member::declare(),
            crate::interaction::declare(),
            crate::user::declare(),
            crate::territory::declare(),
            crate::territory_assignment::declare(),
            crate::plugin::declare(),
            crate::import_run::declare(),
            crate::decision::declare(),
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

    fn is_unique(&self, object: &str, column: &str) -> bool {
        self.objects.iter().flat_map(|other| &other.relations).any(|relation| {
            relation.target == object
                && relation.cardinality == Cardinality::One
                && relation.key == RelationKey::There { column: column.to_owned() }
        })
    }
}

/// `revenue12m` -> `revenue12m`, `orderLine` -> `order_line`, `OrderLine` -> `order_line`.
pub(crate) fn snake_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for (index, letter) in name.chars().enumerate() {
        if letter.is_ascii_uppercase() && index > 0 {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
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
