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
  console.log(`seed ${options.seed}`);
  const { tally, findings, maxBusyMs, maxDelayMs } = await fuzz(options);
  console.log(`\n${tally.render()}\n`);
  for (const finding of findings) console.log(`- ${finding}`);
  console.log(
    `fuzz: ${tally.total} requests, slowest answer ${Math.round(tally.slowestMs)} ms, event loop busy for at most ${Math.round(maxBusyMs)} ms and late by at most ${Math.round(maxDelayMs)} ms, ${findings.length} findings (seed ${options.seed})`,
  );
  process.exitCode = findings.length === 0 ? 0 : 1;
} catch (error) {
  console.error(error instanceof TypeError ? `${error.message}\n\n${usage}` : error);
  process.exitCode = 1;
}
