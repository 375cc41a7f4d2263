//! What roles come to when they are added up and narrowed.

use super::*;

/// A role of one type, as `Type: read / create / update / rows`.
fn role(name: &str, object: &str, read: &[&str], written: (&[&str], &[&str]), rows: &[Rows]) -> RoleDefinition {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let (create, update) = (set(written.0), set(written.1));
    let grant = TypeGrant { read: set(read), create, update, delete: false, rows: rows.iter().copied().collect() };
    RoleDefinition {
        name: name.to_owned(),
        types: BTreeMap::from([(object.to_owned(), grant)]),
        ..RoleDefinition::default()
    }
}

/// What roles allow of a type: read, create, update, rows.
#[track_caller]
fn check(roles: &[&RoleDefinition], object: &str, expected: (&str, &str, &str, &str)) {
    let access = Access::sum(&Model::core(), roles);
    let grant = access.types.get(object).cloned().unwrap_or_default();
    let text = |names: &BTreeSet<String>| names.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
    let rows = grant.rows.iter().map(Rows::name).collect::<Vec<_>>().join(" ");
    let found = (text(&grant.read), text(&grant.create), text(&grant.update), rows);
    assert_eq!((found.0.as_str(), found.1.as_str(), found.2.as_str(), found.3.as_str()), expected);
}

const NOTHING: (&[&str], &[&str]) = (&[], &[]);

#[test]
fn what_no_role_grants_is_denied() {
    check(&[], "Customer", ("", "", "", ""));
    let sales = role("sales", "Customer", &["name"], NOTHING, &[Rows::Own]);
    check(&[&sales], "Order", ("", "", "", ""));
    check(&[&sales], "Customer", ("id name version", "", "", "own"));
    let access = Access::sum(&Model::core(), &[&sales]);
    assert!(Ability::ALL.iter().all(|ability| !access.has(*ability)) && !access.deletes("Customer"));
}

#[test]
fn a_role_that_is_gone_grants_nothing() {
    let model = Model::core();
    let gone = Roles::new(&model, []).access(&model, &["gone".to_owned()], &Scope::ALL, &Reach::All);
    assert!(gone.types.is_empty() && gone.abilities.is_empty(), "{gone:?}");
}

#[test]
fn roles_add_up_by_type() {
    let sales = role("sales", "Customer", &["name", "phone"], (&[], &["phone"]), &[Rows::Own]);
    let support = role("support", "Customer", &["industry"], NOTHING, &[Rows::Territory]);
    let orders = role("orders", "Order", &["number"], NOTHING, &[Rows::All]);
    let all = [&sales, &support, &orders];
    check(&all, "Customer", ("id industry name phone version", "", "phone", "own territory"));
    check(&all, "Order", ("id number version", "", "", "all"));
    let (one, other) = (Access::sum(&Model::core(), &all), Access::sum(&Model::core(), &[&orders, &support, &sales]));
    assert_eq!(one, other, "their order does not count");
}

#[test]
fn a_relation_is_read_where_its_end_is() {
    let sales = role("sales", "Customer", &["name", "orders", "creditAccount"], NOTHING, &[Rows::All]);
    check(&[&sales], "Customer", ("id name version", "", "", "all"));
    let orders = role("orders", "Order", &["number"], NOTHING, &[Rows::All]);
    check(&[&sales, &orders], "Customer", ("id name orders version", "", "", "all"));
}

#[test]
fn what_a_new_record_needs_has_to_be_granted_or_none_is_made() {
    let needed = ["name", "kind", "currency"];
    let makes = role("makes", "Customer", &needed, (&needed, &[]), &[Rows::All]);
    check(&[&makes], "Customer", ("currency id kind name version", "currency kind name", "", "all"));
    let lacks = role("lacks", "Customer", &needed, (&needed[..2], &[]), &[Rows::All]);
    check(&[&lacks], "Customer", ("currency id kind name version", "", "", "all"));
    let blind = role("blind", "Customer", &needed[..2], (&needed, &[]), &[Rows::All]);
    check(&[&blind], "Customer", ("id kind name version", "", "", "all"));
}

#[test]
fn what_is_not_read_or_not_written_by_the_api_is_not_changed() {
    let sales =
        role("sales", "Customer", &["name", "revenue12m"], (&[], &["name", "phone", "revenue12m"]), &[Rows::All]);
    check(&[&sales], "Customer", ("id name revenue12m version", "", "name", "all"));
    let mut kept = role("kept", "Segment", &["name"], (&["name"], &["name"]), &[Rows::All]);
    kept.types.get_mut("Segment").unwrap().delete = true;
    check(&[&kept], "Segment", ("id name version", "", "", "all"));
    assert!(!Access::sum(&Model::core(), &[&kept]).deletes("Segment"));
    check(&[&role("gone", "Nothing", &["name"], NOTHING, &[Rows::All])], "Nothing", ("", "", "", ""));
}

#[test]
fn what_belongs_to_no_customer_is_seen_by_all_who_read_it() {
    check(&[&role("a", "Product", &["name"], NOTHING, &[Rows::Own])], "Product", ("id name version", "", "", "all"));
}

#[test]
fn a_built_in_role_is_what_the_model_says() {
    let model = Model::core();
    let [reader, department, admin] = Role::ALL.map(|role| Access::of(&model, role));
    assert!(
        !reader.reads("Customer", "margin12m") && !reader.reads_type("CreditAccount") && !reader.writes("Customer")
    );
    assert!(department.reads("Customer", "margin12m") && department.upserts(model.object("Customer").unwrap()));
    assert!(department.deletes("Order") && !department.reads_type("Event") && !department.has(Ability::ManageTokens));
    assert!(admin.covers(&department) && department.covers(&reader) && !reader.covers(&department));
    assert!(admin.sees_all() && !department.covers(&admin));
}

#[test]
fn scopes_and_reach_only_narrow() {
    let model = Model::core();
    let narrowed = |scopes: &[Scope], rows: Rows| Access::of(&model, Role::Admin).narrowed(&model, scopes, rows);
    let read = narrowed(&[Scope::Read], Rows::All);
    assert!(read.reads("Customer", "name") && !read.writes("Customer") && !read.has(Ability::RecordDecisions));
    assert!(narrowed(&[Scope::Read, Scope::Act], Rows::All).has(Ability::RecordDecisions));
    assert!(narrowed(&[Scope::Read, Scope::Write], Rows::All).creates("Customer"));
    let manage = narrowed(&[Scope::Admin], Rows::All);
    assert!(
        manage.has(Ability::ManageTokens) && !manage.reads_type("Customer") && !manage.has(Ability::RecordDecisions)
    );
    let own = narrowed(&Scope::ALL, Rows::Own);
    assert!(!own.sees_all() && own.within() == Some(Rows::Own));
    let admin = Access::of(&model, Role::Admin);
    assert!(admin.covers(&own) && !own.covers(&admin) && admin.sight() != own.sight());
}

#[test]
fn who_sees_some_records_does_not_write_what_decides_which() {
    let model = Model::core();
    let deciding = ["Team", "TeamMember", "Territory", "TerritoryAssignment", "User"];
    let mut declared: Vec<_> = model.objects().iter().filter(|object| object.opens_rows).map(|o| &o.name).collect();
    declared.sort();
    assert_eq!(declared, deciding);
    let department = |reach: Rows| Access::of(&model, Role::Department).narrowed(&model, &Scope::ALL, reach);
    let people = |rows: &[Rows]| {
        let user = role("a", "User", &["name"], (&["name"], &["name"]), &[Rows::All]);
        Access::sum(&model, &[&user, &role("b", "Order", &["number"], NOTHING, rows)])
    };
    assert!(people(&[Rows::All]).creates("User") && people(&[Rows::All]).updates("User"));
    assert!(!people(&[Rows::Territory]).writes("User") && people(&[Rows::Territory]).reads("User", "name"));
    for name in deciding {
        assert!(department(Rows::All).creates(name) && department(Rows::All).deletes(name), "{name}");
        for reach in [Rows::Own, Rows::Team, Rows::Territory] {
            assert!(!department(reach).writes(name) && department(reach).reads_type(name), "{name}");
        }
    }
    assert!(department(Rows::Own).creates("Customer") && department(Rows::Own).deletes("Order"));
}

#[test]
fn who_sees_more_customers_than_orders_hands_no_customer_on() {
    let given = ["name", "owner", "team", "territory"];
    let names = |name: &str| role(name, name, &["name"], NOTHING, &[Rows::All]);
    let (users, teams, territories) = (names("User"), names("Team"), names("Territory"));
    let check = |customers: &[Rows], orders: &[Rows], expected: &[&str]| {
        let customers = role("customers", "Customer", &given, (&[], &given), customers);
        let orders = role("orders", "Order", &["number"], NOTHING, orders);
        let access = Access::sum(&Model::core(), &[&customers, &orders, &users, &teams, &territories]);
        assert_eq!(access.updated("Customer").collect::<Vec<_>>(), expected);
    };
    check(&[Rows::All], &[Rows::All], &given);
    check(&[Rows::Own, Rows::Team], &[Rows::Own, Rows::Team], &given);
    check(&[Rows::All], &[Rows::Own], &["name"]);
    check(&[Rows::Own, Rows::Team], &[Rows::Own], &["name"]);
}

#[test]
fn a_record_may_hide_what_it_leads_to_where_more_of_it_is_opened() {
    let model = Model::core();
    let customers = role("customers", "Customer", &["name"], NOTHING, &[Rows::Own]);
    let orders = |rows: &[Rows]| role("orders", "Order", &["number", "customer"], NOTHING, rows);
    let hides = |orders: &RoleDefinition| {
        let order = model.object("Order").unwrap();
        Access::sum(&model, &[&customers, orders]).may_hide(&model, order, order.relation("customer").unwrap())
    };
    assert!(hides(&orders(&[Rows::All])) && !hides(&orders(&[Rows::Own])));
    let shape = |orders: &RoleDefinition| *Access::sum(&model, &[&customers, orders]).shape();
    assert_ne!(shape(&orders(&[Rows::All])), shape(&orders(&[Rows::Own])), "it is null in the one schema");
}

/// Takes one right away from a role.
type Less = fn(&mut RoleDefinition);

/// What is left of an admin.
fn less(take: Less) -> Access {
    let model = Model::core();
    let mut role = RoleDefinition::built_in(&model, Role::Admin);
    take(&mut role);
    Access::sum(&model, &[&role])
}

fn of<'r>(role: &'r mut RoleDefinition, object: &str) -> &'r mut TypeGrant {
    role.types.get_mut(object).unwrap()
}

#[test]
fn who_lacks_one_right_does_not_cover_who_has_all_and_is_not_served_as_he_is() {
    let admin = less(|_| ());
    // Nobody writes memberships by the API, so this is a matter of reading alone.
    let rights: [Less; 5] = [
        |role| assert!(of(role, "Membership").read.remove("evidence")),
        |role| of(role, "Customer").create.clear(),
        |role| assert!(of(role, "Customer").update.remove("phone")),
        |role| of(role, "Customer").delete = false,
        |role| assert!(role.abilities.remove(&Ability::SeeMetrics)),
    ];
    for (place, right) in rights.into_iter().enumerate() {
        let lesser = less(right);
        assert!(admin.covers(&lesser) && !lesser.covers(&admin), "{place}");
        assert!(admin.shape() != lesser.shape() && admin.sight() == lesser.sight(), "{place}");
    }
    let fewer = less(|role| of(role, "Customer").rows = RowSet::default().with(Rows::Own));
    assert!(admin.covers(&fewer) && !fewer.covers(&admin) && admin.sight() != fewer.sight());
}

#[test]
fn an_upsert_needs_the_right_to_make_and_the_right_to_change() {
    let model = Model::core();
    let customer = model.object("Customer").unwrap();
    assert!(less(|_| ()).upserts(customer));
    let rights: [Less; 4] = [
        |role| of(role, "Customer").create.clear(),
        |role| assert!(of(role, "Customer").update.remove("name")),
        |role| assert!(of(role, "Customer").update.remove("source")),
        |role| assert!(of(role, "Customer").update.remove("externalId")),
    ];
    assert!(rights.into_iter().all(|right| !less(right).upserts(customer)));
}

#[test]
fn no_built_in_role_is_more_than_its_sum() {
    let model = Model::core();
    let department = Access::of(&model, Role::Department);
    // Leads to what a department does not read, and belongs to Guildhall.
    assert!(!department.writes("Segment") && !department.writes("Decision") && !department.deletes("Decision"));
    for (name, grant) in &department.types {
        let object = model.object(name).unwrap();
        let targets = object.relations.iter().filter(|relation| grant.read.contains(&relation.name));
        assert!(targets.map(|relation| &relation.target).all(|target| department.reads_type(target)), "{name}");
        assert!(grant.create.is_subset(&grant.read) && grant.update.is_subset(&grant.read), "{name}");
    }
}
