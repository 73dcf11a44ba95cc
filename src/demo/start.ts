import { createCalculator } from './calculator.ts';
import { createCallendar } from './callendar.ts';
import { listenHttp, type Listening } from './http.ts';
import { createQasperai } from './qasperai.ts';

/** The demo servers that listen on HTTP; Orchard is a program of its own, over stdio. */
export interface DemoServers {
  readonly servers: readonly Pick<Listening, 'name' | 'url' | 'calls'>[];
  /** Resolves when every port is closed. */
  close(): Promise<void>;
}

/** Starts Callendar, Qasperai and Calculator, each on a free port of the loopback interface. */
export async function startDemoServers(): Promise<DemoServers> {
  const created = [createCallendar(), createQasperai(), createCalculator()];
  const servers = await Promise.all(created.map(listenHttp));
  return {
    servers,
    close: async () => {
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}
