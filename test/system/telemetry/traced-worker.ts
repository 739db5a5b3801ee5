import type { CallContext } from '@gatehouse/worker';
import { runWorker, Tool } from '@gatehouse/worker';
import { context, propagation, trace } from '@opentelemetry/api';
import { z } from 'zod';

/** Decorators by hand: this file runs as it stands, without a build. */
class TracedTools {
  /** Has a span of its own, as an author would who knows nothing but OpenTelemetry's API. */
  async lookUp({ secret }: { secret: string }, { progress, traceparent }: CallContext): Promise<string> {
    progress(1);
    await trace.getTracer('author').startActiveSpan('query the database', async (span) => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      const user = propagation.getBaggage(context.active())?.getEntry('user')?.value ?? 'nobody';
      span.setAttributes({ user, ofCall: traceparent ?? '' });
      span.end();
    });
    return `result of ${secret}`;
  }

  fail({ secret }: { secret: string }): string {
    throw new Error(`no luck with ${secret}`);
  }
}

const input = z.object({ secret: z.string() });
for (const [name, method] of [
  ['look-up', 'lookUp'],
  ['fail', 'fail'],
] as const) {
  const descriptor = Object.getOwnPropertyDescriptor(TracedTools.prototype, method) as TypedPropertyDescriptor<
    TracedTools[typeof method]
  >;
  Tool({ name, description: `Does ${name}.`, input, annotations: { readOnlyHint: true } })(
    TracedTools.prototype,
    method,
    descriptor as never,
  );
}

await runWorker({ server: 'traced', version: '1.0.0', providers: [TracedTools] });
