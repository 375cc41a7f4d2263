//! A package in the sandbox, on the author's machine: the same host and the same limits as in production.

use std::sync::Arc;

use guildhall_decision::{DecisionPoint, department_defaults, read_points};
use guildhall_plugin_host::{Guest, Package};
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::opening::OpenedWorkshop;

/// A package that can be asked.
pub(super) struct Sandbox {
    pub guest: Guest,
    points: Vec<Arc<DecisionPoint>>,
}

impl Sandbox {
    pub(super) fn new(workshop: &OpenedWorkshop, package: &Package) -> Result<Self, Failure> {
        let workshop = workshop.workshop();
        let mut points = workshop.points.to_vec();
        if let Some(own) = package.schema() {
            let own = read_points(own).map_err(|error| Failure::BadInput(format!("the plugin's schema: {error}")))?;
            points.extend(own.into_iter().map(Arc::new));
        }
        // An input query that does not fit is told at an install; here it raises nothing.
        let entries = package.queries().filter_map(|(name, text)| {
            let point = points.iter().find(|point| point.name == name)?;
            Some((name, workshop.queries.compile(point, text).ok()?.entries()))
        });
        let guest = workshop.host.load(package).map_err(Failure::bad_input)?.scaled(entries);
        Ok(Sandbox { guest, points })
    }

    /// The decision point, unless it is another plugin's.
    pub(super) fn point(&self, name: &str) -> Option<&DecisionPoint> {
        self.points.iter().find(|point| point.name == name).map(AsRef::as_ref)
    }

    /// What the department does by itself at a decision point.
    pub(super) fn defaults(&self, point: &str) -> Value {
        self.point(point).map_or_else(|| Value::Object(Map::new()), |point| department_defaults(point).to_json())
    }

    /// What is wrong with an output, if it is no answer to what the input asks at the decision point.
    pub(super) fn misfit(&self, point: &str, input: &[u8], output: &Map<String, Value>) -> Option<String> {
        let input: Value = serde_json::from_slice(input).unwrap_or_default();
        self.point(point)?.check_output(input.get("request").unwrap_or(&Value::Null), output).err()
    }
}
