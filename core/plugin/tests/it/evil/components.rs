//! Components written by hand, where a compiler would not help.

use super::component::{Parts, packed};
use super::{Case, case, tell};

/// The component that behaves, with something replaced.
fn with(name: &'static str, does: &'static str, parts: impl Fn() -> Parts + 'static) -> Case {
    case(name, does, move |ground| ground.tell(&parts().package()))
}

/// It decides otherwise.
fn decides(name: &'static str, does: &'static str, decide: &'static str) -> Case {
    with(name, does, move || Parts { decide, ..Parts::default() })
}

/// It gives memory otherwise.
fn reallocates(name: &'static str, does: &'static str, realloc: &'static str) -> Case {
    with(name, does, move || Parts { realloc, ..Parts::default() })
}

/// Its module has more in it.
fn more(name: &'static str, does: &'static str, more: &'static str) -> Case {
    with(name, does, move || Parts { more: more.to_owned(), ..Parts::default() })
}

/// It has another memory.
fn memory(name: &'static str, does: &'static str, memory: &'static str) -> Case {
    with(name, does, move || Parts { memory, ..Parts::default() })
}

/// The component has something before its module.
fn before(name: &'static str, does: &'static str, before: impl Fn() -> String + 'static) -> Case {
    with(name, does, move || Parts { before: before(), ..Parts::default() })
}

/// With the limits of production, for what only the clock ends.
fn strictly(name: &'static str, does: &'static str, decide: &'static str) -> Case {
    case(name, does, move |ground| {
        let memory = "(memory (export \"memory\") 200)";
        tell(&ground.strict, &Parts { memory, decide, ..Parts::default() }.package())
    })
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![with("handmade", "behaves", Parts::default)];
    cases.extend(endless());
    cases.extend(bombs());
    cases.extend(pointers());
    cases.extend(traps());
    cases.extend(interfaces());
    cases
}

fn endless() -> Vec<Case> {
    let spins = || Parts { after: "(call $spin)", ..Parts::default() };
    let metadata = || Parts {
        beside: "(func (export \"metadata\") (canon lift (core func $i \"spin\")))".to_owned(),
        ..Parts::default()
    };
    vec![
        more("loop_in_start", "computes without end before it is asked", "(start $spin)"),
        decides("loop_in_decide", "computes without end when it is asked", "(call $spin) (unreachable)"),
        reallocates(
            "loop_in_realloc",
            "computes without end when it is to give memory for the question",
            "(call $spin) (unreachable)",
        ),
        with("loop_in_post_return", "computes without end after it has answered well", spins),
        with("loop_in_metadata", "exports a `metadata` that computes without end", metadata),
        decides("recursion", "calls itself without end", "(call $again) (unreachable) ) (func $again (call $again)"),
        strictly(
            "fill_storm",
            "fills 12 MiB of memory again and again",
            "(loop $again (memory.fill (i32.const 4096) (i32.const 165) (i32.const 12000000)) (br $again)) (unreachable)",
        ),
        strictly(
            "copy_storm",
            "copies 6 MiB of memory again and again",
            "(loop $again (memory.copy (i32.const 6000000) (i32.const 4096) (i32.const 6000000)) (br $again)) (unreachable)",
        ),
        decides(
            "grow_storm",
            "asks for no more memory again and again",
            "(loop $again (drop (memory.grow (i32.const 0))) (br $again)) (unreachable)",
        ),
        decides(
            "empty_storm",
            "copies nothing again and again",
            "(loop $again (memory.copy (i32.const 0) (i32.const 0) (i32.const 0)) (br $again)) (unreachable)",
        ),
        case("log_storm", "logs an empty text again and again", |ground| {
            ground.tell(&logging("(loop $again (call $log (i32.const 0) (i32.const 0)) (br $again)) (unreachable)", ""))
        }),
        case("log_in_realloc", "logs while the host hands over the question", |ground| {
            ground.tell(&logging("(unreachable)", "(call $log (i32.const 0) (i32.const 4))"))
        }),
        case("log_far", "logs a text outside its memory", |ground| {
            ground.tell(&logging("(call $log (i32.const 0x7fffffff) (i32.const 9)) (unreachable)", ""))
        }),
        case("log_no_text", "logs bytes that are no text", |ground| {
            ground.tell(&logging(
                "(i32.store (i32.const 0) (i32.const -1)) (call $log (i32.const 0) (i32.const 4)) (unreachable)",
                "",
            ))
        }),
    ]
}

/// A component that logs; its memory is a module of its own, because the host reads it.
fn logging(decide: &str, realloc: &str) -> Vec<u8> {
    packed(&format!(
        "(component
          (import \"log\" (func $log (param \"message\" string)))
          (core module $memory (memory (export \"memory\") 2))
          (core instance $memory (instantiate $memory))
          (core func $lowered (canon lower (func $log) (memory (core memory $memory \"memory\"))))
          (core module $m
            (import \"guest\" \"memory\" (memory 2))
            (import \"guest\" \"log\" (func $log (param i32 i32)))
            (func (export \"realloc\") (param i32 i32 i32 i32) (result i32) {realloc} (i32.const 4096))
            (func (export \"decide\") (param i32 i32 i32 i32 i32 i32) (result i32) {decide}))
          (core instance $i (instantiate $m (with \"guest\" (instance (export \"memory\" (memory $memory \"memory\")) (export \"log\" (func $lowered))))))
          (type $record (record (field \"parameters\" (list u8)) (field \"input\" (list u8))))
          (export $call \"call\" (type $record))
          (func (export \"decide\") (param \"point\" string) (param \"at\" string) (param \"calls\" (list $call)) (result (list (result (list u8) (error string))))
            (canon lift (core func $i \"decide\") (memory (core memory $memory \"memory\")) (realloc (core func $i \"realloc\")))))"
    ))
}

fn bombs() -> Vec<Case> {
    let instances = || (0..40).map(|_| "(core instance (instantiate $small))").collect::<String>();
    let memories = || (0..4).map(|_| "(core instance (instantiate $small))").collect::<String>();
    let nested = |depth: usize| format!("{}{}", "(component ".repeat(depth), ")".repeat(depth));
    // Each type has the one before it twice.
    let doubling = || {
        let tuples: String =
            (1..40).map(|index| format!("(type $t{index} (tuple $t{} $t{}))", index - 1, index - 1)).collect();
        format!("(type $t0 (tuple u64 u64)) {tuples}")
    };
    vec![
        memory("initial_memory", "wants 19 MiB of memory to begin with", "(memory (export \"memory\") 300)"),
        memory("growing_memory", "says that its memory may grow to 4 GiB", "(memory (export \"memory\") 2 65536)"),
        more(
            "grow_in_start",
            "takes memory page by page before it is asked",
            "(func $grow (loop $again (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) (unreachable)) (start $grow)",
        ),
        before("memories", "has five memories", move || format!("(core module $small (memory 1)) {}", memories())),
        more("initial_table", "wants a table of ten million functions", "(table 10000000 funcref)"),
        more(
            "tables",
            "has six tables",
            "(table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref)",
        ),
        more(
            "growing_table",
            "grows a table until it may not, and gives up",
            "(table $t 1 funcref) (func $grow (loop $again (br_if $again (i32.ne (table.grow $t (ref.null func) (i32.const 1000)) (i32.const -1)))) (unreachable)) (start $grow)",
        ),
        before("instances", "makes 40 instances", move || format!("(core module $small) {}", instances())),
        before("nested_components", "nests 90 components", move || nested(90)),
        before("doubling_types", "defines a type of 2 to the 40th parts", doubling),
        decides(
            "shared_outcomes",
            "gives 20,000 outcomes that share their bytes",
            "(local $at i32) (local.set $at (i32.const 8192)) (loop $again (i32.store offset=4 (local.get $at) (i32.const 256)) (i32.store offset=8 (local.get $at) (i32.const 3000)) (local.set $at (i32.add (local.get $at) (i32.const 12))) (br_if $again (i32.lt_u (local.get $at) (i32.const 128000)))) (call $outcomes (i32.const 8192) (i32.const 9900))",
        ),
        decides("many_outcomes", "gives 9,900 empty outcomes", "(call $outcomes (i32.const 8192) (i32.const 9900))"),
    ]
}

fn pointers() -> Vec<Case> {
    vec![
        decides("result_far", "says that its outcomes lie outside its memory", "(i32.const 0x7ffffff0)"),
        decides("result_unaligned", "says that its outcomes lie at an odd place", "(i32.const 65)"),
        decides("list_far", "gives a list outside its memory", "(call $outcomes (i32.const 0x7ffffff0) (i32.const 1))"),
        decides("list_unaligned", "gives a list at an odd place", "(call $outcomes (i32.const 129) (i32.const 1))"),
        decides(
            "list_endless",
            "gives a list of four thousand million outcomes",
            "(call $outcomes (i32.const 128) (i32.const -1))",
        ),
        decides(
            "answer_far",
            "gives an answer outside its memory",
            "(i32.store (i32.const 132) (i32.const 0x7ffffff0)) (call $outcomes (i32.const 128) (i32.const 1))",
        ),
        decides(
            "answer_endless",
            "gives an answer of four thousand million bytes",
            "(i32.store (i32.const 136) (i32.const -1)) (call $outcomes (i32.const 128) (i32.const 1))",
        ),
        decides(
            "answer_over_the_end",
            "gives an answer that ends behind its memory",
            "(i32.store (i32.const 132) (i32.const 131000)) (i32.store (i32.const 136) (i32.const 100)) (call $outcomes (i32.const 128) (i32.const 1))",
        ),
        decides(
            "no_outcome",
            "gives an outcome that is neither answer nor refusal",
            "(i32.store8 (i32.const 128) (i32.const 7)) (call $outcomes (i32.const 128) (i32.const 1))",
        ),
        decides(
            "refusal_no_text",
            "refuses with bytes that are no text",
            "(i32.store8 (i32.const 128) (i32.const 1)) (i32.store (i32.const 256) (i32.const -1)) (call $outcomes (i32.const 128) (i32.const 1))",
        ),
        reallocates("memory_far", "gives memory that it has not", "(i32.const 0x7ffffff0)"),
        reallocates("memory_unaligned", "gives memory at an odd place", "(i32.const 4097)"),
        reallocates("memory_shared", "gives the same memory again and again", "(i32.const 4096)"),
        reallocates("memory_last", "gives the last byte of its memory", "(i32.const 131064)"),
    ]
}

fn traps() -> Vec<Case> {
    vec![
        more("trap_in_start", "aborts before it is asked", "(func $no (unreachable)) (start $no)"),
        reallocates("trap_in_realloc", "aborts when it is to give memory for the question", "(unreachable)"),
        with("trap_in_post_return", "aborts after it has answered well", || Parts {
            after: "(unreachable)",
            ..Parts::default()
        }),
        more("data_far", "has data outside its memory", "(data (i32.const 0x7ffffff0) \"far\")"),
        decides("division", "divides by zero", "(i32.div_u (i32.const 1) (i32.const 0))"),
        decides("conversion", "makes a whole number of what is none", "(i32.trunc_f64_s (f64.const nan))"),
        decides(
            "no_function",
            "calls a function that is not there",
            "(call_indirect (result i32) (i32.const 3)) ) (table 9 funcref) (func",
        ),
        decides(
            "other_function",
            "calls a function as if it were another",
            "(call_indirect (result i32) (i32.const 0)) ) (table funcref (elem $spin)) (func",
        ),
    ]
}

fn interfaces() -> Vec<Case> {
    let exports = |name, does, export: &'static str| {
        case(name, does, move |ground| ground.tell(&Parts::default().component(export)))
    };
    vec![
        before("import_wasi", "imports the environment of WASI", || {
            "(import \"wasi:cli/environment@0.2.0\" (instance (export \"get-arguments\" (func (result (list string))))))".to_owned()
        }),
        before("import_sockets", "imports sockets and files of WASI", || {
            "(import \"wasi:sockets/tcp@0.2.0\" (instance)) (import \"wasi:filesystem/types@0.2.0\" (instance))"
                .to_owned()
        }),
        before("import_env", "imports a function `env`", || "(import \"env\" (func))".to_owned()),
        before("import_module", "imports a module", || "(import \"module\" (core module))".to_owned()),
        before("import_component", "imports a component", || "(import \"component\" (component))".to_owned()),
        before("import_other_log", "imports `log` as something else", || {
            "(import \"log\" (func (param \"message\" u32)))".to_owned()
        }),
        before("import_log_instance", "imports `log` as an instance", || {
            "(import \"log\" (instance (export \"open\" (func))))".to_owned()
        }),
        before("import_resource", "imports a resource", || "(import \"file\" (type (sub resource)))".to_owned()),
        exports("no_decide", "exports nothing", ""),
        exports(
            "other_decide",
            "exports a `decide` without parameters",
            "(func (export \"decide\") (canon lift (core func $i \"spin\")))",
        ),
        exports(
            "decide_instance",
            "exports an instance `decide`",
            "(instance $nothing) (export \"decide\" (instance $nothing))",
        ),
    ]
}
