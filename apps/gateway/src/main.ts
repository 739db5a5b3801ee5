import { runApp } from '@gatehouse/runtime';
import { gatewaySettings } from './config.ts';
import { startGateway } from './start-gateway.ts';

await runApp({ name: 'gateway', settings: gatewaySettings, start: startGateway });
