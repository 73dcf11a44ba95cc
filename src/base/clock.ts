/**
 * Time is an argument. `nowMs` is for display and for records: milliseconds since the Unix epoch.
 * `monotonicMs` is for limits and deadlines: it never goes back, whatever happens to the wall clock.
 */
export interface Clock {
  nowMs(): number;
  monotonicMs(): number;
}
