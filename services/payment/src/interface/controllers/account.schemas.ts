import { Currency, cursorQuery, Id, IdParams, MoneyView, NotModified, PageOf, Time } from '@ashlar/http';
import Type from 'typebox';

/** An account as clients see it. */
export const AccountView = Type.Object(
  {
    id: Id,
    userId: Id,
    currency: Currency,
    balance: MoneyView,
    reserved: MoneyView,
    available: MoneyView,
    version: Type.Integer(),
    createdAt: Time,
  },
  { title: 'Account' },
);

/** An event of the account as its owner reads it. */
export const EntryView = Type.Object(
  {
    type: Type.String({ description: 'The name of the event.' }),
    amount: MoneyView,
    balanceAfter: MoneyView,
    orderId: Type.Optional(Id),
    at: Time,
    version: Type.Integer(),
  },
  { title: 'Entry' },
);

const OF_ONE = { account_not_found: 'not_found', forbidden: 'forbidden' } as const;

const OF_A_LIST = { bad_cursor: 'malformed' } as const;

const AsOf = Type.Optional(Type.String({ format: 'date-time', maxLength: 40 }));

export const opening = {
  config: { access: 'user', idempotent: true, refuses: { account_exists: 'conflict' } },
  schema: {
    summary: 'Open an account, one for each currency',
    body: Type.Object({ currency: Currency }),
    response: { 201: AccountView },
  },
} as const;

export const list = {
  config: { access: 'user', refuses: OF_A_LIST },
  schema: {
    summary: 'List accounts, as they are or as they were',
    querystring: cursorQuery({ asOf: AsOf, userId: Type.Optional(Id) }),
    response: { 200: PageOf(AccountView) },
  },
} as const;

export const reading = {
  config: { access: 'user', refuses: OF_ONE },
  schema: {
    summary: 'Read an account, as it is or as it was',
    params: IdParams,
    querystring: Type.Object({ asOf: AsOf }),
    response: { 200: AccountView, 304: NotModified },
  },
} as const;

export const entries = {
  config: { access: 'user', refuses: { ...OF_ONE, ...OF_A_LIST } },
  schema: {
    summary: 'List what has happened to an account, the latest first',
    params: IdParams,
    querystring: cursorQuery({}),
    response: { 200: PageOf(EntryView) },
  },
} as const;
