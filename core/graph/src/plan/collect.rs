//! Collecting fields: fragments opened, `@skip` and `@include` applied, selections of one key merged.

use std::collections::HashMap;

use apollo_compiler::ast::{DirectiveList, Value};
use apollo_compiler::executable::{Field, Selection, SelectionSet};

use super::Planner;
use crate::problem::{Code, Problem};

/// All selections of one response key.
pub(super) struct Collected<'d> {
    pub key: &'d str,
    fields: Vec<&'d Field>,
}

impl<'d> Collected<'d> {
    /// The first selection; the others have the same name and arguments, as validation made sure.
    pub(super) fn first(&self) -> Result<&'d Field, Problem> {
        self.fields.first().copied().ok_or_else(|| Problem::new(Code::Internal, "a response key without a field"))
    }

    /// The selection sets to merge.
    pub(super) fn selections(&self) -> Vec<&'d SelectionSet> {
        self.fields.iter().map(|field| &field.selection_set).collect()
    }
}

/// Fields on their way into [`Collected`]s.
#[derive(Default)]
struct Collecting<'d> {
    fields: Vec<Collected<'d>>,
    places: HashMap<&'d str, usize>,
}

impl<'d> Collecting<'d> {
    fn add(&mut self, field: &'d Field) {
        let key = field.response_key().as_str();
        let place = *self.places.entry(key).or_insert(self.fields.len());
        match self.fields.get_mut(place) {
            Some(known) => known.fields.push(field),
            None => self.fields.push(Collected { key, fields: vec![field] }),
        }
    }
}

impl<'a> Planner<'a> {
    /// The fields selected on an object of type `of`, in the order of their first selection.
    pub(super) fn collect(&self, sets: &[&'a SelectionSet], of: &str) -> Result<Vec<Collected<'a>>, Problem> {
        let mut collected = Collecting::default();
        for set in sets {
            self.collect_set(set, of, &mut collected)?;
        }
        for field in &collected.fields {
            self.check_arguments(field.first()?)?;
        }
        Ok(collected.fields)
    }

    fn collect_set(&self, set: &'a SelectionSet, of: &str, collected: &mut Collecting<'a>) -> Result<(), Problem> {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) if self.included(&field.directives)? => {
                    collected.add(field);
                }
                Selection::InlineFragment(inline) if self.included(&inline.directives)? => {
                    let condition = inline.type_condition.as_ref().map(|name| name.as_str());
                    if condition.is_none_or(|condition| self.applies(condition, of)) {
                        self.collect_set(&inline.selection_set, of, collected)?;
                    }
                }
                Selection::FragmentSpread(spread) if self.included(&spread.directives)? => {
                    let fragment = spread
                        .fragment_def(self.context.document)
                        .ok_or_else(|| Problem::new(Code::Internal, "a validated document lacks a fragment"))?;
                    if self.applies(fragment.type_condition().as_str(), of) {
                        self.collect_set(&fragment.selection_set, of, collected)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn applies(&self, condition: &str, of: &str) -> bool {
        condition == of || self.context.front.schema().is_subtype(condition, of)
    }

    /// Whether `@skip` and `@include` leave the selection in.
    fn included(&self, directives: &DirectiveList) -> Result<bool, Problem> {
        let truth = |name: &str, absent: bool| {
            let argument = directives.get(name).and_then(|directive| directive.specified_argument_by_name("if"));
            match argument.map(AsRef::as_ref) {
                None => Ok(absent),
                Some(Value::Boolean(value)) => Ok(*value),
                Some(Value::Variable(variable)) => {
                    let value = self.context.variables.get(variable.as_str()).and_then(|value| value.as_bool());
                    value.ok_or_else(|| {
                        let message = format!("variable `{variable}` is null, where `@{name}` needs true or false");
                        Problem::new(Code::BadUserInput, message)
                    })
                }
                Some(_) => Err(Problem::new(Code::Internal, "a validated directive has no truth value")),
            }
        };
        Ok(!truth("skip", false)? && truth("include", true)?)
    }
}
