/** A server that was added by its address, not by the operator's file. */
export interface StoredServer {
  readonly name: string;
  readonly url: string;
  /** Sent with every request; null when what is kept does not open any more. */
  readonly headers: Readonly<Record<string, string>> | null;
  readonly allowPrivate: boolean;
  readonly author: string;
  readonly createdMs: number;
}

/** The same, as it is added. */
export interface NewServer extends StoredServer {
  readonly headers: Readonly<Record<string, string>>;
}

/** The port of the servers that were added by their address. Nothing here holds a command. */
export interface ServerStore {
  list(): Promise<readonly StoredServer[]>;
  insert(server: NewServer): Promise<'inserted' | 'duplicate'>;
  setHeaders(name: string, headers: Readonly<Record<string, string>>): Promise<boolean>;
  remove(name: string): Promise<boolean>;
}
