/** Who acts: `agent:ci` has kind `agent`. */
export interface Principal {
  readonly id: string;
  readonly kind: string;
}

/** principal + servers + policy + expiry, carried by a token that is stored as its hash only. */
export interface Grant {
  readonly id: string;
  readonly label: string;
  readonly principal: Principal;
  readonly servers: readonly string[];
  /** Server name to the name of the policy in force; a server without one is refused everything. */
  readonly policies: Readonly<Record<string, string>>;
  readonly mode: 'enforce' | 'observe';
  /** Families of methods that are open beside tools. */
  readonly methods: readonly MethodFamily[];
  /** Milliseconds since the Unix epoch; null never expires. */
  readonly expiresMs: number | null;
  /** How long a label stays after the last call that set it, in milliseconds; an hour when absent. */
  readonly labelsMs?: number;
  /** SHA-256 of the token, hexadecimal. */
  readonly tokenSha256: string;
  readonly createdMs: number;
  readonly revokedMs: number | null;
  /** `file` grants are declared by the operator's file and are read-only elsewhere. */
  readonly source: 'file' | 'store';
}

/**
 * Families of methods beside tools. The first three are asked by a client of a server and are open
 * unless a grant says otherwise. `tasks` is closed: the gateway remembers which grant a task was
 * made for, but no longer than it runs. The last three are asked by a server of a
 * client.
 */
export const methodFamilies = [
  'resources',
  'prompts',
  'completion',
  'tasks',
  'sampling',
  'elicitation',
  'roots',
] as const;

export type MethodFamily = (typeof methodFamilies)[number];

/** What a grant opens unless it says otherwise. */
export const defaultMethods: readonly MethodFamily[] = ['resources', 'prompts', 'completion'];
