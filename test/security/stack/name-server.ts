import { Resolver } from 'node:dns/promises';

// Loaded into an authorization server under test (`node --import`) in place of other people's name servers. A name below
// `attacker.example` spells its addresses as labels of hexadecimal digits; the others are those of the tests' own hosts.

const known: Record<string, string[][]> = {
  'agents.example': [['127.0.0.1']],
  // No connection can be made to a multicast address, and the operating system says so at once.
  'unreachable.example': [['224.0.0.1']],
  // What it answers first passes the check; what it answers next is where a second look-up would lead.
  'rebind.example': [['127.0.0.2'], ['127.0.0.1']],
};
const asked = new Map<string, number>();

function addressesOf(host: string, family: 4 | 6): string[] {
  const key = `${host} ${family}`;
  const count = asked.get(key) ?? 0;
  asked.set(key, count + 1);
  const answers = known[host] ?? [spelledBy(host)];
  const answer = answers[Math.min(count, answers.length - 1)] ?? [];
  return answer.filter((address) => address.includes(':') === (family === 6));
}

function spelledBy(host: string): string[] {
  const [, labels = ''] = /^((?:[0-9a-f]{8}\.|[0-9a-f]{32}\.)+)attacker\.example$/.exec(host) ?? [];
  return labels
    .split('.')
    .filter((label) => label !== '')
    .map((label) => {
      const bytes = Buffer.from(label, 'hex');
      return bytes.length === 4 ? [...bytes].join('.') : (label.match(/.{4}/g) ?? []).join(':');
    });
}

Object.assign(Resolver.prototype, {
  resolve4: async (host: string) => addressesOf(host, 4),
  resolve6: async (host: string) => addressesOf(host, 6),
});
