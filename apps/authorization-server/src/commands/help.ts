import type { Command } from './command.ts';

const program = 'npm run gatehouse -- auth';

/** Exit codes of every command. */
export const exitCodes = { done: 0, refused: 1, wrongUsage: 2, differences: 3 } as const;

/** How a command is called, such as `clients show <client id> [--json]`. */
export function usageOf({ name, operands = [], options = {}, isList }: Command): string {
  const shownOperands = operands.map((operand) => (operand.endsWith('?') ? `[${operand.slice(0, -1)}]` : operand));
  const shownOptions = Object.entries(options).map(([option, { value, isRepeatable }]) => {
    const shown = value === undefined ? `[--${option}]` : `[--${option} ${value}]`;
    return isRepeatable ? `${shown}...` : shown;
  });
  return [name, ...shownOperands, ...shownOptions, ...(isList ? ['[--json]'] : [])].join(' ');
}

/** Help on one command, on the commands of one noun, or on all. */
export function renderHelp(commands: readonly Command[]): string[] {
  const [only] = commands;
  if (only && commands.length === 1) {
    return [`${program} ${usageOf(only)}`, '', `${only.summary}.`, ...optionLines(only)];
  }
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    `${program} <command>`,
    '',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    '<command> --help shows its options.',
    'A name that begins with two dashes follows a --; as the value of an option it is written --option=<value>.',
    'Exit codes: 0 done, 1 refused, 2 wrong usage, 3 a dry run found differences.',
  ];
}

function optionLines({ options = {}, isList }: Command): string[] {
  const rows = Object.entries(options).map(([name, { value, isRepeatable, description }]) => {
    const shown = value === undefined ? `--${name}` : `--${name} ${value}`;
    return [shown, isRepeatable ? `${description}; may be repeated` : description] as const;
  });
  if (isList) rows.push(['--json', 'one JSON object per line']);
  if (rows.length === 0) return [];
  const width = Math.max(...rows.map(([shown]) => shown.length));
  return ['', ...rows.map(([shown, description]) => `  ${shown.padEnd(width)}  ${description}`)];
}

/** The reference of all commands, as a document. */
export function renderReference(commands: readonly Command[]): string {
  const nouns = [...new Set(commands.map(({ name }) => name.split(' ')[0] ?? ''))];
  const sections = nouns.map((noun) => {
    const own = commands.filter(({ name }) => name.split(' ')[0] === noun);
    return [`## ${noun}`, '', ...own.flatMap(referenceOf)].join('\n').trimEnd();
  });
  return [
    '# Commands of the authorization server',
    '',
    `Each begins with \`${program}\`. The guide [Manage the authorization server](../guides/manage-the-authorization-server.md)`,
    'shows them in use. This page is written by a test from the commands themselves (`apps/authorization-server/src/commands`).',
    '',
    '| exit code | |',
    '|---|---|',
    '| 0 | done |',
    '| 1 | refused; one sentence on standard error says why |',
    '| 2 | wrong usage, likewise |',
    '| 3 | a dry run found differences |',
    '',
    'With `--json` every object is a line of its own on standard output. A name that begins with two dashes, as one id in some',
    'thousand does, follows a `--` (`keys revoke -- --x1...`); as the value of an option it is written `--client=--x1...`.',
    '',
    sections.join('\n\n'),
    '',
  ].join('\n');
}

function referenceOf(command: Command): string[] {
  const options = Object.entries(command.options ?? {}).map(([name, { value, isRepeatable, description }]) => {
    const shown = value === undefined ? `--${name}` : `--${name} ${value}`;
    const text = isRepeatable ? `${description}; may be repeated` : description;
    return `| \`${shown}\` | ${text.replaceAll('|', '\\|')} |`;
  });
  return [
    `### ${command.name}`,
    '',
    `\`${usageOf(command)}\``,
    '',
    `${command.summary}.`,
    '',
    ...(options.length === 0 ? [] : ['| option | |', '|---|---|', ...options, '']),
  ];
}
