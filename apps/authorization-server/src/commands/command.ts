import type { DataSource } from 'typeorm';
import type { CommandSettings } from '../config.ts';

/** What a command works with. */
export interface CommandContext {
  dataSource: DataSource;
  settings: CommandSettings;
  /**
   * Asks for what must not stand among the parameters, where every process of the machine can read it: at a terminal
   * without showing it, otherwise the first line of standard input.
   */
  readSecret: (question: string) => Promise<string>;
  /** A variable that a reference `env:<NAME>` names. */
  environment: (name: string) => string | undefined;
}

/** An option of a command. */
export interface CommandOption {
  /** How its value is called, such as `<e-mail>`; a switch has none. */
  value?: string;
  isRepeatable?: true;
  description: string;
}

/** What a command prints. */
export interface CommandOutput {
  /** For people. */
  lines: string[];
  /** The same for programs: with `--json` each is a line. */
  records?: readonly object[];
  /** 0 unless said. */
  exitCode?: number;
}

/** A command of an operator. */
export interface Command {
  /** As it is typed: `<noun> <verb>`, or one word. */
  name: string;
  /** What it does, in one line. */
  summary: string;
  /** What follows the name, in order, such as `<client id>`; one that ends in `?` may be left out. */
  operands?: readonly string[];
  options?: Readonly<Record<string, CommandOption>>;
  /** Can print `--json`. */
  isList?: true;
  /** @throws StartError in one sentence for what the operator can mend, UsageError for words that it does not take. */
  run(context: CommandContext, input: CommandInput): Promise<CommandOutput>;
}

/** Words that are no command, or that a command does not take. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What was typed after the name of a command. */
export class CommandInput {
  readonly #operands: readonly string[];
  readonly #options: Readonly<Record<string, unknown>>;

  constructor(operands: readonly string[], options: Readonly<Record<string, unknown>>) {
    this.#operands = operands;
    this.#options = options;
  }

  /** The operand at a place; the empty text where it was left out. */
  operand(index: number): string {
    return this.#operands[index] ?? '';
  }

  text(option: string): string | undefined {
    const value = this.#options[option];
    return typeof value === 'string' ? value : undefined;
  }

  /** Every value of a repeatable option; undefined when it was not given. */
  texts(option: string): string[] | undefined {
    const values = this.#options[option];
    return Array.isArray(values) ? values.map(String) : undefined;
  }

  isOn(option: string): boolean {
    return this.#options[option] === true;
  }

  /** @throws UsageError for anything but a whole number in the range. */
  wholeNumber(option: string, range: { min: number; max: number }): number | undefined {
    const text = this.text(option);
    if (text === undefined) return undefined;
    const number = Number(text);
    if (/^\d{1,15}$/.test(text) && number >= range.min && number <= range.max) return number;
    throw new UsageError(`--${option} must be a whole number from ${range.min} to ${range.max}`);
  }
}
