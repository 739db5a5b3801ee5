import { diag, DiagLogLevel } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';

// Loaded only where an operator asks for telemetry: the SDK takes memory and a quarter of a second.

/** What to send where; everything else the SDK reads from the standard variables by itself. */
interface SdkOptions {
  serviceName: string | undefined;
  traces: boolean;
  metrics: boolean;
  /** Hears that telemetry has trouble of its own, such as a collector that does not answer. */
  onProblem: (message: string) => void;
}

/**
 * Starts OpenTelemetry's SDK for this process.
 * @returns how to send what is left and end it
 */
export function startSdk(options: SdkOptions): () => Promise<void> {
  const ignore = () => {};
  const report = (message: string) => options.onProblem(message);
  diag.setLogger(
    { error: report, warn: report, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const sdk = new NodeSDK({
    ...(options.serviceName === undefined ? {} : { serviceName: options.serviceName }),
    // Not the standard variables' defaults, which would send everything as soon as anything is sent.
    ...(options.traces ? {} : { spanProcessors: [] }),
    ...(options.metrics ? {} : { metricReaders: [] }),
    // The product's log goes to standard output.
    logRecordProcessors: [],
    instrumentations: [],
  });
  sdk.start();
  return () => sdk.shutdown();
}
