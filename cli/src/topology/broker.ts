import { connectNatsBus, type NatsBus } from '@ashlar/messaging-nats';
import { BrokerError } from './broker.error.ts';

export interface BrokerPlace {
  readonly natsUrl: string;
  /** Has underscores where the broker's has hyphens. */
  readonly namespace: string;
  readonly replica: string;
}

export async function connectBroker(place: BrokerPlace, onError: (error: unknown) => void): Promise<NatsBus> {
  const { natsUrl: url, namespace, replica } = place;
  try {
    return await connectNatsBus({ url, namespace: namespace.replaceAll('_', '-'), replica, onError });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new BrokerError(
      `the broker at NATS_URL (${withoutSecrets(url)}) cannot be used: ${why}. ` +
        'Start NATS with JetStream (nats-server -js), or give its address with NATS_URL.',
      { cause: error },
    );
  }
}

/** Fails before anything else is started. */
export async function findBroker(place: Omit<BrokerPlace, 'replica'>): Promise<void> {
  const bus = await connectBroker({ ...place, replica: 'supervisor' }, () => {});
  await bus.close();
}

const withoutSecrets = (urls: string): string => urls.replaceAll(/\/\/[^@,/]*@/g, '//');
