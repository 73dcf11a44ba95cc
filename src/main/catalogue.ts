import { err, ok, type Result } from '../base/result.ts';
import type { CatalogueStore } from '../catalogue/catalogue-store.ts';
import { openCatalogue } from '../storage/catalogue/thread.ts';
import { makeFolder } from './folder.ts';

export { importFile } from './catalogue-import.ts';

/** The catalogue of a data folder, for a command: beside a running gateway or without one. */
export async function openDataCatalogue(dataDir: string): Promise<Result<CatalogueStore, string>> {
  const made = await makeFolder(dataDir, '--data');
  if (!made.ok) return made;
  const store = openCatalogue(dataDir);
  const ready = await store.status();
  if (ready.ok) return ok(store);
  await store.close();
  return err(`the catalogue in ${dataDir} cannot be opened: ${ready.error}`);
}
