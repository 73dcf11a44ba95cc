import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { test } from 'node:test';

import { watchFiles } from '../scripts/file-limit.ts';
import { until } from './support/until.ts';

const skip = existsSync('/proc/self/stat') ? false : 'this system has no /proc';

test(
  'the end of a test run ends what a file has started that ended before',
  { skip },
  async (context) => {
    const watch = watchFiles(new Set(), 300, () => undefined);
    context.after(() => watch.close());
    const shell = spawn('sh', ['-c', 'sleep 600 & echo $!; wait'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    context.after(() => void shell.kill('SIGKILL'));
    const [line] = await once(shell.stdout, 'data');
    const orphan = Number(String(line));
    context.after(() => watch.endAll());
    assert.ok(watch.running().includes(orphan));
    const ended = once(shell, 'exit');
    shell.kill('SIGKILL');
    await ended;
    assert.ok(watch.running().includes(orphan), 'it lives on, and is known');
    watch.endAll();
    await until('its end', () => watch.running().length === 0);
  },
);
