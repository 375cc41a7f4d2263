//! Adding roles up, and narrowing what comes of it.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::{Access, RoleDefinition, RowSet, Rows, Scope, TypeGrant, belongs_to_customer, required, writable};
use crate::{Model, Role};

impl Access {
    /// What several roles allow together: by type, what any of them reads and writes, on the rows any of them opens.
    pub fn sum(model: &Model, roles: &[&RoleDefinition]) -> Self {
        let mut types: BTreeMap<String, TypeGrant> = BTreeMap::new();
        for role in roles {
            for (name, grant) in &role.types {
                let sum = types.entry(name.clone()).or_default();
                sum.read.extend(grant.read.iter().cloned());
                sum.create.extend(grant.create.iter().cloned());
                sum.update.extend(grant.update.iter().cloned());
                sum.delete |= grant.delete;
                sum.rows = sum.rows.union(grant.rows);
            }
        }
        let abilities: BTreeSet<_> = roles.iter().flat_map(|role| role.abilities.iter().copied()).collect();
        let everything = RoleDefinition::built_in(model, Role::Admin);
        for name in abilities.iter().filter_map(|ability| ability.brings()) {
            if let Some(grant) = everything.types.get(name) {
                let sum = types.entry(name.to_owned()).or_default();
                sum.read.extend(grant.read.iter().cloned());
                sum.rows = sum.rows.union(grant.rows);
            }
        }
        Access { types, abilities, ..Access::default() }.sound(model)
    }

    /// The same as far as a token's scopes and reach let it.
    pub fn narrowed(mut self, model: &Model, scopes: &[Scope], reach: Rows) -> Self {
        let has = |scope: Scope| scopes.contains(&scope);
        self.abilities.retain(|ability| has(ability.scope()));
        if !has(Scope::Write) {
            for grant in self.types.values_mut() {
                grant.create.clear();
                grant.update.clear();
                grant.delete = false;
            }
        }
        if !has(Scope::Read) {
            self.types.clear();
        }
        if reach != Rows::All {
            self.within = Some(reach);
        }
        self.sound(model)
    }

    /// Takes away what cannot be had without something that is not granted, until all that is left stands by itself.
    fn sound(mut self, model: &Model) -> Self {
        self.types.retain(|name, _| model.object(name).is_some());
        let read: BTreeSet<String> = self.types.keys().cloned().collect();
        for (name, grant) in &mut self.types {
            let Some(object) = model.object(name) else { continue };
            // Every record is named by its id, and whoever writes it says which version he has seen.
            grant.read.extend(["id".to_owned(), "version".to_owned()]);
            grant.read.retain(|name| {
                let relation = object.relation(name);
                object.get(name).is_some() || relation.is_some_and(|relation| read.contains(&relation.target))
            });
            let granted = |name: &String| grant.read.contains(name) && writable(object).any(|known| known == name);
            grant.create.retain(granted);
            grant.update.retain(granted);
            if !required(object).all(|name| grant.create.contains(name)) {
                grant.create.clear();
            }
            grant.delete &= !object.is_kept();
            if !belongs_to_customer(model, object) {
                grant.rows = RowSet::default().with(Rows::All);
            }
        }
        self.keep_to_his_rows(model);
        self.digest(model);
        self
    }

    /// Keeps who sees only some records from writing what decides which. Who belongs to which team or territory is written by
    /// those who see all. A customer is handed on, too, unless whoever sees the customer sees the same of everything else.
    fn keep_to_his_rows(&mut self, model: &Model) {
        if self.sees_all() {
            return;
        }
        let of_customers = |name: &str| model.object(name).is_some_and(|object| belongs_to_customer(model, object));
        let mut rows = self.types.iter().filter(|(name, _)| of_customers(name)).map(|(_, grant)| grant.rows);
        let first = rows.next();
        let even = rows.all(|rows| Some(rows) == first);
        let opens = |name: &str| model.object(name).is_some_and(|object| object.opens_rows);
        for (name, grant) in &mut self.types {
            if opens(name) {
                (grant.create, grant.update, grant.delete) = (BTreeSet::new(), BTreeSet::new(), false);
            }
            if name == "Customer"
                && !even
                && let Some(object) = model.object(name)
            {
                grant.update.retain(|name| object.relation(name).is_none_or(|relation| !opens(&relation.target)));
            }
        }
    }

    fn digest(&mut self, model: &Model) {
        let (mut shape, mut sight) = (Sha256::new(), Sha256::new());
        // No name holds a character that separates here.
        let mut names = |mark: &str, names: &BTreeSet<String>| {
            shape.update(mark);
            names.iter().for_each(|name| shape.update(format!("{name},")));
        };
        for (name, grant) in &self.types {
            names(&format!("\n{name} read "), &grant.read);
            names(" create ", &grant.create);
            names(" update ", &grant.update);
            names(if grant.delete { " delete " } else { " " }, &BTreeSet::new());
            sight.update(format!("{name} {},", grant.rows.bits()));
        }
        names("\nabilities ", &self.abilities.iter().map(|ability| ability.name().to_owned()).collect());
        // What may be hidden is null where it otherwise could not be.
        for object in self.types.keys().filter_map(|name| model.object(name)) {
            let hidden = object.relations.iter().filter(|relation| self.may_hide(model, object, relation));
            names(&format!("\n{} hides ", object.name), &hidden.map(|relation| relation.name.clone()).collect());
        }
        sight.update(self.within.map_or("", Rows::name));
        self.shape = shape.finalize().into();
        self.sight = sight.finalize().into();
    }
}
