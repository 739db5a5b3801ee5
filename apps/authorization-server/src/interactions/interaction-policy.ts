import { interactionPolicy as policy } from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Admission } from './admission.ts';

/** Name of the prompt that asks about the client before anybody signs in. */
const clientApprovalPrompt = 'client-approval';

/**
 * oidc-provider's `interactions.policy`: the client is approved first, then the person signs in, then consent is checked
 * against what was approved. Approval comes before any identity provider (MCP 2026-07-28 Security Best Practices
 * §Confused Deputy Problem).
 */
export function interactionPolicy(admission: Admission): policy.Prompt[] {
  return [clientApproval(admission), login(), consent(admission)];
}

function clientApproval(admission: Admission): policy.Prompt {
  return new policy.Prompt(
    { name: clientApprovalPrompt },
    (ctx) => pageDetails(admission, ctx),
    new policy.Check('client_not_approved', 'the client was not approved', 'consent_required', async (ctx) => {
      // OpenID Connect Core 1.0 §3.1.2.6: without a signed-in user `prompt=none` is `login_required`.
      if (ctx.oidc.prompts.has('none') && !ctx.oidc.account) return policy.Check.NO_NEED_TO_PROMPT;
      return !(await admission.isClientApproved(ctx));
    }),
  );
}

function login(): policy.Prompt {
  const prompt = policy.base().get('login');
  if (!prompt) throw new Error('oidc-provider no longer has a login prompt');
  prompt.checks.add(
    new policy.Check(
      'account_gone',
      'the account of this session no longer exists',
      'login_required',
      (ctx) => ctx.oidc.session?.accountId !== undefined && !ctx.oidc.account,
    ),
  );
  return prompt;
}

function consent(admission: Admission): policy.Prompt {
  const prompt = new policy.Prompt(
    { name: 'consent', requestable: true },
    (ctx) => pageDetails(admission, ctx),
    new policy.Check(
      'not_consented',
      'what is requested was not consented to',
      'consent_required',
      async (ctx) => !(await admission.admit(ctx)),
    ),
  );
  // `prompt=consent` is answered by the approval page: asking twice would teach people to click.
  prompt.checks.remove('consent_prompt');
  return prompt;
}

async function pageDetails(admission: Admission, ctx: KoaContextWithOIDC): Promise<Record<string, unknown>> {
  return { ...(await admission.describe(ctx)) };
}
