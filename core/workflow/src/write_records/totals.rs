//! What an order comes to follows its lines, where credit was decided about it: exposure counts the order's total, and a line
//! beside it would be owed by nobody. Orders of other systems keep the totals they came with.

use guildhall_model::{MONEY_SCALE, ObjectType, Value, scaled};
use guildhall_store::Record;
use rust_decimal::{Decimal, RoundingStrategy};
use uuid::Uuid;

use super::{Reason, ReasonCode, Work};
use crate::WorkflowError;
use crate::writing::{Writing, object};

/// An order's totals by the API's names.
type Totals = [(&'static str, Value); 3];

impl Work<'_> {
    /// Brings orders to what their lines come to, or says why they cannot be.
    pub(super) async fn total(&self, orders: &[Uuid]) -> Result<Vec<Reason>, WorkflowError> {
        let (order, line) = (object(self.house, "Order")?, object(self.house, "OrderLine")?);
        let mut writing = Writing::new(self.house, self.transaction, &self.by.name, &self.order.act, self.now);
        for record in self.transaction.lock_wholes(&order, orders).await? {
            if !matches!(record.get(&order, "decision"), Some(Value::Id(_))) {
                continue;
            }
            // Whoever changes another line of it waits for the order, and adds up again.
            let lines = self.transaction.parts(&line, "order_id", &[record.id]).await?;
            let Some(totals) = sums(record.get(&order, "currency"), &line, &lines) else {
                let message =
                    "the order's lines cannot be added up: they are in several currencies, or come to too much";
                return Ok(vec![Reason::new(ReasonCode::NotAllowed, message)]);
            };
            if totals.iter().any(|(name, value)| record.get(&order, name) != Some(value)) {
                writing.set(&order, &record, &totals).await?;
            }
        }
        writing.finish().await?;
        Ok(Vec::new())
    }
}

/// What lines come to; nothing if they cannot be added up.
fn sums(currency: Option<&Value>, object: &ObjectType, lines: &[Record]) -> Option<Totals> {
    let [mut gross, mut net] = [Decimal::ZERO; 2];
    let mut cost = Some(Decimal::ZERO);
    for line in lines {
        if line.get(object, "currency") != currency {
            return None;
        }
        let number =
            |name: &str| if let Some(Value::Decimal(number)) = line.get(object, name) { Some(*number) } else { None };
        let quantity = number("quantity")?;
        gross = added(gross, product(quantity, number("unitPrice")?)?)?;
        net = added(net, number("netAmount")?)?;
        cost = match (cost, number("unitCost")) {
            (Some(sum), Some(unit)) => Some(added(sum, product(quantity, unit)?)?),
            _ => None,
        };
    }
    Some([("grossTotal", gross.into()), ("netTotal", net.into()), ("costTotal", cost.into())])
}

fn product(quantity: Decimal, price: Decimal) -> Option<Decimal> {
    Some(quantity.checked_mul(price)?.round_dp_with_strategy(MONEY_SCALE, RoundingStrategy::MidpointAwayFromZero))
}

/// Nothing if a sum is more than an amount can be, or less than nothing: no order comes to less.
fn added(sum: Decimal, more: Decimal) -> Option<Decimal> {
    let sum = sum.checked_add(more)?;
    (sum >= Decimal::ZERO && scaled(sum, MONEY_SCALE).is_some()).then_some(sum)
}
