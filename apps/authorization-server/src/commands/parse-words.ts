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
  const { named, operands } = separate(command, words);
  const options = Object.entries(command.options ?? {}).map(([name, option]) => {
    const type = option.value === undefined ? 'boolean' : 'string';
    return [name, { type, ...(option.isRepeatable ? { multiple: true } : {}) }] as const;
  });
  try {
    const { values } = parseArgs({
      args: named,
      options: {
        ...Object.fromEntries(options),
        ...(command.isList ? { json: { type: 'boolean' } } : {}),
        help: { type: 'boolean', short: 'h' },
      },
    });
    return { values, positionals: operands };
  } catch (error) {
    // The parser goes on to teach; its first sentence says what is wrong.
    const [sentence = ''] = (error as Error).message.split(/[.\n]/);
    const mayBeOperand = sentence.startsWith('Unknown option') && command.operands !== undefined;
    throw new UsageError(mayBeOperand ? `${sentence}; what is none and begins with -- follows a --` : sentence, {
      cause: error,
    });
  }
}

/**
 * Options with their values, and operands. Key ids and grant ids are base64url (RFC 4648 §5): one in 64 begins with a dash.
 * No option but `-h` has one dash, so every other such word is what somebody names; only two dashes need a `--`.
 */
function separate(command: Command, words: string[]): { named: string[]; operands: string[] } {
  const end = words.indexOf('--');
  const before = end === -1 ? words : words.slice(0, end);
  const [named, operands]: [string[], string[]] = [[], []];
  for (let at = 0; at < before.length; at += 1) {
    const word = before[at] ?? '';
    const value = before[at + 1];
    if (word !== '-h' && !word.startsWith('--')) {
      operands.push(word);
    } else if (value === undefined || command.options?.[word.slice(2)]?.value === undefined) {
      named.push(word);
    } else if (value.startsWith('--')) {
      throw new UsageError(`${word} needs a value; one that begins with -- is written ${word}=<value>`);
    } else {
      // Joined, for the parser takes a value with a dash for an option.
      named.push(`${word}=${value}`);
      at += 1;
    }
  }
  return { named, operands: end === -1 ? operands : [...operands, ...words.slice(end + 1)] };
}

/** What somebody typed into the wrong place may be long, or a secret's start: a little of it is enough to find it. */
function quoted(text: string | undefined = ''): string {
  return `"${text.length > 40 ? `${text.slice(0, 40)}...` : text}"`;
}
