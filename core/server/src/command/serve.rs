//! `guildhall serve`.

use std::net::SocketAddr;

use guildhall_graph::Api;

use crate::failure::Failure;
use crate::settings::Settings;
use crate::{http, opening};

#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// Address to listen on; port 0 takes a free one [default: 127.0.0.1:4000]
    #[arg(long, env = "GUILDHALL_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
}

pub(crate) async fn run(settings: &Settings) -> Result<(), Failure> {
    let api = Api::new(opening::open(settings).await?).await?;
    let listener = http::bind(settings.listen).await?;
    println!("serving http://{}/graphql", listener.local_addr().map_err(Failure::failed)?);
    http::serve(listener, api, settings).await
}
