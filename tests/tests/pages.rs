//! Pages and orders: reading a list page by page gives every record once, whatever it is ordered by.

use std::cmp::Ordering;

use guildhall_tests::{Role, Server, codes};
use serde_json::{Value, json};

use crate::small::{Row, column, decimal, net_total, rows, rows_of, servers};

/// Every number of an order, page by page.
async fn paged(server: &Server, order_by: &str, filter: &str, size: usize) -> Vec<String> {
    let query = format!(
        "query($after: String) {{ orders(first: {size}, after: $after, orderBy: {order_by}, filter: {filter}) {{ totalCount edges {{ cursor node {{ number }} }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"
    );
    let (mut numbers, mut after): (Vec<String>, _) = (Vec::new(), Value::Null);
    loop {
        let page = server.graphql(Role::Admin, &query, json!({ "after": after })).await.data()["orders"].take();
        let edges = page["edges"].as_array().unwrap();
        assert_eq!(page["pageInfo"]["hasPreviousPage"], !numbers.is_empty());
        assert_eq!(page["pageInfo"]["startCursor"], edges.first().map_or(Value::Null, |edge| edge["cursor"].clone()));
        assert_eq!(page["pageInfo"]["endCursor"], edges.last().map_or(Value::Null, |edge| edge["cursor"].clone()));
        numbers.extend(edges.iter().map(|edge| edge["node"]["number"].as_str().unwrap().to_owned()));
        let total = usize::try_from(page["totalCount"].as_u64().unwrap()).unwrap();
        assert_eq!(page["pageInfo"]["hasNextPage"], numbers.len() < total, "{order_by}");
        if numbers.len() >= total || edges.is_empty() {
            return numbers;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

/// Every number of an order, from its end page by page, as the whole list has them.
async fn paged_back(server: &Server, order_by: &str, size: usize) -> Vec<String> {
    let query = format!(
        "query($before: String) {{ orders(last: {size}, before: $before, orderBy: {order_by}) {{ edges {{ cursor node {{ number }} }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"
    );
    let (mut numbers, mut before): (Vec<String>, _) = (Vec::new(), Value::Null);
    loop {
        let page = server.graphql(Role::Admin, &query, json!({ "before": before })).await.data()["orders"].take();
        let edges = page["edges"].as_array().unwrap();
        assert_eq!(page["pageInfo"]["hasNextPage"], !numbers.is_empty());
        assert_eq!(page["pageInfo"]["startCursor"], edges.first().map_or(Value::Null, |edge| edge["cursor"].clone()));
        assert_eq!(page["pageInfo"]["endCursor"], edges.last().map_or(Value::Null, |edge| edge["cursor"].clone()));
        numbers.splice(0..0, edges.iter().map(|edge| edge["node"]["number"].as_str().unwrap().to_owned()));
        if page["pageInfo"]["hasPreviousPage"] == false {
            return numbers;
        }
        before = page["pageInfo"]["startCursor"].clone();
    }
}

/// Reads all orders in an order: in one page, in pages of 7 and in pages of 1. They must agree, hold every order once, and
/// stand as `compare` has them.
async fn check(order_by: &str, compare: impl Fn(&Row, &Row) -> Ordering) {
    let all = rows("orders.csv");
    let row = |number: &String| all.iter().find(|row| &row["number"] == number).unwrap();
    for server in servers().await.iter() {
        let whole = paged(server, order_by, "{}", 250).await;
        let mut once = whole.clone();
        once.sort();
        once.dedup();
        assert_eq!((whole.len(), once.len()), (60, 60), "{order_by}");
        for pair in whole.windows(2) {
            assert_ne!(compare(row(&pair[0]), row(&pair[1])), Ordering::Greater, "{order_by}: {pair:?}");
        }
        assert_eq!(paged(server, order_by, "{}", 7).await, whole, "{order_by}");
        assert_eq!(paged(server, order_by, "{}", 1).await, whole, "{order_by}");
        assert_eq!(paged_back(server, order_by, 7).await, whole, "{order_by} backwards");
        assert_eq!(paged_back(server, order_by, 1).await, whole, "{order_by} backwards");
    }
}

/// Nothing stands last, or first where asked for.
fn nulls<T: Ord>(one: Option<T>, other: Option<T>, first: bool, descending: bool) -> Ordering {
    match (one, other) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) if first => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) if first => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(one), Some(other)) if descending => other.cmp(&one),
        (Some(one), Some(other)) => one.cmp(&other),
    }
}

fn filled(row: &Row, column: &str) -> Option<String> {
    Some(row[column].clone()).filter(|text| !text.is_empty())
}

fn freight(row: &Row) -> Option<rust_decimal::Decimal> {
    filled(row, "freight").map(|text| decimal(&text))
}

#[tokio::test]
async fn by_a_text() {
    check("{field: NUMBER}", |one, other| one["number"].cmp(&other["number"])).await;
    check("{field: NUMBER, direction: DESC}", |one, other| other["number"].cmp(&one["number"])).await;
}

#[tokio::test]
async fn by_a_text_with_gaps() {
    for (order, first, descending) in
        [("{field: SHIP_TO_CITY}", false, false), ("{field: SHIP_TO_CITY, direction: DESC, nulls: FIRST}", true, true)]
    {
        check(order, |one, other| nulls(filled(one, "city"), filled(other, "city"), first, descending)).await;
    }
}

#[tokio::test]
async fn by_a_day_with_ties() {
    check("{field: ORDERED_ON}", |one, other| one["ordered"].cmp(&other["ordered"])).await;
    check("{field: ORDERED_ON, direction: DESC}", |one, other| other["ordered"].cmp(&one["ordered"])).await;
}

#[tokio::test]
async fn by_a_day_with_gaps() {
    for (order, first, descending) in [
        ("{field: SHIPPED_ON}", false, false),
        ("{field: SHIPPED_ON, nulls: FIRST}", true, false),
        ("{field: SHIPPED_ON, direction: DESC}", false, true),
        ("{field: SHIPPED_ON, direction: DESC, nulls: FIRST}", true, true),
    ] {
        check(order, |one, other| nulls(filled(one, "shipped"), filled(other, "shipped"), first, descending)).await;
    }
}

#[tokio::test]
async fn by_money() {
    check("{field: NET_TOTAL}", |one, other| net_total(&one["number"]).cmp(&net_total(&other["number"]))).await;
    check("{field: NET_TOTAL, direction: DESC}", |one, other| {
        net_total(&other["number"]).cmp(&net_total(&one["number"]))
    })
    .await;
}

#[tokio::test]
async fn by_money_with_gaps() {
    check("{field: FREIGHT, direction: DESC, nulls: LAST}", |one, other| {
        nulls(freight(one), freight(other), false, true)
    })
    .await;
    check("{field: FREIGHT, nulls: FIRST}", |one, other| nulls(freight(one), freight(other), true, false)).await;
}

#[tokio::test]
async fn by_several_terms() {
    check("[{field: STATUS}, {field: FREIGHT, direction: DESC, nulls: FIRST}, {field: ORDERED_ON}]", |one, other| {
        let status = |row: &Row| if row["shipped"].is_empty() { "OPEN" } else { "SHIPPED" };
        let freights = nulls(freight(one), freight(other), true, true);
        status(one).cmp(status(other)).then(freights).then_with(|| one["ordered"].cmp(&other["ordered"]))
    })
    .await;
}

#[tokio::test]
async fn by_a_related_record() {
    let customer = |order: &Row, column: &str| filled(&rows_of("customers.csv", "key", &order["customer"])[0], column);
    check("[{customer: {field: NAME}}, {field: NUMBER, direction: DESC}]", |one, other| {
        customer(one, "name").cmp(&customer(other, "name")).then_with(|| other["number"].cmp(&one["number"]))
    })
    .await;
    check("[{customer: {field: INDUSTRY, direction: DESC, nulls: FIRST}}]", |one, other| {
        nulls(customer(one, "industry"), customer(other, "industry"), true, true)
    })
    .await;
}

#[tokio::test]
async fn a_term_names_one_thing() {
    for server in servers().await.iter() {
        for order in [
            "{}",
            "{direction: DESC}",
            "{field: NUMBER, customer: {field: NAME}}",
            "{customer: {field: NAME}, direction: DESC}",
            "{customer: {}}",
        ] {
            let query = format!("{{ orders(orderBy: [{order}]) {{ totalCount }} }}");
            let answer = server.graphql(Role::Admin, &query, Value::Null).await.json();
            assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{order}: {answer}");
        }
        let deep = "{ orderLines(orderBy: [{order: {customer: {segment: {parent: {field: NAME}}}}}]) { totalCount } }";
        let answer = server.graphql(Role::Admin, deep, Value::Null).await.json();
        assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{answer}");
        let allowed = "{ orderLines(orderBy: [{order: {customer: {segment: {field: NAME}}}}]) { totalCount } }";
        server.query(allowed).await;
    }
}

#[tokio::test]
async fn a_page_between_two_cursors() {
    for server in servers().await.iter() {
        let order = "orderBy: [{field: ORDERED_ON}, {field: NUMBER}]";
        let all = server
            .query(&format!("{{ orders(first: 250, {order}) {{ edges {{ cursor node {{ number }} }} }} }}"))
            .await;
        let edges = all["orders"]["edges"].as_array().unwrap();
        let number = |index: usize| edges[index]["node"]["number"].clone();
        let (after, before) = (edges[9]["cursor"].as_str().unwrap(), edges[20]["cursor"].as_str().unwrap());
        for (size, numbers, previous, next) in [
            ("first: 3", vec![number(10), number(11), number(12)], true, true),
            ("last: 2", vec![number(18), number(19)], true, true),
            ("first: 100", (10..20).map(number).collect(), true, true),
            ("last: 100", (10..20).map(number).collect(), true, true),
        ] {
            let query = format!(
                "{{ orders({size}, after: \"{after}\", before: \"{before}\", {order}) {{ totalCount nodes {{ number }} pageInfo {{ hasPreviousPage hasNextPage }} }} }}"
            );
            let page = server.query(&query).await["orders"].take();
            let nodes: Vec<_> = numbers.into_iter().map(|number| json!({ "number": number })).collect();
            let info = json!({ "hasPreviousPage": previous, "hasNextPage": next });
            assert_eq!(page, json!({ "totalCount": 60, "nodes": nodes, "pageInfo": info }), "{size}");
        }
        let info = "pageInfo { hasPreviousPage hasNextPage }";
        let (first, last) = (edges[0]["cursor"].as_str().unwrap(), edges[59]["cursor"].as_str().unwrap());
        let ends = server.query(&format!("{{ beyond: orders(first: 5, after: \"{last}\", {order}) {{ {info} nodes {{ id }} }} ahead: orders(last: 5, before: \"{first}\", {order}) {{ {info} nodes {{ id }} }} none: orders(last: 0, {order}) {{ {info} }} }}")).await;
        assert_eq!(
            ends["beyond"],
            json!({ "pageInfo": { "hasPreviousPage": true, "hasNextPage": false }, "nodes": [] })
        );
        assert_eq!(
            ends["ahead"],
            json!({ "pageInfo": { "hasPreviousPage": false, "hasNextPage": true }, "nodes": [] })
        );
        assert_eq!(ends["none"], json!({ "pageInfo": { "hasPreviousPage": true, "hasNextPage": false } }));
        let both =
            server.graphql(Role::Admin, "{ orders(first: 1, last: 1) { totalCount } }", Value::Null).await.json();
        assert_eq!(codes(&both), ["BAD_USER_INPUT"], "{both}");
    }
}

#[tokio::test]
async fn by_id() {
    check("{field: ID, direction: DESC}", |_, _| Ordering::Equal).await;
    check("[{field: ID}, {field: NUMBER, direction: DESC}]", |_, _| Ordering::Equal).await;
}

#[tokio::test]
async fn unicode_is_ordered_by_its_bytes() {
    let mut names: Vec<_> = rows("customers.csv").into_iter().map(|row| row["name"].clone()).collect();
    names.sort();
    for server in servers().await.iter() {
        let ascending = server.query("{ customers(orderBy: {field: NAME}) { nodes { name } } }").await;
        assert_eq!(column(&ascending["customers"], "/name"), names);
        let descending =
            server.query("{ customers(orderBy: {field: NAME, direction: DESC}) { nodes { name } } }").await;
        assert!(column(&descending["customers"], "/name").iter().eq(names.iter().rev()));
    }
}

#[tokio::test]
async fn under_a_filter_on_related_records() {
    let filter = "{customer: {owner: {name: {eq: \"Mia\"}}}}";
    for server in servers().await.iter() {
        let found = paged(server, "{field: FREIGHT}", filter, 4).await;
        let expected = rows("orders.csv")
            .iter()
            .filter(|order| rows_of("customers.csv", "key", &order["customer"])[0]["owner"] == "Mia")
            .count();
        assert_eq!(found.len(), expected);
        assert_eq!(found, paged(server, "{field: FREIGHT}", filter, 250).await);
    }
}

#[tokio::test]
async fn of_each_parents_list() {
    let query = "query($id: ID!, $after: String) { customer(id: $id) { orders(first: 2, after: $after, orderBy: {field: ORDERED_ON, direction: DESC}) { nodes { number } pageInfo { hasNextPage endCursor } } } }";
    for server in servers().await.iter() {
        let found = server.query("{ customers(filter: {externalId: {eq: \"K01\"}}) { nodes { id orders(first: 100, orderBy: {field: ORDERED_ON, direction: DESC}) { nodes { number } } } } }").await;
        let customer = &found["customers"]["nodes"][0];
        let (mut numbers, mut after) = (Vec::new(), Value::Null);
        loop {
            let page = server.graphql(Role::Admin, query, json!({ "id": customer["id"], "after": after })).await.data()
                ["customer"]["orders"]
                .take();
            numbers.extend(column(&page, "/number"));
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
        assert_eq!(numbers, column(&customer["orders"], "/number"));
    }
}

#[tokio::test]
async fn an_empty_page_has_no_cursors() {
    for server in servers().await.iter() {
        let data = server.query("{ none: customers(first: 0) { totalCount nodes { id } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } nobody: customers(filter: {name: {eq: \"nobody\"}}) { totalCount nodes { id } pageInfo { hasNextPage startCursor endCursor } } }").await;
        assert_eq!(
            data["none"],
            json!({ "totalCount": 14, "nodes": [], "edges": [], "pageInfo": { "hasNextPage": true, "hasPreviousPage": false, "startCursor": null, "endCursor": null } })
        );
        assert_eq!(
            data["nobody"],
            json!({ "totalCount": 0, "nodes": [], "pageInfo": { "hasNextPage": false, "startCursor": null, "endCursor": null } })
        );
    }
}

#[tokio::test]
async fn a_cursor_of_another_order_is_refused() {
    for server in servers().await.iter() {
        let by_day =
            server.query("{ orders(first: 1, orderBy: {field: ORDERED_ON}) { pageInfo { endCursor } } }").await;
        let cursor = by_day["orders"]["pageInfo"]["endCursor"].as_str().unwrap();
        for (after, order) in [
            ("nonsense", "[]"),
            ("", "[]"),
            (cursor, "[]"),
            (cursor, "{field: FREIGHT}"),
            (cursor, "[{field: ORDERED_ON}, {field: FREIGHT}]"),
        ] {
            let query =
                format!("query($after: String) {{ orders(after: $after, orderBy: {order}) {{ nodes {{ number }} }} }}");
            let answer = server.graphql(Role::Admin, &query, json!({ "after": after })).await.json();
            assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{after} {order}: {answer}");
        }
    }
}

/// The cursor after the first of a list, which is asked for in full.
async fn cursor(server: &Server, list: &str) -> String {
    let data = server.query(&format!("{{ list: {list} {{ pageInfo {{ endCursor }} }} }}")).await;
    data["list"]["pageInfo"]["endCursor"].as_str().unwrap().to_owned()
}

/// Asks a list for what follows a cursor, in the document and as a variable.
async fn after(server: &Server, list: &str, cursor: &str) -> [Value; 2] {
    let written =
        format!("{{ list: {} {{ pageInfo {{ hasPreviousPage }} }} }}", list.replace("$after", &format!("{cursor:?}")));
    let given = format!("query($after: String) {{ list: {list} {{ pageInfo {{ hasPreviousPage }} }} }}");
    let given = server.graphql(Role::Admin, &given, json!({ "after": cursor })).await.json();
    [server.graphql(Role::Admin, &written, Value::Null).await.json(), given]
}

#[tokio::test]
async fn a_cursor_belongs_to_its_list_and_order() {
    let of = "orders(first: 1, orderBy: {field: NUMBER})";
    for server in servers().await.iter() {
        let cursor = cursor(server, of).await;
        for list in [
            "orders(after: $after, orderBy: {field: NUMBER, direction: DESC})",
            "orders(after: $after, orderBy: {field: CURRENCY})",
            "orders(after: $after, orderBy: {customer: {field: NAME}})",
            "products(after: $after, orderBy: {field: SKU})",
            "invoices(after: $after, orderBy: {field: NUMBER})",
            "ordersGroups(after: $after, by: [{field: CURRENCY}, {field: CUSTOMER}])",
        ] {
            for answer in after(server, list, &cursor).await {
                assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{list}: {answer}");
                let error = &answer["errors"][0];
                assert!(error["message"].as_str().unwrap().contains("no cursor of this list"), "{answer}");
                assert!(error["locations"][0]["line"] == 1, "{answer}");
            }
        }
    }
}

#[tokio::test]
async fn a_cursor_of_another_place_of_nulls_is_refused() {
    for server in servers().await.iter() {
        let last = cursor(server, "orders(first: 1, orderBy: {field: FREIGHT})").await;
        for answer in after(server, "orders(after: $after, orderBy: {field: FREIGHT, nulls: FIRST})", &last).await {
            assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{answer}");
        }
    }
}

#[tokio::test]
async fn a_cursor_of_groups_belongs_to_what_they_are_grouped_by() {
    for server in servers().await.iter() {
        let cursor = cursor(server, "ordersGroups(first: 1, by: [{field: ORDERED_ON, bucket: MONTH}])").await;
        for by in
            ["[{field: ORDERED_ON, bucket: QUARTER}]", "[{field: SHIPPED_ON, bucket: MONTH}]", "[{field: ORDERED_ON}]"]
        {
            for answer in after(server, &format!("ordersGroups(after: $after, by: {by})"), &cursor).await {
                assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{by}: {answer}");
            }
        }
        for answer in after(server, "orders(after: $after, orderBy: {field: ORDERED_ON})", &cursor).await {
            assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{answer}");
        }
        let measured = "orderBy: [{measure: SUM, of: NET_TOTAL}]";
        let of_sums =
            self::cursor(server, &format!("ordersGroups(first: 1, by: [{{field: STATUS}}], {measured})")).await;
        let by_average =
            "ordersGroups(after: $after, by: [{field: STATUS}], orderBy: [{measure: AVERAGE, of: NET_TOTAL}])";
        for answer in after(server, by_average, &of_sums).await {
            assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{answer}");
        }
        // What is asked of the groups may differ from page to page.
        let more = format!(
            "{{ ordersGroups(after: {of_sums:?}, by: [{{field: STATUS}}], {measured}) {{ nodes {{ count min {{ freight {{ amount }} }} }} pageInfo {{ hasPreviousPage }} }} }}"
        );
        assert_eq!(server.query(&more).await["ordersGroups"]["pageInfo"]["hasPreviousPage"], true);
    }
}

/// Names, filters, sizes and where the list stands do not make another cursor; the order of a nested list does.
#[tokio::test]
async fn a_cursor_holds_for_any_page_of_its_order() {
    for server in servers().await.iter() {
        let cursor = cursor(server, "orders(first: 1, orderBy: {field: NUMBER})").await;
        for list in [
            "orders(first: 7, after: $after, orderBy: [{field: NUMBER, nulls: FIRST}], filter: {status: {ne: CANCELLED}})",
            "orders(last: 7, after: $after, orderBy: [{field: NUMBER, direction: ASC}, {field: ID}])",
        ] {
            for answer in after(server, list, &cursor).await {
                assert_eq!(answer["data"]["list"]["pageInfo"]["hasPreviousPage"], true, "{list}: {answer}");
            }
        }
        let nested = |order: &str| {
            format!(
                "{{ customers(first: 3) {{ nodes {{ orders(after: {cursor:?}, orderBy: [{order}]) {{ nodes {{ number }} }} }} }} }}"
            )
        };
        assert!(server.query(&nested("{field: NUMBER}")).await["customers"]["nodes"][0]["orders"].is_object());
        let other = server.graphql(Role::Admin, &nested("{field: NUMBER, direction: DESC}"), Value::Null).await.json();
        assert_eq!(codes(&other), ["BAD_USER_INPUT"], "{other}");
    }
}

#[tokio::test]
async fn a_cursor_that_was_altered_is_refused() {
    for server in servers().await.iter() {
        let cursor = cursor(server, "orders(first: 1, orderBy: {field: NUMBER})").await;
        let digest_altered = cursor.replacen("5b22", "5b2230", 1);
        for altered in [&cursor[..cursor.len() - 2], &cursor[..cursor.len() - 1], &cursor[2..], &digest_altered, "5b5d"]
        {
            for answer in after(server, "orders(after: $after, orderBy: {field: NUMBER})", altered).await {
                assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{altered}: {answer}");
            }
        }
    }
}

#[tokio::test]
async fn a_page_is_neither_negative_nor_endless() {
    for server in servers().await.iter() {
        for (first, code) in [("-1", "BAD_USER_INPUT"), ("251", "LIMIT_EXCEEDED")] {
            let answer = server
                .graphql(Role::Admin, &format!("{{ customers(first: {first}) {{ totalCount }} }}"), Value::Null)
                .await
                .json();
            assert_eq!(codes(&answer), [code], "{answer}");
        }
        let nested = "{ customers(first: 250) { nodes { orders(first: 250) { nodes { id } } } } }";
        assert_eq!(codes(&server.graphql(Role::Admin, nested, Value::Null).await.json()), ["LIMIT_EXCEEDED"]);
    }
}
