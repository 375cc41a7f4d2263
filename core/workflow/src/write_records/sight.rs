//! Which records the actor sees.

use std::collections::HashSet;
use std::sync::Arc;

use guildhall_model::ObjectType;
use uuid::Uuid;

use super::Work;
use crate::{WorkflowError, sight};

impl Work<'_> {
    /// Those of the records that are there and that the actor sees.
    pub(super) async fn seen(
        &self,
        records: &[(Arc<ObjectType>, Uuid)],
    ) -> Result<HashSet<(String, Uuid)>, WorkflowError> {
        sight::seen(self.house, self.transaction, self.sight, records).await
    }
}
