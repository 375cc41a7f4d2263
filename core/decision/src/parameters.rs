//! Parameters by layer: the strongest layer that sets a parameter wins, field by field.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::strategy::{Agreement, CustomerKey};
use crate::{Datum, DecisionPoint, Question, Subject};

/// Where a parameter may be set, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// What the department does by itself.
    Default,
    Segment,
    Subsegment,
    /// An exception granted to one customer.
    Customer,
    Contract,
}

/// One parameter with its value, and who set it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Resolved {
    pub name: String,
    /// Null if nobody sets it.
    pub value: Option<Datum>,
    pub layer: Layer,
    /// In words: "segment `key`", "contract until 2027-01-31".
    pub source: String,
}

/// All parameters of a decision point, in its order.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Parameters {
    pub resolved: Vec<Resolved>,
}

impl Parameters {
    pub fn get(&self, name: &str) -> Option<&Resolved> {
        self.resolved.iter().find(|resolved| resolved.name == name)
    }

    /// What a plugin is given: every parameter by name.
    pub fn to_json(&self) -> Json {
        let json = |value: &Option<Datum>| value.as_ref().map_or(Json::Null, Datum::to_json);
        let entries = self.resolved.iter().map(|resolved| (resolved.name.clone(), json(&resolved.value)));
        Json::Object(entries.collect::<Map<_, _>>())
    }
}

/// What the department does by itself, as if there were no strategy.
pub fn department_defaults(point: &DecisionPoint) -> Parameters {
    let source = "department default".to_owned();
    let resolved = point.parameters.iter().map(|field| Resolved {
        name: field.name.clone(),
        value: field.default.clone(),
        layer: Layer::Default,
        source: source.clone(),
    });
    Parameters { resolved: resolved.collect() }
}

/// The parameters under which the plugins answer a question.
pub fn resolve(question: &Question<'_>) -> Parameters {
    let layers = layers(question);
    let mut parameters = department_defaults(question.point);
    for resolved in &mut parameters.resolved {
        let strongest = layers.iter().find_map(|layer| layer.values.get(&resolved.name).map(|value| (layer, value)));
        if let Some((layer, value)) = strongest {
            resolved.value = Some(value.clone());
            resolved.layer = layer.layer;
            resolved.source.clone_from(&layer.source);
        }
    }
    parameters
}

struct Set<'a> {
    layer: Layer,
    source: String,
    values: &'a BTreeMap<String, Datum>,
}

/// What is set for the subject, strongest first.
fn layers<'a>(question: &Question<'a>) -> Vec<Set<'a>> {
    let Question { strategy, point, subject, .. } = question;
    let day = question.at.date_naive();
    let mut layers = Vec::new();
    let agreements =
        [(Layer::Contract, "contract", &strategy.contracts), (Layer::Customer, "exception", &strategy.exceptions)];
    for (layer, word, all) in agreements {
        for agreement in in_force(all, point, subject, day) {
            let source = format!("{word} until {}", agreement.expires.format("%Y-%m-%d"));
            layers.push(Set { layer, source, values: &agreement.parameters });
        }
    }
    // What was agreed with the customer holds all the same.
    let segment = subject.segment.filter(|_| !question.is_held_out());
    let lineage = segment.map(|key| strategy.lineage(key)).unwrap_or_default();
    for segment in lineage.iter().rev() {
        if let Some(treatment) = strategy.treatment(&segment.key, &point.name) {
            let (layer, word) = match segment.parent {
                None => (Layer::Segment, "segment"),
                Some(_) => (Layer::Subsegment, "subsegment"),
            };
            layers.push(Set { layer, source: format!("{word} `{}`", segment.key), values: &treatment.parameters });
        }
    }
    layers
}

/// An agreement that names the customer by our id stands before one that names it by another system's.
fn in_force<'a>(
    agreements: &'a [Agreement],
    point: &DecisionPoint,
    subject: &Subject<'_>,
    day: NaiveDate,
) -> impl Iterator<Item = &'a Agreement> {
    let fits = |agreement: &&Agreement| agreement.point == point.name && day <= agreement.expires;
    let by_id = agreements.iter().filter(fits).find(|agreement| match &agreement.customer {
        CustomerKey::Id(id) => id == subject.id,
        CustomerKey::External { .. } => false,
    });
    let by_source = agreements.iter().filter(fits).find(|agreement| match &agreement.customer {
        CustomerKey::Id(_) => false,
        CustomerKey::External { source, external_id } => {
            subject.source == Some(source.as_str()) && subject.external_id == Some(external_id.as_str())
        }
    });
    by_id.into_iter().chain(by_source)
}

#[cfg(test)]
mod tests;
