//! Checks that the ledger is what was recorded: every chain, entry by entry, in bounded memory.

use std::collections::VecDeque;

use guildhall_decision::{ChainCheck, ChainError, Link};
use guildhall_store::Reads;
use guildhall_store::ledger::{self, After, Entry, Last};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::recorded::{content_of, entry_of, global_id};
use crate::{House, WorkflowError};

/// Entries that are held at a time; each may have some hundred kilobytes.
const PAGE: u32 = 50;
const HEADS: u32 = 1_000;
/// Broken chains that are named.
const TOLD: usize = 20;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    pub chains: u64,
    pub entries: u64,
    /// Entries whose content was erased.
    pub erased: u64,
    /// Chains that are not what was recorded.
    pub broken: u64,
    /// The first break of each of the first of them.
    pub breaks: Vec<String>,
}

/// A place of a chain as it was noted outside of the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Anchor {
    /// The customer's global id.
    pub customer: String,
    pub sequence: i32,
    pub digest: String,
}

impl Verified {
    fn broke(&mut self, error: &ChainError) {
        self.tell(error.to_string());
    }

    fn tell(&mut self, error: String) {
        self.broken = self.broken.saturating_add(1);
        if self.breaks.len() < TOLD {
            self.breaks.push(error);
        }
    }
}

/// Checks every chain, or one customer's. `progress` is told how many entries were checked so far.
pub async fn verify_ledger(
    house: &House,
    customer: Option<Uuid>,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Verified, WorkflowError> {
    let mut verified = Verified::default();
    let mut heads = Heads { customer, page: VecDeque::new(), after: None, done: false };
    let mut open: Option<Open> = None;
    let mut after: After = None;
    loop {
        let page = ledger::page(&house.database, customer, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some((last.customer, last.sequence));
        for row in page {
            if open.as_ref().is_none_or(|open| open.customer != row.customer) {
                close(house, open.take(), &mut verified).await?;
                let head = heads.of(house, row.customer, &mut verified).await?;
                open = Some(Open::new(house, row.customer, head)?);
            }
            if let Some(open) = &mut open {
                verified.entries = verified.entries.saturating_add(1);
                verified.erased = verified.erased.saturating_add(u64::from(row.erased.is_some()));
                open.next(house, row)?;
            }
        }
        progress(verified.entries);
    }
    close(house, open, &mut verified).await?;
    // Whose end is noted and of whom there is no entry has lost them all.
    while let Some((customer, _)) = heads.next(house).await? {
        lost(house, customer, &mut verified).await?;
    }
    Ok(verified)
}

/// Checks that entries noted outside of the database are there as they were noted.
pub async fn verify_anchors(
    house: &House,
    anchors: impl Iterator<Item = Result<Anchor, WorkflowError>>,
    verified: &mut Verified,
) -> Result<u64, WorkflowError> {
    let object = house.model.object("Customer");
    let object = object.ok_or_else(|| WorkflowError::Internal("the model lacks `Customer`".to_owned()))?;
    let mut checked = 0_u64;
    for anchor in anchors {
        let Anchor { customer, sequence, digest } = anchor?;
        let id = guildhall_model::GlobalId::parse_as(&customer, object)
            .map_err(|error| WorkflowError::BadInput(error.to_string()))?;
        let before = sequence.checked_sub(1).ok_or_else(|| WorkflowError::BadInput("no such place".to_owned()))?;
        let found = ledger::page(&house.database, Some(id), Some((id, before)), 1).await?;
        match found.first() {
            Some(entry) if entry.sequence == sequence && entry.digest == digest => {}
            Some(entry) if entry.sequence == sequence => {
                verified.tell(format!("entry {sequence} of `{customer}` is another one than the anchor says"));
            }
            _ => verified.tell(format!("entry {sequence} of `{customer}` is in the anchor and not on the ledger")),
        }
        checked = checked.saturating_add(1);
    }
    Ok(checked)
}

/// The noted ends of the chains behind that of `after`; none at the end.
pub async fn anchors(house: &House, after: Option<Uuid>) -> Result<Vec<(Uuid, Anchor)>, WorkflowError> {
    let heads = ledger::heads(&house.database, None, after, HEADS).await?;
    let anchor = |(id, Last { sequence, digest })| {
        Ok((id, Anchor { customer: global_id(&house.model, "Customer", id)?, sequence, digest }))
    };
    heads.into_iter().map(anchor).collect()
}

/// A chain that is being checked.
struct Open {
    customer: Uuid,
    check: ChainCheck,
    head: Option<Last>,
    broken: Option<ChainError>,
}

impl Open {
    fn new(house: &House, customer: Uuid, head: Option<Last>) -> Result<Self, WorkflowError> {
        let check = ChainCheck::new(global_id(&house.model, "Customer", customer)?);
        Ok(Open { customer, check, head, broken: None })
    }

    /// Checks the next entry, if none before was wrong.
    fn next(&mut self, house: &House, mut row: Entry) -> Result<(), WorkflowError> {
        if self.broken.is_some() {
            return Ok(());
        }
        let entry = entry_of(&house.model, &row)?;
        let kept = row.kept.take().map(content_of);
        let link = Link {
            entry: &entry,
            digest: &row.digest,
            previous: row.previous_digest.as_deref(),
            kept: kept.as_ref().map(|(salt, content)| (salt.as_str(), content)),
            erased: row.erased.is_some(),
        };
        self.broken = self.check.next(link).err();
        Ok(())
    }

    fn end(&self) -> Result<(), ChainError> {
        self.check.end(self.head.as_ref().map(|head| (head.sequence, head.digest.as_str())))
    }
}

async fn close(house: &House, open: Option<Open>, verified: &mut Verified) -> Result<(), WorkflowError> {
    let Some(open) = open else { return Ok(()) };
    verified.chains = verified.chains.saturating_add(1);
    if let Some(error) = &open.broken {
        verified.broke(error);
    } else if open.end().is_err()
        && let Err(error) = still(house, open.customer).await?
    {
        verified.broke(&error);
    }
    Ok(())
}

async fn lost(house: &House, customer: Uuid, verified: &mut Verified) -> Result<(), WorkflowError> {
    verified.chains = verified.chains.saturating_add(1);
    if let Err(error) = still(house, customer).await? {
        verified.broke(&error);
    }
    Ok(())
}

/// Checks one chain while it does not grow: a decision recorded while the others were checked is no break.
async fn still(house: &House, customer: Uuid) -> Result<Result<(), ChainError>, WorkflowError> {
    let transaction = house.database.begin().await?;
    let head = ledger::last(&transaction, &[customer]).await?.remove(&customer);
    let mut open = Open::new(house, customer, head)?;
    walk(house, &transaction, &mut open).await?;
    transaction.rollback().await?;
    let end = open.end();
    Ok(open.broken.map_or(end, Err))
}

async fn walk(house: &House, on: &impl Reads, open: &mut Open) -> Result<(), WorkflowError> {
    let customer = open.customer;
    let mut after: After = None;
    loop {
        let page = ledger::page(on, Some(customer), after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some((customer, last.sequence));
        for row in page {
            open.next(house, row)?;
        }
    }
}

/// The noted ends, in the order of the customers' ids.
struct Heads {
    customer: Option<Uuid>,
    page: VecDeque<(Uuid, Last)>,
    after: Option<Uuid>,
    done: bool,
}

impl Heads {
    async fn peek(&mut self, house: &House) -> Result<Option<Uuid>, WorkflowError> {
        if self.page.is_empty() && !self.done {
            self.page = ledger::heads(&house.database, self.customer, self.after, HEADS).await?.into();
            self.after = self.page.back().map(|(customer, _)| *customer).or(self.after);
            self.done = self.page.is_empty();
        }
        Ok(self.page.front().map(|(customer, _)| *customer))
    }

    async fn next(&mut self, house: &House) -> Result<Option<(Uuid, Last)>, WorkflowError> {
        self.peek(house).await?;
        Ok(self.page.pop_front())
    }

    /// The noted end of this customer's chain. Those before it have no entries.
    async fn of(
        &mut self,
        house: &House,
        wanted: Uuid,
        verified: &mut Verified,
    ) -> Result<Option<Last>, WorkflowError> {
        while let Some(customer) = self.peek(house).await? {
            if customer > wanted {
                return Ok(None);
            }
            let head = self.next(house).await?;
            if customer == wanted {
                return Ok(head.map(|(_, last)| last));
            }
            lost(house, customer, verified).await?;
        }
        Ok(None)
    }
}
