import { existsSync, readFileSync } from 'node:fs';
import { Resource, ServerChanges } from '@gatehouse/worker';
import { Inject, Injectable } from '@nestjs/common';

const uri = 'ledger://state';

/** The file with the number of the state that all workers of a deployment are in. */
export class RevisionFile {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** 0 until one is written. */
  read(): number {
    return existsSync(this.#file) ? Number(readFileSync(this.#file, 'utf8')) : 0;
  }
}

/** Something to subscribe to: SIGUSR2 makes it read its revision again, and each revision lists another tool. */
@Injectable()
export class StateResource {
  readonly #changes: ServerChanges;
  readonly #file: RevisionFile;
  #revision = 0;

  constructor(@Inject(ServerChanges) changes: ServerChanges, @Inject(RevisionFile) file: RevisionFile) {
    this.#changes = changes;
    this.#file = file;
    this.#readAgain();
    process.on('SIGUSR2', () => this.#readAgain());
  }

  @Resource({ uri, name: 'state', description: 'The revision of the server.' })
  state(): string {
    return String(this.#revision);
  }

  #readAgain(): void {
    const revision = this.#file.read();
    if (revision === this.#revision) return;
    this.#changes.removeTool(`revision_${this.#revision}`);
    this.#revision = revision;
    const description = 'Says which revision the server has.';
    this.#changes.addTool({ name: `revision_${revision}`, description }, () => String(revision));
    this.#changes.resourceUpdated(uri);
  }
}
