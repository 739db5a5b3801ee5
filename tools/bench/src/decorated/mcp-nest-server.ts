import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Payload } from '@nestjs/microservices';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { McpController, McpStrategy, StreamableHttpTransport, Tool } from '@rekog/mcp-nest';
import { z } from 'zod';

const echo = z.object({ text: z.string() });

/**
 * A peer: a server of `@rekog/mcp-nest` as its README builds it, on Nest's faster HTTP adapter, without authentication and
 * without a second process. Its defaults answer with JSON.
 */
@McpController()
class EchoController {
  @Tool({ name: 'echo', description: 'Says the text again.', parameters: echo })
  echo(@Payload() { text }: z.infer<typeof echo>) {
    return { content: [{ type: 'text', text }] };
  }
}

const strategy = new McpStrategy({ name: 'bench', version: '1.0.0', transports: [new StreamableHttpTransport()] });

@Module({ controllers: [EchoController] })
class EchoModule {}

const app = await NestFactory.create<NestFastifyApplication>(EchoModule, new FastifyAdapter(), { logger: false });
strategy.setHttpAdapter(app.getHttpAdapter());
app.connectMicroservice({ strategy });
await app.startAllMicroservices();
await app.listen(0, '127.0.0.1');
process.send?.({ port: Number(new URL(await app.getUrl()).port) });
