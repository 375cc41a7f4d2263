//! A plugin's life after it was installed: upgraded, rolled back, disabled, set, taken away; while it is asked, and on all servers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use expect_test::expect;
use guildhall_tests::{Place, Role, Server, Variant, data, places, until};
use reqwest::Method;
use serde_json::{Value, json};

use crate::small::customers;

const TERMS: &str = "{ customers(first: 20) { nodes { creditTerms { netDays fallback } } } }";
const PATIENCE: Duration = Duration::from_secs(20);

/// The small company under its strategy, without a plugin.
fn prepared(place: &Place) {
    customers(place);
    place.activate(&data("small/strategy.toml"));
}

async fn servers() -> Vec<Server> {
    let served = |place: Place| {
        prepared(&place);
        Server::start(place)
    };
    places().await.into_iter().map(served).collect()
}

/// Sends a package and gives what the server says about it.
async fn send(server: &Server, variant: &Variant) -> Value {
    send_bytes(server, variant.bytes()).await
}

async fn send_bytes(server: &Server, package: Vec<u8>) -> Value {
    let request = server.request(Method::POST, "/packages").bearer_auth(server.secret(Role::Admin)).body(package);
    let answer = server.send(request).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()
}

/// Does an act of plugins and gives its result.
async fn act(server: &Server, name: &str, input: Value) -> Value {
    let ty = name[..1].to_uppercase() + &name[1..];
    let done = match name {
        "installPlugin" => "PluginInstalled",
        "upgradePlugin" => "PluginUpgraded",
        "rollbackPlugin" => "PluginRolledBack",
        "disablePlugin" => "PluginDisabled",
        "enablePlugin" => "PluginEnabled",
        "uninstallPlugin" => "PluginUninstalled",
        _ => "PluginSettingsSet",
    };
    let query = format!(
        "mutation($input: {ty}Input!) {{ done: {name}(input: $input) {{ __typename \
         ... on {done} {{ plugin {{ id pluginVersion status arrival approvedBy settings }} }} \
         ... on Invalid {{ problems {{ path message }} }} ... on Refused {{ reasons {{ code message }} }} }} }}"
    );
    server.graphql(Role::Admin, &query, json!({ "input": input })).await.data()["done"].take()
}

/// Installs or upgrades with the approval that the server asked for.
async fn put(server: &Server, name: &str, variant: &Variant) -> Value {
    let told = send(server, variant).await;
    let input =
        json!({ "digest": told["digest"], "approve": told["offer"]["approve"], "idempotencyKey": told["digest"] });
    act(server, name, input).await
}

/// The plugin's answer about everybody, which is the same about each.
async fn days(server: &Server) -> Value {
    let told = server.graphql(Role::Admin, TERMS, Value::Null).await.data();
    let nodes = told["customers"]["nodes"].as_array().unwrap();
    let first = nodes[0]["creditTerms"].clone();
    assert!(nodes.iter().all(|node| node["creditTerms"] == first), "{told}");
    first
}

fn answered(days: u32) -> Value {
    json!({ "netDays": days, "fallback": false })
}

/// Asks until told to end: every answer is one of `known`, of one version for all customers, and none fails.
async fn keep_asking(address: String, secret: String, known: [u32; 2], ended: Arc<AtomicBool>) -> [u32; 2] {
    let mut counts = [0, 0];
    let client = reqwest::Client::new();
    while !ended.load(Ordering::Relaxed) {
        let request =
            client.post(format!("http://{address}/graphql")).bearer_auth(&secret).json(&json!({ "query": TERMS }));
        let body: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(body.get("errors"), None, "{body}");
        let nodes = body["data"]["customers"]["nodes"].as_array().unwrap();
        let first = &nodes[0]["creditTerms"];
        assert!(nodes.iter().all(|node| node["creditTerms"] == *first), "{body}");
        let place = known.iter().position(|days| *first == answered(*days));
        counts[place.unwrap_or_else(|| panic!("{body}"))] += 1;
    }
    counts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_load_every_answer_is_of_one_version_and_none_fails() {
    for server in servers().await {
        let (first, second) = (Variant::new("1.0.0", 11), Variant::new("1.1.0", 22));
        put(&server, "installPlugin", &first).await;
        assert_eq!(days(&server).await, answered(11));
        let ended = Arc::new(AtomicBool::new(false));
        let mut askers = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let (address, secret) = (server.address().to_owned(), server.secret(Role::Reader).to_owned());
            askers.spawn(keep_asking(address, secret, [11, 22], Arc::clone(&ended)));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        let upgraded = put(&server, "upgradePlugin", &second).await;
        assert_eq!(upgraded["plugin"]["pluginVersion"], "1.1.0", "{upgraded}");
        // Who did it sees it at once.
        assert_eq!(days(&server).await, answered(22));
        for round in 0..3 {
            let plugin = server.query("{ plugins(filter: {status: {eq: INSTALLED}}) { nodes { id } } }").await;
            let input =
                json!({ "plugin": plugin["plugins"]["nodes"][0]["id"], "idempotencyKey": format!("back {round}") });
            let back = act(&server, "rollbackPlugin", input).await;
            assert_eq!(
                (&back["plugin"]["pluginVersion"], &back["plugin"]["arrival"]),
                (&json!("1.0.0"), &json!("ROLLBACK")),
                "{back}"
            );
            assert_eq!(days(&server).await, answered(11));
            // A package that was installed before is upgraded to again, under another key.
            let told = send(&server, &second).await;
            let input = json!({ "digest": told["digest"], "approve": told["offer"]["approve"], "idempotencyKey": format!("up {round}") });
            assert_eq!(act(&server, "upgradePlugin", input).await["plugin"]["pluginVersion"], "1.1.0");
        }
        ended.store(true, Ordering::Relaxed);
        let mut total = [0, 0];
        while let Some(counts) = askers.join_next().await {
            let counts = counts.unwrap();
            total = [total[0] + counts[0], total[1] + counts[1]];
        }
        assert!(total[0] > 0 && total[1] > 0, "{total:?}");
    }
}

#[tokio::test]
async fn what_fails_leaves_what_was_there() {
    for server in servers().await {
        put(&server, "installPlugin", &Variant::new("1.0.0", 11)).await;
        let reads_more = Variant { query: "name industry".to_owned(), ..Variant::new("1.1.0", 22) };
        let sent = send(&server, &reads_more).await;
        let input = |approve: Value| json!({ "digest": sent["digest"], "approve": approve, "idempotencyKey": approve.to_string() });
        for (approve, reason) in [
            (json!(["Customer.name"]), "it reads `Customer.industry`, which is not approved"),
            (json!([]), "it reads `Customer.industry`, which is not approved"),
            (
                json!(["Customer.name", "Customer.industry", "Customer.country"]),
                "`Customer.country` is approved, but it does not read it",
            ),
            (json!(["customer.name", "Customer.industry"]), "it reads `Customer.name`, which is not approved"),
        ] {
            let refused = act(&server, "upgradePlugin", input(approve)).await;
            assert_eq!(refused["__typename"], "Refused", "{refused}");
            assert_eq!(refused["reasons"][0]["message"], reason);
        }
        let lower = put(&server, "upgradePlugin", &Variant::new("1.0.0-beta", 22)).await;
        assert!(lower["reasons"][0]["message"].as_str().unwrap().contains("no higher version"), "{lower}");
        let again = put(&server, "installPlugin", &Variant::new("2.0.0", 22)).await;
        assert!(again["reasons"][0]["message"].as_str().unwrap().contains("is installed; upgrade it"), "{again}");
        // Settings of the version before that the new one does not take.
        let id = server.query("{ plugins { nodes { id } } }").await["plugins"]["nodes"][0]["id"].clone();
        act(&server, "setPluginSettings", json!({ "plugin": id, "settings": { "days": 33 }, "idempotencyKey": "set" }))
            .await;
        let narrow =
            Variant { settings: Variant::new("", 5).settings.replace("60", "20"), ..Variant::new("1.2.0", 22) };
        let unfit = put(&server, "upgradePlugin", &narrow).await;
        assert_eq!(unfit["problems"][0]["path"], json!(["settings", "days"]), "{unfit}");
        assert_eq!(unfit["problems"][0]["message"], "the setting `days` is 33; it must be a whole number from 0 to 20");
        assert_eq!(days(&server).await, answered(33));
        assert_eq!(server.query("{ plugins { totalCount } }").await["plugins"]["totalCount"], 1);
    }
}

#[tokio::test]
async fn settings_move_with_their_names_and_come_back() {
    for server in servers().await {
        put(&server, "installPlugin", &Variant::new("1.0.0", 11)).await;
        let id = server.query("{ plugins { nodes { id } } }").await["plugins"]["nodes"][0]["id"].clone();
        let set = json!({ "plugin": id, "settings": { "days": 7 }, "idempotencyKey": "set" });
        assert_eq!(act(&server, "setPluginSettings", set.clone()).await["plugin"]["settings"], json!({ "days": 7 }));
        // The same key and input are done once, and answered alike.
        assert_eq!(act(&server, "setPluginSettings", set).await["plugin"]["settings"], json!({ "days": 7 }));
        assert_eq!(days(&server).await, answered(7));
        let renamed = Variant::new("1.1.0", 22);
        let renamed = Variant {
            settings: renamed
                .settings
                .replace("\"days\"", "\"grace\":{\"type\":\"integer\",\"default\":3},\"netDays\""),
            more: format!("{}[renamed]\ndays = \"netDays\"\n", renamed.more),
            ..renamed
        };
        let upgraded = put(&server, "upgradePlugin", &renamed).await;
        assert_eq!(upgraded["plugin"]["settings"], json!({ "grace": 3, "netDays": 7 }), "{upgraded}");
        let input = json!({ "plugin": upgraded["plugin"]["id"], "idempotencyKey": "back" });
        assert_eq!(act(&server, "rollbackPlugin", input).await["plugin"]["settings"], json!({ "days": 7 }));
        assert_eq!(days(&server).await, answered(7));
    }
}

#[tokio::test]
async fn a_recorded_decision_has_the_settings_it_was_made_with() {
    for server in servers().await {
        put(&server, "installPlugin", &Variant::new("1.0.0", 11)).await;
        let customer =
            server.query("{ customers(first: 1) { nodes { id } } }").await["customers"]["nodes"][0]["id"].clone();
        let query = "mutation($input: RecordDecisionInput!) { recordDecision(input: $input) { ... on DecisionRecorded { decision { inputs } } } }";
        let input = json!({ "point": "credit.terms", "customer": customer, "idempotencyKey": "one" });
        let recorded = server.graphql(Role::Admin, query, json!({ "input": input })).await.data();
        let inputs = recorded["recordDecision"]["decision"]["inputs"].to_string();
        assert!(inputs.contains("{\"days\":11}"), "{recorded}");
    }
}

#[tokio::test]
async fn a_disabled_plugin_is_kept_and_not_asked() {
    for server in servers().await {
        let id = put(&server, "installPlugin", &Variant::new("1.0.0", 11)).await["plugin"]["id"].clone();
        let named = |key: &str| json!({ "plugin": id, "idempotencyKey": key });
        let disabled = act(&server, "disablePlugin", named("off")).await;
        assert_eq!(disabled["plugin"]["status"], "DISABLED", "{disabled}");
        assert_eq!(days(&server).await["fallback"], true);
        let again = act(&server, "disablePlugin", named("off again")).await;
        assert_eq!(again["reasons"][0]["message"], "`settled` is disabled already");
        // An upgrade does not switch on what somebody switched off.
        let upgraded = put(&server, "upgradePlugin", &Variant::new("1.1.0", 22)).await;
        assert_eq!(upgraded["plugin"]["status"], "DISABLED", "{upgraded}");
        let named = |key: &str| json!({ "plugin": upgraded["plugin"]["id"], "idempotencyKey": key });
        assert_eq!(act(&server, "enablePlugin", named("on")).await["plugin"]["status"], "INSTALLED");
        assert_eq!(days(&server).await, answered(22));
        let again = act(&server, "enablePlugin", named("on again")).await;
        assert_eq!(again["reasons"][0]["message"], "`settled` is not disabled");
        assert_eq!(act(&server, "uninstallPlugin", named("away")).await["plugin"]["status"], "REMOVED");
        for (name, key) in
            [("uninstallPlugin", "u"), ("enablePlugin", "e"), ("disablePlugin", "d"), ("rollbackPlugin", "r")]
        {
            let gone = act(&server, name, named(key)).await;
            assert_eq!(gone["reasons"][0]["code"], "NOT_FOUND", "{name}: {gone}");
        }
    }
}

/// Whatever is sent to a mutation, the answer says what is wrong with it, and nothing changes.
#[tokio::test]
async fn hostile_inputs_change_nothing() {
    for server in servers().await {
        let id = put(&server, "installPlugin", &Variant::new("1.0.0", 11)).await["plugin"]["id"].clone();
        let customer =
            server.query("{ customers(first: 1) { nodes { id } } }").await["customers"]["nodes"][0]["id"].clone();
        let text = id.as_str().unwrap();
        let unknown = format!("{}{}", &text[..text.len() - 4], "0000");
        let long = "k".repeat(201);
        let mut key = 0;
        for name in ["rollbackPlugin", "disablePlugin", "enablePlugin", "uninstallPlugin", "setPluginSettings"] {
            for plugin in
                [json!(unknown), customer.clone(), json!(""), json!("plg_x"), json!("a\u{0}b"), json!("settled")]
            {
                key += 1;
                let mut input = json!({ "plugin": plugin, "idempotencyKey": key.to_string() });
                if name == "setPluginSettings" {
                    input["settings"] = json!({});
                }
                let told = act(&server, name, input).await;
                let expected = if plugin == json!(unknown) { "Refused" } else { "Invalid" };
                assert_eq!(told["__typename"], expected, "{name} {plugin}: {told}");
            }
            let mut input = json!({ "plugin": id, "idempotencyKey": long });
            if name == "setPluginSettings" {
                input["settings"] = json!({});
            }
            assert_eq!(act(&server, name, input).await["problems"][0]["path"], json!(["idempotencyKey"]), "{name}");
        }
        for (settings, problem) in [
            (json!([1]), "the settings must be an object"),
            (json!("days"), "the settings must be an object"),
            (json!({ "days": 61 }), "the setting `days` is 61; it must be a whole number from 0 to 60"),
            (json!({ "days": "7" }), "the setting `days` is \"7\"; it must be a whole number from 0 to 60"),
            (json!({ "days": 1.5 }), "the setting `days` is 1.5; it must be a whole number from 0 to 60"),
            (json!({ "dys": 7, "days": -1 }), "the setting `dys` is not known; there are `days`"),
        ] {
            key += 1;
            let input = json!({ "plugin": id, "settings": settings, "idempotencyKey": key.to_string() });
            let told = act(&server, "setPluginSettings", input).await;
            assert_eq!(told["problems"][0]["message"], problem, "{settings}: {told}");
            // Everything that is wrong is told at once.
            let count = if settings.get("dys").is_some() { 2 } else { 1 };
            assert_eq!(told["problems"].as_array().unwrap().len(), count, "{told}");
        }
        for name in ["installPlugin", "upgradePlugin"] {
            for digest in [String::new(), "0".repeat(64), "..".to_owned(), "a\u{0}".to_owned(), "A".repeat(1_000)] {
                key += 1;
                let input =
                    json!({ "digest": digest, "approve": ["Customer.name"], "idempotencyKey": key.to_string() });
                let told = act(&server, name, input).await;
                assert!(["Refused", "Invalid"].contains(&told["__typename"].as_str().unwrap()), "{name}: {told}");
            }
        }
        assert_eq!(days(&server).await, answered(11));
        let plugins = server.query("{ plugins { nodes { version status } } }").await;
        assert_eq!(plugins["plugins"]["nodes"], json!([{ "version": 1, "status": "INSTALLED" }]));
    }
}

#[tokio::test]
async fn every_server_follows() {
    for place in places().await {
        prepared(&place);
        let count = if place.is_postgres() { 4 } else { 2 };
        let place = Arc::new(place);
        let servers: Vec<_> = (0..count).map(|_| Server::beside(&place)).collect();
        let all = async |expected: Value| {
            for server in &servers {
                until(PATIENCE, async || (days(server).await == expected).then_some(())).await;
            }
        };
        put(&servers[0], "installPlugin", &Variant::new("1.0.0", 11)).await;
        all(answered(11)).await;
        let upgraded = put(&servers[1], "upgradePlugin", &Variant::new("1.1.0", 22)).await;
        all(answered(22)).await;
        let last = servers.last().unwrap();
        let input = json!({ "plugin": upgraded["plugin"]["id"], "idempotencyKey": "back" });
        let back = act(last, "rollbackPlugin", input).await;
        all(answered(11)).await;
        let input = json!({ "plugin": back["plugin"]["id"], "settings": { "days": 44 }, "idempotencyKey": "set" });
        act(&servers[0], "setPluginSettings", input).await;
        all(answered(44)).await;
        // All of them are asked for the same upgrade at once: one does it.
        let told = send(&servers[0], &Variant::new("1.2.0", 33)).await;
        let mut done = 0;
        for (number, server) in servers.iter().enumerate() {
            let input = json!({ "digest": told["digest"], "approve": told["offer"]["approve"], "idempotencyKey": format!("all {number}") });
            done += usize::from(act(server, "upgradePlugin", input).await["__typename"] == "PluginUpgraded");
        }
        assert_eq!(done, 1);
    }
}

/// Whoever approves through the API is told the same as at the command line, as often as he asks.
#[tokio::test]
async fn what_a_package_would_mean_is_told_by_its_digest() {
    for server in servers().await {
        let first = send(&server, &Variant::new("1.0.0", 11)).await;
        assert_eq!(
            (&first["offer"]["approve"], &first["offer"]["replaces"]),
            (&json!(["Customer.name"]), &Value::Null)
        );
        let address = format!("/packages/{}", first["digest"].as_str().unwrap());
        assert_eq!(server.get(Role::Admin, &address).await.json(), first);
        put(&server, "installPlugin", &Variant::new("1.0.0", 11)).await;
        let second = Variant { query: "creditAccount { limit { amount } }".to_owned(), ..Variant::new("1.1.0", 22) };
        let told = send(&server, &second).await["offer"].take();
        let replaces = &told["replaces"];
        assert_eq!((&replaces["version"], &replaces["digest"]), (&json!("1.0.0"), &first["digest"]), "{told}");
        assert_eq!(
            replaces["newlyReads"][1],
            json!({ "field": "CreditAccount.limit", "at": ["Customer.creditAccount.limit"], "reason": null })
        );
        assert_eq!(replaces["noLongerReads"], json!(["Customer.name"]));
        assert_eq!(replaces["settings"], json!(["changes the setting `days` from 11 to 22"]));
        assert!(told["text"].as_str().unwrap().contains("newly reads `Customer.creditAccount.limit`"), "{told}");
        assert_eq!(told["objections"], json!([]));
        let lower = send(&server, &Variant::new("0.9.0", 22)).await;
        assert!(lower["offer"]["objections"][0].as_str().unwrap().contains("no higher version"), "{lower}");
        let broken = send(&server, &Variant { query: "nothing".to_owned(), ..Variant::new("2.0.0", 22) }).await;
        assert_eq!(broken["offer"], Value::Null);
        assert!(broken["problem"].as_str().unwrap().contains("does not have a field `nothing`"), "{broken}");
        let mut foreign = Variant::new("2.0.0", 22).bytes();
        let place = foreign.windows(16).position(|window| window == b"contract = \"0.1\"").unwrap();
        foreign[place..place + 16].copy_from_slice(b"contract = \"9.1\"");
        let foreign = send_bytes(&server, foreign).await;
        assert_eq!(foreign["offer"], Value::Null);
        assert!(foreign["problem"].as_str().unwrap().contains("built for plugin contract `9.1`"), "{foreign}");
        assert_eq!(server.get(Role::Department, &address).await.status, 403);
        assert_eq!(server.get(Role::Admin, &format!("/packages/{}", "0".repeat(64))).await.status, 404);
    }
}

/// The text that an administrator sees, without what differs from build to build.
fn shown(text: &str) -> String {
    let mut shown = String::new();
    for word in text.split_inclusive([' ', '\n', ')', ',']) {
        let (bare, end) = word.split_at(word.trim_end_matches([' ', '\n', ')', ',']).len());
        let digits = bare.trim_end_matches('…');
        let digest = matches!(digits.len(), 12 | 64) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        shown.push_str(if digest { "DIGEST" } else { bare });
        shown.push_str(end);
    }
    let bytes = shown.find(" bytes").and_then(|end| shown[..end].rfind(' ').map(|begin| (begin, end)));
    if let Some((begin, end)) = bytes {
        shown.replace_range(begin..end, " SIZE");
    }
    shown
}

#[tokio::test]
async fn an_upgrade_is_shown_before_it_is_approved() {
    for server in servers().await {
        let place = server.place();
        let first = Variant { query: "name overdueAmount { amount }".to_owned(), ..Variant::new("1.0.0", 11) };
        let path = place.file("first.wasm", first.bytes());
        place.done(&["plugin", "install", &path.to_string_lossy(), "--yes", "--as", "ada"]);
        let second = Variant::new("1.1.0", 22);
        let second = Variant {
            query: "name parent { name } creditAccount { limit { amount currency } }".to_owned(),
            settings: second.settings.replace("{\"days\"", "{\"grace\":{\"type\":\"integer\",\"default\":3},\"days\""),
            more: format!("{}\"CreditAccount.limit\" = \"Who has more credit has more time.\"\n", second.more),
            ..second
        };
        let path = place.file("second.wasm", second.bytes());
        let ran = place.run(&["plugin", "upgrade", &path.to_string_lossy()]);
        // Nobody is there to be asked.
        assert_eq!(ran.code, Some(3), "{ran:?}");
        expect![[r#"
            settled 1.1.0 of finance: Answers what it is set to.
              sha256 DIGEST, SIZE bytes, contract 0.1, model >=0.1, <0.2
              NOT SIGNED: nobody vouches for where it comes from
              serves credit.terms and reads for it
                CreditAccount.currency (Customer.creditAccount.currency): no reason given
                CreditAccount.id (Customer.creditAccount.id): no reason given
                CreditAccount.limit (Customer.creditAccount.limit): Who has more credit has more time.
                Customer.id (Customer.parent.id): no reason given
                Customer.name (Customer.name, Customer.parent.name): Names are named in the reasons.
              is set to
                days = 22
                grace = 3
              compared with settled 1.0.0 (sha256 DIGEST) it
                newly reads `Customer.creditAccount.currency`: no reason given
                newly reads `Customer.creditAccount.id`: no reason given
                newly reads `Customer.creditAccount.limit`: Who has more credit has more time.
                newly reads `Customer.parent.id`: no reason given
                reads `Customer.parent.name`, too
                no longer reads `Customer.overdueAmount`
                changes the setting `days` from 11 to 22
                has a new setting `grace`, which is 3
            shadow of settled 1.1.0 (sha256 DIGEST) over 14 decisions
              all                                    0 same       14 changed        0 failed
            credit.terms: 0 recorded, 14 asked with today's facts
              all                                    0 same       14 changed        0 failed
              key                                    0 same        5 changed        0 failed
              rest                                   0 same        9 changed        0 failed
              netDays 11 -> 22                      14 times
        "#]]
        .assert_eq(&shown(&ran.stdout));
        assert!(ran.stderr.contains("not approved, so nothing was installed"), "{}", ran.stderr);
        until(PATIENCE, async || (days(&server).await == answered(11)).then_some(())).await;
        place.done(&["plugin", "upgrade", &path.to_string_lossy(), "--yes", "--as", "bob"]);
        let listed: Value = serde_json::from_str(&place.done(&["plugin", "list", "--json"])).unwrap();
        let told = |name: &str| listed[0][name].as_str().unwrap().to_owned();
        assert_eq!(
            (told("version"), told("status"), told("approvedBy"), told("arrival")),
            ("1.1.0".into(), "INSTALLED".into(), "bob".into(), "UPGRADE".into())
        );
        assert_eq!(listed[0]["settings"], json!({ "days": 22, "grace": 3 }));
        let reason = json!({ "field": "CreditAccount.limit", "reason": "Who has more credit has more time." });
        assert!(listed[0]["grants"].as_array().unwrap().contains(&reason), "{listed}");
    }
}

#[tokio::test]
async fn who_asks_for_more_of_the_same_says_so() {
    for server in servers().await {
        let invoices = |rest: &str| format!("invoices({rest}) {{ nodes {{ number }} }}");
        let few = Variant { query: invoices("first: 3"), ..Variant::new("1.0.0", 11) };
        put(&server, "installPlugin", &few).await;
        let many = Variant { query: invoices("first: 200"), ..Variant::new("1.1.0", 11) };
        let told = send(&server, &many).await;
        let expected = "is shown up to 200 list entries of each subject for `credit.terms`, and was up to 3";
        assert_eq!(told["offer"]["replaces"]["points"], json!([expected]), "{told}");
        let others =
            Variant { query: invoices("first: 3, filter: {number: {ne: \"1\"}}"), ..Variant::new("1.1.0", 11) };
        let told = send(&server, &others).await;
        let points = told["offer"]["replaces"]["points"][0].as_str().unwrap();
        assert!(points.contains("by another input query of the same fields"), "{told}");
        assert_eq!(told["offer"]["shadow"]["total"], json!({ "same": 14, "changed": 0, "failed": 0 }), "{told}");
        // Whoever approves need not be one who sees every customer.
        assert_eq!(told["offer"]["shadow"]["examples"], json!([]));
    }
}

#[tokio::test]
async fn the_command_line_does_all_of_it() {
    for server in servers().await {
        let place = server.place();
        let file = |name: &str, variant: &Variant| place.file(name, variant.bytes()).to_string_lossy().into_owned();
        let (first, second) = (file("1.wasm", &Variant::new("1.0.0", 11)), file("2.wasm", &Variant::new("1.1.0", 22)));
        let settings = place.file("settings.json", "{\"days\": 8}");
        let settings = settings.to_string_lossy();
        let wrong = place.file("wrong.json", "{\"days\": 80, \"day\": 8}");
        let soon =
            async |expected: Value| until(PATIENCE, async || (days(&server).await == expected).then_some(())).await;

        let ran = place.run(&["plugin", "upgrade", &first, "--yes"]);
        assert_eq!((ran.code, ran.stderr.contains("no version of it is installed")), (Some(3), true), "{ran:?}");
        place.done(&["plugin", "install", &first, "--yes", "--settings", &settings]);
        soon(answered(8)).await;
        let ran = place.run(&["plugin", "install", &second, "--yes"]);
        assert_eq!((ran.code, ran.stderr.contains("version 1.0.0 of it is installed")), (Some(3), true), "{ran:?}");
        place.done(&["plugin", "upgrade", &second, "--yes"]);
        let ran = place.run(&["plugin", "set", "settled", &wrong.to_string_lossy()]);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        for problem in ["the setting `day` is not known", "the setting `days` is 80"] {
            assert!(ran.stderr.contains(problem), "{}", ran.stderr);
        }
        let empty = place.file("empty.json", "{}");
        place.done(&["plugin", "set", "settled", &empty.to_string_lossy()]);
        soon(answered(22)).await;
        assert!(place.done(&["plugin", "rollback", "settled"]).starts_with("rolled settled back from 1.1.0"));
        soon(answered(8)).await;
        let ran = place.run(&["plugin", "rollback", "settled"]);
        assert_eq!((ran.code, ran.stderr.contains("nothing to go back to")), (Some(3), true), "{ran:?}");
        place.done(&["plugin", "disable", "settled"]);
        assert!(place.done(&["plugin", "list"]).contains("DISABLED"));
        place.done(&["plugin", "enable", "settled"]);
        place.done(&["plugin", "uninstall", "settled"]);
        assert_eq!(place.done(&["plugin", "list"]), "");
        let ran = place.run(&["plugin", "disable", "settled"]);
        assert_eq!((ran.code, ran.stderr.contains("`settled` is not installed; none is")), (Some(2), true), "{ran:?}");
    }
}
