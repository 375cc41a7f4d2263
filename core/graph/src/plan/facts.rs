//! The facts tree: the response's paths that lead to decisions, ending in the facts those decisions need.

use guildhall_model::plan::{Chained, Connection, ConnectionOutput, EdgeOutput, Entry, IdOf, Output, Root, Selection};
use guildhall_workflow::Deployment;

use super::Slot;

/// The facts tree of a response. Slots occur in it in the same order.
pub(super) fn facts_of(roots: &[Entry<Root>], slots: &[Slot], deployment: &Deployment) -> Vec<Entry<Root>> {
    let facts = Facts { slots, deployment };
    let root = |root: &Root| match root {
        Root::Record { id, object } => facts.selection(object).map(|object| Root::Record { id: id.clone(), object }),
        Root::List(connection) => facts.connection(connection).map(|connection| Root::List(Box::new(connection))),
        Root::Records { ids, objects } => facts.records(ids, objects),
        Root::Chain(lists) => facts.chain(lists),
        Root::Null | Root::Aggregate(_) | Root::Constant(_) | Root::Slot(_) => None,
    };
    kept(roots, root)
}

struct Facts<'a> {
    slots: &'a [Slot],
    deployment: &'a Deployment,
}

impl Facts<'_> {
    /// The records of those types that are decided about, in the same order.
    fn records(&self, ids: &[Option<IdOf>], objects: &[Selection]) -> Option<Root> {
        let mut kept = Vec::new();
        let places: Vec<Option<usize>> = objects
            .iter()
            .map(|object| {
                kept.push(self.selection(object)?);
                Some(kept.len() - 1)
            })
            .collect();
        let of = |id: &IdOf| Some(IdOf { id: id.id.clone(), object: (*places.get(id.object)?)? });
        let ids = ids.iter().flatten().filter_map(of).map(Some).collect();
        (!kept.is_empty()).then_some(Root::Records { ids, objects: kept })
    }

    fn chain(&self, lists: &[Chained]) -> Option<Root> {
        let kept: Vec<Chained> = lists
            .iter()
            .filter_map(|list| Some(Chained { connection: list.connection.clone(), node: self.selection(&list.node)? }))
            .collect();
        (!kept.is_empty()).then_some(Root::Chain(kept))
    }

    fn selection(&self, selection: &Selection) -> Option<Selection> {
        let outputs = kept(&selection.outputs, |output| self.output(output));
        (!outputs.is_empty()).then(|| Selection { object: selection.object.clone(), outputs })
    }

    fn output(&self, output: &Output) -> Option<Output> {
        match output {
            Output::One { relation, selection } => {
                self.selection(selection).map(|selection| Output::One { relation: relation.clone(), selection })
            }
            Output::Many { relation, connection } => self
                .connection(connection)
                .map(|connection| Output::Many { relation: relation.clone(), connection: Box::new(connection) }),
            Output::Same(selection) => self.selection(selection).map(Output::Same),
            Output::Slot(slot) => match self.slots.get(*slot) {
                Some(Slot::Decision { point, .. }) => {
                    Some(Output::Facts { slot: *slot, parts: self.deployment.facts(&point.name).to_vec() })
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn connection(&self, connection: &Connection) -> Option<Connection> {
        let edge = |output: &EdgeOutput| match output {
            EdgeOutput::Node(selection) => self.selection(selection).map(EdgeOutput::Node),
            EdgeOutput::Cursor | EdgeOutput::Constant(_) => None,
        };
        let outputs = kept(&connection.outputs, |output| match output {
            ConnectionOutput::Nodes(selection) => self.selection(selection).map(ConnectionOutput::Nodes),
            ConnectionOutput::Edges(entries) => {
                Some(kept(entries, edge)).filter(|kept| !kept.is_empty()).map(ConnectionOutput::Edges)
            }
            _ => None,
        });
        (!outputs.is_empty()).then(|| Connection { outputs, ..connection.clone() })
    }
}

fn kept<T>(entries: &[Entry<T>], keep: impl Fn(&T) -> Option<T>) -> Vec<Entry<T>> {
    entries.iter().filter_map(|entry| Some(Entry { key: entry.key.clone(), value: keep(&entry.value)? })).collect()
}
