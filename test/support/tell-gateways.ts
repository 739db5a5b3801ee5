import { connectNats, inboxPrefix, IssuerPublisher } from '@gatehouse/messaging';
import type { NatsConnection } from '@gatehouse/messaging';
import type { TokenRevocation } from '@gatehouse/protocol';
import { createLogger } from '@gatehouse/runtime';

/** Says in the place of an issuer that only hands out tokens what an authorization server says. */
interface ToldGateways {
  revoke(revocation: TokenRevocation): Promise<void>;
  connection: NatsConnection;
  close(): Promise<void>;
}

/**
 * Tells the gateways of an issuer that nothing is revoked, which they want to know before they are ready. Without keys: those
 * are fetched from the issuer.
 * @param identity the authorization server's, where NATS has identities
 */
export async function tellGateways(
  natsUrl: string,
  issuer: string,
  identity: { user?: string; password?: string } = {},
): Promise<ToldGateways> {
  const connection = await connectNats({
    servers: natsUrl,
    ...identity,
    name: 'issuer',
    inboxPrefix: inboxPrefix({ role: 'authorization-server' }),
    logger: createLogger('issuer', { LOG_LEVEL: 'fatal', LOG_FORMAT: 'json' }),
  });
  const publisher = new IssuerPublisher(connection, issuer);
  await publisher.publishAll({ revocations: [] });
  return {
    connection,
    revoke: (revocation) => publisher.publishRevocations([revocation]),
    close: () => connection.close(),
  };
}
