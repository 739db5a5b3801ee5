import { hostname, userInfo } from 'node:os';
import { explainDatabaseFailure } from '@gatehouse/database';
import { maskCredentials, newTraceId, StartError } from '@gatehouse/runtime';
import { runRequest } from '../entrance/request-context.ts';
import { UsageError } from './command.ts';
import type { Command, CommandContext, CommandInput, CommandOutput } from './command.ts';
import { exitCodes, renderHelp } from './help.ts';
import { parseWords } from './parse-words.ts';
import { printable } from './printable.ts';

/** Where commands print and what they work with. */
export interface CommandHost {
  /** Called when a command is to run, and not for help or words that are no command. */
  open(): Promise<CommandContext & { close: () => Promise<void> }>;
  print(line: string): void;
  /** Prints why something was refused. */
  complain(line: string): void;
}

/**
 * Runs what was typed and prints its answer. Whatever goes wrong is one sentence and an exit code.
 * @returns the exit code.
 */
export async function runCommand(
  commands: readonly Command[],
  words: readonly string[],
  host: CommandHost,
): Promise<number> {
  try {
    const parsed = parseWords(commands, words);
    if (parsed.kind === 'help') {
      for (const line of renderHelp(parsed.about)) host.print(line);
      return exitCodes.done;
    }
    const output = await runOne(parsed.command, parsed.input, host);
    printOutput(output, parsed.input, host);
    return output.exitCode ?? exitCodes.done;
  } catch (error) {
    host.complain(printable(maskCredentials(sentenceOf(error))));
    return error instanceof UsageError ? exitCodes.wrongUsage : exitCodes.refused;
  }
}

async function runOne(command: Command, input: CommandInput, host: CommandHost): Promise<CommandOutput> {
  const { close, ...context } = await host.open();
  try {
    return await asOperator(() => command.run(context, input));
  } catch (error) {
    throw error instanceof StartError || error instanceof UsageError
      ? error
      : explainDatabaseFailure(error, context.settings.DATABASE_URL);
  } finally {
    await close();
  }
}

/** Runs work whose audit rows name the operator: the user of the operating system, on this machine. */
export function asOperator<T>(work: () => T): T {
  return runRequest({ traceId: newTraceId(), address: hostname(), actor: `operator:${operatorName()}` }, work);
}

function operatorName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that nobody named.
    return String(process.getuid?.() ?? 'unknown');
  }
}

function printOutput({ lines, records }: CommandOutput, input: CommandInput, host: CommandHost): void {
  const isJson = records !== undefined && input.isOn('json');
  for (const line of isJson ? records.map((record) => JSON.stringify(record)) : lines) host.print(printable(line));
}

function sentenceOf(error: unknown): string {
  if (error instanceof UsageError) return `Wrong usage: ${error.message}; --help shows how it is called.`;
  if (error instanceof StartError) return error.message;
  return `The command failed: ${error instanceof Error ? error.message : String(error)}`.split('\n')[0] ?? '';
}
