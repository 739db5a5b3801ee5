import { OpenLoop } from './open-loop.ts';
import type { FixedRateLoad } from './open-loop.ts';

/** The process of the load: it takes one load from its parent, gives back the result, and ends. */
process.once('message', (load: FixedRateLoad) => {
  void new OpenLoop(load).run().then((result) => process.send?.(result, () => process.exit()));
});
