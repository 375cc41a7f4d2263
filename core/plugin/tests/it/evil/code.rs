//! Modules that want what no plugin needs, or are heavy to compile.

use super::component::Parts;
use super::{Case, case};

/// The component that behaves, beside this module.
fn module(name: &'static str, does: &'static str, fields: impl Fn() -> String + 'static) -> Case {
    case(name, does, move |ground| ground.tell(&beside(&fields())))
}

/// The module takes long to compile: it is refused, or it is compiled and its component answers. Which of both depends on the
/// machine; that it comes to an end within the patience for a case does not.
fn heavy(name: &'static str, does: &'static str, fields: impl Fn() -> String + 'static) -> Case {
    case(name, does, move |ground| {
        let came = ground.tell(&beside(&fields()));
        let refused = came.starts_with("not loaded: ") || came.starts_with("no package: ");
        assert!(refused || came.starts_with("{\"discount\":\"0\""), "{came}");
        "compiled and answered, or refused; in bounded time".to_owned()
    })
}

fn beside(fields: &str) -> Vec<u8> {
    Parts { before: format!("(core module {fields})"), ..Parts::default() }.package()
}

fn text(fields: &'static str) -> impl Fn() -> String {
    move || fields.to_owned()
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        module("memory64", "has a memory of 64 bits", text("(memory i64 1)")),
        module("two_memories", "has two memories in one module", text("(memory 1) (memory 1)")),
        module("shared_memory", "shares memory between threads", text("(memory 1 1 shared)")),
        module("small_pages", "has pages of one byte", text("(memory 1 (pagesize 1))")),
        module("exceptions", "throws exceptions", text("(tag $no) (func (throw $no))")),
        module("tail_calls", "calls itself without a stack", text("(func $again (return_call $again))")),
        module("garbage", "wants its garbage collected", text("(type (struct (field i32)))")),
        module("references", "takes functions by reference", text("(type $f (func)) (func (param (ref $f)))")),
        module(
            "relaxed",
            "calculates as each machine likes",
            text("(func (param v128) (result v128) (f32x4.relaxed_madd (local.get 0) (local.get 0) (local.get 0)))"),
        ),
        module(
            "wide",
            "calculates with 128 bits",
            text(
                "(func (param i64) (result i64 i64) (i64.add128 (local.get 0) (local.get 0) (local.get 0) (local.get 0)))",
            ),
        ),
        module("stacks", "switches stacks", text("(type $f (func)) (type $c (cont $f)) (func (param (ref null $c)))")),
        module("far_local", "has 50,001 locals", || format!("(func (local {}))", "i32 ".repeat(50_001))),
        module("many_parameters", "has a function of 1,001 parameters", || {
            format!("(func (param {}))", "i32 ".repeat(1_001))
        }),
        heavy("long_function", "has a function of 700 KB", || {
            format!("(func (param i32) {})", "(local.set 0 (i32.add (local.get 0) (i32.const 7)))".repeat(100_000))
        }),
        heavy("many_functions", "has 60,000 functions", || "(func)".repeat(60_000)),
        heavy("many_locals", "keeps 300 locals alive over 300 loops", || {
            let sums: String = (0..300)
                .map(|local| {
                    format!("(local.set {local} (i32.add (local.get {local}) (local.get {}))) ", (local + 1) % 300)
                })
                .collect();
            let loops: String = (0..300).map(|_| "loop local.get 0 br_if 0 end ").collect();
            format!("(func (param {}) {sums} {loops} {sums})", "i32 ".repeat(300))
        }),
        heavy("deep_blocks", "nests 20,000 blocks", || {
            format!("(func {} {})", "block ".repeat(20_000), "end ".repeat(20_000))
        }),
        heavy("wide_branches", "branches 40 times to one of 400 places", || {
            let branch =
                format!("(br_table {} (local.get 0))", (0..400).map(|place| format!("{place} ")).collect::<String>());
            let body: String = (0..40).map(|_| format!("(block {branch})")).collect();
            format!("(func (param i32) {} {body} {})", "block ".repeat(400), "end ".repeat(400))
        }),
    ]
}
