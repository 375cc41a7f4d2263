//! Rows: which records an actor sees.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use guildhall_model::plan::{Comparison, Condition, Expression, Operand, ReadPlan, Root, Selection, Visible};
use guildhall_model::{Access, Model, ObjectType, Rows, Value, belongs_to_customer};
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
    let mut known: Vec<(Source, Operand)> = Vec::new();
    let mut theirs = |source: Source| {
        let bound = known.iter().find(|(other, _)| *other == source).map(|(_, operand)| operand.clone());
        Expression::Operand(bound.unwrap_or_else(|| {
            let operand = operand(source.clone());
            known.push((source, operand.clone()));
            operand
        }))
    };
    for object in model.objects().iter().filter(|object| belongs_to_customer(model, object)) {
        // Also for types that are not read: a filter or a count may not pass through what is hidden.
        let rows = access.rows(&object.name);
        if rows.contains(Rows::All) && access.within().is_none() {
            continue;
        }
        let Some(condition) = rule(model, object, &mut || {
            let opened = rows.iter().map(|rows| opens(model, rows, &mut theirs)).collect();
            let within = access.within().map(|rows| reaches(model, rows, &mut theirs));
            Condition::All(std::iter::once(Condition::Any(opened)).chain(within).collect())
        }) else {
            continue;
        };
        visible.limit(&object.name, rows, condition);
    }
    visible
}

/// Which customers are opened by `rows`. A territory is the actor's if he is assigned to it, or if his token names it.
fn opens(model: &Model, rows: Rows, theirs: &mut impl FnMut(Source) -> Expression) -> Condition {
    match rows {
        Rows::Territory => {
            let assigned = assigned(model, theirs(Source::ActorName)).unwrap_or_else(nothing);
            Condition::Any(vec![assigned, reaches(model, rows, theirs)])
        }
        _ => reaches(model, rows, theirs),
    }
}

/// Which customers a token reaches. What the model cannot say opens nothing.
fn reaches(model: &Model, rows: Rows, theirs: &mut impl FnMut(Source) -> Expression) -> Condition {
    let condition = match rows {
        Rows::All => Some(Condition::All(Vec::new())),
        Rows::Own => owned(model, theirs(Source::ActorName)),
        Rows::Team => of_team(model, theirs(Source::ActorName), theirs(Source::Today)),
        Rows::Territory => in_territory(model, theirs(Source::ActorTerritory)),
    };
    condition.unwrap_or_else(nothing)
}

/// Holds of no record.
fn nothing() -> Condition {
    Condition::Any(Vec::new())
}

fn owned(model: &Model, actor: Expression) -> Option<Condition> {
    let login = compare(model.object("User")?, "login", Comparison::Equal, actor)?;
    some(model.object("Customer")?, "owner", login)
}

fn in_territory(model: &Model, territory: Expression) -> Option<Condition> {
    let name = compare(model.object("Territory")?, "name", Comparison::Equal, territory)?;
    some(model.object("Customer")?, "territory", name)
}

fn assigned(model: &Model, actor: Expression) -> Option<Condition> {
    let login = compare(model.object("User")?, "login", Comparison::Equal, actor)?;
    let works = some(model.object("TerritoryAssignment")?, "user", login)?;
    let assignments = some(model.object("Territory")?, "assignments", works)?;
    some(model.object("Customer")?, "territory", assignments)
}

fn of_team(model: &Model, actor: Expression, today: Expression) -> Option<Condition> {
    let member = model.object("TeamMember")?;
    let login = compare(model.object("User")?, "login", Comparison::Equal, actor)?;
    let has_begun = compare(member, "from", Comparison::LessOrEqual, today.clone())?;
    let has_no_end = Condition::IsNull(Expression::Field(Arc::clone(member.get("to")?)));
    let has_not_ended = compare(member, "to", Comparison::GreaterOrEqual, today)?;
    let lasts = Condition::Any(vec![has_no_end, has_not_ended]);
    let belongs = Condition::All(vec![some(member, "user", login)?, has_begun, lasts]);
    some(model.object("Customer")?, "team", some(model.object("Team")?, "members", belongs)?)
}

fn compare(object: &ObjectType, field: &str, comparison: Comparison, right: Expression) -> Option<Condition> {
    let left = Expression::Field(Arc::clone(object.get(field)?));
    Some(Condition::Compare { left, comparison, right })
}

fn some(object: &ObjectType, relation: &str, condition: Condition) -> Option<Condition> {
    let relation = Arc::clone(object.relation(relation)?);
    Some(Condition::Some { relation, condition: Box::new(condition) })
}

/// The condition on records of a type that their customer has to fulfil, which `of_customer` makes.
fn rule(model: &Model, object: &ObjectType, of_customer: &mut impl FnMut() -> Condition) -> Option<Condition> {
    if object.name == "Customer" {
        return Some(of_customer());
    }
    let relation = object.relation(object.visible_with.as_deref()?)?;
    some(object, &relation.name, rule(model, model.object(&relation.target)?, of_customer)?)
}

/// The same with what the actor is known by in it.
pub(crate) fn sight(model: &Model, actor: &Actor, now: DateTime<Utc>) -> Visible {
    visible(model, &actor.access, |source| {
        Operand::Value(match source {
            Source::ActorTerritory => actor.territory.clone().into(),
            Source::Today => now.date_naive().into(),
            _ => Value::from(actor.name.clone()),
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

    /// What leads from a customer to its reader decides about rows, and says so: who sees only some rows does not write it.
    #[test]
    fn what_opens_rows_is_declared() {
        fn ends(condition: &Condition, found: &mut Vec<String>) {
            match condition {
                Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| ends(part, found)),
                Condition::Some { relation, condition } => {
                    found.push(relation.target.clone());
                    ends(condition, found);
                }
                _ => {}
            }
        }
        let model = Model::core();
        let mut found = Vec::new();
        for rows in Rows::ALL {
            ends(&opens(&model, rows, &mut |_| Expression::Operand(Operand::Variable(0))), &mut found);
        }
        assert!(found.len() > 5, "{found:?}");
        assert!(found.iter().all(|name| model.object(name).unwrap().opens_rows), "{found:?}");
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
