//! AdventureWorks: no headers, tabs, separators of two letters, packed files, purchase orders with four decimals.

use super::*;

#[tokio::test]
async fn adventure_works_accounts_for_every_row() {
    let Some(servers) = ADVENTURE_WORKS.servers().await else { return };
    let expected = [
        ("Territory", [10, 10, 0, 0, 0]),
        ("Customer", [104, 104, 0, 0, 0]),
        ("User", [701, 13, 688, 0, 0]),
        ("Customer", [701, 701, 0, 0, 0]),
        ("Customer", [2059, 2059, 0, 0, 0]),
        ("Contact", [2059, 2059, 0, 0, 0]),
        ("Address", [19614, 816, 0, 18798, 0]),
        ("Address", [2059, 2059, 0, 0, 0]),
        ("Product", [504, 504, 0, 0, 0]),
        ("Order", [4012, 4012, 0, 0, 0]),
        ("OrderLine", [8845, 8845, 0, 0, 0]),
        ("Shipment", [4012, 4012, 0, 0, 0]),
    ];
    check_rows(&servers, ADVENTURE_WORKS.name, ADVENTURE_WORKS.file, &expected);
    check(
        &servers,
        "{ territories { totalCount } customers { totalCount } contacts { totalCount } addresses { totalCount } products { totalCount } orders { totalCount } orderLines { totalCount } shipments { totalCount } }",
        json!({ "territories": { "totalCount": 10 }, "customers": { "totalCount": 2864 }, "contacts": { "totalCount": 2059 }, "addresses": { "totalCount": 2875 }, "products": { "totalCount": 504 }, "orders": { "totalCount": 4012 }, "orderLines": { "totalCount": 8845 }, "shipments": { "totalCount": 4012 } }),
    )
    .await;
}

#[tokio::test]
async fn adventure_works_orders_add_up_to_the_last_decimal() {
    let Some(servers) = ADVENTURE_WORKS.servers().await else { return };
    check(
        &servers,
        "{ ordersAggregate { count sum { netTotal { amount currency } taxTotal { amount } freight { amount } total { amount } } } orderLinesAggregate { count sum { netAmount { amount } quantity deliveredQuantity rejectedQuantity } } rejected: orderLines(filter: {rejectedQuantity: {gt: \"0\"}}) { totalCount } ordersGroups(by: [{field: STATUS}]) { nodes { key { status } count } } }",
        json!({
            "ordersAggregate": { "count": 4012, "sum": { "netTotal": { "amount": "63791994.838", "currency": "USD" }, "taxTotal": { "amount": "5103359.574" }, "freight": { "amount": "1583978.2263" }, "total": { "amount": "70479332.6383" } } },
            "orderLinesAggregate": { "count": 8845, "sum": { "netAmount": { "amount": "63791994.838" }, "quantity": "2348637", "deliveredQuantity": "2327299", "rejectedQuantity": "72700" } },
            "rejected": { "totalCount": 563 },
            "ordersGroups": { "nodes": [
                { "key": { "status": "CANCELLED" }, "count": 86 },
                { "key": { "status": "OPEN" }, "count": 237 },
                { "key": { "status": "SHIPPED" }, "count": 3689 },
            ] },
        }),
    )
    .await;
    for server in servers.iter() {
        let more = "taxTotal { amount } freight { amount } total { amount } shipments { nodes { carrier freight { amount } } }";
        let orders = orders_worth_their_lines(server, more).await;
        assert_eq!((orders.len(), total(&orders, "netTotal")), (4012, decimal("63791994.8380")));
        for order in &orders {
            let due = amount(order, "netTotal") + amount(order, "taxTotal") + amount(order, "freight");
            assert_eq!(amount(order, "total"), due, "{order}");
            let shipments = order["shipments"]["nodes"].as_array().unwrap();
            assert_eq!((shipments.len(), total(shipments, "freight")), (1, amount(order, "freight")), "{order}");
        }
    }
}

#[tokio::test]
async fn adventure_works_orders_say_what_came_and_how() {
    let Some(servers) = ADVENTURE_WORKS.servers().await else { return };
    check(
        &servers,
        "{ orders(filter: {number: {eq: \"2000\"}}) { nodes { status orderedOn requiredOn shippedOn total { amount } takenBy customer { externalId } shipments { nodes { carrier shippedOn } } lines(orderBy: {field: POSITION}) { nodes { externalId position quantity deliveredQuantity rejectedQuantity unitPrice { amount } netAmount { amount } product { externalId } } } } } shipmentsGroups(by: [{field: CARRIER}]) { nodes { key { carrier } count sum { freight { amount } } } } }",
        json!({
            "orders": { "nodes": [{
                "status": "SHIPPED", "orderedOn": "2025-02-13", "requiredOn": "2025-02-27", "shippedOn": "2025-02-22", "total": { "amount": "31160.2541" }, "takenBy": "arvind0@adventure-works.com", "customer": { "externalId": "1526" },
                "shipments": { "nodes": [{ "carrier": "ZY - EXPRESS", "shippedOn": "2025-02-22" }] },
                "lines": { "nodes": [
                    { "externalId": "4471", "position": 1, "quantity": "550", "deliveredQuantity": "550", "rejectedQuantity": "0", "unitPrice": { "amount": "23.4045" }, "netAmount": { "amount": "12872.475" }, "product": { "externalId": "510" } },
                    { "externalId": "4472", "position": 2, "quantity": "550", "deliveredQuantity": "550", "rejectedQuantity": "55", "unitPrice": { "amount": "27.867" }, "netAmount": { "amount": "15326.85" }, "product": { "externalId": "511" } },
                ] },
            }] },
            "shipmentsGroups": { "nodes": [
                { "key": { "carrier": "CARGO TRANSPORT 5" }, "count": 1523, "sum": { "freight": { "amount": "730898.0208" } } },
                { "key": { "carrier": "OVERNIGHT J-FAST" }, "count": 1085, "sum": { "freight": { "amount": "270705.6936" } } },
                { "key": { "carrier": "OVERSEAS - DELUXE" }, "count": 160, "sum": { "freight": { "amount": "170485.1128" } } },
                { "key": { "carrier": "XRQ - TRUCK GROUND" }, "count": 589, "sum": { "freight": { "amount": "75359.9465" } } },
                { "key": { "carrier": "ZY - EXPRESS" }, "count": 655, "sum": { "freight": { "amount": "336529.4526" } } },
            ] },
        }),
    )
    .await;
}

/// Categories are two look-ups away, and countries and territories four.
#[tokio::test]
async fn adventure_works_looks_up_from_file_to_file() {
    let Some(servers) = ADVENTURE_WORKS.servers().await else { return };
    check(
        &servers,
        "{ productsGroups(by: [{field: CATEGORY}]) { nodes { key { category } count } } productsAggregate { sum { listPrice { amount } unitCost { amount } } } gone: products(filter: {discontinued: {eq: true}}) { totalCount } customersGroups(by: [{field: TERRITORY}]) { nodes { key { territory { name } } count } } byStatus: customersGroups(by: [{field: KIND}, {field: STATUS}]) { nodes { key { kind status } count } } vendors: customersGroups(by: [{field: STATUS}, {field: COUNTRY}], filter: {industry: {eq: \"Vendor\"}}) { nodes { key { status country } count } } store: customers(filter: {name: {eq: \"Great Bikes\"}}) { nodes { externalId phone industry country territory { name } } } resellers: customersGroups(by: [{field: COUNTRY}], filter: {territory: {name: {isNull: false}}}) { nodes { key { country } count } } }",
        json!({
            "productsGroups": { "nodes": [
                { "key": { "category": "Accessories" }, "count": 29 },
                { "key": { "category": "Bikes" }, "count": 97 },
                { "key": { "category": "Clothing" }, "count": 35 },
                { "key": { "category": "Components" }, "count": 134 },
                { "key": { "category": null }, "count": 209 },
            ] },
            "productsAggregate": { "sum": { "listPrice": { "amount": "221087.79" }, "unitCost": { "amount": "130335.8925" } } },
            "gone": { "totalCount": 98 },
            "customersGroups": { "nodes": [
                { "key": { "territory": { "name": "Northwest" } }, "count": 92 },
                { "key": { "territory": { "name": "Northeast" } }, "count": 56 },
                { "key": { "territory": { "name": "Central" } }, "count": 63 },
                { "key": { "territory": { "name": "Southwest" } }, "count": 131 },
                { "key": { "territory": { "name": "Southeast" } }, "count": 85 },
                { "key": { "territory": { "name": "Canada" } }, "count": 114 },
                { "key": { "territory": { "name": "France" } }, "count": 40 },
                { "key": { "territory": { "name": "Germany" } }, "count": 40 },
                { "key": { "territory": { "name": "Australia" } }, "count": 40 },
                { "key": { "territory": { "name": "United Kingdom" } }, "count": 40 },
                { "key": { "territory": null }, "count": 2163 },
            ] },
            "byStatus": { "nodes": [
                { "key": { "kind": "ORGANIZATION", "status": "ACTIVE" }, "count": 735 },
                { "key": { "kind": "ORGANIZATION", "status": "CLOSED" }, "count": 4 },
                { "key": { "kind": "ORGANIZATION", "status": "PROSPECT" }, "count": 66 },
                { "key": { "kind": "PERSON", "status": "PROSPECT" }, "count": 2059 },
            ] },
            "vendors": { "nodes": [
                { "key": { "status": "ACTIVE", "country": "United States" }, "count": 100 },
                { "key": { "status": "CLOSED", "country": "United States" }, "count": 4 },
            ] },
            "store": { "nodes": [{ "externalId": "318", "phone": "571-555-0128", "industry": "Value Added Reseller", "country": "United States", "territory": { "name": "Northwest" } }] },
            "resellers": { "nodes": [
                { "key": { "country": "Australia" }, "count": 40 },
                { "key": { "country": "Canada" }, "count": 114 },
                { "key": { "country": "France" }, "count": 40 },
                { "key": { "country": "Germany" }, "count": 40 },
                { "key": { "country": "United Kingdom" }, "count": 40 },
                { "key": { "country": "United States" }, "count": 427 },
            ] },
        }),
    )
    .await;
}

#[tokio::test]
async fn adventure_works_addresses_are_those_of_stores_and_vendors() {
    let Some(servers) = ADVENTURE_WORKS.servers().await else { return };
    check(
        &servers,
        "{ addressesGroups(by: [{field: PURPOSE}], filter: {customer: {kind: {eq: ORGANIZATION}}}) { nodes { key { purpose } count } } some: addresses(filter: {externalId: {in: [\"1492-309-3\", \"320-809-3\", \"410-416-3\"]}}, orderBy: {field: EXTERNAL_ID}) { nodes { purpose street city region postalCode country customer { name } } } zeros: addresses(filter: {postalCode: {startsWith: \"0\"}, customer: {kind: {eq: ORGANIZATION}}}) { totalCount } homeless: customers(filter: {addresses: {none: {}}}) { totalCount } }",
        json!({
            "addressesGroups": { "nodes": [
                { "key": { "purpose": "MAIN" }, "count": 805 },
                { "key": { "purpose": "SHIPPING" }, "count": 11 },
            ] },
            "some": { "nodes": [
                { "purpose": "MAIN", "street": "28 San Marino Ct.", "city": "Bellingham", "region": "Washington", "postalCode": "98225", "country": "United States", "customer": { "name": "Australia Bike Retailer" } },
                { "purpose": "MAIN", "street": "Granite State Marketplace", "city": "Hooksett", "region": "New Hampshire", "postalCode": "03106", "country": "United States", "customer": { "name": "Metropolitan Sales and Rental" } },
                { "purpose": "MAIN", "street": "Level 100, 77 Southbank Boulevard", "city": "South Melbourne", "region": "Victoria", "postalCode": "3205", "country": "Australia", "customer": { "name": "Fast Bike Works" } },
            ] },
            "zeros": { "totalCount": 28 },
            "homeless": { "totalCount": 0 },
        }),
    )
    .await;
}

/// 2,009 different e-mail addresses, of which 49 belong to more than one lead, 99 leads in all.
#[tokio::test]
async fn adventure_works_leads_keep_their_addresses() {
    let Some(servers) = ADVENTURE_WORKS.servers().await else { return };
    check(
        &servers,
        "{ contacts(filter: {email: {eq: \"kshen@consolidatedmessenger\"}}, orderBy: {field: NAME}) { nodes { externalId name bornOn phone customer { kind status industry } } } contactsGroups(by: [{field: EMAIL}]) { totalCount } contactsAggregate { count min { bornOn } max { bornOn } } addresses(filter: {externalId: {eq: \"prospect-14\"}}) { nodes { street city region postalCode country } } }",
        json!({
            "contacts": { "nodes": [
                { "externalId": "prospect-1235", "name": "Kate A Shen", "bornOn": "1952-11-10", "phone": "1 (11) 500 555-0184", "customer": { "kind": "PERSON", "status": "PROSPECT", "industry": "Management" } },
                { "externalId": "prospect-1236", "name": "Kenneth W Shen", "bornOn": "1970-05-23", "phone": "1 (11) 500 555-0189", "customer": { "kind": "PERSON", "status": "PROSPECT", "industry": "Manual" } },
                { "externalId": "prospect-1237", "name": "Kurt C Shen", "bornOn": "1973-09-13", "phone": "411-555-0173", "customer": { "kind": "PERSON", "status": "PROSPECT", "industry": "Professional" } },
            ] },
            "contactsGroups": { "totalCount": 2009 },
            "contactsAggregate": { "count": 2059, "min": { "bornOn": "1928-09-08" }, "max": { "bornOn": "1990-05-14" } },
            "addresses": { "nodes": [{ "street": "220 Rose Ann Ave., #103", "city": "West Covina", "region": "CA", "postalCode": "91791", "country": "United States" }] },
        }),
    )
    .await;
    for server in servers.iter() {
        let contacts = all(server, "contacts", "email").await;
        let emails = sorted(contacts.iter().map(|contact| contact["email"].as_str().unwrap()));
        let leads: Vec<_> =
            emails.chunk_by(|one, next| one == next).map(<[_]>::len).filter(|leads| *leads > 1).collect();
        assert_eq!((leads.len(), leads.iter().sum::<usize>()), (49, 99));
    }
}
