import { BusMonitor, InstanceRegistry } from '@gatehouse/messaging';
import { metrics } from '@gatehouse/runtime';
import type { LabelValues } from '@gatehouse/runtime';
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { Revocations } from '../authorization/revocations.ts';
import { Catalog } from '../catalog/catalog.ts';
import { Dispatch } from '../dispatch/dispatch.ts';
import { Subscriptions } from '../subscriptions/subscriptions.ts';

const number = (name: string, unit: string, description: string, ...labels: string[]) =>
  metrics.gauge({ name, unit, description, labels });

const callsInFlight = number('gatehouse.calls.in_flight', '{call}', 'Calls that workers have not answered yet');
const listenStreams = number('gatehouse.listen_streams', '{stream}', 'Open subscriptions');
const instances = number(
  'gatehouse.instances',
  '{instance}',
  'Instances of workers that this gateway knows, by server and state',
  'gatehouse.server',
  'gatehouse.state',
);
const bus = number('gatehouse.bus.state', '1', '1 for the state that the bus is in', 'gatehouse.state');
const revocations = number(
  'gatehouse.revocations',
  '{revocation}',
  'Revocations of tokens that have not expired, as this gateway has heard',
);
const revocationFeed = number(
  'gatehouse.revocations.state',
  '1',
  '1 for how much is known of revocations: incomplete and stale refuse tokens, unless GATEWAY_REVOCATIONS says otherwise',
  'gatehouse.state',
);
const leftOut = number(
  'gatehouse.catalog.left_out',
  '{definition}',
  'Servers, tools and prompts that are announced and not offered on /mcp, by reason; /catalog of this port names them',
  'gatehouse.reason',
);

const busStates = ['up', 'recovering', 'gone'] as const;
const feedStates = ['current', 'incomplete', 'stale', 'off'] as const;

/** What a gateway knows at any time, for whoever reads its metrics. */
@Injectable()
export class GatewayGauges implements OnApplicationShutdown {
  readonly #remove: (() => void)[];

  constructor(
    @Inject(BusMonitor) monitor: BusMonitor,
    @Inject(InstanceRegistry) registry: InstanceRegistry,
    catalog: Catalog,
    dispatch: Dispatch,
    subscriptions: Subscriptions,
    known: Revocations,
  ) {
    this.#remove = [
      callsInFlight.addSource(() => [[[], dispatch.inFlight]]),
      listenStreams.addSource(() => [[[], subscriptions.size]]),
      instances.addSource(() => registry.census().map(({ server, state, count }) => [[server, state], count])),
      bus.addSource(() => busStates.map((state) => [[state], Number(monitor.state === state)])),
      revocations.addSource(() => [[[], known.size]]),
      revocationFeed.addSource(() => feedStates.map((state) => [[state], Number(known.state === state)])),
      leftOut.addSource(() => countLeftOut(catalog)),
    ];
  }

  onApplicationShutdown(): void {
    for (const remove of this.#remove) remove();
  }
}

function countLeftOut(catalog: Catalog): [LabelValues, number][] {
  const counts = new Map<string, number>();
  for (const tenant of catalog.tenants())
    for (const { reason } of catalog.excluded(tenant)) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, count]) => [[reason], count]);
}
