//! Filters: each is answered a second time from the files, and the answers must agree.

use guildhall_tests::{Role, codes};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::small::{Row, column, decimal, net_total, rows, rows_of, servers, sorted};

/// The keys of the rows of `file` for which `holds`, against what `list(filter)` gives on each database.
async fn check_list(list: &str, file: &str, key: &str, filter: &str, holds: impl Fn(&Row) -> bool) {
    let expected = sorted(rows(file).into_iter().filter(|row| holds(row)).map(|row| row[key].clone()));
    let query = format!(
        "{{ {list}(first: 250, orderBy: {{field: EXTERNAL_ID}}, filter: {filter}) {{ totalCount nodes {{ externalId }} }} }}"
    );
    for server in servers().await.iter() {
        let found = server.query(&query).await;
        assert_eq!(sorted(column(&found[list], "/externalId")), expected, "{filter}");
        assert_eq!(found[list]["totalCount"], expected.len(), "{filter}");
    }
}

async fn check(filter: &str, holds: impl Fn(&Row) -> bool) {
    check_list("customers", "customers.csv", "key", filter, holds).await;
}

async fn check_orders(filter: &str, holds: impl Fn(&Row) -> bool) {
    check_list("orders", "orders.csv", "number", filter, holds).await;
}

fn orders_of(customer: &Row) -> Vec<Row> {
    rows_of("orders.csv", "customer", &customer["key"])
}

#[tokio::test]
async fn texts_are_compared_by_their_bytes() {
    check("{name: {eq: \"Zebra Foods\"}}", |row| row["name"] == "Zebra Foods").await;
    check("{name: {eq: \"zebra foods\"}}", |_| false).await;
    check("{name: {gt: \"Z\"}}", |row| row["name"].as_str() > "Z").await;
    check("{name: {lt: \"a\"}}", |row| row["name"].as_str() < "a").await;
    check("{name: {gte: \"Loner\", lte: \"Ä\"}}", |row| ("Loner"..="Ä").contains(&row["name"].as_str())).await;
    check("{name: {in: [\"Loner\", \"Ärger AG\", \"nobody\"]}}", |row| {
        ["Loner", "Ärger AG"].contains(&row["name"].as_str())
    })
    .await;
    check("{name: {in: []}}", |_| false).await;
}

/// Letter by letter; the names have letters of one case each, so what the standard library folds is the same.
#[tokio::test]
async fn case_does_not_count_where_the_name_says_so() {
    let lower = |text: &str| text.to_lowercase();
    for piece in
        ["zebra foods", "ZEBRA FOODS", "ÄRGER ag", "ärger AG", "LONER", "o", "%", "*", "[", "\\", "^", "本", ""]
    {
        let (literal, piece) = (Value::from(piece), lower(piece));
        check(&format!("{{name: {{ieq: {literal}}}}}"), |row| lower(&row["name"]) == piece).await;
        check(&format!("{{name: {{icontains: {literal}}}}}"), |row| lower(&row["name"]).contains(&piece)).await;
        check(&format!("{{name: {{istartsWith: {literal}}}}}"), |row| lower(&row["name"]).starts_with(&piece)).await;
        check(&format!("{{name: {{iendsWith: {literal}}}}}"), |row| lower(&row["name"]).ends_with(&piece)).await;
        check(&format!("{{not: {{industry: {{icontains: {literal}}}}}}}"), |row| {
            row["industry"].is_empty() || !lower(&row["industry"]).contains(&piece)
        })
        .await;
    }
    for server in servers().await.iter() {
        let query = "query($t: String) { customers(filter: {name: {ieq: $t}}) { totalCount } }";
        let found = server.graphql(Role::Reader, query, json!({ "t": "zEBRA fOODS" })).await.data();
        assert_eq!(found["customers"]["totalCount"], 2);
        let long = server.graphql(Role::Reader, query, json!({ "t": "a".repeat(201) })).await.json();
        assert_eq!(codes(&long), ["BAD_USER_INPUT"]);
        assert!(long["errors"][0]["message"].as_str().unwrap().contains("200 are the most"), "{long}");
    }
}

#[tokio::test]
async fn pieces_of_texts_are_found_whatever_they_are() {
    for piece in ["o", "O", "%", "_", "\\", "'", "\"", "ö", "本", "🍺", "\t", "\n", "{", "--", "%_", ""] {
        let literal = Value::from(piece);
        check(&format!("{{name: {{contains: {literal}}}}}"), |row| row["name"].contains(piece)).await;
    }
    for piece in ["1", "Ä", "🍺", "'; DROP", "a", "tab\t[0,\"cus"] {
        let literal = Value::from(piece);
        check(&format!("{{name: {{startsWith: {literal}}}}}"), |row| row["name"].starts_with(piece)).await;
        check(&format!("{{name: {{endsWith: {literal}}}}}"), |row| row["name"].ends_with(piece)).await;
    }
    check("{name: {endsWith: \"--\"}}", |row| row["name"].ends_with("--")).await;
}

#[tokio::test]
async fn values_travel_in_variables_as_well() {
    let servers = servers().await;
    let query = "query($name: String, $names: [String!], $filter: CustomerFilter) { a: customers(filter: {name: {eq: $name}}) { nodes { externalId } } b: customers(filter: {name: {in: $names}}) { nodes { externalId } } c: customers(filter: $filter) { nodes { externalId } } }";
    for row in rows("customers.csv").iter().filter(|row| row["name"] != "Zebra Foods") {
        let name = &row["name"];
        let variables = json!({ "name": name, "names": [name, "x"], "filter": { "name": { "startsWith": name } } });
        for server in servers.iter() {
            let data = server.graphql(Role::Admin, query, variables.clone()).await.data();
            for list in ["a", "b", "c"] {
                assert_eq!(column(&data[list], "/externalId"), [row["key"].as_str()], "{list} {name:?}");
            }
        }
    }
}

#[tokio::test]
async fn no_value_is_no_value() {
    check("{industry: {isNull: true}}", |row| row["industry"].is_empty()).await;
    check("{industry: {isNull: false}}", |row| !row["industry"].is_empty()).await;
    check("{industry: {eq: null}}", |row| row["industry"].is_empty()).await;
    check("{industry: {ne: \"Pub\"}}", |row| !["", "Pub"].contains(&row["industry"].as_str())).await;
    check("{industry: {ne: null}}", |row| !row["industry"].is_empty()).await;
    check("{industry: {in: [\"Pub\"]}}", |row| row["industry"] == "Pub").await;
}

#[tokio::test]
async fn what_does_not_hold_for_no_value_is_not() {
    check("{not: {industry: {eq: \"Pub\"}}}", |row| row["industry"] != "Pub").await;
    check("{not: {industry: {contains: \"a\"}}}", |row| !row["industry"].contains('a')).await;
    check("{not: {industry: {in: [\"Pub\", \"Bar\"]}}}", |row| !["Pub", "Bar"].contains(&row["industry"].as_str()))
        .await;
    check("{not: {not: {industry: {gt: \"C\"}}}}", |row| row["industry"].as_str() > "C").await;
    check("{not: {creditAccount: {dunningLevel: {gte: 1}}}}", |row| dunning(row).is_none_or(|level| level < 1)).await;
}

fn dunning(customer: &Row) -> Option<i32> {
    rows_of("credit.csv", "customer", &customer["key"]).first().map(|row| row["dunning"].parse().unwrap())
}

#[tokio::test]
async fn conditions_are_joined_to_any_depth() {
    check("{country: {eq: \"Germany\"}, owner: {name: {eq: \"Mia\"}}}", |row| {
        row["country"] == "Germany" && row["owner"] == "Mia"
    })
    .await;
    check("{or: [{country: {eq: \"Germany\"}}, {owner: {name: {eq: \"Noah\"}}}]}", |row| {
        row["country"] == "Germany" || row["owner"] == "Noah"
    })
    .await;
    check("{and: [{country: {eq: \"Germany\"}}, {not: {industry: {isNull: true}}}]}", |row| {
        row["country"] == "Germany" && !row["industry"].is_empty()
    })
    .await;
    check("{status: {eq: ACTIVE}, or: [{industry: {eq: \"Bar\"}}, {and: [{industry: {eq: \"Retail\"}}, {country: {ne: \"Austria\"}}]}]}", |row| {
        row["status"] == "ACTIVE" && (row["industry"] == "Bar" || (row["industry"] == "Retail" && !["", "Austria"].contains(&row["country"].as_str())))
    })
    .await;
    check("{and: []}", |_| true).await;
    check("{or: []}", |_| false).await;
    check("{}", |_| true).await;
}

#[tokio::test]
async fn enums_booleans_and_numbers_are_compared() {
    check("{status: {in: [CLOSED, PROSPECT]}}", |row| ["CLOSED", "PROSPECT"].contains(&row["status"].as_str())).await;
    check("{kind: {ne: ORGANIZATION}}", |row| row["kind"] != "ORGANIZATION").await;
    check("{creditAccount: {onHold: {eq: true}}}", |row| {
        !rows_of("credit.csv", "customer", &row["key"]).iter().all(|row| row["hold"] == "no")
    })
    .await;
    check("{creditAccount: {dunningLevel: {gt: 0, lte: 2}}}", |row| {
        dunning(row).is_some_and(|level| (1..=2).contains(&level))
    })
    .await;
}

#[tokio::test]
async fn days_are_compared() {
    check_orders("{orderedOn: {gte: \"2025-12-01\", lt: \"2026-02-01\"}}", |row| {
        ("2025-12-01".."2026-02-01").contains(&row["ordered"].as_str())
    })
    .await;
    check_orders("{shippedOn: {isNull: true}}", |row| row["shipped"].is_empty()).await;
    check_orders("{shippedOn: {lte: \"2025-12-31\"}}", |row| {
        !row["shipped"].is_empty() && row["shipped"].as_str() <= "2025-12-31"
    })
    .await;
}

#[tokio::test]
async fn money_is_compared_exactly() {
    check_orders("{netTotal: {gte: \"50\", lt: \"100.00\"}}", |row| {
        (decimal("50")..decimal("100")).contains(&net_total(&row["number"]))
    })
    .await;
    let some = net_total("1000");
    check_orders(&format!("{{netTotal: {{eq: \"{some}\"}}}}"), |row| net_total(&row["number"]) == some).await;
    let next = some + Decimal::new(1, 4);
    check_orders(&format!("{{netTotal: {{gte: \"{some}\", lt: \"{next}\"}}}}"), |row| {
        net_total(&row["number"]) == some
    })
    .await;
    check_orders("{freight: {in: [\"0\", \"1.5\", \"2.250\"]}}", |row| {
        !row["freight"].is_empty() && ["0", "1.5", "2.25"].map(decimal).contains(&decimal(&row["freight"]))
    })
    .await;
}

#[tokio::test]
async fn related_records_are_asked() {
    check("{orders: {some: {}}}", |row| !orders_of(row).is_empty()).await;
    check("{orders: {none: {}}}", |row| orders_of(row).is_empty()).await;
    check("{orders: {some: {freight: {isNull: true}}}}", |row| {
        orders_of(row).iter().any(|order| order["freight"].is_empty())
    })
    .await;
    check("{orders: {none: {freight: {isNull: true}}}}", |row| {
        orders_of(row).iter().all(|order| !order["freight"].is_empty())
    })
    .await;
    check("{orders: {every: {freight: {gte: \"2\"}}}}", |row| {
        orders_of(row).iter().all(|order| !order["freight"].is_empty() && decimal(&order["freight"]) >= decimal("2"))
    })
    .await;
    check("{orders: {every: {status: {eq: SHIPPED}}, some: {}}}", |row| {
        !orders_of(row).is_empty() && orders_of(row).iter().all(|order| !order["shipped"].is_empty())
    })
    .await;
}

#[tokio::test]
async fn relations_are_followed_to_any_depth() {
    let buys = |row: &Row, sku: &str| {
        orders_of(row)
            .iter()
            .any(|order| rows_of("lines.csv", "order", &order["number"]).iter().any(|line| line["product"] == sku))
    };
    check("{orders: {some: {lines: {some: {product: {sku: {eq: \"P6\"}}}}}}}", |row| buys(row, "P6")).await;
    check("{orders: {none: {lines: {some: {product: {category: {isNull: true}}}}}}}", |row| {
        !buys(row, "P4") && !buys(row, "P6")
    })
    .await;
    check_orders("{customer: {country: {eq: \"Germany\"}, segment: {key: {eq: \"key\"}}}}", |order| {
        let customer = &rows_of("customers.csv", "key", &order["customer"])[0];
        let last_year = orders_of(customer)
            .iter()
            .filter(|order| ("2025-07-01"..="2026-06-30").contains(&order["ordered"].as_str()))
            .count();
        customer["country"] == "Germany" && last_year >= 5
    })
    .await;
    check_orders("{lines: {every: {discount: {eq: \"0\"}}}}", |order| {
        rows_of("lines.csv", "order", &order["number"]).iter().all(|line| decimal(&line["discount"]).is_zero())
    })
    .await;
}

#[tokio::test]
async fn ids_are_compared() {
    for server in servers().await.iter() {
        let all = server.query("{ customers(orderBy: {field: EXTERNAL_ID}) { nodes { id } } }").await;
        let ids = column(&all["customers"], "/id");
        let query = "query($one: ID, $some: [ID!]) { one: customers(filter: {id: {eq: $one}}) { nodes { id } } some: customers(filter: {id: {in: $some}}) { totalCount } others: customers(filter: {id: {ne: $one}}) { totalCount } }";
        let data = server.graphql(Role::Admin, query, json!({ "one": ids[3], "some": &ids[4..7] })).await.data();
        assert_eq!(column(&data["one"], "/id"), [ids[3].as_str()]);
        assert_eq!((&data["some"]["totalCount"], &data["others"]["totalCount"]), (&json!(3), &json!(13)));
    }
}

#[tokio::test]
async fn nested_lists_are_filtered_for_each_parent() {
    for server in servers().await.iter() {
        let data = server.query("{ customers(first: 50) { nodes { externalId orders(first: 250, filter: {freight: {gte: \"5\"}, customer: {owner: {login: {eq: \"Mia\"}}}}) { totalCount nodes { number } } } } }").await;
        for customer in data["customers"]["nodes"].as_array().unwrap() {
            let row = &rows_of("customers.csv", "key", customer["externalId"].as_str().unwrap())[0];
            let fits = |order: &Row| {
                row["owner"] == "Mia" && !order["freight"].is_empty() && decimal(&order["freight"]) >= decimal("5")
            };
            let expected = sorted(orders_of(row).into_iter().filter(fits).map(|order| order["number"].clone()));
            assert_eq!(sorted(column(&customer["orders"], "/number")), expected);
            assert_eq!(customer["orders"]["totalCount"], expected.len());
        }
    }
}

#[tokio::test]
async fn what_is_no_value_of_the_field_is_told() {
    for server in servers().await.iter() {
        for filter in [
            "{revenue12m: {gt: \"much\"}}",
            "{revenue12m: {gt: \"1e400\"}}",
            "{lastOrderOn: {eq: \"31.12.2025\"}}",
            "{createdAt: {lt: \"now\"}}",
            "{id: {eq: \"K01\"}}",
            "{name: {contains: null}}",
            "{not: null}",
            "{orders: {some: null}}",
        ] {
            let answer = server
                .graphql(Role::Admin, &format!("{{ customers(filter: {filter}) {{ totalCount }} }}"), Value::Null)
                .await
                .json();
            assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{filter}: {answer}");
        }
    }
}

/// What is wrong with a value is told once, with its place, before anything is read, in a document and as a variable.
#[tokio::test]
async fn a_value_of_no_kind_is_told_once_with_its_place() {
    let large = "9".repeat(35);
    for server in servers().await.iter() {
        for (ty, argument, value, told) in [
            ("Decimal", "orders(filter: {netTotal: {gt: $v}})", large.as_str(), "is too large"),
            ("Decimal!", "orders(filter: {netTotal: {in: [$v]}})", "12,5", "is not a decimal number like `1234.50`"),
            ("Date", "orders(filter: {orderedOn: {gt: $v}})", "2026-02-30", "is not a date like"),
            ("DateTime", "orders(filter: {not: {createdAt: {lt: $v}}})", "yesterday", "is not a time like"),
            (
                "String",
                "orders(filter: {number: {contains: $v}})",
                "a\u{0}b",
                "a character U+0000, which no text may have",
            ),
            ("String!", "search(text: $v)", "\u{0}", "a character U+0000, which no text may have"),
            ("ID", "orders(filter: {id: {eq: $v}})", "7", "ids look like `ord_`"),
        ] {
            let selected = if argument.starts_with("search") { "{ __typename }" } else { "{ totalCount }" };
            let given = format!("query($v: {ty}) {{ {argument} {selected} }}");
            let written =
                format!("{{ {} {selected} }}", argument.replace("$v", &serde_json::to_string(value).unwrap()));
            for (query, variables) in [(given, json!({ "v": value })), (written, Value::Null)] {
                let answer = server.graphql(Role::Admin, &query, variables).await.json();
                assert_eq!(
                    (codes(&answer), answer.get("data")),
                    (vec!["BAD_USER_INPUT".to_owned()], None),
                    "{query}: {answer}"
                );
                let error = &answer["errors"][0];
                assert!(error["message"].as_str().unwrap().contains(told), "{answer}");
                assert!(error["locations"][0]["column"].as_u64() > Some(1), "{query}: {answer}");
            }
        }
    }
}
