import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Accounts } from '../accounts/accounts.ts';
import { recordAudit } from '../audit/audit-log.ts';
import { defaultTenant } from '../config.ts';
import { inTransaction } from '../storage/unit-of-work.ts';
import { approvalResult } from './admission.ts';
import { browserDigest } from './browser-cookie.ts';
import { recordApproval } from './client-approvals.ts';
import { endSession, finishStep } from './finish-step.ts';
import type { Interaction } from './open-interaction.ts';
import type { RequestedAccess } from './requested-access.ts';
import type { StepOutcome, Submission } from './step.ts';

/** What was asked for when the page was made; the approval holds for exactly this. */
export function accessOf(interaction: Interaction): RequestedAccess {
  return interaction.prompt.details['access'] as RequestedAccess;
}

/** Takes the answer of the approval page, before login and, when something differs, after it. */
@Injectable()
export class ApprovalStep {
  readonly #dataSource: DataSource;
  readonly #accounts: Accounts;

  constructor(dataSource: DataSource, accounts: Accounts) {
    this.#dataSource = dataSource;
    this.#accounts = accounts;
  }

  async submit(submission: Submission): Promise<StepOutcome> {
    const { decision } = submission.form;
    if (decision === 'approve') return await this.#approve(submission);
    if (decision === 'other-account') return await this.#changeAccount(submission);
    return await this.deny(submission);
  }

  async #approve({ interaction, visitor }: Submission): Promise<StepOutcome> {
    const session = interaction.session;
    // The page names nobody when the account of the session is gone.
    const named = session && (await this.#accounts.find(session.accountId));
    return await inTransaction(this.#dataSource, async (manager) => {
      const approvalId = await recordApproval(manager, accessOf(interaction), {
        browserDigest: browserDigest(visitor.browserId),
        sub: named?.sub,
      });
      const result = { [approvalResult]: { approvalId }, consent: {} };
      return { kind: 'continue', location: await finishStep(interaction, result) };
    });
  }

  /** Forgets who is signed in; the page comes back without a name, and login follows the approval. */
  async #changeAccount({ interaction }: Submission): Promise<StepOutcome> {
    if (!interaction.session) return { kind: 'again' };
    return await inTransaction(this.#dataSource, async (manager) => {
      await endSession(manager, interaction);
      await interaction.persist();
      return { kind: 'again' };
    });
  }

  /** Sends the person back to the client with `access_denied` (RFC 6749 §4.1.2.1). */
  async deny({ interaction }: Submission): Promise<StepOutcome> {
    return await inTransaction(this.#dataSource, async (manager) => {
      const sub = interaction.session?.accountId;
      await recordAudit(manager, {
        type: 'consent.denied',
        tenantId: defaultTenant,
        outcome: 'success',
        ...(sub === undefined ? {} : { actor: sub }),
        oauthClientId: String(interaction.params['client_id']),
        details: { step: interaction.prompt.name },
      });
      const denied = { error: 'access_denied', error_description: 'the request was denied' };
      return { kind: 'continue', location: await finishStep(interaction, denied) };
    });
  }
}
