import { readOutboundExceptions } from './outbound-exceptions.ts';
import { OutboundFetch } from './outbound-fetch.ts';

/** Fetches by who names the address. A host that is listed for one is a stranger's to the other. */
export interface OutboundFetches {
  /** Of what clients say of themselves: documents and key sets. Anybody can be a client. */
  ofClients: OutboundFetch;
  /** Of their logos, under the same list. Slow ones keep no document waiting. */
  ofLogos: OutboundFetch;
  /** Of what an administrator sets for an identity provider. */
  ofIdentityProviders: OutboundFetch;
}

/** @throws StartError naming the setting and the entry that cannot be used. */
export function outboundFetches(settings: {
  AUTH_OUTBOUND_EXCEPTIONS: string[];
  AUTH_IDENTITY_PROVIDER_EXCEPTIONS: string[];
  AUTH_EGRESS_PROXY?: string | undefined;
}): OutboundFetches {
  const fetchUnder = (setting: 'AUTH_OUTBOUND_EXCEPTIONS' | 'AUTH_IDENTITY_PROVIDER_EXCEPTIONS') =>
    new OutboundFetch({
      exceptions: readOutboundExceptions(settings[setting], setting),
      proxy: settings.AUTH_EGRESS_PROXY,
    });
  return {
    ofClients: fetchUnder('AUTH_OUTBOUND_EXCEPTIONS'),
    ofLogos: fetchUnder('AUTH_OUTBOUND_EXCEPTIONS'),
    ofIdentityProviders: fetchUnder('AUTH_IDENTITY_PROVIDER_EXCEPTIONS'),
  };
}
