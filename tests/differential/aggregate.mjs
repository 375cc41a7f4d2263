// Aggregates and groups.

import { getNamedType } from 'graphql';

const ending = (name, suffix) => name.endsWith(suffix) && name.slice(0, -suffix.length);

/** What answers an aggregate field, if it is one. */
export function aggregateOf(model, type, field) {
  const of = ending(getNamedType(field.type).name, 'Aggregate');
  return of && model.types[of] ? () => { throw new Error('aggregates are not served yet'); } : null;
}

export function groupsOf(model, type, field) {
  const of = ending(getNamedType(field.type).name, 'GroupConnection');
  return of && model.types[of] ? () => { throw new Error('groups are not served yet'); } : null;
}

export const aggregateField = () => null;
export const groupField = () => null;
export const keyField = () => null;
