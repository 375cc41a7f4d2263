//! A generation: strategy, plugins, schemas and plans that belong together, swapped as one.

use std::sync::Arc;

use apollo_compiler::executable::Operation;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Name, Node};
use guildhall_decision::DecisionPoint;
use guildhall_model::{Model, Reach, Role};
use guildhall_workflow::Deployment;
use quick_cache::Weighter;
use sha2::{Digest, Sha256};

use crate::ApiError;
use crate::front::Front;
use crate::metrics::{CacheMetrics, Counted, Counters, RoleCounters};
use crate::plan::{MutationPlan, Plan, Shape};
use crate::schema::{self, Source};

/// How much one role's caches hold: documents by what their text becomes, plans by their SQL and introspection.
const DOCUMENT_BYTES: u64 = 16 << 20;
const PLAN_BYTES: u64 = 16 << 20;
/// About how many entries that will be.
const ENTRIES: usize = 2_000;
/// How many bytes a validated document takes for one of its text.
const BYTES_OF_A_LETTER: u64 = 40;

pub(crate) struct Generation {
    pub deployment: Arc<Deployment>,
    roles: Vec<RoleSchema>,
}

/// The schema a role is served, with the documents and plans made for it.
pub(crate) struct RoleSchema {
    pub role: Role,
    pub sdl: Arc<str>,
    pub front: Front,
    /// The decision points whose fields the role sees.
    pub points: Vec<Arc<DecisionPoint>>,
    documents: Counted<[u8; 32], Arc<Document>, ByBytes>,
    pub plans: Counted<PlanKey, Arc<Prepared>, ByBytes>,
}

/// A validated document with the shapes of its operations.
pub(crate) struct Document {
    pub executable: Valid<ExecutableDocument>,
    pub digest: [u8; 32],
    shapes: Vec<(Option<Name>, Shape)>,
    /// Length of its text.
    bytes: usize,
}

/// What two requests must agree in to share a plan, beside role and generation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PlanKey {
    pub document: [u8; 32],
    pub operation: Option<String>,
    pub shape: String,
    /// The form of the actor's reach.
    pub reach: std::mem::Discriminant<Reach>,
}

pub(crate) enum Prepared {
    Query(Plan),
    Mutation(MutationPlan),
}

impl Prepared {
    /// What executing it costs, in points.
    pub(crate) fn cost(&self) -> u64 {
        match self {
            Prepared::Query(plan) => plan.cost,
            Prepared::Mutation(plan) => plan.cost(),
        }
    }
}

/// Weighs cached things by what they hold on to, so that large ones cannot fill the memory.
#[derive(Clone)]
pub(crate) struct ByBytes;

impl Weighter<[u8; 32], Arc<Document>> for ByBytes {
    fn weight(&self, _: &[u8; 32], document: &Arc<Document>) -> u64 {
        document.bytes as u64 * BYTES_OF_A_LETTER + 1_024
    }
}

impl Weighter<PlanKey, Arc<Prepared>> for ByBytes {
    fn weight(&self, key: &PlanKey, prepared: &Arc<Prepared>) -> u64 {
        let bytes = match prepared.as_ref() {
            Prepared::Query(plan) => plan.bytes(),
            Prepared::Mutation(plan) => plan.bytes(),
        };
        (key.shape.len() + bytes) as u64 + 1_024
    }
}

impl Generation {
    pub(crate) fn new(model: &Model, deployment: Arc<Deployment>, counters: &Counters) -> Result<Self, ApiError> {
        let roles = counters.roles().iter().map(|role| RoleSchema::new(model, &deployment, role));
        let roles = roles.collect::<Result<_, _>>()?;
        Ok(Generation { deployment, roles })
    }

    pub(crate) fn role(&self, role: Role) -> Option<&RoleSchema> {
        self.roles.iter().find(|schema| schema.role == role)
    }

    /// What its caches hold and did.
    pub(crate) fn caches(&self) -> Vec<CacheMetrics> {
        let of_role = |role: &RoleSchema| {
            [role.documents.metrics("documents", role.role), role.plans.metrics("plans", role.role)]
        };
        self.roles.iter().flat_map(of_role).collect()
    }
}

impl RoleSchema {
    fn new(model: &Model, deployment: &Deployment, (role, documents, plans): &RoleCounters) -> Result<Self, ApiError> {
        let role = *role;
        let unkept = || ApiError::Schema("a cache cannot be made".to_owned());
        let points: Vec<_> =
            deployment.points().iter().filter(|point| deployment.may_see(model, role, point)).cloned().collect();
        let sdl = schema::sdl(&Source { model, points: &points, role })
            .map_err(|error| ApiError::Schema(error.to_string()))?;
        let front = Front::new(&sdl).map_err(|error| ApiError::Schema(error.to_string()))?;
        Ok(RoleSchema {
            role,
            sdl: sdl.into(),
            front,
            points,
            documents: Counted::new(ENTRIES, DOCUMENT_BYTES, ByBytes, documents).ok_or_else(unkept)?,
            plans: Counted::new(ENTRIES, PLAN_BYTES, ByBytes, plans).ok_or_else(unkept)?,
        })
    }

    /// The validated document of `text`, from the cache if it was seen before.
    pub(crate) fn document(&self, text: &str) -> Result<Arc<Document>, Vec<crate::Problem>> {
        let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        if let Some(document) = self.documents.get(&digest) {
            return Ok(document);
        }
        let executable = self.front.parse(text)?;
        let document = Arc::new(Document::new(executable, digest, text.len()));
        self.documents.insert(digest, Arc::clone(&document));
        Ok(document)
    }
}

impl Document {
    fn new(executable: Valid<ExecutableDocument>, digest: [u8; 32], bytes: usize) -> Self {
        let shape = |operation: &Node<Operation>| (operation.name.clone(), Shape::of(&executable, operation));
        let shapes = executable.operations.iter().map(shape).collect();
        Document { executable, digest, shapes, bytes }
    }

    /// The shape of one of its operations.
    pub(crate) fn shape(&self, operation: &Operation) -> Option<&Shape> {
        self.shapes.iter().find(|(name, _)| *name == operation.name).map(|(_, shape)| shape)
    }
}
