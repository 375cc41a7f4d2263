//! The house: everything the acts work with. One per process, made anew over its model when the deployment's fields change.

use std::sync::Arc;

use guildhall_decision::{DecisionPoint, Taken};
use guildhall_model::Model;
use guildhall_model::plan::{ConnectionOutput, EdgeOutput, Output, Selection};
use guildhall_plugin_host::Host;
use guildhall_store::{Database, generation, package};
use serde_json::Value;
use uuid::Uuid;

use crate::keepable::keepable;
use crate::{Happenings, Imports, WorkflowError};

#[derive(Clone)]
pub struct House {
    /// The model, with the deployment's own fields.
    pub model: Arc<Model>,
    /// The document those fields are of, if there are any: see [`House::current`].
    pub fields: Option<Uuid>,
    /// The decision points that Guildhall comes with.
    pub points: Vec<Arc<DecisionPoint>>,
    pub database: Database,
    /// Runs plugins.
    pub host: Host,
    pub queries: Arc<dyn InputQueries>,
    /// Files that come in, and what becomes of them.
    pub imports: Arc<Imports>,
    /// What happens to records, for those who follow.
    pub happenings: Arc<Happenings>,
    /// Whether plugins are installed that no trusted publisher signed.
    pub unsigned: Unsigned,
}

/// What becomes of a package that no trusted publisher signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsigned {
    /// It may be installed by who approves it.
    Allow,
    /// It is refused.
    Refuse,
}

/// The part of the house a plugin is checked with. It needs no database.
#[derive(Clone, Copy)]
pub struct Workshop<'a> {
    pub model: &'a Model,
    /// The decision points there are beside the plugin's own.
    pub points: &'a [Arc<DecisionPoint>],
    pub host: &'a Host,
    pub queries: &'a dyn InputQueries,
}

/// Compiles plugins' input queries. GraphQL lives above this crate, so the API lends it.
pub trait InputQueries: Send + Sync {
    /// The selection a fragment on the point's subject makes. The error says what is wrong with the fragment.
    fn compile(&self, point: &DecisionPoint, text: &str) -> Result<InputQuery, String>;

    /// The same over another model. The error says what does not go together.
    fn over(&self, model: &Arc<Model>) -> Result<Arc<dyn InputQueries>, String>;

    /// The names in the schema that no plugin may take.
    fn taken(&self) -> &Taken;
}

/// What a plugin is shown of a subject.
#[derive(Clone, Debug)]
pub struct InputQuery {
    pub selection: Selection,
    /// Every stored field it reads, as `Type.field`, sorted.
    pub reads: Vec<String>,
    /// Each of them with where it stands from the subject: `CreditAccount.limit` at `Customer.creditAccount.limit`. Sorted;
    /// what is read at several places is there as often.
    pub places: Vec<(String, String)>,
}

impl InputQuery {
    /// How many list entries it declares for one subject: of each list its page size, and as many times what the entries' own lists
    /// declare. What the lists hold does not matter.
    pub fn entries(&self) -> u32 {
        entries(&self.selection)
    }
}

fn entries(selection: &Selection) -> u32 {
    let all = selection.outputs.iter().map(|entry| match &entry.value {
        Output::One { selection, .. } | Output::Same(selection) => entries(selection),
        Output::Many { connection, .. } => {
            let each = connection.outputs.iter().map(|output| match &output.value {
                ConnectionOutput::Nodes(node) => entries(node),
                ConnectionOutput::Edges(edges) => sum(edges.iter().map(|edge| match &edge.value {
                    EdgeOutput::Node(node) => entries(node),
                    EdgeOutput::Cursor | EdgeOutput::Constant(_) => 0,
                })),
                _ => 0,
            });
            connection.size.rows.saturating_mul(sum(each).saturating_add(1))
        }
        _ => 0,
    });
    sum(all)
}

fn sum(numbers: impl Iterator<Item = u32>) -> u32 {
    numbers.fold(0, u32::saturating_add)
}

/// What an act gives for a field of its payload.
#[derive(Clone, Debug)]
pub enum ActValue {
    /// A record, to be read by the API.
    Record(Uuid),
    Json(Value),
}

impl ActValue {
    pub fn json(&self) -> Value {
        match self {
            ActValue::Record(id) => Value::from(id.to_string()),
            ActValue::Json(value) => value.clone(),
        }
    }
}

impl House {
    /// What plugins are checked with that stand alone, beside no other.
    pub fn workshop(&self) -> Workshop<'_> {
        Workshop { model: &self.model, points: &self.points, host: &self.host, queries: self.queries.as_ref() }
    }

    /// The number of the generation that is in force in the database.
    pub async fn generation(&self) -> Result<i64, WorkflowError> {
        Ok(generation::current(&self.database).await?)
    }

    /// The bytes of a package that was stored before.
    pub async fn package(&self, digest: &str) -> Result<Vec<u8>, WorkflowError> {
        keepable("the digest", digest)?;
        let missing =
            || WorkflowError::NotFound(format!("there is no package `{digest}`; send it to `/packages` first"));
        package::get(&self.database, digest).await?.ok_or_else(missing)
    }
}
