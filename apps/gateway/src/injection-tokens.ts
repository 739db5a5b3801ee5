/** What the whole gateway shares and `main.ts` creates: provided globally by `app.module.ts`. */

/** `GatewaySettings` of config.ts. */
export const SETTINGS = Symbol('settings');
/** `Logger` of @gatehouse/runtime. */
export const LOGGER = Symbol('logger');
/** `NatsConnection` of @gatehouse/messaging. */
export const NATS_CONNECTION = Symbol('nats-connection');
