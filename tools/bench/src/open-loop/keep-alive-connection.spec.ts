import { describe, expect, it } from 'vitest';
import { readAnswer } from './keep-alive-connection.ts';

const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\n';

describe('readAnswer', () => {
  it('gives the status and the size of the first answer, whatever follows', () => {
    expect(readAnswer(Buffer.from(`${head}{}{}HTTP/1.1 4`))).toEqual({ status: 200, bytes: head.length + 4 });
  });

  it.each([
    ['half a head', head.slice(0, 40)],
    ['half a body', `${head}{}`],
  ])('waits after %s', (_, bytes) => {
    expect(readAnswer(Buffer.from(bytes))).toBeUndefined();
  });

  it('refuses an answer whose end it cannot tell', () => {
    const chunked = Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    expect(readAnswer(chunked)).toBeInstanceOf(Error);
  });
});
