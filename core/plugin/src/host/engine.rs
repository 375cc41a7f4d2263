//! The engine: what WebAssembly may do here, and what it costs.

use std::num::NonZeroUsize;

use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, OperatorCost, PoolingAllocationConfig};

use super::HostError;
use crate::limits::Limits;

/// How much of a memory stays in RAM between calls. More than a plugin of Rust touches, so that a fresh instance finds its
/// pages there and need not fault them in.
const KEEP_RESIDENT: usize = 4 << 20;

/// Memories and tables of one plugin: its own, and those of the small modules that connect it.
const MEMORIES: u32 = 2;
const TABLES: u32 = 4;

/// Stack for what the host does inside of a guest call, beside the guest's own.
const HOST_STACK: usize = 512 << 10;

pub(super) fn start(limits: &Limits) -> Result<Engine, HostError> {
    let failed = |error: wasmtime::Error| HostError::Engine(format!("{error:#}"));
    let mut config = config(limits);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(limits)));
    Engine::new(&config).map_err(failed)
}

/// An engine that compiles and runs nothing: without a pool of instances it takes no address space.
pub(crate) fn compiler() -> Result<Engine, HostError> {
    Engine::new(&config(&Limits::default())).map_err(|error| HostError::Engine(format!("{error:#}")))
}

fn config(limits: &Limits) -> Config {
    let mut config = Config::new();
    config
        .consume_fuel(true)
        .operator_cost(cost())
        .max_wasm_stack(limits.stack)
        .async_stack_size(limits.stack + HOST_STACK)
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
        .total_stacks(calls)
        .max_memory_size(limits.memory)
        .linear_memory_keep_resident(KEEP_RESIDENT.min(limits.memory))
        .table_keep_resident(64 << 10)
        .pagemap_scan(Enabled::Auto);
    pool
}

/// Fuel for what the host does on a guest's behalf: as much as about so many instructions take. What is copied or filled costs
/// one for each byte beside it.
fn cost() -> OperatorCost {
    const CALL: u8 = 10;
    const GROWTH: u8 = 200;
    OperatorCost {
        MemoryGrow: GROWTH,
        TableGrow: GROWTH,
        MemoryCopy: CALL,
        MemoryFill: CALL,
        MemoryInit: CALL,
        DataDrop: CALL,
        TableCopy: CALL,
        TableFill: CALL,
        TableInit: CALL,
        ElemDrop: CALL,
        ..OperatorCost::new()
    }
}
