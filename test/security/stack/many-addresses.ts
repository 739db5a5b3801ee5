import type { Issuer } from '../../support/authorization/issuer.ts';

let count = 0;

/**
 * Lets each request come from an address of its own, as those of many people do, so that limits for one address are met by
 * the tests of these limits alone. A request that names its address keeps it.
 */
export function fromManyAddresses(send: Issuer['send']): Issuer['send'] {
  return (target, request = {}) => {
    count++;
    const address = `10.${(count >> 16) & 255}.${(count >> 8) & 255}.${count & 255}`;
    return send(target, { ...request, headers: { 'x-forwarded-for': address, ...request.headers } });
  };
}
