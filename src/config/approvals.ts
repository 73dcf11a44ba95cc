import { isBearerText } from '../identity/token.ts';
import { parsePrincipal } from '../identity/principal.ts';
import type { ApprovalsEntry, ApproverEntry, WebhookEntry } from './approvals-schema.ts';
import type { Environment } from './expand.ts';
import { tokenHash } from './grants.ts';
import type { Fault } from './problem.ts';

/** Who answers held calls, and how they are asked. */
export interface ApprovalsConfig {
  /** Milliseconds. */
  readonly holdMs: number;
  /** Where approvers reach the pages, without a slash at its end; null for where it listens. */
  readonly url: string | null;
  readonly pendingMax: number;
  readonly pendingPerGrantMax: number;
  readonly approvers: readonly ApproverConfig[];
  readonly webhook: WebhookConfig | null;
}

export interface ApproverConfig {
  readonly principal: string;
  readonly roles: readonly string[];
  /** SHA-256 of the token, hexadecimal. */
  readonly tokenSha256: string;
}

export interface WebhookConfig {
  readonly url: string;
  readonly secret: string;
  readonly principal: string;
  readonly roles: readonly string[];
  readonly arguments: boolean;
}

/** What the section is read with. Faults are added to `faults`. */
export interface ApprovalsReading {
  readonly environment: Environment;
  /** Token hashes of the grants that the file declares. */
  readonly grantTokens: ReadonlySet<string>;
  readonly faults: Fault[];
}

/** The section `approvals`, with defaults and variables filled in. */
export function readApprovals(
  entry: ApprovalsEntry | undefined,
  reading: ApprovalsReading,
): ApprovalsConfig {
  const { holdSeconds = 45, pending = 10_000, pendingPerGrant = 100 } = entry ?? {};
  const approvers = Object.entries(entry?.approvers ?? {}).map(([name, one]) =>
    approverOf(one, ['approvals', 'approvers', name], reading),
  );
  return {
    holdMs: holdSeconds * 1_000,
    url: entry?.url === undefined ? null : baseOf(entry.url, reading),
    pendingMax: pending,
    pendingPerGrantMax: pendingPerGrant,
    approvers,
    webhook: entry?.webhook === undefined ? null : webhookOf(entry.webhook, reading),
  };
}

function approverOf(
  entry: ApproverEntry,
  path: Fault['path'],
  reading: ApprovalsReading,
): ApproverConfig {
  const tokenSha256 = tokenHash(entry.token, path, reading);
  if (reading.grantTokens.has(tokenSha256)) {
    const message = 'this token carries a grant: whoever calls with it would approve the call';
    reading.faults.push({ path: [...path, 'token'], message, hint: 'give the approver another' });
  }
  return {
    principal: principalOf(entry.principal, path, reading),
    roles: entry.roles ?? [],
    tokenSha256,
  };
}

const secretLengthMin = 16;

function webhookOf(entry: WebhookEntry, reading: ApprovalsReading): WebhookConfig {
  const path = ['approvals', 'webhook'];
  const { env } = entry.secret;
  const own = Object.hasOwn(reading.environment, env) ? reading.environment[env] : undefined;
  const secret = own ?? '';
  if (own === undefined || secret.length < secretLengthMin || !isBearerText(secret)) {
    const message =
      own === undefined
        ? `the environment has no variable \`${env}\``
        : `\`${env}\` holds no secret of at least ${secretLengthMin} characters`;
    const hint = 'set it to a random text of A-Z a-z 0-9 - . _ ~ + /';
    reading.faults.push({ path: [...path, 'secret', 'env'], message, hint });
  }
  const url = URL.parse(entry.url);
  const isHttp = url !== null && (url.protocol === 'http:' || url.protocol === 'https:');
  if (!isHttp || url.username !== '' || url.password !== '') {
    const message = 'expected a URL of http or https, without a user or password';
    reading.faults.push({ path: [...path, 'url'], message, hint: null });
  }
  return {
    url: url?.href ?? '',
    secret,
    principal: principalOf(entry.principal, path, reading),
    roles: entry.roles ?? [],
    arguments: entry.arguments ?? false,
  };
}

function principalOf(text: string, path: Fault['path'], reading: ApprovalsReading): string {
  const principal = parsePrincipal(text);
  const at = [...path, 'principal'];
  if (!principal.ok) {
    const message = 'expected a kind, a colon and a name';
    reading.faults.push({ path: at, message, hint: 'as in `person:anna`' });
  } else if (principal.value.kind === 'agent') {
    const message = 'an agent approves nothing';
    reading.faults.push({ path: at, message, hint: 'name a person or a service' });
  }
  return text;
}

function baseOf(text: string, reading: ApprovalsReading): string {
  const url = URL.parse(text);
  const isHttp = url !== null && (url.protocol === 'http:' || url.protocol === 'https:');
  if (isHttp && url.search === '' && url.hash === '' && url.username === '') {
    return url.href.replace(/\/+$/, '');
  }
  const message = 'expected a URL of http or https, without a query';
  reading.faults.push({
    path: ['approvals', 'url'],
    message,
    hint: 'as in `https://gate.example.com`',
  });
  return '';
}
