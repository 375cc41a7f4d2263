//! The server a good developer would write by hand for two screens: axum, sqlx, one statement each, the text it gives as
//! the body. The statements are Guildhall's own, so that what differs is what stands around them.

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use clap::Parser;
use serde::Deserialize;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgPool};
use tokio::net::TcpListener;
use uuid::Uuid;

#[derive(Parser)]
struct Arguments {
    #[arg(long)]
    database: PgConnectOptions,
    #[arg(long)]
    token: String,
    /// File with the statement for one customer: $1 is the id
    #[arg(long)]
    customer: PathBuf,
    /// File with the statement for a page: $1 is the id it follows, $2 its size, $3 and $4 how many orders and contacts of
    /// each, as far as these do not stand in its text
    #[arg(long)]
    page: PathBuf,
}

struct Desk {
    pool: PgPool,
    authorization: String,
    customer: Arc<str>,
    page: Arc<str>,
}

/// The same as Guildhall's.
const CONNECTIONS: u32 = 20;
const CUSTOMERS: i32 = 20;
const OF_EACH: i32 = 5;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let options = arguments.database.options([("timezone", "UTC"), ("statement_timeout", "60000"), ("jit", "off")]);
    // Guildhall does not ping a connection before each use either.
    let pool =
        PgPoolOptions::new().max_connections(CONNECTIONS).test_before_acquire(false).connect_with(options).await?;
    let desk = Desk {
        pool,
        authorization: format!("Bearer {}", arguments.token),
        customer: std::fs::read_to_string(arguments.customer)?.into(),
        page: std::fs::read_to_string(arguments.page)?.into(),
    };
    let router =
        Router::new().route("/customers", get(page)).route("/customers/{id}", get(customer)).with_state(Arc::new(desk));
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    println!("serving http://{}/", listener.local_addr()?);
    Ok(axum::serve(listener, router).await?)
}

async fn customer(State(desk): State<Arc<Desk>>, Path(id): Path<Uuid>, headers: HeaderMap) -> Response {
    if !desk.lets_in(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let read = sqlx::query_scalar(AssertSqlSafe(Arc::clone(&desk.customer))).bind(id).fetch_one(&desk.pool).await;
    answer(read)
}

#[derive(Deserialize)]
struct After {
    after: Uuid,
}

async fn page(State(desk): State<Arc<Desk>>, Query(After { after }): Query<After>, headers: HeaderMap) -> Response {
    if !desk.lets_in(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let mut query = sqlx::query_scalar(AssertSqlSafe(Arc::clone(&desk.page))).bind(after);
    for (place, size) in [("$2", CUSTOMERS), ("$3", OF_EACH), ("$4", OF_EACH)] {
        if desk.page.contains(place) {
            query = query.bind(size);
        }
    }
    answer(query.fetch_one(&desk.pool).await)
}

fn answer(read: Result<String, sqlx::Error>) -> Response {
    match read {
        Ok(text) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
        Err(error) => {
            eprintln!("{error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

impl Desk {
    fn lets_in(&self, headers: &HeaderMap) -> bool {
        headers.get(header::AUTHORIZATION).is_some_and(|given| given == self.authorization.as_str())
    }
}
