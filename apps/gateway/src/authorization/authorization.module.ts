import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/catalog.module.ts';
import { PublicUrls } from '../public-urls.ts';
import { EndpointScopes } from './endpoint-scopes.ts';
import { ResourceMetadata } from './resource-metadata.ts';
import { Revocations } from './revocations.ts';
import { ScopeChallenges } from './scope-challenges.ts';
import { StepUpRequests } from './step-up-requests.ts';
import { TokenAuthentication } from './token-authentication.ts';

// Owns who is calling: tokens and their revocation, challenges, protected resource metadata. Does not own what a caller may do (policy/).
@Module({
  imports: [CatalogModule],
  providers: [
    EndpointScopes,
    PublicUrls,
    ResourceMetadata,
    Revocations,
    ScopeChallenges,
    StepUpRequests,
    TokenAuthentication,
  ],
  exports: [PublicUrls, ResourceMetadata, Revocations, ScopeChallenges, TokenAuthentication],
})
export class AuthorizationModule {}
