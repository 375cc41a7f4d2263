//! The API: schema from the model, operation to read plan and workflow calls, response bytes. The only crate with async-graphql.
