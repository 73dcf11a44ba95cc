import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { approvalContract } from '../../../test/storage/approvals-contract.ts';
import { storageContract } from '../../../test/storage/contract.ts';
import { openStores } from '../open.ts';

storageContract('embedded', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'portcullis-stores-'));
  return { options: { dataDir }, dispose: () => rm(dataDir, { recursive: true }) };
});

approvalContract('embedded', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'portcullis-approvals-'));
  const stores = await openStores({ dataDir });
  assert.ok(stores.ok, JSON.stringify(stores));
  return {
    store: stores.value.approvals,
    dispose: async () => {
      await stores.value.close();
      await rm(dataDir, { recursive: true });
    },
  };
});
