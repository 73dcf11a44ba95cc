// The answer that the engine gives with all values is among those that are possible without them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomDocument, randomRequest, seeded } from '../../../test/policy/random-case.ts';
import type { JsonValue } from '../../base/strict-json.ts';
import { compilePolicy, decide, type AccessRequest, type Decision } from '../../policy/index.ts';
import { possibleAnswers, type PossibleAnswer } from './possible-answers.ts';
import type { Assumption } from './possible.ts';

const pairs = 6_000;
const random = seeded(20_261_121);

function answerOf(decision: Decision): PossibleAnswer {
  if (decision.effect === 'deny') return { effect: 'deny', rule: decision.rule };
  const [approval] = decision.obligations.approvals;
  if (approval !== undefined) return { effect: 'hold', rule: approval.rule };
  return { effect: 'allow', rule: decision.rule };
}

function keysOf(value: JsonValue | undefined): readonly string[] {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.keys(value)
    : [];
}

function isPlain(value: JsonValue | undefined): boolean {
  if (value === undefined) return true;
  if (value === null) return false;
  if (typeof value === 'number') return Math.abs(value) <= Number.MAX_SAFE_INTEGER;
  return typeof value !== 'object' || Object.values(value).every(isPlain);
}

function isObject(value: JsonValue | undefined): boolean {
  return (
    value === undefined || value === null || (typeof value === 'object' && !Array.isArray(value))
  );
}

test(`whatever the engine says of ${pairs} random calls is possible`, () => {
  let told = 0;
  for (let pair = 0; pair < pairs; pair += 1) {
    const compiled = compilePolicy(randomDocument(random));
    assert.ok(compiled.ok);
    const request: AccessRequest = randomRequest(random);
    const { tool } = request;
    if (tool === null || tool.state !== 'pinned' || tool.name !== request.toolName) continue;
    const wanted = answerOf(decide({ policy: compiled.value, guardrails: [] }, request));
    const keys = keysOf(request.arguments);
    const plain = isPlain(request.arguments) && isObject(request.arguments);
    const assumptions: readonly Assumption[] = plain ? ['any', 'plain'] : ['any'];
    for (const assume of assumptions) {
      const { answers } = possibleAnswers(compiled.value, {
        request: { ...request, arguments: undefined, labels: [] },
        known: { keys: new Set(keys), complete: true, maybeInvalid: !isObject(request.arguments) },
        labelKnown: true,
        schemaKnown: true,
        assume,
      });
      assert.ok(
        answers.some(({ effect, rule }) => effect === wanted.effect && rule === wanted.rule),
        JSON.stringify({ wanted, answers, request, document: compiled.value.document }, null, 1),
      );
      if (answers.length === 1) told += 1;
    }
  }
  assert.ok(told > pairs / 4, `only ${told} answers were told`);
});
