//! Host: the engine that all guests share, and how a package becomes a guest.

mod engine;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use wasmtime::Engine;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker};

use crate::breaker::Breaker;
use crate::cache::{self, CacheError, CodeCache};
use crate::compile::{Worker, compiled};
use crate::contract::ContractError;
use crate::experience::Experience;
use crate::failure::shown;
use crate::gate::Gate;
use crate::guest::{Guest, Loaded};
use crate::instance::{self, Parameters, Program, Returned, State};
use crate::limits::Limits;
use crate::package::Package;
use crate::tally::Tallies;
pub(crate) use engine::compiler;

/// Bytes of compiled code that a cache keeps: some hundred plugins'.
const CACHE_LIMIT: u64 = 512 << 20;

/// How many components are compiled at a time, and how long another one waits for its turn.
const COMPILING: usize = 2;
const COMPILE_PATIENCE: Duration = Duration::from_secs(30);

/// How a host is set up.
#[derive(Clone, Debug)]
pub struct HostConfig {
    /// Folder for compiled code; without it every start compiles anew. Created if it is missing, readable by nobody else.
    pub cache: Option<PathBuf>,
    /// Bytes of code that are kept there. What was not used for longest makes room.
    pub cache_limit: u64,
    pub limits: Limits,
    /// What compiles; without it this process does, unbounded. That is for tests and tools whose packages are their own: whoever
    /// takes packages from others has a worker.
    pub worker: Option<Worker>,
}

impl Default for HostConfig {
    fn default() -> Self {
        HostConfig { cache: None, cache_limit: CACHE_LIMIT, limits: Limits::default(), worker: None }
    }
}

/// Runs guests. A process needs one. Cloning is cheap and gives the same host.
#[derive(Clone)]
pub struct Host(Arc<Inner>);

struct Inner {
    engine: Engine,
    linker: Linker<State>,
    cache: Option<CodeCache>,
    limits: Arc<Limits>,
    gate: Arc<Gate>,
    worker: Option<Worker>,
    compiling: Gate,
    tallies: Tallies,
    /// Guests that are in use, by digest.
    loaded: Mutex<HashMap<String, Weak<Loaded>>>,
}

/// Why a host cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    #[error("the WebAssembly engine cannot be started: {0}")]
    Engine(String),
    #[error(transparent)]
    Cache(#[from] CacheError),
}

/// Why a package cannot become a guest.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error(transparent)]
    Contract(#[from] ContractError),
    #[error("it is not a valid component: {0}")]
    Invalid(String),
    #[error("it imports {0}; a plugin may import `log` and nothing else")]
    Import(String),
    #[error("it exports no `decide` as the plugin contract has it: {0}")]
    Export(String),
    #[error("it needs more memory to start than the {limit} bytes a plugin may have")]
    Memory { limit: usize },
    #[error("compiling it took longer than {} s; make it smaller, or divide its largest functions", wall.as_secs_f32())]
    CompileTime { wall: Duration },
    #[error("compiling it took more than {} MiB of memory; make it smaller, or divide its largest functions", memory >> 20)]
    CompileMemory { memory: u64 },
    #[error("it asks for more than a plugin may have: {0}")]
    Unfit(String),
    #[error("its compiled code is too large; make it smaller")]
    CodeTooLarge,
    #[error("too many plugins are being compiled; try again")]
    Busy,
    #[error("the process that compiles plugins died of it: {0}; nothing was loaded")]
    Died(String),
    /// That is about this machine, not about the package.
    #[error("the process that compiles plugins {0}; nothing was loaded")]
    Worker(String),
}

impl Host {
    /// Starts the engine.
    ///
    /// # Errors
    ///
    /// If this machine cannot run guests, or the folder for compiled code cannot be used.
    pub fn new(config: HostConfig) -> Result<Self, HostError> {
        let limits = Arc::new(config.limits);
        let engine = engine::start(&limits)?;
        let mut linker = Linker::new(&engine);
        linker.root().func_wrap("log", instance::log).map_err(|error| HostError::Engine(error.to_string()))?;
        let cache = config.cache.map(|folder| CodeCache::open(folder, &engine, config.cache_limit)).transpose()?;
        let gate = Arc::new(Gate::new(limits.concurrency));
        Ok(Host(Arc::new(Inner {
            engine,
            linker,
            cache,
            limits,
            gate,
            worker: config.worker,
            compiling: Gate::new(COMPILING),
            tallies: Tallies::default(),
            loaded: Mutex::default(),
        })))
    }

    /// The limits every guest has.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Makes a package ready to be asked: checks its contract, its imports and its export, and compiles it unless the cache
    /// has its code. Blocks the thread while it is compiled.
    ///
    /// # Errors
    ///
    /// Says what of the package does not fit the contract.
    pub fn load(&self, package: &Package) -> Result<Guest, LoadError> {
        self.0.load(package).map(Guest::new)
    }
}

impl Inner {
    fn load(&self, package: &Package) -> Result<Arc<Loaded>, LoadError> {
        if let Some(loaded) = self.known(package.digest()) {
            return Ok(loaded);
        }
        let manifest = package.manifest();
        package.check_contract()?;
        let component = self.component(package)?;
        self.check_interface(&component)?;
        self.check_resources(&component)?;
        let instance = self
            .linker
            .instantiate_pre(&component)
            .map_err(|error| LoadError::Import(format!("what cannot be given: {}", readable(&error))))?;
        let decide = component
            .get_export_index(None, "decide")
            .ok_or_else(|| LoadError::Export("there is no export of that name".to_owned()))?;
        let tally = self.tallies.of(&manifest.name);
        let loaded = Arc::new(Loaded {
            digest: package.digest().to_owned(),
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            department: manifest.department.clone(),
            settings: package.settings_schema().cloned(),
            breaker: Breaker::new(&manifest.name, Arc::clone(&tally)),
            tally,
            program: Program { engine: self.engine.clone(), instance, decide },
            experience: Experience::of(manifest.serves.iter().map(|serves| serves.point.as_str())),
            limits: Arc::clone(&self.limits),
            gate: Gate::new(self.limits.concurrency_per_plugin),
            host_gate: Arc::clone(&self.gate),
        });
        let mut all = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, known| known.strong_count() > 0);
        all.insert(package.digest().to_owned(), Arc::downgrade(&loaded));
        Ok(loaded)
    }

    fn known(&self, digest: &str) -> Option<Arc<Loaded>> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).get(digest).and_then(Weak::upgrade)
    }

    fn component(&self, package: &Package) -> Result<Component, LoadError> {
        let cached = || self.cache.as_ref().and_then(|cache| cache.load(&self.engine, package.digest()));
        if let Some(component) = cached() {
            return Ok(component);
        }
        let _place = self.compiling.enter(COMPILE_PATIENCE).ok_or(LoadError::Busy)?;
        // Another may have compiled it meanwhile.
        if let Some(component) = cached() {
            return Ok(component);
        }
        let code = match &self.worker {
            Some(worker) => worker.compile(package.bytes())?,
            None => compiled(package.bytes())?,
        };
        if let Some(cache) = &self.cache {
            cache.store(&code, package.digest());
        }
        // Code that is none is the worker's fault. Code that is one and does not fit asks for more than the engine gives.
        let unfit = |error| match Engine::detect_precompiled(&code) {
            Some(_) => LoadError::Unfit(readable(&error)),
            None => LoadError::Worker(format!("gave code that cannot be run here: {}", readable(&error))),
        };
        cached().map_or_else(|| cache::deserialize(&self.engine, &code).map_err(unfit), Ok)
    }

    fn check_interface(&self, component: &Component) -> Result<(), LoadError> {
        let ty = component.component_type();
        let foreign: Vec<_> = ty
            .imports(&self.engine)
            .filter(|(name, item)| *name != "log" && !matches!(item.ty, ComponentItem::Type(_)))
            .map(|(name, _)| format!("`{}`", shown(name, 80)))
            .take(10)
            .collect();
        if !foreign.is_empty() {
            return Err(LoadError::Import(foreign.join(", ")));
        }
        match ty.get_export(&self.engine, "decide").map(|item| item.ty) {
            Some(ComponentItem::ComponentFunc(decide)) => decide
                .typecheck::<Parameters<'static>, Returned>(&ty.instance_type())
                .map_err(|error| LoadError::Export(readable(&error))),
            Some(_) => Err(LoadError::Export("it is no function".to_owned())),
            None => Err(LoadError::Export("there is no export of that name".to_owned())),
        }
    }

    fn check_resources(&self, component: &Component) -> Result<(), LoadError> {
        const PAGE: u64 = 64 << 10;
        let limit = self.limits.memory;
        let fits = component.resources_required().is_some_and(|required| {
            let pages = required.max_initial_memory_size.unwrap_or(0);
            pages.saturating_mul(PAGE) <= u64::try_from(limit).unwrap_or(u64::MAX)
        });
        if fits { Ok(()) } else { Err(LoadError::Memory { limit }) }
    }
}

/// An error of wasmtime in one bounded line. It is about the package, not about this machine.
pub(crate) fn readable(error: &wasmtime::Error) -> String {
    let causes: Vec<_> = error.chain().map(|cause| cause.to_string()).collect();
    shown(&causes.join(": "), 300)
}

impl std::fmt::Debug for Host {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Host").field("limits", &self.0.limits).finish_non_exhaustive()
    }
}
