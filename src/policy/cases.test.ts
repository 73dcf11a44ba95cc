// Runs the language's cases (`spec/cases/**.json`) on the engine. The format is in its README.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileAll, readCaseFiles, requestOf, type Want } from '../../test/policy/spec-cases.ts';
import { decide, isVisible } from './index.ts';
import type { AccessRequest, Decision, PolicySet } from './index.ts';

let total = 0;

for (const [file, read] of readCaseFiles()) {
  const set = compileAll(read);
  for (const each of read.cases) {
    total += 1;
    test(`${file}: ${each.name} (${each.call.tool})`, () => {
      const request = requestOf(each.call);
      const decision = decide(set, request);
      assertWanted(decision, each.want);
      assertSeen(set, request, decision);
    });
  }
}

test('there are at least 400 cases', () => assert.ok(total >= 400, `${total} cases`));

function assertWanted(decision: Decision, want: Want): void {
  const { effect, rule } = decision;
  assert.deepEqual({ effect, rule }, { effect: want.effect, rule: want.rule });
  if (decision.effect === 'deny') {
    assert.equal(decision.code, want.code);
    if (want.message !== undefined) assert.equal(decision.message, want.message);
    return;
  }
  const { obligations } = decision;
  if (want.limits !== undefined) assertList(obligations.limits, want.limits);
  if (want.approvals !== undefined) assertList(obligations.approvals, want.approvals);
  if (want.labels !== undefined) assert.deepEqual(obligations.labels, want.labels);
}

/** As many as wanted, in order, each with the wanted fields. */
function assertList(actual: readonly object[], wanted: readonly object[]): void {
  assert.equal(actual.length, wanted.length, JSON.stringify(actual));
  for (const [index, want] of wanted.entries())
    assert.deepEqual({ ...actual[index], ...want }, actual[index]);
}

/** Lists agree with calls: a tool is in them unless its calls are hidden, unpinned, or all refused. */
function assertSeen(set: PolicySet, request: AccessRequest, decision: Decision): void {
  if (request.tool === null) return;
  const codes = ['hidden', 'unpinned', 'no-policy'];
  const unseen = decision.effect === 'deny' && codes.includes(decision.code);
  assert.equal(isVisible(set, request.tool), !unseen);
}
