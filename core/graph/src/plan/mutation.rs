//! Mutations: acts in the order they are written, and what is read of each result.

use apollo_compiler::executable::Field;
use guildhall_model::plan::{Entry, Root};
use guildhall_store::Dialect;
use guildhall_workflow::Deployment;

use super::{Argument, Context, Plan, Planner, Slot, Source};
use crate::problem::{Code, Problem};

/// A mutation, compiled.
pub(crate) struct MutationPlan {
    pub steps: Vec<Step>,
}

impl MutationPlan {
    /// About how many bytes it holds on to.
    pub(crate) fn bytes(&self) -> usize {
        self.steps.iter().filter_map(|step| step.act.as_ref()).map(|act| act.payload.bytes()).sum()
    }
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

/// Acts after which another generation decides.
const CHANGES_WHAT_DECIDES: [&str; 3] = ["activateStrategy", "installPlugin", "removePlugin"];

/// Plans a mutation. An act that changes what decides must be the last of its operation: acts and decisions after it would
/// still be those of the old generation.
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
    let changing =
        |step: &&Step| step.act.as_ref().is_some_and(|act| CHANGES_WHAT_DECIDES.contains(&act.name.as_str()));
    let Some(act) = steps.iter().find(changing).and_then(|step| step.act.as_ref()) else {
        return Ok(MutationPlan { steps });
    };
    if steps.len() > 1 {
        let message = format!("`{}` changes what decides, so it must be the only field of its operation", act.name);
        return Err(Problem::new(Code::BadUserInput, message));
    }
    if act.payload.slots.iter().any(|slot| matches!(slot, Slot::Decision { .. })) {
        let message = format!("`{}` changes what decides; ask for decisions in an operation after it", act.name);
        return Err(Problem::new(Code::BadUserInput, message));
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
