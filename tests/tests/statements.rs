//! How many SQL statements the most usual operations take, on both databases alike. Beginning and committing are not counted.

use std::fmt::Write as _;

use expect_test::expect;
use guildhall_graph::{Api, Request};
use guildhall_model::Role;
use guildhall_tests::places;
use guildhall_workflow::Actor;
use serde_json::{Value, json};

use crate::decisions::api;
use crate::small;

struct Count<'s> {
    api: &'s Api,
    actor: Actor,
    table: String,
}

impl Count<'_> {
    async fn send(&self, query: &str, variables: Value) -> Value {
        let request = Request { query: query.to_owned(), operation_name: None, variables };
        let response = self.api.execute(&request, &self.actor, true).await;
        let mut body: Value = serde_json::from_slice(&response.body).unwrap();
        assert_eq!(body.get("errors"), None, "{body}");
        body["data"].take()
    }

    /// Sends an operation twice, so that what is only asked for once is left out, and notes what the second took.
    async fn of(&mut self, name: &str, query: &str, variables: impl Fn(usize) -> Value) -> Value {
        self.send(query, variables(0)).await;
        let before = self.api.house().database.statements();
        let data = self.send(query, variables(1)).await;
        let taken = self.api.house().database.statements() - before;
        writeln!(self.table, "{taken:>2}  {name}").unwrap();
        data
    }

    /// A mutation with one `input`, of a department; a refusal would be no measure.
    async fn act(&mut self, name: &str, input: impl Fn(usize) -> Value) -> Value {
        let ty = match name.get(..6) {
            Some("delete") => "DeleteInput".to_owned(),
            Some("restor") => "RestoreInput".to_owned(),
            _ => format!("{}{}Input", name[..1].to_uppercase(), &name[1..]),
        };
        let fragment = match name {
            _ if name.ends_with('s') => "... on RecordsWritten { records { id } }",
            _ if name.ends_with("Order") => "... on OrderWritten { id order { number } }",
            _ => "... on CustomerWritten { id customer { name } }",
        };
        let query = format!("mutation($input: {ty}!) {{ done: {name}(input: $input) {{ __typename {fragment} }} }}");
        let data = self.of(name, &query, |turn| json!({ "input": input(turn) })).await;
        let of = data["done"]["__typename"].as_str().unwrap();
        assert!(of.ends_with("Written"), "{name}: {data}");
        data["done"].clone()
    }
}

#[tokio::test]
async fn the_most_usual_operations() {
    for place in places().await {
        let postgres = place.is_postgres();
        small::company(&place);
        let api = api(&place).await;
        let mut count =
            Count { api: &api, actor: Actor::new("dora", &api.house().model, Role::Department), table: String::new() };
        let found = "{ customers(first: 2, orderBy: {field: NAME}) { nodes { id version } } }";
        let found = count.send(found, Value::Null).await;
        let nodes = found["customers"]["nodes"].clone();
        let none = |_| Value::Null;
        let by_id = |_| json!({ "id": nodes[0]["id"] });
        count.of("customer by id", "query($id: ID!) { customer(id: $id) { name } }", by_id).await;
        let screen = "query($id: ID!) { customer(id: $id) { name owner { name } segment { name } creditAccount { limit { amount } }
            contacts { nodes { name } } addresses { nodes { city } } orders(first: 5) { nodes { number lines { nodes { quantity } } } }
            invoices(first: 5) { nodes { number } } cases { nodes { subject } } tasks { nodes { subject } } } }";
        count.of("customer screen", screen, by_id).await;
        count.of("list of customers", "{ customers(first: 20) { totalCount nodes { name } } }", none).await;
        let nested = "{ customers(first: 20) { nodes { orders(first: 5) { nodes { number } } contacts(first: 5) { nodes { name } } } } }";
        count.of("customers with orders and contacts", nested, none).await;
        count
            .of(
                "customers with a decision each",
                "{ customers(first: 20) { nodes { creditTerms { netDays } } } }",
                none,
            )
            .await;
        count.of("search", "{ search(text: \"a\") { __typename } }", none).await;
        count.of("node", "query($id: ID!) { node(id: $id) { id } }", by_id).await;
        let report = "{ ordersGroups(by: [{field: ORDERED_ON, bucket: MONTH}]) { nodes { count sum { netTotal { amount } } } } }";
        count.of("report by month", report, none).await;
        count
            .of(
                "total of open invoices",
                "{ invoicesAggregate(filter: {status: {eq: OPEN}}) { sum { amount { amount } } } }",
                none,
            )
            .await;
        count
            .of(
                "filter over two relations",
                "{ orders(filter: {customer: {segment: {key: {eq: \"key\"}}}}) { totalCount } }",
                none,
            )
            .await;
        let values = |turn: usize| json!({ "name": format!("N{turn}"), "kind": "PERSON", "currency": "EUR" });
        let made = count
            .act("createCustomer", |turn| json!({ "values": values(turn), "idempotencyKey": format!("a{turn}") }))
            .await;
        let id = made["id"].clone();
        let change = |turn: usize| {
            json!({
                "id": id, "version": turn + 1, "set": { "phone": turn.to_string() }, "idempotencyKey": format!("b{turn}")
            })
        };
        count.act("updateCustomer", change).await;
        count.act("upsertCustomer", |turn| {
            json!({ "source": "erp", "externalId": "7", "set": values(turn), "idempotencyKey": format!("c{turn}") })
        }).await;
        let many = |turn: usize| {
            let items: Vec<_> = (0..50).map(|_| values(turn)).collect();
            json!({ "items": items, "idempotencyKey": format!("d{turn}") })
        };
        count.act("createCustomers", many).await;
        let order = |turn: usize| {
            let values = json!({
                "customer": id, "number": format!("N{turn}"), "orderedOn": "2026-06-01", "currency": "EUR",
                "grossTotal": "1", "netTotal": "1",
            });
            json!({ "values": values, "idempotencyKey": format!("e{turn}") })
        };
        let order = count.act("createOrder", order).await["id"].clone();
        let query =
            "mutation($input: CreateProductInput!) { createProduct(input: $input) { ... on ProductWritten { id } } }";
        let tea = json!({ "name": "Tea", "sku": "T1", "currency": "EUR", "listPrice": "1" });
        let made = count.send(query, json!({ "input": { "values": tea, "idempotencyKey": "product" } })).await;
        let product = made["createProduct"]["id"].clone();
        let lines = |turn: usize| {
            let line = |position: usize| {
                json!({
                    "order": order, "product": product, "position": position, "quantity": "1", "unitPrice": "1", "discount": "0", "netAmount": "1",
                    "currency": "EUR",
                })
            };
            json!({ "items": (0..20).map(|n| line(turn * 20 + n + 1)).collect::<Vec<_>>(), "idempotencyKey": format!("f{turn}") })
        };
        count.act("createOrderLines", lines).await;
        let ship = |turn: usize| {
            json!({
                "id": order, "version": turn + 1, "set": { "freight": turn.to_string() }, "idempotencyKey": format!("g{turn}")
            })
        };
        count.act("updateOrder", ship).await;
        let query = "mutation($input: RecordDecisionInput!) { recordDecision(input: $input) { ... on DecisionRecorded { decision { id } } } }";
        count.of("recordDecision", query, |turn| {
            json!({ "input": { "point": "credit.terms", "customer": nodes[0]["id"], "idempotencyKey": format!("h{turn}") } })
        }).await;
        let query =
            "mutation($input: CreateInvoiceInput!) { createInvoice(input: $input) { ... on InvoiceWritten { id } } }";
        for turn in 0..2 {
            let invoice = json!({ "customer": id, "number": format!("I{turn}"), "issuedOn": "2026-06-01", "dueOn": "2026-06-30",
                "currency": "EUR", "amount": "10", "paidAmount": "0" });
            count.send(query, json!({ "input": { "values": invoice, "idempotencyKey": format!("m{turn}") } })).await;
        }
        let query = "mutation($input: RecordPaymentInput!) { recordPayment(input: $input) { ... on PaymentRecorded { payment { id } } } }";
        count
            .of(
                "recordPayment",
                query,
                |turn| json!({ "input": { "customer": id, "amount": "10", "idempotencyKey": format!("n{turn}") } }),
            )
            .await;
        let goes = |turn: usize| json!({ "values": values(turn), "idempotencyKey": format!("j{turn}") });
        let mut gone = Vec::new();
        for turn in 2..4 {
            let query = "mutation($input: CreateCustomerInput!) { createCustomer(input: $input) { ... on CustomerWritten { id } } }";
            let made = count.send(query, json!({ "input": goes(turn) })).await;
            gone.push(made["createCustomer"]["id"].clone());
        }
        count
            .act(
                "deleteCustomer",
                |turn| json!({ "id": gone[turn], "version": 1, "idempotencyKey": format!("k{turn}") }),
            )
            .await;
        count.act("restoreCustomer", |turn| json!({ "id": gone[turn], "idempotencyKey": format!("l{turn}") })).await;
        let expected = match postgres {
            // There a lock is a statement of its own.
            true => expect![[r#"
                 1  customer by id
                 1  customer screen
                 1  list of customers
                 1  customers with orders and contacts
                 1  customers with a decision each
                 1  search
                 1  node
                 1  report by month
                 1  total of open invoices
                 1  filter over two relations
                13  createCustomer
                10  updateCustomer
                11  upsertCustomer
                12  createCustomers
                15  createOrder
                 9  createOrderLines
                10  updateOrder
                11  recordDecision
                23  recordPayment
                15  deleteCustomer
                15  restoreCustomer
            "#]],
            false => expect![[r#"
                 1  customer by id
                 1  customer screen
                 1  list of customers
                 1  customers with orders and contacts
                 1  customers with a decision each
                 1  search
                 1  node
                 1  report by month
                 1  total of open invoices
                 1  filter over two relations
                12  createCustomer
                 9  updateCustomer
                10  upsertCustomer
                11  createCustomers
                14  createOrder
                 8  createOrderLines
                 9  updateOrder
                10  recordDecision
                22  recordPayment
                14  deleteCustomer
                14  restoreCustomer
            "#]],
        };
        expected.assert_eq(&count.table);
        api.house().database.close().await.unwrap();
    }
}
