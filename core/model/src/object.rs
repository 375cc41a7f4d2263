//! ObjectType: a type with its fields and relations, and the words it is declared with.

use std::sync::Arc;

use crate::{Field, Kind, Model, Moment, Role, Rule, Stamp, Stamped};

/// Most characters of a text, if nothing else is said.
const TEXT_LENGTH: usize = 1_000;

/// Most characters of a text that people write at length.
const LONG_TEXT_LENGTH: usize = 20_000;

/// Most characters of a text with an index: PostgreSQL's entries have less than 2,700 bytes.
pub(crate) const INDEXED_LENGTH: usize = 500;

/// Most characters of what identifies a record elsewhere.
const KEY_LENGTH: usize = 200;

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
    /// Whether the API writes it; only one whose key is [`RelationKey::Here`] can be written at all.
    pub writable: bool,
    /// Whether it may lead to a record of another customer than the record's own.
    pub across: bool,
    /// Whether the record is in the currency of the one it leads to.
    pub same_currency: bool,
    /// Whether it leads to the user who makes the record, by the login he acts by; the API does not write it then.
    pub maker: bool,
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
    /// Whether a record is a part of the one with which it is visible: it is deleted and brought back with it.
    pub part: bool,
    /// Whether its records say whose customers are whose: who sees only some records does not write them.
    pub opens_rows: bool,
    /// A field whose values, over all parts of one record, come to no more than the field of that name of the record.
    pub shares: Option<String>,
    /// Names of two days, times or amounts each, of which the second is not before, or less than, the first.
    pub in_order: Vec<(String, String)>,
    /// Names of the fields and relations that the API says when a record is made, and never changes.
    pub fixed: Vec<String>,
    pub needs: Vec<Needs>,
}

/// What a state is reached by: from one state to another only with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needs {
    pub field: String,
    /// The field that says the state.
    pub state: String,
    pub from: &'static str,
    pub to: &'static str,
}

impl Relation {
    /// Whether this type's records name the target, and not the other way round.
    pub fn is_here(&self) -> bool {
        matches!(self.key, RelationKey::Here { .. })
    }
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
            part: false,
            opens_rows: false,
            shares: None,
            in_order: Vec::new(),
            needs: Vec::new(),
            fixed: Vec::new(),
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
            part: false,
            opens_rows: false,
            shares: None,
            in_order: Vec::new(),
            needs: Vec::new(),
            fixed: Vec::new(),
        };
        object
            .field("id", Kind::Id, "Identifies this record among all records of all types.")
            .by_guildhall()
            .field(
                "version",
                Kind::Int,
                "Counts the changes of this record; send it back with a change so that none is lost.",
            )
            .by_guildhall()
            .field("createdAt", Kind::DateTime, "When the record came into Guildhall.")
            .indexed()
            .by_guildhall()
            .field("updatedAt", Kind::DateTime, "When the record last changed.")
            .by_guildhall()
            .optional("source", Kind::Text, "The system the record was imported from.")
            .at_most(KEY_LENGTH)
            .optional("externalId", Kind::Text, "The record's id in `source`.")
            .at_most(KEY_LENGTH)
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
        let mut rules = if kind == Kind::Text { vec![Rule::AtMost(TEXT_LENGTH)] } else { Vec::new() };
        if name == "currency" {
            rules.push(Rule::CurrencyCode);
        }
        let computed = Field::computed(name, &snake_case(name), kind, nullable);
        self.fields.push(Arc::new(Field { doc: doc.to_owned(), readable_by, rules, ..computed }));
        self
    }

    /// Asks of the values of the field added last what `rule` says.
    pub(crate) fn holds(mut self, rule: Rule) -> Self {
        if let Some(field) = self.fields.last_mut() {
            Arc::make_mut(field).rules.push(rule);
        }
        self
    }

    /// Lets the text of the field added last have `length` characters, more or fewer than others.
    pub(crate) fn at_most(mut self, length: usize) -> Self {
        if let Some(field) = self.fields.last_mut() {
            let rules = &mut Arc::make_mut(field).rules;
            rules.retain(|rule| !matches!(rule, Rule::AtMost(_)));
            rules.push(Rule::AtMost(length));
        }
        self
    }

    /// Lets the text of the field added last be long.
    pub(crate) fn long(self) -> Self {
        self.at_most(LONG_TEXT_LENGTH)
    }

    /// Wants the day or time `to` not to be before `from`, and the amount `to` not to be less, where a record has both.
    pub(crate) fn in_order(mut self, from: &str, to: &str) -> Self {
        self.in_order.push((from.to_owned(), to.to_owned()));
        self
    }

    /// Lets the state `state` go from `from` to `to` only where `field` has a value.
    pub(crate) fn needing(mut self, field: &str, state: &str, from: &'static str, to: &'static str) -> Self {
        self.needs.push(Needs { field: field.to_owned(), state: state.to_owned(), from, to });
        self
    }

    /// Keeps these fields and relations as they are said when a record is made.
    pub(crate) fn fixed(mut self, names: &[&str]) -> Self {
        self.fixed.extend(names.iter().map(|name| (*name).to_owned()));
        self
    }

    /// Leaves the field added last to Guildhall itself.
    pub(crate) fn by_guildhall(mut self) -> Self {
        if let Some(field) = self.fields.last_mut() {
            Arc::make_mut(field).writable = false;
        }
        self
    }

    /// Has the field added last written of an act by itself.
    pub(crate) fn stamped(mut self, what: Stamped, when: Moment) -> Self {
        if let Some(field) = self.fields.last_mut() {
            let field = Arc::make_mut(field);
            (field.writable, field.stamp) = (false, Some(Stamp { what, when }));
        }
        self
    }

    /// Has the relation added last lead to the user who makes the record.
    pub(crate) fn by_its_maker(mut self) -> Self {
        if let Some(relation) = self.relations.last_mut() {
            let relation = Arc::make_mut(relation);
            (relation.writable, relation.maker) = (false, true);
        }
        self
    }

    /// Leaves the relation added last to Guildhall itself.
    pub(crate) fn led_by_guildhall(mut self) -> Self {
        if let Some(relation) = self.relations.last_mut() {
            Arc::make_mut(relation).writable = false;
        }
        self
    }

    /// Leaves every field and relation declared so far to Guildhall itself. Stands last.
    pub(crate) fn kept(mut self) -> Self {
        for field in &mut self.fields {
            Arc::make_mut(field).writable = false;
        }
        for relation in &mut self.relations {
            Arc::make_mut(relation).writable = false;
        }
        self
    }

    /// Whether only Guildhall itself makes and changes records of this type.
    pub fn is_kept(&self) -> bool {
        !self.fields.iter().any(|field| field.writable)
    }

    /// Gives the field added last an index.
    pub(crate) fn indexed(mut self) -> Self {
        if let Some(field) = self.fields.last_mut() {
            let field = Arc::make_mut(field);
            field.indexed = true;
            limit(&mut field.rules);
        }
        self
    }

    /// Lets records be searched by how the field added last begins.
    pub(crate) fn searchable(mut self) -> Self {
        if let Some(field) = self.fields.last_mut() {
            let field = Arc::make_mut(field);
            field.searchable = true;
            limit(&mut field.rules);
        }
        self
    }

    /// Makes records visible with the one record that the relation added last leads to.
    pub(crate) fn visible_with_it(mut self) -> Self {
        self.visible_with = self.relations.last().map(|relation| relation.name.clone());
        self
    }

    /// Makes records parts of the one they are visible with. Stands after [`ObjectType::visible_with_it`].
    pub(crate) fn part_of_it(mut self) -> Self {
        self.part = true;
        self
    }

    /// Lets the relation added last lead to a record of another customer than the record's own.
    pub(crate) fn across_customers(mut self) -> Self {
        if let Some(relation) = self.relations.last_mut() {
            Arc::make_mut(relation).across = true;
        }
        self
    }

    /// Wants records to be in the currency of the record that the relation added last leads to.
    pub(crate) fn in_its_currency(mut self) -> Self {
        if let Some(relation) = self.relations.last_mut() {
            Arc::make_mut(relation).same_currency = true;
        }
        self
    }

    /// Wants all parts of one record to share what `field` of that record is: together their `field` is no more.
    pub(crate) fn sharing(mut self, field: &str) -> Self {
        self.shares = Some(field.to_owned());
        self
    }

    /// Says that records decide whose customers are whose, as people, teams and territories do.
    pub(crate) fn opening_rows(mut self) -> Self {
        self.opens_rows = true;
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
        let writable = matches!(key, RelationKey::Here { .. });
        self.relations.push(Arc::new(Relation {
            name: name.to_owned(),
            target: target.to_owned(),
            cardinality,
            key,
            nullable,
            doc: doc.to_owned(),
            readable_by: self.readable_by,
            writable,
            across: false,
            same_currency: false,
            maker: false,
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

/// Lets a text be no longer than an index can hold.
fn limit(rules: &mut [Rule]) {
    for rule in rules {
        if let Rule::AtMost(most) = rule {
            *most = INDEXED_LENGTH.min(*most);
        }
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
