import { parseArgs } from 'node:util';
import build from '../../chaos/src/build.ts';

const usage = `npm run fuzz -- [options]
  --seed N      repeats another run
  --requests N  how many are sent; 100,000 when absent`;

/** @throws TypeError for what is no option */
function parseOptions(parameters: string[]): { seed: number; requests: number } {
  const { values } = parseArgs({
    args: parameters,
    options: { seed: { type: 'string' }, requests: { type: 'string' } },
  });
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 30));
  const requests = Number(values.requests ?? 100_000);
  if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(requests))
    throw new TypeError('--seed and --requests take whole numbers');
  return { seed, requests };
}

try {
  const options = parseOptions(process.argv.slice(2));
  build();
  // Only now: what it imports is built by the step before.
  const { fuzz } = await import('./fuzz.ts');
  const { injectNames } = await import('./subject-injection.ts');
  const { announceHostile } = await import('./announce-hostile.ts');
  console.log(`seed ${options.seed}`);
  const injected = await injectNames({ seed: options.seed, names: 10_000 });
  console.log(
    `names: ${injected.names} used, ${injected.messages} messages seen, ${injected.findings.length} findings`,
  );
  const hostile = await announceHostile();
  console.log(
    `definitions: ${hostile.announced} announced, ${hostile.stored} within the rules, event loop busy for at most ${Math.round(hostile.maxBusyMs)} ms, ${hostile.findings.length} findings`,
  );
  const { tally, findings, maxBusyMs, maxDelayMs } = await fuzz(options);
  console.log(`\n${tally.render()}\n`);
  const all = [...injected.findings, ...hostile.findings, ...findings];
  for (const finding of all.slice(0, 30)) console.log(`- ${finding}`);
  console.log(
    `fuzz: ${tally.total} requests, slowest answer ${Math.round(tally.slowestMs)} ms, event loop busy for at most ${Math.round(maxBusyMs)} ms and late by at most ${Math.round(maxDelayMs)} ms, ${findings.length} findings (seed ${options.seed})`,
  );
  process.exitCode = all.length === 0 ? 0 : 1;
} catch (error) {
  console.error(error instanceof TypeError ? `${error.message}\n\n${usage}` : error);
  process.exitCode = 1;
}
