import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const documents = execFileSync('git', ['ls-files', '*.md'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && existsSync(path.join(root, file)));

/** What a document says outside its blocks of code. */
const proseOf = (file: string) => read(file).replace(/^```[^]*?^```/gm, '');

/** The anchors of a document's headings, as GitHub makes them. */
function anchorsOf(file: string): string[] {
  const headings = [...proseOf(file).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

describe('the documents', () => {
  it.each(documents)('%s links to what exists', (document) => {
    const links = [...proseOf(document).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
    const dead = links.filter(([, target = '', anchor]) => {
      const file = target === '' ? document : path.join(path.dirname(document), target);
      if (!existsSync(path.join(root, file))) return true;
      return anchor !== undefined && !anchorsOf(file).includes(anchor);
    });
    expect(dead.map(([link]) => link)).toEqual([]);
  });

  it.each(documents)('%s names files and commands that exist', (document) => {
    const text = read(document);
    const words = [...text.matchAll(/`([^`\n]+)`/g)].map(([, word = '']) => word);
    // `tools/call` and `tools/list` are methods, and the chart is there once the benchmark has run.
    const paths = words.filter((word) => /^(?:apps|libs|tools|test|docs)\/(?!(?:call|list)$)[\w./-]+$/.test(word));
    expect(paths.filter((file) => file !== 'docs/images/bench.svg' && !existsSync(path.join(root, file)))).toEqual([]);
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const commands = [...text.matchAll(/npm run ([\w-]+)/g)].map(([, script = '']) => script);
    expect(commands.filter((script) => !(script in scripts))).toEqual([]);
  });

  it('give each decision record one number, without a gap, and list it', () => {
    const folder = path.join(root, 'docs/decisions');
    const records = readdirSync(folder)
      .filter((file) => file !== 'README.md')
      .sort();
    const list = read('docs/decisions/README.md');
    const numbers = records.map((file) => [
      Number(file.slice(0, 4)),
      Number(/^# (\d+)\. /.exec(read(`docs/decisions/${file}`))?.[1]),
    ]);
    expect(numbers).toEqual(records.map((_, index) => [index + 1, index + 1]));
    const entries = records.map((file, index) => {
      const [, title] = /^# \d+\. (.*)/.exec(read(`docs/decisions/${file}`)) ?? [];
      return `| [${index + 1}](${file}) | ${title} |`;
    });
    expect(entries.filter((entry) => !list.includes(entry))).toEqual([]);
  });

  it('explain every error code', () => {
    const codes = [...read('libs/protocol/src/error-code.ts').matchAll(/^ {2}\w+: (-\d{5}),$/gm)];
    expect(codes.length).toBeGreaterThan(10);
    const reference = read('docs/reference/errors.md');
    expect(codes.map(([, code = '']) => code).filter((code) => !reference.includes(code))).toEqual([]);
  });
});
