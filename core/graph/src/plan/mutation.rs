//! Mutations: acts in the order they are written, and what is read of each result.

use apollo_compiler::executable::{Field, SelectionSet};
use apollo_compiler::schema::ExtendedType;
use guildhall_model::plan::{Entry, Root};
use guildhall_store::Dialect;
use guildhall_workflow::Deployment;

use super::said::Said;
use super::{Argument, Context, Plan, Planner, Slot, Source};
use crate::acts;
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

    /// What doing its acts costs, in points: each what it does, and what is read of its result.
    pub(crate) fn cost(&self) -> u64 {
        let read = |act: &Act| act.payload.plans().map(|plan| plan.cost).max().unwrap_or_default();
        self.steps.iter().filter_map(|step| step.act.as_ref()).map(|act| ACT_COST + read(act)).sum()
    }

    /// Every read its acts can end with.
    pub(crate) fn plans(&self) -> impl Iterator<Item = &Plan> {
        self.steps.iter().filter_map(|step| step.act.as_ref()).flat_map(|act| act.payload.plans())
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
    pub payload: Payload,
}

/// What is read of what an act comes to: one of several types, by name.
pub(crate) struct Payload(Vec<(String, Branch)>);

pub(crate) enum Branch {
    /// Read from the database.
    Read(Plan),
    /// Said by the act.
    Said(Said),
}

impl Payload {
    /// What is read where the act came to `of`.
    pub(crate) fn branch(&self, of: &str) -> Option<&Branch> {
        self.0.iter().find(|(name, _)| name == of).map(|(_, branch)| branch)
    }

    fn plans(&self) -> impl Iterator<Item = &Plan> {
        self.0.iter().filter_map(|(_, branch)| if let Branch::Read(plan) = branch { Some(plan) } else { None })
    }

    fn bytes(&self) -> usize {
        let said = |branch: &Branch| if let Branch::Said(said) = branch { said.bytes() } else { 0 };
        let told: usize = self.0.iter().map(|(_, branch)| said(branch)).sum();
        told + self.plans().map(Plan::bytes).sum::<usize>()
    }
}

/// What an act costs, in points.
const ACT_COST: u64 = 10;

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
                let planner = Planner::new(context);
                let input = planner.deferred(field, "input").ok_or_else(|| planner.unplanned(field))?;
                let payload = payload(context, deployment, dialect, field, &collected.selections())?;
                Some(Act { name: name.to_owned(), input, payload })
            }
        };
        steps.push(Step { key: collected.key.to_owned(), act });
    }
    let changes = |act: &&Act| acts::named(&act.name).is_some_and(|declared| declared.changes_what_decides);
    let Some(act) = steps.iter().filter_map(|step| step.act.as_ref()).find(changes) else {
        return Ok(MutationPlan { steps });
    };
    if steps.len() > 1 {
        let message = format!("`{}` changes what decides, so it must be the only field of its operation", act.name);
        return Err(Problem::new(Code::BadUserInput, message));
    }
    let decides = |plan: &Plan| plan.slots.iter().any(|slot| matches!(slot, Slot::Decision { .. }));
    if act.payload.plans().any(decides) {
        let message = format!("`{}` changes what decides; ask for decisions in an operation after it", act.name);
        return Err(Problem::new(Code::BadUserInput, message));
    }
    Ok(MutationPlan { steps })
}

/// What is read of an act's result, for each type it may be of.
fn payload<'a>(
    context: &Context<'a>,
    deployment: &Deployment,
    dialect: Dialect,
    field: &'a Field,
    sets: &[&'a SelectionSet],
) -> Result<Payload, Problem> {
    let of = field.ty().inner_named_type();
    let read = |of: &str| {
        let mut planner = Planner::new(context);
        let roots = planner.payload(field, sets, of)?;
        planner.finish(roots, deployment, dialect)
    };
    let Some(ExtendedType::Union(union)) = context.front.schema().types.get(of) else {
        return Err(Planner::new(context).unplanned(field));
    };
    let mut branches = Vec::with_capacity(union.members.len());
    for member in &union.members {
        let name = member.name.as_str();
        let object = context.front.schema().get_object(name);
        let of_record = |ty: &str| context.model.object(ty).is_some();
        let reads =
            object.is_some_and(|object| object.fields.values().any(|field| of_record(field.ty.inner_named_type())));
        let branch = match reads {
            true => Branch::Read(read(name)?),
            false => Branch::Said(Planner::new(context).said(sets, name)?),
        };
        branches.push((name.to_owned(), branch));
    }
    Ok(Payload(branches))
}

impl<'a> Planner<'a> {
    pub(super) fn payload(
        &mut self,
        parent: &Field,
        sets: &[&'a SelectionSet],
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
