//! Finance's credit policy: payment terms and the credit check.
