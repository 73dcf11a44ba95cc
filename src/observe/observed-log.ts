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

/**
 * An audit log that tells observers what goes through it. What is measured is what is recorded: no
 * step of a call knows of either. INVARIANT: an observer that fails costs no call its record.
 */
export class ObservedLog implements AuditLog {
  readonly #log: AuditLog;
  readonly #observers: readonly Observer[];
  #underWay = 0;

  constructor(log: AuditLog, observers: readonly Observer[]) {
    this.#log = log;
    this.#observers = observers;
  }

  append(record: RecordBody, ends?: IntentRecord): ReturnType<AuditLog['append']> {
    const appended = this.#log.append(record);
    if (record.kind === 'intent') void appended.then(this.#uncountFailed);
    this.#tell(record, ends);
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

  /** What could not be recorded is not forwarded. */
  readonly #uncountFailed = ({ ok }: { readonly ok: boolean }): void => {
    if (!ok) this.#underWay -= 1;
  };

  #tell(record: RecordBody, ends: IntentRecord | undefined): void {
    switch (record.kind) {
      case 'intent':
        this.#underWay += 1;
        for (const observer of this.#observers) observer.began?.(record);
        return;
      case 'outcome':
        if (ends === undefined) return;
        this.#underWay -= 1;
        for (const observer of this.#observers) observer.ended?.(ends, record);
        return;
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
