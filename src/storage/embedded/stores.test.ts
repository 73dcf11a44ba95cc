import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storageContract } from '../../../test/storage/contract.ts';

storageContract('embedded', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'portcullis-stores-'));
  return { options: { dataDir }, dispose: () => rm(dataDir, { recursive: true }) };
});
