//! `guildhall serve`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{Days, NaiveTime, Utc};
use guildhall_graph::Api;
use guildhall_workflow::refresh_facts::new_day;

use crate::failure::Failure;
use crate::settings::Settings;
use crate::{http, opening};

/// How often a server looks whether the business day is another, at least: clocks are set, and imports begin calendars.
const LOOK: Duration = Duration::from_secs(600);

#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// Address to listen on; port 0 takes a free one [default: 127.0.0.1:4000]
    #[arg(long, env = "GUILDHALL_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
}

pub(crate) async fn run(settings: &Settings) -> Result<(), Failure> {
    let api = Arc::new(Api::new(opening::open(settings).await?).await?.at_rate(settings.rate));
    let bound = http::Bound::at(settings.listen).await?;
    tokio::spawn(follow_days(Arc::clone(&api)));
    println!("serving http://{}/graphql", bound.address().map_err(Failure::failed)?);
    http::serve(bound, api, settings).await
}

/// Begins each business day. Every server does so: which of them does the work is settled in the database.
async fn follow_days(api: Arc<Api>) {
    loop {
        match new_day(&api.house(), Utc::now()).await {
            Ok(Some(begun)) => tracing::info!(
                day = %begun.day, customers = begun.customers, assigned = begun.assigned, "a business day has begun"
            ),
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "the customer facts could not be brought to the business day"),
        }
        let now = Utc::now();
        let midnight =
            now.date_naive().checked_add_days(Days::new(1)).map(|day| day.and_time(NaiveTime::MIN).and_utc());
        let until = midnight.and_then(|midnight| (midnight - now).to_std().ok()).unwrap_or(LOOK);
        // A second more, for clocks that are a little slow.
        tokio::time::sleep(until.min(LOOK) + Duration::from_secs(1)).await;
    }
}
