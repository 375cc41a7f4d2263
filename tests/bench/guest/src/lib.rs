//! The policy that the bench measures natively, in the sandbox and beside other engines.

mod check;

guildhall_plugin::export!(check::measured_check);
