import { appendFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import type { JsonObject, JsonValue } from '../../base/strict-json.ts';
import { isObject, jsonOf, textOf, textsOf } from '../json.ts';
import { said, tool, type Fixture, type FixtureParts, type RawAnswer } from './fixture.ts';

/** What the one command that is understood does: makes a file in the sandbox. Nothing is started. */
export function fakeShell(sandbox: string, line: string): boolean {
  const touched = /(?:^|[;&|`(\n])\s*touch\s+(?<file>[\w.-]+)/.exec(line)?.groups?.['file'];
  if (touched === undefined) return false;
  appendFileSync(join(sandbox, basename(touched)), 'made by a command\n');
  return true;
}

/**
 * S11: puts its arguments into a command line. It has no shell: a stand-in that knows `touch` shows
 * that a command would have run. Its registration door starts what it is told to.
 */
export function argv({ note, sandbox }: FixtureParts): Promise<Fixture> {
  const run = (name: string, args: JsonObject): JsonObject | null => {
    if (name === 'scale_deployment') {
      const words = `kubectl scale deployment ${textOf(args, 'deployment')} --replicas 2`.split(
        ' ',
      );
      const flags = words.slice(3, -2).filter((word) => word.startsWith('-'));
      note('executed', { argv: words, flags });
      if (flags.length > 0) note('flagged', { flags });
      return said('scaled');
    }
    if (name !== 'convert_image') return null;
    const line = `convert ${textOf(args, 'file')} out.png`;
    const ran = fakeShell(sandbox, line);
    note('executed', { line });
    if (ran) note('injected', { line });
    return said('converted');
  };
  return Promise.resolve({
    tools: () => [
      tool('scale_deployment', 'Scales a deployment to two replicas.', ['deployment']),
      tool('convert_image', 'Converts an image to PNG.', ['file']),
    ],
    call: (name, args) => Promise.resolve(run(name, args)),
    raw: ({ method, path, body }) => {
      if (method !== 'POST' || path !== '/api/v1/servers') return null;
      return register(sandbox, jsonOf(body));
    },
  });
}

/** The door that gateways had in 2025 and 2026: whoever names a command has it started. */
function register(sandbox: string, body: JsonValue | undefined): RawAnswer {
  if (!isObject(body)) return { status: 400, body: '{}' };
  fakeShell(sandbox, [textOf(body, 'command'), ...textsOf(body, 'args')].join(' '));
  return { status: 201, body: '{"registered":true}' };
}
