//! The API: the schema from the model, operation to read plan and workflow calls, response bytes.
//!
//! Four things in four places: `front` parses, limits, validates and coerces; `plan` turns a validated operation into a
//! read plan; `guildhall_store` turns the plan into SQL; `execute` fills decisions into the text the database made.
//! [`Api`] holds the current generation and swaps it as one.

mod acts;
mod api;
mod execute;
mod export;
mod front;
mod generation;
mod metrics;
mod plan;
mod problem;
mod rate;
mod schema;
mod schema_queries;
mod subscription;

pub use api::{Api, ModelQueries, Request, Response, model_sdl};
pub use export::RecordPages;
pub use front::DOCUMENT_LIMIT;
pub use metrics::{CacheMetrics, Metrics};
pub use problem::{Code, Problem};
pub use rate::{Allowance, WINDOW};
pub use schema_queries::SchemaQueries;
pub use subscription::Subscription;

/// Why the API cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    #[error("the schema does not hold together: {0}")]
    Schema(String),
    #[error(transparent)]
    Workflow(guildhall_workflow::WorkflowError),
}
