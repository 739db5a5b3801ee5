import { Module } from '@nestjs/common';
import { AuthorizationModule } from '../authorization/authorization.module.ts';
import { DispatchModule } from '../dispatch/dispatch.module.ts';
import { ErasModule } from '../eras/eras.module.ts';
import { AllowedHosts } from './allowed-hosts.ts';
import { HttpListener } from './http-listener.ts';
import { McpEndpoint } from './mcp-endpoint.ts';
import { ReplyStreams } from './reply-streams.ts';

// Owns the public port: limits, Host and Origin, the order of steps, and how answers are written. Does not own who may
// call (authorization, policy), what names mean (catalog) nor where calls go (dispatch).
@Module({
  imports: [AuthorizationModule, DispatchModule, ErasModule],
  providers: [AllowedHosts, HttpListener, McpEndpoint, ReplyStreams],
  exports: [HttpListener],
})
export class EndpointModule {}
