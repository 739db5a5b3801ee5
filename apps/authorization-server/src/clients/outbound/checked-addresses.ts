import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { OutboundRefusal } from './outbound-refusal.ts';
import type { OutboundTarget } from './outbound-target.ts';
import { isSpecialUseAddress } from './special-use-address.ts';

/** An address that may be connected to. */
export interface CheckedAddress {
  address: string;
  family: 4 | 6;
}

/**
 * Every address of a target, once each was found to be allowed. One that is not refuses all: no honest name has both.
 * The system's resolver is not used: a name server that answers slowly would hold threads that hash passwords.
 * @throws OutboundRefusal
 */
export async function checkedAddresses(target: OutboundTarget, signal: AbortSignal): Promise<CheckedAddress[]> {
  const found = isIP(target.host) === 0 ? await resolve(target.host, signal) : [target.host];
  if (found.length === 0) throw new OutboundRefusal('unresolvable');
  for (const address of found) {
    const isAllowed = target.exception ? target.exception.hasAddress(address) : !isSpecialUseAddress(address);
    if (!isAllowed) throw new OutboundRefusal('special_use_address');
  }
  return found.map((address) => ({ address, family: isIP(address) === 6 ? 6 : 4 }));
}

async function resolve(host: string, signal: AbortSignal): Promise<string[]> {
  const resolver = new Resolver({ timeout: 700, tries: 2 });
  const cancel = () => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}
