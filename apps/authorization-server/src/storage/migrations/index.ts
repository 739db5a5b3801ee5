import { Foundation1795000000000 } from './1795000000000-foundation.ts';
import { AccountsAndConsents1795000000001 } from './1795000000001-accounts-and-consents.ts';
import { ScopeVersions1795000000002 } from './1795000000002-scope-versions.ts';
import { KeyLifeCycle1795000000003 } from './1795000000003-key-life-cycle.ts';
import { OutboxKey1795000000004 } from './1795000000004-outbox-key.ts';
import { ClientDocuments1795000000005 } from './1795000000005-client-documents.ts';
import { RegisteredClients1795000000006 } from './1795000000006-registered-clients.ts';
import { OutboxIssuedBefore1795000000007 } from './1795000000007-outbox-issued-before.ts';
import { ClientLogos1795000000008 } from './1795000000008-client-logos.ts';
import { DisabledAccounts1795000000010 } from './1795000000010-disabled-accounts.ts';
import { BrowserSessions1795000000011 } from './1795000000011-browser-sessions.ts';
import { SecondFactor1795000000012 } from './1795000000012-second-factor.ts';
import { ScopeContents1795000000020 } from './1795000000020-scope-contents.ts';
import { StepUp1795000000021 } from './1795000000021-step-up.ts';
import { LivingGrants1795000000022 } from './1795000000022-living-grants.ts';

/** Every migration in the order of its timestamp; append, never change one that was released. */
export const migrations = [
  Foundation1795000000000,
  AccountsAndConsents1795000000001,
  ScopeVersions1795000000002,
  KeyLifeCycle1795000000003,
  OutboxKey1795000000004,
  ClientDocuments1795000000005,
  RegisteredClients1795000000006,
  OutboxIssuedBefore1795000000007,
  ClientLogos1795000000008,
  DisabledAccounts1795000000010,
  BrowserSessions1795000000011,
  SecondFactor1795000000012,
  ScopeContents1795000000020,
  StepUp1795000000021,
  LivingGrants1795000000022,
];
