import type { Logger } from '@gatehouse/runtime';
import type { JWK } from 'jose';
import type { DataSource } from 'typeorm';
import { reportFailedKeyReading, reportSigningKeys } from '../events.ts';
import type { KeyEncryption } from './key-encryption.ts';
import { dueStep } from './key-life-cycle.ts';
import type { KeyAge, KeyPolicy } from './key-life-cycle.ts';
import { advanceSigningKeys, lockSigningKeys, openSigningKeys, readKeyAges } from './signing-keys.ts';

/** Gateways refuse what a revoked key has signed within a second, and this is a part of it. */
const readIntervalMs = 500;

/** What the keeper of one process works with. */
interface SigningKeyKeeperOptions {
  dataSource: DataSource;
  encryption: KeyEncryption;
  policy: KeyPolicy;
  logger: Logger;
  /** Takes the private keys whenever they or their states have changed; the first signs. */
  use: (signingKeys: JWK[]) => void;
}

/**
 * Brings the signing keys forward when a step is due, and makes this process use what any replica or command has made of
 * them, half a second later at most. While the keys cannot be read the last ones serve.
 */
export class SigningKeyKeeper {
  readonly #options: SigningKeyKeeperOptions;
  readonly #timer: NodeJS.Timeout;
  #used: string;
  #reading: Promise<void> | undefined;
  #isFailing = false;

  /** @param used the keys that the process began with. */
  constructor(options: SigningKeyKeeperOptions, used: JWK[]) {
    this.#options = options;
    this.#used = fingerprint(used.map(({ kid = '' }) => kid));
    this.#timer = setInterval(() => {
      this.#reading ??= this.#keep().finally(() => {
        this.#reading = undefined;
      });
    }, readIntervalMs);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#reading;
  }

  async #keep(): Promise<void> {
    try {
      await this.#advance();
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) reportFailedKeyReading(this.#options.logger, error);
      this.#isFailing = true;
    }
  }

  async #advance(): Promise<void> {
    const { dataSource, encryption, policy } = this.#options;
    let keys = await readKeyAges(dataSource.manager);
    if (dueStep(keys, policy)) {
      await dataSource.transaction(async (manager) => {
        await lockSigningKeys(manager);
        await advanceSigningKeys(manager, encryption, policy);
      });
      keys = await readKeyAges(dataSource.manager);
    }
    if (fingerprint(inOrderOfUse(keys)) !== this.#used) await this.#reload();
  }

  async #reload(): Promise<void> {
    const { dataSource, encryption, logger, use } = this.#options;
    const signingKeys = await openSigningKeys(dataSource.manager, encryption);
    const kids = signingKeys.map(({ kid = '' }) => kid);
    use(signingKeys);
    this.#used = fingerprint(kids);
    reportSigningKeys(logger, { active: kids[0] ?? '', published: kids });
  }
}

/** The order of everything but the signing key is of no consequence. */
function fingerprint([active = '', ...others]: string[]): string {
  return [active, ...others.toSorted()].join(' ');
}

function inOrderOfUse(keys: KeyAge[]): string[] {
  const isActive = ({ state }: KeyAge) => state === 'active';
  return [...keys.filter(isActive), ...keys.filter((key) => !isActive(key))].map(({ id }) => id);
}
