import { event } from '@ashlar/messaging';
import { asyncApi, compareAsyncApi, eventFlow, eventFlowDiagram, formatChange } from '@ashlar/published-language';
import Type from 'typebox';

const data = { guestId: Type.String(), name: Type.String() };
const key = { key: 'guestId' } as const;
const guestCame = event('door.GuestCame.v1', Type.Object(data), key);

/** What the door says when this is its event. */
const door = (came: typeof guestCame) => ({ service: 'door', version: '1', owns: [came], sends: [], reactions: [] });
const host = {
  service: 'host',
  version: '1',
  owns: [],
  sends: [],
  reactions: [{ consumer: 'host.greeter', contract: guestCame }],
};

console.log(eventFlowDiagram(eventFlow([door(guestCame), host])));

const recorded = asyncApi(door(guestCame));
const wider = event('door.GuestCame.v1', Type.Object({ ...data, coat: Type.Optional(Type.String()) }), key);
const renamed = event('door.GuestCame.v1', Type.Object({ guestId: Type.String(), fullName: Type.String() }), key);
for (const now of [wider, renamed]) {
  for (const change of compareAsyncApi(recorded, asyncApi(door(now as typeof guestCame))))
    console.log(formatChange(change));
}
