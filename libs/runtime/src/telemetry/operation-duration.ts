import type { Histogram } from './instruments.ts';
import { metrics } from './metric-registry.ts';

let instrument: Histogram | undefined;

/**
 * `mcp.server.operation.duration` of a process that serves any part of MCP: how long requests took, in seconds
 * (OpenTelemetry semantic conventions for MCP §Metric: `mcp.server.operation.duration`, whose boundaries these are).
 * The labels hold names of the catalog only.
 */
export function operationDuration(): Histogram {
  return (instrument ??= metrics.histogram(
    {
      name: 'mcp.server.operation.duration',
      unit: 's',
      description: 'How long MCP requests took, from their arrival to their result',
      labels: [
        'mcp.method.name',
        'gatehouse.server',
        'gen_ai.tool.name',
        'gen_ai.prompt.name',
        'error.type',
        'mcp.protocol.version',
      ],
    },
    [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300],
  ));
}
