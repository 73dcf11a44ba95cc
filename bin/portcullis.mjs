#!/usr/bin/env node
// Plain JavaScript of an old dialect: this file must still load, and say what is wrong, on a Node
// that could not load the program itself.
import { existsSync, mkdirSync, statSync } from 'fs';
import module from 'module';
import { homedir } from 'os';
import { join } from 'path';
import { fileURLToPath } from 'url';
import { debuglog } from 'util';

const WANTED = [22, 19];

const sourceUrl = new URL('../src/cli/cli.ts', import.meta.url);
const folder = fileURLToPath(new URL('..', import.meta.url));
const program = fileURLToPath(import.meta.url);
const inCheckout = existsSync(fileURLToPath(sourceUrl));
const running = process.versions.node.split('.').map(Number);
const tooOld = running[0] < WANTED[0] || (running[0] === WANTED[0] && running[1] < WANTED[1]);

if (tooOld) {
  const wayOut = inCheckout
    ? 'run `npm ci --include=dev` in ' +
      folder +
      ', then `' +
      folder +
      'node_modules/.bin/node ' +
      program +
      '`'
    : 'install a newer Node';
  process.stderr.write(
    'portcullis needs Node ' +
      WANTED.join('.') +
      ' or newer and this is ' +
      process.versions.node +
      ': ' +
      wayOut +
      '\n',
  );
  process.exit(2);
}

keepCompiled();

// A checkout runs from its sources, without a build; the published package has no sources.
const programUrl = inCheckout ? sourceUrl : new URL('../dist/cli/cli.js', import.meta.url);
process.argv[1] = fileURLToPath(programUrl);
import(programUrl.href).catch(function (error) {
  const lacksPackages = inCheckout && error && error.code === 'ERR_MODULE_NOT_FOUND';
  debuglog('portcullis')('%s', (error && error.stack) || error);
  const message = String((error && error.message) || error).split('\n')[0];
  const wayOut = lacksPackages
    ? 'a checkout needs all of its packages, those for development too: run `npm ci --include=dev` in ' +
      folder
    : 'install it again; where that does not help, please report it as an issue of its repository, with what it says under `NODE_DEBUG=portcullis`';
  process.stderr.write('portcullis could not start: ' + message + '; ' + wayOut + '\n');
  process.exit(2);
});

/**
 * Keeps what Node compiles for the next start, which takes half the time then. The folder is the
 * user's own: what lies there is run. `NODE_DISABLE_COMPILE_CACHE=1` turns it off.
 */
function keepCompiled() {
  try {
    const cache = join(homedir(), '.cache', 'portcullis');
    mkdirSync(cache, { recursive: true, mode: 0o700 });
    const { uid, mode } = statSync(cache);
    const isOwn = process.getuid === undefined || uid === process.getuid();
    if (isOwn && (mode & 0o022) === 0) module.enableCompileCache(cache);
  } catch {
    // Without a folder it starts more slowly, no more.
  }
}
