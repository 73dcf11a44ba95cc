import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Mark, Receipt } from './counters.ts';
import { labelKey, labelOfKey, labelOwner } from './key.ts';
import { MemoryCounters } from './memory-counters.ts';

const hourMs = 3_600_000;
const owner = labelOwner('agent:ci', false);
const mark = (label: string, forMs = hourMs): Mark => ({ owner, label, forMs });

/** Counters on a clock that the case moves by hand. */
class Stand {
  wall = 1_790_000_000_000;
  monotonic = 0;
  store = this.open();

  open(): MemoryCounters {
    const clock = { nowMs: () => this.wall, monotonicMs: () => this.monotonic };
    return new MemoryCounters({ clock });
  }

  pass(ms: number): void {
    this.wall += ms;
    this.monotonic += ms;
  }

  begin(...marks: readonly Mark[]): Receipt {
    const taken = this.store.take([], marks);
    assert.ok(taken.ok);
    return taken.receipt;
  }

  /** Another process reads what this one wrote down. */
  restart(): void {
    const entries = this.store.snapshot();
    this.store = this.open();
    this.store.restore(entries);
  }

  inForce(of = owner): readonly string[] {
    return this.store.labels(of);
  }
}

const cases: readonly (readonly [string, (stand: Stand) => readonly string[]])[] = [
  [
    'a label is in force from the moment its call goes out',
    (stand) => {
      stand.begin(mark('x'));
      return ['x'];
    },
  ],
  [
    'it stays for as long as the call is under way, however long',
    (stand) => {
      stand.begin(mark('x'));
      stand.pass(10 * hourMs);
      return ['x'];
    },
  ],
  [
    'and for its time after the end of the call',
    (stand) => {
      const call = stand.begin(mark('x'));
      stand.pass(10 * hourMs);
      stand.store.release(call);
      stand.pass(hourMs - 1);
      return ['x'];
    },
  ],
  [
    'and not a millisecond longer',
    (stand) => {
      stand.store.release(stand.begin(mark('x')));
      stand.pass(hourMs);
      return [];
    },
  ],
  [
    'the last call that set it counts',
    (stand) => {
      stand.store.release(stand.begin(mark('x')));
      stand.pass(hourMs - 1);
      stand.store.release(stand.begin(mark('x')));
      stand.pass(hourMs - 1);
      return ['x'];
    },
  ],
  [
    'a call with a shorter time takes nothing from a longer one',
    (stand) => {
      stand.store.release(stand.begin(mark('x')));
      stand.store.release(stand.begin(mark('x', 1_000)));
      stand.pass(hourMs - 1);
      return ['x'];
    },
  ],
  [
    'a call that was not made sets nothing',
    (stand) => {
      stand.store.giveBack(stand.begin(mark('x'), mark('y')));
      return [];
    },
  ],
  [
    'and takes nothing from calls that were',
    (stand) => {
      const first = stand.begin(mark('x'));
      const second = stand.begin(mark('x'));
      stand.store.giveBack(second);
      stand.store.release(first);
      return ['x'];
    },
  ],
  [
    'an end that is told twice is one end',
    (stand) => {
      const call = stand.begin(mark('x'));
      stand.begin(mark('x'));
      stand.store.release(call);
      stand.store.release(call);
      stand.store.giveBack(call);
      stand.pass(2 * hourMs);
      return ['x'];
    },
  ],
  [
    'labels come sorted, each once',
    (stand) => {
      stand.begin(mark('b'), mark('a'));
      stand.begin(mark('b'));
      return ['a', 'b'];
    },
  ],
  [
    'a restart keeps what has ended',
    (stand) => {
      stand.store.release(stand.begin(mark('x')));
      stand.pass(hourMs - 1);
      stand.restart();
      return ['x'];
    },
  ],
  [
    'a restart lets nothing last longer',
    (stand) => {
      stand.store.release(stand.begin(mark('x')));
      stand.pass(hourMs - 1);
      stand.restart();
      stand.pass(1);
      return [];
    },
  ],
  [
    'a restart keeps what was under way',
    (stand) => {
      stand.begin(mark('x'));
      stand.restart();
      stand.pass(hourMs - 1);
      return ['x'];
    },
  ],
  [
    'B-143: a wall clock that jumps ends no label',
    (stand) => {
      stand.store.release(stand.begin(mark('x')));
      stand.wall += 24 * hourMs;
      return ['x'];
    },
  ],
  [
    'B-143: a wall clock that was put back lets no label end early',
    (stand) => {
      stand.store.release(stand.begin(mark('x')));
      stand.wall -= 24 * hourMs;
      stand.restart();
      stand.pass(hourMs - 1);
      return ['x'];
    },
  ],
];

for (const [name, run] of cases) {
  test(`labels: ${name}`, () => {
    const stand = new Stand();
    const expected = run(stand);
    assert.deepEqual(stand.inForce(), expected);
    assert.deepEqual(stand.inForce(labelOwner('agent:other', false)), []);
    assert.deepEqual(stand.inForce(labelOwner('agent:ci', true)), []);
  });
}

test('labels: units and labels are taken together or not at all', () => {
  const stand = new Stand();
  const take = { key: 'k', windowMs: 1_000, align: 'sliding', units: 1, max: 0 } as const;
  assert.equal(stand.store.take([take], [mark('x')]).ok, false);
  assert.deepEqual(stand.inForce(), []);
});

const names: readonly (readonly [principal: string, observe: boolean, label: string])[] = [
  ['agent:ci', false, 'untrusted'],
  ['agent:ci', true, 'untrusted'],
  ['1:a', false, '2:b'],
  ['', false, ''],
  ['a'.repeat(300), true, 'ünträsted \u{1F600}'],
];
for (const [principal, observe, label] of names) {
  test(`B-145: the key of label ${label} of ${principal.slice(0, 20)} says whose it is`, () => {
    const whose = labelOwner(principal, observe);
    assert.deepEqual(labelOfKey(labelKey(whose, label)), { owner: whose, label });
  });
}

for (const key of [
  '7:enforce6:policy5:files5:grant1:g5:calls',
  '6:labels',
  '6:labels7:enforce',
  '6:labels7:enforce3:ab',
  '6:labels7:enforce1:a1:bb',
  '6:labels7:neither1:a1:b',
]) {
  test(`no label: ${key}`, () => assert.equal(labelOfKey(key), null));
}
