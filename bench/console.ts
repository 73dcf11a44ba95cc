// `npm run bench:console`: how long the pages of a warm gateway take in a real Chromium until their
// list can be used, and how frames follow each other while the builder's 800 tools are scrolled.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { chromium, type Page } from 'playwright-core';

import { browserPath } from '../test/support/browser.ts';
import { operate, prepareConsole, signInAs } from '../test/support/console-stand.ts';
import { startManyTools } from '../test/support/many-tools.ts';

const ROUNDS = 7;
const TOOLS = 800;
/** What a person waits for on each page: something that they can use. */
const PAGES: readonly (readonly [path: string, usable: string])[] = [
  ['/console/sign-in', 'button[type=submit]'],
  ['/console/', 'main a[href^="/console/"]'],
  ['/console/servers', 'tbody a, main li a'],
  ['/console/servers/many', 'main details summary'],
  ['/console/policies', 'tbody a'],
  ['/console/policies/work?server=many', '[role=grid] [role=row] button'],
  ['/console/grants', 'tbody button'],
  ['/console/log', 'tbody a'],
  ['/console/approvals', 'main button'],
  ['/catalogue', 'tbody a'],
  ['/catalogue/s/many', 'tbody a'],
  ['/attacks', 'tbody a'],
  ['/attacks/report-card?policy=files-work&server=many', 'tbody a'],
];

interface Scrolled {
  readonly frames: readonly number[];
  readonly longTasksMs: readonly number[];
  readonly rows: number;
}

async function main(): Promise<void> {
  if (browserPath === null) throw new Error('there is no Chromium on this machine');
  const dataDir = await mkdtemp(join(tmpdir(), 'portcullis-bench-console-'));
  const stand = await prepareConsole(dataDir);
  const many = await startManyTools(TOOLS, ['reads_a_thing', 'deletes_a_thing']);
  const key = (await readFile(join(dataDir, 'operator.key'), 'utf8')).trim();
  const server = { name: 'many', url: many.url, allowPrivate: true };
  await operate(stand.url, key, { method: 'POST', path: '/servers', body: server });
  const browser = await chromium.launch({
    executablePath: browserPath,
    args: ['--no-sandbox', '--disable-background-networking'],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.setDefaultTimeout(120_000);
    await signInAs(page, stand);
    console.log(
      'page                                                   usable, ms (median, worst)',
    );
    for (const [path, usable] of PAGES) {
      const times: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        await page.goto('about:blank');
        times.push(await usableAfterMs(page, `${stand.url}${path}`, usable));
      }
      times.sort((a, b) => a - b);
      const [median = 0, worst = 0] = [times[Math.floor(ROUNDS / 2)], times.at(-1)];
      console.log(
        `${path.padEnd(54)} ${median.toFixed(0).padStart(6)} ${worst.toFixed(0).padStart(6)}`,
      );
    }
    await page.goto(`${stand.url}/console/policies/work?server=many`);
    await page.locator('[role=grid] [role=row]').first().waitFor();
    const { frames, longTasksMs, rows } = await page.evaluate<Scrolled>(scroll);
    const sorted = frames.toSorted((a, b) => a - b);
    const at = (share: number): string =>
      (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1);
    console.log(`\nscrolling ${TOOLS} tools: ${frames.length} frames, ${rows} rows in the page`);
    console.log(`frame, ms: p50 ${at(0.5)}, p95 ${at(0.95)}, worst ${sorted.at(-1)?.toFixed(1)}`);
    console.log(
      `frames over 50 ms: ${frames.filter((ms) => ms > 50).length}; long tasks: ${longTasksMs.map((ms) => ms.toFixed(0)).join(', ') || 'none'}`,
    );
  } finally {
    await browser.close();
    await many.close();
    await stand.close();
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function usableAfterMs(page: Page, url: string, usable: string): Promise<number> {
  const startedMs = performance.now();
  await page.goto(url, { waitUntil: 'commit' });
  await page.locator(usable).first().waitFor();
  return performance.now() - startedMs;
}

/** In the page: turns the wheel from the first tool to the last, frame by frame. */
const scroll = `new Promise((done) => {
  const grid = document.querySelector('[role=grid]');
  const frames = [];
  const longTasksMs = [];
  new PerformanceObserver((list) => list.getEntries().forEach(({ duration }) => longTasksMs.push(duration))).observe({ entryTypes: ['longtask'] });
  let last = performance.now();
  const step = (now) => {
    frames.push(now - last);
    last = now;
    const before = grid.scrollTop;
    grid.scrollTop = before + 140;
    if (grid.scrollTop === before) return done({ frames: frames.slice(1), longTasksMs, rows: document.querySelectorAll('[role=row]').length });
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})`;

await main();
