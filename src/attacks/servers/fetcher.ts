import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { textOf } from '../json.ts';
import { failed, said, tool, type Fixture, type FixtureParts, type Note } from './fixture.ts';

/**
 * S12: fetches what it is told to. Addresses of this machine and of the link lead to a stand-in for
 * a cloud's metadata service on the loopback interface; names in `.example` to a canned page.
 */
export async function fetcher({ options, note }: FixtureParts): Promise<Fixture> {
  const sink = await listenMetadata(note, textOf(options, 'secret'));
  // A listening TCP server has an AddressInfo, never a pipe's name.
  const { port } = sink.address() as AddressInfo;
  return {
    tools: () => [tool('fetch', 'Fetches a page of the web.', ['url'])],
    call: async (name, args) => {
      if (name !== 'fetch') return null;
      const url = URL.parse(textOf(args, 'url'));
      if (url === null) return failed('no such address');
      if (url.hostname.endsWith('.example')) return said(`a page of ${url.hostname}`);
      return said(await ask(port, url.pathname));
    },
    close: () =>
      new Promise((done) => {
        sink.close(() => done());
        sink.closeAllConnections();
      }),
  };
}

async function listenMetadata(note: Note, secret: string): Promise<Server> {
  const sink = createServer((asked, response) => {
    note('metadata', { path: asked.url ?? '' });
    response.end(secret);
  });
  await new Promise<void>((done) => sink.listen(0, '127.0.0.1', done));
  return sink;
}

function ask(port: number, path: string): Promise<string> {
  return new Promise((done) => {
    const sent = request({ host: '127.0.0.1', port, path });
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => done(text));
    });
    sent.on('error', () => done('unreachable'));
    sent.end();
  });
}
