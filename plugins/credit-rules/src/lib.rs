//! Finance's credit policy: payment terms and the credit check.

mod check;
mod terms;

guildhall_plugin::export!(terms::credit_terms, check::credit_check);

#[cfg(test)]
mod tests {
    #[test]
    fn golden_cases() {
        guildhall_plugin::cases::run(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"), crate::decide).unwrap();
    }
}
