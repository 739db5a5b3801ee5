import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SignIn } from '../accounts/sign-in.ts';
import type { SignInOutcome } from '../accounts/sign-in.ts';
import { defaultTenant } from '../config.ts';
import { ProviderHost } from '../provider/provider-host.ts';
import { inTransaction } from '../storage/unit-of-work.ts';
import { browserDigest } from './browser-cookie.ts';
import { auditEndedSession, endSession, finishStep } from './finish-step.ts';
import type { StepOutcome, Submission } from './step.ts';

type SignedIn = Extract<SignInOutcome, { kind: 'signed-in' }>;

/** Takes e-mail and password of the login page. */
@Injectable()
export class LoginStep {
  readonly #dataSource: DataSource;
  readonly #host: ProviderHost;
  readonly #signIn: SignIn;

  constructor(dataSource: DataSource, host: ProviderHost, signIn: SignIn) {
    this.#dataSource = dataSource;
    this.#host = host;
    this.#signIn = signIn;
  }

  async submit(submission: Submission): Promise<StepOutcome> {
    const { interaction, form, visitor } = submission;
    const outcome = await this.#signIn.attempt({
      tenantId: defaultTenant,
      email: form.email,
      password: form.password,
      address: visitor.address,
      browserDigest: browserDigest(visitor.browserId),
      oauthClientId: String(interaction.params['client_id']),
    });
    if (outcome.kind !== 'signed-in') return outcome;
    return await this.#finish(submission, outcome);
  }

  /** The provider gives the session a new id when it goes on (no session fixation). */
  async #finish({ interaction }: Submission, { account: { sub }, record }: SignedIn): Promise<StepOutcome> {
    return await inTransaction(this.#dataSource, async (manager) => {
      await record(manager);
      const before = interaction.session?.accountId;
      if (before !== undefined && before !== sub) {
        await endSession(this.#host.provider, interaction);
        const oauthClientId = String(interaction.params['client_id']);
        const tenantId = defaultTenant;
        await auditEndedSession(manager, { tenantId, sub: before, oauthClientId });
      }
      const login = { accountId: sub, amr: ['pwd'] };
      return { kind: 'continue', location: await finishStep(interaction, { login }) };
    });
  }
}
