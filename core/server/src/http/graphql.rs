//! GraphQL over HTTP.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use guildhall_graph::Request;
use serde::Deserialize;
use serde_json::Value;

use super::{Doors, reply};

const RESPONSE: &str = "application/graphql-response+json";
const JSON: &str = "application/json";

/// A request's parameters, in a body or a query string.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    query: Option<String>,
    operation_name: Option<String>,
    #[serde(default)]
    variables: Value,
}

/// The same in a query string, where variables are JSON text.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InQuery {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
}

pub(super) async fn post(State(doors): State<Arc<Doors>>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(form) = accepted(&headers) else { return not_acceptable() };
    let content = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !content.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(JSON) {
        let message = "send the request as `Content-Type: application/json`";
        return reply::problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "BAD_REQUEST", message);
    }
    let parameters: Parameters = match serde_json::from_slice(&body) {
        Ok(parameters) => parameters,
        Err(error) => {
            return reply::problem(
                StatusCode::BAD_REQUEST,
                "BAD_REQUEST",
                &format!("the body is no GraphQL request: {error}"),
            );
        }
    };
    answer(&doors, &headers, form, parameters, true).await
}

pub(super) async fn get(State(doors): State<Arc<Doors>>, headers: HeaderMap, Query(given): Query<InQuery>) -> Response {
    let Some(form) = accepted(&headers) else { return not_acceptable() };
    let variables = match given.variables.as_deref().map(serde_json::from_str) {
        None => Value::Null,
        Some(Ok(variables)) => variables,
        Some(Err(error)) => {
            return reply::problem(StatusCode::BAD_REQUEST, "BAD_REQUEST", &format!("`variables` is no JSON: {error}"));
        }
    };
    let parameters = Parameters { query: given.query, operation_name: given.operation_name, variables };
    answer(&doors, &headers, form, parameters, false).await
}

/// The schema the actor is served.
pub(super) async fn schema(State(doors): State<Arc<Doors>>, headers: HeaderMap) -> Response {
    match doors.access.actor(&headers).await {
        Ok(Some(actor)) => match doors.api.sdl(actor.role) {
            Some(sdl) => {
                ([(header::CONTENT_TYPE, "application/graphql; charset=utf-8")], sdl.to_string()).into_response()
            }
            None => reply::problem(StatusCode::NOT_FOUND, "NOT_FOUND", "your role has no schema"),
        },
        Ok(None) => reply::unauthenticated(),
        Err(error) => reply::internal(&error),
    }
}

async fn answer(
    doors: &Doors,
    headers: &HeaderMap,
    form: &'static str,
    parameters: Parameters,
    may_change: bool,
) -> Response {
    let actor = match doors.access.actor(headers).await {
        Ok(Some(actor)) => actor,
        Ok(None) => return reply::unauthenticated(),
        Err(error) => return reply::internal(&error),
    };
    let Some(query) = parameters.query else {
        return reply::problem(StatusCode::BAD_REQUEST, "BAD_REQUEST", "`query` is missing");
    };
    let request = Request { query, operation_name: parameters.operation_name, variables: parameters.variables };
    let response = doors.api.execute(&request, &actor, may_change).await;
    // With `application/json` a client tells GraphQL's answers from a proxy's by status 200 alone.
    let status = if response.executed || form == JSON { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let content = if form == JSON {
        "application/json; charset=utf-8"
    } else {
        "application/graphql-response+json; charset=utf-8"
    };
    (status, [(header::CONTENT_TYPE, content)], response.body).into_response()
}

/// The form the client takes: the first of its `Accept` that we have, or GraphQL's own.
fn accepted(headers: &HeaderMap) -> Option<&'static str> {
    let Some(accept) = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()) else { return Some(RESPONSE) };
    accept.split(',').find_map(|range| match range.split(';').next().unwrap_or_default().trim() {
        RESPONSE | "*/*" | "application/*" => Some(RESPONSE),
        JSON => Some(JSON),
        _ => None,
    })
}

fn not_acceptable() -> Response {
    let message = "answers come as `application/graphql-response+json` or `application/json`";
    reply::problem(StatusCode::NOT_ACCEPTABLE, "BAD_REQUEST", message)
}
