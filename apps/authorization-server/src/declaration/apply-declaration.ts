import { lockForTransaction } from '@gatehouse/database';
import type { DataSource, EntityManager } from 'typeorm';
import type { PreRegisteredClients } from '../clients/pre-registered-clients.ts';
import type { Change } from './change.ts';
import type { Declaration } from './declaration.ts';
import { declareAccounts } from './declare-accounts.ts';
import { declareClients } from './declare-clients.ts';
import type { SecretSource } from './secret-reference.ts';

/** What a declaration is applied with. */
interface ApplyOptions {
  clients: PreRegisteredClients;
  secrets: SecretSource;
  /** Says what would change and changes nothing. */
  isDryRun: boolean;
}

/** Carries the changes of a dry run out of the transaction that it undoes. */
class DryRun extends Error {
  readonly changes: Change[];

  constructor(changes: Change[]) {
    super('dry run');
    this.changes = changes;
  }
}

/**
 * Makes clients and accounts what a declaration says, all or nothing; whoever applies another one meanwhile waits. Applied
 * again it changes nothing. What it does not name stays, unless it says `prune`.
 * A dry run does the same and undoes it, so that it meets whatever would be refused.
 * @throws StartError naming the place in the declaration that cannot be.
 */
export async function applyDeclaration(
  dataSource: DataSource,
  declaration: Declaration,
  options: ApplyOptions,
): Promise<Change[]> {
  try {
    return await dataSource.transaction(async (manager) => {
      const changes = await applyAll(manager, declaration, options);
      if (options.isDryRun) throw new DryRun(changes);
      return changes;
    });
  } catch (error) {
    if (error instanceof DryRun) return error.changes;
    throw error;
  }
}

async function applyAll(
  manager: EntityManager,
  declaration: Declaration,
  { clients, secrets }: ApplyOptions,
): Promise<Change[]> {
  await lockForTransaction(manager, 'declaration');
  return [
    ...(await declareClients(manager, clients, declaration, secrets)),
    ...(await declareAccounts(manager, declaration, secrets)),
  ];
}
