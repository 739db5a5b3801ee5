import { NodeSDK } from '@opentelemetry/sdk-node';

// What an author loads with `node --import` who wants more of OpenTelemetry than Gatehouse starts by itself.
new NodeSDK({ serviceName: 'own-sdk', metricReaders: [], logRecordProcessors: [], instrumentations: [] }).start();
