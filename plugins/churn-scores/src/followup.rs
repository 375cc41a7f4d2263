//! Follow-ups: whoever deals with a customer who owes overdue money is to talk about it.

use followup_propose::{FollowupAssignee, FollowupPriority, FollowupProposal, Question};
use guildhall_plugin::{Answer, Decimal, policy};

/// Days after which it presses.
const PRESSING: i32 = 30;

#[policy(point = "followup.propose", query = "followup.graphql")]
pub(crate) fn follow_up(question: &Question) -> Answer<FollowupProposal> {
    let (customer, today) = (&question.subject, question.at.date());
    let late = customer.open_invoices.nodes.iter().map(|invoice| (invoice, today.days_since(invoice.due_on)));
    let Some((invoice, days)) = late.filter(|(_, days)| *days > 0).max_by_key(|(_, days)| *days) else {
        return Answer::new(nothing());
    };
    let priority = if days > PRESSING { FollowupPriority::High } else { FollowupPriority::Normal };
    let mut reasons = vec![format!("{} is {days} days overdue", invoice.amount)];
    if customer.overdue_amount.amount > Decimal::ZERO {
        reasons.push(format!("{} is overdue in all", customer.overdue_amount));
    }
    let reason = format!("invoice {} is overdue", invoice.number);
    Answer::new(FollowupProposal {
        follow_up: true,
        titles: vec![format!("Ask about invoice {}", invoice.number)],
        reasons,
        due_in_days: Some(2),
        priority,
        assignee: FollowupAssignee::Owner,
    })
    .because(reason)
}

fn nothing() -> FollowupProposal {
    FollowupProposal {
        follow_up: false,
        titles: Vec::new(),
        reasons: Vec::new(),
        due_in_days: None,
        priority: FollowupPriority::Low,
        assignee: FollowupAssignee::Anybody,
    }
}

#[cfg(test)]
mod tests {
    use super::followup_propose::{Customer, FollowupHappening, Invoice, InvoiceConnection, Parameters, Request};
    use super::*;
    use guildhall_plugin::{Money, NoSettings};

    #[track_caller]
    fn check(due: &[&str], expected: Option<(&str, FollowupPriority)>) {
        let eur = |amount: i64| Money::new(Decimal::from(amount), "EUR");
        let invoice =
            |day: &&str| Invoice { number: format!("of {day}"), due_on: day.parse().unwrap(), amount: eur(100) };
        let question = Question {
            subject: Customer {
                overdue_amount: eur(100),
                open_invoices: InvoiceConnection { nodes: due.iter().map(invoice).collect() },
            },
            request: Request {
                record_type: "Order".to_owned(),
                happened: FollowupHappening::Created,
                record_id: "ord_1".to_owned(),
                fields: Vec::new(),
            },
            parameters: Parameters::default(),
            settings: NoSettings::default(),
            at: "2026-06-30T09:00:00Z".parse().unwrap(),
        };
        let output = follow_up(&question).output;
        let found = output.titles.first().map(|title| (title.as_str(), output.priority));
        assert_eq!(found, expected);
        assert_eq!(output.follow_up, expected.is_some());
    }

    #[test]
    fn the_invoice_that_has_waited_longest_is_asked_about() {
        check(&[], None);
        check(&["2026-06-30", "2026-07-15"], None);
        check(&["2026-06-20", "2026-06-25"], Some(("Ask about invoice of 2026-06-20", FollowupPriority::Normal)));
        check(&["2026-05-01", "2026-06-25"], Some(("Ask about invoice of 2026-05-01", FollowupPriority::High)));
    }
}
