//! Rows: which records an actor sees.

use std::sync::Arc;

use guildhall_model::plan::{Comparison, Condition, Expression, Operand, ReadPlan, Root, Selection, Visible};
use guildhall_model::{Access, Model, ObjectType, Rows, belongs_to_customer};
use guildhall_store::{Dialect, Statement, StoreError};
use guildhall_workflow::Actor;
use uuid::Uuid;

use super::Source;

/// What an actor sees: customers, and what is visible with a customer, that one of his roles opens and that are within the
/// reach of his token. Types that belong to no customer are seen by all who read them. `operand` makes what a [`Source`] is
/// bound as.
pub(super) fn visible(model: &Model, access: &Access, mut operand: impl FnMut(Source) -> Operand) -> Visible {
    let mut visible = Visible::default();
    if access.sees_all() {
        return visible;
    }
    let (mut name, mut territory) = (None, None);
    let mut theirs = |source: Source| {
        let known = if source == Source::ActorName { &mut name } else { &mut territory };
        Expression::Operand(known.get_or_insert_with(|| operand(source)).clone())
    };
    for object in model.objects().iter().filter(|object| belongs_to_customer(model, object)) {
        // Also for types that are not read: a filter or a count may not pass through what is hidden.
        let rows = access.rows(&object.name);
        if rows.contains(Rows::All) && access.within().is_none() {
            continue;
        }
        let Some(condition) = rule(model, object, &mut |customer| {
            let opened = rows.iter().map(|rows| opens(rows, customer, &mut theirs)).collect();
            let within = access.within().map(|rows| opens(rows, customer, &mut theirs));
            Condition::All(std::iter::once(Condition::Any(opened)).chain(within).collect())
        }) else {
            continue;
        };
        visible.limit(&object.name, rows, condition);
    }
    visible
}

/// Which customers are opened by `rows`.
fn opens(rows: Rows, customer: &ObjectType, theirs: &mut impl FnMut(Source) -> Expression) -> Condition {
    let is = |field: &str, right: Expression| match customer.get(field) {
        Some(field) => {
            let left = Expression::Field(Arc::clone(field));
            Condition::Compare { left, comparison: Comparison::Equal, right }
        }
        None => Condition::Any(Vec::new()),
    };
    match rows {
        Rows::All => Condition::All(Vec::new()),
        Rows::Own => is("owner", theirs(Source::ActorName)),
        // A customer does not name its team yet, so there are none.
        Rows::Team => Condition::Any(Vec::new()),
        Rows::Territory => is("territory", theirs(Source::ActorTerritory)),
    }
}

/// The condition on records of a type that their customer has to fulfil, which `of_customer` makes.
fn rule(
    model: &Model,
    object: &ObjectType,
    of_customer: &mut impl FnMut(&ObjectType) -> Condition,
) -> Option<Condition> {
    if object.name == "Customer" {
        return Some(of_customer(object));
    }
    let relation = object.relation(object.visible_with.as_deref()?)?;
    let condition = rule(model, model.object(&relation.target)?, of_customer)?;
    Some(Condition::Some { relation: Arc::clone(relation), condition: Box::new(condition) })
}

/// The same with what the actor is known by in it.
pub(crate) fn sight(model: &Model, actor: &Actor) -> Visible {
    visible(model, &actor.access, |source| {
        Operand::Value(match source {
            Source::ActorTerritory => actor.territory.clone().into(),
            _ => actor.name.clone().into(),
        })
    })
}

/// A statement that gives `{"record":null}` if the actor does not see the record, or there is none.
pub(crate) fn sees(
    model: &Model,
    dialect: Dialect,
    actor: &Actor,
    object: &Arc<ObjectType>,
    id: Uuid,
) -> Result<Statement, StoreError> {
    let record = Root::Record {
        id: Operand::Value(id.into()),
        object: Selection { object: Arc::clone(object), outputs: Vec::new() },
    };
    let plan = ReadPlan {
        response: vec![guildhall_model::plan::Entry { key: "record".to_owned(), value: record }],
        facts: Vec::new(),
        visible: sight(model, actor),
    };
    Statement::compile(&plan, model, dialect)
}

#[cfg(test)]
mod tests {
    use guildhall_model::{Cardinality, Role, Scope};

    use super::*;

    fn narrowed(model: &Model, rows: Rows) -> Access {
        Access::of(model, Role::Admin).narrowed(model, &Scope::ALL, rows)
    }

    #[test]
    fn whatever_belongs_to_a_customer_is_limited() {
        let model = Model::core();
        for rows in [Rows::Own, Rows::Team, Rows::Territory] {
            let visible = visible(&model, &narrowed(&model, rows), |_| Operand::Variable(0));
            let names = model.objects().iter().map(|object| object.name.as_str());
            let mut limited: Vec<_> = names.filter(|name| visible.of(name).is_some()).collect();
            limited.sort_unstable();
            let expected = [
                "Address",
                "CampaignMember",
                "Case",
                "Consent",
                "Contact",
                "ContactPoint",
                "CreditAccount",
                "CreditNote",
                "CreditNoteLine",
                "Customer",
                "Decision",
                "Dispute",
                "ExposureEntry",
                "Hold",
                "Interaction",
                "Invoice",
                "Membership",
                "Milestone",
                "Note",
                "Offer",
                "Opportunity",
                "Order",
                "OrderLine",
                "Override",
                "Payment",
                "PaymentAllocation",
                "Quote",
                "QuoteDiscount",
                "QuoteLine",
                "Shipment",
                "Task",
                "TopicSubscription",
            ];
            assert_eq!(limited, expected);
        }
    }

    /// A hidden record is read as null, so where there is always one it has to be the one that answers for its reader.
    #[test]
    fn what_is_never_null_is_never_hidden() {
        let model = Model::core();
        let visible = visible(&model, &narrowed(&model, Rows::Own), |_| Operand::Variable(0));
        for object in model.objects() {
            for relation in object.relations.iter().filter(|relation| !relation.nullable) {
                let one = relation.cardinality == Cardinality::One && visible.of(&relation.target).is_some();
                assert!(
                    !one || object.visible_with.as_ref() == Some(&relation.name),
                    "{}.{}",
                    object.name,
                    relation.name
                );
            }
        }
    }
}
