import { runStep, staticSteps } from './steps.ts';

// Everything that can be said without running the product: the quick half of `npm test`.
let failed = false;
for (const step of staticSteps) failed = (await runStep(step)) !== 0 || failed;
process.exitCode = failed ? 1 : 0;
