import { Option, type Command } from 'commander';

import type { GrantView, IssuedGrant } from '../../control/grants.ts';
import { defaultMethods, methodFamilies } from '../../identity/grant.ts';
import { connectControl, type ClientProblem, type ControlClient } from '../control-client.ts';
import type { Result } from '../../base/result.ts';
import { columns, durationMs, sayFailed, sayUsage, type Io } from '../io.ts';

interface CommonOptions {
  readonly data: string;
  readonly json?: boolean;
}

interface CreateOptions extends CommonOptions {
  readonly principal: string;
  readonly server: readonly string[];
  readonly policy: readonly string[];
  readonly mode: string;
  readonly expires?: string;
  readonly labelsLast?: string;
  readonly open?: readonly string[];
}

/** `portcullis grant create | list | revoke | rotate`. */
export function addGrantCommands(program: Command, io: Io, nowMs: () => number): void {
  const grant = program
    .command('grant')
    .description('who may use which servers under which policy');
  common(grant.command('create <label>').description('make a grant; its token is shown once'))
    .requiredOption('--principal <kind:name>', 'who acts, such as agent:ci')
    .requiredOption('--server <name...>', 'servers that the grant opens')
    .requiredOption('--policy <name...>', 'one policy for all servers, or server=policy for each')
    .addOption(
      new Option('--mode <mode>', 'observe records what would have happened, and forwards')
        .choices(['enforce', 'observe'])
        .default('enforce'),
    )
    .option('--expires <duration>', 'such as 12h or 30d; without it the grant does not expire')
    .option('--labels-last <duration>', 'how long a label that its calls set stays; 1h when absent')
    .addOption(
      new Option('--open <family...>', 'what servers may ask of the client beside').choices(
        methodFamilies.filter((family) => !defaultMethods.includes(family)),
      ),
    )
    .action((label: string, options: CreateOptions) => create(io, label, options, nowMs()));
  common(grant.command('list').description('every grant and its state')).action(
    (options: CommonOptions) =>
      withControl(io, options, (control) => control.get('/api/v1/grants'), showGrants),
  );
  common(
    grant.command('revoke <name>').description('end a grant: its next call is refused'),
  ).action((name: string, options: CommonOptions) =>
    withControl(
      io,
      options,
      (control) => control.post(`/api/v1/grants/${encodeURIComponent(name)}/revoke`),
      (answer) => [
        `revoked \`${(answer as GrantView).label}\`: its next call is refused and its open streams are closed`,
      ],
    ),
  );
  common(grant.command('rotate <name>').description('give a grant another token')).action(
    (name: string, options: CommonOptions) =>
      withControl(
        io,
        options,
        (control) => control.post(`/api/v1/grants/${encodeURIComponent(name)}/rotate`),
        showIssued,
      ),
  );
}

function common(command: Command): Command {
  return command
    .option('--data <dir>', 'data folder of the running gateway', './data')
    .option('--json', 'print JSON');
}

async function create(io: Io, label: string, options: CreateOptions, nowMs: number): Promise<void> {
  const policies = policiesOf(options.server, options.policy);
  const expiresMs = options.expires === undefined ? null : durationMs(options.expires);
  if (policies === null) {
    const message = '--policy: name one policy, or server=policy for each server';
    return sayUsage(io, message, options.json === true);
  }
  if (options.expires !== undefined && expiresMs === null) {
    const message = `--expires: \`${options.expires}\` is no duration; write 90s, 15m, 12h or 30d`;
    return sayUsage(io, message, options.json === true);
  }
  const labelsMs = options.labelsLast === undefined ? undefined : durationMs(options.labelsLast);
  if (labelsMs === null) {
    const message = `--labels-last: \`${options.labelsLast}\` is no duration; write 90s, 15m, 12h or 30d`;
    return sayUsage(io, message, options.json === true);
  }
  const body = {
    label,
    principal: options.principal,
    servers: options.server,
    policies,
    mode: options.mode,
    expiresMs: expiresMs === null ? null : nowMs + expiresMs,
    ...(labelsMs === undefined ? {} : { labelsMs }),
    ...(options.open === undefined ? {} : { methods: [...defaultMethods, ...options.open] }),
  };
  await withControl(io, options, (control) => control.post('/api/v1/grants', body), showIssued);
}

function policiesOf(
  servers: readonly string[],
  given: readonly string[],
): Record<string, string> | null {
  const [only] = given;
  if (given.length === 1 && only !== undefined && !only.includes('=')) {
    return Object.fromEntries(servers.map((server) => [server, only]));
  }
  const pairs = given.map((pair) => pair.split('=', 2));
  if (pairs.some((pair) => pair.length !== 2 || pair[0] === '' || pair[1] === '')) return null;
  return Object.fromEntries(pairs.map(([server = '', policy = '']) => [server, policy]));
}

function showGrants(answer: unknown): readonly string[] {
  // The API answers this route with grant views.
  const grants = answer as readonly GrantView[];
  if (grants.length === 0) return ['no grant yet; make one with `portcullis grant create --help`'];
  const rows = grants.map((grant) => [
    grant.label,
    grant.state,
    grant.principal.id,
    grant.mode,
    grant.servers.map((server) => `${server}=${grant.policies[server] ?? '-'}`).join(' '),
    grant.expiresMs === null ? 'never' : new Date(grant.expiresMs).toISOString(),
    grant.id,
  ]);
  return columns([['GRANT', 'STATE', 'PRINCIPAL', 'MODE', 'SERVERS', 'EXPIRES', 'ID'], ...rows]);
}

function showIssued(answer: unknown): readonly string[] {
  // The API answers this route with an issued grant.
  const { grant, token } = answer as IssuedGrant;
  return [
    `grant \`${grant.label}\` for ${grant.principal.id} on ${grant.servers.join(', ')}`,
    '',
    `  ${token}`,
    '',
    'The token is shown this once: only its hash is kept. Send it as `Authorization: Bearer <token>`.',
  ];
}

/** Runs one request against the running gateway, and shows the answer or why there is none. */
export async function withControl(
  io: Io,
  options: CommonOptions,
  ask: (control: ControlClient) => Promise<Result<unknown, ClientProblem>>,
  show: (answer: unknown) => readonly string[],
): Promise<void> {
  const control = await connectControl(options.data);
  const answer = control.ok ? await ask(control.value) : control;
  if (!answer.ok) return sayFailed(io, answer.error, options.json === true);
  if (options.json === true) io.out(JSON.stringify(answer.value, null, 2));
  else for (const line of show(answer.value)) io.out(line);
}
