import { createHash } from 'node:crypto';
import type { Row } from './odata.ts';

export const MEMBERSHIP_PROPERTIES = ['@odata.type', 'id', 'displayName', 'description'];

/** What a user belongs to, as Graph's directory objects: a group, as everybody, and directory roles. */
export const memberships = (organization: string, roles: readonly string[]): Row[] => [
  membership('group', `All of ${organization}`),
  ...roles.map((role) => membership('directoryRole', role)),
];

const membership = (type: string, displayName: string): Row => ({
  '@odata.type': `#microsoft.graph.${type}`,
  id: uuidOf(displayName),
  displayName,
  description: null,
});

/** The same name has the same id, in the form of a UUID. */
const uuidOf = (name: string): string =>
  createHash('sha256')
    .update(name)
    .digest('hex')
    .replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5');
