//! Finance's credit check as other engines decide it: `guildhall-bench-engines ENGINE MILLISECONDS < calls`.
//!
//! A line of standard input is a call: `{"at": "...", "parameters": {...}, "input": {...}}`. Every decision reads that JSON, evaluates the compiled
//! rule and writes its answer as JSON. Standard output gets one answer for each call, and then how many nanoseconds a decision takes.

use std::error::Error;
use std::io::Read as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::RegoVM;
use regorus::{Engine, Value};
use zen_expression::variable::Variable;

type Fallible<T> = Result<T, Box<dyn Error>>;

const ANSWER: &str = "data.check.answer";

fn main() -> Fallible<()> {
    let mut arguments = std::env::args().skip(1);
    let engine = arguments.next().ok_or("no engine is named")?;
    let length = Duration::from_millis(arguments.next().ok_or("no time is given")?.parse()?);
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let calls: Vec<&str> = text.lines().collect();
    match engine.as_str() {
        "zen-expression" => {
            // The language has no comments. Its numbers keep their places: a division by 1.00000000 takes zeros from the end.
            let rule = zen_expression::compile_expression(include_str!("../rules/check.zen"))?;
            let mut vm = zen_expression::vm::VM::new();
            measure(&calls, length, |call| {
                let input: Variable = serde_json::from_str(call)?;
                let answer = rule.evaluate_with(input, &mut vm).map_err(|error| error.to_string())?;
                Ok(serde_json::to_string(&answer)?)
            })
        }
        "regorus" => {
            let policy = rego()?.compile_with_entrypoint(&Arc::from(ANSWER))?;
            measure(&calls, length, |call| Ok(policy.eval_with_input(Value::from_json_str(call)?)?.to_json_str()?))
        }
        "regorus, its virtual machine" => {
            let policy = rego()?.compile_with_entrypoint(&Arc::from(ANSWER))?;
            let program = Compiler::compile_from_policy(&policy, &[ANSWER])?;
            let mut vm = RegoVM::new_with_policy(policy);
            vm.load_program(program);
            vm.set_data(Value::new_object())?;
            measure(&calls, length, |call| {
                vm.set_input(Value::from_json_str(call)?);
                Ok(vm.execute_entry_point_by_name(ANSWER)?.to_json_str()?)
            })
        }
        other => Err(format!("`{other}` is no engine").into()),
    }
}

fn rego() -> Fallible<Engine> {
    let mut engine = Engine::new();
    engine.add_policy("check.rego".to_owned(), include_str!("../rules/check.rego").to_owned())?;
    Ok(engine)
}

/// Prints what is decided about every call, and decides about them over and over for so long.
fn measure(calls: &[&str], length: Duration, mut decide: impl FnMut(&str) -> Fallible<String>) -> Fallible<()> {
    for call in calls {
        let answer: serde_json::Value = serde_json::from_str(&decide(call)?)?;
        println!("{answer}");
    }
    let (mut decided, began) = (0_u64, Instant::now());
    while began.elapsed() < length {
        for call in calls {
            std::hint::black_box(decide(call)?);
        }
        decided += u64::try_from(calls.len())?;
    }
    println!("{}", began.elapsed().as_nanos() / u128::from(decided.max(1)));
    Ok(())
}
