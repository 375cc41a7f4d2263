//! Customer success: how likely a customer leaves, and whom to call about an overdue invoice.

mod churn;
mod followup;

guildhall_plugin::export!(churn::churn_scores_churn, followup::followup_propose);

#[cfg(test)]
mod tests {
    #[test]
    fn golden_cases() {
        guildhall_plugin::cases::run(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"), crate::decide).unwrap();
    }
}
