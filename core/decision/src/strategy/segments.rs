//! Reads segments and what they get.

use std::collections::BTreeMap;

use toml::de::DeValue;

use super::reader::{MAX_TEXT, Node, Reader, Table};
use super::{Segment, Treatment, keys};
use crate::{Datum, DecisionPoint, Scope};

const MAX_SEGMENTS: usize = 200;
const MAX_DEPTH: usize = 8;
const MAX_NAME: usize = 200;

impl Reader<'_> {
    pub(super) fn segments(&mut self, document: &Table<'_>) -> Vec<Segment> {
        // The depth of each segment so far, whether or not the rest of it could be read.
        let mut depths: BTreeMap<String, usize> = BTreeMap::new();
        self.each(document, "segments", MAX_SEGMENTS, |reader, table| {
            reader.only(table, keys::SEGMENT);
            let key = reader.key(table, "key");
            let name = reader.text(table, "name", MAX_NAME);
            let need = reader.text(table, "need", MAX_TEXT);
            let scope = Scope::subject(reader.model, "Customer");
            let when = reader.require(table, "when").and_then(|node| reader.condition(&node, &scope));
            let parent = table.get("parent").map(|_| reader.key(table, "parent"));
            let depth = match &parent {
                None => 1,
                Some(parent) => 1 + reader.depth_of_parent(table, parent.as_deref()?, &depths)?,
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
            Some(Segment { key, name: name?, need: need?, when: when?, parent: parent.flatten() })
        })
    }

    fn depth_of_parent(&mut self, table: &Table<'_>, parent: &str, depths: &BTreeMap<String, usize>) -> Option<usize> {
        let node = table.get("parent")?;
        match depths.get(parent) {
            Some(depth) if *depth < MAX_DEPTH => Some(*depth),
            Some(_) => {
                self.at(&node, format!("nests more than {MAX_DEPTH} segments"));
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
