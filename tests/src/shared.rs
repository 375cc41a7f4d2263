//! Servers that several tests read from.

use std::ops::Deref;
use std::sync::{Arc, Weak};

use tokio::sync::Mutex;

use crate::{Place, Server, places};

/// One prepared server per database, lent to every test that asks while one of them holds it. Tests that change
/// something start their own.
pub struct Shared {
    serve: fn(Place) -> Server,
    servers: Mutex<Weak<Vec<Server>>>,
}

/// The servers, SQLite first.
pub struct Servers(Arc<Vec<Server>>);

impl Shared {
    pub const fn new(serve: fn(Place) -> Server) -> Self {
        Shared { serve, servers: Mutex::const_new(Weak::new()) }
    }

    pub async fn servers(&self) -> Servers {
        let mut known = self.servers.lock().await;
        if let Some(servers) = known.upgrade() {
            return Servers(servers);
        }
        let servers = Arc::new(places().await.into_iter().map(self.serve).collect());
        *known = Arc::downgrade(&servers);
        Servers(servers)
    }
}

impl Deref for Servers {
    type Target = [Server];

    fn deref(&self) -> &[Server] {
        &self.0
    }
}
