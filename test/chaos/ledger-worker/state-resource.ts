import { Resource } from '@gatehouse/worker';
import { Injectable } from '@nestjs/common';

/** Something to subscribe to. */
@Injectable()
export class StateResource {
  @Resource({ uri: 'ledger://state', name: 'state', description: 'The process that answers.' })
  state(): string {
    return String(process.pid);
  }
}
