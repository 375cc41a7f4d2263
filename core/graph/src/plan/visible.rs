//! Rows: which records an actor sees.

use std::sync::Arc;

use guildhall_model::plan::{Comparison, Condition, Expression, Operand, ReadPlan, Root, Selection, Visible};
use guildhall_model::{Model, ObjectType, Reach};
use guildhall_store::{Dialect, Statement, StoreError};
use guildhall_workflow::Actor;
use uuid::Uuid;

use super::Source;

/// What an actor of that reach sees: customers by their owner or territory, and what is visible with a customer. Types
/// that belong to no customer are seen by all. `operand` makes what a [`Source`] is bound as.
pub(super) fn visible(model: &Model, reach: &Reach, mut operand: impl FnMut(Source) -> Operand) -> Visible {
    let mut visible = Visible::default();
    let (field, source) = match reach {
        Reach::All => return visible,
        Reach::Own => ("owner", Source::ActorName),
        Reach::Territory(_) => ("territory", Source::ActorTerritory),
    };
    let theirs = Expression::Operand(operand(source));
    for object in model.objects() {
        if let Some(condition) = rule(model, object, field, &theirs) {
            visible.limit(&object.name, condition);
        }
    }
    visible
}

fn rule(model: &Model, object: &ObjectType, field: &str, theirs: &Expression) -> Option<Condition> {
    if object.name == "Customer" {
        let left = Expression::Field(Arc::clone(object.get(field)?));
        return Some(Condition::Compare { left, comparison: Comparison::Equal, right: theirs.clone() });
    }
    let relation = object.relation(object.visible_with.as_deref()?)?;
    let condition = rule(model, model.object(&relation.target)?, field, theirs)?;
    Some(Condition::Some { relation: Arc::clone(relation), condition: Box::new(condition) })
}

/// A statement that gives `{"record":null}` if the actor does not see the record, or there is none.
pub(crate) fn sees(
    model: &Model,
    dialect: Dialect,
    actor: &Actor,
    object: &Arc<ObjectType>,
    id: Uuid,
) -> Result<Statement, StoreError> {
    let operand = |source: Source| {
        let value = match (&actor.reach, source) {
            (Reach::Territory(name), Source::ActorTerritory) => name.clone(),
            _ => actor.name.clone(),
        };
        Operand::Value(value.into())
    };
    let record = Root::Record {
        id: Operand::Value(id.into()),
        object: Selection { object: Arc::clone(object), outputs: Vec::new() },
    };
    let plan = ReadPlan {
        response: vec![guildhall_model::plan::Entry { key: "record".to_owned(), value: record }],
        facts: Vec::new(),
        visible: visible(model, &actor.reach, operand),
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
        for reach in [Reach::Own, Reach::Territory("North".to_owned())] {
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
