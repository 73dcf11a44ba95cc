import { isObject, jsonOf, objectOf, textOf } from './json.ts';
import { listen, passOn, type Relay } from './relay.ts';

/**
 * Asks a person once for each tool and remembers the answer by the tool's name: an approval that is
 * not bound to what was approved.
 */
export async function startAskingRelay(upstream: string): Promise<Relay> {
  const waiting = new Set<string>();
  const approved = new Set<string>();
  const relay = await listen((exchange) => {
    const message = jsonOf(exchange.body);
    const called = isObject(message) && message['method'] === 'tools/call' ? message : null;
    const tool = called === null ? '' : textOf(objectOf(called, 'params'), 'name');
    if (called === null || approved.has(tool)) return passOn(new URL(upstream), exchange);
    waiting.add(tool);
    const result = { content: [{ type: 'text', text: 'a person is asked' }], isError: true };
    exchange.response.writeHead(200, { 'content-type': 'application/json' });
    exchange.response.end(JSON.stringify({ jsonrpc: '2.0', id: called['id'] ?? null, result }));
  });
  return {
    ...relay,
    approve: () => {
      for (const tool of waiting) approved.add(tool);
    },
  };
}
