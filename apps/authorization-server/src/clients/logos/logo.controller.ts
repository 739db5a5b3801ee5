import { Controller, Get, NotFoundException, Param, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { ClientLogos } from './client-logos.ts';

/** The image of a digest never changes. */
const maxAgeSeconds = 24 * 60 * 60;

/** Serves the logos of clients to the pages of this server. */
@Controller('client-logo')
export class LogoController {
  readonly #logos: ClientLogos;

  constructor(logos: ClientLogos) {
    this.#logos = logos;
  }

  @Get(':digest')
  async show(@Param('digest') digest: string, @Res() reply: FastifyReply): Promise<void> {
    const logo = /^[0-9a-f]{64}$/.test(digest) ? await this.#logos.find(digest) : undefined;
    if (!logo) throw new NotFoundException();
    void reply
      .headers({
        'content-type': logo.mediaType,
        'cache-control': `private, max-age=${maxAgeSeconds}, immutable`,
        // Should a browser take it for a document, that has no rights.
        'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
      })
      .send(logo.image);
  }
}
