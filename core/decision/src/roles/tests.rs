use super::*;

const SCHEMA: &str = include_str!("../../../../schema/roles.schema.json");

const SALES: &str = r#"[roles.field-sales]
doc = "Visits customers."
rows = ["territory"]
abilities = ["record-decisions"]

[roles.field-sales.types.Customer]
read = ["name", "phone", "decisions"]
update = ["phone"]
rows = ["own"]

[roles.field-sales.types.Note]
read = "all"
create = true
update = "all"
delete = true

[roles.field-sales.types.Decision]
read = "all"
"#;

/// What is wrong with the document of field sales when `from` is `to`.
#[track_caller]
fn refuse(from: &str, to: &str, expected: &[&str]) {
    let text = SALES.replacen(from, to, 1);
    assert_ne!(text, SALES, "`{from}` is not in the text");
    let problems = read_roles(&text, &Model::core()).unwrap_err().0;
    let said: Vec<_> = problems.iter().map(|problem| problem.to_string()).collect();
    let begins = said.len() == expected.len() && said.iter().zip(expected).all(|(said, begin)| said.starts_with(begin));
    assert!(begins, "{said:#?}");
}

#[test]
fn a_role_is_what_its_document_says() {
    let roles = read_roles(SALES, &Model::core()).unwrap();
    let [role] = roles.as_slice() else { panic!("{roles:?}") };
    assert_eq!((role.name.as_str(), role.doc.as_str()), ("field-sales", "Visits customers."));
    assert!(role.abilities.contains(&Ability::RecordDecisions));
    let customer = &role.types["Customer"];
    let names = |names: &BTreeSet<String>| names.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
    assert_eq!(names(&customer.read), "decisions id name phone version");
    assert_eq!((names(&customer.update), customer.create.len(), customer.delete), ("phone".to_owned(), 0, false));
    assert_eq!(customer.rows.iter().collect::<Vec<_>>(), [Rows::Own]);
    let note = &role.types["Note"];
    assert_eq!((note.rows.iter().collect::<Vec<_>>(), note.delete), (vec![Rows::Territory], true));
    // What leads to a type that the role does not read is not in all.
    assert!(note.read.contains("customer") && !note.read.contains("case"));
    assert_eq!(note.create, note.update);
}

#[test]
fn free_json_is_never_granted() {
    let roles = read_roles(SALES, &Model::core()).unwrap();
    let decision = &roles[0].types["Decision"].read;
    assert!(decision.contains("point") && !decision.contains("inputs") && !decision.contains("verdict"));
    let named = "[roles.field-sales.types.Decision]\nread = [\"inputs\"]";
    let expected =
        ["line 18, column 8: `roles.field-sales.types.Decision.read`: has `inputs`, which is not known here"];
    refuse("[roles.field-sales.types.Decision]\nread = \"all\"", named, &expected);
}

#[test]
fn a_role_grants_no_more_than_a_department_reads() {
    refuse(
        "types.Note]",
        "types.Event]",
        &["line 11, column 26: `roles.field-sales.types.Event`: is no type that a role of your own can read"],
    );
}

#[test]
fn problems_are_told_all_at_once_with_their_place() {
    let text = "[roles.Sales]\nrows = [\"mine\"]\ncolour = 1\n[roles.admin]\ndoc = \"d\"\nrows = []\n[roles.s.types.Customer]\nread = [\"nmae\", \"orders\"]\ncreate = true\ndelete = 1\n[roles.s.types.Product]\nread = []\nrows = [\"own\"]\n[roles.s.types.Segment]\nread = []\ndelete = true\n";
    let problems = read_roles(text, &Model::core()).unwrap_err().0;
    let said: Vec<_> = problems.iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect();
    let begin = |said: &String| said.split(';').next().unwrap_or_default().chars().take(90).collect::<String>();
    let said: Vec<_> = said.iter().map(begin).collect();
    expect_test::expect![[r#"
        [
            "roles.Sales: needs `doc`",
            "roles.Sales: is not a name",
            "roles.Sales.rows: has `mine`, which is not known here",
            "roles.Sales.colour: is not known here",
            "roles.admin: is a built-in role",
            "roles.s: needs `doc`",
            "roles.s: needs `rows`",
            "roles.s.types.Customer.read: has `nmae`, which is not known here",
            "roles.s.types.Customer.read: has `orders`, which leads to `Order`",
            "roles.s.types.Customer.create: lacks `name`, `kind`, `currency`, which every new record ne",
            "roles.s.types.Customer.delete: is not true or false",
            "roles.s.types.Product.rows: says whose records are seen, but these belong to no customer",
            "roles.s.types.Segment: has records that only Guildhall makes and deletes",
        ]
    "#]]
    .assert_debug_eq(&said);
}

#[test]
fn what_does_not_go_together_is_refused() {
    let lacks = ["line 13, column 10: `roles.field-sales.types.Note.create`: lacks `"];
    refuse("create = true", "create = [\"externalId\"]", &lacks);
    refuse(
        "\"decisions\"",
        "\"orders\"",
        &[
            "line 7, column 8: `roles.field-sales.types.Customer.read`: has `orders`, which leads to `Order`; let the role read that, too",
        ],
    );
    refuse(
        "[\"phone\"]",
        "[\"phone\", \"industry\"]",
        &[
            "line 8, column 10: `roles.field-sales.types.Customer.update`: has `industry`, which is not known here; known are name, phone",
        ],
    );
    refuse(
        "\"record-decisions\"",
        "\"rule\"",
        &["line 4, column 13: `roles.field-sales.abilities`: has `rule`, which is not known here"],
    );
}

/// The keys the reader knows are the keys schema/roles.schema.json describes, and it takes what the reader takes.
#[test]
fn the_json_schema_says_the_same() {
    let schema: serde_json::Value = serde_json::from_str(SCHEMA).unwrap();
    let keys = |pointer: &str| {
        let properties = schema.pointer(pointer).and_then(|value| value.as_object()).unwrap();
        properties.keys().cloned().collect::<BTreeSet<_>>()
    };
    let known = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(keys("/properties"), known(DOCUMENT));
    assert_eq!(keys("/$defs/role/properties"), known(ROLE));
    assert_eq!(keys("/$defs/type/properties"), known(TYPE));
    let words = |pointer: &str| {
        let values = schema.pointer(pointer).and_then(|value| value.as_array()).unwrap();
        values.iter().map(|value| value.as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
    };
    assert_eq!(words("/$defs/role/properties/abilities/items/enum"), known(&Ability::ALL.map(Ability::name)));
    assert_eq!(words("/$defs/rows/items/enum"), known(&Rows::ALL.map(Rows::name)));
    let validator = jsonschema::validator_for(&schema).unwrap();
    let sales: toml::Value = toml::from_str(SALES).unwrap();
    let sales = serde_json::to_value(sales).unwrap();
    assert!(validator.is_valid(&sales));
    let mut wrong = sales;
    wrong["roles"]["field-sales"]["colour"] = 1.into();
    assert!(!validator.is_valid(&wrong));
}
