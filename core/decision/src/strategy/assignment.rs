//! Who belongs to which segment.

use guildhall_model::plan;
use serde_json::Value as Json;

use super::{Segment, Strategy};
use crate::{Bindings, Condition};

/// One step of assigning a whole base: whoever fulfils the condition and none before it belongs to the segment.
#[derive(Clone, Debug)]
pub struct Assignment<'a> {
    pub segment: &'a Segment,
    /// Counted from 1.
    pub rank: i32,
    /// The segment's condition and those of all segments it is part of.
    pub condition: plan::Condition,
}

impl Strategy {
    /// The segment a customer with these facts belongs to. Where segments have `stay`, the segment the customer belongs to
    /// until now is one of the facts: `segment.key`.
    pub fn assign(&self, facts: &Json) -> Option<&Segment> {
        let bindings = Bindings::subject(facts);
        let mut belongs: Option<&Segment> = None;
        loop {
            let parent = belongs.map(|segment| segment.key.as_str());
            let mut inside = self.segments.iter().filter(|segment| segment.parent.as_deref() == parent);
            match inside.find(|segment| segment.takes(&bindings)) {
                Some(segment) => belongs = Some(segment),
                None => return belongs,
            }
        }
    }

    /// The same for the database: the first assignment whose condition is true gives the segment. Subsegments stand before
    /// the segment they are part of.
    pub fn assignments(&self) -> Vec<Assignment<'_>> {
        let mut order = Vec::new();
        self.collect(None, &mut order);
        let ranked = order.into_iter().zip(1..);
        ranked.map(|(segment, rank)| Assignment { segment, rank, condition: self.whole_condition(segment) }).collect()
    }

    fn collect<'a>(&'a self, parent: Option<&str>, order: &mut Vec<&'a Segment>) {
        for segment in self.segments.iter().filter(|segment| segment.parent.as_deref() == parent) {
            self.collect(Some(&segment.key), order);
            order.push(segment);
        }
    }

    fn whole_condition(&self, segment: &Segment) -> plan::Condition {
        let nobody = || plan::Condition::Any(Vec::new());
        let lineage = self.lineage(&segment.key);
        plan::Condition::All(lineage.into_iter().map(|part| part.taking().lower().unwrap_or_else(nobody)).collect())
    }

    /// The customer's fields that the segments' conditions read; sorted, each once. The segment the customer comes from is
    /// none of them: it is history, not evidence.
    pub fn segment_reads(&self) -> Vec<Vec<String>> {
        let conditions = self.segments.iter().flat_map(|segment| std::iter::once(&segment.when).chain(&segment.stay));
        let reads = conditions.flat_map(|when| when.reads().iter().cloned());
        let mut reads: Vec<_> = reads.filter(|path| *path != ["segment", "key"]).collect();
        reads.sort();
        reads.dedup();
        reads
    }
}

impl Segment {
    /// Whether a customer enters it or stays in it. Unknown is no.
    fn takes(&self, bindings: &Bindings<'_>) -> bool {
        let holds = |condition: &Condition| condition.evaluate(bindings) == Some(true);
        holds(&self.when) || self.stay.as_ref().is_some_and(holds)
    }

    fn taking(&self) -> Condition {
        match &self.stay {
            Some(stay) => Condition::any(&[&self.when, stay]),
            None => self.when.clone(),
        }
    }
}
