import { createInterface } from 'node:readline';

/** Asks a person; true for a plain yes alone. */
export type Ask = (question: string) => Promise<boolean>;

/**
 * The person at the terminal; null where nobody is: who cannot read what is printed cannot answer
 * for it.
 */
export function terminalAsk(): Ask | null {
  return process.stdin.isTTY && process.stdout.isTTY ? askHere : null;
}

/** The end of the input and Ctrl-C are a no. */
function askHere(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  return new Promise((resolve) => {
    const given = (answer: string): void => {
      lines.off('close', none);
      lines.close();
      resolve(/^\s*y(es)?\s*$/i.test(answer));
    };
    const none = (): void => {
      process.stdout.write('\n');
      resolve(false);
    };
    lines.once('close', none);
    lines.question(`${question} [y/N] `, given);
  });
}
