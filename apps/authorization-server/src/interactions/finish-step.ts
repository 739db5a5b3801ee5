import type { InteractionResults, Provider } from 'oidc-provider';
import type { EntityManager } from 'typeorm';
import { recordAudit } from '../audit/audit-log.ts';
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
export async function endSession(provider: Provider, interaction: Interaction): Promise<void> {
  const session = interaction.session && (await provider.Session.findByUid(interaction.session.uid));
  await session?.destroy();
  interaction.session = undefined;
}

/** Writes that a session ended because its browser goes on with another account. */
export async function auditEndedSession(
  manager: EntityManager,
  event: { tenantId: string; sub: string; oauthClientId: string },
): Promise<void> {
  await recordAudit(manager, {
    type: 'session.ended',
    tenantId: event.tenantId,
    outcome: 'success',
    actor: event.sub,
    reason: 'other_account',
    oauthClientId: event.oauthClientId,
  });
}
