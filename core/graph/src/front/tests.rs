use super::*;

/// Interfaces whose fields return interfaces, which is where merging can double on every level.
const SDL: &str = "
    type Query { i: I }
    interface I { i: I id: ID }
    type A implements I { i: I id: ID }
    type B implements I { i: I id: ID }
";

#[track_caller]
fn check(text: &str, expected: Result<(), (Code, &str)>) {
    let parsed = Front::new(SDL).unwrap().parse(text);
    match (parsed, expected) {
        (Ok(_), Ok(())) => {}
        (Err(problems), Err((code, message))) => {
            assert!(
                matches!(problems.as_slice(), [only] if only.code == code && only.message.contains(message)),
                "{problems:?}"
            );
        }
        (parsed, expected) => panic!("{:?} instead of {expected:?}: {text}", parsed.err()),
    }
}

/// Every level asks differently of `A` and of `B`, and what it asks goes down to the last.
fn taken_apart(levels: usize) -> String {
    let mut text = String::from("id");
    for level in (0..levels).rev() {
        let way = |ty: &str| {
            let down = levels - level;
            format!("... on {ty} {{ {} {ty}{level}: id {} }}", "i { ".repeat(down), "} ".repeat(down))
        };
        text = format!("{} {} i {{ {text} }}", way("A"), way("B"));
    }
    format!("{{ i {{ {text} }} }}")
}

#[test]
fn types_taken_apart_on_a_few_levels_are_merged() {
    check(&taken_apart(5), Ok(()));
}

#[test]
fn types_taken_apart_on_every_level_are_not_merged_without_end() {
    for levels in [12, 13, 14] {
        let text = taken_apart(levels);
        assert!(text.len() < 6_000);
        check(&text, Err((Code::LimitExceeded, "merge")));
    }
}

#[test]
fn depth_through_fragments_counts() {
    let fragments = |depth: usize| {
        let links: String =
            (0..depth).map(|index| format!("fragment F{index} on I {{ i {{ ...F{} }} }} ", index + 1)).collect();
        format!("{{ i {{ ...F0 }} }} {links} fragment F{depth} on I {{ id }}")
    };
    check(&fragments(22), Ok(()));
    check(&fragments(23), Err((Code::LimitExceeded, "nested more than 24 deep")));
}

#[test]
fn nesting_without_fields_counts() {
    let link = |index: usize| {
        format!("fragment F{index} on I {{ {} ...F{} {} }} ", "... { ".repeat(40), index + 1, "} ".repeat(40))
    };
    let document = |count: usize| {
        let links: String = (0..count).map(link).collect();
        format!("{{ i {{ ...F0 }} }} {links} fragment F{count} on I {{ id }}")
    };
    check(&document(3), Ok(()));
    check(&document(4), Err((Code::LimitExceeded, "nested more than 150 deep")));
    check(&document(45), Err((Code::LimitExceeded, "nested more than 150 deep")));
}

#[test]
fn selections_of_all_operations_count_together() {
    let fields: String = (0..120).map(|index| format!("f{index}: id ")).collect();
    let document = |count: usize| {
        let operations: String = (0..count).map(|index| format!("query Q{index} {{ i {{ ...F }} }} ")).collect();
        format!("{operations} fragment F on I {{ {fields} }}")
    };
    check(&document(40), Ok(()));
    check(&document(42), Err((Code::LimitExceeded, "5000 fields")));
}

#[test]
fn introspection_counts_its_lists_through_reused_fragments() {
    let document = |links: usize| {
        let link = |index: usize| {
            format!("fragment F{index} on __Type {{ ...F{0} fields {{ type {{ ...F{0} }} }} }} ", index + 1)
        };
        let links_text: String = (0..links).map(link).collect();
        format!("{{ __schema {{ types {{ ...F0 }} }} }} {links_text} fragment F{links} on __Type {{ name }}")
    };
    check(&document(2), Ok(()));
    check(&document(3), Err((Code::LimitExceeded, "one inside the other")));
}

#[test]
fn each_limit_on_the_text_has_its_message() {
    let many = |count: usize, piece: &str| piece.repeat(count);
    check(&format!("{{ i {{ {} }} }}", many(2_001, "a: id ")), Err((Code::LimitExceeded, "2000 aliases")));
    check(&format!("{{ i {}{{ id }} }}", many(9, "@skip(if: false) ")), Err((Code::LimitExceeded, "8 directives")));
    check(
        &format!("{{ i {{ {} }} }}", many(1_001, "id @skip(if: false) ")),
        Err((Code::LimitExceeded, "1000 directives")),
    );
    check(&format!("{{ {} }}", many(101, "i { id } ")), Err((Code::LimitExceeded, "100 root fields")));
    check(&format!("query({}) {{ i {{ id }} }}", many(101, "$v: ID ")), Err((Code::LimitExceeded, "101 variables")));
    check(
        &format!("{{ i {{ id }} }} {}", many(100, "fragment F on I { id } ")),
        Err((Code::LimitExceeded, "101 definitions")),
    );
    check(&many(70, "{ i "), Err((Code::LimitExceeded, "recursion limit")));
    check(&format!("{{ i {{ {} }} }}", many(16_000, "id ")), Err((Code::LimitExceeded, "token limit")));
}

/// How long the answer to an introspection of the house's own schema is.
fn introspected(text: &str) -> Result<usize, String> {
    let sdl = crate::model_sdl(&guildhall_model::Model::core()).unwrap();
    let front = Front::new(&sdl).unwrap();
    let document = front.parse(text).map_err(|problems| format!("{problems:?}"))?;
    let operation = document.operations.get(None).unwrap();
    let variables = front.coerce(&document, operation, &serde_json::Value::Null).unwrap();
    let data = front.introspect(&document, operation, &variables).map_err(|problem| problem.message)?;
    Ok(serde_json::to_string(&data).unwrap().len())
}

#[test]
fn the_usual_introspection_is_answered() {
    let reference = format!("kind name {}{}", "ofType { kind name ".repeat(9), "}".repeat(9));
    let input = format!("name description type {{ {reference} }} defaultValue isDeprecated deprecationReason");
    let text = format!(
        "{{ __schema {{ description queryType {{ name kind }} mutationType {{ name kind }} subscriptionType {{ name kind }} types {{ kind name description specifiedByURL fields(includeDeprecated: true) {{ name description args(includeDeprecated: true) {{ {input} }} type {{ {reference} }} isDeprecated deprecationReason }} inputFields(includeDeprecated: true) {{ {input} }} interfaces {{ {reference} }} enumValues(includeDeprecated: true) {{ name description isDeprecated deprecationReason }} possibleTypes {{ {reference} }} }} directives {{ name description isRepeatable locations args(includeDeprecated: true) {{ {input} }} }} }} }}"
    );
    assert!(introspected(&text).unwrap() > 100_000);
}

#[test]
fn an_introspection_does_not_tell_one_list_over_and_over() {
    let lists: String = (0..400).map(|index| format!("f{index}: fields {{ name }} ")).collect();
    let told = introspected(&format!("{{ __schema {{ types {{ {lists} }} }} }}"));
    assert!(told.as_ref().is_err_and(|message| message.contains("too much of the schema")), "{told:?}");
}
