import { Account } from '../accounts/account.entity.ts';
import { Authenticator } from '../accounts/authenticator.entity.ts';
import { FirstAdministrator } from '../accounts/first-administrator.entity.ts';
import { KnownBrowser } from '../accounts/known-browser.entity.ts';
import { LoginThrottle } from '../accounts/login-throttle.entity.ts';
import { PendingSignIn } from '../accounts/pending-sign-in.entity.ts';
import { RecoveryCode } from '../accounts/recovery-code.entity.ts';
import { AuditRow } from '../audit/audit-row.entity.ts';
import { ClientSecret } from '../clients/client-secret.entity.ts';
import { ClientDocument } from '../clients/documents/client-document.entity.ts';
import { ClientLogo } from '../clients/logos/client-logo.entity.ts';
import { InitialAccessToken } from '../clients/initial-access-token.entity.ts';
import { OauthClient } from '../clients/oauth-client.entity.ts';
import { ClientApproval } from '../interactions/client-approval.entity.ts';
import { Consent } from '../interactions/consent.entity.ts';
import { ServerSecret } from '../keys/server-secret.entity.ts';
import { SigningKey } from '../keys/signing-key.entity.ts';
import { ProtectedResource } from '../resources/protected-resource.entity.ts';
import { ResourceScope } from '../resources/resource-scope.entity.ts';
import { ScopeVersion } from '../resources/scope-version.entity.ts';
import { OutboxEntry } from '../revocation/outbox-entry.entity.ts';
import { BrowserSession } from '../sessions/browser-session.entity.ts';
import { OauthGrant } from './oauth-grant.entity.ts';
import { ProviderRecord } from './provider-record.entity.ts';
import { RefreshToken } from './refresh-token.entity.ts';

/** Every entity of the authorization server, listed because a glob would hide what is missing. */
export const entities = [
  Account,
  AuditRow,
  Authenticator,
  BrowserSession,
  ClientApproval,
  ClientDocument,
  ClientLogo,
  ClientSecret,
  Consent,
  FirstAdministrator,
  InitialAccessToken,
  KnownBrowser,
  LoginThrottle,
  OauthClient,
  OauthGrant,
  OutboxEntry,
  PendingSignIn,
  ProtectedResource,
  ProviderRecord,
  RecoveryCode,
  RefreshToken,
  ResourceScope,
  ScopeVersion,
  ServerSecret,
  SigningKey,
];
