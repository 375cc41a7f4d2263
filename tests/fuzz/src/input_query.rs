//! Input queries: fragments that are compiled against the model.

use std::sync::{Arc, LazyLock};

use guildhall_decision::{DecisionPoint, decision_points};
use guildhall_graph::ModelQueries;
use guildhall_model::Model;
use guildhall_workflow::InputQueries as _;

use crate::{Target, harmless, planted};

pub(crate) const TARGET: Target = Target { name: "input_query", run, seeds };

/// What queries are compiled with; nothing if the core itself is broken, which other tests tell.
static CORE: LazyLock<Option<(ModelQueries, DecisionPoint)>> = LazyLock::new(|| {
    let queries = ModelQueries::new(Arc::new(Model::core())).ok()?;
    Some((queries, decision_points().ok()?.into_iter().next()?))
});

fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let core = CORE.as_ref();
    assert!(core.is_some(), "there is nothing to compile with");
    let Some((queries, point)) = core else { return };
    let query = match queries.compile(point, text) {
        Ok(query) => query,
        Err(reason) => return harmless(&reason),
    };
    assert!(query.reads.is_sorted());
    assert!(query.reads.iter().all(|field| field.split_once('.').is_some()), "{:?}", query.reads);
    let again = queries.compile(point, text).map(|query| query.reads);
    assert_eq!(again.as_ref(), Ok(&query.reads));
    if planted() {
        // Takes every letter for one byte.
        assert!(text.is_ascii(), "planted");
    }
}

fn seeds() -> Vec<Vec<u8>> {
    [
        include_str!("../../../plugins/credit-rules/credit_terms.graphql"),
        include_str!("../../../plugins/credit-rules/credit_check.graphql"),
        include_str!("../../guests/hostile/credit_terms.graphql"),
        "fragment A on Customer { contacts(first: 5, filter: {not: {name: {startsWith: \"A\"}}}) { nodes { id name } } }",
        "fragment A on Customer { ordersAggregate(filter: {status: {in: [OPEN]}}) { count } a: name b: currency @include(if: true) }",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}
