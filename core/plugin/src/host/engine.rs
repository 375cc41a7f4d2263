//! The engine: what WebAssembly may do here, and the clock.

use std::num::NonZeroUsize;

use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::HostError;
use crate::instance::TICK;
use crate::limits::Limits;

/// How much of a memory stays in RAM between calls. More than a plugin of Rust touches, so that a fresh instance finds its
/// pages there and need not fault them in.
const KEEP_RESIDENT: usize = 4 << 20;

/// Memories and tables of one plugin: its own, and those of the small modules that connect it.
const MEMORIES: u32 = 2;
const TABLES: u32 = 4;

pub(super) fn start(limits: &Limits) -> Result<Engine, HostError> {
    let failed = |error: wasmtime::Error| HostError::Engine(format!("{error:#}"));
    let mut config = config(limits);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(limits)));
    let engine = Engine::new(&config).map_err(failed)?;
    start_clock(&engine)?;
    Ok(engine)
}

/// An engine that compiles and runs nothing: without a pool of instances it takes no address space.
pub(crate) fn compiler() -> Result<Engine, HostError> {
    Engine::new(&config(&Limits::default())).map_err(|error| HostError::Engine(format!("{error:#}")))
}

fn config(limits: &Limits) -> Config {
    let mut config = Config::new();
    config
        .consume_fuel(true)
        .epoch_interruption(true)
        .max_wasm_stack(limits.stack)
        // The same call gives the same bytes on every machine.
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false)
        .relaxed_simd_deterministic(true)
        // What no plugin needs is not there to be attacked.
        .wasm_gc(false)
        .wasm_function_references(false)
        .wasm_exceptions(false)
        .wasm_threads(false)
        .wasm_shared_everything_threads(false)
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_tail_call(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false)
        .wasm_stack_switching(false)
        .concurrency_support(false)
        // Nobody is shown a backtrace, so none is collected and no addresses are kept for it.
        .wasm_backtrace_max_frames(None::<NonZeroUsize>)
        .generate_address_map(false)
        .native_unwind_info(false);
    config
}

fn pool(limits: &Limits) -> PoolingAllocationConfig {
    let calls = u32::try_from(limits.concurrency).unwrap_or(u32::MAX);
    let instances = u32::try_from(limits.instances).unwrap_or(u32::MAX);
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(calls)
        .max_core_instances_per_component(instances)
        .total_core_instances(calls.saturating_mul(instances))
        .max_memories_per_component(MEMORIES)
        .total_memories(calls.saturating_mul(MEMORIES))
        .max_tables_per_component(TABLES)
        .total_tables(calls.saturating_mul(TABLES))
        .max_memory_size(limits.memory)
        .linear_memory_keep_resident(KEEP_RESIDENT.min(limits.memory))
        .table_keep_resident(64 << 10)
        .pagemap_scan(Enabled::Auto);
    pool
}

/// Lets the clock tick for as long as someone has the engine.
fn start_clock(engine: &Engine) -> Result<(), HostError> {
    let engine = engine.weak();
    let clock = move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(TICK);
        }
    };
    std::thread::Builder::new().name("plugin-clock".to_owned()).spawn(clock).map_err(HostError::Clock)?;
    Ok(())
}
