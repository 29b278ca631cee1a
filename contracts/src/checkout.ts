import Type from 'typebox';

/**
 * How the order is carried out: by commands of an orchestrator, or by the participants' reactions to each other's
 * events.
 */
export const SagaStyle = Type.Union([Type.Literal('orchestration'), Type.Literal('choreography')]);

export const OrderLine = Type.Object({ productId: Type.String(), quantity: Type.Integer({ minimum: 1 }) });

/** As it travelled before it was sealed. */
export const Address = Type.Object({
  name: Type.String(),
  line1: Type.String(),
  line2: Type.Optional(Type.String()),
  city: Type.String(),
  postalCode: Type.String(),
  country: Type.String(),
});

/** A personal datum on its way: only the service that it was sealed for opens it, and only while it has the key. */
export const SealedDatum = Type.Object({ of: Type.String(), as: Type.String(), sealed: Type.String() });

export const ForOrder = Type.Object({ orderId: Type.String() });

/** An answer that, in a choreography, the next participant acts upon. */
export const StepTaken = Type.Object({ orderId: Type.String(), saga: SagaStyle });

/** Participants act on each other's events only where no orchestrator tells them to. */
export const inChoreography = ({ saga }: { readonly saga: string }): boolean => saga === 'choreography';
