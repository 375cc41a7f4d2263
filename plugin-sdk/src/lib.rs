//! What plugin authors use to write a department's policy.
//!
//! A policy is a pure function from a typed [`Question`] to an [`Answer`]:
//!
//! ```text
//! use guildhall_plugin::{Answer, policy};
//! use credit_terms::{CreditTerms, Question};
//!
//! guildhall_plugin::export!(credit_terms);
//!
//! #[policy(point = "credit.terms", query = "credit_terms.graphql")]
//! fn terms(question: &Question) -> Answer<CreditTerms> {
//!     let parameters = &question.parameters;
//!     Answer::new(CreditTerms { net_days: parameters.net_days, .. }).because("the strategy sets these terms")
//! }
//! ```
//!
//! The types come from the plugin's input query and from the decision point; both are checked when the plugin is
//! compiled. The same function runs natively in tests and as WebAssembly in Guildhall.

mod answer;
#[cfg(not(target_arch = "wasm32"))]
pub mod cases;
mod date;
mod dispatch;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod guest;
#[cfg(target_arch = "wasm32")]
mod heap;
mod log;
mod money;
mod question;

pub use answer::{Answer, IntoAnswer};
pub use date::{Date, DateTime, NotADate};
pub use guildhall_plugin_macros::{policy, settings};
pub use log::log;
pub use money::Money;
pub use question::{Call, NoParameters, NoSettings, Policy, Question};
pub use rust_decimal::Decimal;
pub use serde_json::Value as Json;

/// What generated code uses. No part of the promise.
#[doc(hidden)]
pub mod __private {
    pub use crate::dispatch::{Turn, unknown_point};
    pub use serde::{self, Deserialize, Serialize};
}

/// Makes policies the plugin: `export!(credit_terms, credit_check)`, with the modules that [`macro@policy`] made.
///
/// Defines `decide`, the function Guildhall calls, for native tests too.
#[macro_export]
macro_rules! export {
    ($($first:ident $(:: $rest:ident)*),+ $(,)?) => {
        /// Answers every call for itself, as Guildhall asks a plugin.
        pub fn decide(
            point: &str,
            at: &str,
            calls: &[$crate::Call<'_>],
        ) -> ::std::vec::Vec<::core::result::Result<::std::vec::Vec<u8>, ::std::string::String>> {
            let mut turn = $crate::__private::Turn::at(at);
            let answer = |call: &$crate::Call<'_>| {
                $(
                    if point == <$first $(:: $rest)* :: Policy as $crate::Policy>::POINT {
                        return turn.answer::<$first $(:: $rest)* :: Policy>(call);
                    }
                )+
                $crate::__private::unknown_point(point)
            };
            calls.iter().map(answer).collect()
        }

        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, reason = "the component's exports are unsafe functions; wit-bindgen writes them")]
        const _: () = {
            struct Plugin;

            impl $crate::guest::Guest for Plugin {
                fn decide(
                    point: ::std::string::String,
                    at: ::std::string::String,
                    calls: ::std::vec::Vec<$crate::guest::Call>,
                ) -> ::std::vec::Vec<$crate::guest::Outcome> {
                    $crate::guest::report_panics();
                    let calls: ::std::vec::Vec<_> = calls
                        .iter()
                        .map(|call| $crate::Call { parameters: &call.parameters, input: &call.input })
                        .collect();
                    decide(&point, &at, &calls)
                }
            }

            $crate::guest::export!(Plugin with_types_in $crate::guest);
        };
    };
}
