import { commands } from '../src/commands/commands.ts';
import { runCommand } from '../src/commands/run-command.ts';
import { loadSettings } from '@gatehouse/runtime';
import { commandSettings } from '../src/config.ts';
import type { DataSource } from 'typeorm';
import type { Replicas } from './replicas.ts';

/** What a command answered. */
export interface CommandAnswer {
  exitCode: number;
  lines: string[];
  complaint: string;
}

/**
 * An operator beside running replicas: runs commands as `cli.ts` does, in an environment that opens the database and says
 * nothing else of what the servers are set to.
 */
export class Operator {
  readonly #replicas: Replicas;
  readonly #environment: Record<string, string>;
  #dataSource: Promise<DataSource> | undefined;

  constructor(replicas: Replicas, environment: Record<string, string> = {}) {
    this.#replicas = replicas;
    this.#environment = environment;
  }

  /** @param typed what is typed when the command asks for a secret */
  async run(words: string[], typed = ''): Promise<CommandAnswer> {
    const lines: string[] = [];
    const complaints: string[] = [];
    const exitCode = await runCommand(commands, words, {
      open: async () => {
        this.#dataSource ??= this.#replicas.database.open();
        const { DATABASE_URL, GATEHOUSE_ENCRYPTION_KEY } = this.#replicas.environment;
        return {
          dataSource: await this.#dataSource,
          settings: loadSettings(commandSettings, { DATABASE_URL, GATEHOUSE_ENCRYPTION_KEY }),
          environment: (name) => this.#environment[name],
          readSecret: () => Promise.resolve(typed),
          close: () => Promise.resolve(),
        };
      },
      print: (line) => lines.push(line),
      complain: (line) => complaints.push(line),
    });
    return { exitCode, lines, complaint: complaints.join('\n') };
  }

  /** The lines of a command that must succeed. */
  async do(...words: string[]): Promise<string[]> {
    const { exitCode, lines, complaint } = await this.run(words);
    if (exitCode !== 0) throw new Error(`${words.join(' ')} ended with ${exitCode}: ${complaint}`);
    return lines;
  }

  /** The objects that a listing prints with `--json`. */
  async read(...words: string[]): Promise<Record<string, unknown>[]> {
    const lines = await this.do(...words, '--json');
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}
