import type { AuditLog } from '../audit/audit-log.ts';
import type {
  IntentRecord,
  MethodRecord,
  OutcomeRecord,
  RecordBody,
  RefusalRecord,
} from '../audit/record.ts';

/** Is told of every record as it is handed to the log. */
export interface Observer {
  refused?(refusal: RefusalRecord): void;
  /** A call that was forwarded, once its outcome is known. */
  ended?(intent: IntentRecord, outcome: OutcomeRecord): void;
  /** A call that is about to be forwarded. */
  began?(intent: IntentRecord): void;
  method?(record: MethodRecord): void;
  other?(record: RecordBody): void;
}

/** Calls under way that are remembered; a call beyond is not told of when it ends. */
const underWayMax = 100_000;

/**
 * An audit log that tells observers what goes through it. What is measured is what is recorded: no
 * step of a call knows of either. INVARIANT: an observer that fails costs no call its record.
 */
export class ObservedLog implements AuditLog {
  readonly #log: AuditLog;
  readonly #observers: readonly Observer[];
  /**
   * By decision id. An object and no `Map`: a `Map` whose entries come and go leaves tables behind
   * that hold records until the next full collection, at thousands of calls a second most of the heap.
   */
  readonly #intents: Record<string, IntentRecord | undefined> = emptyDictionary();
  #underWay = 0;

  constructor(log: AuditLog, observers: readonly Observer[]) {
    this.#log = log;
    this.#observers = observers;
  }

  append(record: RecordBody): ReturnType<AuditLog['append']> {
    const appended = this.#log.append(record);
    this.#tell(record);
    return appended;
  }

  healthy(): boolean {
    return this.#log.healthy();
  }

  close(): Promise<void> {
    return this.#log.close();
  }

  /** Calls that were forwarded, or are about to be, and have no outcome yet. */
  underWay(): number {
    return this.#underWay;
  }

  #tell(record: RecordBody): void {
    switch (record.kind) {
      case 'intent':
        if (this.#underWay < underWayMax) {
          this.#intents[record.id] = record;
          this.#underWay += 1;
        }
        for (const observer of this.#observers) observer.began?.(record);
        return;
      case 'outcome': {
        const intent = this.#intents[record.id];
        if (intent === undefined) return;
        Reflect.deleteProperty(this.#intents, record.id);
        this.#underWay -= 1;
        for (const observer of this.#observers) observer.ended?.(intent, record);
        return;
      }
      case 'refusal':
        for (const observer of this.#observers) observer.refused?.(record);
        return;
      case 'method':
        for (const observer of this.#observers) observer.method?.(record);
        return;
      default:
        for (const observer of this.#observers) observer.other?.(record);
    }
  }
}

/** Without a prototype: any text is a key like any other. */
function emptyDictionary(): Record<string, IntentRecord | undefined> {
  // An object without a prototype has no members at all.
  return Object.create(null) as Record<string, IntentRecord | undefined>;
}
