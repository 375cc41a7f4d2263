//! What is ordered, with its prices and totals.

use std::sync::Arc;

use guildhall_model::ObjectType;
use guildhall_model::plan::{Entry, IdOf, Operand, ReadPlan, Root, Visible};
use guildhall_store::Statement;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::Deserialize;
use serde_json::Value as Json;
use uuid::Uuid;

use super::NewOrder;
use crate::reads::selection_of;
use crate::writing::object;
use crate::{House, InvalidCode, InvalidValue, WorkflowError};

/// Decimal places of an amount; a line's amount is rounded to them, half away from zero.
const PLACES: u32 = guildhall_model::MONEY_SCALE;

/// An order's lines and what they come to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Goods {
    pub currency: String,
    pub lines: Vec<Line>,
    pub gross: Decimal,
    pub net: Decimal,
    /// Nothing where one unit's cost is not known.
    pub cost: Option<Decimal>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub product: Uuid,
    pub quantity: Decimal,
    pub unit_price: Decimal,
    pub unit_cost: Option<Decimal>,
    pub discount: Decimal,
    /// quantity x unit price x (1 - discount).
    pub net: Decimal,
}

#[derive(Deserialize)]
struct Customer {
    currency: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Product {
    name: String,
    currency: String,
    list_price: Amount,
    unit_cost: Option<Amount>,
    discontinued: bool,
}

#[derive(Deserialize)]
struct Amount {
    amount: Decimal,
}

#[derive(Deserialize)]
struct Found {
    customers: Vec<Option<Customer>>,
    products: Vec<Option<Product>>,
}

impl Goods {
    /// Looks up the customer and the products, as far as they are seen, and reckons.
    pub(super) async fn read(house: &House, sight: &Visible, order: &NewOrder) -> Result<Goods, WorkflowError> {
        let (customer, product) = (object(house, "Customer")?, object(house, "Product")?);
        let products: Vec<Uuid> = order.lines.iter().map(|line| line.product).collect();
        let plan = ReadPlan {
            response: vec![
                Entry {
                    key: "customers".to_owned(),
                    value: records(house, &customer, &[order.customer], &["currency"])?,
                },
                Entry {
                    key: "products".to_owned(),
                    value: records(
                        house,
                        &product,
                        &products,
                        &["name", "currency", "listPrice", "unitCost", "discontinued"],
                    )?,
                },
            ],
            facts: Vec::new(),
            visible: sight.clone(),
        };
        let statement = Statement::compile(&plan, &house.model, house.database.dialect())?;
        let read = statement.run(&house.database, &[]).await?;
        let found: Found = serde_json::from_str(&read.response)
            .map_err(|error| WorkflowError::Internal(format!("what is ordered cannot be read: {error}")))?;
        let Some(customer) = found.customers.into_iter().next().flatten() else {
            return Err(WorkflowError::NotFound("there is no such customer".to_owned()));
        };
        reckon(customer.currency, order, &found.products)
    }
}

fn records(house: &House, object: &Arc<ObjectType>, ids: &[Uuid], fields: &[&str]) -> Result<Root, WorkflowError> {
    let paths: Vec<Vec<String>> = fields.iter().map(|field| vec![(*field).to_owned()]).collect();
    let ids = ids.iter().map(|id| Some(IdOf { id: Operand::Value((*id).into()), object: 0 })).collect();
    Ok(Root::Records { ids, objects: vec![selection_of(&house.model, object, &paths)?] })
}

fn reckon(currency: String, order: &NewOrder, products: &[Option<Product>]) -> Result<Goods, WorkflowError> {
    let mut problems = Vec::new();
    let mut goods =
        Goods { currency, lines: Vec::new(), gross: Decimal::ZERO, net: Decimal::ZERO, cost: Some(Decimal::ZERO) };
    for (place, (line, product)) in order.lines.iter().zip(products).enumerate() {
        let mut wrong = |name: &str, code, message: String| {
            problems.push(InvalidValue::new(vec!["lines".into(), place.into(), Json::from(name)], code, message));
        };
        let Some(product) = product else {
            wrong("product", InvalidCode::UnknownRecord, "`product` names no product that there is for you".to_owned());
            continue;
        };
        if product.discontinued {
            wrong("product", InvalidCode::RuleBroken, format!("`{}` is no longer sold", product.name));
        }
        if line.unit_price.is_none() && product.currency != goods.currency {
            let message = format!(
                "`{}` has a list price in {}, the customer's currency is {}; say `unitPrice`",
                product.name, product.currency, goods.currency
            );
            wrong("unitPrice", InvalidCode::Required, message);
        }
        let unit_price = line.unit_price.unwrap_or(product.list_price.amount);
        // A cost in another currency is none that could be subtracted.
        let unit_cost =
            product.unit_cost.as_ref().filter(|_| product.currency == goods.currency).map(|cost| cost.amount);
        match sums(&goods, line.quantity, unit_price, unit_cost, line.discount) {
            Some((gross, net, cost, line_net)) => {
                (goods.gross, goods.net, goods.cost) = (gross, net, cost);
                goods.lines.push(Line {
                    product: line.product,
                    quantity: line.quantity,
                    unit_price,
                    unit_cost,
                    discount: line.discount,
                    net: line_net,
                });
            }
            None => wrong("quantity", InvalidCode::Malformed, "the amounts are too large to be added up".to_owned()),
        }
    }
    if problems.is_empty() { Ok(goods) } else { Err(WorkflowError::Invalid(problems)) }
}

/// Gross, net and cost of the order with a further line, and the line's own net; nothing if a number is too large.
fn sums(
    goods: &Goods,
    quantity: Decimal,
    price: Decimal,
    unit_cost: Option<Decimal>,
    discount: Decimal,
) -> Option<(Decimal, Decimal, Option<Decimal>, Decimal)> {
    let gross = rounded(quantity.checked_mul(price)?);
    let net = rounded(quantity.checked_mul(price)?.checked_mul(Decimal::ONE.checked_sub(discount)?)?);
    let cost = match unit_cost {
        Some(cost) => Some(rounded(quantity.checked_mul(cost)?)),
        None => None,
    };
    let total = |sum: Decimal, more: Decimal| {
        sum.checked_add(more).filter(|total| guildhall_model::scaled(*total, PLACES).is_some())
    };
    let cost = match (goods.cost, cost) {
        (Some(sum), Some(more)) => Some(total(sum, more)?),
        _ => None,
    };
    Some((total(goods.gross, gross)?, total(goods.net, net)?, cost, net))
}

fn rounded(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(PLACES, RoundingStrategy::MidpointAwayFromZero)
}

#[cfg(test)]
mod tests {
    use super::super::NewLine;
    use super::*;

    fn product(currency: &str, price: &str, cost: Option<&str>) -> Option<Product> {
        let amount = |text: &str| Amount { amount: text.parse().unwrap() };
        Some(Product {
            name: "Tea".to_owned(),
            currency: currency.to_owned(),
            list_price: amount(price),
            unit_cost: cost.map(amount),
            discontinued: false,
        })
    }

    fn order(lines: &[(&str, Option<&str>, &str)]) -> NewOrder {
        let line = |(quantity, price, discount): &(&str, Option<&str>, &str)| NewLine {
            product: Uuid::nil(),
            quantity: quantity.parse().unwrap(),
            unit_price: price.map(|price| price.parse().unwrap()),
            discount: discount.parse().unwrap(),
        };
        NewOrder {
            customer: Uuid::nil(),
            number: None,
            required_on: None,
            lines: lines.iter().map(line).collect(),
            idempotency_key: "k".to_owned(),
        }
    }

    #[track_caller]
    fn check(lines: &[(&str, Option<&str>, &str)], products: &[Option<Product>], expected: &str) {
        let said = match reckon("EUR".to_owned(), &order(lines), products) {
            Ok(goods) => format!(
                "{} {} {:?}",
                goods.gross.normalize(),
                goods.net.normalize(),
                goods.cost.map(|c| c.normalize().to_string())
            ),
            Err(error) => error.to_string(),
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn lines_add_up_exactly() {
        let products = [product("EUR", "19.99", Some("11.5")), product("EUR", "0.333", Some("0.1"))];
        check(&[("3", None, "0.1"), ("0.5", Some("1.0001"), "0")], &products, r#"60.4701 54.4731 Some("34.55")"#);
    }

    #[test]
    fn an_unknown_cost_makes_the_sum_unknown() {
        let products = [product("EUR", "1", Some("1")), product("EUR", "1", None)];
        check(&[("1", None, "0"), ("1", None, "0")], &products, "2 2 None");
    }

    #[test]
    fn a_list_price_in_another_currency_is_no_price() {
        let said = "`Tea` has a list price in USD, the customer's currency is EUR; say `unitPrice`";
        check(&[("1", None, "0")], &[product("USD", "1", None)], said);
        check(&[("2", Some("3"), "0")], &[product("USD", "1", Some("1"))], "6 6 None");
    }

    #[test]
    fn what_is_not_there_cannot_be_ordered() {
        check(&[("1", None, "0")], &[None], "`product` names no product that there is for you");
    }

    #[test]
    fn amounts_beyond_measure_are_refused() {
        let products = [product("EUR", "900000000000000", None)];
        check(&[("100000", None, "0")], &products, "the amounts are too large to be added up");
    }
}
