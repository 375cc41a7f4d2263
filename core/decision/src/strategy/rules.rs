//! Reads ground rules.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::de::DeValue;

use super::reader::{MAX_TEXT, Node, Reader, Table};
use super::{Effect, GroundRule, Limit, keys};
use crate::exact::plain_decimal;
use crate::{CombineRule, DataType, DecisionPoint, FormulaNames, OutputField, Scope};

const MAX_RULES: usize = 500;
const MAX_NAME: usize = 200;

/// A rule, and where it stands.
pub(super) type Placed = (GroundRule, Range<usize>);

impl<'a> Reader<'a> {
    pub(super) fn ground_rules(&mut self, document: &Table<'_>, segments: &[String]) -> Vec<Placed> {
        let mut ids = BTreeSet::new();
        self.each(document, "ground_rules", MAX_RULES, |reader, table| {
            reader.only(table, keys::GROUND_RULE);
            reader.place(table);
            let id = reader.key(table, "id");
            let name = reader.text(table, "name", MAX_NAME);
            let reason = reader.text(table, "reason", MAX_TEXT);
            let point = reader.text(table, "point", MAX_NAME).zip(table.get("point"));
            let point = point.and_then(|(name, node)| reader.point(&node.span, &node.path, &name))?;
            let scope = reader.counting(Scope::ground_rule(reader.model, point));
            let when = table.get("when").map(|node| reader.condition(&node, &scope));
            let effect = reader.effect(table, point, segments);
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

    fn effect(&mut self, table: &Table<'_>, point: &'a DecisionPoint, segments: &[String]) -> Option<Effect> {
        let known = ["clamp", "force", "keep", "reserve"];
        let mut given = known.into_iter().filter_map(|key| Some((key, table.get(key)?)));
        match (given.next(), given.next()) {
            (Some(("clamp", node)), None) => self.clamp(&node, point),
            (Some(("force", node)), None) => self.force(&node, point),
            (Some(("keep", node)), None) => self.keep(&node, point),
            (Some((_, node)), None) => self.reserve(&node, point, segments),
            _ => {
                self.problem(&table.span, &table.path, "needs exactly one of `clamp`, `force`, `keep` and `reserve`");
                None
            }
        }
    }

    /// Fields that stay as the request says they are.
    fn keep(&mut self, node: &Node<'_>, point: &'a DecisionPoint) -> Option<Effect> {
        let table = self.table(node)?;
        let mut kept = BTreeMap::new();
        for (name, span, node) in table.each() {
            let Some(field) = self.output(&span, &node.path, point, name) else { continue };
            let asked = point.asked().find(|asked| Some(asked.name.as_str()) == node.value.as_str());
            match asked.filter(|asked| asked.data_type == field.data_type) {
                Some(asked) => {
                    kept.insert(name.to_owned(), asked.name.clone());
                }
                None => {
                    let fits = point.asked().filter(|asked| asked.data_type == field.data_type);
                    let known: Vec<_> = fits.map(|asked| asked.name.as_str()).collect();
                    let known = if known.is_empty() { "there are none".to_owned() } else { known.join(", ") };
                    self.at(&node, format!("is no field of the request of the type of `{name}`; {known}"));
                }
            }
        }
        if table.entries.is_empty() {
            self.at(node, "keeps nothing; name a field and the request's field it stays at");
        }
        (!kept.is_empty()).then_some(Effect::Keep(kept))
    }

    fn reserve(&mut self, node: &Node<'_>, point: &DecisionPoint, segments: &[String]) -> Option<Effect> {
        let ration = point.members.as_ref().and_then(|members| members.ration());
        if ration.is_none_or(|ration| ration.segment.is_none()) {
            self.at(
                node,
                format!("`{}` shares out nothing among segments, so there is nothing to reserve", point.name),
            );
            return None;
        }
        let table = self.table(node)?;
        self.only(&table, keys::RESERVE);
        let segment = self.require(&table, "segment").and_then(|node| self.segment_key(&node, segments));
        let share = self.require(&table, "share").and_then(|node| self.share(&node));
        Some(Effect::Reserve { segment: segment?, share: share? })
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
        let mut bound = |key: &str| table.get(key).map(|node| self.limit(&node, point, field));
        let (min, max) = match (bound("min"), bound("max")) {
            (None, None) => {
                self.at(node, "needs `min` or `max`");
                return None;
            }
            (Some(None), _) | (_, Some(None)) => return None,
            (min, max) => (min.flatten(), max.flatten()),
        };
        if let (Some(Limit::Value(min)), Some(Limit::Value(max))) = (&min, &max)
            && min > max
        {
            self.at(node, format!("min {min} is above max {max}; no value lies between"));
            return None;
        }
        Some(Effect::Clamp { field: field.name.clone(), min, max })
    }

    /// A value, or a formula: a text that is no number.
    fn limit(&mut self, node: &Node<'_>, point: &DecisionPoint, field: &OutputField) -> Option<Limit> {
        let computed = match node.value {
            DeValue::String(text) => field.data_type != DataType::Date && plain_decimal(text).is_none(),
            _ => false,
        };
        if !computed {
            return self.datum(node, &field.data_type).map(Limit::Value);
        }
        let scope = Scope::ground_rule(self.model, point);
        self.formula(node, FormulaNames::Decision(&scope)).map(|formula| Limit::Formula(Box::new(formula)))
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
        let field = point.output(name).filter(|field| field.combine != CombineRule::Core);
        if field.is_none() {
            let known = point.bounded().iter().filter(|field| field.combine != CombineRule::Core);
            let known: Vec<_> = known.map(|field| field.name.as_str()).collect();
            self.problem(span, path, format!("`{}` has no such field; it has {}", point.name, known.join(", ")));
        }
        field
    }
}
