import { connect } from '@nats-io/transport-node';
import { bareCallSubject, busOptions } from './bare-bus.ts';

/** The worker of the bare loop: parses the call, answers with the text that came. */
const connection = await connect(busOptions);

connection.subscribe(bareCallSubject, {
  callback: (_error, message) => {
    const { buffer, byteOffset, length } = message.data;
    const call = JSON.parse(Buffer.from(buffer, byteOffset, length).toString()) as {
      id: number;
      params: { arguments: { text: string } };
    };
    const result = { resultType: 'complete', content: [{ type: 'text', text: call.params.arguments.text }] };
    message.respond(Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: call.id, result })));
  },
});
await connection.flush();
process.send?.({ port: 0 });
