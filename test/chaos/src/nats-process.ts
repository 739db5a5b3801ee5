import { startEmbeddedNats } from '@gatehouse/start';
import type { EmbeddedNats, EmbeddedNatsOptions } from '@gatehouse/start';

/** A NATS server that is killed, silenced and started again on the same port and the same files. */
export class NatsProcess {
  readonly #options: EmbeddedNatsOptions;
  #running: EmbeddedNats;

  private constructor(options: EmbeddedNatsOptions, running: EmbeddedNats) {
    this.#options = { ...options, port: running.port };
    this.#running = running;
  }

  static async start(options: EmbeddedNatsOptions): Promise<NatsProcess> {
    return new NatsProcess(options, await startEmbeddedNats(options));
  }

  get url(): string {
    return this.#running.url;
  }

  /** SIGKILL; resolves when it is dead. */
  async kill(): Promise<void> {
    process.kill(this.#running.pid, 'SIGKILL');
    await this.#running.ended;
  }

  /** Starts again after a kill; resolves when the port is back. */
  async restart(): Promise<void> {
    this.#running = await startEmbeddedNats(this.#options);
  }

  /** SIGSTOP: its port stays open and says nothing. */
  silence(): void {
    process.kill(this.#running.pid, 'SIGSTOP');
  }

  unsilence(): void {
    process.kill(this.#running.pid, 'SIGCONT');
  }

  async stop(): Promise<void> {
    this.unsilence();
    await this.#running.stop();
  }
}
