import type { IncomingMessage } from 'node:http';
import { parse, stringify } from 'node:querystring';
import { errors } from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { requestState } from './request-state.ts';
import type { Step } from './request-state.ts';

const maxBodyBytes = 56 * 1_024;

/** Reads a form or JSON body, so that the next steps can look at it before the provider acts on it. */
export const readBody: Step = async (ctx, next) => {
  const type = ctx.is('application/x-www-form-urlencoded', 'application/json');
  if (!type || (ctx.method !== 'POST' && ctx.method !== 'PUT')) return next();
  const body = await receive(ctx.req);
  const state = requestState(ctx);
  if (type === 'application/json') state.json = parseJson(body);
  else state.form = parse(body);
  return next();
};

/** Gives the provider the body as the steps left it. */
export const passOnBody: Step = async (ctx, next) => {
  const { form, json } = requestState(ctx);
  if (form !== undefined) replaceBody(ctx, stringify(form));
  else if (json !== undefined) replaceBody(ctx, JSON.stringify(json));
  return next();
};

async function receive(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let received = 0;
  try {
    for await (const chunk of request) {
      received += (chunk as Buffer).length;
      if (received > maxBodyBytes) throw new errors.InvalidRequest(`the body exceeds ${maxBodyBytes} bytes`, 413);
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    // Nobody is left to answer, and it is not our fault.
    if ((error as NodeJS.ErrnoException).code === 'ECONNRESET') throw new errors.InvalidRequest('the body broke off');
    throw error;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    throw new errors.InvalidRequest('the body is not JSON');
  }
}

/** The provider reads `ctx.req` as a stream; this one holds the new body and is the old request in all else. */
function replaceBody(ctx: KoaContextWithOIDC, body: string): void {
  const bytes = Buffer.from(body);
  ctx.req.headers['content-length'] = String(bytes.length);
  delete ctx.req.headers['transfer-encoding'];
  ctx.req = Object.create(ctx.req, {
    readable: { value: true },
    iterator: {
      value: async function* read() {
        yield bytes;
      },
    },
  }) as IncomingMessage;
}
