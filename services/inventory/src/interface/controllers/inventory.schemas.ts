import { Id, NotModified } from '@ashlar/http';
import Type from 'typebox';

/** A stock level as clients see it. */
const StockLevel = Type.Object(
  {
    productId: Id,
    onHand: Type.Integer(),
    reserved: Type.Integer(),
    available: Type.Integer(),
  },
  { title: 'StockLevel' },
);

const Params = Type.Object({ productId: Id });

const MOST = 1_000_000_000_000;

const AdjustmentBody = Type.Object({
  delta: Type.Integer({ minimum: -MOST, maximum: MOST }),
  reason: Type.String({ minLength: 1, maxLength: 500 }),
});

export const reading = {
  config: { access: 'public', refuses: { product_not_found: 'not_found' } },
  schema: {
    summary: 'Read how much of a product there is',
    params: Params,
    response: { 200: StockLevel, 304: NotModified },
  },
} as const;

export const adjustment = {
  config: {
    access: 'admin',
    idempotent: true,
    refuses: { product_not_found: 'not_found', negative_stock: 'conflict', stock_limit: 'conflict' },
  },
  schema: {
    summary: 'Add to the stock of a product, or take from it',
    params: Params,
    body: AdjustmentBody,
    response: { 201: StockLevel },
  },
} as const;
