import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { peekAnswer } from '../../mcp/answer.ts';
import { answerTo, MessageDownstream } from './message-downstream.ts';

const refusal = '{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"no session"}}';

describe('what a client is told of a message that was refused', () => {
  const cases = [
    { sent: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}', told: [refusal] },
    { sent: '{"jsonrpc":"2.0","method":"notifications/initialized"}', told: [] },
    { sent: '{"jsonrpc":"2.0","method":"no/such"}', told: [] },
    { sent: '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"x"}}', told: [refusal] },
    { sent: '{"jsonrpc":"2.0","id":1,"result":{}}', told: [] },
    { sent: '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"no"}}', told: [] },
    { sent: '{"jsonrpc":', told: [refusal] },
    { sent: '[]', told: [refusal] },
    { sent: '5', told: [refusal] },
  ];
  for (const { sent, told } of cases) {
    test(sent, () => {
      const lines: string[] = [];
      const sink = { write: (line: string) => lines.push(line) > 0, drained: () => undefined };
      const due = answerTo(peekAnswer(Buffer.from(sent)));
      const downstream = new MessageDownstream(sink, due, () => undefined);
      downstream.answer(400, {}, refusal);
      assert.deepEqual(lines, told);
      assert.equal(downstream.ended(), true);

      lines.length = 0;
      new MessageDownstream(sink, due, () => undefined).fail('internal error');
      assert.equal(lines.length, told.length);
    });
  }
});
