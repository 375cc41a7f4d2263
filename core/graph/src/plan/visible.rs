//! Rows: which records an actor sees.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use guildhall_model::plan::{Comparison, Condition, Expression, Operand, ReadPlan, Root, Selection, Visible};
use guildhall_model::{Model, ObjectType, Reach, Value};
use guildhall_store::{Dialect, Statement, StoreError};
use guildhall_workflow::Actor;
use uuid::Uuid;

use super::Source;

/// What an actor of that reach sees: customers by their owner, team or territory, and what is visible with a customer.
/// Types that belong to no customer are seen by all. `operand` makes what a [`Source`] is bound as.
pub(super) fn visible(model: &Model, reach: &Reach, operand: impl FnMut(Source) -> Operand) -> Visible {
    let mut visible = Visible::default();
    let Some(theirs) = theirs(model, reach, operand) else { return visible };
    for object in model.objects() {
        if let Some(condition) = rule(model, object, &theirs) {
            visible.limit(&object.name, condition);
        }
    }
    visible
}

/// Which customers an actor of that reach sees, if not all.
fn theirs(model: &Model, reach: &Reach, mut operand: impl FnMut(Source) -> Operand) -> Option<Condition> {
    let customer = model.object("Customer")?;
    let mut bound = |source| Expression::Operand(operand(source));
    match reach {
        Reach::All => None,
        Reach::Own => {
            let login = compare(model.object("User")?, "login", Comparison::Equal, bound(Source::ActorName))?;
            some(customer, "owner", login)
        }
        Reach::Territory(_) => {
            let territory = model.object("Territory")?;
            let name = compare(territory, "name", Comparison::Equal, bound(Source::ActorTerritory))?;
            some(customer, "territory", name)
        }
        Reach::Team => {
            let member = model.object("TeamMember")?;
            let login = compare(model.object("User")?, "login", Comparison::Equal, bound(Source::ActorName))?;
            let today = bound(Source::Today);
            let has_begun = compare(member, "from", Comparison::LessOrEqual, today.clone())?;
            let has_no_end = Condition::IsNull(Expression::Field(Arc::clone(member.get("to")?)));
            let has_not_ended = compare(member, "to", Comparison::GreaterOrEqual, today)?;
            let lasts = Condition::Any(vec![has_no_end, has_not_ended]);
            let belongs = Condition::All(vec![some(member, "user", login)?, has_begun, lasts]);
            some(customer, "team", some(model.object("Team")?, "members", belongs)?)
        }
    }
}

fn compare(object: &ObjectType, field: &str, comparison: Comparison, right: Expression) -> Option<Condition> {
    let left = Expression::Field(Arc::clone(object.get(field)?));
    Some(Condition::Compare { left, comparison, right })
}

fn some(object: &ObjectType, relation: &str, condition: Condition) -> Option<Condition> {
    let relation = Arc::clone(object.relation(relation)?);
    Some(Condition::Some { relation, condition: Box::new(condition) })
}

fn rule(model: &Model, object: &ObjectType, theirs: &Condition) -> Option<Condition> {
    if object.name == "Customer" {
        return Some(theirs.clone());
    }
    let relation = object.relation(object.visible_with.as_deref()?)?;
    some(object, &relation.name, rule(model, model.object(&relation.target)?, theirs)?)
}

/// The same with what the actor is known by in it.
pub(crate) fn sight(model: &Model, actor: &Actor, now: DateTime<Utc>) -> Visible {
    visible(model, &actor.reach, |source| {
        let value = match (&actor.reach, source) {
            (Reach::Territory(name), Source::ActorTerritory) => Value::from(name.clone()),
            (_, Source::Today) => now.date_naive().into(),
            _ => actor.name.clone().into(),
        };
        Operand::Value(value)
    })
}

/// A statement that gives `{"record":null}` if the actor does not see the record, or there is none.
pub(crate) fn sees(
    model: &Model,
    dialect: Dialect,
    actor: &Actor,
    object: &Arc<ObjectType>,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<Statement, StoreError> {
    let record = Root::Record {
        id: Operand::Value(id.into()),
        object: Selection { object: Arc::clone(object), outputs: Vec::new() },
    };
    let plan = ReadPlan {
        response: vec![guildhall_model::plan::Entry { key: "record".to_owned(), value: record }],
        facts: Vec::new(),
        visible: sight(model, actor, now),
    };
    Statement::compile(&plan, model, dialect)
}

#[cfg(test)]
mod tests {
    use guildhall_model::Cardinality;

    use super::*;

    #[test]
    fn whatever_belongs_to_a_customer_is_limited() {
        let model = Model::core();
        for reach in [Reach::Own, Reach::Team, Reach::Territory("North".to_owned())] {
            let visible = visible(&model, &reach, |_| Operand::Variable(0));
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
                "CustomerDay",
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
        let visible = visible(&model, &Reach::Own, |_| Operand::Variable(0));
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
