import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import {
  decodeLine,
  encodeBody,
  genesisHash,
  lineBytesMax,
  lineStart,
  readLineHead,
} from './chain.ts';
import { sampleAdmin, sampleIntent, sampleOutcome, sampleRecords } from './record-samples.ts';
import { createDigest, recordedKeys } from './redact.ts';
import { csvColumns, csvHeader, csvLine } from './csv.ts';

const sha256 = (text: string | Uint8Array): string =>
  createHash('sha256').update(text).digest('base64url');
const prev = genesisHash('ins_test', sha256);
const encodeLine = (seq: number, before: string, encodedBody: string): string =>
  lineStart(seq, before) + encodedBody;
const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

function encoded(body: Parameters<typeof encodeBody>[0]): string {
  const text = encodeBody(body);
  assert.ok(text !== null);
  return text;
}

test('every kind of record is read back as it was written', () => {
  for (const [index, body] of sampleRecords.entries()) {
    const line = encodeLine(index + 1, prev, encoded(body));
    assert.deepEqual(decodeLine(line, parse), { seq: index + 1, prev, body });
  }
});

test('a line is one printable line, whatever a name holds (B-131)', () => {
  const hostile = [
    'a\r\nb',
    '\u001b[2J\u001b]0;title\u0007',
    '","seq":9,"x":"',
    '\u007f\u0080\u009b31m',
    '\u2028\u2029\u202e\u2066\ufeff\u200b',
    '\ud83d\ude00 \u0430dmin',
    '\ud800',
    '\udb40\udc41',
    '\u0000',
  ];
  for (const tool of hostile) {
    const line = encodeLine(
      1,
      prev,
      encoded(sampleIntent('dec_1', { tool, argumentKeys: [tool] })),
    );
    assert.match(line, /^[\x20-\x7e]+$/);
    const body = decodeLine(line, parse)?.body;
    assert.ok(body?.kind === 'intent');
    assert.deepEqual([body.tool, body.argumentKeys], [tool, [tool]]);
  }
});

test('a record that was written is not kept: its names may be parts of long texts', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const written = (): WeakRef<object> => {
    const body = sampleIntent('dec_kept', { grant: 'kept', argumentKeys: ['a'] });
    encoded(body);
    return new WeakRef(body);
  };
  const kept = written();
  // What was made in this turn of the event loop is kept to its end.
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  assert.equal(kept.deref(), undefined);
});

test('a body is the JSON of its record, whatever its texts and numbers', () => {
  const isAlike = (body: Parameters<typeof encodeBody>[0]): void => {
    const text = encoded(body);
    assert.match(text, /^[\x20-\x7e]+$/);
    assert.deepEqual(JSON.parse(`{${text}`), JSON.parse(JSON.stringify(body)));
  };
  for (const body of sampleRecords) isAlike(body);
  const any = fc.string({ unit: 'binary', maxLength: 40 });
  const perhaps = fc.option(any);
  const calls = fc.record(
    {
      id: any,
      time: fc.double(),
      grant: fc.constantFrom('a', 'b'),
      tool: fc.constantFrom('c', '\u00e9', '__proto__'),
      principal: fc.constantFrom('agent:a', 'agent:"'),
      server: fc.constantFrom('s', 't'),
      pin: fc.constantFrom(null, 'p'),
      policy: fc.constantFrom(null, 'q'),
      policyVersion: fc.constantFrom(null, 1, 2),
      rule: fc.constantFrom('/tools/c', '(guardrail) \u2028'),
      mode: fc.constantFrom('enforce', 'observe'),
      era: fc.constantFrom('legacy', 'modern'),
      decision: fc.constantFrom('allow', 'deny'),
      clientDeclared: fc.constantFrom(null, 'x\ud800'),
      session: fc.constantFrom(null, 'y'),
      argumentKeys: fc.array(any, { maxLength: 3 }),
      argumentsDigest: perhaps,
      wouldRefuse: perhaps,
      labels: fc.array(any, { maxLength: 2 }),
      traceparent: any,
      valueDigests: fc.dictionary(any, any, { maxKeys: 2 }),
      arguments: fc.constantFrom(null, 1, 'x\u2028', [1, 'a'], { a: null }),
      units: fc.array(
        fc.record(
          {
            key: any,
            units: fc.double(),
            windowMs: fc.option(fc.nat()),
            before: fc.double(),
            max: fc.nat(),
          },
          { requiredKeys: ['key', 'units', 'windowMs'] },
        ),
        { maxLength: 3 },
      ),
    },
    { requiredKeys: ['id'] },
  );
  // Often the same call with one thing changed: what is remembered of it must not be used then.
  fc.assert(
    fc.property(calls, (changes) => isAlike(sampleIntent(changes.id, changes))),
    { numRuns: 2_000 },
  );
  fc.assert(
    fc.property(any, fc.double(), fc.option(fc.integer()), (id, time, code) =>
      isAlike(sampleOutcome(id, { time, code, upstreamUs: time, answerBytes: 3 })),
    ),
  );
});

test('no two different records have the same line (B-133)', () => {
  const pairs = [
    [
      sampleAdmin('a', { action: 'ab', subject: 'c' }),
      sampleAdmin('a', { action: 'a', subject: 'bc' }),
    ],
    [
      sampleIntent('a', { argumentKeys: ['ab', 'c'] }),
      sampleIntent('a', { argumentKeys: ['a', 'bc'] }),
    ],
    [sampleIntent('a', { argumentKeys: ['a,b'] }), sampleIntent('a', { argumentKeys: ['a', 'b'] })],
    [sampleIntent('a', { tool: 'a","rule":"b' }), sampleIntent('a', { tool: 'a', rule: 'b' })],
    [sampleIntent('a', { session: null }), sampleIntent('a', { session: 'null' })],
  ] as const;
  for (const [one, other] of pairs) {
    assert.notEqual(
      sha256(encodeLine(1, prev, encoded(one))),
      sha256(encodeLine(1, prev, encoded(other))),
    );
  }
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'binary' }),
      fc.nat(),
      (a, b, cut) => {
        const joined = a + b;
        const at = cut % (joined.length + 1);
        const one = sampleAdmin('a', { action: a, subject: b });
        const other = sampleAdmin('a', { action: joined.slice(0, at), subject: joined.slice(at) });
        const same = one.action === other.action && one.subject === other.subject;
        assert.equal(encoded(one) === encoded(other), same);
      },
    ),
  );
});

test('long texts are cut visibly, counter keys are not', () => {
  const key = 'k'.repeat(5_000);
  const units = [{ key, units: 1, windowMs: 1_000 }];
  const line = encodeLine(
    1,
    prev,
    encoded(sampleIntent('dec_1', { tool: 't'.repeat(100_000), units })),
  );
  assert.ok(line.length < 10_000);
  const body = decodeLine(line, parse)?.body;
  assert.ok(body?.kind === 'intent');
  assert.equal(body.tool, `${'t'.repeat(256)} [cut: 99744 more]`);
  assert.equal(body.units[0]?.key, key);
  const huge = [{ key: 'k'.repeat(lineBytesMax), units: 1, windowMs: 1_000 }];
  assert.equal(encodeBody(sampleIntent('dec_1', { units: huge })), null);
});

test('what is not exactly a record is not read as one', () => {
  const good = encodeLine(7, prev, encoded(sampleIntent('dec_1')));
  assert.ok(decodeLine(good, parse) !== null);
  const bad: readonly (readonly [string, string])[] = [
    ['empty', ''],
    ['not JSON', `${good}}`],
    ['two documents', `${good}${good}`],
    ['a second number', good.replace('"kind"', '"seq":8,"kind"')],
    ['a second link', good.replace('"kind"', `"prev":"${'A'.repeat(43)}","kind"`)],
    ['another version', good.replace('"v":1', '"v":2')],
    ['a blank in front', ` ${good}`],
    ['an unknown kind', good.replace('"intent"', '"intend"')],
    ['a wrong type', good.replace('"policyVersion":3', '"policyVersion":"3"')],
    ['a missing member', good.replace('"grant":"grt_1",', '')],
    ['number 0', good.replace('"seq":7', '"seq":0')],
    ['an unsafe number', good.replace('"seq":7', '"seq":9007199254740993')],
    ['a raw high byte', good.replace('create_charge', 'create\u00e9charge')],
    ['an inherited kind', good.replace('"intent"', '"constructor"')],
  ];
  for (const [name, line] of bad) assert.equal(decodeLine(line, parse), null, name);
  assert.deepEqual(readLineHead(good), { seq: 7, prev });
});

test('arguments are digested under a key, equal ones alike (B-134)', () => {
  const digest = createDigest(Buffer.alloc(32, 1));
  assert.equal(digest('{"card":"4242"}'), digest(Buffer.from('{"card":"4242"}')));
  assert.match(digest('{}'), /^[0-9a-f]{64}$/);
  assert.notEqual(digest('{}'), createDigest(Buffer.alloc(32, 2))('{}'));
  assert.notEqual(digest('{}'), createHash('sha256').update('{}').digest('hex'));
  const names = Array.from({ length: 100 }, (_, index) => `${index}${'n'.repeat(200)}`);
  assert.deepEqual(
    recordedKeys(names).map((name) => name.length),
    Array.from({ length: 64 }, () => 128),
  );
});

test('an export has one column for every member of every kind', () => {
  for (const body of sampleRecords) {
    for (const name of Object.keys(body)) assert.ok(csvColumns.includes(name), name);
  }
});

test('no cell of an export begins a formula (B-126)', () => {
  const cells: readonly (readonly [string, string])[] = [
    ['=cmd|calc', `"'=cmd|calc"`],
    ['+1', `"'+1"`],
    ['-1', `"'-1"`],
    ['@SUM(A1)', `"'@SUM(A1)"`],
    ['  =1', `"'  =1"`],
    ['\t=1', `"' =1"`],
    ['\uff1d1', `"'\uff1d1"`],
    ['a\r\nb', `"'a  b"`],
    ['a"b,c', '"a""b,c"'],
    ['plain', 'plain'],
  ];
  const column = csvColumns.indexOf('actor');
  assert.equal(csvHeader().split(',')[column], 'actor');
  for (const [actor, cell] of cells) {
    const line = csvLine({ seq: 1, prev, body: sampleAdmin('a', { actor }) });
    assert.ok(line.includes(`,${cell},grant.revoke,`), `${JSON.stringify(actor)}: ${line}`);
    assert.ok(!/[\r\n]/.test(line));
  }
});
