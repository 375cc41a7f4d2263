use std::sync::Arc;

use guildhall_decision::decision_points;
use guildhall_model::Model;
use guildhall_workflow::InputQueries;

use crate::api::ModelQueries;

/// What a plugin's approver is shown for a fragment on a customer.
#[track_caller]
fn check(fields: &str, expected: &[&str]) {
    let queries = ModelQueries::new(Arc::new(Model::core())).unwrap();
    let points = decision_points().unwrap();
    let point = points.iter().find(|point| point.subject == "Customer").unwrap();
    let query = queries.compile(point, &format!("fragment Input on Customer {{ {fields} }}")).unwrap();
    assert_eq!(query.reads, expected, "{fields}");
}

#[test]
fn where_a_field_stands_is_told_from_the_subject() {
    let queries = ModelQueries::new(Arc::new(Model::core())).unwrap();
    let points = decision_points().unwrap();
    let point = points.iter().find(|point| point.subject == "Customer").unwrap();
    let text = "fragment Input on Customer { name parent { name } \
                invoices(first: 1, filter: {order: {freight: {gt: \"1\"}}}) { totalCount } }";
    let query = queries.compile(point, text).unwrap();
    let told: Vec<_> = query.places.iter().map(|(field, place)| format!("{field} at {place}")).collect();
    let expected = [
        "Customer.id at Customer.parent.id",
        "Customer.name at Customer.name",
        "Customer.name at Customer.parent.name",
        "Invoice.id at Customer.invoices.id",
        "Order.freight at Customer.invoices.order.freight",
        "Order.id at Customer.invoices.order.id",
    ];
    assert_eq!(told, expected);
}

#[test]
fn fields_are_told_once_and_in_order() {
    check("name country name again: name", &["Customer.country", "Customer.name"]);
}

#[test]
fn a_type_name_reads_nothing() {
    check("__typename", &[]);
}

#[test]
fn an_amount_is_told_without_its_currency() {
    check("revenue12m { amount }", &["Customer.revenue12m"]);
}

#[test]
fn an_amount_is_told_with_its_currency() {
    check("revenue12m { amount currency }", &["Customer.currency", "Customer.revenue12m"]);
}

#[test]
fn a_related_record_tells_that_there_is_one() {
    check("segment { __typename }", &["Segment.id"]);
    check("segment { parent { name } }", &["Segment.id", "Segment.name"]);
}

#[test]
fn a_list_tells_that_there_are_records() {
    check("orders(first: 1) { totalCount }", &["Order.id"]);
}

#[test]
fn records_in_edges_are_told() {
    check("orders(first: 1) { edges { node { number } } }", &["Order.id", "Order.number"]);
}

#[test]
fn what_a_list_is_ordered_by_is_told() {
    check("orders(first: 1, orderBy: [{field: FREIGHT}]) { totalCount }", &["Order.freight", "Order.id"]);
}

#[test]
fn what_a_list_is_ordered_by_in_related_records_is_told() {
    check(
        "invoices(first: 1, orderBy: [{order: {field: FREIGHT}}]) { totalCount }",
        &["Invoice.id", "Order.freight", "Order.id"],
    );
}

#[test]
fn a_related_record_is_told_where_only_an_order_looks_at_it() {
    check(
        "payments(first: 1, orderBy: [{invoice: {order: {field: NUMBER}}}]) { totalCount }",
        &["Invoice.id", "Order.id", "Order.number", "Payment.id"],
    );
}

#[test]
fn what_a_list_is_filtered_by_is_told_however_it_is_compared() {
    for filter in [
        "{freight: {gt: \"1\"}}",
        "{freight: {in: [\"1\"]}}",
        "{freight: {isNull: true}}",
        "{not: {freight: {eq: \"1\"}}}",
        "{or: [{freight: {ne: null}}]}",
    ] {
        check(&format!("orders(first: 1, filter: {filter}) {{ totalCount }}"), &["Order.freight", "Order.id"]);
    }
    check(
        "orders(first: 1, filter: {shipToCity: {contains: \"x\"}}) { totalCount }",
        &["Order.id", "Order.shipToCity"],
    );
}

#[test]
fn what_a_list_is_filtered_by_in_related_records_is_told() {
    check(
        "orders(first: 1, filter: {invoices: {none: {payments: {some: {method: {eq: \"x\"}}}}}}) { totalCount }",
        &["Invoice.id", "Order.id", "Payment.id", "Payment.method"],
    );
}

#[test]
fn an_aggregate_tells_what_it_adds_up_and_its_filter() {
    check("ordersAggregate { count }", &["Order.id"]);
    check("ordersAggregate { max { orderedOn } }", &["Order.id", "Order.orderedOn"]);
    check("ordersAggregate(filter: {status: {eq: OPEN}}) { count }", &["Order.id", "Order.status"]);
}

#[test]
fn groups_tell_what_they_are_made_by() {
    check("ordersGroups(by: [{field: STATUS}], first: 1) { totalCount }", &["Order.id", "Order.status"]);
    check("invoicesGroups(by: [{field: ORDER}], first: 1) { totalCount }", &["Invoice.id", "Order.id"]);
}

#[test]
fn groups_tell_what_they_are_made_by_in_related_records() {
    check(
        "invoicesGroups(by: [{order: {field: TAKEN_BY}}], first: 1) { totalCount }",
        &["Invoice.id", "Order.id", "Order.takenBy"],
    );
    check(
        "paymentsGroups(by: [{invoice: {field: ORDER}}], first: 1) { nodes { key { invoiceKey { order { number } } } } }",
        &["Invoice.id", "Order.id", "Order.number", "Payment.id"],
    );
}

#[test]
fn groups_tell_what_they_add_up_and_what_they_are_ordered_and_filtered_by() {
    check(
        "ordersGroups(by: [{field: CURRENCY}], first: 1) { nodes { sum { freight { amount } } } }",
        &["Order.currency", "Order.freight", "Order.id"],
    );
    check(
        "ordersGroups(by: [{field: STATUS}], first: 1, orderBy: [{measure: MAX, of: ORDERED_ON}]) { totalCount }",
        &["Order.id", "Order.orderedOn", "Order.status"],
    );
    check(
        "ordersGroups(by: [{field: STATUS}], first: 1, orderBy: [{measure: SUM, of: FREIGHT}]) { totalCount }",
        &["Order.currency", "Order.freight", "Order.id", "Order.status"],
    );
    check(
        "ordersGroups(by: [{field: STATUS}], first: 1, filter: {takenBy: {eq: \"x\"}}) { totalCount }",
        &["Order.id", "Order.status", "Order.takenBy"],
    );
}

#[test]
fn a_record_that_a_key_leads_to_is_told() {
    check(
        "invoicesGroups(by: [{field: ORDER}], first: 1) { nodes { key { order { number } } } edges { node { key { order { takenBy } } } } }",
        &["Invoice.id", "Order.id", "Order.number", "Order.takenBy"],
    );
}
