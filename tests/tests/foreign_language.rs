//! A guest in another language, AssemblyScript, against the bare contract: packed, tested, installed and asked.

use std::process::Command;

use guildhall_tests::{Place, Server, data, node_program_or_say_so, sqlite_place};
use serde_json::Value;

use crate::small::customers;

const FOLDER: &str = "guests/assemblyscript";

/// Compiles the guest and packs it into the place's folder, or says why not.
fn packed(place: &Place) -> Option<String> {
    let folder = node_program_or_say_so(FOLDER, "a guest in another language")?;
    // Several tests compile it at the same time.
    let module = place.folder().join("module.wasm");
    let compiled = Command::new("node")
        .arg(folder.join("node_modules/assemblyscript/bin/asc.js"))
        .args(["assembly/index.ts", "--optimize", "--runtime", "stub", "--use", "abort=assembly/index/abort"])
        .arg("--outFile")
        .arg(&module)
        .current_dir(&folder)
        .output()
        .unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let (folder, module) = (folder.to_string_lossy().into_owned(), module.to_string_lossy().into_owned());
    place.done(&["plugin", "build", &folder, "--module", &module, "--output", "terms.wasm"]);
    Some("terms.wasm".to_owned())
}

#[test]
fn its_golden_cases_hold() {
    let place = sqlite_place();
    let Some(package) = packed(&place) else { return };
    let told = place.done(&["plugin", "test", &package, "--json"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    let cases = told["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 4, "{told}");
    assert!(cases.iter().all(|case| case["holds"] == true), "{told}");
}

#[tokio::test]
async fn it_decides_as_any_other_plugin() {
    let place = sqlite_place();
    let Some(package) = packed(&place) else { return };
    customers(&place);
    place.activate(&data("small/strategy.toml"));
    place.done(&["plugin", "install", &package, "--yes"]);
    let server = Server::start(place);
    let terms = "{ customers(first: 5) { nodes { creditTerms { netDays fallback proposals { reasons } } } } }";
    let told = server.query(terms).await;
    for customer in told["customers"]["nodes"].as_array().unwrap() {
        let terms = &customer["creditTerms"];
        assert_eq!(terms["fallback"], false, "{told}");
        let reason = terms["proposals"][0]["reasons"][0].as_str().unwrap();
        assert!(reason.contains("days late on average"), "{told}");
    }
}
