import { emailAddress, password as passwordRule, StartError } from '@gatehouse/runtime';
import type { EntityManager } from 'typeorm';
import { Account } from '../accounts/account.entity.ts';
import { createAccount } from '../accounts/accounts.ts';
import {
  disableAccount,
  enableAccount,
  setPassword,
  setRoles,
  signOutEverywhere,
} from '../accounts/administer-account.ts';
import { emailKey } from '../accounts/email-key.ts';
import { administratorRole } from '../accounts/first-administrator.ts';
import { hashPassword } from '../accounts/password-hash.ts';
import { Authenticator } from '../accounts/authenticator.entity.ts';
import { SecondFactor } from '../accounts/second-factor.ts';
import { defaultTenant } from '../config.ts';
import { readSecret, secretReference } from '../declaration/secret-reference.ts';
import { readKeyEncryption } from '../keys/key-encryption.ts';
import { UsageError } from './command.ts';
import type { Command, CommandContext, CommandInput, CommandOption } from './command.ts';
import { requireAccount } from './named-account.ts';
import { renderTable } from './table.ts';

const whichAccount = '<e-mail or id>';

const passwordOption: Record<string, CommandOption> = {
  password: {
    value: '<reference>',
    description:
      'where the password is, `env:<NAME>` or `file:<path>`; unless given it is asked for at a terminal or read from ' +
      'standard input',
  },
};

/** Local accounts. */
export const accountCommands: Command[] = [
  {
    name: 'accounts list',
    summary: 'Show the accounts',
    isList: true,
    run: async ({ dataSource }) => {
      const order = { emailKey: 'ASC' } as const;
      const where = { tenantId: defaultTenant };
      const accounts = await dataSource.manager.find(Account, { where, order });
      const withTotp = new Set((await dataSource.manager.findBy(Authenticator, where)).map(({ sub }) => sub));
      const records = accounts.map((account) => recordOf(account, withTotp.has(account.sub)));
      const lines = renderTable(records, {
        'e-mail': ({ email }) => email,
        id: ({ id }) => id,
        roles: ({ roles }) => roles,
        totp: ({ totp }) => (totp ? 'yes' : 'no'),
        made: ({ made }) => made,
        disabled: ({ disabled }) => disabled,
      });
      return { lines, records };
    },
  },
  {
    name: 'accounts create',
    summary: 'Make an account',
    operands: ['<e-mail>'],
    options: { administrator: { description: 'it may administer' }, ...passwordOption },
    run: async (context, input) => {
      const email = emailAddress('').safeParse(input.operand(0));
      if (!email.success) throw new UsageError(`the e-mail ${email.error.issues[0]?.message ?? 'is none'}`);
      const roles = input.isOn('administrator') ? [administratorRole] : [];
      await refuseTaken(context.dataSource.manager, email.data);
      const passwordHash = await hashPassword(await readPassword(context, input));
      const made = await context.dataSource.transaction(async (manager) => {
        await refuseTaken(manager, email.data);
        return createAccount(manager, { tenantId: defaultTenant, email: email.data, passwordHash, roles });
      });
      return { lines: [`The account ${made.email} (${made.sub}) is made.`] };
    },
  },
  {
    name: 'accounts set-password',
    summary: 'Give an account another password; its sessions end',
    operands: [whichAccount],
    options: passwordOption,
    run: async (context, input) => {
      await requireAccount(context.dataSource.manager, input.operand(0));
      const passwordHash = await hashPassword(await readPassword(context, input));
      return change(context, input, async (manager, named) => {
        await setPassword(manager, named, passwordHash);
        return `${named.email} has another password, and its sessions have ended.`;
      });
    },
  },
  {
    name: 'accounts set-roles',
    summary: 'Give an account exactly these roles; its tokens carry them from the next one on',
    operands: [whichAccount],
    options: {
      role: { value: '<role>', isRepeatable: true, description: `\`${administratorRole}\`; none when not given` },
    },
    run: (context, input) =>
      change(context, input, async (manager, named) => {
        const roles = input.texts('role') ?? [];
        const unknown = roles.find((role) => role !== administratorRole);
        if (unknown !== undefined)
          throw new UsageError(`there is no role ${unknown}: the one role is ${administratorRole}`);
        const isChanged = await setRoles(manager, named, roles);
        return `${named.email} ${isChanged ? 'has other roles' : 'has these roles already'}.`;
      }),
  },
  {
    name: 'accounts disable',
    summary: 'Close an account: nobody signs in, and its sessions and tokens end',
    operands: [whichAccount],
    run: (context, input) =>
      change(context, input, async (manager, named) =>
        (await disableAccount(manager, named))
          ? `${named.email} is disabled; every gateway refuses its tokens within a second.`
          : `${named.email} was disabled before.`,
      ),
  },
  {
    name: 'accounts enable',
    summary: 'Open a disabled account again',
    operands: [whichAccount],
    run: (context, input) =>
      change(context, input, async (manager, named) =>
        (await enableAccount(manager, named)) ? `${named.email} may sign in again.` : `${named.email} is not disabled.`,
      ),
  },
  {
    name: 'accounts reset-totp',
    summary: 'Take the authenticator app and the recovery codes of an account away, for an owner who lost them',
    operands: [whichAccount],
    run: (context, input) =>
      change(context, input, async (manager, named) => {
        const secondFactor = new SecondFactor(readKeyEncryption(context.settings));
        return (await secondFactor.turnOff(manager, named, 'operator'))
          ? `${named.email} signs in with the password alone until a new authenticator app is added.`
          : `${named.email} has no authenticator app.`;
      }),
  },
  {
    name: 'accounts sign-out',
    summary: 'End every session, grant and token of an account',
    operands: [whichAccount],
    run: (context, input) =>
      change(context, input, async (manager, named) => {
        const sessions = await signOutEverywhere(manager, named, 'signed_out_by_operator');
        return `${named.email} is signed out of ${sessions} ${sessions === 1 ? 'browser' : 'browsers'}, and its tokens have ended.`;
      }),
  },
];

/** Changes the account that the first operand names, in one transaction. */
async function change(
  { dataSource }: CommandContext,
  input: CommandInput,
  work: (manager: EntityManager, named: Account) => Promise<string>,
) {
  const line = await dataSource.transaction(async (manager) =>
    work(manager, await requireAccount(manager, input.operand(0))),
  );
  return { lines: [line] };
}

async function refuseTaken(manager: EntityManager, email: string): Promise<void> {
  const taken = await manager.existsBy(Account, { tenantId: defaultTenant, emailKey: emailKey(email) });
  if (taken) throw new StartError(`There is an account ${email} already.`);
}

/** Never among the parameters, which every process of the machine can read. */
async function readPassword(context: CommandContext, input: CommandInput): Promise<string> {
  const reference = input.text('password');
  if (reference !== undefined && !secretReference.safeParse(reference).success) {
    throw new UsageError('--password must be a reference, env:<NAME> or file:<path>, and never the password itself');
  }
  const source = { environment: context.environment, folder: '.' };
  const given =
    reference === undefined ? await context.readSecret('New password') : readSecret(reference, source, '--password');
  const checked = passwordRule('').safeParse(given);
  if (checked.success) return checked.data;
  throw new StartError(`The password ${checked.error.issues[0]?.message ?? 'cannot be used'}.`);
}

function recordOf({ sub, email, roles, createdAt, disabledAt }: Account, totp: boolean) {
  return { id: sub, email, roles, totp, made: createdAt, disabled: disabledAt };
}
