import { Injectable } from '@nestjs/common';
import type { Provider } from 'oidc-provider';

/** Holds the running provider. Ask for it on every use: a rotation of keys puts another in its place. */
@Injectable()
export class ProviderHost {
  #provider: Provider | undefined;

  get provider(): Provider {
    if (!this.#provider) throw new Error('The provider was asked for before it was built.');
    return this.#provider;
  }

  /** Puts a provider in place. */
  install(provider: Provider): void {
    this.#provider = provider;
  }
}
