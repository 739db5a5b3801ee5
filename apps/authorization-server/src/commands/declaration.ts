import { Account } from '../accounts/account.entity.ts';
import { defaultTenant } from '../config.ts';
import { applyDeclaration } from '../declaration/apply-declaration.ts';
import { describeChange } from '../declaration/change.ts';
import { exportDeclaration } from '../declaration/export-declaration.ts';
import { readDeclaration } from '../declaration/read-declaration.ts';
import type { Command } from './command.ts';
import { exitCodes } from './help.ts';
import { openPreRegisteredClients } from './registered-clients.ts';

/** The declarative file. */
export const declarationCommands: Command[] = [
  {
    name: 'apply',
    summary: 'Make clients and accounts what a file says; again, and nothing changes',
    operands: ['<file>'],
    isList: true,
    options: { 'dry-run': { description: 'show what would change, and change nothing' } },
    run: async (context, input) => {
      const isDryRun = input.isOn('dry-run');
      const { declaration, folder } = readDeclaration(input.operand(0));
      const changes = await applyDeclaration(context.dataSource, declaration, {
        clients: await openPreRegisteredClients(context),
        secrets: { environment: context.environment, folder },
        isDryRun,
      });
      const count = `${changes.length} ${changes.length === 1 ? 'change' : 'changes'}`;
      const end =
        changes.length === 0 ? 'Nothing to change.' : `${count}${isDryRun ? ', none made: a dry run' : ' made'}.`;
      return {
        lines: [...changes.flatMap(describeChange), end],
        records: changes,
        exitCode: isDryRun && changes.length > 0 ? exitCodes.differences : exitCodes.done,
      };
    },
  },
  {
    name: 'export',
    summary:
      'Print a file that declares the present pre-registered clients and accounts; secrets become references to fill in',
    run: async (context) => {
      const { manager } = context.dataSource;
      const clients = await (await openPreRegisteredClients(context)).list(manager);
      const order = { emailKey: 'ASC' } as const;
      const accounts = await manager.find(Account, { where: { tenantId: defaultTenant }, order });
      return { lines: exportDeclaration(clients, accounts).trimEnd().split('\n') };
    },
  },
];
