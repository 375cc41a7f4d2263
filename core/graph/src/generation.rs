//! A generation: strategy, plugins, roles, schemas and plans that belong together, swapped as one.

use std::sync::Arc;

use apollo_compiler::executable::Operation;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Name, Node};
use guildhall_decision::DecisionPoint;
use guildhall_model::{Access, Model, Role, Rows, Scope};
use guildhall_workflow::{Bearer, Deployment, House};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

use crate::ApiError;
use crate::front::Front;
use crate::metrics::{CacheMetrics, Counted, Counters, LabelCounters, OTHER};
use crate::plan::{MutationPlan, Plan, Shape};
use crate::schema::{self, Source};

/// How much the caches of one label hold: documents by what their text becomes, plans by their SQL and introspection.
const DOCUMENT_BYTES: u64 = 16 << 20;
const PLAN_BYTES: u64 = 16 << 20;
/// About how many entries that will be.
const ENTRIES: usize = 2_000;
/// How many bytes a validated document takes for one of its text.
const BYTES_OF_A_LETTER: u64 = 40;
/// How many schemas are kept beside those of the built-in roles. Another one takes the place of the one least used.
const SCHEMAS: usize = 32;
/// How many sums of roles are kept.
const ACCESSES: usize = 1_000;

pub(crate) struct Generation {
    pub deployment: Arc<Deployment>,
    pub house: Arc<House>,
    /// What the bearers of tokens may do, by what their tokens say.
    accesses: Cache<Granted, Arc<Access>>,
    /// Those of the built-in roles.
    built_in: Vec<Arc<AccessSchema>>,
    schemas: Cache<[u8; 32], Arc<AccessSchema>>,
    /// One for each built-in role, and the last for all else.
    caches: Vec<Arc<Caches>>,
}

/// What a token grants: roles, scopes and the form of its reach.
type Granted = (Vec<String>, Vec<Scope>, Rows);

/// The schema that whoever has an access of one shape is served.
pub(crate) struct AccessSchema {
    shape: [u8; 32],
    pub sdl: Arc<str>,
    pub front: Front,
    /// The decision points whose fields are in it.
    pub points: Vec<Arc<DecisionPoint>>,
    pub caches: Arc<Caches>,
}

/// The documents and plans of one or several schemas.
pub(crate) struct Caches {
    label: &'static str,
    documents: Counted<DocumentKey, Arc<Document>, ByBytes>,
    pub plans: Counted<PlanKey, Arc<Prepared>, ByBytes>,
}

/// The shape of the access whose schema it was validated against, and the text's digest.
type DocumentKey = ([u8; 32], [u8; 32]);

/// A validated document with the shapes of its operations.
pub(crate) struct Document {
    pub executable: Valid<ExecutableDocument>,
    pub digest: [u8; 32],
    shapes: Vec<(Option<Name>, Shape)>,
    /// Length of its text.
    bytes: usize,
}

/// What two requests must agree in to share a plan, beside the generation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PlanKey {
    pub document: [u8; 32],
    pub operation: Option<String>,
    pub shape: String,
    /// The shape of the access, and which rows it opens.
    pub access: ([u8; 32], [u8; 32]),
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

impl Weighter<DocumentKey, Arc<Document>> for ByBytes {
    fn weight(&self, _: &DocumentKey, document: &Arc<Document>) -> u64 {
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
    /// Builds the schemas of the built-in roles; those of other accesses are built when they are first asked for.
    pub(crate) fn new(house: Arc<House>, deployment: Arc<Deployment>, counters: &Counters) -> Result<Self, ApiError> {
        let model = &house.model;
        let caches = counters.labels().iter().map(Caches::new).collect::<Result<Vec<_>, _>>()?;
        let built_in = caches.iter().filter_map(|caches| Some((Role::named(caches.label)?, caches)));
        let built_in = built_in.map(|(role, caches)| {
            AccessSchema::new(model, &deployment, &Access::of(model, role), Arc::clone(caches)).map(Arc::new)
        });
        let built_in = built_in.collect::<Result<_, _>>()?;
        let (accesses, schemas) = (Cache::new(ACCESSES), Cache::new(SCHEMAS));
        Ok(Generation { house, deployment, accesses, built_in, schemas, caches })
    }

    /// What the bearer of a token may do now.
    pub(crate) fn access(&self, bearer: &Bearer) -> Arc<Access> {
        let granted = (bearer.roles.clone(), bearer.scopes.clone(), bearer.reach.rows());
        if let Some(access) = self.accesses.get(&granted) {
            return access;
        }
        let access = Arc::new(bearer.access(&self.house.model, self.deployment.roles()));
        self.accesses.insert(granted, Arc::clone(&access));
        access
    }

    /// The schema that whoever has that access is served. It takes long to build, so it is built once, apart from the threads
    /// that answer.
    pub(crate) async fn schema(&self, access: &Arc<Access>) -> Result<Arc<AccessSchema>, ApiError> {
        if let Some(known) = self.built_in.iter().find(|schema| schema.shape == *access.shape()) {
            return Ok(Arc::clone(known));
        }
        let build = async {
            let lost = || ApiError::Schema("a cache was lost".to_owned());
            let caches = self.caches.iter().find(|caches| caches.label == OTHER).ok_or_else(lost)?;
            let (model, deployment) = (Arc::clone(&self.house.model), Arc::clone(&self.deployment));
            let (access, caches) = (Arc::clone(access), Arc::clone(caches));
            let building = move || AccessSchema::new(&model, &deployment, &access, caches).map(Arc::new);
            let built = tokio::task::spawn_blocking(building).await;
            built.map_err(|error| ApiError::Schema(error.to_string()))?
        };
        self.schemas.get_or_insert_async(access.shape(), build).await
    }

    /// What its caches hold and did.
    pub(crate) fn caches(&self) -> Vec<CacheMetrics> {
        let told = |caches: &Arc<Caches>| {
            [caches.documents.metrics("documents", caches.label), caches.plans.metrics("plans", caches.label)]
        };
        self.caches.iter().flat_map(told).collect()
    }
}

impl Caches {
    fn new((label, documents, plans): &LabelCounters) -> Result<Arc<Self>, ApiError> {
        let unkept = || ApiError::Schema("a cache cannot be made".to_owned());
        Ok(Arc::new(Caches {
            label,
            documents: Counted::new(ENTRIES, DOCUMENT_BYTES, ByBytes, documents).ok_or_else(unkept)?,
            plans: Counted::new(ENTRIES, PLAN_BYTES, ByBytes, plans).ok_or_else(unkept)?,
        }))
    }
}

impl AccessSchema {
    fn new(model: &Model, deployment: &Deployment, access: &Access, caches: Arc<Caches>) -> Result<Self, ApiError> {
        let points: Vec<_> =
            deployment.points().iter().filter(|point| deployment.may_see(model, access, point)).cloned().collect();
        let sdl = schema::sdl(&Source { model, points: &points, access })
            .map_err(|error| ApiError::Schema(error.to_string()))?;
        let front = Front::new(&sdl).map_err(|error| ApiError::Schema(error.to_string()))?;
        Ok(AccessSchema { shape: *access.shape(), sdl: sdl.into(), front, points, caches })
    }

    /// The validated document of `text`, from the cache if it was seen before.
    pub(crate) fn document(&self, text: &str) -> Result<Arc<Document>, Vec<crate::Problem>> {
        let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        let key = (self.shape, digest);
        if let Some(document) = self.caches.documents.get(&key) {
            return Ok(document);
        }
        let executable = self.front.parse(text)?;
        let document = Arc::new(Document::new(executable, digest, text.len()));
        self.caches.documents.insert(key, Arc::clone(&document));
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
