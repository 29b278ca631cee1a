import { cursorQuery, Id, IdParams, Nothing, NotModified, OneOf, PageOf, Time } from '@ashlar/http';
import Type from 'typebox';

/** One line of 1 to 100 characters, of which one can be seen; patterns count code points. */
const Name = Type.String({ pattern: '^(?=.*\\S)[^\\p{Cc}]{1,100}$' });

/** What clients see. */
const KeyRingView = Type.Object(
  {
    id: Id,
    ownerId: Id,
    name: Type.String(),
    status: OneOf('active', 'archived'),
    version: Type.Integer(),
    createdAt: Time,
    updatedAt: Time,
  },
  { title: 'KeyRing' },
);

const ListQuery = cursorQuery({
  status: Type.Union([Type.Literal('active'), Type.Literal('archived')], { default: 'active' }),
  /** For administrators, who have none of their own. */
  ownerId: Type.Optional(Id),
});

const USER = { access: 'user' } as const;

const OF_ONE = { key_ring_not_found: 'not_found', forbidden: 'forbidden' } as const;

const ON_CHANGE = { ...OF_ONE, precondition_failed: 'precondition' } as const;

export const list = {
  config: { ...USER, refuses: { bad_cursor: 'malformed' } },
  schema: {
    summary: 'List key rings, the newest first',
    querystring: ListQuery,
    response: { 200: PageOf(KeyRingView) },
  },
} as const;

export const reading = {
  config: { ...USER, refuses: OF_ONE },
  schema: { summary: 'Read a key ring', params: IdParams, response: { 200: KeyRingView, 304: NotModified } },
} as const;

export const creation = {
  config: { ...USER, idempotent: true, refuses: { name_taken: 'conflict' } },
  schema: { summary: 'Make a key ring', body: Type.Object({ name: Name }), response: { 201: KeyRingView } },
} as const;

export const change = {
  config: {
    ...USER,
    idempotent: true,
    refuses: { ...ON_CHANGE, name_taken: 'conflict', key_ring_archived: 'conflict' },
  },
  schema: {
    summary: 'Change a key ring',
    params: IdParams,
    body: Type.Object({ name: Type.Optional(Name) }, { minProperties: 1 }),
    response: { 200: KeyRingView },
  },
} as const;

export const archiving = {
  config: { ...USER, idempotent: true, refuses: ON_CHANGE },
  schema: {
    summary: 'Archive a key ring; it can still be read by its id',
    params: IdParams,
    response: { 204: Nothing },
  },
} as const;
