import { ScopeHierarchy } from '@gatehouse/auth';
import { maxTaskTtlMs, natsSettings } from '@gatehouse/messaging';
import { commonSettings, httpUrl, list, port, stateKeySettings, wholeNumber } from '@gatehouse/runtime';
import { z } from 'zod';

/** The settings of the gateway, parsed once at start. */
export const gatewaySettings = z.object({
  ...commonSettings,
  ...natsSettings,
  ...stateKeySettings,
  GATEWAY_PORT: port(3000, 'Port of the MCP endpoint'),
  GATEWAY_ADMIN_PORT: port(3001, 'Port of the probes of the gateway'),
  GATEWAY_PUBLIC_URL: httpUrl(
    'URL under which clients reach the gateway; by default http://localhost:<port>',
  ).optional(),
  GATEWAY_ALLOWED_HOSTS: list(
    'Further host names (with or without port) that requests may carry as Host and Origin, comma separated',
  ),
  GATEWAY_MAX_CALL_MS: wholeNumber(
    600_000,
    { min: 1_000, max: 86_400_000 },
    'Longest run of one call, whatever the tool asks for and however much progress it reports',
  ),
  GATEWAY_MAX_CALLS_PER_PRINCIPAL: wholeNumber(
    256,
    { min: 1, max: 1_000_000 },
    'Calls that one account may have in flight on one gateway, answers that its clients have not read included; a further one is -31005',
  ),
  GATEWAY_STREAM_MAX_AGE: wholeNumber(
    43_200,
    { min: 1, max: 604_800 },
    'Seconds after which a subscription ends with its final result, and the client listens anew with a fresh token',
  ),
  GATEWAY_MAX_STREAMS_PER_ACCOUNT: wholeNumber(
    100,
    { min: 1, max: 1_000_000 },
    'Open subscriptions that one account may have on one gateway; a further one is -31004',
  ),
  GATEWAY_MAX_SUBSCRIBED_RESOURCES: wholeNumber(
    1_000,
    { min: 1, max: 10_000 },
    'Resources that one subscription may name; more are -32602',
  ),
  GATEWAY_TASK_TTL_MS: wholeNumber(
    3_600_000,
    { min: 1_000, max: maxTaskTtlMs },
    'Life of a task from its creation, unless its tool says otherwise; then nobody knows it any more',
  ),
  GATEWAY_MAX_TASKS_PER_ACCOUNT: wholeNumber(
    100,
    { min: 1, max: 100_000 },
    'Tasks of one account that run at the same time; beyond it a tool that needs a task is -31004, others answer without',
  ),
  GATEWAY_MAX_TASK_BYTES_PER_ACCOUNT: wholeNumber(
    67_108_864,
    { min: 65_536, max: 1_073_741_824 },
    'Bytes that tasks of one account may take up until they expire; a result beyond it fails its task with -31008',
  ),
  GATEWAY_FIRST_SCOPES: z
    .enum(['connect', 'read', 'all'])
    .default('read')
    .describe(
      'Scopes that a newcomer is told to ask for: `connect` for `mcp` alone, `read` with what reading needs, `all` for clients ' +
        'that never ask for more',
    ),
  GATEWAY_SCOPE_HIERARCHY: list('')
    .refine(
      (entries) => entries.every((entry) => ScopeHierarchy.isEntry(entry)),
      'must be entries like `files:admin > files:write` or `*:write > *:read`',
    )
    .describe(
      'Scopes that include others, comma separated, each `broader > narrower`; `*` stands for every server: `*:write > *:read`; ' +
        'the same for gateways and authorization servers',
    ),
  GATEWAY_REVOCATIONS: z
    .enum(['required', 'lenient', 'off'])
    .default('required')
    .describe(
      'What tokens are worth while revocations are not heard of: `required` refuses them after 2 s, `lenient` goes on with ' +
        'what was heard before, `off` is for an issuer that tells NATS nothing',
    ),
  // Not `httpUrl`, which drops a trailing slash: with other vendors' issuers the slash is part of the name.
  AUTH_ISSUER: z
    .string()
    .refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), 'must be an http(s) URL')
    .default('http://localhost:4000')
    .describe('Issuer whose access tokens the gateway accepts'),
});

export type GatewaySettings = z.output<typeof gatewaySettings>;

/** `GATEWAY_PUBLIC_URL`, or what the local stack uses. */
export function publicUrlOf(settings: GatewaySettings): string {
  return settings.GATEWAY_PUBLIC_URL ?? `http://localhost:${settings.GATEWAY_PORT}`;
}
