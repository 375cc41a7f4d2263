//! An answer has at most 16 MiB, and what would be larger is neither sent by the database nor made here.

use guildhall_tests::{Place, Role, Server, codes, data, places};
use serde_json::Value;

const CUSTOMERS: usize = 50;
const TEXT: usize = 20_000;
const MIB: u64 = 1 << 20;

/// Customers that have much to say about their industry.
fn serve(place: Place) -> Server {
    let row = |index: usize| format!("C{index},Customer {index},{}\n", format!("{index:04} ").repeat(TEXT / 5));
    let rows: String = (0..CUSTOMERS).map(row).collect();
    place.file("talkers/customers.csv", format!("key,name,industry\n{rows}"));
    let fields = "[files.fields]\nname = \"name\"\nindustry = \"industry\"\nkind = { constant = \"ORGANIZATION\" }\nstatus = { constant = \"ACTIVE\" }\ncurrency = { constant = \"EUR\" }\n";
    let mapping = format!(
        "source = \"talkers\"\nas_of = 2026-06-30\n[[files]]\nfile = \"customers.csv\"\ntype = \"Customer\"\nid = \"{{key}}\"\n{fields}"
    );
    let mapping = place.file("talkers.toml", mapping);
    place.import(&mapping, &place.folder().join("talkers"));
    place.activate(&data("small/strategy.toml"));
    Server::start(place)
}

/// Asks `times` times for all that the customers say.
fn query(times: usize, beside: &str) -> String {
    let fields: Vec<_> = (0..times).map(|index| format!("f{index}: industry")).collect();
    format!("{{ customers(first: 250) {{ nodes {{ {} {beside} }} }} }}", fields.join(" "))
}

#[tokio::test]
async fn an_answer_that_would_be_too_large_is_refused_with_what_to_do() {
    for place in places().await {
        let server = serve(place);
        // 15 million bytes fit into 16 MiB; 17 million do not.
        let fits = server.query(&query(15, "")).await;
        assert_eq!(fits["customers"]["nodes"].as_array().unwrap().len(), CUSTOMERS);
        assert_eq!(fits["customers"]["nodes"][0]["f14"].as_str().unwrap().len(), TEXT);
        let before = server.memory();
        for beside in ["", "creditTerms { netDays }"] {
            for times in [17, 100] {
                let answer = server.graphql(Role::Admin, &query(times, beside), Value::Null).await;
                let body = answer.json();
                assert_eq!(codes(&body), ["LIMIT_EXCEEDED"], "{:.300}", answer.text);
                let message = body["errors"][0]["message"].as_str().unwrap();
                assert!(message.contains("16 MiB") && message.contains("smaller pages"), "{message}");
            }
        }
        if let (true, Some(before), Some(after)) = (server.place().is_postgres(), before, server.memory()) {
            let grown = after.peak.saturating_sub(before.peak);
            assert!(grown < 4 * MIB, "refusing answers took {grown} bytes more than giving one");
        }
    }
}
