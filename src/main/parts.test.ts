import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Downstream } from '../gateway/downstream.ts';
import { LiveState } from '../gateway/live.ts';
import type { Grant } from '../identity/grant.ts';
import { cutEnded } from './parts.ts';

const grant: Grant = {
  id: 'file:ci',
  label: 'ci',
  principal: { id: 'agent:ci', kind: 'agent' },
  servers: ['files', 'mail'],
  policies: { files: 'read', mail: 'read' },
  mode: 'enforce',
  methods: ['resources', 'sampling'],
  expiresMs: null,
  tokenSha256: 'a',
  createdMs: 1,
  revokedMs: null,
  source: 'file',
};

const edits: readonly [what: string, now: Partial<Grant> | null, cut: number][] = [
  ['nothing', {}, 0],
  ['the time of the file', { createdMs: 2 }, 0],
  ['one more server and family', { servers: ['files', 'mail', 'web'], methods: grant.methods }, 0],
  ['the policy, which decides on each call anew', { policies: { files: 'write' } }, 0],
  ['the token', { tokenSha256: 'b' }, 2],
  ['a server less', { servers: ['files'] }, 2],
  ['a family less', { methods: ['resources'] }, 2],
  ['the end of the grant', null, 2],
];
for (const [what, now, expected] of edits) {
  test(`${expected} streams end by an edit of ${what}`, () => {
    const live = new LiveState();
    let cut = 0;
    const stream: Downstream = {
      answer: () => undefined,
      open: () => undefined,
      event: () => true,
      close: () => undefined,
      cut: () => void (cut += 1),
      ended: () => false,
      watch: () => undefined,
    };
    live.addStream(grant.id, stream, 10);
    live.beginAnswer(grant.id, stream);
    const after = now === null ? [] : [[grant.id, { ...grant, ...now }] as const];
    cutEnded({ live }, new Map(after), new Map([[grant.id, grant]]));
    assert.equal(cut, expected);
  });
}
