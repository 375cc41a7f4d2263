//! GraphQL over HTTP.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::handler::Handler;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use guildhall_graph::{Code, Request};
use guildhall_workflow::Actor;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::bearer::Bearer;
use super::metrics::Outcome;
use super::{BODY_LIMIT, Doors, body, events, rate, reply, socket};

const RESPONSE: &str = "application/graphql-response+json";
const JSON: &str = "application/json";

/// Most marks of structure in variables, which is more than the values that the API takes have. Looked at before values are made.
pub(super) const MARKS: usize = 30_000;

/// A request's parameters, in a body or a query string.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    query: Option<String>,
    operation_name: Option<String>,
    /// As they are written: values take many times the memory of their text.
    variables: Option<Box<RawValue>>,
    /// For what servers agree on with their clients. Nothing is agreed on here, but that it is an object.
    extensions: Option<Box<RawValue>>,
}

/// The same in a query string, where variables are JSON text.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InQuery {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

/// How an answer is sent: its media type, and whether its status tells what became of the request. With `application/json`
/// a client tells GraphQL's answers from a proxy's by status 200 alone, if it has named it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Form {
    content: &'static str,
    status_tells: bool,
}

impl Form {
    const RESPONSE: Form = Form { content: reply::PROBLEM, status_tells: true };
    const JSON: Form = Form { content: "application/json; charset=utf-8", status_tells: false };
    /// For who takes anything.
    const ANY: Form = Form { content: "application/json; charset=utf-8", status_tells: true };
}

pub(super) async fn post(
    Bearer(actor): Bearer,
    State(doors): State<Arc<Doors>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let events = events::wanted(&headers);
    let Some(form) = accepted(&headers).or(events.then_some(Form::RESPONSE)) else { return not_acceptable() };
    let content = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !is_json(content) {
        let message = "send the request as `Content-Type: application/json`, in UTF-8";
        return reply::problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::BadRequest, message);
    }
    let body = match body::read(body, BODY_LIMIT).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    // An array would be read as the parameters in their order.
    if body.trim_ascii_start().starts_with(b"[") {
        return bad_request("batches are not supported; send one request as an object");
    }
    match serde_json::from_slice(&body) {
        Ok(Parameters { query, operation_name, variables, extensions }) => {
            if extensions.is_some_and(|extensions| !is_object(extensions.get())) {
                return bad_request("`extensions` is no object");
            }
            let variables = match read_variables(variables.as_deref().map_or("null", RawValue::get)) {
                Ok(variables) => variables,
                Err((code, message)) => return reply::problem(StatusCode::BAD_REQUEST, code, &message),
            };
            let parameters = (query, operation_name, variables);
            if events {
                return stream(&doors, actor, headers, parameters, true).await;
            }
            answer(&doors, &actor, form, parameters, true).await
        }
        Err(error) => bad_request(&format!("the body is no GraphQL request: {error}")),
    }
}

pub(super) async fn get(
    Bearer(actor): Bearer,
    State(doors): State<Arc<Doors>>,
    headers: HeaderMap,
    given: Result<Query<InQuery>, QueryRejection>,
) -> Response {
    let events = events::wanted(&headers);
    let Some(form) = accepted(&headers).or(events.then_some(Form::RESPONSE)) else { return not_acceptable() };
    let given = match given {
        Ok(Query(given)) => given,
        Err(rejection) => return bad_request(&rejection.body_text()),
    };
    let variables = match read_variables(given.variables.as_deref().unwrap_or("null")) {
        Ok(variables) => variables,
        Err((code, message)) => return reply::problem(StatusCode::BAD_REQUEST, code, &message),
    };
    if given.extensions.is_some_and(|extensions| extensions != "null" && !is_object(&extensions)) {
        return bad_request("`extensions` is no object");
    }
    let parameters = (given.query, given.operation_name, variables);
    if events {
        return stream(&doors, actor, headers, parameters, false).await;
    }
    answer(&doors, &actor, form, parameters, false).await
}

/// A query, or the beginning of a web socket, which says who it is later.
pub(super) async fn get_or_socket(State(doors): State<Arc<Doors>>, request: axum::extract::Request) -> Response {
    let upgrades =
        request.headers().get(header::UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"));
    match upgrades {
        true => socket::open.call(request, doors).await,
        false => get.call(request, doors).await,
    }
}

async fn stream(
    doors: &Arc<Doors>,
    actor: Actor,
    headers: HeaderMap,
    (query, operation_name, variables): (Option<String>, Option<String>, Value),
    may_change: bool,
) -> Response {
    let Some(query) = query else { return bad_request("`query` is missing") };
    events::answer(doors, actor, headers, Request { query, operation_name, variables }, may_change).await
}

/// The schema the actor is served, or that it is the one the client has.
pub(super) async fn schema(Bearer(actor): Bearer, State(doors): State<Arc<Doors>>, given: HeaderMap) -> Response {
    match doors.api.sdl(&actor).await {
        Ok(sdl) => {
            // A weak tag, because it is the same whether the answer is compressed or not.
            let tag = format!("W/\"{}\"", hex::encode(Sha256::digest(sdl.as_bytes())));
            let has = has_tag(&given, &tag);
            let headers = [
                (header::CONTENT_TYPE, "application/graphql; charset=utf-8".to_owned()),
                (header::ETAG, tag),
                (header::CACHE_CONTROL, "private, no-cache".to_owned()),
                (header::VARY, header::AUTHORIZATION.to_string()),
            ];
            match has {
                true => (StatusCode::NOT_MODIFIED, headers).into_response(),
                false => (headers, sdl.to_string()).into_response(),
            }
        }
        Err(error) => reply::internal(&error),
    }
}

async fn answer(
    doors: &Doors,
    actor: &Actor,
    form: Form,
    (query, operation_name, variables): (Option<String>, Option<String>, Value),
    may_change: bool,
) -> Response {
    let Some(query) = query else { return bad_request("`query` is missing") };
    let request = Request { query, operation_name, variables };
    let response = doors.api.execute(&request, actor, may_change).await;
    if response.mutation && response.executed {
        // It may have revoked a token.
        doors.access.forget();
    }
    let outcome = Outcome { code: response.code.map_or("OK", Code::name), operation: response.operation };
    let outcome = Extension(outcome);
    let content = [(header::CONTENT_TYPE, form.content)];
    let rate = rate::headers(response.allowance.as_ref());
    let status = match reply::status(&response) {
        // Who is to wait has to see it, whatever he takes.
        StatusCode::TOO_MANY_REQUESTS => StatusCode::TOO_MANY_REQUESTS,
        _ if response.mutation && !may_change => {
            let allowed = [(header::ALLOW, "POST")];
            return (StatusCode::METHOD_NOT_ALLOWED, outcome, rate, allowed, content, response.body).into_response();
        }
        status if form.status_tells => status,
        _ => StatusCode::OK,
    };
    (status, outcome, rate, content, response.body).into_response()
}

/// Sends every error as the form that the client prefers, and says what that depends on.
pub(super) async fn in_form(request: axum::extract::Request, next: Next) -> Response {
    let form = accepted(request.headers());
    let is_graphql = request.uri().path() == "/graphql";
    let mut response = next.run(request).await;
    let is_problem = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|content| content == HeaderValue::from_static(reply::PROBLEM));
    if let (true, Some(form)) = (is_problem, form) {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(form.content));
    }
    if is_problem || is_graphql {
        response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    }
    response
}

/// Whether a content type is JSON in UTF-8, in which it is unless it says otherwise.
fn is_json(content: &str) -> bool {
    let mut parts = content.split(';').map(str::trim);
    let is_utf8 = |parameter: &str| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    };
    parts.next().unwrap_or_default().eq_ignore_ascii_case(JSON) && parts.all(is_utf8)
}

/// Whether the client has what a weak tag is of.
fn has_tag(given: &HeaderMap, tag: &str) -> bool {
    let plain = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let lists = given.get_all(header::IF_NONE_MATCH).iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|known| known.trim() == "*" || plain(known) == plain(tag))
}

/// The variables' values, or the code and message for what is no JSON or too much of it.
fn read_variables(text: &str) -> Result<Value, (Code, String)> {
    if marks(text) > MARKS {
        let message = "the variables have too many values; send fewer in several requests";
        return Err((Code::LimitExceeded, message.to_owned()));
    }
    serde_json::from_str(text).map_err(|error| (Code::BadRequest, format!("`variables` is no JSON: {error}")))
}

/// Whether JSON text that was read already, or is ignored, is an object's.
fn is_object(json: &str) -> bool {
    json.trim_start().starts_with('{')
}

/// How many commas, colons and opening brackets stand outside of strings: three at most for each value.
pub(super) fn marks(json: &str) -> usize {
    let (mut count, mut quoted, mut escaped) = (0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' | b':' | b'[' | b'{' if !quoted => count += 1,
            _ => {}
        }
    }
    count
}

/// The form the client prefers of those we have. What it weighs with 0 it does not take.
fn accepted(headers: &HeaderMap) -> Option<Form> {
    let Some(accept) = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()) else {
        return Some(Form::ANY);
    };
    match (weight(accept, RESPONSE), weight(accept, JSON)) {
        (None, None) => None,
        // The same range says both: neither is named.
        (response, json) if response == json => Some(Form::ANY),
        (response, json) if response > json => Some(Form::RESPONSE),
        _ => Some(Form::JSON),
    }
}

/// How much an `Accept` wants a form: its weight in thousandths, then how early it is named. The range that says most of
/// the form counts. Nothing if it is not wanted.
fn weight(accept: &str, form: &str) -> Option<(u16, std::cmp::Reverse<usize>)> {
    let ranges = accept.split(',').enumerate().filter_map(|(place, range)| {
        let mut parts = range.split(';').map(str::trim);
        let exactness = match parts.next().unwrap_or_default() {
            range if range.eq_ignore_ascii_case(form) => 2,
            "application/*" => 1,
            "*/*" => 0,
            _ => return None,
        };
        let given = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let share: f32 = given.map_or(1.0, |text| text.parse().unwrap_or(0.0));
        Some((exactness, (share.clamp(0.0, 1.0) * 1000.0) as u16, std::cmp::Reverse(place)))
    });
    let (_, thousandths, place) = ranges.max_by_key(|(exactness, ..)| *exactness)?;
    (thousandths > 0).then_some((thousandths, place))
}

fn not_acceptable() -> Response {
    let message = "answers come as `application/graphql-response+json` or `application/json`";
    reply::problem(StatusCode::NOT_ACCEPTABLE, Code::BadRequest, message)
}

fn bad_request(message: &str) -> Response {
    reply::problem(StatusCode::BAD_REQUEST, Code::BadRequest, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(accept: &str, expected: Option<Form>) {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        assert_eq!(accepted(&headers), expected, "{accept}");
    }

    #[test]
    fn marks_in_strings_are_none() {
        assert_eq!(marks("{\"a\":[1,\"[,:\\\",{\",{}]}"), 6);
        assert_eq!(marks("null"), 0);
    }

    #[test]
    fn the_form_the_client_prefers_is_sent() {
        check("*/*", Some(Form::ANY));
        check("text/html, application/*;q=0.8", Some(Form::ANY));
        check("application/json", Some(Form::JSON));
        check("application/json, */*", Some(Form::JSON));
        check("application/graphql-response+json, application/json", Some(Form::RESPONSE));
        check("application/json;q=0.5, application/graphql-response+json", Some(Form::RESPONSE));
        check("application/json; charset=utf-8; q=0.9, application/*;q=0.1", Some(Form::JSON));
        check("text/html", None);
    }

    #[test]
    fn json_is_in_utf8() {
        for content in
            ["application/json", "Application/JSON; Charset=\"UTF-8\"", "application/json;charset=utf-8; v=1"]
        {
            assert!(is_json(content), "{content}");
        }
        for content in ["application/json; charset=latin1", "application/json; charset=", "text/json", ""] {
            assert!(!is_json(content), "{content}");
        }
    }

    #[test]
    fn a_form_of_weight_zero_is_not_sent() {
        check("application/graphql-response+json;q=0, */*", Some(Form::JSON));
        check("application/json;q=0", None);
        check("*/*;q=0.0", None);
    }
}
