//! Worth: what values of an answer are worth in money, so that what a strategy changes can be counted.

use guildhall_model::Model;
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value as Json;

use super::{DecisionPoint, Mode};
use crate::{Bindings, Formula, FormulaNames, FormulaValues, Scope};

/// Decimal places of one customer's amount.
const PLACES: u32 = 4;

/// What a value is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worth {
    /// Over the subject, the request and the answer; an amount in the customer's currency.
    pub formula: String,
    pub counts: WorthAs,
}

/// Whose an amount of money is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WorthAs {
    /// The customer gains it in a year, and the enterprise gives it.
    Given,
    /// The customer has it of ours at any time.
    Lent,
    /// The customer may have it of ours at most.
    Allowed,
}

impl WorthAs {
    pub fn name(self) -> &'static str {
        match self {
            WorthAs::Given => "GIVEN",
            WorthAs::Lent => "LENT",
            WorthAs::Allowed => "ALLOWED",
        }
    }
}

/// Why a worth cannot be worked out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what `{field}` of `{point}` is worth cannot be read: {reason}")]
pub struct WorthError {
    pub point: String,
    pub field: String,
    pub reason: String,
}

/// What the values of a point's answer are worth.
#[derive(Clone, Debug, Default)]
pub struct Worths(Vec<(String, WorthAs, Formula)>);

impl Worths {
    /// Those that the point declares, read against a model. A set's are none: its answers are about no one customer.
    ///
    /// # Errors
    ///
    /// Says which formula uses a name that there is not, or is none.
    pub fn of(point: &DecisionPoint, model: &Model) -> Result<Worths, WorthError> {
        if point.mode == Mode::Set {
            return Ok(Worths::default());
        }
        let scope = Scope::ground_rule(model, point);
        let mut all = Vec::new();
        for field in &point.outputs {
            let Some(worth) = &field.worth else { continue };
            let formula = Formula::compile(&worth.formula, FormulaNames::Decision(&scope)).map_err(|error| {
                let (point, field) = (point.name.clone(), field.name.clone());
                WorthError { point, field, reason: error.to_string() }
            })?;
            all.push((field.name.clone(), worth.counts, formula));
        }
        Ok(Worths(all))
    }

    /// The subject's fields that the formulas read, each as the path of names that leads there.
    pub fn reads(&self) -> Vec<Vec<String>> {
        self.0.iter().flat_map(|(_, _, formula)| formula.reads()).collect()
    }

    /// The fields that are worth something, with the amount for this answer, to 4 decimal places; nothing where a fact is
    /// missing.
    pub fn amounts<'a>(
        &'a self,
        subject: &'a Json,
        request: &'a Json,
        answer: &'a Json,
    ) -> impl Iterator<Item = (&'a str, WorthAs, Option<Decimal>)> {
        self.0.iter().map(move |(field, counts, formula)| {
            let bindings = Bindings { subject, request, verdict: answer };
            let amount = formula.evaluate(FormulaValues::Decision(&bindings)).ok();
            (field.as_str(), *counts, amount.map(|amount| amount.round_dp(PLACES).normalize()))
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{decision_points, read_points};

    #[test]
    fn what_the_points_of_the_core_are_worth_can_be_read() {
        let model = Model::core();
        let read: usize =
            decision_points().unwrap().iter().map(|point| Worths::of(point, &model).unwrap().0.len()).sum();
        assert_eq!(read, 5);
    }

    #[test]
    fn an_answer_is_worth_what_its_formulas_say() {
        let points = decision_points().unwrap();
        let terms = points.iter().find(|point| point.name == "credit.terms").unwrap();
        let worths = Worths::of(terms, &Model::core()).unwrap();
        assert_eq!(worths.reads()[0], ["revenue12m"]);
        let answer = json!({ "netDays": 30, "discount": "0.02", "discountDays": 10 });
        let facts = json!({ "revenue12m": { "amount": "73000.00" } });
        let told = |facts: &Json| -> Vec<_> {
            let amounts = worths.amounts(facts, &Json::Null, &answer);
            amounts.map(|(field, counts, amount)| format!("{field} {} {amount:?}", counts.name())).collect()
        };
        assert_eq!(told(&facts), ["netDays LENT Some(6000)", "discount GIVEN Some(1460)"]);
        assert_eq!(told(&json!({})), ["netDays LENT None", "discount GIVEN None"]);
    }

    #[test]
    fn a_formula_with_a_name_there_is_not_is_refused() {
        let sdl = "\"O.\" type Odd @point(name: \"t.odd\", subject: \"Customer\", field: \"odd\", mode: INDEPENDENT, fail: SKIP) \
            { \"A.\" a: Int @combine(rule: MAX) @worth(formula: \"customer.fortune * 2\", as: GIVEN) }";
        let point = read_points(sdl).unwrap().remove(0);
        let refused = Worths::of(&point, &Model::core()).unwrap_err().to_string();
        assert!(refused.starts_with("what `a` of `t.odd` is worth cannot be read: column "), "{refused}");
        let wrong = sdl.replace("GIVEN", "GIFT");
        let refused = read_points(&wrong).unwrap_err().to_string();
        assert_eq!(refused, "`Odd.a` is worth something as `GIFT`; use GIVEN, LENT or ALLOWED");
    }
}
