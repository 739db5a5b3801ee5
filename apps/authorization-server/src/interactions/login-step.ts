import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Login } from '../accounts/login.ts';
import type { LoginOutcome, LoginVisit, SignedIn } from '../accounts/login.ts';
import { defaultTenant } from '../config.ts';
import { browserDigest } from './browser-cookie.ts';
import { endSession, finishStep } from './finish-step.ts';
import type { Interaction } from './open-interaction.ts';
import type { StepOutcome, Submission } from './step.ts';

/** Where a login of this interaction takes place. */
export function visitOf(interaction: Interaction, visitor: { browserId: string; address: string }): LoginVisit {
  return {
    tenantId: defaultTenant,
    page: interaction.uid,
    address: visitor.address,
    browserDigest: browserDigest(visitor.browserId),
    oauthClientId: String(interaction.params['client_id']),
  };
}

/** Takes what the login page sends: e-mail and password, then perhaps a code. */
@Injectable()
export class LoginStep {
  readonly #login: Login;

  constructor(login: Login) {
    this.#login = login;
  }

  async submit({ interaction, form, visitor }: Submission): Promise<StepOutcome> {
    const visit = visitOf(interaction, visitor);
    if (form.decision === 'start-over') {
      await this.#login.startOver(visit);
      return { kind: 'again' };
    }
    const goOn = (manager: EntityManager, signedIn: SignedIn) => finish(manager, interaction, signedIn);
    const { email, password } = form;
    const outcome =
      form.decision === 'code'
        ? await this.#login.withCode(visit, form.code, goOn)
        : await this.#login.withPassword({ ...visit, email, password }, goOn);
    return stepOf(outcome);
  }
}

function stepOf(outcome: LoginOutcome<string>): StepOutcome {
  if (outcome.kind === 'signed-in') return { kind: 'continue', location: outcome.result };
  return outcome.kind === 'code-awaited' ? { kind: 'again' } : outcome;
}

/** The provider gives the session a new id when it goes on (no session fixation). */
async function finish(manager: EntityManager, interaction: Interaction, signedIn: SignedIn): Promise<string> {
  const { sub } = signedIn.account;
  const before = interaction.session?.accountId;
  if (before !== undefined && before !== sub) await endSession(manager, interaction);
  return await finishStep(interaction, { login: { accountId: sub, amr: signedIn.amr, ts: signedIn.at } });
}
