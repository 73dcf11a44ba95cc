import { argv } from './argv.ts';
import { bank } from './bank.ts';
import { cloud } from './cloud.ts';
import { echo } from './echo.ts';
import { fetcher } from './fetcher.ts';
import { files } from './files.ts';
import type { MakeFixture } from './fixture.ts';
import { forge } from './forge.ts';
import { mail } from './mail.ts';
import { poisoned } from './poisoned.ts';
import { recorder } from './recorder.ts';
import { sql } from './sql.ts';
import { tenants } from './tenants.ts';
import { torturer } from './torturer.ts';
import { turncoat } from './turncoat.ts';

/** The fourteen servers by the names that scenarios use, S1 to S14 in order. */
export const fixtures: Readonly<Record<string, MakeFixture>> = {
  poisoned,
  files,
  echo,
  turncoat,
  mail,
  forge,
  sql,
  cloud,
  tenants,
  recorder,
  argv,
  fetcher,
  bank,
  torturer,
};
