//! Decision fields: a place in the response, and what is written there.

use std::sync::Arc;

use apollo_compiler::executable::{Field, SelectionSet};
use guildhall_decision::DecisionPoint;
use guildhall_model::plan::{Entry, Output};

use super::{Planner, Slot};
use crate::problem::Problem;
use crate::schema::{TRACE_FIELDS, TraceField};

/// What is written of a verdict.
#[derive(Clone, Debug)]
pub(crate) enum Pick {
    Constant(String),
    /// A field of the decision point's output.
    Output(String),
    /// A field every decision has; for lists of objects, what is written of each.
    Trace(TraceField, Vec<Entry<TracePick>>),
}

#[derive(Clone, Debug)]
pub(crate) enum TracePick {
    Constant(String),
    Member(String),
}

impl<'a> Planner<'a> {
    pub(super) fn decision(
        &mut self,
        point: &Arc<DecisionPoint>,
        field: &'a Field,
        sets: &[&'a SelectionSet],
    ) -> Result<Output, Problem> {
        let mut picks = Vec::new();
        for collected in self.collect(sets, &point.output_type)? {
            let name = collected.first()?.name.as_str();
            let trace = TRACE_FIELDS.iter().find(|(known, _)| *known == name);
            let value = match trace {
                _ if name == "__typename" => Pick::Constant(point.output_type.clone()),
                Some((_, trace)) => Pick::Trace(*trace, self.trace(*trace, &collected.selections())?),
                None => Pick::Output(name.to_owned()),
            };
            picks.push(Entry { key: collected.key.to_owned(), value });
        }
        let request = self.deferred(field, "request");
        let place = self.place(field.name.location());
        Ok(self.slot(Slot::Decision { point: Arc::clone(point), request, picks, place }, Output::Slot))
    }

    fn trace(&self, field: TraceField, sets: &[&'a SelectionSet]) -> Result<Vec<Entry<TracePick>>, Problem> {
        let of = match field {
            TraceField::Parameters => "DecisionParameter",
            TraceField::Proposals => "DecisionProposal",
            TraceField::Bounds => "DecisionBound",
            TraceField::Explanation
            | TraceField::CustomerExplanation
            | TraceField::StrategyNumber
            | TraceField::Fallback => return Ok(Vec::new()),
        };
        let mut picks = Vec::new();
        for collected in self.collect(sets, of)? {
            let value = match collected.first()?.name.as_str() {
                "__typename" => TracePick::Constant(of.to_owned()),
                member => TracePick::Member(member.to_owned()),
            };
            picks.push(Entry { key: collected.key.to_owned(), value });
        }
        Ok(picks)
    }
}
