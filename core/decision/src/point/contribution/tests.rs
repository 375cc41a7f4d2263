use super::*;
use crate::decision_points;

const CHURN: &str = r#"
"How likely a customer leaves."
type AcmeScoresChurn
  @point(name: "acme_scores.churn", subject: "Customer", field: "acmeScoresChurn", mode: INDEPENDENT, fail: SKIP) {
  "From 0 to 1." risk: Decimal! @combine(rule: MAX) @default(value: "0")
  "In a word." grade: AcmeScoresGrade @combine(rule: MOST_RESTRICTIVE, order: ["LOW", "HIGH"])
}
"A grade." enum AcmeScoresGrade { "Low." LOW "High." HIGH }
"What is asked." input AcmeScoresChurnRequest { "Months to look ahead." months: Int! = 12 }
"What the strategy sets." input AcmeScoresChurnParameters { "Days of silence." days: Int! = 90 }
"#;

fn core() -> Vec<Arc<DecisionPoint>> {
    decision_points().unwrap().into_iter().map(Arc::new).collect()
}

fn taken() -> Taken {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Taken {
        types: texts(&["Customer", "Order", "OrderLine", "CreateCustomerInput", "Query", "__Schema", "Int"]),
        fields: texts(&["name", "orders", "ordersAggregate", "revenue12m"]),
    }
}

fn read(plugin: &str, sdl: &str) -> Result<Contribution, String> {
    Contribution::read(plugin, sdl, &core(), &taken()).map_err(|error| error.to_string())
}

/// The contribution of `acme-scores` with one thing written differently.
#[track_caller]
fn refuse(from: &str, to: &str, expected: &str) {
    let sdl = CHURN.replace(from, to);
    assert_ne!(sdl, CHURN, "`{from}` is not in the text");
    assert_eq!(read("acme-scores", &sdl).unwrap_err(), expected);
}

/// The same contribution by a plugin of another name, its names written for it.
fn by(plugin: &str) -> Result<Contribution, String> {
    let names = Namespace::of(plugin);
    let sdl = CHURN
        .replace("AcmeScores", &names.types)
        .replace("acmeScores", &names.fields)
        .replace("acme_scores", &names.points);
    read(plugin, &sdl)
}

#[test]
fn what_stands_in_the_namespace_is_read() {
    let contribution = read("acme-scores", CHURN).unwrap();
    let point = &contribution.points[0];
    assert_eq!(
        (point.name.as_str(), point.field.as_str(), point.plugin.as_deref()),
        ("acme_scores.churn", "acmeScoresChurn", Some("acme-scores"))
    );
    assert_eq!(by("churn2-b").unwrap().points[0].output_type, "Churn2BChurn");
}

#[test]
fn names_of_others_are_refused() {
    let types = |name: &str| format!("`{name}` is no name of plugin `acme-scores`; its types begin with `AcmeScores`");
    refuse("AcmeScoresChurn", "Customer", &types("Customer"));
    refuse("AcmeScoresChurn", "AcmescoresChurn", &types("AcmescoresChurn"));
    refuse("AcmeScoresChurn", "AcmeScoreschurn", &types("AcmeScoreschurn"));
    refuse("AcmeScoresChurn", "ChurnAcmeScores", &types("ChurnAcmeScores"));
    refuse("AcmeScoresGrade", "CreditOutcome", &types("CreditOutcome"));
    let field = |name: &str| {
        format!(
            "`AcmeScoresChurn` adds the field `{name}`, which is no name of plugin `acme-scores`; its fields begin with `acmeScores`"
        )
    };
    for name in ["name", "orders", "churn", "AcmeScoresChurn", "acmescoresChurn", "acmeScoreschurn", "__typename"] {
        refuse("\"acmeScoresChurn\"", &format!("\"{name}\""), &field(name));
    }
    refuse("\"acmeScoresChurn\"", "\"acmeScoresChurn) { name\"", &field("acmeScoresChurn) { name"));
    let point = |name: &str| {
        format!(
            "`AcmeScoresChurn` answers `{name}`, which is no name of plugin `acme-scores`; its points are named like `acme_scores.risk`"
        )
    };
    for name in
        ["credit.terms", "acme.churn", "acme-scores.churn", "acme_scores.", "acme_scores.Churn", "acme_scores.a.b"]
    {
        refuse("\"acme_scores.churn\"", &format!("\"{name}\""), &point(name));
    }
}

#[test]
fn what_the_core_does_not_ask_is_refused() {
    refuse(
        "\"Customer\"",
        "\"Order\"",
        "`AcmeScoresChurn` is about a `Order`; a decision point of a plugin is about a `Customer`",
    );
    refuse(
        "INDEPENDENT",
        "SET",
        "`AcmeScoresChurn` is a SET and needs exactly one list with `@each(of: ..., key: ...)`",
    );
    let none = read("acme-scores", "").unwrap_err();
    assert_eq!(none, "the decision SDL is not GraphQL: line 1, column 1: syntax error: Unexpected <EOF>.");
}

#[test]
fn a_contribution_has_its_bounds() {
    let point = |number: usize| {
        CHURN
            .replace("AcmeScores", &format!("AcmeScoresN{number}"))
            .replace("acmeScores", &format!("acmeScoresN{number}"))
            .replace("acme_scores.churn", &format!("acme_scores.n{number}"))
    };
    let many = |count: usize| (0..count).map(point).collect::<String>();
    assert_eq!(read("acme-scores", &many(16)).unwrap().points.len(), 16);
    assert_eq!(
        read("acme-scores", &many(17)).unwrap_err(),
        "`the schema` has 17 decision points; a plugin brings at most 16"
    );
    assert_eq!(
        read("acme-scores", &" ".repeat(40_000)).unwrap_err(),
        "`the schema` has 40000 bytes; a plugin brings at most 32768"
    );
}

#[test]
fn names_that_differ_in_case_alone_are_refused() {
    let twice = format!(
        "{CHURN}{}",
        CHURN
            .replace("AcmeScoresChurn", "AcmeScoresCHURN")
            .replace("AcmeScoresGrade", "AcmeScoresOther")
            .replace("acme_scores.churn", "acme_scores.other")
            .replace("acmeScoresChurn", "acmeScoresOther")
    );
    assert_eq!(
        read("acme-scores", &twice).unwrap_err(),
        "`AcmeScoresCHURN` is a name that stands there twice, if the case of letters does not count; choose another"
    );
    let field = twice.replace("AcmeScoresCHURN", "AcmeScoresOtherChurn").replace("acmeScoresOther", "acmeScoresCHURN");
    assert_eq!(
        read("acme-scores", &field).unwrap_err(),
        "`acmeScoresCHURN` is a name that stands there twice, if the case of letters does not count; choose another"
    );
}

#[test]
fn no_plugin_has_a_name_that_is_guildhalls() {
    let own = |name: &str, plugin: &str| {
        format!(
            "`{name}` is Guildhall's own and stands in the namespace of plugin `{plugin}`, which brings a schema; give the plugin another name"
        )
    };
    for (plugin, name) in [
        ("customer", "Customer"),
        ("order", "Order"),
        ("order-line", "OrderLine"),
        ("orderline", "OrderLine"),
        ("create", "CreateCustomerInput"),
        ("query", "Query"),
        ("int", "Int"),
        ("orders", "orders"),
        ("revenue12m", "revenue12m"),
        ("credit", "CreditTerms"),
        ("followup", "FollowupProposal"),
    ] {
        assert_eq!(by(plugin).unwrap_err(), own(name, plugin));
    }
}

#[track_caller]
fn check_together(plugins: &[&str], expected: Result<usize, &str>) {
    let contributions: Vec<_> = plugins.iter().map(|plugin| by(plugin).unwrap()).collect();
    let joined = join_points(&core(), &contributions).map(|points| points.len() - core().len());
    assert_eq!(joined.map_err(|error| error.to_string()), expected.map_err(str::to_owned));
}

#[test]
fn plugins_have_namespaces_of_their_own() {
    check_together(&["acme-scores", "bolt"], Ok(2));
    check_together(&["acme", "acme-scores"], Ok(2));
    let same = Err("`acme-1` has the namespace `Acme1`, as plugin `acme1` has; rename one of them");
    check_together(&["acme-1", "acme1"], same);
    let case = Err("`acme-scores` has the namespace `AcmeScores`, as plugin `acmescores` has; rename one of them");
    check_together(&["acme-scores", "acmescores"], case);
    let squatter = CHURN.replace("acme_scores", "acme");
    let squatter = read("acme", &squatter).unwrap();
    let owner = by("acme-scores").unwrap();
    for both in [[squatter.clone(), owner.clone()], [owner, squatter]] {
        assert_eq!(
            join_points(&core(), &both).unwrap_err().to_string(),
            "`AcmeScoresChurn` of plugin `acme` stands in the namespace of plugin `acme-scores`; the two cannot be installed together"
        );
    }
}
