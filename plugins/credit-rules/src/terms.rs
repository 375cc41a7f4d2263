//! Payment terms: what the strategy sets, shortened for those who pay late.

use credit_terms::{CreditTerms, Question};
use guildhall_plugin::{Answer, Decimal, policy};

/// From this dunning level on nobody gets a discount.
const NO_DISCOUNT_FROM: i32 = 2;

#[policy(point = "credit.terms", query = "credit_terms.graphql")]
pub(crate) fn terms(question: &Question) -> Answer<CreditTerms> {
    let (customer, parameters) = (&question.subject, &question.parameters);
    let set = CreditTerms {
        net_days: parameters.net_days,
        discount: parameters.discount,
        discount_days: parameters.discount_days,
    };
    let answer = Answer::new(set).because(format!("the strategy sets {} days net", parameters.net_days));
    without_discount(question, shortened(customer.average_days_late, parameters.late_after_days, answer))
}

/// Every day that a customer is later than tolerated comes off its terms.
fn shortened(late: i32, tolerated: i32, mut answer: Answer<CreditTerms>) -> Answer<CreditTerms> {
    let excess = late.saturating_sub(tolerated);
    if excess <= 0 || answer.output.net_days <= 0 {
        return answer;
    }
    let net_days = answer.output.net_days.saturating_sub(excess).max(0);
    answer.output.net_days = net_days;
    answer.output.discount_days = answer.output.discount_days.min(net_days);
    answer.because(format!(
        "invoices were paid {late} days late on average, {tolerated} are tolerated: {net_days} days net"
    ))
}

fn without_discount(question: &Question, mut answer: Answer<CreditTerms>) -> Answer<CreditTerms> {
    if answer.output.discount <= Decimal::ZERO {
        return answer;
    }
    let customer = &question.subject;
    let level = customer.credit_account.as_ref().map_or(0, |account| account.dunning_level);
    let reason = if customer.overdue_amount.amount > Decimal::ZERO {
        format!("{} is overdue: no discount", customer.overdue_amount)
    } else if level >= NO_DISCOUNT_FROM {
        format!("the dunning level is {level}: no discount")
    } else {
        return answer;
    };
    answer.output.discount = Decimal::ZERO;
    answer.output.discount_days = 0;
    answer.because(reason)
}

#[cfg(test)]
mod tests {
    use super::credit_terms::{CreditAccount, Customer, Parameters};
    use super::*;
    use guildhall_plugin::Money;

    fn question(average_days_late: i32, overdue: i64, dunning_level: i32) -> Question {
        Question {
            subject: Customer {
                average_days_late,
                overdue_amount: Money::new(Decimal::from(overdue), "EUR"),
                credit_account: Some(CreditAccount { dunning_level }),
            },
            parameters: Parameters { discount: Decimal::new(2, 2), discount_days: 10, ..Parameters::default() },
            ..Question::default()
        }
    }

    #[track_caller]
    fn check(question: &Question, net_days: i32, discount: &str, discount_days: i32) {
        let output = terms(question).output;
        assert_eq!(
            (output.net_days, output.discount.to_string().as_str(), output.discount_days),
            (net_days, discount, discount_days)
        );
    }

    #[test]
    fn who_pays_on_time_gets_what_the_strategy_sets() {
        check(&question(0, 0, 0), 30, "0.02", 10);
        check(&question(15, 0, 1), 30, "0.02", 10);
    }

    #[test]
    fn who_pays_late_gets_shorter_terms() {
        check(&question(16, 0, 0), 29, "0.02", 10);
        check(&question(40, 0, 0), 5, "0.02", 5);
        check(&question(i32::MAX, 0, 0), 0, "0.02", 0);
    }

    #[test]
    fn who_owes_overdue_money_or_was_reminded_twice_gets_no_discount() {
        check(&question(0, 1, 0), 30, "0", 0);
        check(&question(0, 0, 2), 30, "0", 0);
    }

    #[test]
    fn extreme_parameters_do_not_overflow() {
        let mut question = question(i32::MIN, 0, 0);
        question.parameters.late_after_days = i32::MAX;
        check(&question, 30, "0.02", 10);
        question.subject.average_days_late = i32::MAX;
        question.parameters.late_after_days = i32::MIN;
        question.parameters.net_days = i32::MIN;
        check(&question, i32::MIN, "0.02", 10);
    }
}
