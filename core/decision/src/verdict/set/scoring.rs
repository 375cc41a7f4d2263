//! Scores: what the strategy's arbitration makes of each member.

use rust_decimal::Decimal;
use serde_json::Value as Json;

use super::{SetError, SetQuestion, Work};
use crate::point::{Members, Score};
use crate::verdict::{Answer, Failure, fields_to_json};
use crate::{Bindings, Datum, FormulaValues, Money};

/// Whether there is something to score and no arbitration that says how.
pub(super) fn missing(question: &SetQuestion<'_>, members: &Members, failures: &mut Vec<Failure>) -> bool {
    if members.score.is_none() || question.strategy.arbitration.is_some() {
        return false;
    }
    let message = "the strategy has no `arbitration`, so nothing can be weighed; give it one".to_owned();
    failures.push(Failure::of_core("NO_ARBITRATION", message));
    true
}

/// What the business adds for reasons of its own is never more than the strategy's cap.
pub(super) fn cap_lever(question: &SetQuestion<'_>, members: &Members, combined: &mut Answer) {
    let lever = members.score.as_ref().and_then(|score| score.lever.as_ref());
    let (Some(lever), Some(arbitration)) = (lever, &question.strategy.arbitration) else { return };
    if let Some(Some(Datum::Decimal(value))) = combined.get_mut(lever) {
        *value = (*value).min(arbitration.lever_cap);
    }
}

pub(super) fn score(
    question: &SetQuestion<'_>,
    members: &Members,
    work: &mut [Work<'_>],
    failures: &mut Vec<Failure>,
) -> Result<(), SetError> {
    let (Some(score), Some(arbitration)) = (&members.score, &question.strategy.arbitration) else { return Ok(()) };
    let requests = in_one_currency(question, score, work)?;
    for (work, request) in work.iter_mut().zip(requests) {
        let verdict = Json::Object(fields_to_json(&members.outputs, &work.answer));
        let bindings = Bindings { subject: work.member.subject.facts, request: &request, verdict: &verdict };
        match arbitration.score.evaluate(FormulaValues::Decision(&bindings)) {
            Ok(value) => {
                work.answer.insert(score.field.clone(), Some(Datum::Decimal(value.normalize())));
            }
            Err(error) => {
                work.unscored = true;
                let message = format!("`{}` cannot be weighed: the score {error}", work.member.key);
                failures.push(Failure::of_core("NO_SCORE", message));
            }
        }
    }
    Ok(())
}

/// The members' requests with their money in one currency.
fn in_one_currency(question: &SetQuestion<'_>, score: &Score, work: &[Work<'_>]) -> Result<Vec<Json>, SetError> {
    let mut requests: Vec<Json> = work.iter().map(|work| work.request.clone()).collect();
    let Some(currency) = &score.currency else { return Ok(requests) };
    for field in &score.money {
        let mut places = Vec::new();
        let mut all = Vec::new();
        for (place, request) in requests.iter().enumerate() {
            let amount = request.get(field).and_then(Json::as_str).and_then(crate::exact::plain_decimal);
            let currency = request.get(currency).and_then(Json::as_str);
            if let Some(amount) = amount {
                places.push(place);
                all.push(Money { amount, currency: currency.unwrap_or_default().to_owned() });
            }
        }
        let told = |error: crate::MoneyError| SetError::Currencies {
            point: question.point.name.clone(),
            reason: error.to_string(),
        };
        let same: Vec<Decimal> = question.strategy.in_one_currency(&all.iter().collect::<Vec<_>>()).map_err(told)?;
        for (place, amount) in places.into_iter().zip(same) {
            if let Some(Json::Object(request)) = requests.get_mut(place) {
                request.insert(field.clone(), Datum::Decimal(amount).to_json());
            }
        }
    }
    Ok(requests)
}
