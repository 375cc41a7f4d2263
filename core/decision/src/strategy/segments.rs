//! Reads segments and what they get.

use std::collections::BTreeMap;

use toml::de::DeValue;

use super::reader::{MAX_TEXT, Node, Reader, Table};
use super::{Segment, Treatment, keys};
use crate::{Condition, Datum, DecisionPoint, Scope};

const MAX_SEGMENTS: usize = 200;
const MAX_DEPTH: usize = 8;
const MAX_NAME: usize = 200;
/// Keys of one list, so that the condition is never too long.
const MAX_LIST: usize = 20;

impl Reader<'_> {
    pub(super) fn segments(&mut self, document: &Table<'_>) -> Vec<Segment> {
        let parents = declared_parents(document);
        let keys = self.declared_segments(document);
        // The depth of each segment so far, whether or not the rest of it could be read.
        let mut depths: BTreeMap<String, usize> = BTreeMap::new();
        self.each(document, "segments", MAX_SEGMENTS, |reader, table| {
            reader.only(table, keys::SEGMENT);
            reader.place(table);
            let key = reader.key(table, "key");
            let name = reader.text(table, "name", MAX_NAME);
            let need = reader.text(table, "need", MAX_TEXT);
            let scope = reader.counting(Scope::subject(reader.model, "Customer"));
            let when = reader.require(table, "when").and_then(|node| reader.condition(&node, &scope));
            let stay = table.get("stay").map(|node| reader.condition(&node, &scope));
            let parent = table.get("parent").map(|_| reader.key(table, "parent"));
            let depth = match &parent {
                None => 1,
                Some(parent) => {
                    1 + reader.depth_of_parent(table, parent.as_deref()?, &depths, &parents, key.as_deref())?
                }
            };
            let key = key?;
            if depths.insert(key.clone(), depth).is_some() {
                reader.problem(
                    &table.span,
                    &table.path,
                    format!("the key `{key}` is taken; give each segment its own"),
                );
                return None;
            }
            let stay = match stay {
                Some(None) => return None,
                Some(Some(stay)) => Some(reader.staying(&stay, &family(&key, &keys, &parents), &scope)?),
                None => None,
            };
            Some(Segment { key, name: name?, need: need?, when: when?, stay, parent: parent.flatten() })
        })
    }

    /// Whoever belongs to the segment, or to one inside it, and fulfils the condition.
    fn staying(&self, stay: &Condition, family: &[&str], scope: &Scope<'_>) -> Option<Condition> {
        let belongs: Option<Vec<_>> = family
            .chunks(MAX_LIST)
            .map(|keys| {
                let list: Vec<_> = keys.iter().map(|key| format!("'{key}'")).collect();
                Condition::compile(&format!("customer.segment.key in [{}]", list.join(", ")), scope).ok()
            })
            .collect();
        let belongs = belongs?;
        let belongs = Condition::any(&belongs.iter().collect::<Vec<_>>());
        // It is shown as it was written.
        Some(Condition::all(&[&belongs, stay]).written(stay.text()))
    }

    fn depth_of_parent(
        &mut self,
        table: &Table<'_>,
        parent: &str,
        depths: &BTreeMap<String, usize>,
        parents: &BTreeMap<String, String>,
        key: Option<&str>,
    ) -> Option<usize> {
        let node = table.get("parent")?;
        match depths.get(parent) {
            Some(depth) if *depth < MAX_DEPTH => Some(*depth),
            Some(_) => {
                self.at(&node, format!("nests more than {MAX_DEPTH} segments"));
                None
            }
            None if key.is_some_and(|key| circle(key, parents).is_some()) => {
                let circle = key.and_then(|key| circle(key, parents)).unwrap_or_default().join("`, which is part of `");
                self.at(&node, format!("`{circle}`: they are parts of each other in a circle; leave one `parent` out"));
                None
            }
            None => {
                self.at(&node, format!("`{parent}` is no segment above this one; a parent stands before its children"));
                None
            }
        }
    }

    /// Every key the document gives a segment, so that one broken segment does not make its treatment wrong, too.
    pub(super) fn declared_segments(&self, document: &Table<'_>) -> Vec<String> {
        let Some(Node { value: DeValue::Array(items), .. }) = document.get("segments") else { return Vec::new() };
        let keys = items.iter().filter_map(|item| item.get_ref().get("key").and_then(|key| key.get_ref().as_str()));
        keys.map(str::to_owned).collect()
    }

    pub(super) fn treatments(&mut self, document: &Table<'_>, segments: &[String]) -> Vec<Treatment> {
        let Some(all) = document.get("treatments").and_then(|node| self.table(&node)) else { return Vec::new() };
        let mut treatments = Vec::new();
        for (segment, span, node) in all.each() {
            if !segments.iter().any(|key| key == segment) {
                let path = node.path.clone();
                self.problem(&span, &path, format!("`{segment}` is no segment; there are {}", segments.join(", ")));
                continue;
            }
            let Some(points) = self.table(&node) else { continue };
            for (name, span, node) in points.each() {
                let Some(point) = self.point(&span, &node.path, name) else { continue };
                self.place_at(&span, &node.path);
                for (_, span, node) in self.table(&node).iter().flat_map(Table::each) {
                    self.place_at(&span, &node.path);
                }
                let parameters = self.parameters(&node, point);
                treatments.push(Treatment { segment: segment.to_owned(), point: name.to_owned(), parameters });
            }
        }
        treatments
    }

    /// Parameters of a decision point, by the names they have in its SDL.
    pub(super) fn parameters(&mut self, node: &Node<'_>, point: &DecisionPoint) -> BTreeMap<String, Datum> {
        let mut parameters = BTreeMap::new();
        let Some(table) = self.table(node) else { return parameters };
        for (name, span, node) in table.each() {
            let Some(field) = point.parameter(name) else {
                let known: Vec<_> = point.parameters.iter().map(|field| field.name.as_str()).collect();
                let message = format!("`{}` has no such parameter; it has {}", point.name, known.join(", "));
                self.problem(&span, &node.path, message);
                continue;
            };
            if let Some(datum) = self.datum(&node, &field.data_type) {
                parameters.insert(name.to_owned(), datum);
            }
        }
        if parameters.is_empty() && table.entries.is_empty() {
            self.at(node, "sets nothing; set a parameter or remove it");
        }
        parameters
    }
}

/// The parent each segment names, whether or not there is one.
fn declared_parents(document: &Table<'_>) -> BTreeMap<String, String> {
    let Some(Node { value: DeValue::Array(items), .. }) = document.get("segments") else { return BTreeMap::new() };
    let text = |item: &DeValue<'_>, key: &str| Some(item.get(key)?.get_ref().as_str()?.to_owned());
    items.iter().filter_map(|item| Some((text(item.get_ref(), "key")?, text(item.get_ref(), "parent")?))).collect()
}

/// The way from a segment through its parents back to it; nothing if it does not lead back.
fn circle<'p>(key: &'p str, parents: &'p BTreeMap<String, String>) -> Option<Vec<&'p str>> {
    let mut way = vec![key];
    let mut next = parents.get(key)?;
    while next != key {
        if way.contains(&next.as_str()) {
            return None;
        }
        way.push(next);
        next = parents.get(next)?;
    }
    way.push(key);
    Some(way)
}

/// The segment and every one that is part of it, however deep.
fn family<'k>(key: &str, keys: &'k [String], parents: &BTreeMap<String, String>) -> Vec<&'k str> {
    let inside = |other: &&String| {
        let mut next = Some(other.as_str());
        // As many steps as there are segments: a circle is told elsewhere.
        for _ in 0..=parents.len() {
            match next {
                Some(found) if found == key => return true,
                Some(found) => next = parents.get(found).map(String::as_str),
                None => return false,
            }
        }
        false
    };
    keys.iter().filter(inside).map(String::as_str).collect()
}
