import type { ControlStand } from './control.ts';

/** An answer of the API to a page. */
export interface Answered {
  readonly status: number;
  readonly cookie: string;
  // Whatever the API answered: each test looks at what it expects.
  readonly json: any; // oxlint-disable-line typescript/no-explicit-any
}

/** A page of the console without a browser: its origin, its cookies and its session's token. */
export class ConsoleBrowser {
  readonly stand: ControlStand;
  readonly origin: string;
  readonly cookies: Map<string, string> = new Map();
  csrf = '';
  /** What a browser says of the page that asks. */
  site = 'same-origin';

  constructor(stand: ControlStand, from: string) {
    this.stand = stand;
    this.origin = from;
  }

  async ask(method: string, path: string, body?: unknown): Promise<Answered> {
    const headers = {
      host: this.origin.replace(/^https?:\/\//, ''),
      origin: this.origin,
      'sec-fetch-site': this.site,
      'content-type': 'application/json',
      'x-portcullis-csrf': this.csrf,
      cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await this.stand.api.request(`/api/v1${path}`, { method, headers, ...sent });
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (value === '') this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    const cookie = answer.headers.getSetCookie().join('\n');
    return { status: answer.status, cookie, json: await answer.json() };
  }

  /** Follows a sign-in that worked. */
  async entered(): Promise<this> {
    this.csrf = (await this.ask('GET', '/session')).json.csrf as string;
    return this;
  }

  async signedIn(): Promise<string | null> {
    const { user } = (await this.ask('GET', '/session')).json as {
      readonly user: { readonly name: string } | null;
    };
    return user?.name ?? null;
  }
}
