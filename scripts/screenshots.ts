// `npm run screenshots`: every page of the console in both themes, from a gateway with some
// traffic, into a folder of its own; the three that the documents show are copied to docs/images.
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { chromium, type Page } from 'playwright-core';

import { prepareConsole, signInAs } from '../test/support/console-stand.ts';

const OUT = process.argv[2] ?? '.portcullis/screenshots';
/** Picture -> its name in docs/images. */
const SHOWN: Readonly<Record<string, string>> = {
  'overview-light': 'overview',
  'builder-light': 'builder',
  'approvals-dark': 'approvals',
};
const WIDE = { width: 1440, height: 900 };
/** A busy machine draws slowly; nothing here measures how fast. */
const WAIT_MS = 180_000;
const PHONE = { width: 390, height: 844 };

interface Shot {
  readonly name: string;
  readonly path: string;
  readonly size?: typeof WIDE;
  /** Drawn by the gateway itself, beside the console. */
  readonly outside?: boolean;
  readonly first?: (page: Page) => Promise<void>;
}

const SHOTS: readonly Shot[] = [
  { name: 'overview', path: '/' },
  { name: 'servers', path: '/servers' },
  { name: 'server', path: '/servers/files' },
  { name: 'policies', path: '/policies' },
  { name: 'builder', path: '/policies/files-work?server=files&tool=write_file' },
  {
    name: 'builder-json',
    path: '/policies/files-work?server=files&tool=write_file',
    first: async (page) => {
      await page.getByRole('tab', { name: 'JSON' }).click();
      await page.locator('.cm-content').waitFor();
    },
  },
  {
    name: 'builder-try',
    path: '/policies/files-work?server=files&tool=write_file',
    first: async (page) => {
      await page.getByRole('tab', { name: 'Try a call' }).click();
      await page.locator('[data-verdict]').waitFor();
    },
  },
  {
    name: 'builder-changes',
    path: '/policies/files-work?server=files&tool=write_file',
    first: async (page) => {
      await page.getByRole('button', { name: 'Start from the recommended rules' }).click();
      await page.getByRole('tab', { name: 'What changes' }).click();
      await page.getByText('would be answered otherwise').waitFor();
    },
  },
  { name: 'grants', path: '/grants' },
  {
    name: 'log',
    path: '/log',
    first: async (page) => {
      await page.getByRole('button', { name: 'Charts' }).click();
      await page.locator('.u-over').first().waitFor();
    },
  },
  {
    name: 'story',
    path: '/log?decision=refused',
    first: async (page) => {
      await page.locator('tbody a').first().click();
      await page.getByText('where it decided').waitFor();
    },
  },
  { name: 'approvals', path: '/approvals' },
  { name: 'approvals-phone', path: '/approvals', size: PHONE },
  { name: 'users', path: '/users' },
  { name: 'account', path: '/account' },
  {
    name: 'builder-attack',
    path: '/policies/files-work?server=files&attack=path-traversal',
    first: async (page) => {
      await page.getByRole('region', { name: 'From the attack database' }).waitFor();
    },
  },
  { name: 'catalogue', path: '/catalogue', outside: true },
  { name: 'catalogue-servers', path: '/catalogue/servers', outside: true },
  { name: 'catalogue-risks', path: '/catalogue/risks', outside: true },
  { name: 'catalogue-changes', path: '/catalogue/changes', outside: true },
  {
    name: 'catalogue-server',
    path: '/catalogue/servers',
    outside: true,
    first: (page) => page.locator('tbody a').first().click(),
  },
  {
    name: 'catalogue-tool',
    path: '/catalogue?q=write_file',
    outside: true,
    first: (page) => page.locator('tbody a').first().click(),
  },
  { name: 'attacks', path: '/attacks', outside: true },
  { name: 'attack', path: '/attacks/path-traversal', outside: true },
  {
    name: 'report-card',
    path: '/attacks/report-card?policy=files-work&server=files',
    outside: true,
  },
  { name: 'catalogue-phone', path: '/catalogue', outside: true, size: PHONE },
];

async function main(): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'portcullis-screenshots-'));
  const stand = await prepareConsole(dataDir);
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-background-networking'],
  });
  await mkdir(OUT, { recursive: true });
  for (const theme of ['light', 'dark'] as const) {
    const context = await browser.newContext({ viewport: WIDE, colorScheme: theme });
    const page = await context.newPage();
    page.setDefaultTimeout(WAIT_MS);
    await page.goto(`${stand.url}/console/sign-in`);
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    await page.screenshot({ path: join(OUT, `sign-in-${theme}.png`) });
    await signInAs(page, stand);
    for (const { name, path, size, outside, first } of SHOTS) {
      await page.setViewportSize(size ?? WIDE);
      await page.goto(`${stand.url}${outside === true ? '' : '/console'}${path}`);
      await page.getByRole('heading', { level: 1 }).first().waitFor();
      await page.waitForLoadState('load');
      await first?.(page);
      await settled(page);
      await page.screenshot({ path: join(OUT, `${name}-${theme}.png`) });
    }
    await context.close();
  }
  for (const [name, target] of Object.entries(SHOWN)) {
    await copyFile(join(OUT, `${name}.png`), join('docs/images', `${target}.png`));
  }
  await browser.close();
  await stand.close();
  await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  console.log(`wrote ${(SHOTS.length + 1) * 2} pictures to ${OUT}`);
}

/** Waits until nothing is being asked for and what was asked for is drawn. */
async function settled(page: Page): Promise<void> {
  await page.waitForFunction(`document.fonts.status === 'loaded'`);
  let before = '';
  for (let same = 0; same < 3;) {
    const now = await page.locator('body').innerText();
    same = now === before ? same + 1 : 0;
    before = now;
    await page.evaluate('new Promise((drawn) => requestAnimationFrame(drawn))');
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

await main();
