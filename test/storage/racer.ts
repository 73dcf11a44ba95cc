// One of the two processes of the storage contract's races: opens the stores, says `ready`, waits
// to be told, then does its job and prints one answer a line.
import { once } from 'node:events';
import { openStores, type StoreOptions, type Stores } from '../../src/storage/open.ts';
import { grant } from './contract.ts';

const rounds = 40;
const [options = '', job = '', side = ''] = process.argv.slice(2);

const jobs: Readonly<Record<string, (stores: Stores, round: number) => Promise<string>>> = {
  insert: ({ grants }, round) => {
    const id = `${side} ${round}`;
    return grants.insert(grant({ id, tokenSha256: id, label: `label ${round}` }));
  },
  rotate: async ({ grants }, round) => String(await grants.rotate('grant_1', `${side} ${round}`)),
  policy: async ({ registry }) => {
    const version = (await registry.policyVersions('p')).length + 1;
    const row = { name: 'p', version, document: side, author: side, createdMs: 1 };
    return registry.savePolicy(row);
  },
};

// The contract passes what it was given itself.
const opened = await openStores(JSON.parse(options) as StoreOptions);
const run = jobs[job];
if (!opened.ok || run === undefined) throw new Error(`cannot race: ${JSON.stringify(opened)}`);
console.log('ready');
await once(process.stdin, 'data');
for (let round = 0; round < rounds; round += 1) console.log(await run(opened.value, round));
await opened.value.close();
process.stdin.destroy();
