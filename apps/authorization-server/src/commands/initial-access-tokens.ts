import { StartError } from '@gatehouse/runtime';
import { InitialAccessTokens } from '../clients/initial-access-tokens.ts';
import { UsageError } from './command.ts';
import type { Command } from './command.ts';
import { renderTable } from './table.ts';

const service = new InitialAccessTokens();
const mostDays = 365;
const daySeconds = 24 * 60 * 60;

/** Tokens with which somebody may register one client. */
export const initialAccessTokenCommands: Command[] = [
  {
    name: 'initial-access-tokens list',
    summary: 'Show the tokens that were made for registering a client, the newest first',
    isList: true,
    run: async ({ dataSource }) => {
      const tokens = await service.list(dataSource.manager);
      const lines = renderTable(tokens, {
        id: ({ id }) => id,
        for: ({ label }) => label,
        made: ({ createdAt }) => createdAt,
        expires: ({ expiresAt }) => expiresAt,
        used: ({ usedAt }) => usedAt,
        client: ({ oauthClientId }) => oauthClientId,
      });
      return { lines, records: tokens };
    },
  },
  {
    name: 'initial-access-tokens create',
    summary: 'Make a token that lets somebody register one client; it is shown once',
    options: {
      for: { value: '<text>', description: 'whom it is for' },
      days: { value: '<number>', description: 'when it expires; 7 days unless said' },
    },
    run: async ({ dataSource }, input) => {
      const label = input.text('for');
      if (label === undefined) throw new UsageError('--for is missing');
      const days = input.wholeNumber('days', { min: 1, max: mostDays }) ?? 7;
      const made = await dataSource.transaction((manager) =>
        service.create(manager, { label, expiresInSeconds: days * daySeconds }),
      );
      return { lines: [`The token ${made.id} is made for ${days} days.`, `It is shown this once: ${made.token}`] };
    },
  },
  {
    name: 'initial-access-tokens revoke',
    summary: 'Take a token back that was not used yet',
    operands: ['<id>'],
    run: async ({ dataSource }, input) => {
      const id = input.operand(0);
      const isRevoked = await dataSource.transaction((manager) => service.revoke(manager, id));
      if (isRevoked) return { lines: [`The token ${id} is taken back.`] };
      throw new StartError(`There is no unused token ${id}: \`initial-access-tokens list\` shows them.`);
    },
  },
];
