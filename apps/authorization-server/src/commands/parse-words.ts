import { parseArgs } from 'node:util';
import { CommandInput, UsageError } from './command.ts';
import type { Command } from './command.ts';

/** What was typed: a command with its input, or a wish to read about commands. */
type Words = { kind: 'run'; command: Command; input: CommandInput } | { kind: 'help'; about: Command[] };

/**
 * Understands what was typed.
 * @throws UsageError in one sentence.
 */
export function parseWords(commands: readonly Command[], words: readonly string[]): Words {
  const command = commands.find(({ name }) => name === words.slice(0, name.split(' ').length).join(' '));
  if (command) return parseRest(command, words.slice(command.name.split(' ').length));
  const [noun, ...more] = words.filter((word) => word !== '--help' && word !== '-h' && word !== 'help');
  if (noun === undefined) return { kind: 'help', about: [...commands] };
  const ofNoun = commands.filter(({ name }) => name.split(' ')[0] === noun);
  if (ofNoun.length === 0) throw new UsageError(`there is no command ${quoted(noun)}`);
  if (more.length > 0) throw new UsageError(`there is no command ${quoted(`${noun} ${more[0]}`)}`);
  return { kind: 'help', about: ofNoun };
}

function parseRest(command: Command, words: string[]): Words {
  const { values, positionals } = parse(command, words);
  if (values['help'] === true) return { kind: 'help', about: [command] };
  const operands = command.operands ?? [];
  const needed = operands.filter((operand) => !operand.endsWith('?')).length;
  if (positionals.length < needed) throw new UsageError(`${operands[positionals.length]} is missing`);
  if (positionals.length > operands.length) throw new UsageError(`${quoted(positionals[operands.length])} is too much`);
  return { kind: 'run', command, input: new CommandInput(positionals, values) };
}

function parse(command: Command, words: string[]) {
  const options = Object.entries(command.options ?? {}).map(([name, option]) => {
    const type = option.value === undefined ? 'boolean' : 'string';
    return [name, { type, ...(option.isRepeatable ? { multiple: true } : {}) }] as const;
  });
  try {
    return parseArgs({
      args: words,
      allowPositionals: true,
      options: {
        ...Object.fromEntries(options),
        ...(command.isList ? { json: { type: 'boolean' } } : {}),
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    // The parser goes on to teach; its first sentence says what is wrong.
    throw new UsageError(String((error as Error).message.split(/[.\n]/)[0]), { cause: error });
  }
}

/** What somebody typed into the wrong place may be long, or a secret's start: a little of it is enough to find it. */
function quoted(text: string | undefined = ''): string {
  return `"${text.length > 40 ? `${text.slice(0, 40)}...` : text}"`;
}
