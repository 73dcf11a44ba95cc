// Made by `npm run golden` from the table of operations.

/** What goes into and comes out of each operation of the control API. */
export interface Operations {
  readonly getStatus: {
    readonly params: undefined; readonly query: undefined; readonly input: undefined;
    readonly output: { readonly version: string; readonly ready: boolean; readonly servers: readonly { readonly name: string }[] };
  };
  readonly listStops: {
    readonly params: undefined; readonly query: undefined; readonly input: undefined;
    readonly output: readonly ({ readonly kind: 'all' | 'grant' | 'server'; readonly name: string; readonly label: string; readonly reason: string | null; readonly actor: string; readonly sinceMs: number })[];
  };
  readonly stopCalls: {
    readonly params: undefined; readonly query: undefined; readonly input: { readonly kind: 'all' | 'grant' | 'server'; readonly name?: string | undefined; readonly reason?: string | null | undefined };
    readonly output: { readonly kind: 'all' | 'grant' | 'server'; readonly name: string; readonly label: string; readonly reason: string | null; readonly actor: string; readonly sinceMs: number };
  };
  readonly releaseCalls: {
    readonly params: undefined; readonly query: undefined; readonly input: { readonly kind: 'all' | 'grant' | 'server'; readonly name?: string | undefined };
    readonly output: { readonly kind: 'all' | 'grant' | 'server'; readonly name: string; readonly label: string; readonly reason: string | null; readonly actor: string; readonly sinceMs: number };
  };
  readonly listServers: {
    readonly params: undefined; readonly query: undefined; readonly input: undefined;
    readonly output: readonly ({ readonly name: string; readonly transport: 'http' | 'sse' | 'stdio'; readonly where: string; readonly tools: number | null; readonly quarantined: number; readonly source: 'file' | 'store'; readonly health: 'unknown' | 'reading' | 'ok' | 'failing'; readonly problem: string | null })[];
  };
  readonly listPins: {
    readonly params: { readonly name: string }; readonly query: undefined; readonly input: undefined;
    readonly output: readonly ({ readonly server: string; readonly tool: string; readonly digest: string; readonly definition: string; readonly category: 'Read' | 'Write' | 'Execute' | 'Destructive' | 'Financial' | 'Unclassified'; readonly risk: 'Low' | 'Medium' | 'High' | 'Critical'; readonly state: 'pinned' | 'quarantined'; readonly reason: string | null; readonly seenMs: number; readonly reviewed: { readonly digest: string; readonly definition: string; readonly category: 'Read' | 'Write' | 'Execute' | 'Destructive' | 'Financial' | 'Unclassified'; readonly risk: 'Low' | 'Medium' | 'High' | 'Critical' } | null; readonly classified: { readonly category: 'Read' | 'Write' | 'Execute' | 'Destructive' | 'Financial' | 'Unclassified'; readonly risk: 'Low' | 'Medium' | 'High' | 'Critical' }; readonly override: { readonly category: 'Read' | 'Write' | 'Execute' | 'Destructive' | 'Financial' | 'Unclassified'; readonly risk: 'Low' | 'Medium' | 'High' | 'Critical'; readonly reason: string; readonly actor: string; readonly atMs: number; readonly outdated: boolean } | null; readonly signals: readonly string[]; readonly sentence: string; readonly recommended: Readonly<Record<string, unknown>> })[];
  };
  readonly diffPins: {
    readonly params: { readonly name: string }; readonly query: undefined; readonly input: undefined;
    readonly output: readonly ({ readonly tool: string; readonly digest: string; readonly reason: string | null; readonly isNew: boolean; readonly differences: readonly ({ readonly pointer: string; readonly kind: 'added' | 'removed' | 'changed'; readonly text: string })[] })[];
  };
  readonly acceptPins: {
    readonly params: { readonly name: string }; readonly query: undefined; readonly input: { readonly tools?: readonly (string | { readonly tool: string; readonly digest: string })[] | null | undefined };
    readonly output: number;
  };
  readonly setCategory: {
    readonly params: { readonly name: string; readonly tool: string }; readonly query: undefined; readonly input: { readonly category: 'Read' | 'Write' | 'Execute' | 'Destructive' | 'Financial' | 'Unclassified'; readonly risk?: 'Low' | 'Medium' | 'High' | 'Critical' | undefined; readonly reason: string; readonly digest?: string | undefined };
    readonly output: { readonly category: 'Read' | 'Write' | 'Execute' | 'Destructive' | 'Financial' | 'Unclassified'; readonly risk: 'Low' | 'Medium' | 'High' | 'Critical' };
  };
  readonly resetCategory: {
    readonly params: { readonly name: string; readonly tool: string }; readonly query: undefined; readonly input: undefined;
    readonly output: { readonly category: 'Read' | 'Write' | 'Execute' | 'Destructive' | 'Financial' | 'Unclassified'; readonly risk: 'Low' | 'Medium' | 'High' | 'Critical' };
  };
  readonly addServer: {
    readonly params: undefined; readonly query: undefined; readonly input: { readonly name: string; readonly url: string; readonly headers?: Readonly<Record<string, string>> | undefined; readonly allowPrivate?: boolean | undefined };
    readonly output: { readonly name: string };
  };
  readonly setCredentials: {
    readonly params: { readonly name: string }; readonly query: undefined; readonly input: { readonly headers: Readonly<Record<string, string>> };
    readonly output: { readonly name: string };
  };
  readonly removeServer: {
    readonly params: { readonly name: string }; readonly query: undefined; readonly input: undefined;
    readonly output: { readonly name: string };
  };
  readonly readTools: {
    readonly params: { readonly name: string }; readonly query: undefined; readonly input: undefined;
    readonly output: { readonly read: boolean };
  };
  readonly listPolicies: {
    readonly params: undefined; readonly query: undefined; readonly input: undefined;
    readonly output: readonly ({ readonly name: string; readonly version: number; readonly source: 'file' | 'store'; readonly description: string | null; readonly rules: { readonly tools: number; readonly categories: number; readonly hidden: number; readonly default: string }; readonly usedBy: readonly { readonly grant: string; readonly servers: readonly string[] }[] })[];
  };
  readonly checkPolicy: {
    readonly params: undefined; readonly query: undefined; readonly input: { readonly document: string; readonly server?: string | null | undefined };
    readonly output: { readonly ok: boolean; readonly problems: readonly ({ readonly pointer: string; readonly line: number; readonly column: number; readonly message: string; readonly hint: string | null })[]; readonly warnings: readonly ({ readonly pointer: string; readonly line: number; readonly column: number; readonly message: string; readonly hint: string | null; readonly code: string })[] };
  };
  readonly diffPolicy: {
    readonly params: undefined; readonly query: undefined; readonly input: { readonly document: string; readonly server: string; readonly policy: string };
    readonly output: readonly { readonly tool: string; readonly kind: string; readonly rule: string; readonly text: string }[];
  };
  readonly explainPolicy: {
    readonly params: undefined; readonly query: undefined; readonly input: { readonly document: string; readonly server: string; readonly tool: string; readonly arguments?: unknown | undefined; readonly principal?: string | undefined; readonly grant?: string | undefined; readonly labels?: readonly string[] | undefined };
    readonly output: { readonly effect: 'allow' | 'deny'; readonly rule: string; readonly message: string | null; readonly steps: readonly ({ readonly document: string; readonly step: number; readonly rule: string; readonly outcome: 'passed' | 'refused' | 'asks' | 'takes' | 'labels'; readonly text: string })[] };
  };
  readonly simulatePolicy: {
    readonly params: undefined; readonly query: undefined; readonly input: { readonly document: string; readonly server: string; readonly policy?: string | null | undefined; readonly days?: number | undefined };
    readonly output: { readonly calls: number; readonly unchanged: number; readonly changed: readonly ({ readonly id: string; readonly seq: number; readonly time: number; readonly grant: string; readonly tool: string; readonly was: string; readonly wasRule: string; readonly becomes: string | null; readonly rules: readonly string[] })[]; readonly cannotTell: readonly ({ readonly id: string; readonly seq: number; readonly time: number; readonly grant: string; readonly tool: string; readonly was: string; readonly wasRule: string; readonly becomes: string | null; readonly rules: readonly string[] })[]; readonly changedCount: number; readonly cannotTellCount: number };
  };
  readonly getPolicy: {
    readonly params: { readonly name: string }; readonly query: undefined; readonly input: undefined;
    readonly output: { readonly name: string; readonly version: number; readonly source: 'file' | 'store'; readonly description: string | null; readonly rules: { readonly tools: number; readonly categories: number; readonly hidden: number; readonly default: string }; readonly usedBy: readonly { readonly grant: string; readonly servers: readonly string[] }[]; readonly document: string; readonly versions: readonly { readonly version: number; readonly author: string; readonly createdMs: number }[] };
  };
  readonly getPolicyVersion: {
    readonly params: { readonly name: string; readonly version: string }; readonly query: undefined; readonly input: undefined;
    readonly output: { readonly version: number; readonly author: string; readonly createdMs: number; readonly document: string };
  };
  readonly savePolicy: {
    readonly params: { readonly name: string }; readonly query: undefined; readonly input: { readonly document: string; readonly basis: number };
    readonly output: { readonly name: string; readonly version: number };
  };
  readonly putBackPolicy: {
    readonly params: { readonly name: string; readonly version: string }; readonly query: undefined; readonly input: { readonly basis: number };
    readonly output: { readonly name: string; readonly version: number };
  };
  readonly setToolRule: {
    readonly params: { readonly name: string; readonly tool: string }; readonly query: undefined; readonly input: { readonly rule: Readonly<Record<string, unknown>> | null; readonly basis: number };
    readonly output: { readonly name: string; readonly version: number };
  };
  readonly tryAttacks: {
    readonly params: undefined; readonly query: undefined; readonly input: { readonly document: string; readonly server: string; readonly attack: string | null };
    readonly output: { readonly attacks: readonly ({ readonly id: string; readonly slug: string; readonly title: string; readonly verdict: 'gateway' | 'none' | 'stopped' | 'held' | 'limited' | 'through'; readonly gaps: readonly ({ readonly tool: string; readonly what: string; readonly fix: Readonly<Record<string, unknown>> | null })[]; readonly policy: string })[] };
  };
  readonly listGrants: {
    readonly params: undefined; readonly query: undefined; readonly input: undefined;
    readonly output: readonly ({ readonly id: string; readonly label: string; readonly principal: { readonly id: string; readonly kind: string }; readonly servers: readonly string[]; readonly policies: Readonly<Record<string, string>>; readonly mode: 'enforce' | 'observe'; readonly methods: readonly ('resources' | 'prompts' | 'completion' | 'tasks' | 'sampling' | 'elicitation' | 'roots')[]; readonly expiresMs: number | null; readonly labelsMs?: number | undefined; readonly createdMs: number; readonly revokedMs: number | null; readonly source: 'file' | 'store'; readonly state: 'live' | 'expired' | 'revoked' })[];
  };
  readonly createGrant: {
    readonly params: undefined; readonly query: undefined; readonly input: { readonly label: string; readonly principal: string; readonly servers: readonly string[]; readonly policies: Readonly<Record<string, string>>; readonly mode?: 'enforce' | 'observe' | undefined; readonly expiresMs?: number | null | undefined; readonly labelsMs?: number | undefined; readonly methods?: readonly ('resources' | 'prompts' | 'completion' | 'tasks' | 'sampling' | 'elicitation' | 'roots')[] | undefined };
    readonly output: { readonly grant: { readonly id: string; readonly label: string; readonly principal: { readonly id: string; readonly kind: string }; readonly servers: readonly string[]; readonly policies: Readonly<Record<string, string>>; readonly mode: 'enforce' | 'observe'; readonly methods: readonly ('resources' | 'prompts' | 'completion' | 'tasks' | 'sampling' | 'elicitation' | 'roots')[]; readonly expiresMs: number | null; readonly labelsMs?: number | undefined; readonly createdMs: number; readonly revokedMs: number | null; readonly source: 'file' | 'store'; readonly state: 'live' | 'expired' | 'revoked' }; readonly token: string };
  };
  readonly editGrant: {
    readonly params: { readonly name: string }; readonly query: undefined; readonly input: { readonly policies: Readonly<Record<string, string>>; readonly mode: 'enforce' | 'observe'; readonly expiresMs: number | null };
    readonly output: { readonly id: string; readonly label: string; readonly principal: { readonly id: string; readonly kind: string }; readonly servers: readonly string[]; readonly policies: Readonly<Record<string, string>>; readonly mode: 'enforce' | 'observe'; readonly methods: readonly ('resources' | 'prompts' | 'completion' | 'tasks' | 'sampling' | 'elicitation' | 'roots')[]; readonly expiresMs: number | null; readonly labelsMs?: number | undefined; readonly createdMs: number; readonly revokedMs: number | null; readonly source: 'file' | 'store'; readonly state: 'live' | 'expired' | 'revoked' };
  };
  readonly revokeGrant: {
    readonly params: { readonly name: string }; readonly query: undefined; readonly input: undefined;
    readonly output: { readonly id: string; readonly label: string; readonly principal: { readonly id: string; readonly kind: string }; readonly servers: readonly string[]; readonly policies: Readonly<Record<string, string>>; readonly mode: 'enforce' | 'observe'; readonly methods: readonly ('resources' | 'prompts' | 'completion' | 'tasks' | 'sampling' | 'elicitation' | 'roots')[]; readonly expiresMs: number | null; readonly labelsMs?: number | undefined; readonly createdMs: number; readonly revokedMs: number | null; readonly source: 'file' | 'store'; readonly state: 'live' | 'expired' | 'revoked' };
  };
  readonly rotateGrant: {
    readonly params: { readonly name: string }; readonly query: undefined; readonly input: undefined;
    readonly output: { readonly grant: { readonly id: string; readonly label: string; readonly principal: { readonly id: string; readonly kind: string }; readonly servers: readonly string[]; readonly policies: Readonly<Record<string, string>>; readonly mode: 'enforce' | 'observe'; readonly methods: readonly ('resources' | 'prompts' | 'completion' | 'tasks' | 'sampling' | 'elicitation' | 'roots')[]; readonly expiresMs: number | null; readonly labelsMs?: number | undefined; readonly createdMs: number; readonly revokedMs: number | null; readonly source: 'file' | 'store'; readonly state: 'live' | 'expired' | 'revoked' }; readonly token: string };
  };
  readonly listApprovals: {
    readonly params: undefined; readonly query: undefined; readonly input: undefined;
    readonly output: { readonly approvals: readonly ({ readonly id: string; readonly decisionId: string; readonly state: 'pending' | 'allowed' | 'denied' | 'used' | 'expired' | 'withdrawn' | 'void'; readonly reason: string | null; readonly grant: { readonly id: string; readonly label: string }; readonly principal: string; readonly server: string; readonly tool: string; readonly policy: string | null; readonly policyVersion: number | null; readonly pin: string; readonly argumentNames: readonly string[]; readonly needs: readonly ({ readonly rule: string; readonly reason: string | null; readonly approvers: readonly string[]; readonly quorum: number; readonly given: number })[]; readonly votes: readonly ({ readonly by: string; readonly roles: readonly string[]; readonly answer: 'allow' | 'deny'; readonly via: 'cli' | 'api' | 'page' | 'webhook'; readonly atMs: number; readonly comment: string | null })[]; readonly askedMs: number; readonly expiresMs: number; readonly endedMs: number | null; readonly asks: number; readonly waiting: number; readonly group: string })[]; readonly groups: readonly { readonly group: string; readonly grant: { readonly id: string; readonly label: string }; readonly server: string; readonly tool: string; readonly argumentNames: readonly string[]; readonly count: number; readonly oldestMs: number }[] };
  };
  readonly recentApprovals: {
    readonly params: undefined; readonly query: { readonly count?: number | undefined }; readonly input: undefined;
    readonly output: readonly ({ readonly id: string; readonly decisionId: string; readonly state: 'pending' | 'allowed' | 'denied' | 'used' | 'expired' | 'withdrawn' | 'void'; readonly reason: string | null; readonly grant: { readonly id: string; readonly label: string }; readonly principal: string; readonly server: string; readonly tool: string; readonly policy: string | null; readonly policyVersion: number | null; readonly pin: string; readonly argumentNames: readonly string[]; readonly needs: readonly ({ readonly rule: string; readonly reason: string | null; readonly approvers: readonly string[]; readonly quorum: number; readonly given: number })[]; readonly votes: readonly ({ readonly by: string; readonly roles: readonly string[]; readonly answer: 'allow' | 'deny'; readonly via: 'cli' | 'api' | 'page' | 'webhook'; readonly atMs: number; readonly comment: string | null })[]; readonly askedMs: number; readonly expiresMs: number; readonly endedMs: number | null; readonly asks: number; readonly waiting: number; readonly group: string })[];
  };
  readonly listStandingApprovals: {
    readonly params: undefined; readonly query: undefined; readonly input: undefined;
    readonly output: readonly ({ readonly id: string; readonly approvalId: string; readonly grantId: string; readonly grantLabel: string; readonly principal: string; readonly server: string; readonly tool: string; readonly pin: string; readonly policy: string | null; readonly policyVersion: number | null; readonly policyHash: string | null; readonly rule: string; readonly match: 'exact' | 'named'; readonly shown: string; readonly givenBy: string; readonly comment: string | null; readonly givenMs: number; readonly expiresMs: number; readonly revokedMs: number | null; readonly revokedBy: string | null; readonly uses: number })[];
  };
  readonly answerApproval: {
    readonly params: undefined; readonly query: undefined; readonly input: { readonly token: string; readonly answer: 'allow' | 'deny'; readonly comment?: string | null | undefined };
    readonly output: { readonly id: string; readonly state: 'pending' | 'allowed' | 'denied' | 'used' | 'expired' | 'withdrawn' | 'void' };
  };
  readonly revokeStandingApproval: {
    readonly params: { readonly id: string }; readonly query: undefined; readonly input: { readonly via?: 'cli' | 'api' | 'page' | undefined };
    readonly output: { readonly id: string; readonly approvalId: string; readonly grantId: string; readonly grantLabel: string; readonly principal: string; readonly server: string; readonly tool: string; readonly pin: string; readonly policy: string | null; readonly policyVersion: number | null; readonly policyHash: string | null; readonly rule: string; readonly match: 'exact' | 'named'; readonly shown: string; readonly givenBy: string; readonly comment: string | null; readonly givenMs: number; readonly expiresMs: number; readonly revokedMs: number | null; readonly revokedBy: string | null; readonly uses: number };
  };
  readonly showApproval: {
    readonly params: { readonly id: string }; readonly query: undefined; readonly input: undefined;
    readonly output: { readonly id: string; readonly decisionId: string; readonly state: 'pending' | 'allowed' | 'denied' | 'used' | 'expired' | 'withdrawn' | 'void'; readonly reason: string | null; readonly grant: { readonly id: string; readonly label: string }; readonly principal: string; readonly server: string; readonly tool: string; readonly policy: string | null; readonly policyVersion: number | null; readonly pin: string; readonly argumentNames: readonly string[]; readonly needs: readonly ({ readonly rule: string; readonly reason: string | null; readonly approvers: readonly string[]; readonly quorum: number; readonly given: number })[]; readonly votes: readonly ({ readonly by: string; readonly roles: readonly string[]; readonly answer: 'allow' | 'deny'; readonly via: 'cli' | 'api' | 'page' | 'webhook'; readonly atMs: number; readonly comment: string | null })[]; readonly askedMs: number; readonly expiresMs: number; readonly endedMs: number | null; readonly asks: number; readonly waiting: number; readonly group: string; readonly arguments: string | null; readonly shown: string | null; readonly notes: readonly string[]; readonly changes: { readonly sinceId: string; readonly sinceMs: number; readonly arguments: readonly ({ readonly name: string; readonly change: 'added' | 'removed' | 'changed'; readonly before: string | null; readonly after: string | null })[] | null; readonly definition: boolean; readonly policy: boolean } | null };
  };
  readonly allowApproval: {
    readonly params: { readonly id: string }; readonly query: undefined; readonly input: { readonly via?: 'cli' | 'api' | 'page' | undefined; readonly comment?: string | null | undefined; readonly standing?: { readonly forMs: number; readonly same?: readonly string[] | null | undefined } | null | undefined };
    readonly output: { readonly id: string; readonly decisionId: string; readonly state: 'pending' | 'allowed' | 'denied' | 'used' | 'expired' | 'withdrawn' | 'void'; readonly reason: string | null; readonly grant: { readonly id: string; readonly label: string }; readonly principal: string; readonly server: string; readonly tool: string; readonly policy: string | null; readonly policyVersion: number | null; readonly pin: string; readonly argumentNames: readonly string[]; readonly needs: readonly ({ readonly rule: string; readonly reason: string | null; readonly approvers: readonly string[]; readonly quorum: number; readonly given: number })[]; readonly votes: readonly ({ readonly by: string; readonly roles: readonly string[]; readonly answer: 'allow' | 'deny'; readonly via: 'cli' | 'api' | 'page' | 'webhook'; readonly atMs: number; readonly comment: string | null })[]; readonly askedMs: number; readonly expiresMs: number; readonly endedMs: number | null; readonly asks: number; readonly waiting: number; readonly group: string };
  };
  readonly denyApproval: {
    readonly params: { readonly id: string }; readonly query: undefined; readonly input: { readonly via?: 'cli' | 'api' | 'page' | undefined; readonly comment?: string | null | undefined; readonly group?: boolean | undefined };
    readonly output: readonly ({ readonly id: string; readonly decisionId: string; readonly state: 'pending' | 'allowed' | 'denied' | 'used' | 'expired' | 'withdrawn' | 'void'; readonly reason: string | null; readonly grant: { readonly id: string; readonly label: string }; readonly principal: string; readonly server: string; readonly tool: string; readonly policy: string | null; readonly policyVersion: number | null; readonly pin: string; readonly argumentNames: readonly string[]; readonly needs: readonly ({ readonly rule: string; readonly reason: string | null; readonly approvers: readonly string[]; readonly quorum: number; readonly given: number })[]; readonly votes: readonly ({ readonly by: string; readonly roles: readonly string[]; readonly answer: 'allow' | 'deny'; readonly via: 'cli' | 'api' | 'page' | 'webhook'; readonly atMs: number; readonly comment: string | null })[]; readonly askedMs: number; readonly expiresMs: number; readonly endedMs: number | null; readonly asks: number; readonly waiting: number; readonly group: string })[];
  };
  readonly listLimits: {
    readonly params: undefined; readonly query: { readonly limit?: number | undefined }; readonly input: undefined;
    readonly output: { readonly limits: readonly ({ readonly counter: string; readonly scope: 'session' | 'grant' | 'principal' | 'server' | 'everyone'; readonly who: string; readonly grants: readonly string[]; readonly server: string | null; readonly tools: readonly string[]; readonly policy: string | null; readonly guardrail: string | null; readonly rule: string; readonly observe: boolean; readonly used: number; readonly max: number; readonly windowMs: number | null; readonly align: 'sliding' | 'minute' | 'hour' | 'day' | 'month' })[]; readonly watched: number; readonly complete: boolean; readonly readable: boolean; readonly shared: boolean };
  };
  readonly searchLog: {
    readonly params: undefined; readonly query: { readonly grant?: string | undefined; readonly principal?: string | undefined; readonly server?: string | undefined; readonly tool?: string | undefined; readonly rule?: string | undefined; readonly decision?: 'allow' | 'deny' | 'refused' | 'held' | undefined; readonly sinceMs?: number | undefined; readonly untilMs?: number | undefined; readonly limit?: number | undefined }; readonly input: undefined;
    readonly output: { readonly lines: readonly ({ readonly seq: number; readonly id: string; readonly time: number; readonly kind: 'intent' | 'refusal' | 'outcome' | 'method' | 'admin' | 'approval' | 'system'; readonly grant: string | null; readonly principal: string | null; readonly server: string | null; readonly what: string; readonly done: string; readonly rule: string | null; readonly detail: string | null; readonly outcome: string | null; readonly ms: number | null })[]; readonly complete: boolean };
  };
  readonly followLog: {
    readonly params: undefined; readonly query: { readonly after?: number | undefined }; readonly input: undefined;
    readonly output: { readonly seq: number; readonly id: string; readonly time: number; readonly kind: 'intent' | 'refusal' | 'outcome' | 'method' | 'admin' | 'approval' | 'system'; readonly grant: string | null; readonly principal: string | null; readonly server: string | null; readonly what: string; readonly done: string; readonly rule: string | null; readonly detail: string | null; readonly outcome: string | null; readonly ms: number | null };
  };
  readonly getCharts: {
    readonly params: undefined; readonly query: { readonly hours?: number | undefined; readonly steps?: number | undefined; readonly server?: string | undefined }; readonly input: undefined;
    readonly output: { readonly sinceMs: number; readonly stepMs: number; readonly forwarded: readonly number[]; readonly refused: readonly number[]; readonly held: readonly number[]; readonly medianMs: readonly (number | null)[]; readonly p95Ms: readonly (number | null)[]; readonly topTools: readonly { readonly name: string; readonly count: number }[]; readonly topRules: readonly { readonly name: string; readonly count: number }[]; readonly complete: boolean };
  };
  readonly getStory: {
    readonly params: { readonly id: string }; readonly query: undefined; readonly input: undefined;
    readonly output: { readonly line: { readonly seq: number; readonly id: string; readonly time: number; readonly kind: 'intent' | 'refusal' | 'outcome' | 'method' | 'admin' | 'approval' | 'system'; readonly grant: string | null; readonly principal: string | null; readonly server: string | null; readonly what: string; readonly done: string; readonly rule: string | null; readonly detail: string | null; readonly outcome: string | null; readonly ms: number | null }; readonly records: readonly { readonly seq: number; readonly body: Readonly<Record<string, unknown>> }[]; readonly policy: { readonly name: string; readonly version: number; readonly document: string } | null };
  };
  readonly tailRecords: {
    readonly params: undefined; readonly query: { readonly count?: number | undefined }; readonly input: undefined;
    readonly output: { readonly records: readonly ({ readonly seq: number; readonly prev: string; readonly state: 'done' | 'in-flight' | 'unknown-outcome' | null; readonly body: Readonly<Record<string, unknown>> })[] };
  };
  readonly searchRecords: {
    readonly params: undefined; readonly query: { readonly grant?: string | undefined; readonly principal?: string | undefined; readonly server?: string | undefined; readonly tool?: string | undefined; readonly rule?: string | undefined; readonly decision?: 'allow' | 'deny' | 'refused' | 'held' | undefined; readonly sinceMs?: number | undefined; readonly untilMs?: number | undefined; readonly argumentsDigest?: string | undefined; readonly value?: string | undefined; readonly limit?: number | undefined }; readonly input: undefined;
    readonly output: { readonly records: readonly ({ readonly seq: number; readonly prev: string; readonly state: 'done' | 'in-flight' | 'unknown-outcome' | null; readonly body: Readonly<Record<string, unknown>> })[]; readonly complete: boolean };
  };
  readonly followRecords: {
    readonly params: undefined; readonly query: { readonly after: number }; readonly input: undefined;
    readonly output: { readonly seq: number; readonly prev: string; readonly body: Readonly<Record<string, unknown>> };
  };
  readonly getRecords: {
    readonly params: { readonly id: string }; readonly query: undefined; readonly input: undefined;
    readonly output: { readonly records: readonly ({ readonly seq: number; readonly prev: string; readonly state: 'done' | 'in-flight' | 'unknown-outcome' | null; readonly body: Readonly<Record<string, unknown>> })[] };
  };
  readonly getSession: {
    readonly params: undefined; readonly query: undefined; readonly input: undefined;
    readonly output: { readonly user: { readonly name: string; readonly role: 'viewer' | 'approver' | 'policy-manager' | 'admin'; readonly way: 'password' | 'oidc' | 'key' } | null; readonly csrf: string | null; readonly setup: boolean };
  };
  readonly signIn: {
    readonly params: undefined; readonly query: undefined; readonly input: { readonly name: string; readonly password: string } | { readonly key: string };
    readonly output: { readonly ok: boolean };
  };
  readonly signOut: {
    readonly params: undefined; readonly query: undefined; readonly input: undefined;
    readonly output: { readonly ok: boolean };
  };
  readonly welcome: {
    readonly params: undefined; readonly query: undefined; readonly input: { readonly token: string; readonly name: string; readonly password: string };
    readonly output: { readonly ok: boolean };
  };
  readonly changePassword: {
    readonly params: undefined; readonly query: undefined; readonly input: { readonly current: string; readonly password: string };
    readonly output: { readonly ok: boolean };
  };
  readonly getSignInWays: {
    readonly params: undefined; readonly query: undefined; readonly input: undefined;
    readonly output: { readonly oidc: { readonly name: string; readonly reachable: boolean } | null };
  };
  readonly beginOidcSignIn: {
    readonly params: undefined; readonly query: undefined; readonly input: {  };
    readonly output: { readonly url: string };
  };
  readonly signInByOidc: {
    readonly params: undefined; readonly query: undefined; readonly input: { readonly query: string };
    readonly output: { readonly ok: boolean };
  };
  readonly beginPasskeySignIn: {
    readonly params: undefined; readonly query: undefined; readonly input: {  };
    readonly output: { readonly options: { readonly challenge: string } };
  };
  readonly signInByPasskey: {
    readonly params: undefined; readonly query: undefined; readonly input: { readonly response: { readonly id: string; readonly rawId: string; readonly type: 'public-key'; readonly response: { readonly clientDataJSON: string; readonly authenticatorData: string; readonly signature: string; readonly userHandle?: string | undefined } } };
    readonly output: { readonly ok: boolean };
  };
  readonly listPasskeys: {
    readonly params: undefined; readonly query: undefined; readonly input: undefined;
    readonly output: readonly ({ readonly id: string; readonly label: string; readonly site: string; readonly createdMs: number; readonly usedMs: number | null })[];
  };
  readonly beginPasskey: {
    readonly params: undefined; readonly query: undefined; readonly input: { readonly password: string };
    readonly output: { readonly options: { readonly challenge: string } };
  };
  readonly addPasskey: {
    readonly params: undefined; readonly query: undefined; readonly input: { readonly label: string; readonly response: { readonly id: string; readonly rawId: string; readonly type: 'public-key'; readonly response: { readonly clientDataJSON: string; readonly attestationObject: string; readonly transports?: readonly string[] | undefined } } };
    readonly output: { readonly id: string; readonly label: string; readonly site: string; readonly createdMs: number; readonly usedMs: number | null };
  };
  readonly removePasskey: {
    readonly params: { readonly id: string }; readonly query: undefined; readonly input: undefined;
    readonly output: { readonly id: string; readonly label: string; readonly site: string; readonly createdMs: number; readonly usedMs: number | null };
  };
  readonly listUsers: {
    readonly params: undefined; readonly query: undefined; readonly input: undefined;
    readonly output: readonly ({ readonly name: string; readonly role: 'viewer' | 'approver' | 'policy-manager' | 'admin'; readonly way: 'password' | 'oidc'; readonly state: 'active' | 'invited' | 'expired' | 'inactive'; readonly createdMs: number })[];
  };
  readonly inviteUser: {
    readonly params: undefined; readonly query: undefined; readonly input: { readonly name: string; readonly role: 'viewer' | 'approver' | 'policy-manager' | 'admin' };
    readonly output: { readonly user: { readonly name: string; readonly role: 'viewer' | 'approver' | 'policy-manager' | 'admin'; readonly way: 'password' | 'oidc'; readonly state: 'active' | 'invited' | 'expired' | 'inactive'; readonly createdMs: number }; readonly token: string; readonly expiresMs: number };
  };
  readonly addOidcUser: {
    readonly params: undefined; readonly query: undefined; readonly input: { readonly name: string; readonly subject: string };
    readonly output: { readonly name: string; readonly role: 'viewer' | 'approver' | 'policy-manager' | 'admin'; readonly way: 'password' | 'oidc'; readonly state: 'active' | 'invited' | 'expired' | 'inactive'; readonly createdMs: number };
  };
  readonly setUserRole: {
    readonly params: { readonly name: string }; readonly query: undefined; readonly input: { readonly role: 'viewer' | 'approver' | 'policy-manager' | 'admin' };
    readonly output: { readonly name: string; readonly role: 'viewer' | 'approver' | 'policy-manager' | 'admin'; readonly way: 'password' | 'oidc'; readonly state: 'active' | 'invited' | 'expired' | 'inactive'; readonly createdMs: number };
  };
  readonly inviteAgain: {
    readonly params: { readonly name: string }; readonly query: undefined; readonly input: undefined;
    readonly output: { readonly user: { readonly name: string; readonly role: 'viewer' | 'approver' | 'policy-manager' | 'admin'; readonly way: 'password' | 'oidc'; readonly state: 'active' | 'invited' | 'expired' | 'inactive'; readonly createdMs: number }; readonly token: string; readonly expiresMs: number };
  };
  readonly removeUser: {
    readonly params: { readonly name: string }; readonly query: undefined; readonly input: undefined;
    readonly output: { readonly name: string; readonly role: 'viewer' | 'approver' | 'policy-manager' | 'admin'; readonly way: 'password' | 'oidc'; readonly state: 'active' | 'invited' | 'expired' | 'inactive'; readonly createdMs: number };
  };
}

/** Where each operation is. */
export const operations: Readonly<
  Record<keyof Operations, { readonly method: string; readonly path: string }>
> = {
  getStatus: { method: 'get', path: '/api/v1/status' },
  listStops: { method: 'get', path: '/api/v1/stops' },
  stopCalls: { method: 'post', path: '/api/v1/stops' },
  releaseCalls: { method: 'post', path: '/api/v1/stops/release' },
  listServers: { method: 'get', path: '/api/v1/servers' },
  listPins: { method: 'get', path: '/api/v1/servers/{name}/pins' },
  diffPins: { method: 'get', path: '/api/v1/servers/{name}/pins/diff' },
  acceptPins: { method: 'post', path: '/api/v1/servers/{name}/pins/accept' },
  setCategory: { method: 'put', path: '/api/v1/servers/{name}/tools/{tool}/category' },
  resetCategory: { method: 'delete', path: '/api/v1/servers/{name}/tools/{tool}/category' },
  addServer: { method: 'post', path: '/api/v1/servers' },
  setCredentials: { method: 'put', path: '/api/v1/servers/{name}/credentials' },
  removeServer: { method: 'delete', path: '/api/v1/servers/{name}' },
  readTools: { method: 'post', path: '/api/v1/servers/{name}/read' },
  listPolicies: { method: 'get', path: '/api/v1/policies' },
  checkPolicy: { method: 'post', path: '/api/v1/policy-trials/check' },
  diffPolicy: { method: 'post', path: '/api/v1/policy-trials/diff' },
  explainPolicy: { method: 'post', path: '/api/v1/policy-trials/explain' },
  simulatePolicy: { method: 'post', path: '/api/v1/policy-trials/simulate' },
  getPolicy: { method: 'get', path: '/api/v1/policies/{name}' },
  getPolicyVersion: { method: 'get', path: '/api/v1/policies/{name}/versions/{version}' },
  savePolicy: { method: 'put', path: '/api/v1/policies/{name}' },
  putBackPolicy: { method: 'post', path: '/api/v1/policies/{name}/versions/{version}/put-back' },
  setToolRule: { method: 'put', path: '/api/v1/policies/{name}/tools/{tool}' },
  tryAttacks: { method: 'post', path: '/api/v1/policy-trials/attacks' },
  listGrants: { method: 'get', path: '/api/v1/grants' },
  createGrant: { method: 'post', path: '/api/v1/grants' },
  editGrant: { method: 'put', path: '/api/v1/grants/{name}' },
  revokeGrant: { method: 'post', path: '/api/v1/grants/{name}/revoke' },
  rotateGrant: { method: 'post', path: '/api/v1/grants/{name}/rotate' },
  listApprovals: { method: 'get', path: '/api/v1/approvals' },
  recentApprovals: { method: 'get', path: '/api/v1/approvals/recent' },
  listStandingApprovals: { method: 'get', path: '/api/v1/approvals/standing' },
  answerApproval: { method: 'post', path: '/api/v1/approvals/answer' },
  revokeStandingApproval: { method: 'post', path: '/api/v1/approvals/standing/{id}/revoke' },
  showApproval: { method: 'get', path: '/api/v1/approvals/{id}' },
  allowApproval: { method: 'post', path: '/api/v1/approvals/{id}/allow' },
  denyApproval: { method: 'post', path: '/api/v1/approvals/{id}/deny' },
  listLimits: { method: 'get', path: '/api/v1/limits' },
  searchLog: { method: 'get', path: '/api/v1/log' },
  followLog: { method: 'get', path: '/api/v1/log/stream' },
  getCharts: { method: 'get', path: '/api/v1/log/charts' },
  getStory: { method: 'get', path: '/api/v1/log/{id}' },
  tailRecords: { method: 'get', path: '/api/v1/records' },
  searchRecords: { method: 'get', path: '/api/v1/records/search' },
  followRecords: { method: 'get', path: '/api/v1/records/stream' },
  getRecords: { method: 'get', path: '/api/v1/records/{id}' },
  getSession: { method: 'get', path: '/api/v1/session' },
  signIn: { method: 'post', path: '/api/v1/session' },
  signOut: { method: 'delete', path: '/api/v1/session' },
  welcome: { method: 'post', path: '/api/v1/welcome' },
  changePassword: { method: 'post', path: '/api/v1/session/password' },
  getSignInWays: { method: 'get', path: '/api/v1/session/ways' },
  beginOidcSignIn: { method: 'post', path: '/api/v1/session/oidc/begin' },
  signInByOidc: { method: 'post', path: '/api/v1/session/oidc' },
  beginPasskeySignIn: { method: 'post', path: '/api/v1/session/passkey/begin' },
  signInByPasskey: { method: 'post', path: '/api/v1/session/passkey' },
  listPasskeys: { method: 'get', path: '/api/v1/session/passkeys' },
  beginPasskey: { method: 'post', path: '/api/v1/session/passkeys/begin' },
  addPasskey: { method: 'post', path: '/api/v1/session/passkeys' },
  removePasskey: { method: 'delete', path: '/api/v1/session/passkeys/{id}' },
  listUsers: { method: 'get', path: '/api/v1/users' },
  inviteUser: { method: 'post', path: '/api/v1/users' },
  addOidcUser: { method: 'post', path: '/api/v1/users/oidc' },
  setUserRole: { method: 'put', path: '/api/v1/users/{name}' },
  inviteAgain: { method: 'post', path: '/api/v1/users/{name}/invite' },
  removeUser: { method: 'delete', path: '/api/v1/users/{name}' },
};
