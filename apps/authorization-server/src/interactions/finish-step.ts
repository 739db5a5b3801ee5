import type { InteractionResults } from 'oidc-provider';
import type { EntityManager } from 'typeorm';
import { defaultTenant } from '../config.ts';
import { endBrowserSessions } from '../sessions/browser-sessions.ts';
import type { Interaction } from './open-interaction.ts';

/**
 * Adds the outcome of a step to those of the steps before it.
 * @returns the URL at which the provider goes on.
 */
export async function finishStep(interaction: Interaction, result: InteractionResults): Promise<string> {
  interaction.result = 'error' in result ? result : { ...interaction.lastSubmission, ...result };
  await interaction.persist();
  return interaction.returnTo;
}

/** Ends the session that the interaction began with, so that somebody else can sign in in its place. */
export async function endSession(manager: EntityManager, interaction: Interaction): Promise<void> {
  const { session } = interaction;
  if (!session) return;
  await endBrowserSessions(
    manager,
    { tenantId: defaultTenant, sub: session.accountId },
    { reason: 'other_account', only: session.uid, oauthClientId: String(interaction.params['client_id']) },
  );
  interaction.session = undefined;
}
