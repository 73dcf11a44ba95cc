import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import type { ConsoleFile, ConsoleFiles } from '../control/api.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
};

/** Where the console is built to: beside the compiled program, in a checkout and in the package. */
export const consoleFolder: string = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../dist/console' : '../console', import.meta.url),
);

/**
 * The built console, read whole at its first use: what a request names is looked up among the files
 * that are there, so that no path leads out of the folder.
 */
export function openConsoleFiles(folder: string = consoleFolder): ConsoleFiles {
  let files: Promise<ReadonlyMap<string, ConsoleFile>> | null = null;
  return {
    read: async (path) => {
      files ??= readAll(folder);
      const known = await files;
      if (known.size === 0) {
        // It may be built while the gateway runs.
        files = null;
        return page(notBuilt);
      }
      const file = known.get(path);
      if (file !== undefined) return file;
      const last = path.slice(path.lastIndexOf('/') + 1);
      return last.includes('.') ? null : (known.get('/index.html') ?? null);
    },
  };
}

async function readAll(folder: string): Promise<ReadonlyMap<string, ConsoleFile>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = new Map<string, ConsoleFile>();
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(folder.length).replaceAll('\\', '/');
    const type = types[extname(name)] ?? 'application/octet-stream';
    const bytes = await readFile(path);
    const small = bytes.length < 1_024 || type.startsWith('font/');
    files.set(name, {
      body: new Uint8Array(bytes),
      gzip: small ? null : new Uint8Array(gzipSync(bytes, { level: 9 })),
      type,
      lasting: name.startsWith('/assets/'),
    });
  }
  return files;
}

function page(html: string): ConsoleFile {
  const body = new TextEncoder().encode(html);
  return { body, gzip: null, type: 'text/html; charset=utf-8', lasting: false };
}

const notBuilt =
  '<!doctype html><html lang="en"><title>Portcullis</title><h1>The console is not built</h1><p>Run <code>npm run console</code> in the checkout, then load this page again. <code>npm start</code> does it by itself.</p></html>';
