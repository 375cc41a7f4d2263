//! Mutations: acts in the order they are written, and what is read of each result.

use apollo_compiler::executable::Field;
use guildhall_model::plan::{Entry, Root};
use guildhall_store::Dialect;
use guildhall_workflow::Deployment;

use super::{Argument, Context, Plan, Planner, Slot, Source};
use crate::problem::Problem;

/// A mutation, compiled.
pub(crate) struct MutationPlan {
    pub steps: Vec<Step>,
}

/// One root field: an act and what is read of its payload.
pub(crate) struct Step {
    pub key: String,
    /// The act, or nothing for `__typename`.
    pub act: Option<Act>,
}

pub(crate) struct Act {
    pub name: String,
    pub input: Argument,
    pub payload: Plan,
}

pub(crate) fn plan_mutation(
    context: &Context<'_>,
    deployment: &Deployment,
    dialect: Dialect,
) -> Result<MutationPlan, Problem> {
    let mut steps = Vec::new();
    for collected in Planner::new(context).collect(&[&context.operation.selection_set], "Mutation")? {
        let field = collected.first()?;
        let act = match field.name.as_str() {
            "__typename" => None,
            name => {
                let mut planner = Planner::new(context);
                let input = planner.deferred(field, "input").ok_or_else(|| planner.unplanned(field))?;
                let of = field.ty().inner_named_type().to_string();
                let roots = planner.payload(field, &collected.selections(), &of)?;
                Some(Act { name: name.to_owned(), input, payload: planner.finish(roots, deployment, dialect)? })
            }
        };
        steps.push(Step { key: collected.key.to_owned(), act });
    }
    Ok(MutationPlan { steps })
}

impl<'a> Planner<'a> {
    fn payload(
        &mut self,
        parent: &Field,
        sets: &[&'a apollo_compiler::executable::SelectionSet],
        of: &str,
    ) -> Result<Vec<Entry<Root>>, Problem> {
        let mut roots = Vec::new();
        for collected in self.collect(sets, of)? {
            let field: &'a Field = collected.first()?;
            let name = field.name.as_str();
            let object = self.context.model.object(field.ty().inner_named_type().as_str()).cloned();
            let value = match object {
                _ if name == "__typename" => Root::Constant(of.to_owned()),
                Some(object) => {
                    let id = self.variable(Source::Act(name.to_owned()));
                    self.count(1)?;
                    Root::Record { id, object: self.selection(&object, &collected.selections(), 1)? }
                }
                None if collected.selections().iter().all(|set| set.is_empty()) => {
                    self.slot(Slot::Act(name.to_owned()), Root::Slot)
                }
                None => return Err(self.unplanned(parent)),
            };
            roots.push(Entry { key: collected.key.to_owned(), value });
        }
        Ok(roots)
    }
}
