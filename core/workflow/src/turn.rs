//! A turn: one transaction for an act that changes what decides, begun when no other such act is under way.

use chrono::{DateTime, Utc};
use guildhall_store::{Transaction, generation};
use serde_json::Value;

use crate::once::Once;
use crate::{House, WorkflowError};

/// The act's turn. Nothing it did remains unless [`Turn::end`] returns.
pub(crate) struct Turn<'a> {
    pub transaction: Transaction,
    once: Option<Once<'a>>,
}

/// What an act finds when it begins.
pub(crate) enum Begun<'a> {
    /// It is to be done.
    Now(Turn<'a>),
    /// It was done before under its key, with this answer.
    Before(Value),
}

impl<'a> Turn<'a> {
    /// Waits for the turn. What is read in it nobody else changes.
    pub(crate) async fn begin(house: &House, once: Option<Once<'a>>) -> Result<Begun<'a>, WorkflowError> {
        let transaction = house.database.begin().await?;
        generation::lock(&transaction).await?;
        if let Some(once) = &once
            && let Some(known) = once.answered(&transaction).await?
        {
            return Ok(Begun::Before(known));
        }
        Ok(Begun::Now(Turn { transaction, once }))
    }

    /// Makes everything permanent, together with the answer.
    pub(crate) async fn end(self, answer: Value, now: DateTime<Utc>) -> Result<(), WorkflowError> {
        if let Some(once) = &self.once
            && !once.remember(&self.transaction, answer, now).await?
        {
            return Err(WorkflowError::refused("the same request is being carried out; ask again"));
        }
        Ok(self.transaction.commit().await?)
    }
}
