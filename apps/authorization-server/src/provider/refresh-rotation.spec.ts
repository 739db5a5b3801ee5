import type { KoaContextWithOIDC } from 'oidc-provider';
import type { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { rotateRefreshToken } from './refresh-rotation.ts';

const row = { grantId: 'g', sealedSuccessor: null, isStepUpAsked: false };
const dataSource = { manager: { query: () => Promise.resolve([row]) } } as unknown as DataSource;

describe('a refresh token that is presented', () => {
  it.each([
    ['of a public client is exchanged', 'none', undefined, true],
    ['of a client that authenticates is not', 'private_key_jwt', undefined, false],
    ['of a public client that is bound to a key is not (RFC 9449 §5)', 'none', 'thumbprint', false],
  ])('%s', async (_what, tokenEndpointAuthMethod, jkt, isExchanged) => {
    const entities = { Client: { tokenEndpointAuthMethod }, RefreshToken: { jti: 'presented', jkt } };
    const ctx = { res: {}, oidc: { entities } } as unknown as KoaContextWithOIDC;
    expect(await rotateRefreshToken(dataSource)(ctx)).toBe(isExchanged);
  });
});
