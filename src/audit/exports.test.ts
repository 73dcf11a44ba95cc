import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cefLine } from './cef.ts';
import { ocsfEvent } from './ocsf.ts';
import type { RecordBody } from './record.ts';
import { sampleAdmin, sampleMethod, sampleRecords, sampleRefusal } from './record-samples.ts';

const stored = (body: RecordBody): { seq: number; prev: string; body: RecordBody } => ({
  seq: 7,
  prev: 'A'.repeat(43),
  body,
});

/** Required by the schema for every event, and for each class. */
const always = [
  'activity_id',
  'category_uid',
  'class_uid',
  'metadata',
  'severity_id',
  'time',
  'type_uid',
];
const required: Readonly<Record<number, readonly string[]>> = {
  3004: ['entity'],
  6002: ['app'],
  6003: ['actor', 'api', 'src_endpoint'],
};

test('every kind of record is an OCSF event with all that its class requires', () => {
  for (const body of sampleRecords) {
    const event = ocsfEvent(stored(body));
    const { class_uid: classUid, activity_id: activity, category_uid: category } = event;
    assert.ok(typeof classUid === 'number' && typeof activity === 'number');
    for (const name of [...always, ...(required[classUid] ?? ['?'])]) {
      assert.ok(event[name] !== undefined, `${body.kind}: ${name}`);
    }
    assert.equal(category, Math.floor(classUid / 1_000));
    assert.equal(event['type_uid'], classUid * 100 + activity);
    const { metadata, api } = event as {
      metadata: { version: string; product: { vendor_name: string }; sequence: number };
      api?: { operation: unknown };
    };
    assert.deepEqual([metadata.version, metadata.sequence], ['1.3.0', 7]);
    assert.ok(metadata.product.vendor_name.length > 0);
    if (classUid === 6_003) assert.equal(typeof api?.operation, 'string');
    assert.ok(Number.isInteger(event['time']));
  }
});

test('what was refused is denied and says why; a flood says how many', () => {
  const refused = ocsfEvent(stored(sampleRefusal('dec_1')));
  assert.deepEqual(
    [refused['action_id'], refused['disposition_id'], refused['status_id'], refused['status_code']],
    [2, 2, 2, 'limit'],
  );
  const flood = ocsfEvent(stored(sampleMethod('m', { source: '192.0.2.7', count: 9, sinceMs: 5 })));
  assert.deepEqual(
    [flood['count'], flood['start_time'], flood['src_endpoint']],
    [9, 5, { ip: '192.0.2.7' }],
  );
});

test('every kind of record is one line of CEF with seven header fields', () => {
  for (const body of sampleRecords) {
    const line = cefLine(stored(body));
    assert.match(line, /^CEF:0\|Portcullis\|Portcullis\|1\|[^|]+\|[^|]+\|(10|[0-9])\|rt=[0-9]+ /);
    assert.equal(/\p{Cc}/u.test(line), false, line);
  }
});

test('nothing that a stranger names ends a field, a pair or a line of CEF', () => {
  const nasty = 'a|b=c\\d\r\ne\u0007f\u202e act=allow';
  const line = cefLine(
    stored(sampleRefusal('dec_1', { code: nasty, message: nasty, tool: nasty })),
  );
  assert.ok(line.includes('tools/call:a\\|b=c\\\\d e f  act=allow|Tool call refused|6|'), line);
  assert.ok(line.includes('msg=a|b\\=c\\\\d\\ne f  act\\=allow'), line);
  assert.equal(line.match(/(?<!\\)\bact=(?!allow\|)/g)?.length, 1, line);
  const admin = cefLine(stored(sampleAdmin('adm_1', { detail: { note: 'x=1' } })));
  assert.ok(admin.includes('cs3={"note":"x\\=1"} cs3Label=detail'), admin);
});
