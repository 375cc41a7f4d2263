//! Reads ground rules.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::reader::{MAX_TEXT, Node, Reader, Table};
use super::{Effect, GroundRule, keys};
use crate::{DataType, DecisionPoint, OutputField, Scope};

const MAX_RULES: usize = 500;
const MAX_NAME: usize = 200;

/// A rule, and where it stands.
pub(super) type Placed = (GroundRule, Range<usize>);

impl<'a> Reader<'a> {
    pub(super) fn ground_rules(&mut self, document: &Table<'_>) -> Vec<Placed> {
        let mut ids = BTreeSet::new();
        self.each(document, "ground_rules", MAX_RULES, |reader, table| {
            reader.only(table, keys::GROUND_RULE);
            let id = reader.key(table, "id");
            let name = reader.text(table, "name", MAX_NAME);
            let reason = reader.text(table, "reason", MAX_TEXT);
            let point = reader.text(table, "point", MAX_NAME).zip(table.get("point"));
            let point = point.and_then(|(name, node)| reader.point(&node.span, &node.path, &name))?;
            let scope = Scope::ground_rule(reader.model, point);
            let when = table.get("when").map(|node| reader.condition(&node, &scope));
            let effect = reader.effect(table, point);
            let id = id?;
            if !ids.insert(id.clone()) {
                reader.problem(&table.span, &table.path, format!("the id `{id}` is taken; give each rule its own"));
                return None;
            }
            // A rule whose condition is wrong must not become one without condition.
            let when = match when {
                Some(None) => return None,
                Some(Some(when)) => Some(when),
                None => None,
            };
            let rule =
                GroundRule { id, name: name?, reason: reason?, point: point.name.clone(), when, effect: effect? };
            Some((rule, table.span.clone()))
        })
    }

    fn effect(&mut self, table: &Table<'_>, point: &'a DecisionPoint) -> Option<Effect> {
        match (table.get("clamp"), table.get("force")) {
            (Some(node), None) => self.clamp(&node, point),
            (None, Some(node)) => self.force(&node, point),
            _ => {
                self.problem(&table.span, &table.path, "needs exactly one of `clamp` and `force`");
                None
            }
        }
    }

    fn clamp(&mut self, node: &Node<'_>, point: &'a DecisionPoint) -> Option<Effect> {
        let table = self.table(node)?;
        self.only(&table, keys::CLAMP);
        let name = self.text(&table, "field", MAX_NAME).zip(table.get("field"));
        let field = name.and_then(|(name, node)| self.output(&node.span, &node.path, point, &name))?;
        if !matches!(field.data_type, DataType::Int | DataType::Decimal | DataType::Date) {
            self.at(node, format!("`{}` is no number or date; use `force`", field.name));
            return None;
        }
        let mut bound = |key: &str| table.get(key).map(|node| self.datum(&node, &field.data_type));
        let (min, max) = match (bound("min"), bound("max")) {
            (None, None) => {
                self.at(node, "needs `min` or `max`");
                return None;
            }
            (Some(None), _) | (_, Some(None)) => return None,
            (min, max) => (min.flatten(), max.flatten()),
        };
        if let (Some(min), Some(max)) = (&min, &max)
            && min > max
        {
            self.at(node, format!("min {min} is above max {max}; no value lies between"));
            return None;
        }
        Some(Effect::Clamp { field: field.name.clone(), min, max })
    }

    fn force(&mut self, node: &Node<'_>, point: &'a DecisionPoint) -> Option<Effect> {
        let table = self.table(node)?;
        let mut forced = BTreeMap::new();
        for (name, span, node) in table.each() {
            if let Some(field) = self.output(&span, &node.path, point, name)
                && let Some(datum) = self.datum(&node, &field.data_type)
            {
                forced.insert(name.to_owned(), datum);
            }
        }
        if table.entries.is_empty() {
            self.at(node, "sets nothing; name a field and its value");
        }
        (!forced.is_empty()).then_some(Effect::Force(forced))
    }

    fn output(
        &mut self,
        span: &Range<usize>,
        path: &str,
        point: &'a DecisionPoint,
        name: &str,
    ) -> Option<&'a OutputField> {
        let field = point.output(name);
        if field.is_none() {
            let known: Vec<_> = point.outputs.iter().map(|field| field.name.as_str()).collect();
            self.problem(span, path, format!("`{}` has no such field; it has {}", point.name, known.join(", ")));
        }
        field
    }
}
