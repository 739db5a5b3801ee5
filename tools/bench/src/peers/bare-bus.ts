/** Where the worker of the bare loop listens; the loop has one tool and no tenants. */
export const bareCallSubject = 'bare.call.echo';

/** How both ends of the loop connect. */
export const busOptions = {
  servers: process.env.NATS_URL ?? '',
  user: process.env.NATS_USER ?? '',
  pass: process.env.NATS_PASSWORD ?? '',
};
