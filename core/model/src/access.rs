//! Access: what an actor may do, as a value. Whatever is not granted is denied.

mod ability;
mod definition;
mod rows;
mod sum;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use ability::{Ability, Scope};
pub use definition::{RoleDefinition, Roles, TypeGrant, required, writable};
pub use rows::{Reach, RowSet, Rows, belongs_to_customer, towards_customer};

use crate::{Cardinality, Model, ObjectType, Relation};

/// The roles every deployment has. They are ordered: a later one may do everything an earlier one may. A deployment's own
/// roles stand beside them and have no order: see [`RoleDefinition`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads the customer base without costs, margins and credit.
    Reader,
    /// Works in a department: reads everything of the business and records decisions.
    Department,
    /// Also manages tokens, roles, plugins and the strategy.
    Admin,
}

impl Role {
    /// Every role, weakest first.
    pub const ALL: [Role; 3] = [Role::Reader, Role::Department, Role::Admin];

    /// The name used on the command line, in configuration and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Role::Reader => "reader",
            Role::Department => "department",
            Role::Admin => "admin",
        }
    }

    /// The role of that name, if there is one.
    pub fn named(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// What an actor may do: the sum of his roles, narrowed by his token. Schema, planner, sight and writes all follow from it.
///
/// Rights add up by type: what one role lets its bearer read of a type he reads of all rows of that type that any of his
/// roles opens.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Access {
    types: BTreeMap<String, TypeGrant>,
    abilities: BTreeSet<Ability>,
    /// Beside what the roles open: only rows within this.
    within: Option<Rows>,
    shape: [u8; 32],
    sight: [u8; 32],
}

impl Access {
    /// What one of the built-in roles may do.
    pub fn of(model: &Model, role: Role) -> Self {
        Access::sum(model, &[&RoleDefinition::built_in(model, role)])
    }

    /// Whether anything of a type is read.
    pub fn reads_type(&self, object: &str) -> bool {
        self.types.contains_key(object)
    }

    /// Whether a field or a relation of a type is read.
    pub fn reads(&self, object: &str, name: &str) -> bool {
        self.types.get(object).is_some_and(|grant| grant.read.contains(name))
    }

    /// The fields and relations a new record of a type may be given; none where none may be made.
    pub fn created(&self, object: &str) -> impl Iterator<Item = &str> {
        self.types.get(object).into_iter().flat_map(|grant| &grant.create).map(String::as_str)
    }

    /// The fields and relations of a type that may be changed.
    pub fn updated(&self, object: &str) -> impl Iterator<Item = &str> {
        self.types.get(object).into_iter().flat_map(|grant| &grant.update).map(String::as_str)
    }

    /// Whether records of a type may be made.
    pub fn creates(&self, object: &str) -> bool {
        self.created(object).next().is_some()
    }

    /// Whether records of a type may be changed.
    pub fn updates(&self, object: &str) -> bool {
        self.updated(object).next().is_some()
    }

    /// Whether records of a type may be made and changed by what they are known by elsewhere: everything a new record needs
    /// may be changed, too.
    pub fn upserts(&self, object: &ObjectType) -> bool {
        let updated = |name: &str| self.updated(&object.name).any(|updated| updated == name);
        let required = required(object).all(updated);
        self.creates(&object.name) && required && updated("source") && updated("externalId")
    }

    /// Whether records of a type may be deleted and brought back.
    pub fn deletes(&self, object: &str) -> bool {
        self.types.get(object).is_some_and(|grant| grant.delete)
    }

    /// Whether records of a type are written in any way.
    pub fn writes(&self, object: &str) -> bool {
        self.creates(object) || self.updates(object) || self.deletes(object)
    }

    pub fn has(&self, ability: Ability) -> bool {
        self.abilities.contains(&ability)
    }

    /// Which records of a type are opened; what no role opens is hidden.
    pub fn rows(&self, object: &str) -> RowSet {
        self.types.get(object).map(|grant| grant.rows).unwrap_or_default()
    }

    /// What all rows have to be within, whatever the roles open.
    pub fn within(&self) -> Option<Rows> {
        self.within
    }

    /// Whether every record of every type that is read is seen.
    pub fn sees_all(&self) -> bool {
        self.within.is_none() && self.types.values().all(|grant| grant.rows.contains(Rows::All))
    }

    /// Whether a relation to one record may lead to a record that is hidden though the one it comes from is seen.
    pub fn may_hide(&self, model: &Model, object: &ObjectType, relation: &Relation) -> bool {
        let hides = model.object(&relation.target).is_some_and(|target| belongs_to_customer(model, target));
        relation.cardinality == Cardinality::One && hides && !self.rows(&object.name).is_in(self.rows(&relation.target))
    }

    /// Whether it lets do everything that `other` lets do.
    pub fn covers(&self, other: &Access) -> bool {
        let wider = |(name, wanted): (&String, &TypeGrant)| {
            self.types.get(name).is_some_and(|has| {
                wanted.read.is_subset(&has.read)
                    && wanted.create.is_subset(&has.create)
                    && wanted.update.is_subset(&has.update)
                    && (has.delete || !wanted.delete)
                    && wanted.rows.is_in(has.rows)
            })
        };
        let within = self.within.is_none() || self.within == other.within;
        within && other.abilities.is_subset(&self.abilities) && other.types.iter().all(wider)
    }

    /// What two actors have to agree in to be served the same schema.
    pub fn shape(&self) -> &[u8; 32] {
        &self.shape
    }

    /// What two actors of one shape have to agree in, beside who they are, to see the same rows.
    pub fn sight(&self) -> &[u8; 32] {
        &self.sight
    }
}
