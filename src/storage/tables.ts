/**
 * The tables of every SQL store, in the subset that SQLite and PostgreSQL share: BIGINT for
 * milliseconds since the Unix epoch, TEXT for JSON, no database's own types.
 */
export interface Tables {
  readonly grants: GrantTable;
  readonly pins: PinTable;
  readonly policy_versions: PolicyVersionTable;
  readonly stops: StopTable;
  readonly approvals: ApprovalTable;
  readonly standing_approvals: StandingTable;
  readonly passkeys: PasskeyTable;
  readonly portcullis_schema: SchemaTable;
  readonly servers: ServerTable;
  readonly server_origins: ServerOriginTable;
  readonly sessions: SessionTable;
  readonly users: UserTable;
}

export interface GrantTable {
  readonly id: string;
  readonly label: string;
  readonly principal_id: string;
  readonly principal_kind: string;
  /** JSON: a list of server names. */
  readonly servers: string;
  /** JSON: server name to policy name. */
  readonly policies: string;
  readonly mode: string;
  /** JSON: a list of families of methods. */
  readonly methods: string;
  readonly expires_ms: number | null;
  readonly token_sha256: string;
  readonly created_ms: number;
  readonly revoked_ms: number | null;
  /** How long labels last; null for the default. */
  readonly labels_ms: number | null;
}

export interface ServerOriginTable {
  readonly server: string;
  readonly origin: string;
}

export interface PinTable {
  readonly server: string;
  readonly tool: string;
  readonly digest: string;
  readonly definition: string;
  readonly category: string;
  readonly risk: string;
  readonly state: string;
  readonly reason: string | null;
  readonly seen_ms: number;
  readonly reviewed_digest: string | null;
  readonly reviewed_definition: string | null;
  readonly reviewed_category: string | null;
  readonly reviewed_risk: string | null;
  /** JSON: what a person says that the tool is; null where nobody said anything. */
  readonly override: string | null;
}

export interface PolicyVersionTable {
  readonly name: string;
  readonly version: number;
  readonly document: string;
  readonly author: string;
  readonly created_ms: number;
}

export interface StopTable {
  readonly kind: string;
  readonly name: string;
  readonly label: string;
  readonly reason: string | null;
  readonly actor: string;
  readonly since_ms: number;
}

export interface ApprovalTable {
  readonly id: string;
  readonly grant_id: string;
  readonly server: string;
  readonly tool: string;
  readonly state: string;
  readonly asked_ms: number;
  readonly expires_ms: number;
  readonly ended_ms: number | null;
  /** JSON: the whole approval, without the values of arguments. */
  readonly body: string;
  /** Exact text of the arguments, for whoever answers; null once they are forgotten. */
  readonly arguments: string | null;
}

export interface StandingTable {
  readonly id: string;
  readonly expires_ms: number;
  readonly revoked_ms: number | null;
  /** JSON: the whole standing approval. */
  readonly body: string;
}

/** One row: which migrations this database has seen. */
export interface SchemaTable {
  readonly id: number;
  readonly version: number;
}

export interface ServerTable {
  readonly name: string;
  readonly url: string;
  /** Sealed JSON: header name to value. */
  readonly headers: string;
  readonly allow_private: number;
  readonly author: string;
  readonly created_ms: number;
}

export interface UserTable {
  readonly name: string;
  readonly role: string;
  readonly password: string | null;
  readonly invitation_sha256: string | null;
  readonly invitation_expires_ms: number | null;
  readonly created_ms: number;
  readonly oidc_issuer: string | null;
  readonly oidc_subject: string | null;
}

export interface PasskeyTable {
  readonly id: string;
  readonly user_name: string;
  readonly label: string;
  readonly rp_id: string;
  /** COSE key, base64url. */
  readonly public_key: string;
  readonly counter: number;
  /** JSON: a list of transports. */
  readonly transports: string;
  readonly created_ms: number;
  readonly used_ms: number | null;
}

export interface SessionTable {
  readonly token_sha256: string;
  readonly user_name: string;
  readonly created_ms: number;
  readonly seen_ms: number;
}
