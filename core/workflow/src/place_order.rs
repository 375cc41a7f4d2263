//! Places an order. Credit is decided first, outside any transaction; then one transaction sets the exposure aside below the
//! verdict's ceilings and writes order, lines, decision and events, or none of them. What credit does not let through is
//! placed all the same, and held.

mod goods;

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, SubsecRound, Utc};
use guildhall_model::Value;
use guildhall_model::plan::Visible;
use guildhall_store::credit::{Reserved, Stop, stop};
use guildhall_store::{business_day, facts, generation};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::credit::{self, Asked, Credit};
use crate::facts_of::facts_tree;
use crate::held_order::Holding;
use crate::once::Once;
use crate::recording::{self, Recording};
use crate::writing::Writing;
use crate::{Deployment, House, InvalidCode, InvalidValue, Permit, PlaceOrders, WorkflowError};
use goods::{Goods, Line};

/// Most lines of an order.
pub const LINE_LIMIT: usize = 250;
/// How often an order is decided about anew, where others took the credit or another strategy came meanwhile. After that it
/// is held.
const ATTEMPTS: usize = 4;
const ACT: &str = "placeOrder";

/// What is ordered.
#[derive(Clone, Debug, PartialEq)]
pub struct NewOrder {
    pub customer: Uuid,
    /// The order number people use; Guildhall makes one if nothing is said.
    pub number: Option<String>,
    /// The day the customer needs it.
    pub required_on: Option<NaiveDate>,
    pub lines: Vec<NewLine>,
    pub idempotency_key: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct NewLine {
    pub product: Uuid,
    pub quantity: Decimal,
    /// The price of one unit before discount; the product's list price if nothing is said.
    pub unit_price: Option<Decimal>,
    /// The share of the price taken off.
    pub discount: Decimal,
}

/// An order, now placed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Placed {
    pub order: Uuid,
    /// What stops it, if something does.
    pub hold: Option<Uuid>,
    pub decision: Uuid,
    /// The number of the strategy it was decided under.
    pub strategy: i32,
    /// What is to be paid before it goes through, where the departments say so.
    pub amount_to_pay: Option<Decimal>,
    /// Why, for whoever may see what credit depends on; empty for others.
    pub reasons: Vec<String>,
}

/// Places `order` for the customer, who must be one the actor sees by `sight`, as must the products.
pub async fn place_order(
    house: &House,
    deployment: &Arc<Deployment>,
    by: Permit<'_, PlaceOrders>,
    sight: &Visible,
    order: &NewOrder,
    now: DateTime<Utc>,
) -> Result<Placed, WorkflowError> {
    let now = now.trunc_subsecs(3);
    in_form(order)?;
    let body = asked_for(order);
    let once = Once::new(&by, &order.idempotency_key, ACT, &[body.as_bytes()])?;
    if let Some(known) = once.answered(&house.database).await? {
        return remembered(known);
    }
    let goods = Goods::read(house, sight, order).await?;
    let mut deployment = Arc::clone(deployment);
    for attempt in 1..=ATTEMPTS {
        let placing = Placing { house, deployment: &deployment, by: &by, order, goods: &goods, once: &once, now };
        match placing.attempt(attempt == ATTEMPTS).await? {
            Attempt::Placed(placed) => return Ok(placed),
            Attempt::OtherGeneration => deployment = Arc::new(Deployment::load(house).await?),
            Attempt::Full => {}
        }
    }
    Err(WorkflowError::Busy(
        "strategy or plugins changed again and again while the order was placed; try again".to_owned(),
    ))
}

/// What of the order can be seen to be wrong without looking anywhere.
fn in_form(order: &NewOrder) -> Result<(), WorkflowError> {
    let mut problems = Vec::new();
    let mut wrong = |path: Vec<Json>, code, message: String| problems.push(InvalidValue::new(path, code, message));
    if order.lines.is_empty() || order.lines.len() > LINE_LIMIT {
        let message = format!("an order has 1 to {LINE_LIMIT} lines; this one has {}", order.lines.len());
        wrong(vec!["lines".into()], InvalidCode::RuleBroken, message);
    }
    for (place, line) in order.lines.iter().enumerate() {
        let path = |name: &str| vec![Json::from("lines"), place.into(), name.into()];
        if line.quantity <= Decimal::ZERO {
            wrong(path("quantity"), InvalidCode::RuleBroken, "`quantity` must be more than 0".to_owned());
        }
        if line.unit_price.is_some_and(|price| price < Decimal::ZERO) {
            wrong(path("unitPrice"), InvalidCode::RuleBroken, "`unitPrice` must be at least 0".to_owned());
        }
        if line.discount < Decimal::ZERO || line.discount > Decimal::ONE {
            wrong(path("discount"), InvalidCode::RuleBroken, "`discount` must lie between 0 and 1".to_owned());
        }
    }
    if order.number.as_ref().is_some_and(|number| number.trim().is_empty()) {
        wrong(vec!["number".into()], InvalidCode::RuleBroken, "`number` must not be blank".to_owned());
    }
    if problems.is_empty() { Ok(()) } else { Err(WorkflowError::Invalid(problems)) }
}

/// Everything that makes the request this one and no other.
fn asked_for(order: &NewOrder) -> String {
    let lines = order.lines.iter().map(|line| {
        let number = |number: Decimal| number.normalize().to_string();
        json!([line.product, number(line.quantity), line.unit_price.map(number), number(line.discount)])
    });
    json!([order.customer, order.number, order.required_on, lines.collect::<Vec<_>>()]).to_string()
}

fn remembered(known: Json) -> Result<Placed, WorkflowError> {
    serde_json::from_value(known)
        .map_err(|error| WorkflowError::Internal(format!("a stored answer cannot be read: {error}")))
}

enum Attempt {
    Placed(Placed),
    /// Nothing was done: another strategy or other plugins decide by now.
    OtherGeneration,
    /// Nothing was done: others took the credit since it was decided.
    Full,
}

/// An order being placed.
struct Placing<'a> {
    house: &'a House,
    deployment: &'a Deployment,
    by: &'a Permit<'a, PlaceOrders>,
    order: &'a NewOrder,
    goods: &'a Goods,
    once: &'a Once<'a>,
    now: DateTime<Utc>,
}

impl Placing<'_> {
    /// `last`: what finds no credit is held rather than tried again.
    async fn attempt(&self, last: bool) -> Result<Attempt, WorkflowError> {
        let Placing { house, deployment, by, order, goods, now, .. } = *self;
        let asked = Asked { customer: order.customer, amount: goods.net, needed_on: order.required_on };
        let point = credit::point(deployment)?;
        let request = asked.request(point)?;
        let tree = facts_tree(house, deployment, point, &[order.customer]).await?;
        let facts =
            deployment.facts_in(&tree).map_err(|error| WorkflowError::Internal(format!("the facts: {error}")))?;
        let facts = facts.first().ok_or_else(|| WorkflowError::NotFound("there is no such customer".to_owned()))?;
        let decided = credit::decide(deployment, point, facts, &request, now).await?;
        let mut credit = Credit::of(&decided.verdict);

        let transaction = house.database.begin().await?;
        if generation::hold(&transaction).await? != deployment.generation {
            transaction.rollback().await?;
            return Ok(Attempt::OtherGeneration);
        }
        facts::hold(&transaction).await?;
        let recording = Recording {
            point,
            customer: order.customer,
            request: &request,
            facts,
            decided: &decided,
            by: &by.name,
            at: now,
        };
        let decision = recording::append(house, deployment, &transaction, &recording).await?;
        let today = business_day::current(&transaction).await?.at(now);
        match stop(&transaction, order.customer, None, self.now).await? {
            Some(Stop::Closed) => return Err(WorkflowError::refused(credit::stopped(Stop::Closed))),
            Some(stop) => credit.withhold(credit::stopped(stop)),
            None => {}
        }
        if credit.approved {
            let now = credit::now(house, deployment, &transaction, &recording).await?;
            let reserved = match now.approved {
                true => now.reserve(&transaction, &asked, today, false).await?,
                false => Reserved::Full,
            };
            match reserved {
                Reserved::Done | Reserved::NoAccount => {}
                Reserved::Full if last => credit.withhold("other orders took the credit while this one was placed"),
                Reserved::Full => {
                    transaction.rollback().await?;
                    return Ok(Attempt::Full);
                }
            }
        }
        let mut writing = Writing::new(house, &transaction, &by.name, ACT, now);
        let id = self.write(&mut writing, decision, credit.approved, today).await?;
        let hold = match credit.approved {
            true => None,
            false => {
                let customer = order.customer;
                let held = Holding { customer, order: id, decision, by: &by.name, credit: &credit, at: now };
                Some(held.make(&mut writing).await?)
            }
        };
        writing.finish().await?;
        let seen = deployment.may_see(&house.model, &by.access, point);
        let placed = Placed {
            order: id,
            hold,
            decision,
            strategy: decided.strategy,
            amount_to_pay: credit.amount_to_pay.filter(|_| seen && hold.is_some()),
            reasons: if seen { credit.reasons } else { Vec::new() },
        };
        let answer = serde_json::to_value(&placed).map_err(|error| WorkflowError::Internal(error.to_string()))?;
        if !self.once.remember(&transaction, answer, now).await? {
            transaction.rollback().await?;
            return remembered(self.once.answered(&house.database).await?.unwrap_or_default()).map(Attempt::Placed);
        }
        transaction.commit().await?;
        Ok(Attempt::Placed(placed))
    }

    async fn write(
        &self,
        writing: &mut Writing<'_>,
        decision: Uuid,
        approved: bool,
        today: NaiveDate,
    ) -> Result<Uuid, WorkflowError> {
        let Placing { order, goods, by, .. } = self;
        let number = order.number.clone().unwrap_or_else(|| number(today));
        let object = writing.object("Order")?;
        let values = [
            ("number", Value::from(number)),
            ("status", Value::from(if approved { "OPEN" } else { "HELD" })),
            ("orderedOn", today.into()),
            ("requiredOn", order.required_on.into()),
            ("currency", goods.currency.clone().into()),
            ("grossTotal", goods.gross.into()),
            ("netTotal", goods.net.into()),
            ("costTotal", goods.cost.into()),
            ("takenBy", by.name.clone().into()),
            ("customer", order.customer.into()),
            ("decision", decision.into()),
        ];
        let id = writing.make(&object, &values).await?;
        let names =
            ["position", "currency", "quantity", "unitPrice", "unitCost", "discount", "netAmount", "order", "product"];
        let row = |(place, line): (usize, &Line)| {
            vec![
                i64::try_from(place).unwrap_or(i64::MAX).saturating_add(1).into(),
                goods.currency.clone().into(),
                line.quantity.into(),
                line.unit_price.into(),
                line.unit_cost.into(),
                line.discount.into(),
                line.net.into(),
                id.into(),
                line.product.into(),
            ]
        };
        let rows = goods.lines.iter().enumerate().map(row).collect();
        let lines = writing.object("OrderLine")?;
        writing.make_all(&lines, &names, rows).await?;
        Ok(id)
    }
}

/// A number that nobody has yet: the day, and the end of an id.
fn number(today: NaiveDate) -> String {
    let id = Uuid::now_v7().simple().to_string().to_uppercase();
    format!("{}-{}", today.format("%y%m%d"), id.get(24..).unwrap_or(&id))
}
