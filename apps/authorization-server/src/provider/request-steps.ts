import type { Logger } from '@gatehouse/runtime';
import type { Configuration } from 'oidc-provider';
import type { DataSource } from 'typeorm';
import { admitRegistration, limitRegistrations } from '../clients/admit-registration.ts';
import type { BoundedAudit } from '../audit/bounded-audit.ts';
import type { ClientDocuments } from '../clients/documents/client-documents.ts';
import { learnClient } from '../clients/documents/learn-client.ts';
import { guardRegistration } from '../clients/guard-registration.ts';
import type { Settings } from '../config.ts';
import type { ServerSecrets } from '../keys/server-secrets.ts';
import type { Resources } from '../resources/resources.ts';
import { allowBrowserClients } from './allow-browser-clients.ts';
import { auditRefusals } from './audit-refusals.ts';
import { catchFailures } from './catch-failures.ts';
import { checkParameters, queryModeOnly } from './check-parameters.ts';
import { describeServer } from './describe-server.ts';
import { keepTogether } from './keep-together.ts';
import { defaultScope, nameResource } from './name-resource.ts';
import { passOnBody, readBody } from './read-body.ts';
import { recognizeAccessToken } from './recognize-access-token.ts';
import { keepSuccessor } from './refresh-rotation.ts';
import type { Step } from './request-state.ts';

/** What every request to the provider passes through, in this order, before the provider itself. */
export function requestSteps(options: {
  dataSource: DataSource;
  audit: BoundedAudit;
  settings: Settings;
  resources: Resources;
  secrets: ServerSecrets;
  documents: ClientDocuments | undefined;
  logger: Logger;
  renderError: NonNullable<Configuration['renderError']>;
}): Step[] {
  const { dataSource, audit, settings, secrets, resources, documents, logger, renderError } = options;
  return [
    catchFailures(logger, renderError),
    allowBrowserClients,
    describeServer(resources, {
      keySetMaxAgeSeconds: settings.AUTH_KEY_SET_MAX_AGE_SECONDS,
      hasClientDocuments: documents !== undefined,
      hasRegistration: settings.AUTH_REGISTRATION !== 'off',
    }),
    auditRefusals(audit),
    limitRegistrations(dataSource, {
      isOff: settings.AUTH_REGISTRATION === 'off',
      perMinute: settings.AUTH_REGISTRATIONS_PER_MINUTE,
    }),
    readBody,
    checkParameters,
    queryModeOnly,
    admitRegistration,
    nameResource(resources),
    defaultScope(resources),
    recognizeAccessToken(settings.AUTH_ISSUER, secrets.signingKeys),
    learnClient(documents),
    passOnBody,
    keepTogether(dataSource, audit),
    guardRegistration(dataSource, settings),
    keepSuccessor(dataSource),
  ];
}
