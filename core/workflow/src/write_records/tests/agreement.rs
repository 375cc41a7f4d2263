//! Records agree with those they refer to.

use super::*;

/// Two customers, each with a contact, an order and an invoice.
struct Two {
    customers: [String; 2],
    contacts: [String; 2],
    orders: [String; 2],
    invoices: [String; 2],
}

async fn made(house: &House, object: &str, json: Json) -> String {
    let made = done(house, &order(house, Verb::Create, object, new(json), &Uuid::now_v7().to_string())).await;
    GlobalId::new(house.model.object(object).unwrap(), made.id).to_string()
}

async fn two(house: &House) -> Two {
    let mut two = Two {
        customers: Default::default(),
        contacts: Default::default(),
        orders: Default::default(),
        invoices: Default::default(),
    };
    for index in 0..2 {
        let customer = made(house, "Customer", person()).await;
        two.contacts[index] = made(house, "Contact", json!({ "name": "Di", "customer": customer })).await;
        let order = json!({ "customer": customer, "number": "N", "orderedOn": "2026-01-02", "currency": "EUR",
            "grossTotal": "10", "netTotal": "10" });
        two.orders[index] = made(house, "Order", order).await;
        let invoice = json!({ "customer": customer, "number": "I", "issuedOn": "2026-01-02", "dueOn": "2026-01-03",
            "currency": "EUR", "amount": "100", "paidAmount": "0" });
        two.invoices[index] = made(house, "Invoice", invoice).await;
        two.customers[index] = customer;
    }
    two
}

fn uuid(global: &str) -> Uuid {
    GlobalId::parse(global).unwrap().uuid
}

fn at(step: &str, name: &str, code: InvalidCode) -> Vec<(String, InvalidCode)> {
    vec![(json!([step, name]).to_string(), code)]
}

#[tokio::test]
async fn what_a_record_refers_to_is_of_its_own_customer() {
    for (house, _fixture) in houses().await {
        let two = two(&house).await;
        let customer = &two.customers[0];
        let note = |reference: &str, id: &str| json!({ "customer": customer, "body": "b", reference: id });
        let consent = |id: &str| json!({ "customer": customer, "purpose": "MARKETING", "status": "GRANTED", "legalBasis": "CONSENT", "contact": id });
        let task = |id: &str| json!({ "customer": customer, "subject": "Call", "priority": "NORMAL", "order": id });
        let cases = [
            ("Note", "order", note("order", &two.orders[1]), note("order", &two.orders[0])),
            ("Note", "contact", note("contact", &two.contacts[1]), note("contact", &two.contacts[0])),
            ("Consent", "contact", consent(&two.contacts[1]), consent(&two.contacts[0])),
            ("Task", "order", task(&two.orders[1]), task(&two.orders[0])),
        ];
        for (object, reference, wrong, right) in cases {
            let key = format!("{object} {reference}");
            let refused = problems(&house, &order(&house, Verb::Create, object, new(wrong), &key)).await;
            assert_eq!(refused, at("values", reference, InvalidCode::OtherCustomer), "{key}");
            made(&house, object, right).await;
        }
        let note = made(&house, "Note", json!({ "customer": customer, "body": "b" })).await;
        let change = set(uuid(&note), 1, json!({ "invoice": two.invoices[1] }));
        let refused = problems(&house, &order(&house, Verb::Update, "Note", change, "u")).await;
        assert_eq!(refused, at("set", "invoice", InvalidCode::OtherCustomer));
        // A subsidiary's parent is another customer, and a code that is passed on is redeemed with another's order.
        let under = set(uuid(&two.customers[1]), 1, json!({ "parent": customer }));
        done(&house, &order(&house, Verb::Update, "Customer", under, "p")).await;
        let campaign = made(&house, "Campaign", json!({ "name": "Spring" })).await;
        let offer = json!({ "customer": customer, "name": "Tea", "currency": "EUR", "campaign": campaign, "order": two.orders[1] });
        made(&house, "Offer", offer).await;
    }
}

#[tokio::test]
async fn a_record_that_others_refer_to_stays_with_its_customer() {
    for (house, _fixture) in houses().await {
        let two = two(&house).await;
        let note = |key: &str| made_note(&house, &two, key.to_owned());
        let (lone, other) = (note("a").await, &two.customers[1]);
        let move_it = |version: i64, json: Json, key: &str| {
            order(&house, Verb::Update, "Note", set(uuid(&lone), version, json), key)
        };
        // Its references would be another customer's.
        let refused = problems(&house, &move_it(1, json!({ "customer": other }), "m")).await;
        assert_eq!(refused, at("set", "customer", InvalidCode::OtherCustomer));
        done(&house, &move_it(1, json!({ "customer": other, "contact": two.contacts[1] }), "n")).await;
        let contact = set(uuid(&two.contacts[1]), 1, json!({ "customer": two.customers[0] }));
        let refused = order(&house, Verb::Update, "Contact", contact.clone(), "c");
        assert_eq!(reasons(&house, &refused).await, [ReasonCode::InUse]);
        let gone = set(uuid(&lone), 2, json!({}));
        done(&house, &order(&house, Verb::Delete, "Note", gone, "d")).await;
        done(&house, &Order { idempotency_key: "e".to_owned(), ..refused }).await;
        // The note would come back with a contact of another customer.
        let back = Change { id: Some(uuid(&lone)), ..Change::default() };
        assert_eq!(reasons(&house, &order(&house, Verb::Restore, "Note", back, "f")).await, [ReasonCode::NotAllowed]);
    }
}

async fn made_note(house: &House, two: &Two, key: String) -> String {
    made(house, "Note", json!({ "customer": two.customers[0], "contact": two.contacts[0], "body": key })).await
}

#[tokio::test]
async fn no_more_of_a_payment_is_allocated_than_came_in() {
    for (house, _fixture) in houses().await {
        let two = two(&house).await;
        let payment =
            json!({ "customer": two.customers[0], "receivedOn": "2026-01-02", "currency": "EUR", "amount": "10" });
        let payment = made(&house, "Payment", payment).await;
        let part = |amount: &str, currency: &str, invoice: &str| {
            new(
                json!({ "payment": payment, "amount": amount, "currency": currency, "invoice": invoice, "allocatedOn": "2026-01-02" }),
            )
        };
        let allocate = |change: Change, key: &str| order(&house, Verb::Create, "PaymentAllocation", change, key);
        let wrong = problems(&house, &allocate(part("1", "EUR", &two.invoices[1]), "a")).await;
        assert_eq!(wrong, at("values", "invoice", InvalidCode::OtherCustomer));
        let wrong = problems(&house, &allocate(part("1", "USD", &two.invoices[0]), "b")).await;
        assert_eq!(wrong[0], at("values", "currency", InvalidCode::RuleBroken)[0]);
        let first = done(&house, &allocate(part("6", "EUR", &two.invoices[0]), "c")).await;
        let wrong = problems(&house, &allocate(part("4.01", "EUR", &two.invoices[0]), "d")).await;
        assert_eq!(wrong, at("values", "amount", InvalidCode::RuleBroken));
        done(&house, &allocate(part("4", "EUR", &two.invoices[0]), "e")).await;
        let more = order(&house, Verb::Update, "PaymentAllocation", set(first.id, 1, json!({ "amount": "6.01" })), "f");
        assert_eq!(problems(&house, &more).await, at("set", "amount", InvalidCode::RuleBroken));
        let less = order(&house, Verb::Update, "Payment", set(uuid(&payment), 1, json!({ "amount": "9.99" })), "g");
        assert_eq!(problems(&house, &less).await, at("set", "amount", InvalidCode::RuleBroken));
        let other = order(&house, Verb::Update, "Payment", set(uuid(&payment), 1, json!({ "currency": "USD" })), "h");
        assert_eq!(reasons(&house, &other).await, [ReasonCode::InUse]);
        // What was free for a while is taken when it comes back.
        done(&house, &order(&house, Verb::Delete, "PaymentAllocation", set(first.id, 1, json!({})), "i")).await;
        done(&house, &allocate(part("0.01", "EUR", &two.invoices[0]), "j")).await;
        let back = Change { id: Some(first.id), ..Change::default() };
        assert_eq!(
            reasons(&house, &order(&house, Verb::Restore, "PaymentAllocation", back, "k")).await,
            [ReasonCode::NotAllowed]
        );
    }
}

#[tokio::test]
async fn no_more_of_an_invoice_is_paid_than_it_is() {
    for (house, _fixture) in houses().await {
        let two = two(&house).await;
        let invoice = uuid(&two.invoices[0]);
        let paid = |amount: &str, key: &str| {
            order(&house, Verb::Update, "Invoice", set(invoice, 1, json!({ "paidAmount": amount })), key)
        };
        assert_eq!(problems(&house, &paid("100.01", "a")).await, at("set", "paidAmount", InvalidCode::OutOfOrder));
        done(&house, &paid("100", "b")).await;
        let less = order(&house, Verb::Update, "Invoice", set(invoice, 2, json!({ "amount": "99" })), "c");
        assert_eq!(problems(&house, &less).await, at("set", "amount", InvalidCode::OutOfOrder));
    }
}

/// Parts made at once do not see each other; of ten that would each take more than half, one is made.
#[tokio::test]
async fn parts_made_at_once_share_what_came_in() {
    for (house, _fixture) in houses().await {
        let two = two(&house).await;
        let payment =
            json!({ "customer": two.customers[0], "receivedOn": "2026-01-02", "currency": "EUR", "amount": "10" });
        let payment = made(&house, "Payment", payment).await;
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..10 {
            let part = json!({ "payment": payment, "amount": "6", "currency": "EUR", "allocatedOn": "2026-01-02" });
            let order = order(&house, Verb::Create, "PaymentAllocation", new(part), &number.to_string());
            let house = Arc::clone(&house);
            tasks.spawn(async move { write(&house, &order).await });
        }
        let mut written = 0;
        while let Some(result) = tasks.join_next().await {
            match result.unwrap() {
                Written::Done(_) => written += 1,
                Written::Invalid(problems) => assert_eq!(problems[0].code, InvalidCode::RuleBroken),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(written, 1);
    }
}
