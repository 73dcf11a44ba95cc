import { dataFlag, sayFailed, sayNo, sayUsage } from '../io.ts';
import {
  chosenTools,
  openWaiting,
  showTools,
  type DifferenceOptions,
  type PinParts,
} from './differences.ts';

/** How `pin accept` is called; a tool is `NAME` or `NAME@DIGEST`. */
export interface AcceptOptions extends DifferenceOptions {
  readonly yes?: boolean;
}

/**
 * Accepts definitions that a person has seen: those that they name with the digest that was printed
 * beside the difference, else those that are shown now and agreed to. The gateway is told the digest
 * of each, so that what changes meanwhile is not accepted.
 */
export async function acceptTools(
  parts: PinParts,
  server: string,
  options: AcceptOptions,
): Promise<void> {
  const { io, ask } = parts;
  const json = options.json === true;
  const waiting = await openWaiting(parts, server, options);
  if (!waiting.ok) return sayFailed(io, waiting.error, json);
  const chosen = chosenTools(waiting.value.tools, options.tool);
  if (!chosen.ok) return sayFailed(io, chosen.error, json);
  const { tools, unbound } = chosen.value;
  if (unbound.length > 0) {
    const { yes = false } = options;
    if (!yes && (json || ask === null)) return sayUsage(io, howToAccept(server, options), json);
    if (!json) for (const line of showTools(tools)) io.out(line);
    const question = `accept ${counted(tools.length)} of \`${server}\` as shown?`;
    if (!yes && ask !== null && !(await ask(question))) {
      return sayNo(io, { code: 'not-accepted', message: 'nothing was accepted' }, json);
    }
  }
  const accepted = await waiting.value.accept(tools);
  if (!accepted.ok) return sayFailed(io, accepted.error, json);
  // The API answers this route with a number.
  const count = accepted.value as number;
  if (json) io.out(JSON.stringify(count));
  else if (tools.length === 0) {
    io.out(`nothing of \`${server}\` is quarantined: there is nothing to accept`);
  } else io.out(`accepted ${count} of the definitions of \`${server}\``);
}

function howToAccept(server: string, { data, json }: AcceptOptions): string {
  const why = json === true ? '`--json` asks nobody' : 'there is no terminal to ask at';
  const diff = `portcullis pin diff ${server}${dataFlag(data)}`;
  return `${why}: name what you saw in \`${diff}\` with \`--tool NAME@DIGEST\`, or accept it unseen with \`--yes\``;
}

function counted(count: number): string {
  return count === 1 ? 'this definition' : `these ${count} definitions`;
}
