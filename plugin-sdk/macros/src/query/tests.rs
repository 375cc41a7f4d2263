use expect_test::{Expect, expect};

use super::*;

/// Reads a query for `credit.terms` and shows the types, or what is wrong.
#[track_caller]
fn check(text: &str, expected: Expect) {
    let point = crate::point::find(schema::decisions(None).unwrap(), "credit.terms").unwrap();
    let mut types = Types::new();
    let shown = match read("terms.graphql", text, &point, &mut types) {
        Ok(_) => {
            let line = |built: &Struct| {
                let fields = built.fields.iter().map(|field| format!("{}: {:?}", field.key, field.ty));
                format!("{} {{ {} }}", built.name, fields.collect::<Vec<_>>().join(", "))
            };
            types.structs.iter().map(line).collect::<Vec<_>>().join("\n")
        }
        Err(message) => message,
    };
    expected.assert_eq(&shown);
}

#[test]
fn a_selection_becomes_types() {
    check(
        "fragment Input on Customer {
          name
          status
          factsAsOf
          margin12m { amount currency }
          creditAccount { limit { amount } exposure { amount } }
          open: invoices(first: 2) { nodes { dueOn } }
          all: invoices(first: 2) { nodes { number } totalCount }
        }",
        expect![[r#"
            Money { amount: Decimal }
            CreditAccount { limit: Named("Money"), exposure: Named("Money") }
            Invoice { dueOn: Date }
            InvoiceConnection { nodes: List(Named("Invoice")) }
            NodesInvoice { number: Text }
            AllInvoiceConnection { nodes: List(Named("NodesInvoice")), totalCount: Int }
            Customer { name: Text, status: Named("CustomerStatus"), factsAsOf: Optional(Date), margin12m: Optional(Money), creditAccount: Optional(Named("CreditAccount")), open: Named("InvoiceConnection"), all: Named("AllInvoiceConnection") }"#]],
    );
}

#[test]
fn what_the_model_does_not_have_is_named_with_its_place() {
    check(
        "fragment Input on Customer {\n  name\n  creditLimit\n}",
        expect!["terms.graphql:3:3: type `Customer` does not have a field `creditLimit`"],
    );
    check(
        "fragment Input on Customer {\n  creditAccount { limit }\n}",
        expect!["terms.graphql:2:19: interface, union and object types must have a subselection set"],
    );
    check(
        "fragment Input on Client { name }",
        expect!["terms.graphql: the fragment is on `Client`, but `credit.terms` is about a `Customer`"],
    );
    check(
        "fragment Input on Customer { invoices(first: 1, filter: { status: { eq: LOST } }) { totalCount } }",
        expect!["terms.graphql:1:73: value `LOST` does not exist on `InvoiceStatus`"],
    );
    check("fragment Input on Customer { name ", expect!["terms.graphql:1:35: syntax error: expected R_CURLY, got EOF"]);
}

#[test]
fn what_was_meant_is_suggested() {
    check("fragment Input on Customer { averageDayLate }", expect![]);
    check("fragment Input on Customer { invoices(first: 1) { nodes { dueon } } }", expect![]);
}

#[test]
fn what_no_input_can_be_is_refused() {
    check(
        "query { customers { nodes { name } } }",
        expect!["terms.graphql: an input query is exactly one fragment: `fragment Input on Customer { ... }`"],
    );
    check(
        "fragment Input on Invoice { number }",
        expect!["terms.graphql: the fragment is on `Invoice`, but `credit.terms` is about a `Customer`"],
    );
    check(
        "fragment Input on Customer { invoices { totalCount } }",
        expect!["terms.graphql:1:30: `invoices`: say how many at most: `first: 5`"],
    );
    check(
        "fragment Input on Customer { invoices(first: $n) { totalCount } }",
        expect!["terms.graphql:1:46: variable `$n` is not defined"],
    );
    check(
        "fragment Input on Customer { name @skip(if: true) }",
        expect!["terms.graphql:1:30: `name`: directives are not allowed: input has the same shape for every subject"],
    );
    check(
        "fragment Input on Customer { __typename }",
        expect!["terms.graphql:1:30: `__typename`: introspection is not input"],
    );
    check(
        "fragment Input on Customer { ... on Customer { name } }",
        expect!["terms.graphql: write the fields out; fragments within the fragment are not read"],
    );
    check(
        "fragment A on Customer { name }\nfragment B on Customer { name }",
        expect!["terms.graphql: an input query is exactly one fragment: `fragment Input on Customer { ... }`"],
    );
    check(
        "fragment Input on Customer { creditAccount { onHold } creditAccount { dunningLevel } }",
        expect!["terms.graphql:1:55: `creditAccount`: this is selected twice with different fields; select it once"],
    );
}

#[test]
fn a_point_that_does_not_exist_is_refused() {
    let refused = crate::point::find(schema::decisions(None).unwrap(), "credit.limit").err().unwrap();
    expect!["there is no decision point `credit.limit`; there are `credit.check`, `credit.terms`"].assert_eq(&refused);
}

const OWN: &str = r#"
"How likely the customer is to leave."
type AcmeScoresChurn
  @point(name: "acme_scores.churn", subject: "Customer", field: "acmeScoresChurn", mode: INDEPENDENT, fail: SKIP) {
  "0 to 100."
  score: Int! @combine(rule: MAX) @default(value: "0")
  "Why."
  signs: [String!]! @combine(rule: UNION) @default(value: "[]")
}

"What the strategy sets."
input AcmeScoresChurnParameters {
  "Days without an order after which a customer counts as quiet."
  quietAfterDays: Int! = 90
}
"#;

/// Looks for a point among those of the plugin's own SDL, and shows the types, or what is wrong.
#[track_caller]
fn check_own(sdl: &str, point: &str, expected: Expect) {
    let found =
        schema::decisions(Some(("schema.graphql", sdl))).and_then(|decisions| crate::point::find(decisions, point));
    let shown = found.and_then(|point| {
        let mut types = Types::new();
        let contract = point.types(&mut types)?;
        Ok(format!(
            "{} {:?} {:?}",
            contract.output,
            contract.parameters,
            types
                .structs
                .iter()
                .map(|built| {
                    built.fields.iter().map(|field| format!("{}: {:?}", field.key, field.ty)).collect::<Vec<_>>()
                })
                .collect::<Vec<_>>()
        ))
    });
    expected.assert_eq(&shown.unwrap_or_else(|message| message));
}

#[test]
fn a_plugin_has_decision_points_of_its_own() {
    check_own(OWN, "acme_scores.churn", expect![]);
    check_own(OWN, "acme_scores.chrun", expect![]);
    check_own(OWN, "credit.terms", expect![]);
    check_own(&OWN.replace("Int!", "Integer!"), "acme_scores.churn", expect![]);
    check_own(&OWN.replace("AcmeScoresChurn", "CreditTerms"), "acme_scores.churn", expect![]);
    check_own("type {", "acme_scores.churn", expect![]);
}
