import { escapeUnprintable } from '../../audit/encode-record.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { ToolDifference } from '../../control/servers.ts';
import type { Ask } from '../ask.ts';
import type { ClientProblem, connectControl } from '../control-client.ts';
import { dataFlag, exitCodes, jsonText, sayFailed, type Io } from '../io.ts';

/**
 * Digits of a digest as they are printed, and the fewest that are taken. The server writes both the
 * definition that a person reads and the one that it may put in its place: with fewer digits it
 * could look for two that have the same.
 */
const digestDigits = 32;

const boundName = new RegExp(`^(.+)@([0-9a-f]{${digestDigits},64})$`, 'is');

/** What the commands that go by differences work with. */
export interface PinParts {
  readonly io: Io;
  /** Null where there is nobody to ask. */
  readonly ask: Ask | null;
  /** How the running gateway is found. */
  readonly connect: typeof connectControl;
}

/** How those commands are called. */
export interface DifferenceOptions {
  readonly data: string;
  readonly json?: boolean;
  readonly tool?: readonly string[];
}

/** The running gateway, and every definition of a server that waits for a person. */
export async function openWaiting(
  { connect }: PinParts,
  server: string,
  { data }: DifferenceOptions,
): Promise<Result<Waiting, ClientProblem>> {
  const control = await connect(data);
  if (!control.ok) return control;
  const path = `/api/v1/servers/${encodeURIComponent(server)}/pins`;
  const answer = await control.value.get(`${path}/diff`);
  if (!answer.ok) return answer;
  const accept: Waiting['accept'] = (tools) =>
    control.value.post(`${path}/accept`, {
      tools: tools.map(({ tool, digest }) => ({ tool, digest })),
    });
  // The API answers this route with the differences of each tool.
  return ok({ tools: answer.value as readonly ToolDifference[], accept });
}

/** What waits, and how it is accepted: these definitions, and none that came in their place. */
export interface Waiting {
  readonly tools: readonly ToolDifference[];
  accept(tools: readonly ToolDifference[]): Promise<Result<unknown, ClientProblem>>;
}

/** `portcullis pin diff`: what differs, in words. */
export async function showDifferences(
  parts: PinParts,
  server: string,
  options: DifferenceOptions,
): Promise<void> {
  const { io } = parts;
  const json = options.json === true;
  const waiting = await openWaiting(parts, server, options);
  if (!waiting.ok) return sayFailed(io, waiting.error, json);
  const names = options.tool;
  const { tools: all } = waiting.value;
  const shown = new Set(names?.flatMap((given) => meantBy(all, given).tools) ?? all);
  const tools = all.filter((one) => shown.has(one));
  if (tools.length > 0) process.exitCode = exitCodes.no;
  if (json) return io.out(jsonText(tools));
  if (tools.length === 0) return io.out(`nothing of \`${server}\` waits for review`);
  for (const line of showTools(tools)) io.out(line);
  const accept = `portcullis pin accept ${server}${dataFlag(options.data)}`;
  io.out(
    `accept what is shown here with \`${accept} --tool NAME@DIGEST\`; \`${accept}\` shows it again and asks`,
  );
}

/** What is to be accepted, and those of it that were named without what the person saw. */
export interface Chosen {
  readonly tools: readonly ToolDifference[];
  readonly unbound: readonly ToolDifference[];
}

/** The tools of `NAME` and `NAME@DIGEST`; all that wait, of which none is bound, without names. */
export function chosenTools(
  waiting: readonly ToolDifference[],
  names: readonly string[] | undefined,
): Result<Chosen, ClientProblem> {
  if (names === undefined) return ok({ tools: waiting, unbound: waiting });
  const tools = new Set<ToolDifference>();
  const bound = new Set<ToolDifference>();
  for (const given of names) {
    const { tools: named, name, digest } = meantBy(waiting, given);
    const [found] = named.filter((one) => digest === null || one.digest.startsWith(digest));
    if (found === undefined) return err(named.length === 0 ? missing(name) : changed(name));
    if (digest === null && named.length > 1) return err(ambiguous(name));
    tools.add(found);
    if (digest !== null) bound.add(found);
  }
  return ok({ tools: [...tools], unbound: [...tools].filter((one) => !bound.has(one)) });
}

/** What `NAME` or `NAME@DIGEST` names, by the name or by the way in which that is printed. */
function meantBy(
  waiting: readonly ToolDifference[],
  given: string,
): {
  readonly tools: readonly ToolDifference[];
  readonly name: string;
  readonly digest: string | null;
} {
  const named = (name: string): readonly ToolDifference[] =>
    waiting.filter(({ tool }) => tool === name || escapeUnprintable(tool) === name);
  // With its digest first: a server may call a tool like another and its digest.
  const [, name, digits] = boundName.exec(given) ?? [];
  const whole = { tools: named(given), name: given, digest: null };
  if (name === undefined || digits === undefined) return whole;
  const bound = { tools: named(name), name, digest: digits.toLowerCase() };
  return bound.tools.length === 0 && whole.tools.length > 0 ? whole : bound;
}

function ambiguous(name: string): ClientProblem {
  const message = `several tools are printed as \`${name}\`: name the one that you mean with its digest, as \`portcullis pin diff\` prints it`;
  return { code: 'ambiguous', message };
}

function missing(name: string): ClientProblem {
  const hint = name.includes('@')
    ? `; a digest has at least ${digestDigits} digits, as \`portcullis pin diff\` prints it`
    : '';
  return { code: 'not-found', message: `there is no quarantined tool \`${name}\`${hint}` };
}

function changed(name: string): ClientProblem {
  const message = `the definition of \`${name}\` is another than that of this digest: look at it again with \`portcullis pin diff\``;
  return { code: 'conflict', message };
}

/** What a person reads before they accept, and how they name exactly that. */
export function showTools(tools: readonly ToolDifference[]): readonly string[] {
  return tools.flatMap(({ tool, digest, reason, differences }) => [
    `${escapeUnprintable(tool)}: ${escapeUnprintable(reason ?? 'quarantined')}`,
    ...differences.map(({ kind, text }) => `  ${signs[kind]} ${escapeUnprintable(text)}`),
    `  as shown: --tool ${quoted(`${escapeUnprintable(tool)}@${digest.slice(0, digestDigits)}`)}`,
    '',
  ]);
}

const signs = { added: '+', removed: '-', changed: '~' } as const;

/** One word of a shell: a server may name its tool like a command. */
function quoted(text: string): string {
  return /^[A-Za-z0-9_./@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
