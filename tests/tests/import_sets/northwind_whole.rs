//! The tables of Northwind that its own tests leave out.

use super::*;

#[tokio::test]
async fn northwind_accounts_for_every_row() {
    let Some(servers) = northwind::servers().await else { return };
    let expected = [
        ("Customer", [91, 91, 0, 0, 0]),
        ("Contact", [91, 91, 0, 0, 0]),
        ("Address", [91, 91, 0, 0, 0]),
        ("CreditAccount", [91, 91, 0, 0, 0]),
        ("Product", [77, 77, 0, 0, 0]),
        ("Order", [830, 830, 0, 0, 0]),
        ("OrderLine", [2155, 2155, 0, 0, 0]),
        ("User", [9, 9, 0, 0, 0]),
        ("Territory", [53, 53, 0, 0, 0]),
        ("TerritoryAssignment", [49, 49, 0, 0, 0]),
        ("Shipment", [830, 809, 0, 21, 0]),
    ];
    check_rows(&servers, "northwind", "Orders.csv", &expected);
    check(
        &servers,
        "{ creditAccounts { totalCount } users { totalCount } territories { totalCount } territoryAssignments { totalCount } shipments { totalCount } }",
        json!({ "creditAccounts": { "totalCount": 91 }, "users": { "totalCount": 9 }, "territories": { "totalCount": 53 }, "territoryAssignments": { "totalCount": 49 }, "shipments": { "totalCount": 809 } }),
    )
    .await;
}

/// The first row of the file reports to the second.
#[tokio::test]
async fn northwind_employees_have_managers_and_territories() {
    let Some(servers) = northwind::servers().await else { return };
    check(
        &servers,
        "{ users(orderBy: {field: EXTERNAL_ID}) { nodes { externalId name manager { externalId } reports { totalCount } territories { totalCount } } } }",
        json!({ "users": { "nodes": [
            { "externalId": "1", "name": "Nancy Davolio", "manager": { "externalId": "2" }, "reports": { "totalCount": 0 }, "territories": { "totalCount": 2 } },
            { "externalId": "2", "name": "Andrew Fuller", "manager": null, "reports": { "totalCount": 5 }, "territories": { "totalCount": 7 } },
            { "externalId": "3", "name": "Janet Leverling", "manager": { "externalId": "2" }, "reports": { "totalCount": 0 }, "territories": { "totalCount": 4 } },
            { "externalId": "4", "name": "Margaret Peacock", "manager": { "externalId": "2" }, "reports": { "totalCount": 0 }, "territories": { "totalCount": 3 } },
            { "externalId": "5", "name": "Steven Buchanan", "manager": { "externalId": "2" }, "reports": { "totalCount": 3 }, "territories": { "totalCount": 7 } },
            { "externalId": "6", "name": "Michael Suyama", "manager": { "externalId": "5" }, "reports": { "totalCount": 0 }, "territories": { "totalCount": 5 } },
            { "externalId": "7", "name": "Robert King", "manager": { "externalId": "5" }, "reports": { "totalCount": 0 }, "territories": { "totalCount": 10 } },
            { "externalId": "8", "name": "Laura Callahan", "manager": { "externalId": "2" }, "reports": { "totalCount": 0 }, "territories": { "totalCount": 4 } },
            { "externalId": "9", "name": "Anne Dodsworth", "manager": { "externalId": "5" }, "reports": { "totalCount": 0 }, "territories": { "totalCount": 7 } },
        ] } }),
    )
    .await;
    check(
        &servers,
        "{ territoriesGroups(by: [{field: REGION}]) { nodes { key { region } count } } unassigned: territories(filter: {assignments: {none: {}}}) { totalCount } westboro: territories(filter: {externalId: {eq: \"01581\"}}) { nodes { name assignments { nodes { user { name } } } } } }",
        json!({
            "territoriesGroups": { "nodes": [
                { "key": { "region": "Eastern" }, "count": 19 },
                { "key": { "region": "Northern" }, "count": 11 },
                { "key": { "region": "Southern" }, "count": 8 },
                { "key": { "region": "Western" }, "count": 15 },
            ] },
            "unassigned": { "totalCount": 4 },
            "westboro": { "nodes": [{ "name": "Westboro", "assignments": { "nodes": [{ "user": { "name": "Andrew Fuller" } }] } }] },
        }),
    )
    .await;
}

#[tokio::test]
async fn northwind_products_have_suppliers() {
    let Some(servers) = northwind::servers().await else { return };
    check(
        &servers,
        "{ productsGroups(by: [{field: SUPPLIER}]) { totalCount } pavlova: products(filter: {supplier: {eq: \"Pavlova, Ltd.\"}}) { totalCount } nobody: products(filter: {supplier: {isNull: true}}) { totalCount } }",
        json!({ "productsGroups": { "totalCount": 29 }, "pavlova": { "totalCount": 5 }, "nobody": { "totalCount": 0 } }),
    )
    .await;
}

/// All freight is 64,942.69; 987.67 of it is for the 21 orders that were not shipped.
#[tokio::test]
async fn northwind_shipments_carry_the_freight() {
    let Some(servers) = northwind::servers().await else { return };
    check(
        &servers,
        "{ shipmentsGroups(by: [{field: CARRIER}]) { nodes { key { carrier } count sum { freight { amount } } } } shipmentsAggregate { sum { freight { amount } } } ordersAggregate { sum { freight { amount } total { amount } } } waiting: orders(filter: {shipments: {none: {}}}) { totalCount } open: orders(filter: {status: {eq: OPEN}}) { totalCount } }",
        json!({
            "shipmentsGroups": { "nodes": [
                { "key": { "carrier": "Federal Shipping" }, "count": 249, "sum": { "freight": { "amount": "20363.10" } } },
                { "key": { "carrier": "Speedy Express" }, "count": 245, "sum": { "freight": { "amount": "16035.16" } } },
                { "key": { "carrier": "United Package" }, "count": 315, "sum": { "freight": { "amount": "27556.76" } } },
            ] },
            "shipmentsAggregate": { "sum": { "freight": { "amount": "63955.02" } } },
            "ordersAggregate": { "sum": { "freight": { "amount": "64942.69" }, "total": { "amount": "1330735.7295" } } },
            "waiting": { "totalCount": 21 },
            "open": { "totalCount": 21 },
        }),
    )
    .await;
    for server in servers.iter() {
        let orders = all(server, "orders", "requiredOn shippedOn").await;
        let late = |order: &&Value| {
            let [shipped, required] = ["shippedOn", "requiredOn"].map(|day| order[day].as_str());
            // Without a day it is less than any.
            shipped > required
        };
        assert_eq!(orders.iter().filter(late).count(), 37);
    }
}
