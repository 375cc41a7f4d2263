//! Definitions of roles: the built-in ones, and those of a deployment.

use std::collections::{BTreeMap, BTreeSet};

use super::{Ability, Access, Reach, Role, RowSet, Rows, Scope};
use crate::{Model, ObjectType};

/// What a role grants of a type. What is not here is denied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypeGrant {
    /// Fields and relations that are read.
    pub read: BTreeSet<String>,
    /// What a new record may be given; none may be made if this is empty.
    pub create: BTreeSet<String>,
    /// What may be changed.
    pub update: BTreeSet<String>,
    /// Whether records are deleted and brought back.
    pub delete: bool,
    /// Which records.
    pub rows: RowSet,
}

/// A role: what it grants, type by type, and what else its bearer may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleDefinition {
    pub name: String,
    pub doc: String,
    pub types: BTreeMap<String, TypeGrant>,
    pub abilities: BTreeSet<Ability>,
}

/// The fields and relations of a type that the API writes.
pub fn writable(object: &ObjectType) -> impl Iterator<Item = &str> {
    let fields = object.fields.iter().filter(|field| field.writable);
    let relations = object.relations.iter().filter(|relation| relation.writable && relation.is_here());
    fields.map(|field| field.name.as_str()).chain(relations.map(|relation| relation.name.as_str()))
}

/// Those of them a new record has to be given.
pub fn required(object: &ObjectType) -> impl Iterator<Item = &str> {
    writable(object).filter(|name| match (object.get(name), object.relation(name)) {
        (Some(field), _) => !field.nullable && field.begins_with().is_none(),
        (None, Some(relation)) => !relation.nullable,
        (None, None) => false,
    })
}

impl RoleDefinition {
    /// One of the built-in roles, as the model has it: each field says who reads it, and who works in a department also
    /// writes what he reads. [`Access::sum`] takes away what does not stand by itself, here as elsewhere.
    pub fn built_in(model: &Model, role: Role) -> Self {
        let mut types = BTreeMap::new();
        for object in model.objects().iter().filter(|object| object.readable_by <= role) {
            let fields = object.fields.iter().filter(|field| field.readable_by <= role).map(|field| &field.name);
            let relations = object.relations.iter().map(|relation| &relation.name);
            let read: BTreeSet<String> = fields.chain(relations).cloned().collect();
            let writes = role >= Role::Department;
            let written: BTreeSet<String> = writable(object).filter(|_| writes).map(str::to_owned).collect();
            let rows = RowSet::default().with(Rows::All);
            let grant = TypeGrant { read, create: written.clone(), update: written, delete: writes, rows };
            types.insert(object.name.clone(), grant);
        }
        let abilities: BTreeSet<Ability> = match role {
            Role::Reader => BTreeSet::new(),
            Role::Department => BTreeSet::from([
                Ability::RecordDecisions,
                Ability::PlaceOrders,
                Ability::ReleaseHolds,
                Ability::RecordPayments,
            ]),
            Role::Admin => Ability::ALL.into(),
        };
        RoleDefinition { name: role.name().to_owned(), doc: String::new(), types, abilities }
    }
}

/// The roles of a deployment: the built-in ones and its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Roles(BTreeMap<String, RoleDefinition>);

impl Roles {
    /// The built-in roles and these beside them.
    pub fn new(model: &Model, own: impl IntoIterator<Item = RoleDefinition>) -> Self {
        let built_in = Role::ALL.map(|role| RoleDefinition::built_in(model, role));
        Roles(built_in.into_iter().chain(own).map(|role| (role.name.clone(), role)).collect())
    }

    pub fn get(&self, name: &str) -> Option<&RoleDefinition> {
        self.0.get(name)
    }

    /// Every role, by name.
    pub fn iter(&self) -> impl Iterator<Item = &RoleDefinition> {
        self.0.values()
    }

    /// What the bearer of a token with these roles may do. A role that no longer exists grants nothing.
    pub fn access(&self, model: &Model, names: &[String], scopes: &[Scope], reach: &Reach) -> Access {
        let roles: Vec<_> = names.iter().filter_map(|name| self.get(name)).collect();
        Access::sum(model, &roles).narrowed(model, scopes, reach.rows())
    }
}
