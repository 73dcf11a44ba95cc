/** Labels of one series, in the order of their metric's names. */
type Values = readonly string[];

export interface MetricOptions {
  /** Without unit suffixes the name says what is counted; units are seconds and bytes. */
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
}

/** Goes up only. */
export interface Counter {
  add(values: Values, amount?: number): void;
}

/** Observations in seconds, by upper bounds. */
export interface Histogram {
  observe(values: Values, seconds: number): void;
  /** What observes into one series, for whoever comes back to it again and again. */
  of(values: Values): (seconds: number) => void;
}

/** One value of a gauge at this moment. */
export interface Sample {
  readonly values: Values;
  readonly value: number;
}

/** One counter or gauge as it stands, for whoever passes it on in another form. */
export interface Reading {
  readonly name: string;
  readonly help: string;
  readonly kind: 'counter' | 'gauge';
  readonly read: () => readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }[];
}

/** Series of one metric; what comes beyond shares one whose labels read `(other)`. */
const seriesMax = 2_000;
const other = '(other)';

/** Seconds, from a tenth of a millisecond to a minute. */
const boundsSeconds: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  30, 60,
];

interface Metric {
  readonly options: MetricOptions;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly lines: () => Iterable<string>;
  readonly samples: () => readonly Sample[];
}

/**
 * What the gateway counts, as text for Prometheus (exposition format 0.0.4). Small on purpose: to
 * count is to look up a series and to add; everything else happens when somebody asks.
 */
export class Metrics {
  readonly #metrics: Metric[] = [];

  counter(options: MetricOptions): Counter {
    const series = new Series(options, () => ({ value: 0 }));
    const samples = (): readonly Sample[] =>
      series.all().map(([values, { value }]) => ({ values, value }));
    this.#add(options, 'counter', samples);
    return {
      add: (values, amount = 1) => {
        series.of(values).value += amount;
      },
    };
  }

  /** `read` is asked at each scrape. */
  gauge(options: MetricOptions, read: () => readonly Sample[]): void {
    this.#add(options, 'gauge', read);
  }

  /** A counter that somebody else keeps: `read` is asked at each scrape. */
  counterOf(options: MetricOptions, read: () => readonly Sample[]): void {
    this.#add(options, 'counter', read);
  }

  histogram(options: MetricOptions): Histogram {
    const series = new Series<Observed>(options, () => ({
      sum: 0,
      buckets: new Float64Array(boundsSeconds.length + 1),
    }));
    const lines = function* (): Iterable<string> {
      for (const [values, { sum, buckets }] of series.all()) {
        yield* histogramLines(options, values, { sum, buckets });
      }
    };
    this.#metrics.push({ options, type: 'histogram', lines, samples: () => [] });
    return {
      observe: (values, seconds) => observeInto(series.of(values), seconds),
      of: (values) => {
        const one = series.of(values);
        return (seconds) => observeInto(one, seconds);
      },
    };
  }

  /** Everything, in the text format of Prometheus. */
  text(): string {
    const lines: string[] = [];
    for (const { options, type, lines: own } of this.#metrics) {
      lines.push(`# HELP ${options.name} ${options.help.replace(/[\\\n]/g, escapeHelp)}`);
      lines.push(`# TYPE ${options.name} ${type}`);
      lines.push(...own());
    }
    return `${lines.join('\n')}\n`;
  }

  /** Counters and gauges, for another exporter. */
  readings(): readonly Reading[] {
    return this.#metrics.flatMap(({ options, type, samples }) => {
      if (type === 'histogram') return [];
      const read = (): ReturnType<Reading['read']> =>
        samples().map(({ values, value }) => ({
          labels: Object.fromEntries(options.labels.map((name, at) => [name, values[at] ?? ''])),
          value,
        }));
      return [{ name: options.name, help: options.help, kind: type, read }];
    });
  }

  #add(options: MetricOptions, type: 'counter' | 'gauge', samples: () => readonly Sample[]): void {
    const lines = function* (): Iterable<string> {
      for (const { values, value } of samples()) {
        yield `${options.name}${labelText(options.labels, values)} ${numberText(value)}`;
      }
    };
    this.#metrics.push({ options, type, lines, samples });
  }
}

interface Observed {
  sum: number;
  readonly buckets: Float64Array;
}

function observeInto(one: Observed, seconds: number): void {
  one.sum += seconds;
  let index = 0;
  while (index < boundsSeconds.length && seconds > (boundsSeconds[index] ?? 0)) index += 1;
  one.buckets[index] = (one.buckets[index] ?? 0) + 1;
}

/** The series of one metric, by their label values. */
class Series<T> {
  readonly #names: readonly string[];
  readonly #make: () => T;
  readonly #all: (readonly [Values, T])[] = [];
  readonly #root: Branch<T> = { one: null, next: new Map() };

  constructor({ labels }: MetricOptions, make: () => T) {
    this.#names = labels;
    this.#make = make;
    // A metric without labels is there from the start, at zero.
    if (labels.length === 0) this.of([]);
  }

  all(): readonly (readonly [Values, T])[] {
    return this.#all;
  }

  /** Values lead to their series one after the other: a key joined of them would be made each time. */
  of(values: Values): T {
    let branch: Branch<T> | undefined = this.#root;
    for (const value of values) {
      branch = branch.next.get(value);
      if (branch === undefined) return this.#add(values);
    }
    return branch.one ?? this.#add(values);
  }

  #add(values: Values): T {
    if (this.#all.length >= seriesMax && values[0] !== other) {
      return this.of(this.#names.map(() => other));
    }
    const made = this.#make();
    let branch = this.#root;
    for (const value of values) {
      const next = branch.next.get(value) ?? { one: null, next: new Map() };
      branch.next.set(value, next);
      branch = next;
    }
    branch.one = made;
    this.#all.push([[...values], made]);
    return made;
  }
}

interface Branch<T> {
  one: T | null;
  readonly next: Map<string, Branch<T>>;
}

function* histogramLines(
  { name, labels }: MetricOptions,
  values: Values,
  { sum, buckets }: Observed,
): Iterable<string> {
  let count = 0;
  for (const [index, inBucket] of buckets.entries()) {
    count += inBucket;
    const bound = boundsSeconds[index];
    const le = bound === undefined ? '+Inf' : numberText(bound);
    yield `${name}_bucket${labelText([...labels, 'le'], [...values, le])} ${count}`;
  }
  yield `${name}_sum${labelText(labels, values)} ${numberText(sum)}`;
  yield `${name}_count${labelText(labels, values)} ${count}`;
}

function labelText(names: readonly string[], values: Values): string {
  if (names.length === 0) return '';
  const pairs = names.map((name, index) => {
    const value = (values[index] ?? '').replace(/[\\"\n]/g, escapeLabel);
    // A name from a stranger could hold anything: a line stays one, whoever reads it.
    return `${name}="${value.replace(/\p{Cc}|\p{Cf}|[\u2028\u2029]/gu, '?')}"`;
  });
  return `{${pairs.join(',')}}`;
}

function escapeLabel(character: string): string {
  return character === '\n' ? '\\n' : `\\${character}`;
}

function escapeHelp(character: string): string {
  return character === '\n' ? '\\n' : '\\\\';
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
