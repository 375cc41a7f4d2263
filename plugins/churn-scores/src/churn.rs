//! Churn: who has been quiet for long is likely to leave.

use churn_scores_churn::{ChurnScoresChurn, ChurnScoresLevel, Question};
use guildhall_plugin::{Answer, Decimal, policy};

/// What overdue money adds.
const UNPAID: Decimal = Decimal::from_parts(2, 0, 0, false, 1);
/// Risks from which a customer is in the next level.
const MEDIUM: Decimal = Decimal::from_parts(3, 0, 0, false, 1);
const HIGH: Decimal = Decimal::from_parts(7, 0, 0, false, 1);
/// A risk is a share; more places than this say nothing.
const PLACES: u32 = 2;

#[policy(point = "churn_scores.churn", query = "churn.graphql", schema = "schema.graphql")]
pub(crate) fn churn(question: &Question) -> Answer<ChurnScoresChurn> {
    let (customer, parameters) = (&question.subject, &question.parameters);
    let mut signs = Vec::new();
    let mut risk = Decimal::ZERO;
    match customer.last_order_on {
        Some(last) => {
            let days = question.at.date().days_since(last);
            risk = silence(days, parameters.quiet_after_days, parameters.lost_after_days);
            if risk > Decimal::ZERO {
                signs.push(format!("no order for {days} days"));
            }
        }
        None if customer.orders12m == 0 => signs.push("never ordered".to_owned()),
        None => {}
    }
    if customer.overdue_amount.amount > Decimal::ZERO {
        risk = (risk + UNPAID).min(Decimal::ONE);
        signs.push(format!("{} is overdue", customer.overdue_amount));
    }
    let level = match risk {
        risk if risk >= HIGH => ChurnScoresLevel::High,
        risk if risk >= MEDIUM => ChurnScoresLevel::Medium,
        _ => ChurnScoresLevel::Low,
    };
    let reasons = signs.clone();
    let answer = Answer::new(ChurnScoresChurn { risk: risk.normalize(), level, signs });
    reasons.into_iter().fold(answer, Answer::because)
}

/// From 0, as long as the customer is not quiet yet, to 1, from when it counts as lost.
fn silence(days: i32, quiet: i32, lost: i32) -> Decimal {
    if days <= quiet {
        return Decimal::ZERO;
    }
    if days >= lost || lost <= quiet {
        return Decimal::ONE;
    }
    let share = Decimal::from(days.saturating_sub(quiet)).checked_div(Decimal::from(lost.saturating_sub(quiet)));
    share.unwrap_or(Decimal::ONE).round_dp(PLACES)
}

#[cfg(test)]
mod tests {
    use super::churn_scores_churn::{Customer, Parameters};
    use super::*;
    use guildhall_plugin::Money;

    #[track_caller]
    fn check(last: Option<&str>, overdue: i64, risk: &str, level: ChurnScoresLevel) {
        let question = Question {
            subject: Customer {
                last_order_on: last.map(|day| day.parse().unwrap()),
                orders12m: i32::from(last.is_some()),
                overdue_amount: Money::new(Decimal::from(overdue), "EUR"),
            },
            parameters: Parameters { quiet_after_days: 50, lost_after_days: 150 },
            at: "2026-06-30T09:00:00Z".parse().unwrap(),
            ..Question::default()
        };
        let output = churn(&question).output;
        assert_eq!((output.risk.to_string().as_str(), output.level), (risk, level));
    }

    #[test]
    fn who_is_quiet_may_leave() {
        check(Some("2026-06-01"), 0, "0", ChurnScoresLevel::Low);
        check(Some("2026-04-01"), 0, "0.4", ChurnScoresLevel::Medium);
        check(Some("2026-04-01"), 10, "0.6", ChurnScoresLevel::Medium);
        check(Some("2026-03-01"), 10, "0.91", ChurnScoresLevel::High);
        check(Some("2024-01-01"), 10, "1", ChurnScoresLevel::High);
        check(None, 0, "0", ChurnScoresLevel::Low);
    }

    #[test]
    fn days_that_make_no_sense_are_no_division_by_nothing() {
        assert_eq!(silence(10, 5, 5), Decimal::ONE);
        assert_eq!(silence(10, 20, 5), Decimal::ZERO);
        assert_eq!(silence(i32::MAX, i32::MIN, i32::MAX), Decimal::ONE);
    }
}
