use chrono::Utc;

use super::*;

fn told(object: &str, kind: &str, fields: &[&str]) -> Told {
    let model = Model::core();
    let id = GlobalId::new(model.object(object).unwrap(), Uuid::from_u128(1));
    Told {
        id: Uuid::now_v7(),
        occurred_at: Utc::now(),
        actor: "ann".to_owned(),
        kind: kind.to_owned(),
        record_type: object.to_owned(),
        record_id: id.to_string(),
        record_version: 1,
        fields: fields.iter().map(|field| (*field).to_owned()).collect(),
        named: Vec::new(),
    }
}

/// The ways by which an update of these fields of a record leads to customers who are watched for `path`.
#[track_caller]
fn check(path: &str, object: &str, fields: &[&str], expected: &[&str]) {
    let path: Vec<String> = path.split('.').map(str::to_owned).collect();
    let watch = Watch::of(&Model::core(), &[path]).unwrap();
    let events = [told(object, "UPDATED", fields)];
    let changed = watch.changed(&events);
    let way = |step: &Step| match step {
        Step::Names { column, .. } => format!(".{column}"),
        Step::NamedBy { table, column, .. } => format!("<{table}.{column}"),
    };
    let found: Vec<String> = changed.keys().map(|steps| steps.iter().map(way).collect()).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_customers_own_field_depends_on_the_customer() {
    check("country", "Customer", &["country"], &[""]);
    check("country", "Customer", &["phone", "country"], &[""]);
    check("country", "Customer", &["phone"], &[]);
    check("country", "Order", &["netTotal"], &[]);
}

#[test]
fn a_fact_depends_on_what_it_is_counted_from() {
    check("revenue12m", "Customer", &["currency"], &[""]);
    check("revenue12m", "Order", &["netTotal"], &["<order.customer_id"]);
    check("revenue12m", "Order", &["number"], &[]);
    check("revenue12m", "Task", &["status"], &[]);
    // An invoice may name an order of another customer, and a credit note an invoice.
    check("openAmount", "Invoice", &["amount"], &["<invoice.customer_id", "<order.customer_id<invoice.order_id"]);
    let of_note = ["<credit_note.customer_id", "<invoice.customer_id<credit_note.invoice_id"];
    check("openAmount", "CreditNote", &["amount"], &of_note);
    check("creditAccount.exposure", "Order", &["status"], &["<order.customer_id"]);
    check("parent.orders12m", "Order", &["status"], &[".parent_id<order.customer_id"]);
}

#[test]
fn what_is_behind_relations_depends_on_every_record_on_the_way() {
    check("owner.name", "User", &["name"], &[".owner_id"]);
    check("owner.name", "User", &["login"], &[]);
    check("owner.name", "Customer", &["owner"], &[""]);
    check("creditAccount.limit", "CreditAccount", &["limit"], &["<credit_account.customer_id"]);
    check("creditAccount.limit", "CreditAccount", &["customer"], &["<credit_account.customer_id"]);
    check("creditAccount.limit", "CreditAccount", &["dunningLevel"], &[]);
    check("parent.owner.name", "Customer", &["owner"], &[".parent_id"]);
    check("parent.owner.name", "User", &["name"], &[".parent_id.owner_id"]);
}

#[test]
fn the_customers_own_segment_is_not_watched() {
    check("segment.key", "Customer", &["segment"], &[]);
    check("parent.segment.key", "Customer", &["segment"], &[".parent_id"]);
}

#[test]
fn what_is_made_or_deleted_concerns_all_who_were_or_are_named() {
    let watch = Watch::of(&Model::core(), &[vec!["orders12m".to_owned()]]).unwrap();
    let model = Model::core();
    let named =
        |id: u128| ("customer".to_owned(), GlobalId::new(model.object("Customer").unwrap(), Uuid::from_u128(id)));
    for (kind, fields, expected) in
        [("DELETED", vec![], true), ("UPDATED", vec!["customer"], true), ("UPDATED", vec![], false)]
    {
        let events = [Told { named: vec![named(2), named(3)], ..told("Order", kind, &fields) }];
        let changed = watch.changed(&events);
        let customers: Vec<u128> = changed.get(&[][..]).into_iter().flatten().map(Uuid::as_u128).collect();
        assert_eq!(customers, if expected { vec![2, 3] } else { vec![] }, "{kind}");
    }
}
