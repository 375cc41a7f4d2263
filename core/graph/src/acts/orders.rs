//! Orders that are placed under the strategy, held, released and cancelled.

use chrono::NaiveDate;
use guildhall_model::{Ability, Kind, Value as Given, parse_text};
use guildhall_workflow::cancel_order::cancel_order as cancel;
use guildhall_workflow::place_order::{NewLine, NewOrder, place_order as place};
use guildhall_workflow::release_hold::{ToRelease, release_hold as release};
use guildhall_workflow::{ActValue, InvalidCode, InvalidValue, WorkflowError};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;

use super::{Act, Call, Came, Done, KEY, Part, Stopped, by, came, id_of, values};
use crate::plan::sight;

const ORDER: Part = ("order", "Order", true, "The order, now placed.");
const DECISION: Part = ("decision", "ID", true, "The recorded decision it follows from.");
const STRATEGY: Part = ("strategy", "Int", true, "The number of the strategy it was decided under.");
const EXPLANATION: Part =
    ("explanation", "[String!]", true, "Why, in words; none for whoever may not see what credit depends on.");

pub(super) static ACTS: [Act; 3] = [
    Act {
        name: "placeOrder",
        doc: "Places an order. `credit.check` decides about it under the strategy: it is accepted, and its amount counts as \
            exposure from that moment, or it is placed and held.",
        ability: Ability::PlaceOrders,
        changes_what_decides: false,
        input: &[
            ("customer", "ID", true, "Who orders."),
            ("number", "String", false, "The order number people use; Guildhall makes one if not said."),
            ("requiredOn", "Date", false, "The day the customer needs it; at once if not said."),
            ("lines", "[NewOrderLine!]", true, "What is ordered: 1 to 250 lines."),
            KEY,
        ],
        done: &[
            Done { name: "OrderPlaced", payload: &[ORDER, DECISION, STRATEGY, EXPLANATION] },
            Done {
                name: "OrderHeld",
                payload: &[
                    ORDER,
                    ("hold", "ID", true, "What stops the order until it is released."),
                    ("amountToPay", "Decimal", false, "What is to be paid before it goes through, if that is known."),
                    DECISION,
                    STRATEGY,
                    EXPLANATION,
                ],
            },
        ],
        perform: by!(place_order),
    },
    Act {
        name: "releaseHold",
        doc: "Releases an order that is held for credit, within the authority the strategy gives the actor's roles. What a \
            ground rule holds, nobody releases.",
        ability: Ability::ReleaseHolds,
        changes_what_decides: false,
        input: &[
            ("hold", "ID", true, "The hold."),
            ("reason", "String", true, "Why it is released; it stays on the record."),
            KEY,
        ],
        done: &[Done { name: "HoldReleased", payload: &[("order", "Order", true, "The order, now open."), DECISION] }],
        perform: by!(release_hold),
    },
    Act {
        name: "cancelOrder",
        doc: "Cancels an order that is open or held. Its exposure is free again, and orders that wait for credit are checked anew.",
        ability: Ability::PlaceOrders,
        changes_what_decides: false,
        input: &[("order", "ID", true, "The order."), KEY],
        done: &[Done { name: "OrderCancelled", payload: &[("order", "Order", true, "The order, now cancelled.")] }],
        perform: by!(cancel_order),
    },
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlaceOrder {
    customer: String,
    #[serde(default)]
    number: Option<String>,
    #[serde(default)]
    required_on: Option<NaiveDate>,
    lines: Vec<Line>,
    idempotency_key: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    product: String,
    quantity: String,
    #[serde(default)]
    unit_price: Option<String>,
    #[serde(default)]
    discount: Option<String>,
}

async fn place_order(call: &Call<'_>, input: PlaceOrder) -> Result<Came, Stopped> {
    let permit = call.actor.permit()?;
    let customer = id_of(call.house, "Customer", "customer", &input.customer)?;
    let lines = input.lines.iter().enumerate().map(|(place, line)| read(call, place, line));
    let order = NewOrder {
        customer,
        number: input.number,
        required_on: input.required_on,
        lines: lines.collect::<Result<_, _>>()?,
        idempotency_key: input.idempotency_key,
    };
    let sight = sight(&call.house.model, call.actor, call.now);
    let placed = place(call.house, call.deployment, permit, &sight, &order, call.now).await?;
    let id = |object: &str, id| {
        let object = call.house.model.object(object);
        ActValue::Json(object.map(|object| guildhall_model::GlobalId::new(object, id).to_string()).into())
    };
    let decision = id("Decision", placed.decision);
    let (order, strategy) = (ActValue::Record(placed.order), ActValue::Json(placed.strategy.into()));
    let reasons = ActValue::Json(placed.reasons.into());
    match placed.hold {
        None => came(0, [("order", order), ("decision", decision), ("strategy", strategy), ("explanation", reasons)]),
        Some(hold) => {
            let pay = placed.amount_to_pay.map(guildhall_model::canonical_decimal);
            came(
                1,
                [
                    ("order", order),
                    ("hold", id("Hold", hold)),
                    ("amountToPay", ActValue::Json(pay.into())),
                    ("decision", decision),
                    ("strategy", strategy),
                    ("explanation", reasons),
                ],
            )
        }
    }
}

fn read(call: &Call<'_>, place: usize, line: &Line) -> Result<NewLine, Stopped> {
    let at = |name: &str| vec![Value::from("lines"), place.into(), name.into()];
    let number = |name: &str, text: &str| match parse_text(&Kind::Money, text) {
        Ok(Given::Decimal(number)) => Ok(number),
        Ok(_) => Ok(Decimal::ZERO),
        Err(error) => {
            let message = format!("`{name}` cannot be taken: {error}");
            Err(WorkflowError::Invalid(vec![InvalidValue::new(at(name), InvalidCode::Malformed, message)]))
        }
    };
    let product = id_of(call.house, "Product", "product", &line.product)?;
    Ok(NewLine {
        product,
        quantity: number("quantity", &line.quantity)?,
        unit_price: line.unit_price.as_deref().map(|text| number("unitPrice", text)).transpose()?,
        discount: line.discount.as_deref().map(|text| number("discount", text)).transpose()?.unwrap_or_default(),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReleaseHold {
    hold: String,
    reason: String,
    idempotency_key: String,
}

async fn release_hold(call: &Call<'_>, input: ReleaseHold) -> Result<Came, Stopped> {
    let permit = call.actor.permit()?;
    let hold = id_of(call.house, "Hold", "hold", &input.hold)?;
    let wanted = ToRelease { hold, reason: input.reason, idempotency_key: input.idempotency_key };
    let sight = sight(&call.house.model, call.actor, call.now);
    let released = release(call.house, call.deployment, permit, &sight, &wanted, call.now).await?;
    let decision = call.house.model.object("Decision");
    let decision = decision.map(|object| guildhall_model::GlobalId::new(object, released.decision).to_string());
    values([("order", ActValue::Record(released.order)), ("decision", ActValue::Json(decision.into()))])
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CancelOrder {
    order: String,
    idempotency_key: String,
}

async fn cancel_order(call: &Call<'_>, input: CancelOrder) -> Result<Came, Stopped> {
    let permit = call.actor.permit()?;
    let order = id_of(call.house, "Order", "order", &input.order)?;
    let sight = sight(&call.house.model, call.actor, call.now);
    let cancelled = cancel(call.house, permit, &sight, order, &input.idempotency_key, call.now).await?;
    values([("order", ActValue::Record(cancelled))])
}
