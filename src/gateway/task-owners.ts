const tasksMax = 50_000;

/** Which grant each task of each server was made for. What is forgotten belongs to nobody. */
export class TaskOwners {
  readonly #owners = new Map<string, string>();

  /** The first claim holds: a server that uses an id again does not hand a task over. */
  claim(server: string, taskId: string, grantId: string): void {
    const key = keyOf(server, taskId);
    if (this.#owners.has(key)) return;
    const oldest = this.#owners.keys().next().value;
    if (this.#owners.size >= tasksMax && oldest !== undefined) this.#owners.delete(oldest);
    this.#owners.set(key, grantId);
  }

  isOwn(server: string, taskId: string, grantId: string): boolean {
    return this.#owners.get(keyOf(server, taskId)) === grantId;
  }
}

function keyOf(server: string, taskId: string): string {
  return `${server} ${taskId}`;
}
